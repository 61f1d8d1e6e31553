"""Figures: what they draw is where the data says, labels do not overlap, and the look does not leak."""

import inspect
import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from sklearn import metrics as sk

mpl.use("Agg")

from radlib.foundation.human_units import human_bytes
from radlib.report import figures
from radlib.report.figures import style

CHAINS = (
    "original", "float32", "dynamic", "float16", "int8", "int8_io", "int16x8", "magnitude_pruning",
    "magnitude_pruning+float32", "magnitude_pruning+dynamic", "magnitude_pruning+float16",
    "magnitude_pruning+int8", "magnitude_pruning+int8_io", "magnitude_pruning+int16x8", "distillation",
    "distillation+int8", "svd", "deep_compression", "xnor_net", "miracle", "float32+int8", "float32+aeq_int4",
    "magnitude_pruning+qat", "clustering", "clustering+qat",
)  # fmt: skip


def table(count, seed=0):
    """Results of `count` variants as `report.results` returns them; many of nearly equal size."""
    generator = np.random.default_rng(seed)
    shares = {"dynamic": 0.28, "float16": 0.52, "int8": 0.27, "int8_io": 0.27, "int16x8": 0.29}
    rows = []
    for chain in CHAINS[:count]:
        size = 1.6e6 * shares.get(chain.split("+")[-1], 1.0)
        value = 0.97 - 0.004 * generator.random() - 0.006 * ("pruning" in chain)
        rows.append({
            "label": chain.replace("magnitude_pruning", "pruned").replace("+", " + "), "network": "student_small",
            "seed": 0, "chain": chain, "format": "keras" if chain in ("original", "magnitude_pruning") else "tflite",
            "size_bytes": int(size), "deflated_bytes": int(size * 0.8), "compression": 1.6e6 / size,
            "auroc": value, "auroc_low": value - 0.01, "auroc_high": value + 0.008,
            "latency_p50_ms": 1 + generator.random(),
        })  # fmt: skip
    return pd.DataFrame(rows)


def label_boxes(ax):
    """Return the boxes of a figure's point labels in pixels, by text."""
    renderer = ax.figure.canvas.get_renderer()
    ax.figure.draw_without_rendering()
    return {text.get_text(): mpl.text.Text.get_window_extent(text, renderer) for text in ax.texts}


def overlap(a, b):
    return max(0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0, min(a.y1, b.y1) - max(a.y0, b.y0))


