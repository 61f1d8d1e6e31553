"""LiteRT files (`.tflite`): what runs on phones and small boards, opened without TensorFlow.

One film per call, because deployed files have batch 1. Files with integer inputs or outputs carry the scale
and zero point of both (Jacob et al., 2018: real = scale × (stored − zero point)); the predictor applies them,
so that such a file answers in probabilities like any other.

References:
    Jacob et al. (2018). Quantization and training of neural networks for efficient integer-arithmetic-only
        inference. CVPR, arXiv 1712.05877.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.container import reason_of
from radlib.formats.predictors import Predictor, grey_levels, unit_range
from radlib.foundation.backend import quiet_stderr
from radlib.foundation.errors import SetupError
from radlib.foundation.registry import FORMATS
from radlib.foundation.storage import atomic_path

MOST_OUTPUTS = 100_000


def write_bytes(model: bytes, path: Path) -> None:
    """Write the bytes of a LiteRT file, whole or not at all."""
    with atomic_path(path) as partial:
        partial.write_bytes(model)


@FORMATS.register(suffix=".tflite", device=True, save=write_bytes)
def tflite(path: Path, *, threads: int = 1, delegate: bool = True) -> Predictor:
    """Open a LiteRT file; it is one that a device can run.

    Args:
        path: The file.
        threads: Threads of the interpreter. More than one gains little on busy processors: evaluation of
            many films runs several one-thread interpreters instead (see `inference`).
        delegate: Whether XNNPACK may do the work; False for the built-in kernels.

    Raises:
        SetupError: When the file is not one that this LiteRT can run.
    """
    try:
        interpreter, worker = allocated(threads, delegate=delegate, model_path=str(path))
    except LiteRTError as failure:
        raise SetupError(
            f"{path.name} is no LiteRT file that ai-edge-litert {_version()} can run ({failure}); build it again."
        ) from failure
    source, target = _ends(interpreter, path)
    sides = [tuple(int(side) for side in end["shape"]) for end in (source, target)]
    mapped = (
        len(sides[1]) == 4 and min(sides[1][1:3]) > 1
    )  # an answer at every pixel of the film, or at every cell
    answer_shape = sides[1][1:] if mapped else sides[1][-1:]
    levels = to_stored(grey_levels(), source)
    as_stored = unit_range if levels.dtype == np.float32 else levels.take

    def predict(films: np.ndarray) -> np.ndarray:
        outputs = np.empty((len(films), *answer_shape), np.float32)
        for position, film in enumerate(films):
            stored = as_stored(film) if film.dtype == np.uint8 else to_stored(film, source)
            try:
                interpreter.set_tensor(source["index"], stored.reshape(source["shape"]))
                interpreter.invoke()
                outputs[position] = to_real(interpreter.get_tensor(target["index"])[0], target)
            except (RuntimeError, ValueError, IndexError) as error:
                raise SetupError(f"{path.name} does not run ({reason_of(error)}); build it again.") from error
        return outputs

    return Predictor(
        predict=predict,
        input_shape=tuple(int(side) for side in source["shape"][1:]),
        answer_shape=answer_shape,
        runtime=f"ai-edge-litert {_version()}",
        delegate=worker,
        threads=threads,
        close=lambda: None,  # the interpreter goes with the last reference to this predictor
    )


def _version() -> str:
    import ai_edge_litert  # knows its version without a search among all that is installed

    return ai_edge_litert.__version__


@dataclass(frozen=True)
class TensorEnd:
    """The first or the last tensor of a LiteRT file.

    Attributes:
        shape: (1, height, width, channels), or (1, outputs).
        dtype: NumPy's name, such as `float32` or `int8`.
        scale: What a step of its integers is worth; 1 where it says nothing, and for real numbers.
        zero_point: The integer that stands for 0.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float = 1.0
    zero_point: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {**dataclasses.asdict(self), "shape": list(self.shape)}

    def tensor(self) -> dict[str, Any]:
        """Return it as `to_stored` and `to_real` take it."""
        return {"dtype": np.dtype(self.dtype), "quantization": (self.scale, self.zero_point)}


