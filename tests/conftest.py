"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real films beside the checkout (or `RADLIB_SHARED`); the test is skipped without it."""
    folder = Path(os.environ.get("RADLIB_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("the real films are not on this machine")
    return folder
