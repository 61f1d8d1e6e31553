"""Low rank: a kernel becomes a product of thinner ones, by SVD or Tucker-2 (Kim et al., 2016).

`ranks` chooses how thin, by evidence or by a budget; `factored_layers` builds the layers. Begin with `decomposition`. The
cores are `decomposition.truncated_svd`, `decomposition.tucker2` and `decomposition.evbmf_bound`.
"""
