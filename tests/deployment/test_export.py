"""A variant outside its run: the same answers from the folder alone, by NumPy and LiteRT alone."""

import dataclasses
import errno
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import radlib
from radlib import report
from radlib.cli.app import main
from radlib.deployment import export
from radlib.deployment.bundle.deployed import runnable, weigh
from radlib.deployment.bundle.skeletons import FILE as SKELETON, fill_skeleton, places_in
from radlib.deployment.described_variants import read_described
from radlib.deployment.export import export_variant, predict_folder
from radlib.deployment.threshold_files import write_thresholds
from radlib.evaluation.conclusions import conclusion
from radlib.formats.keras import load_model
from radlib.formats.predictors import open_model
from radlib.foundation.errors import DataError, SetupError, UsageError
from radlib.foundation.registry import FORMATS
from radlib.imaging.array_rows import row_reference
from radlib.runs.seen_films import write_seen_films
from radlib.techniques.deep_compression.file_format import encode_model
from stored import add_variant, stored_run

CODED = "deep_compression"


@pytest.fixture(scope="module")
def run_and_films(tmp_path_factory):
    run, films = stored_run(tmp_path_factory.mktemp("run"))
    network = load_model(run.model_path(run.variant("student_small/original#0")))
    add_variant(run, films, CODED, content=encode_model(network)[0], format=CODED)
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    report.results(run).to_csv(run.path("results.csv"), index=False)
    write_seen_films(run.folder, [("0" * 12, "training", b"digest")])
    return run, films


@pytest.fixture
def folder(tmp_path, run_and_films):
    """Six test films as PNG files, one in a subfolder, and a file that is no film."""
    _, films = run_and_films
    (tmp_path / "films" / "ward").mkdir(parents=True)
    for number, film in enumerate(films.test.pixels[:6]):
        place = "ward/" if number == 3 else ""
        Image.fromarray(np.array(film)).save(tmp_path / "films" / f"{place}{number}.png")
    whole = (tmp_path / "films" / "0.png").read_bytes()
    (tmp_path / "films" / "broken.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "films" / "notes.txt").write_text("not a film")
    return tmp_path / "films"


@pytest.mark.parametrize("chain", ["float32", "int8", "int8_io", "original", CODED])
def test_the_runner_of_an_export_reproduces_the_examples(tmp_path, run_and_films, chain):
    run, _ = run_and_films
    export_variant(run.folder, f"student_small--{chain}--seed0", tmp_path / "export")
    blocked = "import sys; sys.modules.update(tensorflow=None, radlib=None, tf_keras=None)\n"
    runner = (tmp_path / "export" / "run.py").read_text()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocked + runner],
        cwd=tmp_path / "export", capture_output=True, text=True, check=True,
    )  # fmt: skip
    differences = [float(v) for v in re.findall(r"largest difference (\S+)", done.stdout)]
    assert len(differences) == 4
    assert max(differences) < 1e-5


def test_an_export_holds_what_a_device_needs_and_no_path(tmp_path, run_and_films):
    run, films = run_and_films
    variant = run.variant("student_small/int8#0")
    assert export_variant(run.folder, variant.key, tmp_path / "export") == tmp_path / "export"
    names = {path.name for path in (tmp_path / "export").iterdir()}
    assert names == {
        "model.tflite",
        "variant.json",
        "golden.npz",
        "run.py",
        "README.txt",
        "seen_films.json",
        "reference_films.npz",
        "specification.json",
        "conformance",
        "read",
        "bench",
        "install.sh",
        "Containerfile",
        "requirements.txt",
        f"radlib-{radlib.__version__}-py3-none-any.whl",
    }
    record = json.loads((tmp_path / "export" / "variant.json").read_text())
    assert record["sha256"] == variant.sha256
    assert record["labels"] == ["normal", "opacity"]
    entry = radlib.select(run, films)["variants"][variant.name]
    assert record["thresholds"] == [entry["threshold"]]
    assert record["preparation"] == films.preprocessing.to_dict()
    assert record["study"] == "squares"
    assert "ai-edge-litert" in record["libraries"]
    text = (tmp_path / "export" / "README.txt").read_text()
    assert "Research only, not a medical device" in text
    assert "Research only, not a medical device" in record["notice"]
    assert str(run.folder) not in text + json.dumps(record)


