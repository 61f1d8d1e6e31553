"""Are the test films of the kind that everything was chosen on? Asked before a test film is scored, and without labels.

Thresholds and winner come from validation films. If the test films come from another room, validation scores promise what
the test will not keep, and it is honest to know that before its scores are seen. So the films of both are described by a
few numbers each (`imaging.film_features`), and a classifier tries to tell them apart (`metrics.shift`).

Of the test films the numbers are kept below `typical_films/`, in an order that is drawn and with patients numbered anew:
`radlib predict` compares the films of a site with them in the same way. No picture and no id is among them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radlib import metrics
from radlib.formats.tensor_files.numpy_archives import check_growth
from radlib.foundation.errors import RadlibError
from radlib.foundation.record_files import read_arrays, remembered
from radlib.foundation.storage import atomic_path, write_json
from radlib.imaging.film_features import FEATURES, MEANINGS, aspect_of, film_features

if TYPE_CHECKING:  # who has the films of a site compared opens no run
    from radlib.datasets.films import Films, FilmSplits
    from radlib.runs.runs import Run

FILE = "shift.json"
FOLDER = "typical_films"
REVISION = 1  # raised when features or test change
FILMS = 1000  # of each set, drawn: more would show ever smaller shifts, and take longer
PERMUTATIONS = 199
TOLD_APART = 0.6  # AUROC; below it two sets overlap so much that a shift is no more than a trait of the draw
SURE = 0.01  # p-value
NAMED = 0.05  # adjusted p-value of a feature that is named
CARRY_OVER = "Validation scores do not carry over"


def compare_splits(run: "Run", films: "FilmSplits") -> dict[str, Any]:
    """Compare validation with test films, and write what was found to `shift.json`; labels are not read.

    Args:
        run: The run.
        films: Its films; what is stored for the same films is not done again.

    Returns:
        What the file holds, see `compared`, with `fingerprint` and `revision`.
    """
    known = {"fingerprint": films.fingerprint, "revision": REVISION}
    stored = remembered(run.path(FILE))
    if known.items() <= stored.items():
        return stored
    tested = reference_films(run, films)
    found = {**known, **compared(*described(films.validation), tested["features"], tested["patients"])}
    write_json(run.path(FILE), found)
    return found


def compared(
    first: np.ndarray, first_patients: np.ndarray, second: np.ndarray, second_patients: np.ndarray
) -> dict[str, Any]:
    """Return how far two sets of films can be told apart, for JSON.

    Args:
        first: Features, float (n, features).
        first_patients: Numbers (n,).
        second: Likewise, (m, features).
        second_patients: Numbers (m,); none of them is one of the first set's.

    Returns:
        `films` and `patients` of both, `reason` (why nothing can be said; else empty), and then `auroc`, `p`, `usual`,
        `permutations`, and `features`: a record each, `feature`, `aspect`, `meaning`, `auroc`, `p`, and the medians `first` and
        `second`, those that differ most first.
    """
    names = np.char.add("a", first_patients.astype(str)), np.char.add("b", second_patients.astype(str))
    sizes = {
        "films": [len(first), len(second)],
        "patients": [len(np.unique(name)) for name in names],
    }
    if min(sizes["patients"]) < metrics.FEWEST_PATIENTS:
        few = f"fewer than {metrics.FEWEST_PATIENTS} patients on one side"
        return {**sizes, "reason": few}
    found = metrics.shift_of(first, second, *names, permutations=PERMUTATIONS)
    medians = np.median(first, axis=0), np.median(second, axis=0)
    order = np.argsort(-np.abs(found.each - 0.5), kind="stable")
    features = [
        {
            "feature": FEATURES[place],
            "aspect": aspect_of(FEATURES[place]),
            "meaning": MEANINGS[FEATURES[place]],
            "auroc": float(found.each[place]),
            "p": float(found.p_each[place]),
            "first": float(medians[0][place]),
            "second": float(medians[1][place]),
        }
        for place in order
    ]
    return {**sizes, "reason": "", "auroc": found.auroc, "p": found.p, "usual": found.usual,
            "permutations": PERMUTATIONS, "features": features}  # fmt: skip


def is_shifted(found: Mapping[str, Any]) -> bool:
    """Tell whether two sets are of different kinds: told apart beyond chance, and by more than a little."""
    return not found.get("reason", "unknown") and found["p"] <= SURE and found["auroc"] >= TOLD_APART


def differing_aspects(found: Mapping[str, Any]) -> list[str]:
    """Return in what two sets differ, such as `sharpness`, by their features that do; the clearest first."""
    clear = [each["aspect"] for each in found.get("features", ()) if each["p"] <= NAMED]
    return list(dict.fromkeys(clear))


def told_apart_words(found: Mapping[str, Any]) -> str:
    """Return how far two sets are told apart, and in what they differ, as a part of a sentence."""
    aspects = differing_aspects(found)
    most = f"; most by {' and '.join(aspects[:2])}" if aspects else ""
    return (
        f"told apart with AUROC {found['auroc']:.2f}, where two draws of the same films stay below {found['usual']:.2f} "
        f"(p {found['p']:.3f}){most}"
    )


def shift_banner(found: Mapping[str, Any]) -> str:
    """Return the sentence that stands over a winner whose test films are of another kind; empty when they are not."""
    if not is_shifted(found):
        return ""
    return f"{CARRY_OVER}: the test films are of another kind than those that everything was chosen on ({told_apart_words(found)})."


def described(films: "Films") -> tuple[np.ndarray, np.ndarray]:
    """Return features of films drawn once and for all, and whose they are, in an order that tells nothing.

    Args:
        films: Any.

    Returns:
        float32 (at most `FILMS`, features) and int64 numbers of patients.
    """
    generator = np.random.default_rng(0)
    chosen = generator.permutation(len(films))[:FILMS]
    _, patient = np.unique(films.patient_ids[chosen], return_inverse=True)
    numbers = generator.permutation(len(chosen))[patient]
    parts = [
        film_features(films.source[films.positions[chosen[start : start + 64]]])
        for start in range(0, len(chosen), 64)
    ]
    features = np.concatenate([np.zeros((0, len(FEATURES))), *parts])
    return features.astype(np.float32), numbers.astype(np.int64)


def reference_path(run_folder: Path, preparation: str) -> Path:
    """Return where the description of a run's test films lies, as films prepared in one way look.

    Args:
        run_folder: The run's.
        preparation: Digest of the preparation, see `Variant.preprocessing`.
    """
    return run_folder / FOLDER / f"reference.{preparation}.npz"


def reference_films(run: "Run", films: "FilmSplits") -> dict[str, np.ndarray]:
    """Return the description of a run's test films, and write it once; see `read_reference`."""
    path = reference_path(run.folder, films.preprocessing.digest())
    found = read_reference(path)
    if found is not None and str(found["fingerprint"]) == films.fingerprint:
        return found
    features, patients = described(films.test)
    made: dict[str, Any] = {
        "features": features,
        "patients": patients,
        "fingerprint": np.array(films.fingerprint),
        "revision": np.array(REVISION),
    }
    with atomic_path(path) as partial, partial.open("wb") as stream:
        np.savez(stream, **made)
    return made


def read_reference(path: Path) -> dict[str, np.ndarray] | None:
    """Return a description of test films: `features` (n, features), `patients` (n,), `fingerprint`, `revision`.

    None where there is none, or it is damaged or of another revision: nothing rests on it but a remark.
    """
    try:
        check_growth(path)
        found = read_arrays(path, ("features", "patients", "fingerprint", "revision"))
        features, patients = found["features"], found["patients"]
        sound = features.shape == (len(patients), len(FEATURES)) and np.isfinite(features).all()
        return found if sound and int(found["revision"]) == REVISION else None
    except (RadlibError, TypeError, ValueError):
        return None
