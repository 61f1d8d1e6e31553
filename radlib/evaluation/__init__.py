"""What every variant answers, which threshold and which variant are chosen, and what each costs.

Three steps, each stored and never done twice. *predictions*: every film of a split through every variant.
*selection*: thresholds and the winner, from validation films, before any test prediction exists. *measuring*:
bytes, parameters, latency and memory. Intervals, paired tests and curves need no model after that.
"""

from radlib.evaluation.measuring import measure
from radlib.evaluation.predictions import Predictions, load_predictions, predict
from radlib.evaluation.selection import read_selection, select

__all__ = ["Predictions", "load_predictions", "measure", "predict", "read_selection", "select"]
