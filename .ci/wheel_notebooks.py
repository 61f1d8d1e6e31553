"""Put the series into a wheel or a source archive without the outputs of its notebooks, and the page as it was built.

A checkout in which somebody looked at patients' films holds pictures of them in its notebooks. What is built from it
is passed on, so the notebooks travel as text alone, and of the folder nothing else but the studies and the README.

The page needs Node to be built and none to be used: `make wheel` builds it first. From a checkout without a built page, as
pip fetches it, all else is installed, and `radlib page` says in a sentence what is missing.
"""

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TRAVEL = ("*.ipynb", "README.md", "studies/*.yaml")
PLACES = {"wheel": "radlib/notebooks", "sdist": "notebooks"}
PAGE = {"wheel": "radlib/deployment/page/built", "sdist": "page/dist"}


class SeriesWithoutOutputs(BuildHookInterface):
    """Adds cleaned copies of the notebooks to what is built; an editable install reads the checkout's own."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write cleaned copies beside nothing else, and name them to the builder."""
        if version == "editable":
            return
        self._copies = tempfile.TemporaryDirectory()
        root, copies = Path(self.root), Path(self._copies.name)
        clean = _load(root / "radlib" / "cli" / "notebook_sources.py").without_outputs
        series, place = root / "notebooks", PLACES[self.target_name]
        for source in sorted(path for pattern in TRAVEL for path in series.glob(pattern)):
            inside = source.relative_to(series)
            given = source
            if source.suffix == ".ipynb":
                given = copies / inside.name
                given.write_text(clean(source.read_text(encoding="utf-8")), encoding="utf-8")
            build_data["force_include"][str(given)] = f"{place}/{inside.as_posix()}"
        self._add_page(root / "page" / "dist", build_data["force_include"])

    def _add_page(self, built: Path, included: dict[str, str]) -> None:
        """Name the built page's files to the builder."""
        if not (built / "index.html").is_file():
            self.app.display_warning(
                "Without the page for browsers, which is not built: make wheel builds it first."
            )
            return
        for path in sorted(each for each in built.rglob("*") if each.is_file()):
            included[str(path)] = f"{PAGE[self.target_name]}/{path.relative_to(built).as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the copies."""
        if hasattr(self, "_copies"):
            self._copies.cleanup()


def _load(path: Path) -> Any:
    """Return a module of a package that is not installed yet."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
