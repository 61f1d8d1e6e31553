"""What all tests of data sets share."""

import pytest


@pytest.fixture(autouse=True)
def outputs(tmp_path, monkeypatch):
    """A folder of the test's own for runs and for what is remembered of films; nothing of the machine's is found."""
    monkeypatch.setenv("RADLIB_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.delenv("RADLIB_DATA", raising=False)
    return tmp_path / "outputs"
