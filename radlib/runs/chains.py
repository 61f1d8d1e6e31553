"""Chains of techniques as text: `magnitude_pruning(final_sparsity=0.9)+int8`.

A chain is read the way Python reads a sum of names and calls, so there is no grammar of our own to learn: links are
joined by `+`, a link may set parameters of its technique by keyword, and a bare word is text, as in
`distillation(student=student_tiny)`. What is not set has the study's value. Nothing of the text is ever executed.

The same chain can be typed in many ways; `canonical_chain` gives the one under which variants are stored.
"""

import ast
import io
import itertools
import keyword
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from radlib.foundation.errors import UsageError

LONGEST = 1000  # characters; a nested text of any length could exhaust the parser


@dataclass(frozen=True)
class Link:
    """One technique of a chain as it was asked for.

    Attributes:
        technique: Its name.
        given: The parameters that the chain itself sets; plain values.
    """

    technique: str
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The link as it is typed, in one way only, e.g. `magnitude_pruning(final_sparsity=0.9)`."""
        values = ",".join(f"{name}={_typed(value)}" for name, value in sorted(self.given.items()))
        return f"{self.technique}({values})" if values else self.technique

    @property
    def words(self) -> str:
        """The given parameters as figures name them, e.g. `final sparsity 0.9`; empty without any."""
        return ", ".join(_setting(name, value) for name, value in self.given.items())


def parse_chain(chain: str) -> tuple[Link, ...]:
    """Return the links of a chain, in order; none for the empty one, which is the original.

    Example:
        >>> [link.text for link in parse_chain("svd(budget = 0.5) + int8")]
        ['svd(budget=0.5)', 'int8']

    Raises:
        UsageError: When the text is not names joined by `+`, each with plain values in its brackets.
    """
    if not chain.strip():
        return ()
    try:
        if len(chain) > LONGEST:
            raise ValueError
        return tuple(
            _link(node) for node in _terms(ast.parse(_keywords_as_text(chain.strip()), mode="eval").body)
        )
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, tokenize.TokenError):
        raise UsageError(
            f"{chain[:80]!r} is not a chain; write names joined by '+', with parameters in brackets, such as "
            "'magnitude_pruning(final_sparsity=0.9)+int8', and quote it where commas stand in brackets."
        ) from None


def canonical_chain(chain: str) -> str:
    """Return a chain as it is stored: without blanks, the parameters of each link in alphabetical order."""
    return "+".join(link.text for link in parse_chain(chain))


def _keywords_as_text(chain: str) -> str:
    """Return a chain in which a word that Python keeps for itself is quoted where it is the value of a parameter.

    The text is cut into words as Python cuts it, so that nothing inside quotes is touched.
    """
    if not chain.isprintable():  # several lines, which no chain has
        return chain
    tokens = list(tokenize.generate_tokens(io.StringIO(chain).readline))
    values = [
        word
        for sign, word in itertools.pairwise(tokens)
        if sign.string == "="
        and keyword.iskeyword(word.string)
        and word.string not in ("True", "False", "None")
    ]
    for word in reversed(values):
        start, end = word.start[1], word.end[1]
        chain = f"{chain[:start]}{chain[start:end]!r}{chain[end:]}"
    return chain


def _terms(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the terms of a sum from left to right."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _terms(node.left)
        yield from _terms(node.right)
    else:
        yield node


def _link(node: ast.expr) -> Link:
    if isinstance(node, ast.Name):
        return Link(node.id)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.args:
        raise ValueError
    given: dict[Any, Any] = {
        word.arg: ast.literal_eval(_WordsAsText().visit(word.value)) for word in node.keywords
    }
    if None in given or len(given) < len(node.keywords):  # `**something`, or a parameter given twice
        raise ValueError
    return Link(node.func.id, given)


class _WordsAsText(ast.NodeTransformer):
    """Take a bare word for text."""

    def visit_Name(self, node: ast.Name) -> ast.Constant:
        return ast.Constant(node.id)


def _typed(value: Any) -> str:
    """Return a value as it is typed within a chain: words bare, everything else as Python writes it."""
    if isinstance(value, str) and value.isidentifier() and not keyword.iskeyword(value):
        return value
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_typed(key)}:{_typed(item)}" for key, item in sorted(value.items())) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_typed, value)) + "]"
    return repr(value)


def _setting(name: str, value: Any) -> str:
    """Return a parameter in words: `clusters 16`, and for a switch its name alone, or with a `no` before it.

    A value that begins with the name says it already: `student tiny`.
    """
    name = str(name).replace("_", " ")
    if isinstance(value, bool):
        return name if value else f"no {name}"
    spoken = _spoken(value)
    if name.endswith(" kb"):
        return f"{name.removesuffix(' kb')} {spoken} KB"
    return spoken if spoken.startswith(f"{name} ") else f"{name} {spoken}"


def _spoken(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(_setting(key, item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_spoken, value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")
