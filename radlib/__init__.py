"""radlib: chest-film classifiers made small enough for the clinic, and proof that they still read.

Research only, not a medical device. The few names below are the whole public surface the notebooks use;
each is imported from its room on first use, so that `import radlib` costs no TensorFlow.
"""

import lazy_loader

from radlib.foundation.extras import told

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "datasets": ["find_data", "open_films"],
        "evaluation": ["examine", "measure", "predict", "select"],
        "imaging": ["read_image"],
        "report": ["results", "write_report"],
        "runs": ["Run", "Variant", "open_run"],
        "techniques": ["compress"],
        "training": ["train_baseline"],
    },
)
__getattr__ = told()(__getattr__)  # who has no more than a device needs reads the line to type
__all__ += ["__version__"]
