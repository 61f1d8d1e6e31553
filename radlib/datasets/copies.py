"""Films that are one exposure: copied files, equal pixels, and copies that were saved, trimmed or brightened.

The same film twice, once to learn from and once to be examined on, is the plainest leak there is, and neither
patient numbers nor file names show it. Equal pixels never lie on two sides of a split. Near-duplicates are
listed, and where a data set knows no patients they stand in for them: films that are one exposure are surely
one patient.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from radlib.foundation import storage
from radlib.foundation.extras import pandas as pd
from radlib.imaging import resemblance

COLUMNS = ("image_id", "other_image_id", "kind", "similarity")


def find_copies(image_ids: Sequence[str], marks: np.ndarray, cache_folder: Path) -> "pd.DataFrame":
    """List the pairs of films that are one exposure; remembered, since 100,000 films take minutes.

    Args:
        image_ids: Of the films, unique; copies of one file have equal first 12 digits.
        marks: uint8 (n, MARK_BYTES), see `resemblance.film_mark`.
        cache_folder: Where the list is kept, keyed by the image ids.

    Returns:
        One row per pair: `image_id`, `other_image_id`, `kind` (`file`: copied byte for byte, `pixels`: equal once
        decoded, `near`) and `similarity`, at most 1.
    """
    key = hashlib.sha256("\n".join([str(resemblance.REVISION), *image_ids]).encode()).hexdigest()[:16]
    memory = cache_folder / f"copies-{key}.csv"
    if not memory.is_file():
        pairs = resemblance.similar_pairs(marks)
        ids = np.asarray(image_ids, dtype=object)
        table = pd.DataFrame({"image_id": ids[pairs["first"]], "other_image_id": ids[pairs["second"]]})
        same_file = content_id(table["image_id"]) == content_id(table["other_image_id"])
        kinds = np.where(same_file, "file", np.where(pairs["same_pixels"], "pixels", "near"))
        table = table.assign(kind=kinds, similarity=pairs["similarity"].round(4))
        storage.write_text(memory, table.to_csv(index=False))
    return pd.read_csv(memory, dtype={"image_id": str, "other_image_id": str, "kind": str})


def content_id(image_ids: "pd.Series") -> "pd.Series":
    """Return image ids without the suffix of exact duplicates: equal for equal files."""
    return image_ids.str[:12]


def group_copies(index: "pd.DataFrame", pairs: "pd.DataFrame") -> "pd.DataFrame":
    """Name, for every film, the films that are the same.

    Args:
        index: With `image_id`.
        pairs: From `find_copies`; films that are in no pair, or could not be decoded, stand alone.

    Returns:
        The index with `content`, equal for films of equal pixels, and `exposure`, equal for films that are
        copies of each other by any chain of pairs. Both are the smallest image id of the group.
    """
    exact = pairs[pairs["kind"] != "near"]
    return index.assign(content=_groups(index["image_id"], exact), exposure=_groups(index["image_id"], pairs))


def _groups(image_ids: "pd.Series", pairs: "pd.DataFrame") -> np.ndarray:
    """Return the smallest image id of each film's connected component."""
    position = pd.Series(np.arange(len(image_ids)), index=image_ids.to_numpy())
    known = pairs["image_id"].isin(position.index) & pairs["other_image_id"].isin(position.index)
    first, second = (position[pairs.loc[known, name]].to_numpy() for name in ("image_id", "other_image_id"))
    shape = (len(image_ids), len(image_ids))
    from scipy import sparse  # here: it costs half a second, and only films that were read have copies
    from scipy.sparse import csgraph

    links = sparse.coo_array((np.ones(len(first), bool), (first, second)), shape)
    component = csgraph.connected_components(links, directed=False)[1]
    return content_id(image_ids).groupby(component).transform("min").to_numpy()


def copies_table(index: "pd.DataFrame", pairs: "pd.DataFrame") -> "pd.DataFrame":
    """Return the pairs with the split of both films, those in two splits first: what `copies.csv` holds.

    Args:
        index: With `image_id`, `patient_id` and `split`.
        pairs: From `find_copies`.

    Returns:
        `pairs` with `split`, `other_split`, `across` (in two splits) and `same_patient`; image ids say nothing
        about a person. Pairs with a film that the split left out are not listed.
    """
    films = index.set_index("image_id")[["split", "patient_id"]]
    known = pairs["image_id"].isin(films.index) & pairs["other_image_id"].isin(films.index)
    table = pairs[known].reset_index(drop=True)
    one, other = (films.loc[table[name]].reset_index(drop=True) for name in ("image_id", "other_image_id"))
    table["split"], table["other_split"] = one["split"], other["split"]
    table["across"] = one["split"] != other["split"]
    table["same_patient"] = one["patient_id"] == other["patient_id"]
    order = ["across", "similarity", "image_id", "other_image_id"]
    return table.sort_values(order, ascending=[False, False, True, True]).reset_index(drop=True)
