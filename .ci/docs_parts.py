"""What the pages of `make docs` are put together from: names with their signatures and sources, sections, tables."""

import ast
import functools
import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import pdoc.docstrings
import pdoc.render_helpers
import pygments
import pygments.formatters
import pygments.lexers


@dataclass(frozen=True)
class Item:
    """A function, class or constant as a page shows it; `words` and `source` are HTML."""

    name: str
    signature: str
    words: str
    source: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with words (HTML), items and a table (rows of HTML cells, the heading first)."""

    title: str
    words: str = ""
    items: Sequence[Item] = ()
    table: Sequence[Sequence[str]] = ()
    unfolded: bool = False  # whether sources are open


@dataclass(frozen=True)
class Page:
    """One file of the site."""

    file: str
    title: str
    words: str
    sections: Sequence[Section]


def parameter_rows(parameters: Iterable[Any]) -> list[tuple[str, str, str, str]]:
    """Return the parameters of a registered function as rows of a table: name, type and range, default, meaning."""
    return [(code(p.name), plain(p.type), code(p.default), inline(p.help)) for p in parameters]


def item(module: Any, name: str, *, arguments_told: bool = True) -> Item:
    """Return a public name of a module; `arguments_told` leaves the section on arguments in its words."""
    value = inspect.unwrap(getattr(module, name))
    if inspect.isfunction(value) or inspect.isclass(value):
        source = inspect.getsource(value)
        docstring = inspect.getdoc(value) or ""
        docstring = (
            docstring if arguments_told else re.sub(r"^Args:\n(?:    .*\n|\n)*", "", docstring, flags=re.M)
        )
        return Item(name, highlighted(signature(value)), html(docstring), highlighted(source))
    tree = ast.parse(inspect.getsource(module))
    line = next((node for node in tree.body if name in assigned(node)), None)
    shown = ast.get_source_segment(inspect.getsource(module), line) if line else f"{name} = {value!r}"
    return Item(name, highlighted(shown if len(shown) < 600 else f"{name} = …"), "")


def signature(value: Any) -> str:
    """Return the heading of a function as it stands in its source, or that of a class with its fields."""
    node: Any = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
    if isinstance(node, ast.ClassDef):
        fields = [ast.unparse(line) for line in node.body if isinstance(line, ast.AnnAssign)]
        methods = [member(line) for line in node.body
                   if isinstance(line, ast.FunctionDef) and not line.name.startswith("_")]  # fmt: skip
        bases = f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""
        return "\n".join([f"class {node.name}{bases}", *(f"    {line}" for line in fields), *methods])
    return heading(node, "")


def member(node: ast.FunctionDef) -> str:
    """Return a method as a class shows it; what is computed when it is asked for looks like a field."""
    if "property" in ast.unparse(node.decorator_list[0] if node.decorator_list else node.args):
        return f"    {node.name}: {ast.unparse(node.returns)}" if node.returns else f"    {node.name}"
    return heading(node, "    ")


def heading(node: ast.FunctionDef, indent: str) -> str:
    """Return `name(arguments) -> result`, an argument a line where they are many."""
    result = f" -> {ast.unparse(node.returns)}".replace("'", "") if node.returns else ""
    line = f"{indent}{node.name}({ast.unparse(node.args)}){result}"
    if len(line) <= 88:
        return line
    inner = "".join(f"{indent}    {part},\n" for part in arguments(node.args))
    return f"{indent}{node.name}(\n{inner}{indent}){result}"


def arguments(given: ast.arguments) -> list[str]:
    """Return the arguments of a function one by one, with types and defaults."""
    plain_ones = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain_ones) - len(given.defaults)) + given.defaults
    named = list(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    parts = [with_default(*pair) for pair in zip(plain_ones, defaults, strict=True)]
    parts += [f"*{ast.unparse(given.vararg)}"] if given.vararg else ["*"] if named else []
    parts += [with_default(*pair) for pair in named]
    return parts + ([f"**{ast.unparse(given.kwarg)}"] if given.kwarg else [])


def with_default(argument: ast.arg, value: ast.expr | None) -> str:
    """Return an argument as it is written."""
    equals = " = " if argument.annotation else "="
    return ast.unparse(argument) + (f"{equals}{ast.unparse(value)}" if value else "")


def assigned(node: ast.stmt) -> list[str]:
    """Return the names that a line gives a value."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [
        inner.id for target in targets if target for inner in ast.walk(target) if isinstance(inner, ast.Name)
    ]


def public_names(module: Any) -> list[str]:
    """Return the functions and classes that a module makes and does not keep to itself; a package's public names."""
    if hasattr(module, "__path__"):
        return list(module.__all__)
    return [name for name, value in vars(module).items() if not name.startswith("_")
            and callable(value) and getattr(value, "__module__", "") == module.__name__
            and hasattr(value, "__name__") and value.__name__ == name]  # fmt: skip


def functions(module: Any) -> list[str]:
    """Return the public functions of a module."""
    return [
        name for name in public_names(module) if inspect.isfunction(inspect.unwrap(getattr(module, name)))
    ]


def first_paragraph(module: Any) -> str:
    """Return the first sentence of a module's docstring."""
    return (inspect.getdoc(module) or "").split("\n\n")[0]


@functools.cache
def html(docstring: str | None) -> str:
    """Return a docstring in Google's style as HTML."""
    text = pdoc.docstrings.convert(docstring or "", "google", None)
    return pdoc.render_helpers.to_html(re.sub(r"^###### (.*):$", r"**\1**", text, flags=re.M))


def inline(text: str) -> str:
    """Return one line of Markdown as HTML without a paragraph around it."""
    return html(text).strip().removeprefix("<p>").removesuffix("</p>")


def plain(text: Any) -> str:
    """Return text that HTML shows as it is."""
    return str(jinja2.filters.escape(text))


def code(value: Any) -> str:
    """Return a value in the type of code; nothing where there is none."""
    return "" if value is inspect.Parameter.empty else f"<code>{plain(value)}</code>"


def highlighted(source: str) -> str:
    """Return Python as HTML."""
    formatter = pygments.formatters.HtmlFormatter(cssclass="codehilite")
    return pygments.highlight(source, pygments.lexers.PythonLexer(), formatter)
