"""Surgery on trained networks: which channels depend on each other, and how to take some out.

Begin with `structure.read_structure`, which follows every channel through a Keras graph and finds the smallest units
that can leave. `importance` scores them, `budget` chooses which go, and `rebuild` builds the smaller network: plain
layers with the surviving weights, no masks. `sensitivity` shows beforehand what each group of channels costs.
"""
