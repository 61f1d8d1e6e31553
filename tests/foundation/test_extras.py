"""A library that an extra brings is told of in one sentence, where it is first asked for."""

import subprocess
import sys

import pytest

from radlib.foundation import extras
from radlib.foundation.errors import MissingExtra, SetupError


def test_the_sentence_has_the_library_and_the_line_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtra) as caught, extras.told():
        import pooch  # noqa: F401
    assert (
        str(caught.value)
        == "This needs pooch, which is not installed; pip install 'radlib[fetch]' brings it."
    )
    assert caught.value.exit_code == SetupError.exit_code


def test_what_no_extra_brings_is_no_matter_of_extras():
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"), extras.told():
        import nowhere_to_be_found  # noqa: F401


def test_an_extra_is_checked_before_work_begins(monkeypatch):
    extras.check_extra("train")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtra, match="needs jinja2"):
        extras.check_extra("train")


def test_pandas_is_imported_on_first_use_and_is_pandas_then():
    source = (
        "import sys, copy, inspect\nfrom radlib.foundation.extras import pandas as pd\n"
        "inspect.unwrap(pd)\nassert 'pandas' not in sys.modules\n"
        "frame = pd.DataFrame({'a': [1]})\nimport pandas\nassert type(frame) is pandas.DataFrame"
    )
    subprocess.run([sys.executable, "-c", source], check=True)


def test_pandas_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match="needs pandas"):
        extras.pandas.DataFrame()
