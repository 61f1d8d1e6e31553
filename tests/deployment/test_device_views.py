"""What a notebook shows of a bundle is what lies in it."""

import json

import numpy as np
import pytest

from radlib.deployment import device_views as views
from radlib.deployment.bundle.conformance import write_conformance
from radlib.deployment.micro.trial import MicroTrial
from radlib.imaging.images import Preprocessing


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    place = tmp_path_factory.mktemp("bundle")
    write_conformance(place / views.FOLDER, Preprocessing(24))
    steps = [{"step": "grey", "films": ["png"], "words": "Grey."}, {"step": "levels", "words": "Levels."}]
    (place / views.SPECIFICATION).write_text(json.dumps({"steps": steps}))
    return place


def test_files_and_folders_are_counted_with_their_bytes(bundle):
    table = views.bundle_table(bundle).set_index("name")
    inside = [path for path in (bundle / views.FOLDER).rglob("*") if path.is_file()]
    assert table.loc[views.FOLDER].tolist() == [len(inside), sum(path.stat().st_size for path in inside)]
    assert table["size_bytes"].is_monotonic_decreasing and len(table) == 2


def test_steps_are_said_in_order_and_arrays_come_from_their_raw_bytes(bundle):
    assert views.step_table(bundle).to_numpy().tolist() == [
        ["grey", "png", "Grey."],
        ["levels", "all", "Levels."],
    ]
    films = views.vectors(bundle)
    assert set(views.named_films(films, "dicom")) < {film["name"] for film in films}
    for film in films:
        levels = views.after_step(bundle, film, "levels")
        assert levels.dtype == np.uint8 and levels.shape == (24, 24)
    shown = views.scaled(np.array([[3.0, 5.0], [4.0, 3.0]]))
    assert shown.dtype == np.float32 and shown.tolist() == [[0, 1], [0.5, 0]]
    assert not views.scaled(np.full((2, 2), 7)).any()


def test_costs_and_trials_become_rows():
    steady = {"threads": 1, "delegate": "XNNPACK", "p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0, "calls": 200}
    assert views.cost_table({"steady": [steady]}).to_numpy().tolist() == [[1, "XNNPACK", 1.0, 2.0, 3.0]]
    table = views.micro_table({
        "int8": MicroTrial(("CONV_2D", "SOFTMAX"), 900, True, arena_bytes=64, largest_difference=0.0),
        "float32": MicroTrial(("CONV_2D",), 3600, None, "not tried: missing"),
    })  # fmt: skip
    assert table["operators"].tolist() == ["CONV_2D, SOFTMAX", "CONV_2D"] and table["arena_bytes"][0] == 64
    assert np.isnan(table["arena_bytes"][1]) and table["why_not"].tolist() == ["", "not tried: missing"]
