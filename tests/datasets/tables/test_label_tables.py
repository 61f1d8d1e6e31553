"""Tables as spreadsheets and programs write them: read alike, or refused with row and column."""

import gzip
import itertools
import re

import numpy as np
import pandas as pd
import pytest

from radlib.datasets.tables.label_tables import letters, numbers_of, read_table, sexes, years
from radlib.datasets.tables.label_values import label_column, label_notes, meanings
from radlib.foundation.errors import DataError, UsageError

HEADINGS = ["file", "pneumonia", "age", "Größe"]
ROWS = [["a.dcm", "1", "40,5", "é"], ["b, c.dcm", "0", "", 'said "ü"'], ["d.dcm", "", "7", "two\nlines"]]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1")


def text_of(rows, separator=",", end="\n", quoted=False):
    def cell(text):
        special = quoted or any(sign in text for sign in (separator, '"', "\n"))
        return '"' + text.replace('"', '""') + '"' if special else text

    return "".join(separator.join(map(cell, row)) + end for row in rows)


@pytest.mark.parametrize(
    ("encoding", "separator", "end"),
    list(itertools.product(ENCODINGS, ",;\t|", ["\n", "\r\n", "\r"])),
)
def test_whatever_a_spreadsheet_writes_is_read_alike(tmp_path, encoding, separator, end):
    path = tmp_path / "labels.csv"
    path.write_bytes(text_of([HEADINGS, *ROWS], separator, end).encode(encoding))
    table = read_table(path, ("file",), others=True)
    assert list(table.columns) == HEADINGS
    assert table.to_numpy().tolist() == ROWS
    assert table.index.tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nfile;pneumonia\r\na;1\r\nb;0\r\n",
        '"sep=;"\nfile;pneumonia\na;1\nb;0',
        "\n\n ,\nfile,pneumonia\n\na,1\n,,\nb,0\n,,,\n",
        "file,pneumonia,,\r\na,1,,\r\nb,0,,\r\n",
        " File , Pneumonia \n a , 1 \n b , 0 \n",
        'file, pneumonia\n"a", "1"\n"b", "0"\n',
        'FILE,pneumonia\n="a",="1"\n="b",="0"\n',
        "file,pneumonia\na,1,\nb,0,,,\n\x1a",
        "file\tpneumonia\na\t1\nb\t0\n",
        "\ufefffile,pneumonia\na,1\nb,0\n",
    ],
)
def test_what_lies_around_the_cells_is_taken_off(tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode())
    table = read_table(path, ("file",), others=True)
    assert [name.lower() for name in table.columns] == ["file", "pneumonia"]
    assert table.to_numpy().tolist() == [["a", "1"], ["b", "0"]]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text('\nfile,pneumonia\n"two\nlines",1\n\n,\nb,0\n')
    assert read_table(path, ("file",), others=True).index.tolist() == [3, 6]
    path.write_text("sep=,\nfile,pneumonia\na,1\n")  # which a spreadsheet does not show
    assert read_table(path, ("file",), others=True).index.tolist() == [2]


def test_packed_tables_are_read_alike(tmp_path):
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress(text_of([HEADINGS, *ROWS], ";").encode("utf-16")))
    assert read_table(path, ("file",), others=True).to_numpy().tolist() == ROWS


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("labels.xlsx", b"PK\x03\x04rest", "is a workbook of a spreadsheet; save it as CSV"),
        ("labels.ods", b"PK\x03\x04rest", "is a workbook of a spreadsheet; save it as CSV"),
        ("labels.csv", b"PK\x03\x04rest", "is a workbook of a spreadsheet, whatever its ending"),
        ("labels.xls", b"file,a\n", "is a workbook"),
        ("labels.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a workbook"),
        ("labels.csv", b"file,a\nx\x00y,1\n\x01\x02", "is no CSV file"),
        ("labels.csv", "file,a\nx,1\n".encode("utf-16")[:-1], "it is no CSV file, or cut off"),
        ("labels.csv.gz", gzip.compress(b"file,a\n" * 99, mtime=0)[:-9], "is no CSV file"),
        ("labels.csv", b"", "is empty"),
        ("labels.csv", b"\n,,\n", "is empty"),
        ("labels.csv", b'file,a\nx,1\n"y,0\nz,1\n', "Row 3 of the table labels.csv has a quotation mark"),
        ("labels.csv", b"file,a\nx," + b"1" * 200_000, "or a cell of more than 100,000 signs"),
        ("labels.csv", b"file,a,A\nx,1,0\n", "has the heading 'A' twice, in columns B and C"),
        ("labels.csv", b"file,File\nx,1\n", "has the heading 'file' twice, in columns A and B"),
        ("labels.csv", b"file,a,\nx,40,5\n", "Row 2 .* has a cell in column C, which has no heading"),
        ("labels.csv", b"file,a\nx,1\ny,40,5\n", "Row 3 .* has a cell in column C, which has no heading"),
        ("labels.csv", b",file,a\n0,x,1\n", "Row 2 .* has a cell in column A, which has no heading"),
        ("labels.csv", b"filename,a\nx,1\n", r"lacks the column 'file' \(did you mean 'filename'\?\)"),
        ("labels.csv", b"fiel,a\nx,1\n", r"lacks the column 'file' \(did you mean 'fiel'\?\)"),
        ("labels.csv", b"Doe^Jane/x.dcm,1\ny.dcm,0\n", "The first row of the table labels.csv holds values"),
        ("labels.csv", b"sep=\n\nfile,a\n", "lacks the column 'file'"),
    ],
)
def test_what_is_no_table_of_labels_is_refused_in_one_sentence(tmp_path, name, content, text):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=text) as caught:
        read_table(path, ("file",), others=True)
    assert re.fullmatch(r"[^\n]+\.", str(caught.value))
    assert "Doe" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_table_that_inflates_without_end_is_refused(tmp_path, monkeypatch):
    from radlib.datasets.tables import table_files

    monkeypatch.setattr(table_files, "LARGEST_BYTES", 10_000)
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress(b"file,a\n" + b"x,1\n" * 10_000))
    with pytest.raises(DataError, match="is it a table of labels"):
        read_table(path, ("file",), others=True)


