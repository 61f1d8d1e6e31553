"""Weight files of other frameworks, read as plain arrays: by content, with limits, and without running anything.

Begin with `reading.read_tensors`.
"""
