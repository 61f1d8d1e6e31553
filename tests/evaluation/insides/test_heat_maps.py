"""Heat maps of known networks, and what the report says of their agreement."""

import dataclasses
import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from drawn import SIDE, drawn_splits, small_network
from radlib import report
from radlib.evaluation.insides import heat_maps as asking
from radlib.evaluation.insides.gradients import grad_cam
from radlib.evaluation.insides.heat_maps import compare_heat_maps, films_with_finding, heat_maps_path
from radlib.evaluation.insides.network_maps import GRID, resized
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.report import figures
from stored import stored_run
from written_runs import checked, write_run

mpl.use("Agg")


def linear_network(weights, activation="softmax"):
    """One convolution of two channels, the film and its negative, whose means feed a dense layer of known weights."""
    layers = backend.keras().layers
    image = backend.keras().Input((4, 4, 1))
    x = layers.Conv2D(2, 1, use_bias=False, name="conv")(image)
    x = layers.Dense(len(weights[0]), activation=activation, name="head")(layers.GlobalAveragePooling2D()(x))
    model = backend.keras().Model(image, x)
    model.get_layer("conv").set_weights([np.array([[[[1.0, -1.0]]]])])
    model.get_layer("head").set_weights([np.array(weights, np.float32), np.zeros(len(weights[0]))])
    return model


def test_grad_cam_is_the_weighted_sum_of_channels():
    film = np.random.default_rng(0).random((1, 4, 4, 1)).astype(np.float32)
    heat = grad_cam(linear_network([[0.0, 2.0], [0.0, 0.0]]), film, [1])[0]
    assert heat == pytest.approx(
        2 / 16 * film[0, ..., 0], abs=1e-6
    )  # d log-odds / d channel = weight / places
    assert (grad_cam(linear_network([[0.0, -2.0], [0.0, 0.0]]), film, [1]) == 0).all()


def test_grad_cam_asks_every_film_about_its_own_output_and_does_not_fade_where_the_network_is_sure():
    films = np.ones((3, 4, 4, 1), np.float32)
    sure = linear_network([[0.0, 90.0], [0.0, 0.0]])
    assert sure(films).numpy()[0, 1] == 1.0  # its gradient is nothing in float32
    heat = grad_cam(sure, films, [1, 0, 1])
    assert heat[0] == pytest.approx(90 / 16) and (heat[1] == 0).all() and heat[2] == pytest.approx(90 / 16)
    sigmoids = grad_cam(linear_network([[3.0, -3.0], [0.0, 0.0]], "sigmoid"), films, [0, 1, 0])
    assert sigmoids[0] == pytest.approx(3 / 16) and (sigmoids[1] == 0).all()


def test_networks_that_grad_cam_cannot_ask_are_named():
    layers = backend.keras().layers
    image = backend.keras().Input((4, 4, 1))
    flat = backend.keras().Model(image, layers.Dense(2, activation="softmax")(layers.Flatten()(image)))
    with pytest.raises(UsageError, match="no convolution"):
        grad_cam(flat, np.zeros((1, 4, 4, 1), np.float32), [1])
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1)(image))
    with pytest.raises(UsageError, match="does not end in a dense layer"):
        grad_cam(backend.keras().Model(image, layers.Softmax()(x)), np.zeros((1, 4, 4, 1), np.float32), [1])


def test_films_with_a_finding_come_from_different_patients_those_with_boxes_first():
    films = drawn_splits().validation
    chosen, outputs = films_with_finding(films, 15)
    assert len(set(chosen.patient_ids)) == 15 and (chosen.labels[:, 0] == 1).all() and (outputs == 1).all()
    boxed = films.index.assign(boxes=[[(1, 1, 5, 5)] if n in (7, 21) else None for n in range(len(films))])
    first = films_with_finding(dataclasses.replace(films, index=boxed), 2)[0]
    assert set(first.image_ids) == set(films.image_ids[[7, 21]])


def test_a_map_keeps_its_warmest_place_on_the_common_grid():
    fine, coarse = np.zeros((96, 96)), np.zeros((4, 4))
    fine[80:84, 8:12] = 1
    coarse[3, 0] = 1
    assert np.unravel_index(resized(fine).argmax(), (GRID, GRID)) == (20, 2)
    row, column = np.unravel_index(resized(coarse).argmax(), (GRID, GRID))
    assert row >= 18 and column < 6


def test_maps_are_compared_once_and_a_network_agrees_with_itself(tmp_path, monkeypatch):
    run, films = stored_run(tmp_path, chains=("", "float32", "int8"))
    compare_heat_maps(run, films, run.variants())
    original, float32, int8 = run.variants()
    assert not heat_maps_path(run.folder, original).exists()
    found = json.loads(heat_maps_path(run.folder, float32).read_text())
    assert found["method"] == "occlusion" and len(found["films"]) == 20
    assert all(row["rank_correlation"] > 0.999 and row["top_overlap"] > 0.95 for row in found["films"])
    assert all(np.isnan(row["hit"]) for row in found["films"])  # these films have no boxes
    with np.load(heat_maps_path(run.folder, int8).with_suffix(".npz")) as arrays:
        assert arrays["film"].shape == (SIDE, SIDE) and arrays["variant"].shape == (GRID, GRID)
    monkeypatch.setattr(asking, "_compare", lambda *_: pytest.fail("asked again"))
    compare_heat_maps(run, films, run.variants())


