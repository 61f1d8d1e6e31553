"""Chest films of nobody, drawn from a seed, and written as DICOM; begin with `phantoms.draw_film`."""
