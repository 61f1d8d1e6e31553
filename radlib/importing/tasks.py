"""What a worker process does with a file of unknown origin; see `importing.workers`.

Each function takes and returns plain values and arrays, and raises a sentence when it refuses.
"""

from pathlib import Path
from typing import Any

import numpy as np

from radlib.errors import RadlibError, UsageError
from radlib.importing.layout import Answers, InputLayout

PROBE_FILMS = 6
MOST_WEIGHTS = 500_000_000  # numbers, 2 GB as float32
Result = tuple[dict[str, Any], dict[str, np.ndarray]]


def probe_films(height: int, width: int) -> np.ndarray:
    """Return films that show how a network answers: black, white, a ramp and noise, float32 (n, h, w, 1)."""
    ramp = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32), (height, width))
    noise = np.random.default_rng(0).random((PROBE_FILMS - 3, height, width), dtype=np.float32)
    return np.concatenate(
        [np.zeros((1, height, width)), np.ones((1, height, width)), ramp[None], noise]
    ).astype(np.float32)[..., None]


def rewrite_litert(path: str, layout: dict[str, Any], answers: dict[str, Any], name: str) -> Result:
    """Rewrite a LiteRT file, run it before and after, and compare.

    Returns:
        `input_shape`; `difference`, the largest between the rewritten file and the original given the same films by
        NumPy; and the arrays `model` (bytes) and `outputs` (the finished answers to the probe films).
    """
    from radlib.importing.litert_graph import rewritten

    how, finish = InputLayout.from_dict(layout), Answers.from_dict(answers)
    content = Path(path).read_bytes()
    try:
        model = rewritten(content, how, finish, name=name)
    except RadlibError:
        raise
    except Exception as error:  # a damaged table leads anywhere
        raise UsageError(f"{name} is damaged ({type(error).__name__}); convert the network again.") from None
    shape = _input_shape(model, name)
    films = probe_films(*shape[:2])
    outputs = run_litert(model, films, name)
    expected = finish.apply(run_litert(content, how.apply(films), name))
    difference = float(np.abs(outputs - expected).max())
    return {"input_shape": shape, "difference": difference}, {
        "model": np.frombuffer(model, np.uint8),
        "outputs": outputs,
    }


def run_litert(content: bytes, films: np.ndarray, name: str) -> np.ndarray:
    """Return the outputs of a LiteRT file, float32 (n, outputs), one film (of any layout) a call."""
    interpreter = _interpreter(content, name)
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for film in films:
        interpreter.set_tensor(source["index"], film[None])
        interpreter.invoke()
        outputs.append(np.array(interpreter.get_tensor(target["index"])).reshape(-1))
    return np.stack(outputs)


def _interpreter(content: bytes, name: str) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    failure: Exception | None = None
    for resolver in (OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        try:
            interpreter = Interpreter(
                model_content=content, num_threads=1, experimental_op_resolver_type=resolver
            )
            interpreter.allocate_tensors()
            return interpreter
        except (RuntimeError, ValueError) as error:
            failure = error
    reason = " ".join(str(failure).split())[:200]
    raise UsageError(f"{name} cannot be run by LiteRT ({reason}); convert the network again.")


def _input_shape(content: bytes, name: str) -> list[int]:
    shape = _interpreter(content, name).get_input_details()[0]["shape"]
    return [int(side) for side in shape[1:]]


def read_hdf5(path: str, member: str, tensors: dict[str, list[str]], name: str) -> Result:
    """Read the weights of a `.keras` file, all or nothing.

    Args:
        path: The `.keras` file.
        member: Which file in it holds the weights.
        tensors: Candidate places of each layer's group in the file, by layer: the first that is there counts.
        name: Of the file, for messages.

    Returns:
        `counts` of tensors per layer, and the arrays `<layer number>/<tensor number>`.
    """
    import zipfile

    import h5py

    counts: dict[str, int] = {}
    arrays: dict[str, np.ndarray] = {}
    used: set[str] = set()
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream, h5py.File(stream, "r") as file:
        places = _datasets(file, name)
        for number, (layer, candidates) in enumerate(tensors.items()):
            place = next((c for c in candidates if any(p.startswith(f"{c}/vars/") for p in places)), "")
            own = sorted((p for p in places if place and p.startswith(f"{place}/vars/")), key=_last_number)
            counts[layer] = len(own)
            used |= set(own)
            for order, each in enumerate(own):
                arrays[f"{number}/{order}"] = np.asarray(places[each][()], np.float32)
    left = [
        p for p in places if p not in used and not p.startswith("optimizer") and "seed_generator" not in p
    ]
    if left:
        raise UsageError(
            f"{name} holds weights that its configuration has no layer for ({left[0]}); save the model again with the "
            "Keras that trained it."
        )
    return {"counts": counts}, arrays


def describe_hdf5(path: str) -> Result:
    """Tell whether an HDF5 file holds a whole model; looks at names only."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return {"whole_model": "model_config" in file.attrs or "training_config" in file.attrs}, {}
    except (OSError, RuntimeError, KeyError, ValueError):
        raise UsageError(f"{Path(path).name} is a damaged HDF5 file; save the weights again.") from None


def _datasets(file: Any, name: str) -> dict[str, Any]:
    """Return all tensors of an HDF5 file by path, after making sure that they lie in it and fit."""
    import h5py

    found: dict[str, Any] = {}
    total = 0

    def walk(group: Any, prefix: str, depth: int) -> None:
        nonlocal total
        if depth > 60:
            raise UsageError(f"{name} nests its weights without end; save the network again.")
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise UsageError(
                    f"{name} points to other files for its weights; save the network into one file."
                )
            item = group[key]
            if isinstance(item, h5py.Group):
                walk(item, f"{prefix}{key}/", depth + 1)
                continue
            if item.external or item.is_virtual:
                raise UsageError(
                    f"{name} points to other files for its weights; save the network into one file."
                )
            total += int(np.prod(item.shape, dtype=np.float64))
            if total > MOST_WEIGHTS or len(found) > 100_000:
                raise UsageError(f"{name} claims more weights than a network here may have; check the file.")
            if not np.issubdtype(item.dtype, np.number):
                raise UsageError(f"{name} holds something among its weights that is no number.")
            found[f"{prefix}{key}"] = item

    walk(file, "", 0)
    return found


def _last_number(place: str) -> int:
    last = place.rpartition("/")[2]
    return int(last) if last.isdecimal() else -1
