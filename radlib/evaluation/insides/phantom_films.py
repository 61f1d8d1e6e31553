"""Drawn films in place of patients' where something is to be seen by anyone."""

import numpy as np

from radlib.imaging.images import Preprocessing, prepare
from radlib.imaging.phantoms.phantoms import draw_film, draw_patient

SEED = 6  # draws a clear opacity in the first film

Box = tuple[float, float, float, float]


def phantom_films(preparation: Preprocessing, count: int = 1) -> tuple[np.ndarray, list[list[Box]]]:
    """Return drawn films with an opacity, prepared as a network wants them, and where it is.

    Args:
        preparation: What films go through.
        count: How many.

    Returns:
        uint8 (count, s, s), and per film boxes (x, y, width, height) in pixels of the prepared film.
    """
    generator = np.random.default_rng(SEED)
    films, boxes = [], []
    for _ in range(count):
        drawing = draw_film(draw_patient(generator), "PA", True, generator)
        scale = preparation.image_size / len(drawing.image)  # drawn films are square
        films.append(prepare(drawing.image, preparation))
        boxes.append([(scale * x, scale * y, scale * w, scale * h) for x, y, w, h in drawing.boxes])
    return np.stack(films), boxes