def test_import_is_light():
    script = (
        "import sys, radlib.report.figures; print([m for m in ('seaborn', 'sklearn', 'tensorflow', 'matplotlib.pyplot', "
        "'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_figure_function_is_documented_and_named():
    functions = [getattr(figures, name) for name in figures.__all__]
    assert len(functions) > 20
    for function in functions:
        documentation = inspect.getdoc(function)
        assert "Example:" in documentation, function.__name__
        for name in inspect.signature(function).parameters:
            assert f"{name}:" in documentation, (
                function.__name__,
                name,
            )


@pytest.mark.parametrize("count", [1, 9, 20])
@pytest.mark.parametrize("seed", range(3))
def test_labels_do_not_overlap_and_stay_inside(count, seed):
    ax = figures.size_against_auroc(table(count, seed))
    boxes = label_boxes(ax)
    assert len(boxes) == count
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        assert overlap(a, b) < 4, (one, other)
    width, height = ax.figure.canvas.get_width_height()
    for name, box in boxes.items():
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, name


def test_of_many_variants_names_cover_neither_each_other_nor_points_without_a_name():
    """A legend of two lines takes room that the labels must know of, and crowded points have long names."""
    many = pd.concat([table(20, seed) for seed in range(3)], ignore_index=True)
    many["size_bytes"] //= np.repeat([1, 9, 40], 20)
    many["chain"] = (
        many["chain"].replace("dynamic", "svd+distillation").replace("float16", "deep_compression")
    )
    many["label"] += " (with parameters that are told at length)"
    many.loc[many["chain"] == "original", "label"] = "original"
    ax = figures.size_against_auroc(many)
    assert 3 < len(ax.texts) < 20
    texts = list(label_boxes(ax)), [mpl.text.Text.get_window_extent(text) for text in ax.texts]
    for (one, a), (other, b) in itertools.combinations(zip(*texts, strict=False), 2):
        assert overlap(a, b) < 4, (one, other)
    for size, auroc in zip(many["size_bytes"], many["auroc"], strict=True):
        x, y = ax.transData.transform((size, auroc))
        assert not any(b.x0 < x < b.x1 and b.y0 + 2 < y < b.y1 - 2 for b in texts[1]), (size, auroc)


@pytest.mark.parametrize("count", [9, 20])
def test_labels_do_not_cover_points(count):
    ax = figures.size_against_auroc(table(count))
    points = [line for line in ax.lines if line.get_marker() not in ("None", None, "")]
    assert len(points) == count
    boxes = label_boxes(ax)
    for line in points:
        x, y = ax.transData.transform((line.get_xdata()[0], line.get_ydata()[0]))
        for name, box in boxes.items():
            assert not (box.x0 < x < box.x1 and box.y0 + 2 < y < box.y1 - 2), name


def test_points_and_intervals_are_where_the_table_says():
    results = table(9)
    ax = figures.size_against_auroc(results)
    points = {line.get_ydata()[0]: line for line in ax.lines if line.get_marker() not in ("None", None, "")}
    bars = {tuple(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == 2}
    for row in results.itertuples():
        point = points[row.auroc]
        assert (row.auroc_low, row.auroc_high) in bars
        assert point.get_color() == style.KINDS[style.kind_of(row.chain)]
        assert point.get_marker() == style.MARKERS[row.format]
        moved = np.subtract(
            *ax.transData.transform([(point.get_xdata()[0], row.auroc), (row.size_bytes, row.auroc)])
        )
        assert abs(moved[0]) < 45  # of several of equal size; pixels of an axis 750 wide
    assert points[results["auroc"][0]].get_color() == "#000000"
    assert ax.get_xscale() == "log"


def test_points_of_equal_size_stand_apart_in_order():
    ax = figures.size_against_auroc(table(20))
    points = [line for line in ax.lines if line.get_marker() not in ("None", None, "")]
    pixels = np.sort([ax.transData.transform((p.get_xdata()[0], p.get_ydata()[0]))[0] for p in points])
    assert np.diff(pixels).min() > 8.9


def test_of_many_points_only_the_front_the_originals_and_the_winner_have_names():
    results = table(20)
    crowd = pd.concat([results] * 3, ignore_index=True)
    crowd["label"] = [f"variant {row}" for row in range(60)]
    crowd.loc[1:, "chain"] = "int8"
    crowd["size_bytes"] = np.geomspace(1e4, 1e6, 60)[::-1].round()
    crowd["auroc"] = 0.9 - 0.001 * np.arange(60) % 7 / 7
    crowd.loc[50, "auroc"] = 0.95
    crowd["winner"] = crowd.index == 30
    best, front = -1.0, set()
    for row in range(59, -1, -1):
        if crowd.loc[row, "auroc"] > best:
            best = crowd.loc[row, "auroc"]
            front.add(row)
    ax = figures.size_against_auroc(crowd)
    assert {text.get_text() for text in ax.texts} == {f"variant {row}" for row in front | {0, 30}}
    points = [line for line in ax.lines if line.get_marker() not in ("None", None, "")]
    bars = [line for line in ax.lines if len(line.get_ydata()) == 2]
    assert (len(points), len(bars)) == (60, len(front | {0, 30}))


def test_size_axis_speaks_of_bytes():
    ax = figures.size_against_auroc(table(9))
    ax.figure.draw_without_rendering()
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert {"500 KB", "1 MB"} <= set(ticks)


def test_rows_without_a_score_are_left_out():
    results = table(4)
    results.loc[2, "auroc"] = np.nan
    assert len(figures.size_against_auroc(results).texts) == 3
    nothing = figures.latency_against_auroc(results.assign(latency_p50_ms=np.nan))
    assert "no measurement yet" in [text.get_text() for text in nothing.texts]


def test_several_networks_and_seeds_are_told_apart():
    results = pd.concat([table(2), table(2).assign(network="resnet50")], ignore_index=True)
    texts = {text.get_text() for text in figures.size_against_auroc(results).texts}
    assert texts == {"student_small", "student_small float32", "resnet50", "resnet50 float32"}
    seeds = pd.concat([table(1), table(1).assign(seed=1)], ignore_index=True)
    assert {t.get_text() for t in figures.size_against_auroc(seeds).texts} == {"original #0", "original #1"}


@pytest.mark.parametrize(
    ("chain", "kind"),
    [("original", "original"), ("float32", "original"), ("int8", "quantized"), ("qat", "quantized"),
     ("magnitude_pruning", "pruned"), ("filter_pruning+float32", "pruned"), ("magnitude_pruning+int8", "pruned and quantized"),
     ("clustering", "clustered or coded"), ("distillation", "distilled"), ("tucker", "low rank"), ("xnor_net", "binary"),
     ("distillation+magnitude_pruning+int8", "several")],
)  # fmt: skip
def test_colour_follows_the_kind_of_technique(chain, kind):
    assert style.kind_of(chain) == kind
    assert kind in style.KINDS


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 KB"), (9_949, "9.9 KB"), (9_960, "10 KB"), (426_400, "426 KB"),
     (999_600, "1.0 MB"), (1_640_000, "1.6 MB"), (99_960_000, "100 MB"), (2_500_000_000, "2.5 GB"), (float("nan"), "–")],
)  # fmt: skip
def test_human_bytes(size, text):
    assert human_bytes(size) == text


