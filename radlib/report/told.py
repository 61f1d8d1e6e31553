"""What a kind of report hands to `writing`: tables for CSV files, and then a page, its pictures and a card per variant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from radlib.report.blocks import Figure, Page
from radlib.runs.variants import Variant


@dataclass(frozen=True)
class Tables:
    """The tables of a run.

    Attributes:
        files: By the name of the CSV file.
        results: The one with a row per variant.
        rest: What else was read on the way and the page wants.
    """

    files: Mapping[str, pd.DataFrame]
    results: pd.DataFrame
    rest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A report before it is written.

    Attributes:
        page: What becomes HTML and Markdown.
        figures: Pictures that were written below `figures/`, by name.
        cards: Variants, each with its card.
    """

    page: Page
    figures: Mapping[str, Figure]
    cards: tuple[tuple[Variant, Page], ...]
