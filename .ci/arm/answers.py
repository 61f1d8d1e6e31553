"""What bundles answer here: run on the desk and on the board by the Python of a bundle, and compared afterwards.

    python answers.py FOLDER_OF_BUNDLES OUT.npz

Only what a device has: NumPy, LiteRT and radlib without extras. For each bundle the answers of its LiteRT file, made of a
coded file where it is not there, to all films that its vectors hold, what goes into its softmax where that was cut out
(`cutting`), the digests of all weights of a coded file, and how far every step of every film is from the bytes stored.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from radlib.deployment.bundle.conformance import film_steps
from radlib.deployment.bundle.deployed import runnable
from radlib.deployment.bundle.skeletons import FILE as SKELETON, places_in
from radlib.deployment.described_variants import read_described
from radlib.formats.container import read_file
from radlib.formats.predictors import open_model
from radlib.formats.tflite import tensor_ends
from radlib.foundation.registry import FORMATS
from radlib.imaging.images import Preprocessing
from radlib.runs.variants import Variant

CUT = "before_softmax.tflite"  # beside the model, for this comparison alone


def prepared_films(bundle: Path) -> np.ndarray:
    """Return all prepared films of a bundle as stored there, uint8 (n, side, side)."""
    films = [np.load(bundle / "golden.npz")["films"]]
    for film in _vectors(bundle):
        (step,) = (step for step in film["steps"] if step["step"] == "levels")
        films.append(_stored(bundle, step)[None])
    return np.concatenate(films)


def step_differences(bundle: Path) -> Iterator[tuple[str, str, float]]:
    """Yield (film and step, type, largest difference from the stored bytes) of every step of every film of the vectors."""
    record = json.loads((bundle / "variant.json").read_text(encoding="utf-8"))
    preparation = Preprocessing.from_dict(record["preparation"])
    source, _ = tensor_ends(bundle / record["runs"])
    for film in _vectors(bundle):
        found = dict(film_steps(bundle / "conformance" / film["file"], preparation, source))
        for step in film["steps"]:
            stored, here = _stored(bundle, step).astype(np.float64), found[step["step"]].astype(np.float64)
            same_shape = stored.shape == here.shape
            difference = float(np.abs(stored - here).max(initial=0.0)) if same_shape else np.inf
            yield f"{film['name']}.{step['step']}", step["dtype"], difference


def weight_digests(bundle: Path, variant: Variant) -> list[str]:
    """Return the digest of every weight tensor that a coded file decodes to here, in its order."""
    places = places_in(read_file(bundle / SKELETON))
    tensors = FORMATS[variant.format].facts["tensors"](read_file(bundle / variant.file), places)
    return [hashlib.sha256(np.ascontiguousarray(tensor).tobytes()).hexdigest() for tensor in tensors]


def _vectors(bundle: Path) -> list[dict]:
    return json.loads((bundle / "conformance/vectors.json").read_text(encoding="utf-8"))["films"]


def _stored(bundle: Path, step: dict) -> np.ndarray:
    content = (bundle / "conformance" / step["file"]).read_bytes()
    return np.frombuffer(content, np.dtype(step["dtype"]).newbyteorder("<")).reshape(step["shape"])


def main(bundles: Path, to: Path) -> None:
    """Write the answers of every bundle, and how far the films of the first are from its vectors."""
    found: dict[str, np.ndarray] = {}
    folders = sorted(path.parent for path in bundles.glob("*/variant.json"))
    for bundle in folders:
        variant, record = read_described(bundle)
        with open_model(runnable(bundle, variant, record), "tflite") as predictor:
            found[f"{bundle.name}/outputs"] = predictor.predict(prepared_films(bundle))
        if (bundle / CUT).is_file():
            with open_model(bundle / CUT, "tflite") as predictor:
                found[f"{bundle.name}/sums"] = predictor.predict(prepared_films(bundle))
        if (bundle / SKELETON).is_file():
            found[f"{bundle.name}/weights"] = np.array(weight_digests(bundle, variant))
    names, kinds, differences = zip(*step_differences(folders[0]), strict=True)
    found |= {
        "films/steps": np.array(names),
        "films/kinds": np.array(kinds),
        "films/differences": np.array(differences),
    }
    np.savez(to, **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
