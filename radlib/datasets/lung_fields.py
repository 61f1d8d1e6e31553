"""Lung fields on the films of Shenzhen and Montgomery, outlined by hand: in two styles, that of each hospital.

The films are those of `tb`; a film without a mask is left out. Montgomery's masks come as one for each lung, Shenzhen's as one for
both (students'; a few of them are known to take in the stomach bubble or the heart). Both leave out the lung behind heart and
diaphragm and follow the visible lung in effusions.
"""

from collections import defaultdict
from pathlib import Path
from typing import Literal

from radlib.datasets.dataset import Dataset, Survey
from radlib.datasets.masks import with_masks
from radlib.datasets.tb import MASKS, hospital_films, tb, walked
from radlib.foundation.errors import DataError
from radlib.foundation.human_units import plural
from radlib.foundation.registry import DATASETS
from radlib.runs import tasks

WITHOUT = "without a mask of the lungs"


def survey(folder: Path, *, hospital: str, **_: object) -> Survey:
    """Count the films that are used, without reading one or a mask."""
    paths, left_out = hospital_films(folder, hospital)
    masked = masks_of(folder)
    used = sum(path.stem in masked for path in paths)
    rest = {key: count for key, count in left_out.items() if key != MASKS}
    return Survey(used, {**rest, WITHOUT: len(paths) - used} if used < len(paths) else rest)


def masks_of(folder: Path) -> dict[str, list[Path]]:
    """Return the masks that lie in a folder or below, by the name of their film."""
    beside: dict[str, list[Path]] = defaultdict(list)
    for mask in walked(folder)[2]:
        beside[mask.stem.removesuffix("_mask")].append(mask)
    return beside


@DATASETS.register(
    title="Lung fields on adult chest films of two hospitals: Shenzhen and Montgomery (NLM, 2014)",
    citation=(
        "Jaeger S, Candemir S, Antani S, Wang YX, Lu PX, Thoma G. Two public chest X-ray datasets for computer-aided "
        "screening of pulmonary diseases. Quant Imaging Med Surg 4(6), 2014, 475-477. Masks of Montgomery: Candemir S et al. "
        "IEEE Trans Med Imaging 33(2), 2014, 577-590; of Shenzhen: Stirenko S et al. IEEE ELNANO 2018, arXiv 1803.01199."
    ),
    licence="Films: the National Library of Medicine asks to be named; masks of Shenzhen: unknown, not for sale until checked",
    needs_files=True,
    survey=survey,
    kaggle=("pulmonary-chest-xray-abnormalities",),
)
def lung_fields(
    folder: Path,
    *,
    hospital: Literal["both", "shenzhen", "montgomery"] = "both",
    split: Literal["hospital", "seeded"] = "seeded",
) -> Dataset:
    """Read the films of Shenzhen and Montgomery that have masks of the lungs.

    Args:
        folder: The folder that holds films and masks, in it or below.
        hospital: `both`, or one alone: `shenzhen` or `montgomery`.
        split: `hospital`: with both, Montgomery's films are the test; `seeded`: all parts are drawn by patient.

    Returns:
        The data set; label `lung`, one outline for both; what else is known of the films as `tb` has it.

    Raises:
        DataError: When there are no films, one lies there twice, or no film has a mask.
    """
    films = tb(folder, hospital=hospital, split=split)
    beside = masks_of(folder)
    found = [beside.get(Path(path).stem, []) for path in films.index["path"]]
    known = [bool(masks) for masks in found]
    if not any(known):
        raise DataError(
            f"No mask of a lung is in {folder.name!r} or below; put them into a folder whose name has the word mask."
        )
    index = with_masks(films.index, found)[known].assign(lung=1.0).drop(columns="tuberculosis")
    without = len(films.index) - len(index)
    notes = [note for note in films.notes if "masks of lungs" not in note and "are tied" not in note]
    notes += [f"{plural(without, 'film', 'are')} left out for want of a mask of the lungs."] * (without > 0)
    task = tasks.outlines(["lung"])
    return Dataset(index.reset_index(drop=True), task, folder, tuple(notes), films.patients_known)
