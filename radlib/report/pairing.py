"""Two networks' answers side by side: the same films in the same order, or a sentence on why not."""

from typing import Any

import numpy as np

from radlib.evaluation.records import Record

REORDERED = "The two prediction files had another order; their films were paired by image id."


def in_order_of(original: Record, variant: Record) -> Any:
    """Return the variant's answers in the order of the original's films; unchanged where the films differ."""
    if np.array_equal(original.image_id, variant.image_id) or _films_differ(original, variant):
        return variant
    position = {image: place for place, image in enumerate(variant.image_id)}
    return variant.take(np.array([position[image] for image in original.image_id]))


def why_not_paired(original: Record | None, variant: Record | None) -> str:
    """Return a sentence on why two networks' answers cannot be compared film by film; empty when they can.

    Args:
        original: The original's answers, None without any.
        variant: The variant's, in the same order (see `in_order_of`).
    """
    if original is None or variant is None:
        return f"The {'original' if original is None else 'variant'} has no answers to the test films."
    if differing := _films_differ(original, variant):
        ids = f"{differing:,} image {'id is' if differing == 1 else 'ids are'} in one only, or in one twice"
        return f"The two prediction files hold different films: {ids}; score both on the same films."
    if original.known.shape != variant.known.shape:
        return "The two prediction files hold different labels; score both for the same task."
    if not np.array_equal(original.known, variant.known, equal_nan=True):
        unequal = ~((original.known == variant.known) | (np.isnan(original.known) & np.isnan(variant.known)))
        first = original.image_id[np.flatnonzero(unequal.any(axis=1))[0]]
        return f"The two prediction files hold other labels of the same films, first of {first}; score both again."
    return ""


def _films_differ(original: Record, variant: Record) -> int:
    """Return how many image ids only one of the two has; repeated ids count as differing."""
    first, second = set(original.image_id.tolist()), set(variant.image_id.tolist())
    repeated = len(original.image_id) + len(variant.image_id) - len(first) - len(second)
    return len(first ^ second) + repeated
