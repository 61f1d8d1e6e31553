"""Films of one's own: answered one by one as all together, without heavy libraries, and without losing any."""

import contextlib
import csv
import io
import json
import os
import stat
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import radlib
from radlib.cli.app import main
from radlib.deployment import own_films
from radlib.deployment.own_films import predict_folder, read_films
from radlib.deployment.reading import answering
from radlib.evaluation.deciding import NO_NUMBER
from radlib.evaluation.training_films import describe_films
from radlib.formats.predictors import open_model
from radlib.foundation.errors import DataError
from radlib.imaging.decoding.lone_films import _read_answer, lone_film
from radlib.imaging.images import Preprocessing
from radlib.imaging.phantoms.dicom_writing import Header, StorageKind, write_film
from radlib.imaging.resemblance import MARK_BYTES
from stored import stored_run

HEAVY = (
    "tensorflow",
    "tf_keras",
    "pandas",
    "scipy",
    "sklearn",
    "matplotlib",
    "seaborn",
    "yaml",
    "pebble",
    "tqdm",
)
LITERT = ("float32", "int8", "int8_io")


@pytest.fixture(scope="module")
def run_and_films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    run, films = stored_run(folder)
    radlib.select(run, films)
    describe_films(run, films, run.variants())
    (folder / "films").mkdir()
    for number in range(12):
        Image.fromarray(np.array(films.test.pixels[number])).save(folder / "films" / f"{number:02d}.png")
    return run, films, folder / "films"


def variant_folder(run, chain):
    return run.path("variants", f"student_small--{chain}--seed0")


@pytest.mark.parametrize("chain", LITERT)
def test_one_film_alone_is_answered_as_among_others_and_as_the_model_answers(run_and_films, chain):
    run, films, folder = run_and_films
    together = predict_folder(variant_folder(run, chain), folder)
    with open_model(run.model_path(run.variant(f"student_small/{chain}#0"))) as predictor:
        expected = predictor.predict(np.array(films.test.pixels[:12]))[:, 1]
    assert together["opacity_probability"].to_numpy().tobytes() == expected.tobytes()
    for number in (0, 7):
        alone = predict_folder(variant_folder(run, chain), folder / f"{number:02d}.png")
        assert alone.iloc[0].drop("file").equals(together.iloc[number].drop("file"))


@pytest.mark.parametrize("film", ["png", "dicom"])
def test_a_film_by_a_litert_variant_imports_nothing_heavy(run_and_films, tmp_path, film):
    run, films, folder = run_and_films
    path = folder / "03.png"
    if film == "dicom":
        path = tmp_path / "film.dcm"
        image = films.test.images([3])[0, ..., 0]
        write_film(path, image, StorageKind(12), Header("p", "PA", 40, "F", "n"))
    code = (
        "import sys\n"
        "from radlib.cli.app import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        f"print(sorted({{m.split('.')[0] for m in sys.modules}} & set({HEAVY})), file=sys.stderr)\n"
    )
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        code,
        "predict",
        str(variant_folder(run, "int8")),
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["reason"] == "" and row["warning"] == "" and row["opacity_decision"] in ("opacity", "normal")


