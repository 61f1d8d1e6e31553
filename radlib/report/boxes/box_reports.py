"""Tables, page, pictures and cards of a run that finds boxes, as `writing` asks for them."""

import pandas as pd

from radlib import metrics
from radlib.report import figures as draw, wording as w
from radlib.report.blocks import Figure
from radlib.report.boxes.box_page import box_page
from radlib.report.boxes.box_results import box_groups, box_measures, box_results, froc_table
from radlib.report.boxes.box_words import box_methods, box_scores
from radlib.report.devices import draw_devices
from radlib.report.inside_pictures import draw_insides
from radlib.report.inside_tables import Insides, read_insides
from radlib.report.main_pictures import BARS, draw_differences, listed, sizes_alt
from radlib.report.model_cards import card
from radlib.report.outlines.outline_words import beside_its_original
from radlib.report.pictures import album, one_per_variant
from radlib.report.place_sources import place_sources
from radlib.report.pooled import pooled
from radlib.report.readings import Readings, label_names
from radlib.report.told import Tables, Told
from radlib.runs.refusals import refusal_table


def box_tables(readings: Readings) -> Tables:
    """Return what is written as CSV, and the table with a row per variant."""
    run, insides = readings.run, read_insides(readings)
    measures, froc = box_measures(run, readings=readings), froc_table(run, readings=readings)
    results = box_results(run, readings=readings, measures=measures, froc=froc)
    sources = place_sources(readings, "box_score")
    files = {
        "results.csv": results,
        "boxes.csv": measures,
        "froc.csv": froc,
        "box_groups.csv": box_groups(run, readings=readings),
        "layers.csv": insides.layers,
        "weights.csv": insides.weights,
        "refusals.csv": refusal_table(run),
        **({"sources.csv": sources} if len(sources) else {}),
    }
    return Tables(files, results, {"insides": insides, "sources": sources})


def box_report(readings: Readings, tables: Tables) -> Told:
    """Return the page, its pictures, which are written, and a card per variant."""
    results, insides = tables.results, tables.rest["insides"]
    figures = _draw(readings, results, insides)
    rows, cards = results.set_index("variant", drop=False), []
    for variant in readings.variants:
        row = rows.loc[variant.name]
        own = [tables.files[name] for name in ("boxes.csv", "froc.csv")]
        own = [table[table["variant"] == variant.name] for table in own]
        told = box_scores(readings, row, *own), beside_its_original(readings, row)
        cards.append((variant, card(readings, variant, row, *told, box_methods(readings, results))))
    return Told(box_page(readings, tables, figures), figures, tuple(cards))


def _draw(readings: Readings, results: pd.DataFrame, insides: Insides) -> dict[str, Figure]:
    """Draw every picture that the run has numbers for; none shows a film."""
    drawn, add = album(readings.run.path("figures"))
    each = pooled(results)
    compared = each.dropna(subset=["difference"]) if len(each) else each
    if len(compared):
        draw_differences(compared, readings.run.settings.margin, add, "box score", "")
    one_each, seeds = one_per_variant(results)
    scored = one_each.dropna(subset=["box_score"]) if "box_score" in one_each else one_each.iloc[:0]
    if len(scored):
        alt = "Size of the model file against the mean box score. " + listed(scored, _score_words)
        caption = f"One point per variant. Left is smaller, up marks films better. {seeds or BARS}"
        add("size_against_box_score", lambda: draw.size_against_box_score(scored), alt, caption.strip())
    if curves := _curves(readings):
        alt = (
            "Share of the boxes by hand that are found against false marks a film; "
            + "; ".join(
                f"{name}: {_at_one(curve):.2f} at one false mark a film" for name, curve in curves.items()
            )
            + "."
        )
        caption = "The free-response curve on test films; left are fewer false marks, up more is found."
        add("froc_curves", lambda: draw.froc_curves(curves), alt, caption)
    if len(one_each):
        add("size_bars", lambda: draw.size_bars(one_each), sizes_alt(one_each))
    draw_devices(readings, results, add)
    draw_insides(readings, insides, add)
    return drawn


def _curves(readings: Readings) -> dict:
    """Return the free-response curves of the winner and its original, of each label, by what they are called."""
    winner = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    original = readings.original(winner) if winner else None
    curves = {}
    for variant in {
        v.name: v for v in (original, winner) if v is not None and v.name in readings.test
    }.values():
        answers, names = readings.test[variant.name], label_names(variant)
        for place, label in enumerate(names):
            marks = metrics.in_order(answers.found[:, place], answers.marked[:, place])
            if marks.there.any():
                curve = metrics.froc_curve(marks)[:2]
                curves[variant.label if len(names) == 1 else f"{variant.label}, {label}"] = curve
    return curves


def _at_one(curve: tuple) -> float:
    return float(metrics.sensitivity_at(*curve, 1.0))


def _score_words(row: pd.Series) -> str:
    return f"{w.human_bytes(row['size_bytes'])}, {w.rate(row['box_score'])}"
