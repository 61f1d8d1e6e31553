"""The report of a run: tables, pictures and words from its files alone.

*readings* reads what evaluation stored, *tables* makes one row per variant out of it, *wording* turns numbers
into what a person reads, *pages* puts the page together and *writing* writes it. No model is opened and nothing
is predicted: a report can be written anew on any machine, years later, from the run's folder.
"""

from radlib.report.agreement import agreement
from radlib.report.evidence import calibration, changed_decisions, decisions, harm
from radlib.report.gate import check_gate
from radlib.report.heat_maps import heat_maps
from radlib.report.judgements import verdicts
from radlib.report.tables import comparisons, over_seeds, per_label, results
from radlib.report.writing import publish, write_report, write_results

__all__ = [
    "agreement",
    "calibration",
    "changed_decisions",
    "check_gate",
    "comparisons",
    "decisions",
    "harm",
    "heat_maps",
    "over_seeds",
    "per_label",
    "publish",
    "results",
    "verdicts",
    "write_report",
    "write_results",
]
