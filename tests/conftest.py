"""Fixtures that all tests share."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_configure(config):
    """A folder for what one worker makes for all (`made_once`)."""
    if not hasattr(config, "workerinput"):
        os.environ["TESTS_MADE_ONCE"] = tempfile.mkdtemp(prefix="radlib-tests-")


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop("TESTS_MADE_ONCE"), ignore_errors=True)


def pytest_collection_modifyitems(items):
    """Rooms whose files take longest first: so two workers end together."""
    first = ("notebooks", "techniques", "training", "importing")
    items.sort(
        key=lambda item: next((n for n, room in enumerate(first) if room in item.path.parts), len(first))
    )


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist there is nothing to share out
def pytest_xdist_make_scheduler(config, log):
    """Hand each worker whole files, so that what the tests of a file share is made once, but lone notebooks singly."""
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if "test_alone.py" in nodeid else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return Files(config, log)


@pytest.fixture(autouse=True)
def no_open_figures():
    """No figure survives its test: Matplotlib warns at the twenty-first, in whichever test that falls."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real films beside the checkout (or `RADLIB_SHARED`); the test is skipped without it."""
    folder = Path(os.environ.get("RADLIB_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("the real films are not on this machine")
    return folder


@pytest.fixture(scope="session")
def litert_network() -> tuple[bytes, object]:
    """A float32 LiteRT file of TensorFlow's converter and the Keras network that it computes; converted once."""
    from drawn import small_network
    from radlib.techniques.quantization.converter import convert

    model = small_network(filters=(8, 16, 32), pointwise=64)
    return convert(model), model


@pytest.fixture
def fixture_notebooks(monkeypatch) -> Path:
    """The folder of small notebooks, each named for its fault; the series finds its notebooks there."""
    from radlib.cli.series import plan

    folder = REPOSITORY / "tests" / "notebooks" / "fixtures"
    monkeypatch.setattr(plan, "notebooks_folder", lambda: folder)
    return folder
