"""radlib: chest-film classifiers made small enough for the clinic, and proof that they still read.

Research only, not a medical device. The few names below are the whole public surface the notebooks use;
each is imported from its module on first use, so that `import radlib` costs no TensorFlow.
"""

import importlib

__version__ = "0.1.0"

_PUBLIC = {
    "open_run": "radlib.runs",
    "Run": "radlib.runs",
    "Variant": "radlib.variants",
    "find_data": "radlib.datasets",
    "open_films": "radlib.films",
    "read_image": "radlib.images",
    "train_baseline": "radlib.baselines",
    "compress": "radlib.techniques",
    "predict": "radlib.evaluation",
    "measure": "radlib.evaluation",
    "examine": "radlib.evaluation",
    "select": "radlib.evaluation",
    "results": "radlib.report",
    "write_report": "radlib.report",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'radlib' has no attribute {name!r}; it has: {', '.join(__all__)}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
