"""Drawn films as PNG and JPEG files of every kind that a reader meets."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

Draw = Callable[[np.ndarray], tuple[Image.Image, dict[str, Any]]]


def _levels(grey: np.ndarray, bits: int) -> np.ndarray:
    levels = np.floor(grey * np.float32(2**bits - 1) + np.float32(0.5))
    return levels.astype(np.uint8 if bits <= 8 else np.uint16)


def _grey(bits: int, significant: int = 0, **how: Any) -> Draw:
    def draw(grey: np.ndarray) -> tuple[Image.Image, dict[str, Any]]:
        picture = Image.fromarray(
            _levels(grey, significant or bits).astype(np.uint8 if bits == 8 else np.uint16)
        )
        if not significant:
            return picture, dict(how)
        said = PngInfo()
        said.add(b"sBIT", bytes([significant]))
        return picture, {**how, "pnginfo": said}

    return draw


def _colours(mode: str, **how: Any) -> Draw:
    def draw(grey: np.ndarray) -> tuple[Image.Image, dict[str, Any]]:
        levels = _levels(grey, 8)
        planes = [levels, 255 - levels // 2, levels // 3, np.maximum(levels, 40)]
        if mode == "LA":
            return Image.fromarray(np.stack([levels, planes[3]], axis=-1), "LA"), dict(how)
        if mode == "P":
            picture = Image.fromarray(levels // 16, "P")
            picture.putpalette([value for n in range(16) for value in (17 * n, 255 - 9 * n, 11 * n)])
            return picture, dict(how)
        return Image.fromarray(np.stack(planes[: len(mode)], axis=-1), mode), dict(how)

    return draw


def _two_levels(grey: np.ndarray) -> tuple[Image.Image, dict[str, Any]]:
    return Image.fromarray(_levels(grey, 8)).point(lambda level: 255 * (level > 127)).convert("1"), {}


def _turned(orientation: int, **how: Any) -> Draw:
    def draw(grey: np.ndarray) -> tuple[Image.Image, dict[str, Any]]:
        exif = Image.Exif()
        exif[0x0112] = orientation
        return Image.fromarray(_levels(grey, 8)), {**how, "exif": exif}

    return draw


FILMS: Mapping[str, tuple[str, Draw]] = {  # name -> ending, what is drawn
    "8_bits": (".png", _grey(8)),
    "8_bits_of_which_6": (".png", _grey(8, 6)),
    "16_bits": (".png", _grey(16)),
    "16_bits_of_which_12": (".png", _grey(16, 12)),
    "1_bit": (".png", _two_levels),
    "alpha": (".png", _colours("LA")),
    "rgb": (".png", _colours("RGB")),
    "rgba": (".png", _colours("RGBA")),
    "palette": (".png", _colours("P")),
    "turned": (".png", _turned(6)),
    "grey": (".jpg", _grey(8, quality=92)),
    "progressive": (".jpg", _grey(8, quality=92, progressive=True)),
    "colours": (".jpg", _colours("RGB", quality=92)),
    "turned_over": (".jpg", _turned(7, quality=92)),
}


def write_picture(path: Path, grey: np.ndarray, name: str) -> None:
    """Write a drawn film as one kind of picture; `grey` is (h, w) float32 in [0, 1], `name` one of `FILMS`."""
    picture, how = FILMS[name][1](grey)
    picture.save(path, **how)
