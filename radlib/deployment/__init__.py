"""A variant leaves for where it will be used: exported, asked about a site's own films, given the site's threshold.

It imports all rooms below but `architectures`, `training` and `importing`. Begin with `export.export_variant`, then `answer_tables.answer_films` (what `radlib predict` does) and
`site_threshold`; `verification/` asks whether a run is still what it says it is.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["device_views", "page_views"],
    submod_attrs={
        "answer_tables": ["Choices", "answer_films"],
        "bench.bench": ["bench_bundle"],
        "bench.benchmark_model": ["bench_output"],
        "bench.energy": ["with_meter_table"],
        "bench.into_run": ["take_measurements"],
        "bench.result_files": ["middle_ms", "read_result", "result_lines", "result_name", "write_result"],
        "box_files": ["film_boxes", "reading_with_boxes"],
        "export": ["drawn_films", "export_variant"],
        "mask_pictures": ["film_masks", "mask_writer", "masks_of"],
        "outline_files": ["reading_with_outlines"],
        "micro.trial": ["micro_trial"],
        "own_films": ["predict_folder"],
        "page.serving": ["shown_page"],
        "page.variant_records": ["page_variant"],
        "page.writing": ["write_page"],
        "reading.read": ["read_bundle"],
        "reading.watched_bundle": ["watch_folder"],
        "verification.verify": ["summary", "verify"],
    },
)
