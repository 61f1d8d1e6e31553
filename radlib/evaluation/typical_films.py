"""What films a variant was trained on look like, kept as a few numbers, and whether another film is unlike them.

A classifier answers whatever it is shown: a breast ultrasound gets a probability of pneumonia. Three distances say
that a film is of another kind: its brightness (mean grey) and contrast (standard deviation), each in robust standard
deviations from the training films' median, and its *embedding*, what the last dense layer reads. Of the embedding the
mean and the main directions of training films are kept, and the distance is that of a normal distribution along them
and around them (Mahalanobis with probabilistic PCA; Lee et al., 2018). What is usual is what 99 in 100 validation films
keep within, so that about one film in a hundred of the same kind is warned of, by each of the three. Sums and
directions are kept, never a film.

References:
    Lee et al. (2018). A simple unified framework for detecting out-of-distribution samples and adversarial attacks.
        NeurIPS, arXiv 1807.03888.
    Tipping, Bishop (1999). Probabilistic principal component analysis. J. R. Stat. Soc. B 61.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib import formats
from radlib.evaluation.insides.correspondence import open_transparent
from radlib.evaluation.insides.layers import litert_reader
from radlib.formats.tensor_files.numpy_archives import check_growth
from radlib.foundation import backend
from radlib.foundation.errors import RadlibError
from radlib.foundation.record_files import read_arrays
from radlib.imaging.narrow_range import WARNING, is_narrow

FOLDER = "typical_films"
USUAL = 0.99  # share of validation films that keep within what counts as usual
SLACK = 1.25  # the largest of some hundred distances is itself uncertain
DIRECTIONS = 16
REVISION = 1
SMALLEST_SPREAD = 1e-4  # grey levels; films that are all alike must not warn of rounding
AT_ONCE = 32

Embed = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Typical:
    """What is usual among the films that a variant was trained on.

    Attributes:
        middle: Median brightness and contrast, (2,), grey in [0, 1].
        spread: Their robust standard deviations, (2,).
        mean: Of the embeddings, (d,); empty where the network has none that can be read.
        directions: Main directions, (k, d), of unit length.
        variances: Along them, (k,).
        rest: Variance along any other direction.
        limits: Largest usual distance in brightness, contrast and embedding, (3,).
        sha256: Of the model file that gave the embeddings.
        revision: Of this description.
    """

    middle: np.ndarray
    spread: np.ndarray
    mean: np.ndarray
    directions: np.ndarray
    variances: np.ndarray
    rest: float
    limits: np.ndarray
    sha256: str
    revision: int = REVISION


def typical_path(run_folder: Path, key: str) -> Path:
    """Return where the description for a variant of a run lies."""
    return run_folder / FOLDER / f"{key}.npz"


def read_typical(path: Path) -> Typical | None:
    """Return a stored description; None where there is none or it cannot be read."""
    try:
        check_growth(path)
        fields: dict[str, Any] = read_arrays(path, tuple(Typical.__dataclass_fields__))
        fields |= {
            "sha256": str(fields["sha256"]),
            "revision": int(fields["revision"]),
            "rest": float(fields["rest"]),
        }
    except (RadlibError, ValueError, TypeError):  # damaged or made up, and not needed to answer
        return None
    return Typical(**fields)


def typical_of(
    training: np.ndarray, validation: np.ndarray, embed: Embed | None, sha256: str = ""
) -> Typical:
    """Return what is usual.

    Args:
        training: uint8 (n, s, s).
        validation: uint8 (m, s, s), of other patients; they say how far films of the same kind lie.
        embed: From films to (n, d); None where the network has no embedding.
        sha256: Of the model file.
    """
    grey = _grey(training)
    middle = np.median(grey, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(grey - middle), axis=0), SMALLEST_SPREAD)
    mean, directions, variances, rest = np.zeros(0), np.zeros((0, 0)), np.zeros(0), 1.0
    if embed is not None:
        embedded = np.asarray(embed(training), np.float64)
        mean = embedded.mean(axis=0)
        _, lengths, axes = np.linalg.svd(embedded - mean, full_matrices=False)
        squares = lengths**2 / max(len(embedded) - 1, 1)
        kept = min(DIRECTIONS, max(len(embedded) // 8, 1), int((squares > 1e-12 * squares[:1].sum()).sum()))
        others = max(len(mean) - kept, 1)
        rest = max(float(squares[kept:].sum()) / others, 1e-12 * float(squares.sum()), 1e-20)
        directions, variances = axes[:kept], np.maximum(squares[:kept], rest)
    typical = Typical(middle, spread, mean, directions, variances, rest, np.full(3, np.inf), sha256)
    far = distances(typical, validation, embed)
    limits = SLACK * np.quantile(far, USUAL, axis=0) if len(far) else np.full(3, np.inf)
    return Typical(**{**vars(typical), "limits": limits})


def distances(typical: Typical, films: np.ndarray, embed: Embed | None) -> np.ndarray:
    """Return how far films lie from the training films in brightness, contrast and embedding, (n, 3)."""
    far = np.zeros((len(films), 3))
    far[:, :2] = np.abs(_grey(films) - typical.middle) / typical.spread
    if embed is not None and len(typical.mean) and len(films):
        off = np.asarray(embed(films), np.float64) - typical.mean
        along = off @ typical.directions.T
        around = np.maximum((off**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
        far[:, 2] = np.sqrt(
            ((along**2 / typical.variances).sum(axis=1) + around / typical.rest) / len(typical.mean)
        )
    return far


def warnings_of(typical: Typical, films: np.ndarray, embed: Embed | None) -> list[str]:
    """Return, per film, in what it is unlike the training films, and whether it uses few grey levels; empty for neither.

    Args:
        typical: See `typical_of`.
        films: uint8 (n, s, s), prepared as the variant wants them.
        embed: That of the same model file.
    """
    texts = []
    for values, far in zip(_grey(films), distances(typical, films, embed), strict=True):
        unlike = []
        for place, name in enumerate(("brightness", "contrast")):
            if far[place] > typical.limits[place]:
                low, high = (
                    typical.middle[place] + np.array([-1, 1]) * typical.limits[place] * typical.spread[place]
                )
                unlike.append(f"{name} {values[place]:.2f} (usual {max(low, 0):.2f} to {min(high, 1):.2f})")
        if far[2] > typical.limits[2]:
            unlike.append(
                f"{far[2] / typical.limits[2]:.1f} times as far from them inside the network as is usual"
            )
        texts.append(f"Unlike the training films: {'; '.join(unlike)}." if unlike else "")
    narrow = [WARNING if is_narrow(film) else "" for film in films]
    return [" ".join(filter(None, both)) for both in zip(texts, narrow, strict=True)]


def _grey(films: np.ndarray) -> np.ndarray:
    """Return mean and standard deviation of each film's grey, (n, 2), in [0, 1]."""
    values = [(film.mean() / 255, film.std() / 255) for film in films]
    return np.array(values, np.float64).reshape(-1, 2)


