"""What a firmware takes of a variant: the file as a C array, its operators, and a program that checks the sizes.

A microcontroller has no files: the model is linked into flash, at an address that 16 divides, since the runtime reads its numbers
in place. `main.c` compiles against nothing but the array; it says what flash and arena are needed, and that not a byte was lost on the
way, by the digest of the array (FNV-1a).

References:
    Fowler, Noll and Vo. The FNV non-cryptographic hash algorithm. RFC 9923.
"""

from pathlib import Path

import numpy as np

from radlib.deployment.described_variants import DOES
from radlib.deployment.micro.operators import method_of
from radlib.deployment.micro.trial import MicroTrial, micro_trial
from radlib.formats.tflite import TensorEnd, tensor_ends
from radlib.foundation.errors import NotApplicable
from radlib.foundation.storage import write_text
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

FOLDER = "micro"
FILES = ("model.h", "model.c", "main.c", "operators.txt", "README.txt")
PER_LINE = 20
TYPES = {"float32": "float", "int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t"}


def add_micro(bundle: Path, model: Path, variant: Variant, films: np.ndarray) -> None:
    """Try a variant's file in the micro runtime, and write `FILES` into a bundle.

    Args:
        bundle: Where the folder `micro` is made.
        model: The LiteRT file to link.
        variant: Whose it is.
        films: uint8 (n, height, width), prepared as the variant wants them.

    Raises:
        NotApplicable: When it cannot go onto a microcontroller, with the reason. Where the micro runtime is not installed, it
            is not tried, and the files say so.
    """
    trial = micro_trial(model, films)
    if trial.runs is not None and trial.why_not:
        raise NotApplicable(f"{variant.name} cannot go onto a microcontroller: {trial.why_not}.")
    write_micro(bundle / FOLDER, model, variant, trial)


def refuse_maps(variant: Variant) -> None:
    """Refuse a variant that answers at every pixel.

    Raises:
        NotApplicable: For one that outlines or finds boxes, with the reason.
    """
    if task_of(variant).record != "probabilities":
        raise NotApplicable(
            f"{variant.name} cannot go onto a microcontroller: it {DOES[task_of(variant).record]}, and what is written for one is tried here with rows of "
            "probabilities alone; the memory that maps of a whole film take between layers was never measured there. Export it "
            "without --micro."
        )


def write_micro(folder: Path, model: Path, variant: Variant, trial: MicroTrial) -> None:
    """Write `FILES` for a variant.

    Args:
        folder: Where to; made if need be.
        model: The LiteRT file to link.
        variant: Whose it is.
        trial: What became of it in the micro runtime.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = model.read_bytes()
    first, last = tensor_ends(model)
    write_text(folder / "model.h", header(variant, content, trial, first, last))
    write_text(folder / "model.c", array(content))
    write_text(folder / "main.c", MAIN)
    write_text(folder / "operators.txt", operator_list(trial))
    write_text(folder / "README.txt", readme(variant, model, trial))


def header(variant: Variant, content: bytes, trial: MicroTrial, first: TensorEnd, last: TensorEnd) -> str:
    """Return `model.h`: sizes, what goes in and comes out, and what the outputs mean."""
    height, width = first.shape[1:3]
    labels = ", ".join(quoted(label) for label in variant.labels)
    return f"""\
/* {_in_comment(variant.name)}. Research only, not a medical device. */
#ifndef RADLIB_MODEL_H
#define RADLIB_MODEL_H

#include <stdint.h>

#define RADLIB_MODEL_BYTES {len(content)}u
#define RADLIB_MODEL_FNV1A {fnv1a(content)}u
/* Bytes of the arena that a trial used on a machine of 64 bits; 0: not tried. */
#define RADLIB_ARENA_BYTES {trial.arena_bytes or 0}u
#define RADLIB_OPERATORS {len(trial.operators)}u

/* A film: one grey channel, black is 0 and white is 1; stored = round(grey / scale) + zero point. */
#define RADLIB_INPUT_HEIGHT {height}u
#define RADLIB_INPUT_WIDTH {width}u
#define RADLIB_INPUT_SCALE {first.scale!r}
#define RADLIB_INPUT_ZERO_POINT ({first.zero_point})
typedef {TYPES[first.dtype]} radlib_input_t;

