"""Model files: how each kind is written, and how each is opened as one function from films to probabilities.

It imports `foundation` alone; a method of `techniques` keeps its own format beside itself, as `file_format`. Begin with
`predictors.open_model`: a caller never asks what lies in a file, and every `Predictor` keeps the model contract (grey films
in [0, 1], one row of probabilities per film); `tensor_files/` reads weight files of other frameworks as plain arrays.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "coded_files": ["CodedFile", "Place", "places_of"],
        "container": ["reason_of"],
        "graphs": ["build_graph", "describe_graph", "functional", "weight_name"],
        "keras": ["keras_predictor", "load_model", "model_bytes"],
        "keras_archive": [
            "check_plain_members",
            "count_weights",
            "read_configuration",
            "read_weights",
            "snake_case",
        ],
        "litert_tables": ["packed", "read_file", "read_tables", "said_anew"],
        "plain_tensors": ["plainest", "read_plain"],
        "predictors": [
            "Predictor",
            "format_of",
            "grey_levels",
            "load_network",
            "open_model",
            "save_model",
            "unit_range",
        ],
        "tensor_files.archive_members": ["checked_members"],
        "tensor_files.hdf5_files": [
            "attribute_names",
            "attribute_text",
            "data_sets",
            "last_number",
            "opened_hdf5",
        ],
        "tensor_files.contents": ["content_of", "zip_content"],
        "tensor_files.numpy_archives": ["check_growth"],
        "tensor_files.pickles": [],
        "tensor_files.pytorch": [],
        "tensor_files.reading": ["kind_of", "read_tensors"],
        "tflite": ["TensorEnd", "tensor_ends", "to_stored", "write_bytes"],
    },
)