def tensor_ends(path: Path) -> tuple[TensorEnd, TensorEnd]:
    """Return the first and the last tensor of a LiteRT file.

    Raises:
        SetupError: When the file is not one that this LiteRT can run.
    """
    try:
        interpreter, _ = allocated(1, model_path=str(path))
    except LiteRTError as failure:
        raise SetupError(f"{path.name} is no LiteRT file ({failure}); build it again.") from failure
    first, last = (_end(tensor) for tensor in _ends(interpreter, path))
    return first, last


def _end(tensor: dict[str, Any]) -> TensorEnd:
    dtype, (scale, zero_point) = np.dtype(tensor["dtype"]), tensor["quantization"]
    shape = tuple(int(side) for side in tensor["shape"])
    if dtype.kind == "f":
        return TensorEnd(shape, dtype.name)
    return TensorEnd(shape, dtype.name, float(scale or 1), int(zero_point))


class LiteRTError(Exception):
    """LiteRT cannot run a file; the message says why, in one line."""


def allocated(threads: int, *, delegate: bool = True, **model: Any) -> tuple[Any, str]:
    """Return an interpreter ready to run, and the delegate that does the work.

    Some files (sparse tensors in quantized ones) make XNNPACK fail; they run on the built-in kernels.

    Args:
        threads: Of the interpreter.
        delegate: Whether XNNPACK is tried first.
        **model: `model_path` or `model_content`, as LiteRT's interpreter takes them.

    Raises:
        LiteRTError: When neither runs it.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    failure: Exception | None = None
    resolvers = (OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    for resolver in resolvers if delegate else resolvers[1:]:
        try:
            with quiet_stderr():  # LiteRT announces its delegate on file descriptor 2
                interpreter = Interpreter(
                    **model, num_threads=threads, experimental_op_resolver_type=resolver
                )
                interpreter.allocate_tensors()
            operations = [operation["op_name"] for operation in interpreter._get_ops_details()]
        except Exception as error:  # a damaged table leads anywhere, such as to a name that is no text
            failure = error
            continue
        return interpreter, "XNNPACK" if "DELEGATE" in operations else "none"
    raise LiteRTError(reason_of(failure)) from failure


def _ends(interpreter: Any, path: Path) -> tuple[dict, dict]:
    """Return what is known of input and output, after making sure that they are of a film and of its probabilities.

    Raises:
        SetupError: When the file takes or gives something else.
    """
    try:
        (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
        sides, outputs = [int(side) for side in source["shape"]], int(target["shape"][-1])
        numbers = all(np.issubdtype(end["dtype"], np.number) for end in (source, target))
    except (ValueError, IndexError, UnicodeDecodeError):
        sides, outputs, numbers = [], 0, False
    if len(sides) != 4 or sides[0] != 1 or min(sides) < 1 or not 0 < outputs <= MOST_OUTPUTS or not numbers:
        raise SetupError(
            f"{path.name} does not take one film and answer in numbers; build or import it again."
        )
    return source, target


def to_stored(real: np.ndarray, tensor: dict) -> np.ndarray:
    """Return real numbers as the tensor stores them: unchanged, or rounded to its integer grid."""
    scale, zero_point = tensor["quantization"]
    if np.issubdtype(tensor["dtype"], np.floating):
        return np.asarray(real, tensor["dtype"])
    limits = np.iinfo(tensor["dtype"])
    grid = np.round(real / np.float32(scale or 1)) + zero_point  # without a scale they stand for themselves
    return grid.clip(limits.min, limits.max).astype(tensor["dtype"])


def to_real(stored: np.ndarray, tensor: dict) -> np.ndarray:
    """Return what a tensor's stored numbers mean, float32."""
    scale, zero_point = tensor["quantization"]
    if np.issubdtype(tensor["dtype"], np.floating):
        return stored
    return (stored.astype(np.float32) - zero_point) * np.float32(scale or 1)
