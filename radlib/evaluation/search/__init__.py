"""Which network, at which size, compressed how? A search on validation films alone, cheap before dear: what `radlib fit` does.

Begin with `halving.search` (the networks), then `files` (what is made of each, and how it is scored); `space` says what there is
to choose among, `budgets` what a file may cost, `trials` how a search that was killed goes on, and `fronts` what is taken in the end.
"""
