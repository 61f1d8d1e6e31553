"""Tables, page, pictures and cards of a run that answers with probabilities, as `writing` asks for them."""

from radlib.report.agreement_table import agreement
from radlib.report.evidence import calibration, changed_decisions, decisions, harm
from radlib.report.heat_map_tables import heat_maps
from radlib.report.inside_tables import read_insides
from radlib.report.judgements import verdicts
from radlib.report.model_cards import model_card
from radlib.report.pages import build_page
from radlib.report.pair_tables import pairs
from radlib.report.pictures import draw_figures
from radlib.report.rates_by_group import group_rates
from radlib.report.readings import Readings
from radlib.report.site_table import site_table
from radlib.report.sources import left_out_sources
from radlib.report.stress_tables import stress
from radlib.report.tables import comparisons, over_seeds, per_label, results
from radlib.report.told import Tables, Told
from radlib.report.usefulness import usefulness
from radlib.runs.refusals import refusal_table

TABLES = ("results.csv", "per_label.csv", "comparisons.csv", "over_seeds.csv")
EVIDENCE = {
    "verdicts": verdicts, "decisions": decisions, "calibration": calibration, "harm": harm, "group_rates": group_rates, "agreement": agreement,
    "heat_maps": heat_maps, "pairs": pairs, "usefulness": usefulness, "stress": stress, "sources": left_out_sources,
    "site_thresholds": site_table,
}  # fmt: skip
INSIDES = ("layers.csv", "weights.csv")


def label_tables(readings: Readings) -> Tables:
    """Return `TABLES`, the evidence behind the verdicts (`EVIDENCE`), `INSIDES`, refusals, and the films to look at."""
    run = readings.run
    table = results(run, readings=readings)
    compared, labels = comparisons(run, readings=readings), per_label(run, readings=readings)
    evidence = {name: make(run, readings=readings) for name, make in EVIDENCE.items()}
    contents = dict(zip(TABLES, (table, labels, compared, over_seeds(table)), strict=True))
    contents |= {f"{name}.csv": content for name, content in evidence.items()}
    evidence["changed_decisions"] = changed_decisions(run, readings=readings)
    contents["changed_decisions.csv"] = evidence["changed_decisions"]
    insides = read_insides(readings)
    contents |= dict(zip(INSIDES, (insides.layers, insides.weights), strict=True))
    contents["refusals.csv"] = evidence["refusals"] = refusal_table(run)
    return Tables(contents, table, {"evidence": evidence, "insides": insides})


def label_report(readings: Readings, tables: Tables) -> Told:
    """Return the page, its pictures, which are written, and a card per variant."""
    table, evidence, insides = tables.results, tables.rest["evidence"], tables.rest["insides"]
    labels, compared = tables.files["per_label.csv"], tables.files["comparisons.csv"]
    figures = draw_figures(
        readings,
        table,
        compared,
        labels,
        readings.run.path("figures"),
        evidence["agreement"],
        insides,
        evidence["heat_maps"],
        evidence,
    )
    page = build_page(readings, table, compared, labels, figures, evidence, insides)
    cards = tuple((v, model_card(readings, v, table, labels, evidence)) for v in readings.variants)
    return Told(page, figures, cards)