def test_roc_curve_is_that_of_scikit_learn():
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 2, 200)
    score = np.round(truth + generator.normal(size=200), 1)
    ax = figures.roc(truth, {"original": score}, draws=30, threshold=0.5)
    false_positive, true_positive, _ = sk.roc_curve(truth, score, drop_intermediate=False)
    curve = next(line for line in ax.lines if line.get_label().startswith("original"))
    np.testing.assert_allclose(curve.get_xdata(), false_positive)
    np.testing.assert_allclose(curve.get_ydata(), true_positive)
    assert f"{sk.roc_auc_score(truth, score):.3f} [" in curve.get_label()
    point = next(line for line in ax.lines if len(line.get_xdata()) == 1)
    assert point.get_ydata()[0] == pytest.approx(sk.recall_score(truth, score >= 0.5))
    assert len(ax.collections) == 1  # the band


def test_roc_of_one_answer_says_undefined():
    ax = figures.roc([1, 1, 1], [0.2, 0.4, 0.9], draws=10)
    assert any("undefined" in line.get_label() for line in ax.lines)


def test_boxes_are_drawn_where_they_are():
    axes = figures.film_grid(np.zeros((2, 20, 20), np.uint8), boxes=[[(3, 4, 5, 6)], []])
    (patch,) = axes[0, 0].patches
    assert (patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) == (3, 4, 5, 6)
    assert not axes[0, 1].patches


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_films_are_shown_on_their_full_scale(kind):
    image = np.full((6, 6, 1), 0.5 if kind is np.float32 else 128, kind)
    (shown,) = figures.film_grid([image])[0, 0].images
    assert shown.get_clim() == ((0, 1) if kind is np.float32 else (0, 255))


def test_counts_are_written_at_the_bars():
    counts = pd.DataFrame({"training": [1082, 3110], "test": [234, 390]}, index=["normal", "pneumonia"])
    texts = [text.get_text() for text in figures.class_counts(counts).texts]
    assert texts == ["1,082", "3,110", "234", "390"]


def test_sparsity_and_zeros_are_those_of_the_weights():
    layers = pd.DataFrame({"layer": ["a", "b"], "sparsity": [0.1, 0.8], "weights": [90, 5000]})
    ax = figures.sparsity_by_layer(layers, 0.8)
    assert [bar.get_width() for bar in ax.patches[:2]] == [0.1, 0.8]
    axes = figures.weight_histograms(np.arange(1, 11), np.array([0] * 8 + [9, 10]))
    assert [axis.texts[0].get_text() for axis in axes] == ["0% exact zeros", "80% exact zeros"]


def test_learning_curves_mark_the_epoch_that_was_kept():
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.9, 0.5, 0.2], "val_loss": [0.9, 0.6, 0.8]})
    for kept, epoch in (("best", 2), ("last", 3)):
        axes = figures.learning_curves(history, kept=kept)
        marked = [line for line in axes[0].lines if len(set(line.get_xdata())) == 1]
        assert marked[0].get_xdata()[0] == epoch


def test_a_spike_does_not_flatten_the_losses_after_it():
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [9.0, 0.5, 0.3], "val_loss": [9.0, 0.6, 0.4]})
    assert figures.learning_curves(history)[0].get_yscale() == "log"
    assert figures.learning_curves(history.iloc[1:])[0].get_yscale() == "linear"


def test_bars_that_reach_their_threshold_have_another_colour():
    read = pd.DataFrame([[0.3, 0.9], [0.3, 0.9]], ["original", "int8"])
    axes = figures.film_readings(np.zeros((2, 8, 8)), read, thresholds=[0.2, 0.4])
    below, above = ([bar.get_facecolor() for bar in ax.patches] for ax in axes[1])
    assert below[0] != below[1] and above[0] == above[1] == below[0]


