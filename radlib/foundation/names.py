"""A name that nobody knows, refused with what was probably meant: the one sentence for it everywhere."""

import difflib
from collections.abc import Iterable

from radlib.foundation.errors import UsageError

LONGEST_SHOWN = 60  # characters of a name that somebody typed
MOST_LISTED = 40  # names beside a near one; a longer list hides it


def nearest(name: object, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the nearest known name, or nothing.

    Example:
        >>> nearest("int9", ["int8", "float16"])
        " (did you mean 'int8'?)"
    """
    match = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""


def no_such(kind: str, name: object, known: Iterable[str]) -> UsageError:
    """Return the error of a name that is none of those known: with the nearest, and all unless they are many.

    Args:
        kind: What it is the name of, such as `technique`.
        name: What was asked for.
        known: All names that there are.

    Example:
        >>> no_such("technique", "int9", ["float16", "int8"])
        UsageError("There is no technique 'int9' (did you mean 'int8'?); there are: float16, int8.")
    """
    known = list(known)
    near = nearest(name, known)
    listed = "" if near and len(known) > MOST_LISTED else f"; there are: {', '.join(known) or 'none'}"
    return UsageError(f"There is no {kind} {str(name)[:LONGEST_SHOWN]!r}{near}{listed}.")


def check_known(kind: str, name: object, known: Iterable[str]) -> None:
    """Make sure that there is something of a name; arguments as of `no_such`.

    Raises:
        UsageError: When there is not.
    """
    known = list(known)
    if name not in known:
        raise no_such(kind, name, known)
