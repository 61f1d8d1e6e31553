"""Quantization: fewer bits for a weight, and for what flows between layers.

`converter` quantizes a Keras network while it converts it, `aeq_recipes` one that is a LiteRT file already, `aeq` has what
only such a file can become, `mixed_precision` chooses the bits layer by layer, and `qat` trains with rounding in the loop
(Jacob et al., 2018). What keeps the scores is done to the float32 file before: `weight_grids`. Begin with `rounding`,
which shows what a rounded weight costs. The cores are `rounding.round_to_grid`, `rounding.octav_clip`,
`sensitivity.coarse_layers`, `bias_correction.bias_shift`, `equalization.equalizing_factors`,
`learned_rounding.learned_rounding` and `activation_ranges.least_error_range`.
"""
