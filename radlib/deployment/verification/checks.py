"""One thing that was checked, or could not be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes:
        what: Its name, for counting.
        failure: One sentence when it failed, else empty.
        place: The file that it is about, relative to the run and with forward slashes; empty for several.
        left_out: One sentence when this machine lacks what it takes to check it, else empty.
    """

    what: str
    failure: str = ""
    place: str = ""
    left_out: str = ""
