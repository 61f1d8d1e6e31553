"""Quantization: fewer bits for a weight, and for what flows between layers.

`converter` asks TensorFlow's converter, `aeq` writes one recipe after another onto one LiteRT file, `qat` trains with
rounding in the loop (Jacob et al., 2018). Begin with `rounding`, which shows what a rounded weight costs.
"""