def test_differences_show_interval_and_margin():
    row = {"before": "original", "after": "int8", "chain": "int8", "difference": -0.0021,
           "difference_low": -0.006, "difference_high": 0.001}  # fmt: skip
    ax = figures.auroc_differences(pd.DataFrame([row]), margin=0.01)
    assert "−0.002   −0.006 to +0.001" in [text.get_text() for text in ax.texts]
    assert any(list(line.get_xdata()) == [-0.006, 0.001] for line in ax.lines)
    assert any(set(line.get_xdata()) == {-0.01} for line in ax.lines)


@pytest.mark.parametrize("draw", [figures.size_against_auroc, figures.latency_against_auroc, figures.size_bars])  # fmt: skip
def test_given_axes_are_used_and_returned(draw):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert draw(table(3), ax=ax) is ax
    assert len(plt.get_fignums()) == 1
    assert isinstance(draw(table(3)), Axes)


def test_a_phone_can_show_what_each_file_weighs():
    wide = table(3).assign(
        label=["original", "int8", "distilled (soft share 0, student tiny) + pruned + int8"]
    )
    ax = figures.size_bars(wide)
    assert ax.figure.get_size_inches()[0] <= 5.2
    names = {text.get_text().replace("\n", " "): text for text in ax.texts}
    assert set(wide["label"]) <= set(names)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])
    assert all(ax.figure.bbox.x0 <= box.x0 and box.x1 <= ax.figure.bbox.x1 for box in boxes)


def test_the_look_does_not_leak():
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    figures.size_against_auroc(table(3))
    figures.roc([0, 1], [0.1, 0.9], draws=5)
    assert dict(mpl.rcParams) == before
    with pytest.raises(KeyError):
        figures.size_against_auroc(pd.DataFrame({"auroc": [0.5]}))
    assert dict(mpl.rcParams) == before
    assert plt.rcParams["axes.spines.top"]


def test_the_groups_that_lose_most_are_named():
    scores = {"steady": (0.9, 0.89), "fragile": (0.9, 0.6), "middling": (0.9, 0.8)}
    rows = [
        (group, ratio, score)
        for group, pair in scores.items()
        for ratio, score in zip((0, 0.5), pair, strict=True)
    ]
    ax = figures.sensitivity_curves(pd.DataFrame(rows, columns=["group", "ratio", "score"]), labelled=2)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["fragile", "middling"]
    drawn = sorted(tuple(line.get_ydata()) for line in ax.lines)
    assert drawn == sorted(scores.values())


def test_a_codebook_is_one_stick_per_value_as_high_as_its_weights_are_many():
    ax = figures.codebook([-0.4, -0.3, 0.2, 0.3, 0.0], [-0.35, -0.35, 0.25, 0.25, 0.0], name="conv")
    (sticks,) = [other for other in ax.figure.axes if other is not ax]
    heights = {round(float(line[1][0]), 2): line[1][1] for line in sticks.collections[0].get_segments()}
    assert heights == {-0.35: 2, 0.25: 2}


def test_parts_of_a_file_lie_end_to_end():
    ax = figures.byte_parts(pd.DataFrame({"ids": [700, 300], "gaps": [300, 200]}, index=["32", "8"]))
    ends = sorted((bar.get_y(), bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches)
    assert [(start, end) for _, start, end in ends] == [(0, 700), (700, 1000), (0, 300), (300, 500)]


def test_the_largest_spectra_are_drawn_with_bound_and_rank():
    rows = [
        {"layer": layer, "channels": "outputs", "place": n, "value": 4 / n, "bound": 1.5, "rank": 2}
        for layer, size in (("a", 3), ("b", 9), ("c", 5))
        for n in range(1, size + 1)
    ]
    axes = figures.spectra(pd.DataFrame(rows), most=2)
    assert [ax.get_title(loc="left") for ax in axes if ax.get_visible()] == ["b, outputs", "c, outputs"]
    lines = {tuple(line.get_xdata()) for line in axes[0].lines}
    assert (2.5, 2.5) in lines


def test_clouds_of_an_original_alone_say_so():
    (axes,) = figures.confidence_clouds([0.1, 0.9], {}, [0, 1])
    assert [text.get_text() for text in axes.texts] == ["no variant beside the original"]
