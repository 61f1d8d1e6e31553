"""The ground that every room stands on: errors, registries, files that are whole or not there, text that may leave.

It imports no other room, and knows nothing of films or networks. Begin with `errors` (what a user is told), `registry` (how
a new entry is found) and `storage` (how a file is written); TensorFlow comes through `backend` alone.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["human_units", "processes"],
    submod_attrs={
        "backend": ["log_path", "quiet_stderr"],
        "digests": ["is_as_written"],
        "errors": [
            "DataError",
            "MissingExtra",
            "NotApplicable",
            "QualityGateError",
            "RadlibError",
            "SetupError",
            "UsageError",
        ],
        "extras": ["check_extra", "line_to_type", "pandas", "told"],
        "names": ["check_known", "nearest", "no_such"],
        "owner_only": ["opener"],
        "places": [
            "check_apart",
            "check_plain_name",
            "discard",
            "inside",
            "made_or_removed",
            "resolved",
            "shortest",
        ],
        "plain_text": ["plain", "plain_cell", "plain_line", "say", "say_line", "table_text"],
        "plain_yaml": ["LONGEST_TEXT", "PlainYamlError", "read_yaml"],
        "processors": ["thread_settings", "threads"],
        "record_files": [
            "RUN_AGAIN",
            "damaged",
            "numbers",
            "read_arrays",
            "read_columns",
            "read_object",
            "read_table",
            "remembered",
        ],
        "registry": ["ARCHITECTURES", "DATASETS", "Entry", "FORMATS", "Registry", "TECHNIQUES"],
        "scratch": ["film_scratch"],
        "storage": [
            "atomic_path",
            "deflated_bytes",
            "disk_errors",
            "disk_sentence",
            "file_sha256",
            "only_process",
            "put_in_place",
            "spec_digest",
            "try_lock",
            "write_json",
            "write_text",
        ],
        "value_types": [
            "Budget",
            "Count",
            "Factor",
            "Passes",
            "PositiveShare",
            "Range",
            "Share",
            "ShareBelowOne",
            "WithinData",
            "accepted",
            "as_written",
            "plain_type",
        ],
    },
)
