"""Agreement and insides in the report: the numbers of tables and figures, and sentences where there is none."""

import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from radlib import metrics, report
from radlib.evaluation.insides.layer_comparison import insides_path
from radlib.evaluation.insides.stored_weights import histogram
from radlib.report import figures
from radlib.report.inside_pictures import _comparable, shows_chests
from radlib.report.inside_tables import Insides, read_insides
from radlib.report.readings import Readings, read
from radlib.runs.settings import Settings
from radlib.runs.variants import Step, Variant, variant_name
from written_runs import answer, checked, write_run

mpl.use("Agg")

LAYERS = [
    {"layer": "first", "kind": "Conv2D", "compared": "relu", "reason": "", "films": 32, "signal_to_noise_db": 40.0,
     "cka": 0.999},
    {"layer": "deep", "kind": "Conv2D", "compared": "deep", "reason": "", "films": 32, "signal_to_noise_db": -3.0,
     "cka": 0.61},
    {"layer": "gone", "kind": "Conv2D", "compared": "", "reason": "It was replaced.", "films": 32,
     "signal_to_noise_db": float("nan"), "cka": float("nan")},
    {"layer": "head", "kind": "Dense", "compared": "head", "reason": "", "films": 32,
     "signal_to_noise_db": float("inf"), "cka": 1.0},
]  # fmt: skip


def describe(run, chain, reason=""):
    """Write the insides of one variant as evaluation leaves them."""
    variant = next(v for v in run.variants() if v.chain_text == chain)
    path = insides_path(run.folder, variant)
    path.parent.mkdir(exist_ok=True)
    weights = [
        {"layer": row["layer"], "dtype": "int8", "weights": 10, "zeros": 0.5, "distinct": 6, "at_limit": 0.1,
         "signal_to_noise_db": 33.0, "lowest": -127.0, "highest": 127.0, "entropy_bits": 2.0, "reason": ""}
        for row in LAYERS
    ]  # fmt: skip
    spread = {row["layer"]: {"edges": [-1, 0, 1], "counts": [4, 6]} for row in LAYERS}
    record = {"sha256": variant.sha256, "original_sha256": "", "revision": 1, "reason": reason}
    found = {} if reason else {"layers": LAYERS, "weights": weights, "histograms": spread}
    path.write_text(json.dumps({**record, **found}))
    maps = np.random.default_rng(0).random((8, 8, 3)).astype(np.float16)
    np.savez(path.with_suffix(".npz"), film=maps[..., 0], **{f"{p}_{k}": maps for p in ("first", "last")
                                                             for k in ("maps", "filters")})  # fmt: skip
    return variant


@pytest.fixture
def run(tmp_path):
    run = write_run(tmp_path, chains=("", "float16", "int8"))
    for chain in ("original", "int8"):
        describe(run, chain)
    describe(run, "float16", reason="This file cannot be looked into.")
    return run


def test_agreement_is_that_of_the_stored_probabilities(run):
    row = report.agreement(run).set_index("variant").filter(like="/int8#", axis=0).iloc[0]
    a, b = (answer(run, chain, dict) for chain in ("", "int8"))
    x, y = a["y_prob"][:, 0].astype(float), b["y_prob"][:, 0].astype(float)
    assert tuple(row[["concordance", "concordance_low", "concordance_high"]]) == pytest.approx(
        metrics.concordance(x, y, a["patient_id"])
    )
    assert row["bias"] == pytest.approx((y - x).mean()) and row["films"] == 400
    inside = (y - x >= row["limit_low"]) & (y - x <= row["limit_high"])
    assert inside.mean() == pytest.approx(0.95, abs=0.03)
    assert row["largest_change"] == pytest.approx(np.abs(y - x).max())


