"""Films of another kind are warned of, films of the same kind seldom, and no film is kept."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import radlib
from drawn import SIDE
from radlib.cli.app import main
from radlib.deployment.export import export_variant
from radlib.deployment.own_films import predict_folder
from radlib.deployment.reading.answering import TYPICAL
from radlib.evaluation.odd_films import DISTANCES, odd_copies, prepared_for, told_apart
from radlib.evaluation.training_films import describe_films
from radlib.evaluation.typical_films import (
    distances,
    embedder,
    read_typical,
    typical_of,
    typical_path,
    warnings_of,
)
from radlib.foundation.errors import UsageError
from radlib.foundation.storage import write_json
from stored import stored_run


@pytest.fixture(scope="module")
def run_and_films(tmp_path_factory):
    run, films = stored_run(tmp_path_factory.mktemp("typical"))
    radlib.select(run, films)
    describe_films(run, films, run.variants())
    return run, films


def stripes(count):
    """Films of black and white stripes: nothing like the grey noise of the training films."""
    grey = np.where(np.arange(SIDE) // 2 % 2, 0, 255).astype(np.uint8)
    return np.repeat(np.repeat(grey[None, None, :], SIDE, 1), count, 0)


def test_distances_are_those_of_a_normal_distribution():
    generator = np.random.default_rng(0)
    training = generator.integers(0, 256, (400, 8, 8)).astype(np.uint8)
    spread = np.array([5.0, 1.0, 0.2, 0.2])

    def embed(films):
        return np.random.default_rng(len(films)).normal(size=(len(films), 4)) * spread

    found = typical_of(training, training[:300], embed)
    expected = (embed(training[:50]) - found.mean) / spread
    assert distances(found, training[:50], embed)[:, 2] == pytest.approx(
        np.sqrt((expected**2).mean(axis=1)), rel=0.15
    )


def test_brightness_and_contrast_are_named_with_what_is_usual():
    generator = np.random.default_rng(1)
    training = generator.integers(60, 120, (100, 8, 8)).astype(np.uint8)
    found = typical_of(training[:60], training[60:], None)
    dark, flat = np.full((1, 8, 8), 5, np.uint8), np.full((1, 8, 8), 90, np.uint8)
    assert warnings_of(found, training[60:], None).count("") >= 39
    text = warnings_of(found, dark, None)[0]
    assert (
        text.startswith("Unlike the training films: brightness 0.02 (usual 0.3") and "contrast 0.00" in text
    )
    assert (
        "brightness" not in warnings_of(found, flat, None)[0]
        and "contrast" in warnings_of(found, flat, None)[0]
    )


def test_films_that_are_all_alike_and_no_films_at_all_do_not_break_it():
    same = np.full((5, 4, 4), 100, np.uint8)
    warned = warnings_of(typical_of(same, same, None), same, None)
    assert len(warned) == 5 and all(
        text.startswith("Uses under a tenth of the grey levels") for text in warned
    )
    empty = same[:0]
    found = typical_of(same, empty, lambda films: np.zeros((len(films), 3)))
    unlike = warnings_of(found, same + 100, lambda films: np.ones((len(films), 3)))
    assert not any("Unlike" in text for text in unlike)  # nothing is usual
    assert warnings_of(found, empty, None) == []


@pytest.mark.parametrize("chain", ["", "float32", "int8"])
def test_every_format_reads_what_its_last_dense_layer_reads(run_and_films, chain):
    run, films = run_and_films
    variant = next(v for v in run.variants() if v.chain_text == (chain or "original"))
    keras = embedder(run.model_path(run.variants()[0]), "keras")(films.test.pixels)
    own = embedder(run.model_path(variant), variant.format)(films.test.pixels)
    assert own.shape == (40, 16)
    assert np.corrcoef(own.ravel(), keras.ravel())[0, 1] > 0.99


def test_films_of_the_same_kind_are_seldom_warned_of_and_others_always(run_and_films):
    run, films = run_and_films
    for variant in run.variants():
        found = read_typical(typical_path(run.folder, variant.key))
        embed = embedder(run.model_path(variant), variant.format)
        assert np.mean([text == "" for text in warnings_of(found, films.test.pixels, embed)]) >= 0.9, (
            variant.name
        )
        assert all("contrast 0.50" in text for text in warnings_of(found, stripes(3), embed)), variant.name


def test_what_is_kept_is_small_and_no_film(run_and_films):
    run, films = run_and_films
    path = typical_path(run.folder, run.variants()[0].key)
    with np.load(path) as arrays:
        largest = max(arrays[name].size for name in arrays)
        assert largest <= 16 * 16 and all(arrays[name].dtype != np.uint8 for name in arrays)
    before = path.read_bytes()
    describe_films(run, films, run.variants())
    assert path.read_bytes() == before
    for damaged in (b"PK", before[: len(before) // 2], before[:40] + bytes(200) + before[240:]):
        path.write_bytes(damaged)
        assert read_typical(path) is None
    with path.open("wb") as stream:  # a small file that would be large in memory
        np.savez_compressed(stream, middle=np.zeros(3_000_000))
    assert read_typical(path) is None
    describe_films(run, films, run.variants()[:1])
    assert path.read_bytes() == before


def test_the_command_warns_and_an_export_takes_it_along(run_and_films, tmp_path, capsys):
    run, films = run_and_films
    folder, variant = tmp_path / "films", run.variants()[2]
    folder.mkdir()
    Image.fromarray(np.array(films.test.pixels[0])).save(folder / "a.png")
    Image.fromarray(stripes(1)[0]).save(folder / "b.png")
    (folder / "c.png").write_bytes(b"no film")
    table = predict_folder(run.path("variants", variant.key), folder)
    assert list(table.columns)[-2:] == ["reason", "warning"]
    assert (
        table["warning"].iloc[0] == ""
        and "Unlike" in table["warning"].iloc[1]
        and table["warning"].iloc[2] == ""
    )
    export_variant(run.folder, variant.key, tmp_path / "export", unfinished=True)
    assert (tmp_path / "export" / TYPICAL).is_file() and TYPICAL in (
        tmp_path / "export" / "README.txt"
    ).read_text()
    pd.testing.assert_frame_equal(predict_folder(tmp_path / "export", folder), table)
    assert "warning" not in predict_folder(tmp_path / "export", folder, compared=False)
    with pytest.raises(SystemExit):
        main(["predict", str(tmp_path / "export"), str(folder)])
    assert "1 film of 3 is unlike those that the variant was trained on" in capsys.readouterr().err
    typical_path(run.folder, variant.key).unlink()
    export_variant(run.folder, variant.key, tmp_path / "export", unfinished=True)
    assert not (tmp_path / "export" / TYPICAL).exists()
    assert "warning" not in predict_folder(tmp_path / "export", folder)


@pytest.mark.real_data
def test_breast_ultrasound_sent_to_a_chest_model_is_warned_of(shared_data):
    """A small network trained on Kermany films for two passes; other patients' films are the fair comparison."""
    from radlib import architectures
    from radlib.foundation import backend
    from radlib.runs import tasks

    def read(folder, count):
        paths = sorted(
            path
            for path in (shared_data / "data" / folder).rglob("*")
            if path.suffix in (".png", ".jpg", ".jpeg")
        )
        chosen = np.random.default_rng(0).permutation(len(paths))[:count]
        films = [Image.open(paths[n]).convert("L").resize((64, 64)) for n in sorted(chosen)]
        return np.stack([np.asarray(film) for film in films]), [paths[n] for n in sorted(chosen)]

    chest, paths = read("kermany224/train", 900)
    ultrasound, _ = read("busi256", 120)
    truth = np.array([["NORMAL" in str(path), "NORMAL" not in str(path)] for path in paths], np.float32)
    task = tasks.binary("pneumonia")
    model = architectures.build_network("student_tiny", {}, task, (64, 64, 1))
    model.compile("adam", "categorical_crossentropy")
    model.fit(chest[:600, ..., None] / 255, truth[:600], epochs=2, verbose=0)
    part = backend.keras().Model(model.inputs, model.layers[-1].input)

    def embed(films):
        return part.predict(films[..., None] / np.float32(255), verbose=0)

    found = typical_of(chest[:600], chest[600:750], embed)
    warned = [
        np.mean([text != "" for text in warnings_of(found, films, embed)])
        for films in (chest[750:], ultrasound)
    ]
    assert warned[0] <= 0.08 and warned[1] >= 0.8


