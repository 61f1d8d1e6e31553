"""The one door to TensorFlow: lazily, with Keras 2, and without its chatter.

tfmot prunes Keras 2 models only, and TensorFlow picks its Keras when it is first imported. So every module
asks here, and none imports TensorFlow itself. TensorFlow's C++ code writes time stamps and process ids to
file descriptor 2 whatever its log level says; a notebook that holds them never compares equal, so that
descriptor is turned to a log file around the import and around conversions.
"""

import contextlib
import functools
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from radlib.foundation.errors import SetupError
from radlib.foundation.extras import told
from radlib.foundation.processors import thread_settings

# Variables that other projects set for a whole session, and by which TensorFlow or Keras would compute otherwise.
FOREIGN = (
    "KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS", "TF_DISABLE_MKL", "TF_XLA_FLAGS", "XLA_FLAGS", "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_AUTO_MIXED_PRECISION", "TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_IGNORE_PERFORMANCE",
    "TF_SET_ONEDNN_FPMATH_MODE", "ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE", "ONEDNN_MAX_CPU_ISA",
)  # fmt: skip


def log_path() -> Path:
    """Return where native messages go: `RADLIB_LOG`, else `radlib.log` in the system's temporary folder."""
    return Path(os.environ.get("RADLIB_LOG", Path(tempfile.gettempdir()) / f"radlib-{os.getuid()}.log"))


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send what is written to file descriptor 2 to the log file while the block runs."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with log_path().open("ab") as log:
            os.dup2(log.fileno(), 2)
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


@functools.cache
def tensorflow() -> ModuleType:
    """Return TensorFlow with Keras 2.

    Raises:
        MissingExtra: When TensorFlow is not installed.
        SetupError: When TensorFlow was imported with Keras 3 before radlib could choose.
    """
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ |= {**thread_settings(), "TF_USE_LEGACY_KERAS": "1"}
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with told(), quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow as tf

        if not tf.keras.__name__.startswith(("tf_keras", "keras.api._v2")):
            raise SetupError(
                "TensorFlow was imported with Keras 3 before radlib; restart the kernel and import radlib first."
            )
        tf.get_logger().setLevel(logging.ERROR)
        tf.zeros(1)  # the first operation prints too
    return tf


@functools.cache
def keras() -> ModuleType:
    """Return Keras 2 (tf_keras)."""
    tensorflow()
    with told(), quiet_stderr():
        import tf_keras
    # what another project wrote into ~/.keras/keras.json decides nothing here
    tf_keras.backend.set_image_data_format("channels_last")
    tf_keras.backend.set_floatx("float32")
    tf_keras.backend.set_epsilon(1e-7)
    return tf_keras


@functools.cache
def tfmot() -> ModuleType:
    """Return the TensorFlow Model Optimization toolkit."""
    keras()
    with told(), quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_model_optimization
    return tensorflow_model_optimization


@functools.cache
def tfmot_rounding() -> ModuleType:
    """Return the part of tfmot that rounds in training: its operations and ready configurations are not published."""
    tfmot()
    from tensorflow_model_optimization.python.core.quantization import keras as rounding

    return rounding


def make_deterministic(seed: int) -> None:
    """Make what follows repeat: seeded generators, and operations that sum in a fixed order."""
    keras().utils.set_random_seed(seed)
    tensorflow().config.experimental.enable_op_determinism()
