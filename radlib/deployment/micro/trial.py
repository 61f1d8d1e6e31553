"""A file tried in the micro runtime, in a process that may die: C++ that checks less than LiteRT does opens it there.

The runtime is the one that microcontrollers link, called from Python (`tflite-micro`, extra `micro`), with its reference
kernels. Its recording allocator says how many bytes of the arena were used. That is on this machine, whose pointers have 64 bits;
a controller of 32 bits needs a little less. Answers are compared with LiteRT's own reference kernels and with what LiteRT
takes unless told otherwise (XNNPACK), in steps of the answer's grid.

References:
    David et al. (2021). TensorFlow Lite Micro: Embedded machine learning for TinyML systems. MLSys, arXiv 2010.08678.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.micro.operators import answer_step, operators_of
from radlib.foundation import processes
from radlib.foundation.errors import MissingExtra, UsageError
from radlib.foundation.extras import told

LEAST_ARENA, ARENA_PER_BYTE = 2**22, 10  # what is set aside for a trial; only what is used counts
SECONDS = 600.0
USED = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")
REAL_NUMBERS = 1e-5  # two orders of summing float32 lie closer
PLACE = re.compile(r"^\S+\.(?:cc|h)(?::\d+)?\s+")
NODE = re.compile(r"^Node (\w+) \(number \d+")
WORDS = {  # what the runtime's own words mean
    "Hybrid models are not supported": "it has weights of integers and values of real numbers (hybrid kernels), which the micro "
    "runtime does not know; int8 has both of integers",
    "DEQUANTIZE: input->type == kTfLiteInt8": "its weights are float16, which the micro runtime cannot read; take float32 or int8",
}  # fmt: skip
FOLLOWS = re.compile(r"failed to (?:prepare|invoke)|^INFO|^AllocateTensors|^$")  # says that, not why


@dataclass(frozen=True)
class MicroTrial:
    """What became of a file in the micro runtime.

    Attributes:
        operators: Its kinds of operator.
        flash_bytes: Of the file.
        runs: Whether it ran; None when it was not tried.
        reason: Why it did not, or was not tried; empty when it ran.
        arena_bytes: What it used of the arena; None when it did not run.
        largest_difference: Between its answers and LiteRT's reference kernels.
        largest_difference_xnnpack: Between its answers and those of LiteRT as it runs elsewhere.
        step: By how much two neighbouring answers differ; 0 of real numbers.
        outputs: Its answers, float32 (films, outputs); None when it did not run.
    """

    operators: tuple[str, ...]
    flash_bytes: int
    runs: bool | None
    reason: str = ""
    arena_bytes: int | None = None
    largest_difference: float = float("nan")
    largest_difference_xnnpack: float = float("nan")
    step: float = 0.0
    outputs: np.ndarray | None = None

    @property
    def same_answers(self) -> bool:
        """Whether its answers are LiteRT's: within one step of the grid, of real numbers within `REAL_NUMBERS`."""
        return bool(self.runs) and self.largest_difference <= (1.001 * self.step or REAL_NUMBERS)

    @property
    def why_not(self) -> str:
        """Why the file cannot go onto a microcontroller, as a clause; empty when it can."""
        if self.runs and not self.same_answers:
            return f"it answers otherwise there, by up to {self.largest_difference:.2g}"
        return self.reason


