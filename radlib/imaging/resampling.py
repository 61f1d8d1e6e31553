"""Filters that make a film smaller or larger, each defined exactly: a network reads through the one it was trained with.

Making a film of 2,000 pixels a square of 224 means choosing how each new pixel is made of some eighty old ones, and
libraries choose differently. A network learns the look of its filter, and another one changes decisions. With a scale
`s = old / new` (above 1 when a film gets smaller), a new pixel i lies at `x = (i + ½) s − ½` among the old ones:

| name | a new pixel is | whose default |
|---|---|---|
| `bilinear` | the old ones within s, weighted by a triangle (antialiased) | Pillow's and torchvision's `BILINEAR`; radlib's own |
| `bilinear_points` | the two times two old ones next to x, whatever lies between | `tf.image.resize`, Keras's loaders, OpenCV's `INTER_LINEAR` |
| `nearest` | the old one at `floor((i + ½) s)` | Keras's `ImageDataGenerator` |
| `bicubic` | the old ones within 2 s, weighted by Keys's cubic with a = −½ (antialiased) | Pillow's `BICUBIC` |
| `lanczos` | the old ones within 3 s, weighted by a windowed sinc (antialiased) | Pillow's `LANCZOS` |
| `area` | the mean over the area that it covers, parts of old ones counted as parts | OpenCV's `INTER_AREA` |

Antialiased means that the filter grows with the scale, so that everything that vanishes has a share in what is left;
without it a thin line between two points is lost. All weights of a new pixel sum to one; at the border those outside
are left out (`bilinear_points`: the border counts for what lies outside).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

PILLOW = ("bilinear", "nearest", "bicubic", "lanczos")
FILTERS = ("bilinear", "bilinear_points", "nearest", "bicubic", "lanczos", "area")
OWN = "bilinear"


def resampled(image: "np.ndarray", size: tuple[int, int], name: str = OWN) -> "np.ndarray":
    """Return an image of another size.

    Args:
        image: (h, w) float32.
        size: (width, height) of the result.
        name: One of `FILTERS`.

    Returns:
        (height, width) float32; `bicubic` and `lanczos` may leave the range of the image by a little.
    """
    import numpy as np  # here, because the command line knows the names without any film

    height, width = image.shape
    if size == (width, height):
        return image
    if name in PILLOW:
        from PIL import Image

        picture = Image.fromarray(np.ascontiguousarray(image, np.float32))
        return np.asarray(picture.resize(size, Image.Resampling[name.upper()]))
    weights = {"area": _covered, "bilinear_points": _between}[name]
    return weights(size[1], height) @ image.astype(np.float32) @ weights(size[0], width).T


def _covered(new: int, old: int) -> "np.ndarray":
    """Return how much of each old pixel a new one covers, float32 (new, old), each row summing to one."""
    import numpy as np

    edges = np.arange(new + 1) * (old / new)
    begin, end = edges[:-1, None], edges[1:, None]
    pixels = np.arange(old)
    shares = np.clip(np.minimum(end, pixels + 1) - np.maximum(begin, pixels), 0, None)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def _between(new: int, old: int) -> "np.ndarray":
    """Return the weights of the two old pixels that a new one lies between, float32 (new, old)."""
    import numpy as np

    place = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    below = np.minimum(np.floor(place).astype(int), max(old - 2, 0))
    weights = np.zeros((new, old), np.float32)
    rows, share = np.arange(new), (place - below).astype(np.float32)
    weights[rows, below] = 1 - share
    weights[rows, np.minimum(below + 1, old - 1)] += share
    return weights