def test_films_without_a_finding_leave_a_sentence(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "float32"))
    none = films.validation.take(np.flatnonzero(films.validation.labels[:, 0] == 0))
    compare_heat_maps(run, dataclasses.replace(films, validation=none), run.variants())
    found = json.loads(heat_maps_path(run.folder, run.variants()[1]).read_text())
    assert "No validation film has a finding" in found["reason"]


def test_a_small_network_learnt_to_look_at_the_squares():
    """Grad-CAM of a trained network is warmer inside the bright square than outside."""
    films = drawn_splits()
    model = small_network()
    model.compile("adam", "categorical_crossentropy")
    model.fit(
        films.training.images(), films.training.task.targets(films.training.labels), epochs=8, verbose=0
    )
    chosen, outputs = films_with_finding(films.validation, 10)
    inside = []
    for image, heat in zip(chosen.images(), grad_cam(model, chosen.images(), outputs), strict=True):
        rows, columns = np.nonzero(image[..., 0] > 0.46)  # noise ends at 120 / 255
        heat = resized(heat)
        scale = GRID / SIDE
        inside.append(heat[(rows * scale).astype(int), (columns * scale).astype(int)].mean() > heat.mean())
    assert np.mean(inside) >= 0.8


# ---- report -----------------------------------------------------------------------------------------------


def describe(run, chain, films, reason=""):
    variant = next(v for v in run.variants() if v.chain_text == chain)
    path = heat_maps_path(run.folder, variant)
    path.parent.mkdir(exist_ok=True)
    record = {"sha256": variant.sha256, "reason": reason, "method": "occlusion", "films": films}
    path.write_text(json.dumps(record))
    heat = np.eye(GRID, dtype=np.float32)
    np.savez(
        path.with_suffix(".npz"), film=np.zeros((8, 8)), original=heat, variant=heat, boxes=np.ones((1, 4))
    )


def film(patient, correlation, hit, original_hit=1.0):
    return {"image_id": f"i{patient}", "patient_id": f"p{patient}", "rank_correlation": correlation,
            "top_overlap": correlation / 2, "hit": hit, "original_hit": original_hit}  # fmt: skip


def test_means_leave_out_flat_maps_and_count_them(tmp_path):
    run = write_run(tmp_path, chains=("", "float16", "int8"))
    describe(
        run, "int8", [film(n, 0.8, float(n % 2)) for n in range(10)] + [film(10, float("nan"), float("nan"))]
    )
    describe(run, "float16", [film(0, 0.9, float("nan"), float("nan"))])
    rows = report.heat_maps(run).set_index("variant")
    row = rows.filter(like="/int8#", axis=0).iloc[0]
    assert row["rank_correlation"] == pytest.approx(0.8) and row["flat"] == 1 and row["boxed"] == 10
    assert row["hits"] == 0.5 and row["difference_hits"] == -0.5
    assert 0.1 <= row["hits_low"] < 0.5 < row["hits_high"] <= 0.9
    few = rows.filter(like="/float16#", axis=0).iloc[0]
    assert "too few for an interval" in few["reason"] and np.isnan(few["rank_correlation_low"])
    text = "".join(checked(report.write_report(run)).text)
    assert "Where they look" in text and "flat on 1 film" in text and "too few for an interval" in text
    assert run.path("figures", "heat_maps.png").is_file()
    assert "i3" not in run.path("heat_maps.csv").read_text()  # no film is named in what is published


def test_maps_that_are_all_flat_or_missing_say_so(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"))
    describe(run, "int8", [film(n, float("nan"), float("nan")) for n in range(6)])
    assert "flat" in report.heat_maps(run)["reason"].iloc[0]
    report.write_report(run)
    describe(run, "int8", [], "No validation film has a finding to look for.")
    assert "No validation film" in "".join(checked(report.write_report(run)).text)


def test_the_picture_shows_the_film_alone_first_and_the_boxes_on_all():
    axes = figures.heat_map_row(np.zeros((8, 8)), {"original": np.eye(4), "int8": -np.eye(4)}, [(1, 2, 3, 4)])
    assert [len(ax.images) for ax in axes] == [1, 2, 2]
    assert all(ax.patches[0].get_bbox().bounds == (1, 2, 3, 4) for ax in axes)
    assert np.asarray(axes[2].images[1].get_array()).max() == 0  # what speaks against the finding is not warm


def test_an_empty_table_has_no_section():
    from radlib.report.heat_map_tables import COLUMNS, heat_map_section

    assert heat_map_section(pd.DataFrame(), pd.DataFrame(columns=list(COLUMNS)), {}).blocks == ()
