"""What every variant answers, which threshold and which variant are chosen, and what each costs.

It imports all rooms below. Begin with `predictions.predict`, then `selection.select` (thresholds and the winner, from validation
films, before any test prediction exists) and `measuring.measure` (bytes, latency, memory); `insides/` looks into the
networks: what changed in each layer, and where each looks; `search/` tries many of them.

Each step is stored and never done twice. Intervals, paired tests and curves need no model after that.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["odd_films", "scoring_log"],
    submod_attrs={
        "answers": ["Predictions", "mean_auroc"],
        "choices": ["read_choices", "read_selection", "thresholds"],
        "conclusions": [
            "CONCLUSIONS",
            "FIRST_WORDS",
            "THE_ORIGINAL",
            "TONES",
            "VERDICTS",
            "chance_words",
            "conclusion",
            "questions_of",
            "tone_alone",
        ],
        "deciding": ["Answer", "Decider", "no_probability"],
        "examination": ["examine"],
        "film_shift": [
            "FILMS",
            "compared",
            "is_shifted",
            "read_reference",
            "shift_banner",
            "reference_path",
            "told_apart_words",
        ],
        "film_groups": ["VALIDATION"],
        "gate": ["gate_of"],
        "hit_and_miss": ["HIT", "MISS", "hit_and_miss_path", "picture_path"],
        "inference": ["opened_model", "predict_files"],
        "insides.heat_maps": ["heat_maps_path"],
        "insides.layer_comparison": ["insides_path"],
        "insides.layers": [],
        "insides.occlusion": ["occlusion"],
        "insides.stored_weights": [],
        "kernel_sweep": ["kernel_sweep", "network_sweep"],
        "learnt": ["alarm", "answers_of", "not_learnt", "stored_not_learnt"],
        "energy_estimate": ["estimated_energy"],
        "mean_confidence": ["film_confidence"],
        "measuring": ["COLUMNS", "DEVICE_UNITS", "UNITS", "measure", "work_of", "work_table"],
        "predictions": [
            "films_of",
            "load_predictions",
            "predict",
            "predictions_path",
            "run_of",
            "split_fingerprint",
        ],
        "probes": ["describe_host", "in_fresh_process", "processor_name"],
        "boxed": ["Boxed"],
        "outlined": ["Outlined", "drawn_masks", "masks_path", "read_masks"],
        "overlays": ["PLACES", "overlay_path", "overlays_path"],
        "records": ["RECORDS", "predictions_in"],
        "search.files": ["scale_words"],
        "search.fronts": ["Found", "Taken", "curves", "file_table", "take", "tolerated"],
        "search.halving": ["ENDING", "Limits", "search", "search_run", "worth_going_on"],
        "search.budgets": ["Budget"],
        "search.space": ["space_for"],
        "search.trials": ["check_same_search", "read_trials"],
        "selection": ["select", "winner_of"],
        "stress": ["KINDS", "STEPS", "load_stress", "put_under_stress"],
        "thumbnails": ["thumbnail_path"],
        "threshold_rules": ["operating_points", "rule_numbers", "rule_of", "why_none"],
        "typical_films": ["Typical", "embedder", "read_typical", "typical_of", "typical_path", "warnings_of"],
        "workers": ["Workers"],
    },
)
