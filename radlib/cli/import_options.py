"""Options of `radlib import` as they are typed, made into values."""

from typing import Any

import click


def numbers(context: click.Context, option: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    """Return comma-separated numbers as typed; None where nothing was."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(
            "takes numbers with commas between them, such as 0.485,0.456,0.406."
        ) from None


def mapped_labels(context: click.Context, option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Return `OLD=NEW` as typed, each with both sides."""
    split: list[Any] = [tuple(side.strip() for side in pair.split("=")) for pair in pairs]
    if wrong := [pair for pair, sides in zip(pairs, split, strict=True) if len(sides) != 2 or not all(sides)]:
        raise click.BadParameter(f"takes OLD=NEW, such as covid=pneumonia, not {wrong[0]!r}.")
    if len(dict(split)) < len(split):
        raise click.BadParameter("names a label of the file twice; each becomes one label of the study.")
    return dict(split)
