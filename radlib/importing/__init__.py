"""An own network, brought in: a trained file from elsewhere becomes the original of a run.

It imports all rooms below but `training`. Begin with `originals.import_network`, then `guard` (what a file is, its content
says and not its name), `layout` (how it wants to be given a film, asked once and written into the network itself) and
`workers` (before anything opens it here, a process that may die has).

| what comes in | how it is read | what takes it |
|---|---|---|
| `.tflite` of float32 | operations added in front and behind, in a worker | `dynamic`, `float16`, `int8`, `int16x8`, `aeq_int4`, `aeq_weight_only`, `mixed_precision` |
| `.tflite` of integers | likewise, its own grid kept | nothing: it is quantized already |
| `.keras` of Keras's own layers | configuration as data, rebuilt from a closed list of layers | every technique |
| whole-model `.h5` of Keras 1, 2 or 3 | its JSON and its tensors as data, rebuilt likewise | every technique |
| `.pt2`, `.onnx` | converted in an environment of its own | the same |
| weights alone, with `architecture` | tensors by name and shape | every technique |
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["demonstration", "guard", "keras_network", "tasks", "workers"],
    submod_attrs={
        "answers": ["Answers"],
        "layout": ["InputLayout"],
        "originals": ["import_network"],
        "usual_readings": ["tried_lines"],
    },
)