def micro_trial(model: Path, films: np.ndarray) -> MicroTrial:
    """Try a LiteRT file in the micro runtime.

    Args:
        model: A .tflite file.
        films: uint8 (n, height, width), prepared as the variant wants them.

    Returns:
        What became of it; not tried, with the line that installs the runtime, where that is missing.

    Raises:
        DataError: When it is no LiteRT file.
    """
    operators, size = operators_of(model), model.stat().st_size
    with tempfile.TemporaryDirectory(prefix="radlib-micro-") as scratch:
        place = Path(scratch) / "films.npy"
        np.save(place, films)
        try:
            with told():
                import tflite_micro  # noqa: F401  (here, so that its absence is told before a process starts)
            found, arrays = processes.call(
                __name__,
                "run_in_micro",
                {"model": str(model.resolve()), "films": str(place)},
                seconds=SECONDS,
            )
        except MissingExtra as missing:
            return MicroTrial(operators, size, None, f"not tried: {missing}")
        except UsageError as refused:
            return MicroTrial(operators, size, False, str(refused))
        except processes.ProcessEnded as ended:
            why = (
                f"the micro runtime ended with status {ended.status}"
                if ended.status is not None
                else "it took too long"
            )
            return MicroTrial(operators, size, False, why)
    return MicroTrial(
        operators, size, True, "", found["arena_bytes"],
        float(np.abs(arrays["micro"] - arrays["reference"]).max()),
        float(np.abs(arrays["micro"] - arrays["usual"]).max()),
        answer_step(model), arrays["micro"],
    )  # fmt: skip


def run_in_micro(model: str, films: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Run films through a file in the micro runtime and in LiteRT: what the process of `micro_trial` does.

    Raises:
        UsageError: With the runtime's own reason, when it refuses the file.
    """
    from tflite_micro.python.tflite_micro import runtime

    from radlib.formats.tflite import tensor_ends, to_real, to_stored

    content, shown = Path(model).read_bytes(), np.load(films)
    first, last = tensor_ends(Path(model))
    said: list[str] = []
    answers = []
    with _heard(said):
        try:
            arena = max(LEAST_ARENA, ARENA_PER_BYTE * len(content))
            interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena)
            for film in shown:
                stored = to_stored(film.reshape(first.shape) / np.float32(255), first.tensor())
                interpreter.set_input(stored, 0)
                interpreter.invoke()
                answers.append(to_real(interpreter.get_output(0)[0], last.tensor()))
            interpreter.print_allocations()
            failed = None
        except (RuntimeError, ValueError) as error:
            failed = error
    if failed is not None:
        raise UsageError(_reason(said[0], failed))
    used = dict(USED.findall(said[0]))
    reference, usual = (_litert_answers(model, shown, kind) for kind in ("BUILTIN_REF", "AUTO"))
    return {"arena_bytes": int(used["total"])}, {
        "micro": np.array(answers, np.float32), "reference": reference, "usual": usual,
    }  # fmt: skip


def _litert_answers(model: str, films: np.ndarray, resolver: str) -> np.ndarray:
    """Return LiteRT's answers with one kind of kernels, float32 (films, outputs)."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from radlib.formats.tflite import tensor_ends, to_real, to_stored

    first, last = tensor_ends(Path(model))
    interpreter = Interpreter(model_path=model, experimental_op_resolver_type=OpResolverType[resolver])
    interpreter.allocate_tensors()
    source, target = (
        ends[0]["index"] for ends in (interpreter.get_input_details(), interpreter.get_output_details())
    )
    answers = []
    for film in films:
        interpreter.set_tensor(source, to_stored(film.reshape(first.shape) / np.float32(255), first.tensor()))
        interpreter.invoke()
        answers.append(to_real(interpreter.get_tensor(target)[0], last.tensor()))
    return np.array(answers, np.float32)


@contextlib.contextmanager
def _heard(said: list[str]) -> Iterator[None]:
    """Append what the block writes to file descriptor 2, where the runtime speaks."""
    with tempfile.TemporaryFile() as heard:
        before = os.dup(2)
        os.dup2(heard.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
            heard.seek(0)
            said.append(heard.read().decode(errors="replace"))


def _reason(said: str, failed: Exception) -> str:
    """Return the runtime's own reason in one clause: the last line that says why, with the operator that it was said of."""
    lines = [PLACE.sub("", line.strip()).rstrip(".") for line in said.splitlines()]
    telling = [line for line in lines if not FOLLOWS.search(line)]
    operator = next((match[1] for line in lines if (match := NODE.search(line))), "")
    reason = telling[-1] if telling else str(failed)
    reason = f"{operator}: {reason}" if operator else reason
    return next((words for start, words in WORDS.items() if start in reason), reason)