def test_films_that_cannot_be_paired_and_probabilities_that_never_vary_have_a_sentence(run):
    answer(run, "float16", lambda arrays: {**arrays, "image_id": np.char.add(arrays["image_id"], "x")})
    for chain in ("", "int8"):
        answer(run, chain, lambda arrays: {**arrays, "y_prob": np.full_like(arrays["y_prob"], 0.5)})
    reasons = report.agreement(run)["reason"].tolist()
    assert "different films" in reasons[0] and "one probability" in reasons[1]
    assert "one probability" in "".join(checked(report.write_report(run)).text)


def test_the_report_says_where_noise_is_and_what_is_not_there(run):
    text = "".join(checked(report.write_report(run)).text)
    assert "3 of 4" in text and "1 behind what was folded in; 1 not there" in text
    assert "−3 dB" in text and "0.610" in text and "50 % zeros" in text
    assert "This file cannot be looked into." in text
    for name in ("layers.csv", "weights.csv"):
        table = pd.read_csv(run.path(name))
        assert len(table) == 8 and set(table["layer"]) == {row["layer"] for row in LAYERS}
    for name in ("confidence_clouds", "layer_noise", "stored_weights", "feature_maps", "filters"):
        assert run.path("figures", f"{name}.png").is_file()
        assert f"figures/{name}.png" in run.path("report.md").read_text(encoding="utf-8")


def test_insides_of_another_model_file_are_not_shown(run):
    variant = describe(run, "int8")
    path = insides_path(run.folder, variant)
    path.write_text(path.read_text().replace(variant.sha256, "0" * 64))
    assert variant.name not in set(read_insides(read(run)).layers["variant"])


