"""What a setting or parameter may be, read from its annotation."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pytest

from radlib.foundation.errors import RadlibError, UsageError
from radlib.foundation.registry import ARCHITECTURES, DATASETS, TECHNIQUES
from radlib.foundation.value_types import AtLeastOne, Range, Share, WithinData, accepted, words
from radlib.runs.settings import SETTING_ANNOTATIONS, Settings, checked
from radlib.techniques.building import check_chain

HOSTILE = (
    None,
    True,
    -1,
    1.5,
    1e400,
    math.nan,
    "",
    "x",
    "../x",
    [],
    [[]],
    [None],
    {},
    {"a": []},
    {1: 2},
    b"x",
    object(),
)


@pytest.mark.parametrize(
    ("annotation", "value", "found"),
    [
        (float, 1, 1), (Share, 0.5, 0.5), (int, 3, 3), (bool, False, False), (bool, "Yes", True), (str, "a", "a"), (str, 1, "1"),
        (Sequence[str], ("a", 2), ["a", "2"]), (list[float], [1, 2.5], [1, 2.5]), (Literal[4, 8], 8, 8), (Literal["1"], 1, "1"),
        (dict[str, Any], {"a": [1]}, {"a": [1]}), (Share | None, None, None), (list[list[str]], [["a", "b"]], [["a", "b"]]),
        (Annotated[str, WithinData()], "a/labels.csv", "a/labels.csv"),
        (Annotated[tuple[int, ...], AtLeastOne("number")], (0,), [0]),
    ],
)  # fmt: skip
def test_what_fits_is_returned(annotation, value, found):
    assert accepted(annotation, value) == found and type(accepted(annotation, value)) is type(found)


@pytest.mark.parametrize(
    ("annotation", "value", "wanted"),
    [
        (Share, 1.5, "a number, 0 to 1"), (Share, "x", "a number, 0 to 1"), (float, math.nan, "a number"), (float, True, "a number"),
        (int, 1.0, "a whole number"), (bool, 1, "true or false"), (str, True, "text"), (Literal["a", "b"], "c", "one of a, b"),
        (Literal[4, 8], 5, "one of 4, 8"), (list[Annotated[float, Range(0, open_low=True)]], ["abc"], "a list, each a number, above 0"),
        (Sequence[str], "abc", "a list, each text"), (dict[str, float], {"a": "b"}, "a table such as"),
        (Annotated[float, Range(0, 1, open_low=True)], 0, "above 0 up to 1"), (Annotated[int, Range(0, 5, open_high=True)], 5, "0 to below 5"),
        (Share | None, 3, "a number, 0 to 1 or nothing"), (Annotated[str, WithinData()], "../secret.csv", "a file in the data folder"),
        (Annotated[str, WithinData()], "/etc/passwd", "a file in"), (Annotated[str, WithinData()], "C:\\x", "a file in"),
        (Annotated[str, WithinData()], "a\\..\\..\\x", "a file in"),
        (Annotated[tuple[int, ...], AtLeastOne("number")], [], "a list of at least one number"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_words(annotation, value, wanted):
    with pytest.raises(ValueError, match=wanted.replace("|", r"\|")):
        accepted(annotation, value)


@pytest.mark.parametrize("registry", [TECHNIQUES, DATASETS, ARCHITECTURES], ids=lambda r: r.kind)
def test_every_default_fits_and_no_hostile_value_is_a_raw_error(registry):
    for entry in registry:
        entry.complete({p.name: p.default for p in entry.parameters})
        for parameter in entry.parameters:
            assert "value" not in words(parameter.annotation), f"{entry.name}: {parameter.name}"
            for value in HOSTILE:
                try:
                    entry.complete({parameter.name: value})
                except RadlibError as error:
                    assert "\n" not in str(error)


def test_every_number_of_a_technique_has_a_range():
    for entry in TECHNIQUES:
        for parameter in entry.parameters:
            if parameter.type in ("a number", "a whole number"):
                pytest.fail(f"{entry.name}: {parameter.name} is a number of any size")


def test_every_setting_takes_its_default_and_refuses_what_is_hostile_in_one_sentence():
    for name in SETTING_ANNOTATIONS:
        assert checked(name, getattr(Settings(), name)) == getattr(Settings(), name)
        for value in HOSTILE[1:]:
            try:
                checked(name, value)
            except UsageError as error:
                assert "\n" not in str(error) and "Setting" in str(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size_limits_kb", ["abc"]), ("size_limits_kb", [0]), ("chains", [[3]]), ("chains", [None]), ("pairs", ["int8"]),
        ("operations", [{}]), ("technique_options", {"int8": 3}), ("augmentation", {"zoom": "much"}), ("tag", "../x"),
        ("tag", "a/b"), ("tag", "a#0"), ("seed", -1), ("learning_rate", math.nan), ("image_size", 64.0),
    ],
)  # fmt: skip
def test_settings_are_checked_inside_their_lists(name, value):
    with pytest.raises(UsageError, match=f"Setting '{name}' takes"):
        checked(name, value)


@pytest.mark.parametrize(
    ("chain", "sentence"),
    [
        (
            "magnitude_pruning(final_sparsity=1.5)",
            "'final_sparsity' of 'magnitude_pruning' takes a number, 0 to below 1, not '1.5'",
        ),
        ("clustering(clusters=1)", "'clusters' of 'clustering' takes a whole number, 3 to 256"),
        ("xnor_net(activations=foo)", "'activations' of 'xnor_net' takes one of binary, float, not 'foo'"),
        ("distillation(student=student_tny)", "no architecture 'student_tny' .did you mean 'student_tiny'"),
        ("distillation(student_options={depth:3})", "'student_tiny' has no parameter 'depth'"),
        ("aeq_int4(spared_bits=5)", "takes one of 4, 8"),
        ("tucker(ranks=best)", "takes one of energy, evbmf, budget"),
        ("3", "is not a chain"),
    ],
)
def test_a_parameter_out_of_range_is_refused_before_any_training(chain, sentence):
    with pytest.raises(UsageError, match=sentence):
        check_chain(chain)
