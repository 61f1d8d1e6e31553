"""Which group each test film belongs to, written beside the predictions so that a report can ask who is harmed.

Only the group is written, never an age: `40–64` says nothing about one person.
"""

from radlib import metrics
from radlib.datasets.films import Films
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import table_text
from radlib.foundation.storage import write_text
from radlib.runs.runs import Run

FILE = "groups.csv"
VALIDATION = "validation_groups.csv"
KINDS = ("age_group", "sex", "view", "source")


def film_groups(films: Films) -> "pd.DataFrame":
    """Return the groups of each film, as far as the data set knows them.

    Args:
        films: Usually the test films; their index may have `age` (years), `sex`, `view` and `source`.

    Returns:
        DataFrame with `image_id` and those of `KINDS` that are known of any film; text, empty where unknown.
    """
    index = films.index
    table = pd.DataFrame({"image_id": films.image_ids})
    if "age" in index:
        table["age_group"] = [
            metrics.age_group(years) for years in pd.to_numeric(index["age"], errors="coerce")
        ]
    for kind in ("sex", "view", "source"):
        if kind in index:
            table[kind] = index[kind].astype("string").fillna("").str.strip().to_numpy()
    return table[["image_id", *(kind for kind in KINDS if kind in table and (table[kind] != "").any())]]


def write_film_groups(run: Run, films: Films, file: str = FILE) -> None:
    """Write the groups of a run's test films, or of others to another file; nothing where the data set knows none."""
    table = film_groups(films)
    if len(table.columns) > 1:
        write_text(run.path(file), table_text(table))
