"""From a file that somebody calls a film to grey levels in [0, 1]: or to one of a closed list of reasons.

It imports `foundation` alone. Begin with `images.read_image` (one film) and `film_walk` (a folder of them); `dicom/` reads
what scanners write, `decoding/` reads films by the thousand in processes that may die, and `phantoms/` draws films of
nobody for the demo and the tests.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["operations", "resampling", "resemblance"],
    submod_attrs={
        "array_rows": ["row_reference", "split_reference"],
        "augmentation": ["Augmentation", "NO_AUGMENTATION"],
        "centre_maps": ["boxes_of", "by_label", "maps_of"],
        "moved_boxes": ["augment_boxes"],
        "varied_films": ["augment", "augment_batch"],
        "decoding.decode": ["Result", "decode_files"],
        "decoding.lone_films": ["decode_one_by_one", "film_reader", "lone_film"],
        "decoding.shards": ["Shard", "decode_shard", "parse_shard"],
        "decoding.pixels": ["StoredFilms", "stored_films"],
        "dicom.age_and_sex": ["age_years", "is_said", "sex"],
        "dicom.body_parts": ["body_part"],
        "dicom.files": ["open_header", "readable", "silence"],
        "film_content": ["content_of"],
        "film_reasons": ["REASONS"],
        "film_features": ["ASPECTS", "FEATURES", "MEANINGS", "aspect_of", "film_features"],
        "film_walk": ["FilmFolder", "left_out_sentence", "walk"],
        "images": [
            "Preprocessing",
            "image_id",
            "numbered_ids",
            "preparation_steps",
            "prepare",
            "read_image",
            "reading_steps",
        ],
        "narrow_range": ["is_narrow", "narrow_note"],
        "phantoms.dicom_writing": ["Header", "StorageKind", "write_film"],
        "phantoms.phantoms": ["draw_film", "draw_patient"],
    },
)
