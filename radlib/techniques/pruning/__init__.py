"""Pruning: weights, filters and channels that matter least are taken out.

Single weights become zeros and the file packs them (`magnitude_pruning`; Han et al., 2015; Zhu and Gupta, 2017); whole
filters and channels leave the network, which becomes smaller and faster everywhere (`filter_pruning`, Molchanov et al., 2019;
`channel_pruning`, He et al., 2017; both at once in `unified_pruning`). Begin with `magnitude_pruning`; `surgery/` cuts. The
cores are `magnitude_pruning.sparsity_schedule` and `surgery.importance.loss_changes`.
"""