/* An answer: one probability for each label; probability = (stored - zero point) * scale. */
#define RADLIB_OUTPUTS {len(variant.labels)}u
#define RADLIB_OUTPUT_SCALE {last.scale!r}
#define RADLIB_OUTPUT_ZERO_POINT ({last.zero_point})
#define RADLIB_LABELS {{ {labels} }}
typedef {TYPES[last.dtype]} radlib_output_t;

extern const unsigned char radlib_model[RADLIB_MODEL_BYTES];

#endif
"""


def array(content: bytes) -> str:
    """Return `model.c`: the file as an array in flash."""
    rows = (content[start : start + PER_LINE] for start in range(0, len(content), PER_LINE))
    body = "\n".join("    " + " ".join(f"{byte}," for byte in row) for row in rows)
    return f"""\
/* The LiteRT file, byte for byte. The runtime reads its numbers in place, so it begins where 16 divides. */
#include "model.h"

_Alignas(16) const unsigned char radlib_model[RADLIB_MODEL_BYTES] = {{
{body}
}};
"""


def operator_list(trial: MicroTrial) -> str:
    """Return `operators.txt`: what a program must link, each with the call that adds it."""
    lines = [f"{name} {method_of(name)}" for name in trial.operators]
    return "\n".join([f"# tflite::MicroMutableOpResolver<{len(lines)}>", *lines]) + "\n"


def readme(variant: Variant, model: Path, trial: MicroTrial) -> str:
    """Return what the files are for, and what is known."""
    arena = (
        f"A trial in the micro runtime used {trial.arena_bytes:,} bytes of arena and gave the answers of LiteRT within one step."
        if trial.arena_bytes
        else f"It was not tried in the micro runtime ({trial.reason.removeprefix('not tried: ')})"
    )
    beside = "" if variant.format == "tflite" else (
        f"\nThis is {model.name}, decoded: the coded file is made to be sent, and no microcontroller decodes it.\n"
    )  # fmt: skip
    return f"""\
{variant.name} for a microcontroller. Research only, not a medical device.
{beside}
model.c, model.h  the file as an array for flash, and what goes in and comes out
operators.txt     the operators to add to MicroMutableOpResolver, and no others
main.c            says the sizes and checks the array:  cc -std=c11 -o sizes main.c model.c && ./sizes

{arena}
"""


def quoted(text: str) -> str:
    r"""Return text as a literal of C.

    Example:
        >>> print(quoted('a "b"'))
        "a \042b\042"
    """
    letters = (
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode()
    )
    return f'"{"".join(letters)}"'


def fnv1a(content: bytes) -> int:
    """Return the 32-bit FNV-1a digest of bytes.

    Example:
        >>> hex(fnv1a(b"foobar"))
        '0xbf9cf968'
    """
    digest = 0x811C9DC5
    for byte in np.frombuffer(content, np.uint8).tolist():
        digest = ((digest ^ byte) * 0x01000193) & 0xFFFFFFFF
    return digest


def _in_comment(text: str) -> str:
    return text.encode("ascii", "replace").decode().replace("*/", "* /")


MAIN = """\
/* Says what a microcontroller needs of this model, and checks that its array is whole; needs nothing but the array. */
#include <stdio.h>

#include "model.h"

int main(void) {
    static const char *const labels[RADLIB_OUTPUTS] = RADLIB_LABELS;
    uint32_t digest = 0x811c9dc5u;
    for (uint32_t place = 0; place < RADLIB_MODEL_BYTES; place++)
        digest = (digest ^ radlib_model[place]) * 0x01000193u;
    if (digest != RADLIB_MODEL_FNV1A || radlib_model[4] != 'T' || radlib_model[5] != 'F') {
        fprintf(stderr, "the array is damaged; export it again\\n");
        return 1;
    }
    if ((uintptr_t)radlib_model % 16 != 0) {
        fprintf(stderr, "the array does not begin where 16 divides\\n");
        return 1;
    }
    printf("flash %lu bytes\\n", (unsigned long)sizeof radlib_model);
    printf("arena %lu bytes\\n", (unsigned long)RADLIB_ARENA_BYTES);
    printf("film %lu bytes\\n",
           (unsigned long)(sizeof(radlib_input_t) * RADLIB_INPUT_HEIGHT * RADLIB_INPUT_WIDTH));
    printf("operators %lu\\n", (unsigned long)RADLIB_OPERATORS);
    for (unsigned label = 0; label < RADLIB_OUTPUTS; label++)
        printf("output %u %s\\n", label, labels[label]);
    return 0;
}
"""