def test_typed_and_kept_thresholds_import_nothing_heavy_either():
    code = (
        "import sys, radlib.deployment.answer_tables, radlib.deployment.threshold_files, radlib.imaging.decoding.lone_films\n"
        f"print(sorted({{m.split('.')[0] for m in sys.modules}} & set({HEAVY})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_many_films_stream_in_order_with_those_that_cannot_be_read(run_and_films, tmp_path, monkeypatch):
    run, films, _ = run_and_films
    monkeypatch.setattr(own_films, "FILMS_AT_ONCE", 4)
    for number in range(14):
        if number in (0, 1, 2, 3, 9):  # the first batch holds no film at all
            (tmp_path / f"{number:02d}.png").write_bytes(b"broken")
        else:
            Image.fromarray(np.array(films.test.pixels[number])).save(tmp_path / f"{number:02d}.png")
    table = predict_folder(variant_folder(run, "float32"), tmp_path)
    assert table["file"].tolist() == [f"{n:02d}.png" for n in range(14)]
    assert table.index[table["reason"] != ""].tolist() == [0, 1, 2, 3, 9]
    assert table["opacity_probability"].isna().sum() == 5 and table["image_id"].is_unique
    with open_model(run.model_path(run.variant("student_small/float32#0"))) as predictor:
        expected = predictor.predict(np.array(films.test.pixels[10:14]))[:, 1]
    assert table["opacity_probability"].to_numpy()[10:].tobytes() == expected.tobytes()


def test_answers_come_before_all_films_are_decoded(run_and_films, monkeypatch):
    run, _, folder = run_and_films
    monkeypatch.setattr(own_films, "FILMS_AT_ONCE", 2)
    asked = []
    real = own_films.content_id
    monkeypatch.setattr(own_films, "content_id", lambda file: (asked.append(file), real(file))[1])
    answers = read_films(variant_folder(run, "int8"), folder).answers
    next(answers)
    assert len(asked) == 2
    assert len(list(answers)) == 11 and len(asked) == 12


def test_a_lone_film_is_given_up_when_its_time_is_up_or_its_process_dies(tmp_path, run_and_films):
    _, _, folder = run_and_films
    small = Preprocessing(16)
    with lone_film(str(folder / "00.png"), small, timeout_s=0.001) as result:
        assert result()[0] == "timeout"
    os.mkfifo(tmp_path / "pipe.png")
    with lone_film(str(tmp_path / "pipe.png"), small) as result:
        assert result()[0] == "not_a_file"
    good = b'["", 16, 16]\n' + bytes(256 + MARK_BYTES)
    assert _read_answer(io.BytesIO(good), 16)[0] == ""
    for bad in (b"", b"\n", good[:-1], b'["", -1, 16]' + good[12:], b'["", 1e9, 16]' + good[12:],
                b'["nonsense", 0, 0]\n', b"[]\n", b'{"a": 1}\n', b'[["damaged"], 0, 0]\n'):  # fmt: skip
        assert _read_answer(io.BytesIO(bad), 16)[0] == "worker_died", bad
    assert _read_answer(io.BytesIO(b'["damaged", 0, 0]\n'), 16)[0] == "damaged"


def test_a_model_that_gives_no_number_decides_nothing(run_and_films, monkeypatch, capsys):
    run, _, folder = run_and_films
    real = answering.opened_model

    @contextlib.contextmanager
    def broken(*given, **options):
        """Open a model that answers NaN to all films but the first."""
        with real(*given, **options) as ask:
            yield lambda films: np.where(np.arange(len(films))[:, None] > 0, np.float32(np.nan), ask(films))

    monkeypatch.setattr(answering, "opened_model", broken)
    with pytest.raises(SystemExit):
        main(["predict", str(variant_folder(run, "int8")), str(folder)])
    out, err = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["reason"] for row in rows] == [""] + [NO_NUMBER] * 11
    assert [row["opacity_decision"] == "" for row in rows] == [False] + [True] * 11
    assert "11 films of 12 have no decision" in err and "could not be read" not in err


def test_a_damaged_record_is_one_sentence(tmp_path, run_and_films, capsys):
    run, _, folder = run_and_films
    content = json.loads((variant_folder(run, "int8") / "variant.json").read_text())
    for text in (
        "",
        "{",
        "[]",
        json.dumps({**content, "chain": 3}),
        json.dumps({**content, "preparation": {"a": 1}}),
    ):
        (tmp_path / "variant.json").write_text(text)
        with pytest.raises(SystemExit) as ended:
            main(["predict", str(tmp_path), str(folder)])
        err = capsys.readouterr().err
        assert ended.value.code in (3, 5) and "is damaged" in err and "radlib failed" not in err


def test_a_table_is_written_whole_or_not_at_all(run_and_films, tmp_path, capsys):
    run, _, folder = run_and_films
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "broken.png").write_bytes(b"x")
    (tmp_path / "table.csv").write_text("earlier")
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "predict",
                str(variant_folder(run, "int8")),
                str(tmp_path / "empty"),
                "--csv",
                str(tmp_path / "table.csv"),
            ]
        )
    assert ended.value.code == 3 and (tmp_path / "table.csv").read_text() == "earlier"
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "predict",
                str(variant_folder(run, "int8")),
                str(folder),
                "--fast",
                "--csv",
                str(tmp_path / "table.csv"),
            ]
        )
    lines = (tmp_path / "table.csv").read_text().splitlines()
    assert ended.value.code == 0 and len(lines) == 13 and "warning" not in lines[0]
    assert capsys.readouterr().out.startswith("12 films:")


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may read every file")
def test_a_film_that_this_account_may_not_read_has_a_reason(run_and_films, tmp_path):
    run, films, _ = run_and_films
    for number in (0, 1):
        Image.fromarray(np.array(films.test.pixels[number])).save(tmp_path / f"{number}.png")
    (tmp_path / "0.png").chmod(stat.S_IWUSR)
    table = predict_folder(variant_folder(run, "int8"), tmp_path)
    assert table["reason"].tolist()[1] == "" and table["reason"].tolist()[0] != ""


def test_a_folder_without_films_is_one_sentence(run_and_films, tmp_path):
    run, _, _ = run_and_films
    with pytest.raises(DataError, match="holds no film"):
        predict_folder(variant_folder(run, "int8"), tmp_path)