def test_examples_are_drawn_and_the_same_in_every_export(tmp_path, run_and_films):
    run, films = run_and_films
    for name in ("a", "b"):
        export_variant(run.folder, "student_small--int8--seed0", tmp_path / name)
    first, second = (np.load(tmp_path / name / "golden.npz") for name in ("a", "b"))
    assert np.array_equal(first["films"], second["films"])
    assert first["films"].std() > 10
    for split in (films.training, films.validation, films.test):
        assert not (first["films"][:, None] == split.pixels[None]).all(axis=(2, 3)).any()


@pytest.mark.parametrize(("chain", "file"), [("original", "model.keras"), (CODED, "model.rdc")])
def test_beside_what_litert_cannot_run_lies_what_it_can(tmp_path, run_and_films, chain, file):
    run, _ = run_and_films
    export_variant(run.folder, f"student_small--{chain}--seed0", tmp_path / "export")
    text = (tmp_path / "export" / "README.txt").read_text()
    assert "model.tflite         the same network decoded" in text and file in text
    record = json.loads((tmp_path / "export" / "variant.json").read_text())
    assert record["deployed"]["bytes"] == sum(
        (tmp_path / "export" / name).stat().st_size for name in record["deployed"]["files"]
    )
    assert (tmp_path / "export" / SKELETON).is_file() == (chain == CODED)
    golden = np.load(tmp_path / "export" / "golden.npz")
    for name in (file, "model.tflite"):
        with open_model(tmp_path / "export" / name) as predictor:
            assert np.allclose(predictor.predict(golden["films"]), golden["outputs"], atol=1e-6)


@pytest.fixture(scope="module")
def coded_bundle(tmp_path_factory, run_and_films):
    run, _ = run_and_films
    return export_variant(
        run.folder, f"student_small--{CODED}--seed0", tmp_path_factory.mktemp("coded") / "bundle"
    )


