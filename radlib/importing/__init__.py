"""An own network, brought in: a trained file from elsewhere becomes the original of a run.

A team with a trained network wants the same notebooks and the same report as for one trained here. It enters as an
*original*, the variant that all others are made from, with two differences: nobody trains it, and it may exist as a
LiteRT file only. What it is, its content says and not its name (`guard`); how it wants to be given a film is asked
once (`layout`) and written into the network itself; and before anything opens it here, a process that may die has
(`workers`).

| what comes in | how it is read | what takes it |
|---|---|---|
| `.tflite` of float32 | operations added in front and behind, in a worker | recipes for LiteRT files (`aeq_…`) |
| `.tflite` of integers | likewise, its own grid kept | nothing: it is quantized already |
| `.keras` of Keras's own layers | configuration as data, rebuilt from a closed list of layers | every technique |
| whole-model `.h5` of Keras 1, 2 or 3 | its JSON and its tensors as data, rebuilt likewise | every technique |
| `.pt2`, `.onnx` | converted in an environment of its own | recipes for LiteRT files |
| weights alone, with `architecture` | tensors by name and shape | every technique |
"""
