"""The AI Edge Quantizer at work: rules, calibration, and a run of what comes out.

The quantizer reads the graph of a finished float32 file, codes each weight tensor as `q = round(w / S)` with a scale S per
output channel, and notes in the file what the kernels are to compute with. What a range is decides more than who applies
it: the quantizer's own calibration follows a moving average of the extremes, which clips what is rare; here the extremes
over all representative films hold, as in TensorFlow's converter.

A recipe is a list of rules in the quantizer's own JSON, kept in a variant's details, so that a file and how it was
made lie together. A rule says for operations of a kind and a place how many bits weights and activations get; of the
rules that match an operation the last one holds.
"""

import contextlib
import io
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.litert_tables import read_tables, said_anew
from radlib.formats.predictors import open_model
from radlib.foundation.errors import NotApplicable, SetupError
from radlib.techniques.data import Product
from radlib.techniques.quantization.activation_ranges import Ends, clipped
from radlib.techniques.quantization.aeq_fitness import (
    operation_names,
    refuse_quantized,
    refuse_unchanged,
    stored_kernels,
)

Recipe = list[dict[str, Any]]
SMALLEST_KERNEL = 1024  # weights; a kernel with fewer stays float32, as the converter leaves it


def rule(
    *,
    weight_bits: int,
    activation_bits: int | None = None,
    integer: bool = True,
    smallest_kernel: int = 0,
    operation: str = "*",
    scope: str = ".*",
    algorithm: str = "min_max_uniform_quantize",
) -> dict[str, Any]:
    """Return one rule of a recipe in the quantizer's JSON.

    Args:
        weight_bits: Of each weight, symmetric, one scale per output channel.
        activation_bits: Of fixed ranges, 8 or 16; None to leave them to the runtime.
        integer: Whether to compute with integers, or to widen weights when used.
        smallest_kernel: Kernels with fewer weights stay float32.
        operation: LiteRT's name, or `*`.
        scope: Regular expression for the names of the operation's outputs.
        algorithm: How the ranges of the weights are found.
    """
    config: dict[str, Any] = {
        "weight_tensor_config": {
            "num_bits": weight_bits,
            "symmetric": True,
            "granularity": "CHANNELWISE",
            "dtype": "INT",
        },
        "compute_precision": "INTEGER" if integer else "FLOAT",
        "explicit_dequantize": not integer,
        "skip_checks": False,
        "min_weight_elements": smallest_kernel,
    }
    if activation_bits:
        config["activation_tensor_config"] = {
            "num_bits": activation_bits,
            "symmetric": activation_bits == 16,  # LiteRT's int16 kernels have no zero point
            "granularity": "TENSORWISE",
            "dtype": "INT",
        }
    return {"regex": scope, "operation": operation, "algorithm_key": algorithm, "op_config": config}


def floating(*, operation: str = "*", scope: str = ".*") -> dict[str, Any]:
    """Return the rule that leaves operations in float32; arguments as those of `rule`."""
    return {"regex": scope, "operation": operation, "algorithm_key": "no_quantize", "op_config": {}}


def only(scope: str) -> str:
    """Return a regular expression that matches one operation's outputs and no other's."""
    return f"^{re.escape(scope)}$"


def operations(model: bytes) -> list[tuple[str, str]]:
    """Return the operations of a LiteRT file in order: LiteRT's name, and the names of the outputs."""
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils as files

    tables = read_tables(model)
    graph = tables.subgraphs[0]
    scopes = [files.get_op_scope(op, graph.tensors) for op in graph.operators]
    return list(zip(operation_names(tables), scopes, strict=True))


def dynamic(model: bytes) -> Product:
    """Return a float32 LiteRT file with int8 weights, whose activations are quantized during each call."""
    return made_by(model, [rule(weight_bits=8, smallest_kernel=SMALLEST_KERNEL)])


def float16(model: bytes) -> Product:
    """Return a float32 LiteRT file with float16 weights, which the runtime widens when it loads them."""
    half = {
        "weight_tensor_config": {
            "num_bits": 16,
            "symmetric": True,
            "granularity": "TENSORWISE",
            "dtype": "FLOAT",
        },
        "compute_precision": "FLOAT",
        "explicit_dequantize": True,
        "skip_checks": False,
    }
    return made_by(
        model, [{"regex": ".*", "operation": "*", "algorithm_key": "float_casting", "op_config": half}]
    )


def made_by(model: bytes, recipe: Recipe) -> Product:
    """Return what a recipe without calibration makes, with the recipe."""
    return Product(quantize(model, recipe), {"recipe": recipe})


def quantize(
    model: bytes,
    recipe: Recipe,
    images: Sequence[np.ndarray] | np.ndarray = (),
    ends: Ends = "extremes",
) -> bytes:
    """Return a float32 LiteRT file quantized by a recipe, after a run on one film.

    Args:
        model: A float32 LiteRT file.
        recipe: Rules, see `rule`; of those that match an operation the last holds.
        images: Representative films, float32 (n, h, w, 1), for rules with fixed ranges of activations.
        ends: Where such ranges end.

    Returns:
        The bytes of the quantized file.

    Raises:
        NotApplicable: When the file is quantized already, the quantizer refuses the network or changes no weight of it, or
            LiteRT cannot run what it gives.
    """
    from ai_edge_quantizer import quantizer

    kernels, model = stored_kernels(model), said_anew(model)
    refuse_quantized(kernels)
    try:
        with _quietly():
            worker = quantizer.Quantizer(model, recipe)
            ranges = None
            if worker.need_calibration:
                ranges = clipped(model, np.asarray(images), _ranges(model, worker, images), ends)
            result = worker.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
        content = bytes(result.quantized_model)
    except (ValueError, RuntimeError, KeyError, IndexError, TypeError, NotImplementedError) as error:
        raise NotApplicable(
            f"The AI Edge Quantizer cannot apply this recipe to the network: {' '.join(str(error).split())} "
            "Take `dynamic`, which leaves what it does not know in float32, or quantize the Keras network itself."
        ) from error
    refuse_unchanged(
        kernels, content, max(each["op_config"].get("min_weight_elements", 0) for each in recipe)
    )
    _check_runs(content)
    return content


def _ranges(model: bytes, worker: Any, images: Sequence[np.ndarray] | np.ndarray) -> dict[str, Any]:
    """Return the smallest and largest value of every tensor over all films."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import calibrator, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    rules = recipe_manager.RecipeManager()
    rules.load_quantization_recipe(worker.get_quantization_recipe())
    ((signature, ends),) = Interpreter(model_content=model).get_signature_list().items()
    films = [{ends["inputs"][0]: image[None]} for image in images]  # (1, h, w, 1)
    observer = calibrator.Calibrator(model, num_threads=1, qsv_update_func=qsv_utils.min_max_update)
    observer.calibrate({signature: films}, rules)
    return observer.get_model_qsvs()


def _check_runs(content: bytes) -> None:
    """Refuse a file that LiteRT cannot run, which the quantizer does not notice."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(content)
        try:
            with open_model(path) as predictor:
                predictor.predict(np.zeros((1, *predictor.input_shape), np.float32))
        except (SetupError, RuntimeError) as error:
            raise NotApplicable(
                f"LiteRT cannot run this network quantized so ({' '.join(str(error).split())}); take "
                "`dynamic`, or quantize the Keras network itself."
            ) from error


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the quantizer's progress bars and its advice on debugging to itself."""
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
