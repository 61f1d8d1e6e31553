"""From attenuation to a film: dose, grey curve, scatter, noise, and what else lies on the cassette."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from radlib.imaging.phantoms import anatomy

TYPICAL_ATTENUATION = 0.62  # mean of a film


def clouds(side: int, generator: np.random.Generator, grain_px: float) -> np.ndarray:
    """Return smooth random structure of unit variance, float32 (side, side)."""
    cells = max(4, round(256 / grain_px))
    rough = anatomy.enlarged(generator.standard_normal((cells, cells), dtype=np.float32), side)
    return rough / rough.std()


def expose(tissue: np.ndarray, generator: np.random.Generator, in_bed: bool) -> np.ndarray:
    """Turn attenuation into grey.

    Args:
        tissue: Attenuation, float32 (side, side); 0 is air, 0.4 lung, 1 the middle of the chest.
        generator: Source of randomness: dose, contrast, scatter and noise differ from film to film.
        in_bed: Bedside films are taken without a grid, so more scattered radiation veils them.

    Returns:
        (side, side) float32 in [0, 1].
    """
    side = len(tissue)
    # Automatic exposure: what weakens the beam more gets more of it, so that overall grey tells little.
    dose = generator.normal(0, 0.08) - 0.8 * (float(tissue.mean()) - TYPICAL_ATTENUATION)
    steepness = 4.6 * np.exp(generator.normal(0, 0.18))
    veil = generator.uniform(0.0, 0.25) * (1.3 if in_bed else 1.0)
    coarse = np.asarray(Image.fromarray(tissue.astype(np.float32)).reduce(4))
    tissue = (1 - veil) * tissue + veil * anatomy.enlarged(anatomy.blurred(coarse, 5 * side / 256), side)
    grey = 1 / (1 + np.exp(-steepness * (tissue.astype(np.float32) - np.float32(0.56 - dose))))
    darkest = 1 / (1 + np.exp(-steepness * (dose - 0.56)))
    grey = (grey - darkest) / (1 - darkest)
    noise = generator.standard_normal(tissue.shape, dtype=np.float32)
    return (grey + noise * generator.uniform(0.008, 0.03)).clip(0, 1).astype(np.float32)


def mark(image: np.ndarray, generator: np.random.Generator, in_bed: bool) -> np.ndarray:
    """Add the lead letter, on some bedside films the leads of a monitor, and the collimator's black border."""
    side = len(image)
    canvas = Image.new("L", (side, side))
    pen = ImageDraw.Draw(canvas)
    x, letter = (generator.uniform(0.03, 0.07), "R") if generator.random() < 0.5 else (0.89, "L")
    font = ImageFont.load_default(size=max(8, side * 0.055))
    pen.text((x * side, generator.uniform(0.04, 0.12) * side), letter, fill=245, font=font)
    if in_bed and generator.random() < 0.45:
        for _ in range(generator.integers(1, 4)):
            x, y = generator.uniform(0.15, 0.85), generator.uniform(0.25, 0.8)
            end = (x + generator.normal(0, 0.15), y + generator.uniform(0.2, 0.5))
            bend = ((x + end[0]) / 2 + generator.normal(0, 0.05), (y + end[1]) / 2)
            wire = anatomy.smooth([(x, y), bend, end], closed=False) * side
            pen.line([tuple(p) for p in wire], fill=150, width=max(1, side // 200))
            radius = side / 85
            box = (x * side - radius, y * side - radius, x * side + radius, y * side + radius)
            pen.ellipse(box, fill=210)
    image = np.maximum(image, np.asarray(canvas, np.float32) / np.float32(255))
    margins = (generator.uniform(0, 0.035, 4) * side * (generator.random(4) < 0.4)).astype(int)
    image[: margins[0]] = image[:, : margins[2]] = 0
    image[side - margins[1] :] = image[:, side - margins[3] :] = 0
    return image
