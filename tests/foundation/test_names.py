"""A name that nobody knows: the nearest, and all others unless they hide it."""

import pytest

from radlib.foundation.errors import UsageError
from radlib.foundation.names import MOST_LISTED, check_known, nearest


def test_the_nearest_is_named_and_a_short_list_shown():
    with pytest.raises(UsageError) as caught:
        check_known("technique", "int9", ["float16", "int8"])
    assert (
        str(caught.value) == "There is no technique 'int9' (did you mean 'int8'?); there are: float16, int8."
    )
    check_known("technique", "int8", ["float16", "int8"])


def test_a_long_list_is_shown_only_where_no_name_is_near():
    many = [f"setting_{number:02}" for number in range(MOST_LISTED + 1)]
    with pytest.raises(UsageError, match=r"'settin_07' \(did you mean 'setting_07'\?\)\.$"):
        check_known("setting", "settin_07", many)
    with pytest.raises(UsageError, match=r"'zzz'; there are: setting_00, .*setting_40\.$"):
        check_known("setting", "zzz", many)


def test_what_is_no_text_and_what_is_endless_is_shown_in_short():
    assert nearest(7, ["a"]) == ""
    with pytest.raises(UsageError, match=r"no class '7'; there are: none\.$"):
        check_known("class", 7, [])
    with pytest.raises(UsageError) as caught:
        check_known("class", "a" * 10_000, ["b"])
    assert len(str(caught.value)) < 120
