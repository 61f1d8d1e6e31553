"""What every variant answers, which threshold and which variant are chosen, and what each costs.

Each step is stored and never done twice. *predictions*: every film of a split through every variant.
*selection*: thresholds and the winner, from validation films, before any test prediction exists. *measuring*:
bytes, parameters, latency and memory. *insides*: what compression did in each layer. *heat_maps*: where
each looks. *typical_films*: what films it was trained on look like. Intervals, paired tests and curves need no model after that.
"""

from radlib.evaluation.examination import examine
from radlib.evaluation.measuring import measure
from radlib.evaluation.predictions import Predictions, load_predictions, predict
from radlib.evaluation.selection import read_selection, select

__all__ = [
    "Predictions",
    "examine",
    "load_predictions",
    "measure",
    "predict",
    "read_selection",
    "select",
]
