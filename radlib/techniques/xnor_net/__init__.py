"""XNOR-Net (Rastegari et al., 2016): signs for weights and inputs, so that products become bit counts.

`binary_layers` trains them, `sign_products` counts them, `file_format` stores them. Begin with `xnor_net`. The core is
`binary_layers.binary_weights`.
"""
