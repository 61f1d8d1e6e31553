"""YAML as people mean it, from anyone: plain values of bounded size and depth, read in bounded time.

A file of a few lines can stand for billions of values, by aliases of aliases, or for one that holds itself. So text,
depth and the number of values are bounded before anything is built. Words stay words (`no`, `on`, `2026-01-31`,
`007`), as YAML 1.2 has it: PyYAML reads the older YAML, in which Norway is false.
"""

import math
import re
from typing import Any, ClassVar

import yaml

LONGEST_TEXT = 100_000  # characters; the longest study of the series has 4,000
DEEPEST = 30
MOST_VALUES = 10_000  # aliases followed


class WrittenFloat(float):
    """A fraction that knows how it was written, for where a name was meant: the tag 1e-3, the class 1.10."""

    written: str


class PlainYamlError(Exception):
    """A text that is no YAML, or more than anybody writes by hand; the message says what and where."""


def read_yaml(text: str) -> Any:
    """Return what a YAML text holds: texts, numbers, true and false, None, lists and tables of such.

    Raises:
        PlainYamlError: When it is not valid, too large, nests too deeply, gives a key twice, or holds anything but plain
            values.
    """
    if len(text) > LONGEST_TEXT:
        raise PlainYamlError(f"is longer than {LONGEST_TEXT:,} characters")
    try:
        _check_depth(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _count(node, {}, ())
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise PlainYamlError(f"is not valid YAML: {_said(error)}") from None
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError, AttributeError):
        raise PlainYamlError("is not valid YAML: it holds a value that cannot be read") from None


def _said(error: yaml.YAMLError) -> str:
    """Return what PyYAML says in one line; it quotes lines of the file, which are cut short."""
    return " ".join(str(error).split())[:300]


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise PlainYamlError(f"nests its brackets too deeply, more than {DEEPEST} levels")


def _count(node: yaml.Node, counted: dict[int, int], above: tuple[int, ...]) -> int:
    """Return how many values a node stands for, every alias followed."""
    if id(node) in above:
        raise PlainYamlError("has an alias that stands for itself")
    if id(node) in counted:
        return counted[id(node)]
    total = 1
    if isinstance(node, yaml.CollectionNode):
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                total += _count(part, counted, (*above, id(node)))
                if total > MOST_VALUES:
                    raise PlainYamlError(f"stands for more than {MOST_VALUES:,} values")
    counted[id(node)] = total
    return total


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the words of YAML 1.2, in which a key that is given twice is a mistake."""

    yaml_implicit_resolvers: ClassVar[dict] = {}  # type: ignore[misc]  # stubs take it for an instance's

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Return a table, after making sure that no key occurs twice in it."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    problem = f"the key {key.value[:60]!r} is given twice, keep one"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def _float(loader: _Loader, node: yaml.ScalarNode) -> WrittenFloat:
    number = WrittenFloat(node.value)
    if not math.isfinite(number):
        raise ValueError
    number.written = node.value
    return number


PLAIN_TAGS = ("bool", "int", "float", "null", "str", "seq", "map")
WORDS = (  # tag, how the value is written, and the characters that it may begin with
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)\.[0-9]*|(0|[1-9][0-9]*)(?=[eE]))([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", ["<"]),
)  # fmt: skip
for _tag, _pattern, _first in WORDS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:float", _float)
_Loader.yaml_constructors = {  # neither dates nor binary, sets or objects
    tag: make
    for tag, make in _Loader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in PLAIN_TAGS
}
