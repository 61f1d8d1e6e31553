"""The tables of the notebooks: counts, bytes and scores that were worked out by hand or by another library."""

import io
import re
import types
import zipfile
import zlib

import h5py
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from radlib.datasets.films import Films
from radlib.imaging.images import Preprocessing
from radlib.report import notebook_tables as tables, validation_table
from radlib.report.notebook_views import readable, source
from radlib.runs import tasks
from radlib.runs.variants import Variant


def films(labels: list[float], patients: list[str]) -> Films:
    names = [f"{place:012x}" for place in range(len(labels))]
    index = pd.DataFrame({"image_id": names, "patient_id": patients, "opacity": labels})
    pixels = np.zeros((len(labels), 8, 8), np.uint8)
    matrix = np.array(labels, np.float32)[:, None]
    task = tasks.binary("opacity", "clear")
    return Films(index, pixels, np.arange(len(labels)), matrix, task, Preprocessing(8, "stretch", ()))


def variant(name: str, parent: str | None, file: str, size: int) -> Variant:
    return Variant(
        name, name.split("/")[1].split("#")[0], parent, (), "net", "binary", 0, "keras", file, size, "", ("clear", "opacity"),
        (4, 4, 1), "", "",
    )  # fmt: skip


def test_answers_are_counted_and_named():
    part = films([0, 1, 1, 0, 0], list("abcde"))
    assert tables.count_answers(part).to_dict() == {"clear": 3, "opacity": 2}
    assert [tables.answer(part, place) for place in (0, 1)] == ["clear", "opacity"]
    assert tables.label_table(part).to_numpy().tolist() == [[1, 0], [0, 1], [0, 1], [1, 0], [1, 0]]
    counts = tables.representative_counts(part, part.image_ids[[0, 1]])
    assert counts.loc["clear"].to_dict() == {"training": 3, "representative": 1}


def test_examples_show_both_answers_and_other_patients_first():
    part = films([0, 0, 0, 1, 1, 1], ["a", "a", "b", "c", "d", "d"])
    shown = tables.examples(part, per_answer=2, seed=3)
    assert part.labels[shown, 0].tolist() == [0, 0, 1, 1]
    assert len(set(part.patient_ids[shown])) == 4


def test_weights_of_both_answers_add_up_to_the_same():
    table = tables.weight_table(films([0, 0, 0, 1], list("abcd"))).set_index("answer")
    assert table["films"].to_dict() == {"clear": 3, "opacity": 1}
    assert table.loc["clear", "weight_of_all"] == pytest.approx(table.loc["opacity", "weight_of_all"])


def test_sizes_rest_on_the_weights_alone(tmp_path):
    content = io.BytesIO()
    with h5py.File(content, "w") as weights:
        weights["layer/kernel"] = np.ones((3, 5), np.float32)
        weights["layer/bias"] = np.ones(5, np.float32)
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("model.weights.h5", content.getvalue())
        archive.writestr("config.json", "{}")
    stored = (tmp_path / "model.keras").read_bytes()
    original = variant("net/original#0", None, "model.keras", len(stored))
    run = types.SimpleNamespace(
        model_path=lambda v: tmp_path / v.file, variant={"net/original#0": original}.__getitem__
    )
    row = tables.size_table(run, [original]).iloc[0]
    assert row["compression"] == pytest.approx(4 * 20 / len(stored))
    assert row["deflated_bytes"] == len(zlib.compress(stored, 9))


def answers(truth: np.ndarray, probability: np.ndarray) -> types.SimpleNamespace:
    patients = np.array([f"p{place}" for place in range(len(truth))])
    return types.SimpleNamespace(y_true=truth[:, None], y_prob=probability[:, None], patient_id=patients)


def test_validation_scores_agree_with_scikit_learn_and_differences_are_paired():
    generator = np.random.default_rng(0)
    truth = (np.arange(80) % 2).astype(np.float32)
    before = (truth * 0.4 + generator.uniform(0, 0.6, 80)).astype(np.float32)
    after = before.copy()
    after[0] = 0.99  # a film without the finding goes over the threshold
    one, two = variant("net/original#0", None, "a", 1), variant("net/pruned#0", "net/original#0", "b", 1)
    run = types.SimpleNamespace(settings=types.SimpleNamespace(bootstrap_draws=200))
    predictions = {one.name: answers(truth, before), two.name: answers(truth, after)}
    table = tables.validation_table(run, [one, two], predictions)
    assert table["auroc"].tolist() == pytest.approx(
        [roc_auc_score(truth, before), roc_auc_score(truth, after)]
    )
    pruned = table.iloc[1]
    assert pruned["difference"] == pytest.approx(table["auroc"].diff().iloc[1])
    assert pruned["difference_low"] < pruned["difference_high"] <= 0  # no draw can gain by that change
    assert pruned["largest_change"] == pytest.approx(0.99 - before[0])
    assert pruned["changed_sides"] == 1 and pruned["changed_share"] == 1 / 80
    other_way = tables.validation_table(run, [one, two], predictions, reference=two)
    assert other_way["difference"].iloc[0] == pytest.approx(-pruned["difference"])
    assert other_way[list(tables.COMPARED)].iloc[1].isna().all()


def test_the_share_decided_otherwise_is_of_films_where_classes_exclude_each_other_and_of_labels_elsewhere():
    before, after = (
        np.eye(3)[[0, 1, 2, 0]],
        np.eye(3)[[0, 1, 0, 0]],
    )  # one film of four is given another class
    first, then = (types.SimpleNamespace(y_true=np.eye(3)[[0, 1, 2, 0]], y_prob=p) for p in (before, after))
    assert validation_table._moved(first, then, exclusive=True)["changed_share"] == 1 / 4
    findings = validation_table._moved(first, then, exclusive=False)
    assert findings["changed_share"] == findings["changed_sides"] / 12


def test_a_study_of_originals_alone_has_nothing_to_compare():
    truth = (np.arange(20) % 2).astype(np.float32)
    one = variant("net/original#0", None, "a", 1)
    run = types.SimpleNamespace(settings=types.SimpleNamespace(bootstrap_draws=20))
    table = tables.validation_table(run, [one], {one.name: answers(truth, truth)})
    assert table["auroc"].tolist() == [1.0]
    assert table[list(tables.COMPARED)].isna().all(axis=None)
    assert "1.000" in readable(table, "label", "auroc", "difference", "largest_change", "changed_sides").data


def test_a_value_and_its_interval_become_one_cell():
    table = pd.DataFrame(
        {"after": ["int8"], "after_bytes": [1234], "auroc": [0.9], "auroc_low": [0.85], "auroc_high": [0.95]}
    )
    cells = re.findall(r"<td[^>]*>(.*?)</td>", readable(table).data)
    assert cells == ["int8", "1.2 KB", "0.900 [0.850–0.950]"]
    assert readable(table).data == readable(table).data


def test_source_shows_the_function_as_it_is():
    text = source(tables.count_answers).data
    assert text.startswith("```python\ndef count_answers") and text.endswith("```")
