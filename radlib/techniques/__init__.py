"""Techniques: functions that make one variant from another, and chains of them; a room for each method.

It imports all rooms below but `metrics` and `imaging`, and no method imports another's room. Begin with `building.compress` (how a chain is built, link by
link, each once), then the method you came for: `pruning/`, `quantization/`, `deep_compression/`, `distillation`, `low_rank/`,
`xnor_net/`, `miracle/`.

A technique is one registered function `technique(model, data, *, parameters…) -> Product`; it says what it consumes and
produces, so that a chain is checked before anything is trained.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["distillation"],
    submod_attrs={
        "building": [
            "build_variants",
            "chain_label",
            "check_as_made",
            "check_chain",
            "compress",
            "compress_each",
            "technique_parameters",
        ],
        "data": ["Product", "TechniqueData"],
        "deep_compression.clustering": [],
        "deep_compression.codebook_views": [],
        "deep_compression.deep_compression": [],
        "deep_compression.file_format": [],
        "deep_compression.shared_weights": [],
        "kernels": ["prunable_layers", "pruned_kernel"],
        "low_rank.decomposition": [],
        "low_rank.low_rank": [],
        "low_rank.low_rank_views": [],
        "low_rank.ranks": [],
        "miracle.block_coding": ["Schedule", "code_of", "coding_rounds", "network_of"],
        "miracle.file_format": ["decode_model", "encode_model"],
        "miracle.miracle": ["plan_blocks"],
        "miracle.miracle_views": [],
        "miracle.random_codes": [],
        "miracle.weight_posteriors": ["learner_of"],
        "pruning.channel_pruning": [],
        "pruning.filter_pruning": [],
        "pruning.magnitude_pruning": [],
        "pruning.structure_views": [],
        "pruning.surgery.budget": ["choose"],
        "pruning.surgery.importance": ["kernel_norms"],
        "pruning.surgery.rebuild": ["remove_channels"],
        "pruning.surgery.structure": ["group_table", "read_structure"],
        "pruning.unified_pruning": [],
        "quantization.converter": ["convert"],
        "quantization.fake_quantization": [],
        "quantization.rounding": [],
        "xnor_net.binary_layers": ["stored_layer"],
        "xnor_net.binary_networks": [],
        "xnor_net.binary_views": [],
        "xnor_net.convolution_geometry": ["geometry"],
        "xnor_net.file_format": [],
        "xnor_net.sign_products": ["best_counter", "dot_products", "pack_kernel", "scaled_products"],
    },
)
