"""Tables of labels as people write them: one reader for all; begin with `label_tables`."""
