"""What a pickle would call, read from its opcodes; nothing of it is executed.

A pickle is a program for a small machine: opcodes push text and numbers, `GLOBAL` and `STACK_GLOBAL` import a name
from a module, `REDUCE` calls it. PyTorch's checkpoints are pickles that name a handful of functions, which put tensors
together; one that names anything else could do anything.
"""

import pickletools
from typing import Any

from radlib.formats.tensor_files.pickles import NAMES

TENSORS = frozenset([*NAMES, "torch.storage UntypedStorage"])  # the last in exported programs only
TEXTS = ("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING")
UNTOLD = "something that cannot be told"


def names_beside_tensors(content: bytes) -> list[str]:
    """Return what a pickle would import beside what puts tensors together; the empty list is harmless."""
    named: set[str] = set()
    texts: list[Any] = []
    kept: dict[Any, Any] = {}
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name in TEXTS:
                texts.append(argument)
            elif opcode.name == "MEMOIZE":
                kept[len(kept)] = texts[-1] if texts else None
            elif opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
                kept[int(argument)] = texts[-1] if texts else None
            elif opcode.name in ("GET", "BINGET", "LONG_BINGET"):
                texts.append(kept.get(int(argument)))
            elif opcode.name in ("GLOBAL", "INST"):
                named.add(str(argument))
            elif opcode.name == "STACK_GLOBAL":
                named.add(" ".join(texts[-2:]) if len(texts) > 1 and all(texts[-2:]) else UNTOLD)
            elif opcode.name.startswith("EXT"):
                named.add(UNTOLD)
    except (ValueError, UnicodeDecodeError, IndexError, OverflowError, TypeError):
        named.add(UNTOLD)
    return sorted(named - TENSORS)