def embedder(path: Path, format: str) -> Embed | None:
    """Return what reads a network's embedding of films, uint8 (n, s, s) to (n, d); None where it cannot be read.

    It is what the last dense layer reads: of a LiteRT file the input of its last fully connected operation.
    """
    try:
        read = _litert_embedding(path) if format == "tflite" else _keras_embedding(path, format)
    except RadlibError:
        return None
    if read is None:
        return None

    def embed(films: np.ndarray) -> np.ndarray:
        parts = [
            read(films[start : start + AT_ONCE, ..., None] / np.float32(255))
            for start in range(0, len(films), AT_ONCE)
        ]
        return np.concatenate(parts).reshape(len(films), -1)

    return embed


def _keras_embedding(path: Path, format: str) -> Embed | None:
    model = formats.load_network(path, format)
    dense = [] if model is None else [x for x in model.layers if isinstance(x, backend.keras().layers.Dense)]
    if not dense:
        return None
    part = backend.keras().Model(model.inputs, dense[-1].input)
    return lambda films: part(films, training=False).numpy()


def _litert_embedding(path: Path) -> Embed | None:
    interpreter: Any = open_transparent(path)
    dense = [o for o in interpreter._get_ops_details() if o["op_name"] == "FULLY_CONNECTED"]
    if not dense:
        return None
    read = litert_reader(interpreter, {"embedding": int(dense[-1]["inputs"][0])})
    return lambda films: read(films)["embedding"]
