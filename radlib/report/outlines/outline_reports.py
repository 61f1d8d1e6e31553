"""Tables, page, pictures and cards of a run that outlines, as `writing` asks for them."""

import pandas as pd

from radlib.report import figures as draw, wording as w
from radlib.report.blocks import Figure
from radlib.report.devices import draw_devices
from radlib.report.inside_pictures import draw_insides
from radlib.report.inside_tables import Insides, read_insides
from radlib.report.main_pictures import BARS, draw_differences, listed, sizes_alt
from radlib.report.model_cards import card
from radlib.report.outlines.outline_groups import outline_groups
from radlib.report.outlines.outline_page import outline_page
from radlib.report.outlines.outline_results import outline_measures, outline_results
from radlib.report.outlines.outline_stress import draw_outline_stress, outline_stress
from radlib.report.outlines.outline_words import beside_its_original, outline_methods, outline_scores
from radlib.report.pictures import album, one_per_variant
from radlib.report.place_sources import place_sources
from radlib.report.pooled import pooled
from radlib.report.readings import Readings
from radlib.report.told import Tables, Told
from radlib.runs.refusals import refusal_table

ALSO = "on the films that it outlines worst"


def outline_tables(readings: Readings) -> Tables:
    """Return what is written as CSV, and the table with a row per variant."""
    results, insides = outline_results(readings.run, readings=readings), read_insides(readings)
    stress, sources = outline_stress(readings), place_sources(readings, "dice")
    files = {
        "results.csv": results,
        "outlines.csv": outline_measures(readings.run, readings=readings),
        "outline_groups.csv": outline_groups(readings.run, readings=readings),
        "layers.csv": insides.layers,
        "weights.csv": insides.weights,
        "refusals.csv": refusal_table(readings.run),
        **({"stress.csv": stress} if len(stress) else {}),
        **({"sources.csv": sources} if len(sources) else {}),
    }
    return Tables(files, results, {"insides": insides, "stress": stress, "sources": sources})


def outline_report(readings: Readings, tables: Tables) -> Told:
    """Return the page, its pictures, which are written, and a card per variant."""
    results, measures, insides = tables.results, tables.files["outlines.csv"], tables.rest["insides"]
    figures = _draw(readings, results, insides, tables.rest["stress"])
    page = outline_page(readings, tables, figures)
    rows = results.set_index("variant", drop=False)
    cards = []
    for variant in readings.variants:
        row, own = rows.loc[variant.name], measures[measures["variant"] == variant.name]
        told = outline_scores(readings, row, own), beside_its_original(readings, row)
        cards.append((variant, card(readings, variant, row, *told, outline_methods(readings, results))))
    return Told(page, figures, tuple(cards))


def _draw(
    readings: Readings, results: pd.DataFrame, insides: Insides, stress: pd.DataFrame
) -> dict[str, Figure]:
    """Draw every picture that the run has numbers for; none shows a film."""
    drawn, add = album(readings.run.path("figures"))
    each = pooled(results)
    compared = each.dropna(subset=["difference"]) if len(each) else each
    if len(compared):
        draw_differences(compared, readings.run.settings.margin, add, "Dice", ALSO)
    one_each, seeds = one_per_variant(results)
    scored = one_each.dropna(subset=["dice"]) if "dice" in one_each else one_each.iloc[:0]
    if len(scored):
        alt = "Size of the model file against mean Dice. " + listed(scored, _dice_words)
        caption = f"One point per variant. Left is smaller, up outlines closer. {seeds or BARS}"
        add("size_against_dice", lambda: draw.size_against_dice(scored), alt, caption.strip())
    if len(dice := _dice_by_label(readings)):
        alt = f"Dice of every test film, from the worst to the best, of {' and '.join(dice)}."
        add("dice_of_films", lambda: draw.dice_of_films(dice), alt, "Left are the films that fail.")
    if len(one_each):
        add("size_bars", lambda: draw.size_bars(one_each), sizes_alt(one_each))
    draw_outline_stress(stress, add)
    draw_devices(readings, results, add)
    draw_insides(readings, insides, add)
    return drawn


def _dice_by_label(readings: Readings) -> dict:
    """Return the Dice of every test film of the winner and its original, by what they are called."""
    winner = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    original = readings.original(winner) if winner else None
    shown = {v.name: v for v in (original, winner) if v is not None and v.name in readings.test}
    return {variant.label: readings.test[name].dice for name, variant in shown.items()}


def _dice_words(row: pd.Series) -> str:
    return f"{w.human_bytes(row['size_bytes'])}, {w.rate(row['dice'])}"
