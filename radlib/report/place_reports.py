"""Tables, pictures, page and cards of a run that says where, as `writing` asks for them; what each kind adds, its `PlaceWords` say."""

from collections.abc import Callable, Mapping

import pandas as pd

from radlib.evaluation.conclusions import THE_ORIGINAL, conclusion
from radlib.report import figures as draw, wording as w
from radlib.report.blocks import Figure, Text
from radlib.report.devices import draw_devices
from radlib.report.inside_pictures import draw_insides
from radlib.report.inside_tables import read_insides
from radlib.report.main_pictures import BARS, draw_differences, listed, sizes_alt
from radlib.report.model_cards import card
from radlib.report.pictures import album, one_per_variant
from radlib.report.place_groups import place_groups
from radlib.report.place_pages import PlaceWords, place_page
from radlib.report.place_sources import place_sources
from radlib.report.pooled import pooled
from radlib.report.readings import Readings
from radlib.report.told import Tables, Told
from radlib.runs.refusals import refusal_table
from radlib.runs.variants import Variant


def place_tables(
    readings: Readings, words: PlaceWords, results: pd.DataFrame, measures: Mapping[str, pd.DataFrame],
    beside: Mapping[str, pd.DataFrame],
) -> Tables:  # fmt: skip
    """Return what is written as CSV, and the table with a row per variant.

    Args:
        readings: The files of the run.
        words: What the kind of place is measured by.
        results: The table with a row per variant.
        measures: Tables of all measures, by CSV file.
        beside: Tables that are written where they have a row, by CSV file without its ending.
    """
    run, insides = readings.run, read_insides(readings)
    beside = {**beside, "sources": place_sources(readings, words.measure)}
    files = {
        "results.csv": results,
        **measures,
        words.groups: place_groups(run, words.measure, readings=readings),
        "layers.csv": insides.layers,
        "weights.csv": insides.weights,
        "refusals.csv": refusal_table(run),
        **{f"{name}.csv": table for name, table in beside.items() if len(table)},
    }
    return Tables(files, results, {"insides": insides, **beside})


def place_report(readings: Readings, tables: Tables, words: PlaceWords) -> Told:
    """Return the page, its pictures, which are written, and a card per variant."""
    figures = _draw(readings, tables, words)
    rows = tables.results.set_index("variant", drop=False)
    methods, cards = words.methods(readings, tables.results), []
    for variant in readings.variants:
        row = rows.loc[variant.name]
        own = (tables.files[file] for file in words.measured)
        scores = words.scores(readings, row, *(table[table["variant"] == variant.name] for table in own))
        cards.append((variant, card(readings, variant, row, scores, _beside(readings, row), methods)))
    return Told(place_page(readings, tables, figures, words), figures, tuple(cards))


def winner_and_original(readings: Readings) -> list[Variant]:
    """Return the winner's original and the winner, those of them that were scored; one where they are the same."""
    winner = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    both = {v.name: v for v in (readings.original(winner) if winner else None, winner) if v is not None}
    return [variant for name, variant in both.items() if name in readings.test]


def _draw(readings: Readings, tables: Tables, words: PlaceWords) -> dict[str, Figure]:
    """Draw every picture that the run has numbers for; none shows a film."""
    results, (drawn, add) = tables.results, album(readings.run.path("figures"))
    each = pooled(results)
    compared = each.dropna(subset=["difference"]) if len(each) else each
    if len(compared):
        draw_differences(compared, readings.run.settings.margin, add, words.title, words.also)
    one_each, seeds = one_per_variant(results)
    scored = one_each.dropna(subset=[words.measure]) if words.measure in one_each else one_each.iloc[:0]
    if len(scored):
        _draw_sizes(scored, seeds, add, words)
    words.draw(readings, add)
    if len(one_each):
        add("size_bars", lambda: draw.size_bars(one_each), sizes_alt(one_each))
    words.draw_beside(tables, add)
    draw_devices(readings, results, add)
    draw_insides(readings, tables.rest["insides"], add)
    return drawn


def _draw_sizes(scored: pd.DataFrame, seeds: str, add: Callable, words: PlaceWords) -> None:
    def told(row: pd.Series) -> str:
        return f"{w.human_bytes(row['size_bytes'])}, {w.rate(row[words.measure])}"

    mean, better = words.upwards
    alt = f"Size of the model file against {mean}. " + listed(scored, told)
    caption = f"One point per variant. Left is smaller, up {better}. {seeds or BARS}"
    add(
        words.pictures[0], lambda: draw.size_against(scored, words.measure, words.title), alt, caption.strip()
    )


def _beside(readings: Readings, row: pd.Series) -> tuple[Text, ...]:
    """Return what a variant lost beside its original, for its card."""
    if row["chain"] == "original":
        return (Text((THE_ORIGINAL,)),)
    if row["not_learnt"]:
        return (Text((f"No verdict: the original has not learnt, as {row['not_learnt']}.",)),)
    settings = readings.run.settings
    if said := conclusion(row, settings.margin, settings.rate_margin):
        return (Text((f"It {said}.",)),)
    return (Text((f"Not compared with its original. {row['verdict_reason'] or ''}".strip(),)),)