def test_a_run_that_was_not_looked_into_has_no_such_section(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"))
    assert "Inside the networks" not in "".join(checked(report.write_report(run)).text)
    assert not run.path("layers.csv").is_file()


def test_what_is_published_holds_the_tables_and_the_drawn_pictures(run, tmp_path):
    names = {p.name for p in report.publish(run, tmp_path / "published")}
    assert {"agreement.csv", "layers.csv", "weights.csv", "feature_maps.png", "filters.png"} <= names


# ---- figures ----------------------------------------------------------------------------------------------


def test_clouds_hold_every_film_and_the_limits(run):
    x = np.array([0.1, 0.4, 0.6, 0.9])
    moved = x + np.array([0.1, -0.1, 0.1, -0.1])
    axes = figures.confidence_clouds(x, {"a": x, "b": moved}, [0, 0, 1, 1])
    limits = metrics.limits_of_agreement(x, moved)
    lines = [line.get_ydata()[0] for line in axes[1].lines if line.get_linestyle() == "--"]
    assert sorted(lines) == pytest.approx([limits["limit_low"], limits["limit_high"]])
    drawn = np.concatenate([line.get_xdata() for line in axes[0].lines if line.get_marker() == "."])
    assert sorted(drawn) == x.tolist()
    assert "concordance 1.000" in axes[0].texts[0].get_text()


def test_noise_leaves_a_gap_where_a_layer_is_missing():
    table = pd.DataFrame(LAYERS).assign(variant="a")
    axes = figures.layer_noise(table, names={"a": "int8"})
    lead, line = axes[0].lines
    assert lead.get_ydata().tolist() == [40, -3, 80] and lead.get_xdata().tolist() == [0, 1, 3]
    assert line.get_ydata().tolist()[:2] == [40, -3]
    assert np.isnan(line.get_ydata()[2]) and line.get_ydata()[3] == 80
    assert [t.get_text() for t in axes[1].get_xticklabels()] == ["first", "deep", "gone", "head"]


def test_layers_stand_in_the_order_of_the_networks_that_are_shown():
    """A file that lacks inner layers, listed first, does not push them behind the last; others' layers stay out."""
    names = ["head", "first", "deep", "head", "elsewhere"]
    table = pd.DataFrame({"variant": ["short", "whole", "whole", "whole", "another"], "layer": names,
                          "signal_to_noise_db": 20.0, "cka": 1.0})  # fmt: skip
    axes = figures.layer_noise(table, names={"short": "int8", "whole": "float16"})
    assert [t.get_text() for t in axes[1].get_xticklabels()] == ["first", "deep", "head"]


def test_no_drawn_chest_is_shown_to_networks_of_other_films():
    shown = {
        name: shows_chests(Settings(dataset=name)) for name in ("kermany", "synthetic", "breast_ultrasound")
    }
    assert shown == {"kermany": True, "synthetic": True, "breast_ultrasound": False}
    assert not shows_chests(Settings(dataset="medmnist", dataset_options={"collection": "breastmnist"}))


def test_rows_of_channels_share_one_scale_per_channel():
    maps = np.arange(8.0).reshape(2, 2, 2)
    axes = figures.channel_rows(
        {"original,\nfirst": maps, "int8,\nfirst": maps / 2, "original,\nlast": maps * 9}
    )
    scales = [axes[row, 1].images[0].get_clim() for row in range(3)]
    assert scales[0] == scales[1] == (0, 6) and scales[2] == (0, 54)


def test_a_layer_that_a_file_does_not_have_is_named():
    spread = {"conv": {"edges": [-1, 0, 1], "counts": [3, 4]}, "head": {"edges": [-1, 1], "counts": [2]}}
    axes = figures.stored_weights({"original": spread, "int8": {"conv": spread["conv"]}})
    assert axes[1, 1].texts[0].get_text() == "not there"
    assert axes[0, 0].patches[0].get_data().values.tolist() == [3, 4]


@pytest.mark.parametrize("dots_per_inch", [50, 100, 300])
def test_the_zeros_of_a_pruned_file_are_seen_at_any_resolution(dots_per_inch):
    import matplotlib.pyplot as plt

    codes = np.random.default_rng(0).normal(0, 40, 18_432).clip(-127, 127).astype(np.int8)
    codes[:14_746] = 0
    axes = figures.stored_weights(
        {"pruned + int8": {"conv": histogram(codes)}, "b": {"conv": histogram(codes)}}
    )
    figure = axes[0, 0].figure
    figure.set_dpi(dots_per_inch)
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    for ax in axes.flat:
        column, row = ax.transData.transform((0, 7_000))  # high above every other bar
        patch = picture[len(picture) - round(row) - 1, round(column) - 2 : round(column) + 3]
        assert patch.min(axis=1).min() < 120, "nothing dark stands at zero"
        assert any("80 % zeros" in text.get_text() for text in ax.texts)
    plt.close(figure)


def made(network, chain=""):
    """A variant as a run holds it; no file is opened."""
    return Variant(
        name=variant_name(network, chain, 0), label=chain or "original", parent=None,
        chain=(Step(chain, {}, 1),) if chain else (), architecture=network, task="binary", seed=0, format="tflite",
        file="", size_bytes=1, sha256="", labels=("normal", "opacity"), input_shape=(8, 8, 1), preprocessing="", spec="",
    )  # fmt: skip


def test_without_layers_in_the_winners_network_another_network_is_drawn():
    student, deep, other = (
        made("student_small", "distillation"),
        made("vgg16", "pruning"),
        made("resnet50", "int8"),
    )
    rows = [(student.name, 1), (other.name, 3), (deep.name, 60)]
    layers = pd.DataFrame(
        [
            {"variant": name, "layer": str(n), "signal_to_noise_db": 20.0}
            for name, count in rows
            for n in range(count)
        ]
    )
    readings = Readings(None, (made("student_small"), student, made("resnet50"), other, made("vgg16"), deep))
    found = Insides(layers, pd.DataFrame(), {}, {}, {})
    assert _comparable(readings, found, [student]) == [deep]
    assert _comparable(readings, found, [student, other]) == [other]
    assert _comparable(readings, Insides(layers[:1], pd.DataFrame(), {}, {}, {}), [student]) == []
