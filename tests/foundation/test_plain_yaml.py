"""YAML from anyone: bounded, and as people mean it."""

import time

import pytest

from radlib.foundation.errors import UsageError
from radlib.foundation.plain_yaml import DEEPEST, LONGEST_TEXT, PlainYamlError, read_yaml
from radlib.runs.studies import load_study, study_names

LAUGHS = "a0: &a0 [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (LAUGHS, "stands for more than"),
        ("a: &a [*a]", "alias that stands for itself"),
        ("a: &a {b: *a}", "alias that stands for itself"),
        ("&a [&b [*a, *b]]", "alias that stands for itself"),
        ("a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)), "stands for more"),
        ("[" * 5000, "nests its brackets too deeply"),
        ("- " * 5000 + "x", "nests its brackets too deeply"),
        ("{a: " * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1), "too deeply"),
        ("x" * (LONGEST_TEXT + 1), "is longer than"),
        ("a: 1\na: 2", "given twice"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
        ("!!timestamp x", "not valid YAML"), ("!!int x", "not valid YAML"), ("!!float x", "not valid YAML"),
        ("a: !!binary '='", "not valid YAML"), ("%YAML 9.9\n--- x", "not valid YAML"), ("a: 1e999", "not valid YAML"),
        ("? [a]\n: b", "not valid YAML"), ("a\0b", "not valid YAML"), ("{", "not valid YAML"), ("--- 1\n--- 2", "not valid YAML"),
        ("1" * 5000, "not valid YAML"), ("*a", "not valid YAML"), ("<<: 3", "not valid YAML"), ("!!bool maybe", "not valid YAML"),
    ],
)  # fmt: skip
def test_bombs_and_nonsense_are_refused_in_bounded_time(text, what):
    started = time.process_time()
    with pytest.raises(PlainYamlError, match=what) as raised:
        read_yaml(text)
    assert "\n" not in str(raised.value)
    assert time.process_time() - started < 20  # they took minutes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("2026-01-31", "2026-01-31"), ("007", "007"), ("1_000", "1_000"), ("12:30", "12:30"), ("0x1F", "0x1F"),
        ("true", True), ("False", False), ("8", 8), ("-3", -3), ("0", 0), ("1e-3", 0.001), ("2.5", 2.5), (".5", 0.5), ("~", None),
        ("", None), ("'8'", "8"), ("nan", "nan"), (".inf", ".inf"), ("<<: {a: 1}\nb: 2", {"a": 1, "b": 2}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
    ],
)  # fmt: skip
def test_words_stay_words(text, value):
    found = read_yaml(text)
    assert found == value and (isinstance(found, type(value)) or found is value)


def test_the_studies_of_the_series_are_far_from_the_bounds():
    assert all(load_study(name) for name in study_names())


@pytest.mark.parametrize("text", [LAUGHS, "a: &a [*a]", "[" * 3000, "x" * 1_000_000, "\xff\xfe"])
def test_a_study_that_is_a_bomb_is_one_sentence_that_names_the_file(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=r"^Study mine\.yaml .*\.$") as raised:
        load_study(str(path))
    assert "\n" not in str(raised.value)


def test_names_may_be_words_and_numbers_of_yaml(tmp_path):
    path = tmp_path / "2026.yaml"
    path.write_text(
        "name: 2026\ntitle: no\nnetworks: [{tag: 1}, {tag: no}, {tag: 1e-3}, {tag: 007}]\nparameters: {class_weights: no}\n"
    )
    study = load_study(str(path))
    assert (study.name, study.title) == ("2026", "no")
    found = study.network_settings()
    assert [s.tag for s in found] == ["1", "no", "1e-3", "007"] and found[0].class_weights is False


def test_a_study_of_countless_trainings_is_refused(tmp_path):
    path = tmp_path / "many.yaml"
    path.write_text(f"networks: [{', '.join(['{}'] * 2000)}]\nseeds: {list(range(2000))}\n")
    with pytest.raises(UsageError, match="more than 1,000 trainings"):
        load_study(str(path))
