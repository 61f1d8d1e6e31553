"""Films and what is known about them: one table per data set, whatever it looked like on disk.

It imports `foundation`, `metrics`, `formats`, `imaging` and `runs`. Begin with `dataset.Dataset`, then `folders`, as short as a data
set can be: one function from a folder to a `Dataset`, registered by name, in a file of its own; `films` splits by patient and
hands out batches, `tables/` reads tables as people write them, `fetching/` downloads with a hash.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["chestxray14", "dicom_folder", "rsna", "splits"],
    submod_attrs={
        "dataset": [
            "Dataset",
            "Survey",
            "find_data",
            "folder_of",
            "is_drawn",
            "load_dataset",
            "positive_counts",
            "unique_image_ids",
        ],
        "fetching.fetch": ["fetch"],
        "films": [
            "FilmSplits",
            "Films",
            "films_for",
            "open_films",
            "preprocessing_of",
        ],
        "film_shards": ["decode_part"],
        "perturbed_films": ["choice_films", "perturbation_of", "perturbed"],
        "film_records": ["MAX_UNREADABLE"],
        "looking.folder_looks": ["FolderLook", "look_at"],
        "looking.prospects": ["answerable_margin", "prospects"],
        "looking.samples": ["sample_of"],
        "looking.table_looks": ["TableLook", "table_columns"],
        "tables.site_tables": ["read_site_table"],
    },
)
