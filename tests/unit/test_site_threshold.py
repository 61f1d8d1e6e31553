"""A threshold chosen on a site's own labelled films, from the command line's view, and films that change sides."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from test_report import checked, write_run

import radlib
from radlib import report
from radlib.cli import main
from radlib.errors import DataError, UsageError
from radlib.evaluation.choices import FILE
from radlib.evaluation.thumbnails import changed_films, thumbnail_path, write_thumbnails
from radlib.report.changed_films import passing_on
from radlib.settings import Settings
from radlib.site_threshold import choose_anew, decide_at, read_site_labels, recalibrated, sentences, stated
from stored import stored_run

LABELS = ["opacity"]


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


def answers(probabilities, threshold=0.5):
    count = len(probabilities)
    return pd.DataFrame({
        "file": [f"{n}.png" for n in range(count)], "image_id": [str(n) for n in range(count)],
        "opacity_probability": probabilities, "opacity_decision": "normal", "opacity_threshold": threshold, "reason": "",
    })  # fmt: skip


def write(path, **columns):
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def test_the_command_chooses_anew_decides_anew_and_says_what_to_expect(site, capsys):
    run, folder = site
    variant = run.path("variants", run.variants()[1].key)
    with pytest.raises(SystemExit) as ended:
        main(["predict", str(variant), str(folder / "films"), "--recalibrate", str(folder / "labels.csv")])
    out, err = capsys.readouterr()
    assert ended.value.code == 0
    assert (
        "in place of" in err
        and "chosen on 40 films, 20 with the finding" in err
        and "--threshold opacity" in err
    )
    rows = [line.split(",") for line in out.splitlines()]
    table = pd.DataFrame(rows[1:], columns=rows[0])
    threshold = table["opacity_threshold"].astype(float).unique()
    assert len(threshold) == 1 and f"threshold {threshold[0]:.4f}" in err
    positive = table["opacity_probability"].astype(float) >= threshold[0]
    assert (table["opacity_decision"] == np.where(positive, "opacity", "normal")).all()


def test_a_stated_threshold_decides_and_what_is_none_is_refused(site):
    run, _ = site
    variant = run.path("variants", run.variants()[1].key)
    table = stated(variant, answers([0.2, 0.7]), [("opacity", "0.1")])
    assert table["opacity_decision"].tolist() == ["opacity", "opacity"]
    assert table["opacity_threshold"].tolist() == [0.1, 0.1]
    with pytest.raises(UsageError, match="not 'much'"):
        stated(variant, answers([0.2]), [("opacity", "much")])
    with pytest.raises(UsageError, match="between 0 and 1, not 7"):
        stated(variant, answers([0.2]), [("opacity", "7")])
    with pytest.raises(UsageError, match="no threshold for 'mass'; this variant has: opacity"):
        stated(variant, answers([0.2]), [("mass", "0.5")])


def test_a_shifted_site_gets_its_threshold_back(tmp_path):
    truth = np.arange(200) % 2
    table = answers(np.where(truth, 0.35, 0.1) + np.linspace(0, 0.05, 200))
    path = write(tmp_path / "l.csv", file=table["file"], opacity=truth, patient_id=np.arange(200))
    found = choose_anew(table, read_site_labels(path, LABELS), LABELS).iloc[0]
    assert (
        0.15 < found["threshold"] <= 0.4 and found["sensitivity"] > 0.95 and found["sensitivity_before"] == 0
    )


def test_too_few_films_keep_the_old_threshold_and_say_so(tmp_path):
    path = write(tmp_path / "l.csv", file=["0.png", "1.png"], opacity=[0, 1])
    site = read_site_labels(path, LABELS)
    found = choose_anew(answers([0.2, 0.9]), site, LABELS)
    assert found["threshold"].tolist() == [0.5]
    lines = sentences(found, site.attrs["patients_known"])
    assert "the old threshold stays" in lines[0] and "name no patients" in lines[1]


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
        read_site_labels(write(tmp_path / "l.csv", **columns), LABELS)


def test_labels_of_other_films_and_variants_without_threshold_are_refused(tmp_path):
    site = read_site_labels(write(tmp_path / "l.csv", file=["x.png"], opacity=[1]), LABELS)
    with pytest.raises(DataError, match="None of the labelled files"):
        choose_anew(answers([0.2]), site, LABELS)
    with pytest.raises(UsageError, match="most probable class"):
        choose_anew(answers([0.2]).drop(columns="opacity_threshold"), site, LABELS)
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read as a table of labels"):
        read_site_labels(tmp_path / "b.csv", LABELS)


def test_films_that_could_not_be_read_stay_undecided():
    table = answers([0.2, np.nan]).assign(reason=["", "is damaged"])
    table = decide_at(table, {"opacity": 0.1}, {"opacity": "normal"})
    assert table["opacity_decision"].tolist() == ["opacity", ""] and np.isnan(
        table["opacity_threshold"].iloc[1]
    )


def test_recalibration_reads_the_folder_of_the_variant(site):
    run, folder = site
    table = answers(np.linspace(0, 1, 40)).assign(file=[f"{n:02d}.png" for n in range(40)])
    changed, lines = recalibrated(run.path("variants", run.variants()[1].key), table, folder / "labels.csv")
    assert len(lines) == 1 and len(changed) == 40


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
    assert any(alt == image for alt in page.alts)
    written = report.publish(run, tmp_path / "published")
    assert all(
        image not in p.read_text(encoding="utf-8") for p in written if p.suffix in (".md", ".csv", ".json")
    )
    assert not [p for p in written if p.suffix == ".html"]
