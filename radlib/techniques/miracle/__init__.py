"""MIRACLE (Havasi, Peharz and Hernández-Lobato, 2019): a network sent as the number of one random draw.

`weight_posteriors` learns what may vary, `block_coding` sends it block by block, `random_codes` finds the draw, and
`file_format` is the file. Begin with `miracle`. The core is `random_codes.encode_block`.
"""
