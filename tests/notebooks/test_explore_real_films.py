"""01_explore on every public data set whose films lie beside the checkout, small and without a screen."""

import nbformat
import pytest

from radlib.cli.series import series
from rsna_layout import make_rsna_layout

pytestmark = [pytest.mark.real_data, pytest.mark.slow]
STUDIES = {
    "pneumoniamnist": "medmnist",
    "chestxray14": "chestxray14",
    "kermany_classes": "kermany224",
    "breast_ultrasound": "busi256",
    "rsna": "",
}


@pytest.mark.parametrize("study", STUDIES)
def test_01_explore(study, shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv("RADLIB_OUTPUTS", str(tmp_path / "outputs"))
    folder = shared_data / "data" / STUDIES[study]
    if study == "rsna":
        folder = tmp_path / "rsna"
        make_rsna_layout(shared_data / "data" / "chestxray14", folder)
    run = series.run_series(
        study,
        output=str(tmp_path / "run"),
        data=str(folder),
        given={"image_size": "32", "weights": "none"},  # looking at films needs no network's weights
        notebooks=["01"],
        say=lambda _: None,
    )
    report = nbformat.read(run.path("reports", "01_explore.ipynb"), as_version=4)
    outputs = [o for cell in report.cells if cell.cell_type == "code" for o in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 7
    assert not run.path("quarantine.csv").read_text().splitlines()[1:]
