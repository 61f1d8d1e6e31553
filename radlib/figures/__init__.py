"""Every figure of the notebooks and the report: data in, Axes out.

One file per notebook or question. A figure function takes arrays or DataFrames, draws into the Axes it is given or into a
new figure, and returns them; it never loads, predicts or saves. Intervals are always drawn, sizes stand on a
logarithmic axis, and the palette means the same everywhere: colour is the kind of technique, marker the file
format, black the original.
"""

from radlib.figures.agreement import confidence_clouds
from radlib.figures.binarization import binary_layer
from radlib.figures.coding import block_costs, random_codes
from radlib.figures.comparison import (
    auroc_by_label,
    auroc_differences,
    auroc_ladder,
    latency_against_auroc,
    size_against_auroc,
)
from radlib.figures.compression import (
    representative_counts,
    sensitivity_curves,
    size_bars,
    sparsity_by_layer,
    sparsity_schedule,
    weight_histograms,
)
from radlib.figures.films import (
    ages_and_views,
    augmentation_grid,
    class_counts,
    film_grid,
    pixel_statistics,
    split_table_bars,
)
from radlib.figures.forest import forest
from radlib.figures.inference import (
    feature_maps,
    film_readings,
    occlusion_map,
    prediction_bar,
    prediction_bars,
)
from radlib.figures.insides import channel_rows, heat_map_row, layer_noise, stored_weights
from radlib.figures.methods import byte_parts, codebook, softened_answers, spectra
from radlib.figures.rounding import clip_balance, straight_through
from radlib.figures.style import auroc_text, human_bytes, human_count
from radlib.figures.training import calibration, learning_curves, probability_histogram, roc

__all__ = [
    "ages_and_views",
    "augmentation_grid",
    "auroc_by_label",
    "auroc_differences",
    "auroc_ladder",
    "auroc_text",
    "binary_layer",
    "block_costs",
    "byte_parts",
    "calibration",
    "channel_rows",
    "class_counts",
    "clip_balance",
    "codebook",
    "confidence_clouds",
    "feature_maps",
    "film_grid",
    "film_readings",
    "forest",
    "heat_map_row",
    "human_bytes",
    "human_count",
    "latency_against_auroc",
    "layer_noise",
    "learning_curves",
    "occlusion_map",
    "pixel_statistics",
    "prediction_bar",
    "prediction_bars",
    "probability_histogram",
    "random_codes",
    "representative_counts",
    "roc",
    "sensitivity_curves",
    "size_against_auroc",
    "size_bars",
    "softened_answers",
    "sparsity_by_layer",
    "sparsity_schedule",
    "spectra",
    "split_table_bars",
    "stored_weights",
    "straight_through",
    "weight_histograms",
]
