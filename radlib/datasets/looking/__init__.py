"""A folder and a study looked at before anything is trained: what lies there, and what can come of it.

Begin with `folder_looks.look_at` (what `radlib new` asks) and `prospects` (what `radlib check` says of patients and margins).
"""
