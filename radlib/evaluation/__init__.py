"""What every variant answers, which threshold and which variant are chosen, and what each costs.

Each step is stored and never done twice. *predictions*: every film of a split through every variant.
*selection*: thresholds and the winner, from validation films, before any test prediction exists. *measuring*:
bytes, parameters, latency and memory. *insides*: what compression did in each layer. *heat_maps*: where
each looks. *typical_films*: what films it was trained on look like. Intervals, paired tests and curves need no model after that.

The names below are imported on first use: a single film through a stored variant needs none of them, and they bring
pandas, SciPy and Matplotlib along.
"""

import importlib

_PUBLIC = {
    "Predictions": "predictions",
    "examine": "examination",
    "load_predictions": "predictions",
    "measure": "measuring",
    "predict": "predictions",
    "read_selection": "choices",
    "select": "selection",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'radlib.evaluation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
