"""Every example in a docstring is run, and says what the docstring says it does."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent / "radlib"
MODULES = sorted(
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
PLANTED = "__mutmut_"  # in the names of copies with a fault, when `make mutation` runs this


def examples(module) -> list[doctest.DocTest]:
    """The examples of a module; those of decorated functions too, which doctest takes for functions of elsewhere."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = finder.find(module)
    for name, value in vars(module).items():
        inner = inspect.unwrap(value) if inspect.isfunction(value) else value
        if inner is not value and inner.__module__ == module.__name__:
            found += finder.find(inner, name, module=module)
    return [each for each in found if each.examples and PLANTED not in each.name]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    found = examples(importlib.import_module(name))
    assert found
    runner = doctest.DocTestRunner()
    for example in found:
        runner.run(example)
    assert not runner.failures
