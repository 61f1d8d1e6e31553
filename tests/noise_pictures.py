"""Folders of pictures that hold noise: for what looks at names and places, not at films."""

import numpy as np
from PIL import Image


def pictures(folder, counts, name="{number:03}.png"):
    """Write noise as films into class folders."""
    generator = np.random.default_rng(0)
    for place, count in counts.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            noise = generator.integers(0, 256, (80, 70), dtype=np.uint8)
            Image.fromarray(noise).save(folder / place / name.format(number=number, half=number // 2))
    return folder
