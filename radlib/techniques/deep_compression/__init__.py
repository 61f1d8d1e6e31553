"""Deep Compression (Han, Mao and Dally, 2016): prune, share weights, and code what is left.

`clustering` and `codebooks` find the shared values, `shared_weights` trains them, `huffman` and `sparse_tensors` code, and
`file_format` is the file. Begin with `deep_compression`, which ties the stages together. The cores are `codebooks.lloyd`
and `huffman.code_lengths`.
"""
