"""A threshold chosen on a site's own labelled films, from the command line's view, and films that change sides."""

import dataclasses
import io
import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import radlib
from radlib import report
from radlib.cli.app import main
from radlib.deployment.site_threshold import IMPORTED, SEEN_UNKNOWN, choose_anew, read_site_table
from radlib.evaluation.choices import FILE
from radlib.evaluation.deciding import Answer
from radlib.evaluation.thumbnails import changed_films, thumbnail_path, write_thumbnails
from radlib.foundation.errors import DataError, UsageError
from radlib.report.changed_films import passing_on
from radlib.runs import tasks
from radlib.runs.seen_films import SeenFilms, read_seen_films, write_seen_films
from radlib.runs.settings import Settings
from stored import stored_run
from written_runs import checked, write_run

NOTHING_SEEN = SeenFilms(b"key", {"training": frozenset(), "validation": frozenset()})
TASK = tasks.binary("opacity")
LABELS = list(TASK.labels)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A run, a folder of 40 test films as PNG files, and a table of their labels and patients."""
    folder = tmp_path_factory.mktemp("site")
    run, films = stored_run(folder, chains=("", "int8"))
    radlib.select(run, films)
    (folder / "films").mkdir()
    rows = []
    for number in range(len(films.test)):
        Image.fromarray(np.array(films.test.pixels[number])).save(folder / "films" / f"{number:02d}.png")
        rows.append((f"{number:02d}.png", int(films.test.labels[number, 0]), f"p{number}"))
    pd.DataFrame(rows, columns=["file", "opacity", "patient_id"]).to_csv(folder / "labels.csv", index=False)
    return run, folder


def answers(probabilities):
    return [
        Answer(f"{n}.png", f"{n:012x}", np.array([1 - p, p], np.float32), pixels=bytes([n]))
        for n, p in enumerate(probabilities)
    ]


def write(path, **columns):
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def choose(path, given, **options):
    return choose_anew(given, read_site_table(path, LABELS), TASK, [0.5], **options)


def command(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code, *capsys.readouterr()


def test_the_command_chooses_anew_decides_anew_and_says_what_to_expect(site, capsys):
    run, folder = site
    variant = run.path("variants", run.variants()[1].key)
    code, out, err = command(
        capsys, "predict", variant, folder / "films", "--recalibrate", folder / "labels.csv"
    )
    assert code == 0
    assert "in place of" in err and "chosen on 40 films of 40 patients, 20 with the finding" in err
    table = pd.read_csv(io.StringIO(out))
    threshold = table["opacity_threshold"].unique()
    assert len(threshold) == 1 and f"--threshold opacity {float(threshold[0])!r}" in err
    assert (
        table["opacity_decision"]
        == np.where(table["opacity_probability"] >= threshold[0], "opacity", "normal")
    ).all()


def test_what_is_printed_and_what_is_kept_decide_alike(site, capsys, tmp_path):
    run, folder = site
    source = run.path("variants", run.variants()[0].key)  # float32 probabilities
    kept = tmp_path / "kept.json"
    code, chosen, err = command(
        capsys, "predict", source, folder / "films", "--recalibrate", folder / "labels.csv", "--keep-thresholds", kept
    )  # fmt: skip
    stated = shlex.split(re.search(r"(--threshold .*)", err).group(1))
    assert code == 0 and kept.is_file()
    assert command(capsys, "predict", source, folder / "films", *stated)[1] == chosen
    assert command(capsys, "predict", source, folder / "films", "--thresholds", kept)[1] == chosen
    other = run.path("variants", run.variants()[1].key)
    code, _, err = command(capsys, "predict", other, folder / "films", "--thresholds", kept)
    assert code == 2 and "another model file (student_small/original#0)" in err
    evidence = json.loads(kept.read_text())["evidence"]["opacity"]
    assert (evidence["films"], evidence["patients"], evidence["positives"]) == (40, 40, 20)


def test_a_shifted_site_gets_its_threshold_back(tmp_path):
    truth = np.arange(200) % 2
    given = answers(np.where(truth, 0.35, 0.1) + np.linspace(0, 0.05, 200))
    path = write(tmp_path / "l.csv", file=[a.file for a in given], opacity=truth, patient_id=np.arange(200))
    found = choose(path, given).found[0]
    assert (
        0.15 < found["threshold"] <= 0.4 and found["sensitivity"] > 0.95 and found["sensitivity_before"] == 0
    )


def test_too_few_films_keep_the_old_threshold_and_say_so(tmp_path):
    path = write(tmp_path / "l.csv", file=["0.png", "1.png"], opacity=[0, 1])
    found = choose(path, answers([0.2, 0.9]), seen=NOTHING_SEEN)
    assert found.thresholds == [0.5] and not found.any_chosen
    assert "the old threshold stays" in found.lines[0] and "name no patients" in found.lines[1]
    none = choose_anew(answers([0.2, 0.9]), read_site_table(path, LABELS), TASK, [None])
    assert none.thresholds == [None] and "none is chosen" in none.lines[0]


def test_rows_without_film_and_films_without_row_answer_or_number_are_counted_and_said(tmp_path):
    given = answers([*np.linspace(0, 1, 30), np.nan])
    files = [f"{n}.png" for n in range(25)] + ["30.png"] + [f"gone{n}.png" for n in range(12)]
    truth = [None, *(n % 2 for n in range(1, 38))]
    found = choose(write(tmp_path / "l.csv", file=files, opacity=truth, patient_id=range(38)), given)
    assert found.counts["rows_without_film"] == 12 and found.counts["films_without_row"] == 5
    assert found.counts["films_without_number"] == 1
    said = " ".join(found.lines)
    assert (
        "12 of 38 rows of the table name no film of the folder (rows 28, 29, 30, 31, 32, 33, 34, 35 and 4 more)"
        in said
    )
    assert "5 films of the folder have no row" in said and "1 film without an answer left out" in said
    assert "1 film with a row could not be read, or got no number" in said
    assert found.found[0]["films"] == 24 and "gone" not in said


def test_films_without_a_patient_are_patients_of_their_own(tmp_path):
    patients = ["p1"] * 4 + [""] * 26
    path = write(
        tmp_path / "l.csv",
        file=[f"{n}.png" for n in range(30)],
        opacity=np.arange(30) % 2,
        patient_id=patients,
    )
    found = choose(path, answers(np.linspace(0, 1, 30)))
    assert found.found[0]["patients"] == 27
    assert "26 films have a row without patient_id; each counts as a patient of its own." in found.lines


def test_films_that_the_variant_was_trained_on_are_left_out(tmp_path):
    given = answers(np.linspace(0, 1, 40))
    write_seen_films(tmp_path, [(f"{n:012x}", "training", b"a%d" % n) for n in range(0, 10)]
                     + [("f" * 12, "training", bytes([10])), (f"{11:012x}", "validation", b"v")])  # fmt: skip
    seen = read_seen_films(tmp_path / "seen_films.json")
    path = write(
        tmp_path / "l.csv", file=[a.file for a in given], opacity=np.arange(40) % 2, patient_id=range(40)
    )
    found = choose(path, given, seen=seen)
    assert found.counts["training_films"] == 11 and found.counts["validation_films"] == 1
    assert found.found[0]["films"] == 29
    assert "11 films with a row were left out: the variant was trained on them." in found.lines
    with pytest.raises(DataError, match="trained on all of the labelled films"):
        choose(write(tmp_path / "m.csv", file=["1.png", "2.png"], opacity=[0, 1]), given, seen=seen)
    assert SEEN_UNKNOWN in choose(path, given).lines and IMPORTED in choose(path, given, imported=True).lines


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"film": ["0.png"], "opacity": [1]}, "needs a column 'file'"),
        ({"file": ["0.png"], "mass": [1]}, "one for each finding of the variant"),
        ({"file": ["0.png", "0.png"], "opacity": [1, 0]}, "1 files more than once"),
        ({"file": ["0.png"], "opacity": ["maybe"]}, "holds 'maybe' in column 'opacity'"),
    ],
)
def test_a_table_of_labels_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, columns, sentence):
    with pytest.raises(DataError, match=sentence):
        read_site_table(write(tmp_path / "l.csv", **columns), LABELS)


def test_labels_of_other_films_and_variants_without_threshold_are_refused(tmp_path):
    path = write(tmp_path / "l.csv", file=["x.png"], opacity=[1])
    with pytest.raises(DataError, match="None of the labelled files"):
        choose(path, answers([0.2]))
    with pytest.raises(UsageError, match="most probable class"):
        choose_anew([], read_site_table(path, LABELS), tasks.classes(("a", "b")), [None, None])
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read as a table of labels"):
        read_site_table(tmp_path / "b.csv", LABELS)


# ---- thumbnails -------------------------------------------------------------------------------------------


def test_thumbnails_are_of_films_that_change_sides_and_lie_in_the_private_folder(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    radlib.select(run, films)
    original, int8 = run.variants()
    given = radlib.predict(run, films, run.variants(), split="test")
    before = given[original.name]
    moved = before.y_prob.copy()
    moved[3] = 1 - (before.y_prob[3] >= 0.5)
    changed = dataclasses.replace(given[int8.name], y_prob=moved)
    assert list(changed_films(before, changed, np.array([0.5]))) == [before.image_id[3]]
    assert list(changed_films(before, changed, np.array([np.nan]))) == []
    write_thumbnails(run, films.test, run.variants(), {original.name: before, int8.name: changed})
    path = thumbnail_path(run, before.image_id[3])
    assert path.parent.parent == run.path("private")
    assert np.array_equal(np.asarray(Image.open(path)), films.test.pixels[3])
    run.path(FILE).unlink()
    write_thumbnails(run, films.test, run.variants(), {})  # nothing chosen yet: nothing written, no error


def test_a_page_with_films_of_patients_says_that_it_is_not_to_be_passed_on():
    assert "not to be passed on" in passing_on(Settings(dataset="kermany"))
    assert passing_on(Settings(dataset="synthetic")) == "The films are drawn."


def test_only_the_report_on_this_machine_shows_them(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"), films=2000)
    image = report.changed_decisions(run)["image_id"].iloc[0]
    path = thumbnail_path(run, image)
    path.parent.mkdir(parents=True)
    Image.fromarray(np.full((16, 16), 77, np.uint8)).save(path)
    page = checked(report.write_report(run))
    assert f"{image}" in "".join(page.text) and "The films are drawn." in "".join(page.text)
    assert any(f"Test film {image}." in alt for alt in page.alts)
    written = report.publish(run, tmp_path / "published")
    assert all(
        image not in p.read_text(encoding="utf-8") for p in written if p.suffix in (".md", ".csv", ".json")
    )
    assert not [p for p in written if p.suffix == ".html"]