def test_a_device_makes_of_coded_file_and_skeleton_the_very_litert_file(tmp_path, coded_bundle, folder):
    expected = (coded_bundle / "model.tflite").read_bytes()
    sent = tmp_path / "sent"
    shutil.copytree(coded_bundle, sent)
    (sent / "model.tflite").unlink()
    script = (
        "import sys; sys.modules.update(tensorflow=None, tf_keras=None)\nfrom radlib.cli.app import main\n"
        f"main(['read', {str(sent)!r}, {str(folder)!r}, '--csv', {str(tmp_path / 'a.csv')!r}])"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert (sent / "model.tflite").read_bytes() == expected
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 8
    (sent / "model.tflite").write_bytes(expected[:-1])
    with pytest.raises(SetupError, match=r"model\.tflite is missing or damaged"):
        runnable(sent, *read_described(sent))


def test_a_variant_weighs_in_its_run_what_it_weighs_in_its_export(run_and_films, coded_bundle):
    run, _ = run_and_films
    said = json.loads((coded_bundle / "variant.json").read_text())["deployed"]
    coded, int8 = (run.variant(f"student_small/{chain}#0") for chain in (CODED, "int8"))
    assert weigh(run.path("variants", coded.key), coded) == said
    assert weigh(run.path("variants", int8.key), int8) == {
        "bytes": int8.size_bytes,
        "files": ["model.tflite"],
    }


def test_a_damaged_skeleton_and_one_of_another_network_are_one_sentence(coded_bundle):
    skeleton = (coded_bundle / SKELETON).read_bytes()
    places = places_in(skeleton)
    tensors = FORMATS[CODED].facts["tensors"]((coded_bundle / "model.rdc").read_bytes(), places)
    assert fill_skeleton(skeleton, tensors) == (coded_bundle / "model.tflite").read_bytes()
    with pytest.raises(SetupError, match="is not the LiteRT file that it was made of"):
        fill_skeleton(skeleton, [tensor + 1 for tensor in tensors])
    with pytest.raises(SetupError, match=r"model\.skeleton"):
        fill_skeleton(skeleton, tensors[:1])
    for place in range(0, len(skeleton), 97):
        damaged = bytearray(skeleton)
        damaged[place] ^= 4
        with pytest.raises(SetupError):
            fill_skeleton(bytes(damaged), tensors)
            places_in(bytes(damaged))


def test_exports_replace_exports_and_nothing_else(tmp_path, run_and_films):
    run, _ = run_and_films
    for _ in range(2):
        export_variant(run.folder, "student_small--int8--seed0", tmp_path / "export")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("a year of work")
    with pytest.raises(UsageError, match="not empty"):
        export_variant(run.folder, "student_small--int8--seed0", tmp_path / "mine")
    with pytest.raises(UsageError, match=r"variant\.json"):
        export_variant(run.folder, "no--such--variant", tmp_path / "other")


@pytest.mark.parametrize("chain", ["original", "int8_io"])
def test_a_folder_of_films_is_answered_as_the_run_answers(run_and_films, folder, chain):
    run, films = run_and_films
    variant = run.variant(f"student_small/{chain}#0")
    table = predict_folder(run.path("variants", variant.key), folder)
    assert table["file"].tolist() == ["0.png", "1.png", "2.png", "4.png", "5.png", "broken.png", "ward/3.png"]
    with open_model(run.model_path(variant)) as predictor:
        expected = predictor.predict(films.test.images(slice(0, 6)))[:, 1]
    read = table[table["reason"] == ""].sort_values("file", key=lambda names: names.str[-5:])
    assert np.allclose(read["opacity_probability"], expected, atol=1e-6)
    threshold = read["opacity_threshold"].iloc[0]
    decisions = ["opacity" if p >= threshold else "normal" for p in read["opacity_probability"]]
    assert read["opacity_decision"].tolist() == decisions
    assert set(decisions) == {"opacity", "normal"}


def test_a_row_of_an_array_is_answered_as_the_run_answers(tmp_path, run_and_films):
    run, films = run_and_films
    variant = run.variant("student_small/int8#0")
    np.save(tmp_path / "films.npy", np.array(films.test.pixels[:4]))
    table = predict_folder(run.path("variants", variant.key), row_reference(tmp_path / "films.npy", 2))
    with open_model(run.model_path(variant)) as predictor:
        expected = predictor.predict(films.test.images(slice(2, 3)))[:, 1]
    assert table["reason"].tolist() == [""]
    assert np.allclose(table["opacity_probability"], expected, atol=1e-6)
    with pytest.raises(DataError, match="cannot be read as a film"):
        predict_folder(run.path("variants", variant.key), row_reference(tmp_path / "films.npy", 4))


def test_what_cannot_be_read_is_listed_with_its_reason(run_and_films, folder):
    run, _ = run_and_films
    table = predict_folder(run.path("variants", "student_small--int8--seed0", "variant.json"), folder)
    (broken,) = table[table["reason"] != ""].to_dict("records")
    assert (broken["file"], broken["reason"]) == ("broken.png", "damaged")
    assert np.isnan(broken["opacity_probability"])
    assert broken["opacity_decision"] == ""
    assert len(broken["image_id"]) == 12


def test_a_link_out_of_the_folder_is_counted_and_not_followed(tmp_path, run_and_films, folder, capsys):
    run, _ = run_and_films
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(folder / "0.png", tmp_path / "elsewhere" / "secret.png")
    for name in ("a", "b"):
        (folder / f"link_{name}.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    table = predict_folder(run.path("variants", "student_small--int8--seed0"), folder)
    assert not table["file"].str.startswith("link_").any()
    assert "2 linked to a place outside" in capsys.readouterr().err


def test_every_file_of_a_folder_gets_a_row_or_is_counted(tmp_path, run_and_films, folder, capsys):
    run, _ = run_and_films
    names = ["1.2.826.0.1.3680043.1", "IMG.0002", "scan.IMA", "b.img", "x.jfif", "film", "y.JPE", "notes.txt"]
    for name in names:
        shutil.copy(folder / "0.png", folder / name)
    (folder / os.fsdecode(b"film\xff\xe9.png")).write_bytes((folder / "0.png").read_bytes())
    for name, content in {
        "._0.png": b"\0\5\x16\7",
        "labels.csv": b"a,b",
        "Thumbs.db": b"\xd0\xcf",
        "a.bmp": b"II*\0",
    }.items():
        (folder / name).write_bytes(content)
    table = predict_folder(run.path("variants", "student_small--int8--seed0"), folder, compared=False)
    assert {*names, os.fsdecode(b"film\xff\xe9.png")} < set(table["file"])
    assert capsys.readouterr().err == (
        "4 files are left out: 2 left behind by a system or a program, 1 of another picture format (convert to PNG), "
        "1 with other content than DICOM, PNG or JPEG.\n"
    )
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        predict_folder(run.path("variants", "student_small--int8--seed0"), tmp_path / "pipe")


def test_an_export_answers_as_its_run(tmp_path, run_and_films, folder):
    run, _ = run_and_films
    key = "student_small--int8--seed0"
    export_variant(run.folder, key, tmp_path / "export")
    shutil.copy(folder / "0.png", folder / "copy.png")  # the same bytes twice: two rows
    inside, outside = (predict_folder(p, folder) for p in (run.path("variants", key), tmp_path / "export"))
    assert inside.equals(outside)
    assert len(inside) == 8
    assert inside["image_id"].is_unique
    one = predict_folder(tmp_path / "export", folder / "0.png")
    assert one["opacity_probability"].item() == inside.loc[0, "opacity_probability"]


def test_folders_without_films_and_damaged_models_are_one_sentence(tmp_path, run_and_films, folder):
    run, _ = run_and_films
    export = export_variant(run.folder, "student_small--int8--seed0", tmp_path / "export")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no film"):
        predict_folder(export, tmp_path / "empty")
    (tmp_path / "empty" / "broken.png").write_bytes(b"")
    with pytest.raises(DataError, match="The only file of empty"):
        predict_folder(export, tmp_path / "empty")
    with pytest.raises(UsageError, match=r"variant\.json"):
        predict_folder(tmp_path / "empty", folder)
    (export / "model.tflite").write_bytes((export / "model.tflite").read_bytes() + b"!")
    with pytest.raises(SetupError, match="damaged"):
        predict_folder(export, folder)


def test_an_export_says_where_it_decides_and_what_came_of_its_test(tmp_path, run_and_films):
    run, _ = run_and_films
    variant = run.variant("student_small/int8#0")
    export_variant(run.folder, variant.key, tmp_path / "export")
    record = json.loads((tmp_path / "export" / "variant.json").read_text())
    text = (tmp_path / "export" / "README.txt").read_text()
    (threshold,) = record["thresholds"]
    assert f"opacity {threshold!r}." in text and text.startswith("student_small/int8#0")
    assert record["state"] == "finished" and record["verdict"]["films"] == 40
    assert f"Tested on 40 test films of {record['verdict']['patients']} patients: AUROC" in text
    said = conclusion(record["verdict"], record["margin"], record["rate_margin"])
    assert f"It {said}." in text and "AUROC differs by" in said and "; sensitivity differs by" in said
    assert record["margin"] == run.settings.margin and record["rate_margin"] == run.settings.rate_margin
    assert record["hashes"]["model.tflite"] == variant.sha256
    files = {p.name for p in (tmp_path / "export").iterdir()} - {"variant.json", "conformance"}
    assert set(record["hashes"]) == files | {"conformance/vectors.json"}


def test_an_unfinished_variant_leaves_only_when_asked_and_says_so_first(tmp_path, folder, capsys):
    (tmp_path / "begun").mkdir()
    run, films = stored_run(tmp_path / "begun", chains=("", "int8"))
    key, place = "student_small--int8--seed0", tmp_path / "export"
    with pytest.raises(UsageError, match=r"not finished: no threshold.*--unfinished"):
        export_variant(run.folder, key, place)
    assert not place.exists()
    export_variant(run.folder, key, place, unfinished=True)
    text, record = (place / "README.txt").read_text(), json.loads((place / "variant.json").read_text())
    assert text.startswith("UNFINISHED.") and "positive at or above" not in text
    assert record["state"] == "unfinished" and record["thresholds"] == [None] and len(record["missing"]) == 2
    with pytest.raises(SystemExit):
        main(["predict", str(place), str(folder)])
    out, err = capsys.readouterr()
    assert err.count("exported unfinished") == 1 and err.count("has no threshold: no decisions") == 1
    assert out.count("no threshold: no decision") == 6  # every film that could be read
    runner = subprocess.run([sys.executable, "run.py"], cwd=place, capture_output=True, text=True, check=True)
    assert runner.stdout.startswith("UNFINISHED") and runner.stdout.count("no threshold: no decision") == 4
    radlib.select(run, films)
    with pytest.raises(UsageError, match="no test film has been scored"):
        export_variant(run.folder, key, place)
    radlib.predict(run, films, run.variants(), split="test")
    with pytest.raises(UsageError, match="no report has been written"):
        export_variant(run.folder, key, place)


def test_an_export_takes_thresholds_of_a_site_for_this_model_only(tmp_path, run_and_films, folder):
    run, _ = run_and_films
    variant, other = run.variant("student_small/int8#0"), run.variant("student_small/float32#0")
    write_thresholds(tmp_path / "t.json", variant, [1e-17], {"chosen_on": "films of a site"})
    export_variant(run.folder, variant.key, tmp_path / "export", thresholds=tmp_path / "t.json")
    record = json.loads((tmp_path / "export" / "variant.json").read_text())
    assert record["thresholds"] == [1e-17] and record["thresholds_from"]["chosen_on"] == "films of a site"
    text = (tmp_path / "export" / "README.txt").read_text()
    assert "chosen anew on films of one site" in text and "opacity 1e-17" in text
    table = predict_folder(tmp_path / "export", folder)
    assert set(table["opacity_threshold"].dropna()) == {1e-17}
    with pytest.raises(UsageError, match="another model file"):
        export_variant(run.folder, other.key, tmp_path / "other", thresholds=tmp_path / "t.json")


def contents(folder):
    """Return what is in every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_failing_export_leaves_the_earlier_one_and_can_be_made_again(tmp_path, run_and_films, monkeypatch):
    run, _ = run_and_films
    place, key = tmp_path / "export", "student_small--int8--seed0"
    export_variant(run.folder, key, place)
    before = contents(place)
    (place / "notes.txt").write_text("mine")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for target in (place, tmp_path / "new"):
        with monkeypatch.context() as broken:
            broken.setattr(np, "savez_compressed", full)
            with pytest.raises(SetupError, match="No space is left while writing"):
                export_variant(run.folder, "student_small--float32--seed0", target)
    assert contents(place) == before | {"notes.txt": b"mine"}
    assert not (tmp_path / "new").exists() and not list(tmp_path.glob(".*partial"))
    export_variant(run.folder, "student_small--original--seed0", place)
    assert (place / "model.keras").is_file() and (place / "notes.txt").read_text() == "mine"
    export_variant(run.folder, key, place)
    assert set(contents(place)) == {*before, "notes.txt"}


def test_places_that_cannot_take_an_export_are_one_sentence_before_anything_is_written(
    tmp_path, run_and_films
):
    run, _ = run_and_films
    key = "student_small--int8--seed0"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file; name a folder"):
        export_variant(run.folder, key, tmp_path / "file")
    with pytest.raises(UsageError, match="a file is in its way"):
        export_variant(run.folder, key, tmp_path / "file" / "export")
    before = sorted(run.folder.rglob("*"))
    (tmp_path / "link").symlink_to(run.folder)
    for inside in (run.path("export"), run.path("variants", key), run.folder, tmp_path / "link" / "export",
                   run.folder / ".." / run.folder.name / "export"):  # fmt: skip
        with pytest.raises(UsageError, match="inside the run"):
            export_variant(run.folder, key, inside)
    assert sorted(run.folder.rglob("*")) == before and (tmp_path / "file").read_text() == "mine"


def test_a_model_that_answers_no_number_is_not_exported(tmp_path, run_and_films, monkeypatch):
    run, _ = run_and_films
    sound = export.open_model

    def broken(path, format):
        predictor = sound(path, format)
        return dataclasses.replace(
            predictor, predict=lambda films: predictor.predict(films) * np.float32("nan")
        )

    monkeypatch.setattr(export, "open_model", broken)
    with pytest.raises(SetupError, match="the model gave no number"):
        export_variant(run.folder, "student_small--int8--seed0", tmp_path / "export")
    assert not (tmp_path / "export").exists()
