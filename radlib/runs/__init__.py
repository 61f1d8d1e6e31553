"""A run on disk: its study, its settings, its variants, and the rule that nothing finished is ever done twice.

It imports `foundation`, for what a task is judged by `metrics`, and for the filters that a setting may name `imaging`. Begin with `runs.open_run`, then `variants` (one
stored model and everything needed to say what it is) and `settings` (every key of a study, with type and range).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["stored_runs"],
    submod_attrs={
        "chains": ["Link", "canonical_chain", "parse_chain"],
        "counted": ["PATIENTS", "SINGLE", "Counted", "counted_in", "counted_named", "counted_of", "told"],
        "damaged_variants": ["set_aside_damaged"],
        "imported_networks": ["is_imported", "names", "note_import"],
        "private": ["film_path", "private_folder", "read_places", "write_places"],
        "refusals": ["forget_refusal", "keep_refusal", "refusal_table", "refuse_again"],
        "run_locks": ["only_start"],
        "run_records": ["begun_record", "margins_in", "no_run", "place", "read_record", "withheld"],
        "runs": [
            "Run",
            "check_output",
            "open_run",
            "outputs_root",
            "planned_run",
            "reopen_run",
            "run_folder",
        ],
        "seen_films": ["SeenFilms", "read_seen_films", "write_seen_films"],
        "settings": ["Settings", "is_place", "settings_table"],
        "studies": ["Study", "home_folder", "load_study", "notebooks_folder", "study_names"],
        "tasks": ["Task", "task_of"],
        "variants": ["Step", "Variant", "library_versions", "read_variant", "variant_key", "variant_name"],
    },
)
