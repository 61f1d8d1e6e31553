"""Exported PyTorch programs (`.pt2`), looked through before PyTorch opens them.

Such a file is a zip of JSON and raw tensors and reads like data, but `torch.export.load` trusts it: weights may be marked
as pickled and are then unpickled, custom objects are unpickled, the *target* of each operation is looked up attribute
by attribute from the module `torch` on (which leads to any module that torch imports) and called when the program
runs, sizes are text that SymPy evaluates, guards are text that is compiled, and compiled libraries are loaded. So only
what a plain export holds is let pass: raw tensors, ATen operations, sizes that are numbers.
"""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from radlib.formats.tensor_files.archive_members import DAMAGE
from radlib.foundation.errors import UsageError
from radlib.importing.keras_config import mappings
from radlib.importing.pickles import names_beside_tensors

MEMBERS = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/(version|serialization_id)|models/\w+\.json|extra/.*"
    r"|data/weights/(weight_\d+|\w+_weights_config\.json)|data/constants/(tensor_\d+|\w+_constants_config\.json)"
    r"|data/sample_inputs/\w+\.pt"
)
TARGETS = re.compile(r"torch\.ops\.aten\.\w+(\.\w+)?|_operator\.(getitem|add|sub|mul|floordiv|truediv|neg)")
TREES = (None, "builtins.tuple", "builtins.list", "builtins.dict")
MOST_JSON_BYTES = 100_000_000
EXPORT_AGAIN = "export the plain network in eval mode with films of one fixed size"


def refuse_program_code(path: Path, names: set[str]) -> None:
    """Refuse an exported program that holds anything but raw tensors and ATen operations.

    Args:
        path: The archive, whose members `guard.checked_members` has looked at.
        names: Of its members.

    Raises:
        UsageError: One sentence: what it holds, and how to export it.
    """
    inner = {name: name.partition("/")[2] for name in names}
    for member in sorted(inner.values()):
        if not MEMBERS.fullmatch(member):
            what = "a compiled library" if "aotinductor" in member else f"{member[:60]!r}"
            raise UsageError(
                f"{path.name} carries {what} beside the program, which is code or a pickled object; {EXPORT_AGAIN}."
            )
    with zipfile.ZipFile(path) as archive:
        for name, member in sorted(inner.items()):
            if member.endswith(".json"):
                _refuse_json(_json(archive, name, path), path)
            elif member.endswith(".pt"):
                _refuse_pickle(archive, name, path)


def _json(archive: zipfile.ZipFile, name: str, path: Path) -> Any:
    if archive.getinfo(name).file_size > MOST_JSON_BYTES:
        raise UsageError(f"{path.name} describes a program too long for a network; {EXPORT_AGAIN}.")
    try:
        return json.loads(archive.read(name))
    except (*DAMAGE, RecursionError):
        raise UsageError(f"{path.name} has a damaged description of its program; {EXPORT_AGAIN}.") from None


def _refuse_json(content: Any, path: Path) -> None:
    """Refuse what the reader of a program would evaluate, look up or unpickle."""
    for key, value in (pair for each in mappings(content) for pair in each.items()):
        what = ""
        if key == "use_pickle" and value is not False:
            what = "pickled weights"
        elif key == "target" and not (isinstance(value, str) and TARGETS.fullmatch(value)):
            what = f"a call of {str(value)[:60]!r}, which is no plain tensor operation"
        elif key in ("as_expr", "expr_str") or (key in ("range_constraints", "sym_int_values") and value):
            what = "sizes that are formulas"
        elif key == "guards_code" and value:
            what = "conditions that are code"
        elif key in ("as_custom_obj", "custom_obj") or (key == "custom_obj_values" and value):
            what = "an object of a class of its own"
        elif key in ("in_spec", "out_spec") and not _plain_tree(value):
            what = "arguments of a class of its own"
        if what:
            raise UsageError(f"{path.name} holds {what}; {EXPORT_AGAIN}.")


def _plain_tree(text: Any) -> bool:
    """Tell whether the shape of a call's arguments is one of tuples, lists and dictionaries."""
    try:
        content = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return False
    return all(each["type"] in TREES for each in mappings(content) if "type" in each)


def _refuse_pickle(program: zipfile.ZipFile, member: str, path: Path) -> None:
    """Refuse example inputs that are more than tensors."""
    try:
        with zipfile.ZipFile(io.BytesIO(program.read(member))) as archive:
            pickles = [archive.read(name) for name in archive.namelist() if name.endswith(".pkl")]
    except DAMAGE:
        raise UsageError(f"{path.name} has damaged example inputs; {EXPORT_AGAIN}.") from None
    for pickle in pickles:
        if found := names_beside_tensors(pickle):
            raise UsageError(
                f"{path.name} would call {found[0][:60]!r} when its example inputs are read; {EXPORT_AGAIN}."
            )
