"""Films decoded by the thousand, in processes that may die and within limits; begin with `decode.decode_files`."""
