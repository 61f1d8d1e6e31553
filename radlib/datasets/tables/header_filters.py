"""Films that a table names and that are no films of the kind a study is about: by their headers, not by their pixels.

A CT slice or a leg that was filed among chest films would be learnt as a normal chest. What a header does not say keeps
its film.
"""

from collections.abc import Sequence

import numpy as np

from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.imaging.dicom.body_parts import OTHER, body_part

LATERAL = ("LL", "RL", "LATERAL")


def of_the_kind(
    facts: "pd.DataFrame", modalities: Sequence[str], body_parts: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Return which films are of the wanted modalities and body parts, bool (n,), and sentences on the others.

    Args:
        facts: `modality` and `body_part` as `dicom.read_tags` gives them, empty where the header says nothing.
        modalities: Those wanted.
        body_parts: Those wanted; empty for any.

    Raises:
        UsageError: For a body part that DICOM does not name.
        DataError: When no film is left.
    """
    kept, notes = np.ones(len(facts), bool), []
    for column, what, option, wanted in (
        ("modality", "modality", "modalities", modalities),
        ("body_part", "body part", "body_parts", body_parts),
    ):
        names = [str(name).upper() for name in ([wanted] if isinstance(wanted, str) else wanted)]
        if column == "body_part":
            names = [_known_part(name) for name in names]
        foreign = facts[column].ne("") & ~facts[column].isin(names) & kept & bool(names)
        if not foreign.any():
            continue
        counts = ", ".join(f"{n} {name}" for name, n in facts.loc[foreign, column].value_counts().items())
        kept &= ~foreign.to_numpy()
        if not kept.any():
            raise DataError(
                f"No film of the table is {' or '.join(names)} by its header ({counts}); name what you have with option "
                f"{option!r}."
            )
        notes.append(
            f"{plural(foreign.sum(), 'film', 'are')} left out, whose headers name another {what} than {' or '.join(names)} "
            f"({counts})."
        )
    return kept, notes


def _known_part(name: str) -> str:
    """Return a body part as headers' facts name it."""
    known = body_part(name)
    if not known or (known == OTHER and name != OTHER):
        raise UsageError(
            f"Option 'body_parts' takes DICOM's terms, such as CHEST, ABDOMEN or SHOULDER, or {OTHER} for what is none of "
            f"them, not {name!r}."
        )
    return known


def peculiar_notes(facts: "pd.DataFrame") -> list[str]:
    """Return sentences on films that are kept and yet differ from what is usual.

    Args:
        facts: Of the films that are kept, see `dicom.read_tags`.
    """
    return [
        f"{plural(count, 'film', verb)} {what}."
        for count, verb, what in (
            (
                int(facts["unmarked"].sum()),
                "lack",
                "the mark DICM of a DICOM file; read all the same",
            ),
            (
                int(facts["unprocessed"].sum()),
                "are",
                "raw data by their headers (FOR PROCESSING), which look unlike those made for people",
            ),
            (
                int(facts["view"].isin(LATERAL).sum()) if (~facts["view"].isin(LATERAL)).any() else 0,
                "are",
                "lateral views by their headers, among others that are not",
            ),
        )
        if count
    ]
