"""Fixtures of the unit tests."""

from pathlib import Path

import pytest

from radlib import plan


@pytest.fixture
def fixture_notebooks(monkeypatch) -> Path:
    """The folder of small notebooks, each named for its fault; the series finds its notebooks there."""
    folder = Path(__file__).resolve().parent.parent / "notebooks" / "fixtures"
    monkeypatch.setattr(plan, "notebooks_folder", lambda: folder)
    return folder
