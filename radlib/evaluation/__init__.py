"""What every variant answers, which threshold and which variant are chosen, and what each costs.

Each step is stored and never done twice. *predictions*: every film of a split through every variant.
*selection*: thresholds and the winner, from validation films, before any test prediction exists. *measuring*:
bytes, parameters, latency and memory. *insides*: what compression did in each layer. *heat_maps*: where
each looks. Intervals, paired tests and curves need no model after that.
"""

from radlib.evaluation.heat_maps import compare_heat_maps
from radlib.evaluation.insides import look_inside
from radlib.evaluation.measuring import measure
from radlib.evaluation.predictions import Predictions, load_predictions, predict
from radlib.evaluation.selection import read_selection, select

__all__ = [
    "Predictions",
    "compare_heat_maps",
    "load_predictions",
    "look_inside",
    "measure",
    "predict",
    "read_selection",
    "select",
]
