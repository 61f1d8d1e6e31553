"""A technique that does not suit a network is a result: kept with its reason, shown, and no end of the run."""

import json

import pandas as pd
import pytest
import yaml

from drawn import SIDE, drawn_settings, drawn_splits
from radlib import report
from radlib.cli.listing import not_applicable
from radlib.datasets.dataset import Dataset
from radlib.evaluation.predictions import predict
from radlib.evaluation.selection import select
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.foundation.registry import TECHNIQUES
from radlib.importing import originals
from radlib.importing.layout import InputLayout
from radlib.importing.originals import import_network
from radlib.runs.refusals import refusal_table
from radlib.runs.runs import open_run
from radlib.techniques.building import build_variants, compress, compress_each
from radlib.techniques.data import TechniqueData

CHAINS = ["dynamic", "float16"]


@pytest.fixture(scope="module")
def films():
    return drawn_splits()


@pytest.fixture
def brought(tmp_path, monkeypatch, films, litert_network):
    """A run with two imported LiteRT files: a quantized one, which no recipe suits, and a float32 one."""
    study = tmp_path / "squares.yaml"
    settings = {"image_size": SIDE, "chains": CHAINS, "representative_films": 16, "bootstrap_draws": 20}
    study.write_text(yaml.safe_dump({"test_is_public": False, "parameters": settings}))
    index = pd.DataFrame(
        {"image_id": ["a"], "patient_id": ["p"], "opacity": [1], "split": ["training"], "path": [""]}
    )
    task = films.training.task
    monkeypatch.setattr(originals, "load_dataset", lambda _: Dataset(index, task, None, name="s", title="S"))
    content = litert_network[0]
    data = TechniqueData(films, drawn_settings(), None)
    quantized = TECHNIQUES["dynamic"].function(content, data).payload
    for name, each in (("theirs", quantized), ("ours", content)):
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(each)
        run, _ = import_network(
            path, labels=task.outputs, layout=InputLayout(), study=str(study), output=str(tmp_path / "run"),
            chains=CHAINS,
        )  # fmt: skip
    return open_run(str(run.folder), study=str(study))


def names(variants):
    return [variant.name.removeprefix("imported@") for variant in variants]


def test_the_others_are_made_and_the_report_says_what_is_not(brought, films, capsys):
    variants = build_variants(brought, films)
    expected = ["theirs/original#0", "ours/original#0", "ours/dynamic#0", "ours/float16#0"]
    assert names(variants) == expected
    assert capsys.readouterr().out.count("does not apply to imported@theirs") == 2
    refused = refusal_table(brought)
    assert list(refused["variant"]) == [f"imported@theirs/{chain}#0" for chain in CHAINS]
    assert refused["reason"].str.contains("is already integer").all()
    select(brought, films)
    predict(brought, films, variants, split="test")
    report.write_report(brought)
    page = brought.path("report.md").read_text()
    assert "What does not apply" in page and "imported@theirs · dynamic" in page
    assert len(report.results(brought)) == 4
    pd.testing.assert_frame_equal(pd.read_csv(brought.path("refusals.csv")), refused)
    (first, _) = not_applicable([brought.folder])
    assert first.startswith("run  imported@theirs/dynamic#0 does not apply: The network is already integer")
    assert not list(brought.folder.glob("variants/.building.*"))


def test_a_refusal_is_found_again_until_something_else_decides(brought, films):
    run = brought.networks()[0]
    with pytest.raises(NotApplicable, match="dynamic does not apply to imported@theirs"):
        compress(run, films, "dynamic")
    (path,) = brought.folder.glob("refusals/*.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "reason": "As was written then."}))
    with pytest.raises(NotApplicable, match="As was written then"):
        compress(run, films, "dynamic")
    for other in ({"libraries": {}}, {"spec": "0" * 16}):
        path.write_text(json.dumps({**record, "reason": "As was written then.", **other}))
        with pytest.raises(NotApplicable, match="is already integer"):
            compress(run, films, "dynamic")
    path.write_text("{")  # a damaged record costs trying again, and no more
    with pytest.raises(NotApplicable, match="is already integer"):
        compress(run, films, "dynamic")


def test_what_could_be_made_after_all_is_no_refusal(brought, films):
    run = brought.networks()[1]
    assert compress_each(run, films, ["aeq_weight_only(smallest_kernel=1000000)"]) == []
    assert len(refusal_table(brought)) == 1
    (made,) = compress_each(run, films, ["aeq_weight_only"])
    record = next(brought.folder.glob("refusals/*.json"))
    content = json.loads(record.read_text())
    record.with_name(f"{made.key}.json").write_text(json.dumps({**content, "variant": made.name, "spec": ""}))
    assert len(refusal_table(brought)) == 1  # what is there is not refused
    compress_each(run, films, ["aeq_weight_only"])
    assert not record.with_name(f"{made.key}.json").exists()


def test_a_mistake_of_the_users_is_still_an_error(brought, films):
    run = brought.networks()[1]
    for chain, said in (("int9", "no technique"), ("aeq_int4(spared_bits=5)", "spared_bits")):
        with pytest.raises(UsageError, match=said) as error:
            compress_each(run, films, [chain])
        assert not isinstance(error.value, NotApplicable)


@pytest.mark.parametrize(
    "chain, reason",
    [
        ("svd(ranks=energy)", "has no layer for 'svd'"),
        ("xnor_net", "no convolution between its first and its last layer"),
        ("magnitude_pruning", "no layer to prune"),
        ("clustering", "kernels worth"),
        ("filter_pruning(measure=macs,budget=1e12)", "must be above 0 and below"),
        ("distillation(student=student_small)", "choose a smaller student"),
    ],
)
def test_techniques_for_keras_networks_say_it_likewise(tmp_path, films, chain, reason):
    from radlib.foundation import backend
    from radlib.runs.chains import parse_chain

    layers = backend.keras().layers
    film = backend.keras().Input((SIDE, SIDE, 1))
    x = layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3, name="first")(film))
    model = backend.keras().Model(film, layers.Dense(2, activation="softmax", name="last")(x))
    (link,) = parse_chain(chain)
    entry = TECHNIQUES[link.technique]
    data = TechniqueData(films, drawn_settings(epochs=1), tmp_path)
    with pytest.raises(NotApplicable, match=reason):
        entry.function(model, data, **entry.complete(link.given))


def test_the_converters_own_refusal_is_one_too(films):
    from radlib.foundation import backend
    from radlib.techniques.quantization.converter import convert

    tf, keras = backend.tensorflow(), backend.keras()
    film = keras.Input((SIDE, SIDE, 1))
    roots = keras.layers.Lambda(lambda x: tf.linalg.det(x[..., 0])[:, None])(film)  # no such LiteRT operation
    with pytest.raises(NotApplicable, match="converter cannot turn the network"):
        convert(keras.Model(film, roots))
