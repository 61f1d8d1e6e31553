"""What lies in a folder: kinds of films, classes that are classes, names that may be patients."""

import pytest

from noise_pictures import pictures
from radlib.datasets.looking.folder_looks import look_at, name_pattern


def test_films_are_told_by_what_is_in_them_and_counted_by_class(tmp_path):
    folder = pictures(tmp_path / "films", {"train/ill": 3, "train/well": 5, "test/ill": 1, "test/well": 2})
    (folder / "train/ill/cut.png").write_bytes((folder / "train/ill/000.png").read_bytes()[:50])
    (folder / "train/ill/empty.jpeg").write_bytes(b"")
    look = look_at(folder)
    assert look.classes == {"ill": 6, "well": 7} and look.parts == ("test", "training") and look.rarer == 6
    assert look.kinds == {"png": 12, "damaged": 1} and look.public == ""
    assert look.sample.unread == {"damaged": 1, "empty_file": 1} and look.sample.side == 70


def test_a_table_that_names_the_films_says_how_many_have_the_rarer_answer(tmp_path):
    folder = pictures(tmp_path / "films", {"a": 6})
    (folder / "b.csv").write_text(
        "file,effusion,notes\n" + "".join(f"a/00{n}.png,{int(n < 2)},x y\n" for n in range(6))
    )
    (folder / "a.csv").write_text("ward,beds\nnorth,3\n")
    look = look_at(folder)
    assert [table.path.name for table in look.tables] == ["b.csv", "a.csv"]
    assert look.table.labels == {"effusion": (2, 4)} and look.rarer == 2 and look.teller is None


def test_names_are_guessed_at_only_where_they_may_be_patients(tmp_path):
    assert name_pattern([tmp_path / f"{n}.png" for n in range(20)]) == ""
    assert name_pattern([tmp_path / f"patient{n // 3}-{n}.png" for n in range(20)]) != ""
    assert name_pattern([tmp_path / f"patient1-{n}.png" for n in range(100)]) == ""


@pytest.mark.parametrize(
    "names",
    [
        ("2023", "2024"),
        ("SE0001", "SE0002"),
        ("A", "B"),
        ("patient1", "patient2"),
        ("1.2.840.1", "1.2.840.2"),
    ],
)
def test_folders_of_an_archive_are_no_classes(tmp_path, names):
    assert look_at(pictures(tmp_path / "films", dict.fromkeys(names, 2))).classes == {}