def test_odd_copies_are_told_from_the_film_itself_in_multiples_of_what_is_usual(run_and_films):
    run, films = run_and_films
    variant = run.variants()[1]
    film = films.test.pixels[0]
    copies = odd_copies(film)
    assert all(copy.shape == film.shape and copy.dtype == np.uint8 for copy in copies.values())
    shown = {"itself": film, "stripes": stripes(1)[0], **copies}
    table = told_apart(run, variant, shown).set_index("film")
    assert table.index.tolist() == list(shown)
    beyond = (table[list(DISTANCES)] > 1).any(axis=1)
    assert (beyond == (table["warning"] != "")).all()
    assert not beyond["itself"] and beyond["stripes"] and beyond["as dark as an ultrasound"]


def test_a_film_is_prepared_as_its_reader_wants_it(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    Image.fromarray(np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)).save(tmp_path / "film.png")
    first, second = run.variants()
    record = run.model_path(second).with_name("preprocessing.json")
    write_json(record, dataclasses.replace(films.preprocessing, image_size=8, bits=1).to_dict())
    assert prepared_for(run, first, tmp_path / "film.png").shape == (films.preprocessing.image_size,) * 2
    small = prepared_for(run, second, tmp_path / "film.png")
    assert small.shape == (8, 8) and set(np.unique(small)) <= {0, 255}


def test_films_that_were_never_described_are_refused(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    with pytest.raises(UsageError, match="call examine"):
        told_apart(run, run.variants()[1], {"a film": films.test.pixels[0]})
