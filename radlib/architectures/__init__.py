"""Networks by name: a feature extractor per architecture, one shared head from the task, weights from anywhere.

It imports `foundation`, `formats`, `runs`, and for the size of a cell `imaging`. Begin with `networks.build_network`, then `students` (the small ones drawn here)
and `heads` (what answers are made by; `outliners` give features at every pixel, `centre_networks` at every fourth); `counting` says what a network costs in
parameters and multiplications, and a new architecture is one registered function in a file of this folder.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "counting": ["unpack"],
        "inputs": ["input_record"],
        "networks": ["build_network"],
        "weights": ["find_weights", "load_weights"],
    },
)
