"""Every figure of the notebooks and the report: data in, Axes out; begin with `style`, then any question's file.

One file per notebook or question. A figure function takes arrays or DataFrames, draws into the Axes it is given or into a
new figure, and returns them; it never loads, predicts or saves. Intervals are always drawn, sizes stand on a
logarithmic axis, and the palette means the same everywhere: colour is the kind of technique, marker the file
format, black the original.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "agreement": ["confidence_clouds"],
        "binarization": ["binary_layer", "kernel_tables", "weight_bits"],
        "boxes": ["film_boxes", "froc_curves"],
        "code_examples": ["code_tree", "gap_line"],
        "coding": ["block_candidates", "block_costs", "index_bits", "random_codes", "rate_curves"],
        "comparison": [
            "auroc_by_label",
            "auroc_differences",
            "cost_against_auroc",
            "latency_against_auroc",
            "size_against",
            "size_against_auroc",
        ],
        "compression": [
            "representative_counts",
            "sensitivity_curves",
            "size_bars",
            "sparsity_by_layer",
            "sparsity_schedule",
            "weight_histograms",
        ],
        "differences": ["difference_against_size"],
        "distillation": ["film_losses", "students_learning", "temperature_differences"],
        "factors": ["factored_matrix", "kept_components"],
        "few_bits": ["logits_moved", "noise_by_bits", "scores_by_bits", "weight_walk"],
        "films": [
            "ages_and_views",
            "class_counts",
            "film_grid",
            "pixel_statistics",
        ],
        "forest_plot": ["forest"],
        "grids": ["number_grids"],
        "inference": ["film_readings", "occlusion_map"],
        "insides": ["channel_rows", "heat_map_row", "layer_noise", "stored_weights"],
        "methods": ["byte_parts", "codebook", "softened_answers", "spectra"],
        "outlines": ["dice_of_films", "film_outlines"],
        "rounding": ["clip_balance", "layer_sensitivity", "straight_through"],
        "search": ["search_curves", "search_front"],
        "stress": ["dice_under_stress", "stress_curves"],
        "sweeps": ["sweep_curves"],
        "usefulness": ["decision_curve", "precision_recall"],
        "training": ["calibration", "learning_curves", "probability_histogram", "roc"],
    },
)
