"""Quantization: fewer bits for a weight, and for what flows between layers.

`converter` quantizes a Keras network while it converts it, `aeq_recipes` one that is a LiteRT file already, `aeq` has what
only such a file can become, and `qat` trains with rounding in the loop (Jacob et al., 2018). Begin with `rounding`, which
shows what a rounded weight costs. The cores are `rounding.round_to_grid` and `rounding.octav_clip`.
"""
