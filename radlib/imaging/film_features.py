"""What a film looks like in some twenty numbers that name no finding: how grey, how contrasty, how sharp, how framed.

Two X-ray rooms differ in just these: exposure and processing move the *grey levels*; detector, JPEG and resizing the
*sharpness*, seen in the noise of neighbouring pixels and in the power of each octave of the *spectrum*; collimation and
the habit of cropping the *framing*. Numbers of many films say whether two sets are of the same kind (`metrics.shift`), and
which of the four differs. They are those of the film as the network gets it: what resizing took away cannot harm it.

References:
    Immerkær (1996). Fast noise variance estimation. Computer Vision and Image Understanding 64.
    Field (1987). Relations between the statistics of natural images and the response properties of cortical cells.
        J. Opt. Soc. Am. A 4.
"""

import numpy as np

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
OCTAVES = 4  # of the spectrum, from the finest
BANDS = 4  # the film is cut into, from top to bottom and from left to right
BLACK = 12  # of 255; darker is outside the collimator, or air
SMALLEST = 1e-9  # power; a film of one grey has none

ASPECTS = {
    "grey level": tuple(f"grey_{round(100 * share):02d}" for share in QUANTILES),
    "contrast": ("contrast",),
    "sharpness": ("noise", "edges", *(f"octave_{number}" for number in range(1, OCTAVES + 1))),
    "framing": (
        "black_share",
        "black_border",
        *(f"band_down_{number}" for number in range(1, BANDS + 1)),
        *(f"band_across_{number}" for number in range(1, BANDS + 1)),
    ),
}
FEATURES = tuple(name for names in ASPECTS.values() for name in names)
MEANINGS = {
    "grey_05": "grey that 5 % of the pixels are darker than",
    "grey_25": "grey that a quarter of the pixels is darker than",
    "grey_50": "grey that half of the pixels are darker than",
    "grey_75": "grey that three quarters of the pixels are darker than",
    "grey_95": "grey that 95 % of the pixels are darker than",
    "contrast": "spread of the greys",
    "noise": "grain from pixel to pixel, log",
    "edges": "steepness of edges against contrast, log",
    "octave_1": "share of the finest detail, log",
    "octave_2": "share of fine detail, log",
    "octave_3": "share of middle detail, log",
    "octave_4": "share of coarse detail, log",
    "black_share": "share of black pixels",
    "black_border": "share of the rim that is black",
    "band_down_1": "grey of the uppermost quarter against the film's",
    "band_down_2": "grey of the second quarter from the top against the film's",
    "band_down_3": "grey of the third quarter from the top against the film's",
    "band_down_4": "grey of the lowest quarter against the film's",
    "band_across_1": "grey of the leftmost quarter against the film's",
    "band_across_2": "grey of the second quarter from the left against the film's",
    "band_across_3": "grey of the third quarter from the left against the film's",
    "band_across_4": "grey of the rightmost quarter against the film's",
}


def film_features(films: np.ndarray) -> np.ndarray:
    """Return what films look like.

    Args:
        films: uint8 (n, h, w), prepared as a network wants them, at least 16 pixels a side.

    Returns:
        float64 (n, features), in the order of `FEATURES`; greys and shares in [0, 1], bands in units of the contrast.

    Example:
        >>> flat = film_features(np.full((1, 32, 32), 255, np.uint8))[0]
        >>> float(flat[FEATURES.index("grey_50")]), float(flat[FEATURES.index("contrast")])
        (1.0, 0.0)
    """
    return np.array([_of_one(film) for film in films], np.float64).reshape(-1, len(FEATURES))


def aspect_of(feature: str) -> str:
    """Return what a feature is about, a key of `ASPECTS`."""
    return next(aspect for aspect, names in ASPECTS.items() if feature in names)


def _of_one(film: np.ndarray) -> list[float]:
    grey = film.astype(np.float32) / np.float32(255)
    variance = float(grey.var())
    return [
        *_quantiles(film),
        variance**0.5,
        *_sharpness(grey, variance),
        *_framing(film, grey),
    ]


def _quantiles(film: np.ndarray) -> list[float]:
    """Return the greys below which shares of the pixels lie, exactly, from their counts."""
    below = np.cumsum(np.bincount(film.ravel(), minlength=256))
    return [float(np.searchsorted(below, share * film.size)) / 255 for share in QUANTILES]


def _sharpness(grey: np.ndarray, variance: float) -> list[float]:
    """Return grain, edges, and the share that each octave has of the power, as logarithms to base 10."""
    rows = grey[:-2] - 2 * grey[1:-1] + grey[2:]
    second = (
        rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    )  # Immerkær's mask: blind to slopes and straight edges
    grain = np.abs(second).mean() * np.sqrt(np.pi / 2) / 6
    steps = (np.diff(grey, axis=0) ** 2).mean() + (np.diff(grey, axis=1) ** 2).mean()
    power = np.abs(np.fft.rfft2(grey - grey.mean())) ** 2
    down, across = np.fft.fftfreq(grey.shape[0])[:, None], np.fft.rfftfreq(grey.shape[1])[None]
    octave = (
        np.floor(-np.log2(2 * np.hypot(down, across).clip(1e-9))).clip(0, OCTAVES).astype(int)
    )  # 0: finest
    shares = np.bincount(octave.ravel(), power.ravel(), minlength=OCTAVES + 1)[:OCTAVES]
    parts = [grain, steps / max(variance, SMALLEST), *(shares / max(float(power.sum()), SMALLEST))]
    return [float(np.log10(max(part, SMALLEST))) for part in parts]


def _framing(film: np.ndarray, grey: np.ndarray) -> list[float]:
    """Return how much is black, of the film and of its rim, and how bright its bands are in units of the contrast."""
    height, width = film.shape
    rim = np.ones(film.shape, bool)
    rim[height // 16 : -(height // 16), width // 16 : -(width // 16)] = False
    contrast = max(float(grey.std()), SMALLEST**0.5)
    bands = [part.mean() for axis in (0, 1) for part in np.array_split(grey.mean(axis=1 - axis), BANDS)]
    return [
        float((film <= BLACK).mean()),
        float((film[rim] <= BLACK).mean()),
        *(float(band - grey.mean()) / contrast for band in bands),
    ]
