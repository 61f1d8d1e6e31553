"""Thresholds in a file belong to one model and come back bit for bit; what is none is refused in one sentence."""

import dataclasses
import json
import shlex

import numpy as np
import pytest
from hypothesis import given, strategies as st

from radlib.deployment.threshold_files import read_thresholds, stated, typed, write_thresholds
from radlib.foundation.errors import DataError, RadlibError, UsageError
from radlib.runs import tasks
from stored import BINARY, variant

FINDINGS = tasks.findings(("mass", "it's a $nodule; rm *"))


@given(st.floats(0, 1), st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_an_option_is_read_back_by_a_shell_as_it_was_meant(threshold, label):
    try:
        label.encode()
    except UnicodeEncodeError:
        return
    option, name, number = shlex.split(typed(label, threshold))
    assert (option, name, float(number)) == ("--threshold", label, threshold)


@pytest.mark.parametrize(
    "threshold", [1e-300, 5e-324, 4.41e-05, 0.9998318552970886, 1 - 1e-16, 0.0, 1.0, None]
)
def test_a_file_gives_back_the_very_numbers(tmp_path, threshold):
    named = variant(FINDINGS)
    write_thresholds(tmp_path / "t.json", named, [threshold, 0.25], {"chosen_on": "films of a site"})
    assert read_thresholds(tmp_path / "t.json", named)[0] == [threshold, 0.25]
    write_thresholds(tmp_path / "t.json", named, [0.5, 0.5], {})  # its own kind may be replaced
    assert read_thresholds(tmp_path / "t.json", named)[0] == [0.5, 0.5]


def test_a_file_of_another_model_is_refused_and_another_file_is_not_replaced(tmp_path):
    named = variant(BINARY)
    write_thresholds(tmp_path / "t.json", named, [0.5], {})
    with pytest.raises(UsageError, match="another model file"):
        read_thresholds(tmp_path / "t.json", dataclasses.replace(named, sha256="other"))
    (tmp_path / "thesis.json").write_text('{"a": 1}')
    with pytest.raises(UsageError, match="holds no thresholds"):
        write_thresholds(tmp_path / "thesis.json", named, [0.5], {})
    assert (tmp_path / "thesis.json").read_text() == '{"a": 1}'


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b"null", b"\xff\xfe\x00", b"[" * 100_000, b'{"kind": "radlib thresholds"}', b"{}",
     b'{"kind": "radlib thresholds", "model_sha256": "s", "thresholds": {"lung opacity": 7}}',
     b'{"kind": "radlib thresholds", "model_sha256": "s", "thresholds": {"lung opacity": true}}',
     b'{"kind": "radlib thresholds", "model_sha256": "s", "thresholds": {"lung opacity": NaN}}',
     b'{"kind": "radlib thresholds", "model_sha256": "s", "thresholds": {"lung opacity": []}}',
     b'{"kind": "radlib thresholds", "model_sha256": "s", "thresholds": {"mass": 0.5}}',
     b'{"kind": "radlib thresholds", "model_sha256": "s", "thresholds": [0.5]}',
     b'{"kind": "radlib thresholds", "model_sha256": "s", "thresholds": {"lung opacity": ' + b"9" * 400 + b"}}"],
)  # fmt: skip
def test_a_damaged_file_is_one_sentence(tmp_path, content):
    (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(RadlibError) as refused:
        read_thresholds(tmp_path / "t.json", variant(BINARY))
    assert str(tmp_path) not in str(refused.value)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="cannot be read as a file of thresholds"):
        read_thresholds(tmp_path, variant(BINARY))


def test_what_is_typed_must_be_a_probability_of_a_known_label_given_once():
    named, before = variant(FINDINGS), [None, 0.25]
    assert stated(named, before, [("mass", "0.1")]) == [0.1, 0.25]
    for text in ("much", "7", "-0.1", "nan", "inf", "0,5", "", None, True):
        with pytest.raises(UsageError, match="between 0 and 1, not"):
            stated(named, before, [("mass", text)])
    with pytest.raises(UsageError, match="no threshold for 'effusion'; this variant has: mass"):
        stated(named, before, [("effusion", "0.5")])
    with pytest.raises(UsageError, match="given twice"):
        stated(named, before, [("mass", "0.5"), ("mass", "0.6")])
    with pytest.raises(UsageError, match="this variant has: none"):
        stated(variant(tasks.classes(("a", "b"))), [None, None], [("a", "0.5")])


def test_thresholds_are_kept_as_json_that_any_program_reads(tmp_path):
    write_thresholds(tmp_path / "t.json", variant(BINARY), [np.nextafter(0.1, 1)], {})
    content = json.loads((tmp_path / "t.json").read_text())
    assert (
        content["thresholds"] == {"lung opacity": 0.10000000000000002}
        and "medical device" in content["notice"]
    )
