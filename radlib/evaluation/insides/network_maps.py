"""Where a network looks on some films, by the way that its file allows: Grad-CAM with gradients, occlusion without."""

from collections.abc import Callable

import numpy as np

from radlib import formats
from radlib.evaluation.insides.gradients import grad_cam
from radlib.evaluation.insides.occlusion import occlusion
from radlib.foundation.registry import FORMATS
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

GRID = 24  # places along a side on which maps are compared
PATCH, STRIDE = 0.15, 0.1  # of occlusion, fraction of the film's side: 100 readings a film
GRADIENTS, OCCLUSION = "Grad-CAM", "occlusion"


def way_of(variant: Variant) -> str:
    """Return how a variant is asked: `Grad-CAM` where it opens as a Keras network, else `occlusion`."""
    return GRADIENTS if "load" in FORMATS[variant.format].facts else OCCLUSION


def network_maps(
    run: Run, variant: Variant, method: str, images: np.ndarray, outputs: np.ndarray
) -> np.ndarray:
    """Return the maps of a network.

    Args:
        run: Where it is stored.
        variant: The network.
        method: See `way_of`.
        images: Films as the network takes them, float32 (n, s, s, channels) in [0, 1].
        outputs: Which output each is asked about, (n,).

    Returns:
        Warm where the place speaks for the output, float32 (n, GRID, GRID).

    Raises:
        RadlibError: When the network cannot be asked in this way.
    """
    path = run.model_path(variant)
    if method != OCCLUSION:
        return np.stack(
            [resized(heat) for heat in grad_cam(formats.load_network(path, variant.format), images, outputs)]
        )
    with formats.open_model(path, variant.format) as model:
        ask: Callable = lambda film, output: occlusion(model, film, output=output, patch=PATCH, stride=STRIDE)  # noqa: E731
        return np.stack(
            [resized(ask(image[..., 0], int(n))) for image, n in zip(images, outputs, strict=True)]
        )


def resized(heat: np.ndarray, side: int = GRID) -> np.ndarray:
    """Return a map on another grid, float32 (side, side): averaged when it is finer, interpolated when coarser."""
    from PIL import Image

    image = Image.fromarray(np.asarray(heat, np.float32))
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR), np.float32)