def test_columns_are_lettered_as_spreadsheets_do():
    assert [letters(place) for place in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]


def test_numbers_with_decimal_commas(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text("file;x\na;1,5\nb;\nc;2.25\n")
    np.testing.assert_array_equal(
        numbers_of(read_table(path, ("file", "x")), "x", "boxes.csv"), [1.5, np.nan, 2.25]
    )
    path.write_text("file;x\na;1,5\nb;1e999\n")
    with pytest.raises(DataError, match=r"Row 3 of boxes.csv holds '1e999' in column 'x'"):
        numbers_of(read_table(path, ("file", "x")), "x", "boxes.csv")


def labels(cells, values=None):
    column = pd.Series(cells, pd.RangeIndex(2, 2 + len(cells)), name="mass", dtype=str)
    return label_column(column, meanings(values), "labels.csv").fillna(-1).tolist()


def test_what_cannot_be_misunderstood_is_understood():
    ones = ["1", "1.0", "1,0", "1,", "+1", "yes", "TRUE", "Positive", "pos", "present"]
    zeros = ["0", "0.00", "0,0", "-0", "No", "false", "NEGATIVE", "neg", "Absent"]
    unknown = ["", "NA", "N/A", "nan", "#N/A", "null", "unknown"]
    assert labels(ones + zeros + unknown) == [1] * len(ones) + [0] * len(zeros) + [-1] * len(unknown)


@pytest.mark.parametrize("cell", ["-1", "0.5", "2", "maybe", "ja", "x", "none", "²", "１", "1 (?)", "01x"])
def test_what_could_mean_anything_is_refused_with_row_column_and_value(cell):
    with pytest.raises(
        DataError, match=f"Row 4 of labels.csv holds {re.escape(repr(cell))} in column 'mass'"
    ):
        labels(["1", "0", cell, cell])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"-1": "u_zeros", "ja": 1}, [1, 0, 0, 1]),
        ({-1: "U-Ones", "ja": True}, [1, 0, 1, 1]),
        ({-1.0: "u_ignore", "JA": "positive"}, [1, 0, -1, 1]),
        ({"-1": "unknown", "ja": 0}, [1, 0, -1, 0]),
        ({"-1": None, "ja": "no"}, [1, 0, -1, 0]),
        ({"-1": 1, "ja": 1, "1": 0, "0": 1}, [0, 1, 1, 1]),  # a table that means it the other way round
    ],
)
def test_a_study_says_what_words_mean(values, expected):
    assert labels(["1", "0", "-1", "ja"], values) == expected


def test_a_policy_alone_speaks_of_uncertain_labels():
    assert [labels(["-1"], policy) for policy in ("u_zeros", "U-Ones", "u-ignore")] == [[0], [1], [-1]]


def test_a_yes_that_yaml_turned_into_truth_still_means_yes():
    assert labels(["yes", "no", "on", "off"], {True: 0, False: 1}) == [0, 1, 0, 1]


@pytest.mark.parametrize("values", [{"-1": 2}, {"ja": "perhaps"}, "u_twos", {"ja": [1]}])
def test_a_meaning_that_is_none_is_refused(values):
    with pytest.raises(
        UsageError, match="says for each word 1, 0, unknown, or one of u_zeros, u_ones, u_ignore"
    ):
        meanings(values)


def test_unknown_and_explained_cells_are_counted():
    columns = {
        "mass": pd.Series(["1", "-1", "", "0"], dtype=str),
        "edema": pd.Series(["-1", "0", "NA", "1"], dtype=str),
    }
    assert label_notes(columns, meanings({"-1": "u_zeros"})) == [
        "2 of 8 labels are unknown: their cells are empty or say so.",
        "By label_values these cells were taken: 2 '-1' as 0.",
    ]
    assert label_notes({"mass": pd.Series(["1", "0"], dtype=str)}, meanings(None)) == []


def test_ages_and_sexes_that_are_not_understood_are_counted():
    ages, notes = years(
        pd.Series(["40,5", "18M", "058Y", "40 years", "04²Y", "1984", "born 3.4.1950", "", "-3"])
    )
    np.testing.assert_allclose(ages, [40.5, 1.5, 58, 40, *[np.nan] * 5])
    assert notes == [
        "1 age is above 110 years and taken as unknown.",
        "3 ages were not understood; write 40, 40.5, 18M or 40 years.",
    ]
    found, notes = sexes(pd.Series(["Male", "weiblich", "O", "", "?", "femaleish"]))
    assert found.fillna("-").tolist() == ["M", "F", "", "-", "-", "-"]
    assert notes == ["1 entries of sex were not understood; write F, M or O."]
