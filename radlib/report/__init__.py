"""The report of a run: tables, pictures and words from its files alone.

*readings* reads what evaluation stored, *tables* makes one row per variant out of it, *wording* turns numbers
into what a person reads, *pages* puts the page together and *writing* writes it. No model is opened and nothing
is predicted: a report can be written anew on any machine, years later, from the run's folder.
"""

from radlib.report.agreement import agreement
from radlib.report.evidence import calibration, changed_decisions, decisions, harm
from radlib.report.forests import group_panels, group_rows
from radlib.report.gate import check_gate
from radlib.report.heat_maps import drawn_heat_maps, heat_maps
from radlib.report.insides import insides
from radlib.report.judgements import verdicts
from radlib.report.model_cards import card_path
from radlib.report.pairs import pairs
from radlib.report.tables import comparisons, over_seeds, per_label, results
from radlib.report.writing import publish, write_report, write_results

__all__ = [
    "agreement",
    "calibration",
    "card_path",
    "changed_decisions",
    "check_gate",
    "comparisons",
    "decisions",
    "drawn_heat_maps",
    "group_panels",
    "group_rows",
    "harm",
    "heat_maps",
    "insides",
    "over_seeds",
    "pairs",
    "per_label",
    "publish",
    "results",
    "verdicts",
    "write_report",
    "write_results",
]
