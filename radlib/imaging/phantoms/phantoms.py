"""Drawn chest films: enough anatomy that a person recognises it, and a task that a network must learn.

A film shows how much the body weakened the beam along each ray. So the drawing adds up attenuation (soft
tissue, minus the air of the lungs, plus heart, bones, vessels, and opacities), and then exposes it: grey
curve, quantum noise, blur. Patients differ in build, films in view, breath, position and exposure, and some
healthy films carry what is easily taken for an opacity: a breast, a scapula, an effusion, a large heart.
Nothing here was taken from a patient.
"""

import functools
from dataclasses import dataclass

import numpy as np

from radlib.imaging.phantoms import anatomy
from radlib.imaging.phantoms.exposure import clouds, expose, mark

NORMAL, NOT_NORMAL, OPACITY = "Normal", "No Lung Opacity / Not Normal", "Lung Opacity"
OPACITY_RADIUS = (0.06, 0.14)  # smallest and largest, fraction of the side
OPACITY_CONTRAST = (0.26, 0.57)  # faintest and densest, attenuation


@dataclass(frozen=True)
class Patient:
    """What stays the same in all films of one patient.

    Attributes:
        age: Years.
        sex: `F` or `M`.
        width: Of the chest, relative.
        stoutness: Soft tissue around it, relative.
        heart: Size of the heart, relative.
        tilt: Slope of the ribs, relative.
        spine_bend: Curve of the spine, fraction of the side.
        anatomy_seed: Of vessels and other details.
    """

    age: int
    sex: str
    width: float
    stoutness: float
    heart: float
    tilt: float
    spine_bend: float
    anatomy_seed: int


@dataclass(frozen=True)
class Drawing:
    """A drawn film.

    Attributes:
        image: float32 (side, side) in [0, 1]; air is dark.
        boxes: Of the opacities: (x, y, width, height), pixels.
        finding: `NORMAL`, `NOT_NORMAL` or `OPACITY`.
        lungs: bool (side, side): where at least half of the ray's way through a lung is free of heart and fluid.
        opacities: bool (side, side): where one is at least 40 % as dense as at its densest.
    """

    image: np.ndarray
    boxes: tuple[tuple[int, int, int, int], ...]
    finding: str
    lungs: np.ndarray
    opacities: np.ndarray


def draw_patient(generator: np.random.Generator) -> Patient:
    """Draw a patient: adults of all ages, a few more men."""
    sex = "M" if generator.random() < 0.56 else "F"
    return Patient(
        age=int(np.clip(generator.normal(48, 17), 18, 92)),
        sex=sex,
        width=generator.normal(1.0 if sex == "M" else 0.95, 0.05),
        stoutness=float(np.clip(generator.normal(1.0, 0.15), 0.7, 1.4)),
        heart=float(np.clip(generator.normal(1.0, 0.07), 0.85, 1.2)),
        tilt=generator.normal(1.0, 0.12),
        spine_bend=generator.normal(0, 0.008),
        anatomy_seed=int(generator.integers(2**31)),
    )


def draw_film(
    patient: Patient, view: str, opacity: bool, generator: np.random.Generator, *, side: int = 256
) -> Drawing:
    """Draw one film of a patient.

    Args:
        patient: Whose.
        view: `PA` (standing, deep breath) or `AP` (in bed: shallow breath, larger heart, scapulae in the way).
        opacity: Whether a lung opacity is to be seen.
        generator: Source of randomness.
        side: Of the film, pixels, a multiple of 4.

    Returns:
        The film, its boxes and its finding.
    """
    in_bed = view == "AP"
    frame = anatomy.Frame(
        side,
        scale=generator.normal(1.09 if in_bed else 1.05, 0.05),
        right=generator.normal(0, 0.02),
        down=generator.normal(0.01, 0.025),
        turn=generator.normal(0, 0.035 if in_bed else 0.018),
        width=patient.width,
        breath=generator.normal(0.93 if in_bed else 1.0, 0.03),
    )
    abnormal = not opacity and generator.random() < 0.42
    effusion = abnormal and generator.random() < 0.4
    heart = patient.heart * (1.1 if in_bed else 1.0) * (1.18 if abnormal and not effusion else 1.0)
    lungs = _lungs(frame, heart, generator if effusion else None)
    tissue = _tissue(frame, patient, in_bed, heart, lungs)
    bones, vessels = _patient_layers(patient, side)
    drawn_in = _layer_frame(side)
    tissue += anatomy.placed(bones, drawn_in, frame)
    tissue += generator.uniform(0.07, 0.13) * anatomy.placed(vessels, drawn_in, frame) * lungs
    tissue += clouds(side, generator, 24) * 0.018 + clouds(side, generator, 6) * 0.012 * (0.5 + lungs)
    boxes: list[tuple[int, int, int, int]] = []
    opacities = np.zeros(lungs.shape, bool)
    if opacity:
        shadow, boxes, opacities = _opacities(lungs, generator)
        tissue += shadow
    image = mark(expose(tissue, generator, in_bed), generator, in_bed)
    finding = OPACITY if opacity else NOT_NORMAL if abnormal else NORMAL
    return Drawing(image, tuple(boxes), finding, lungs >= 0.5, opacities)


def _layer_frame(side: int) -> anatomy.Frame:
    """A frame with some room around the film, for what films of one patient share."""
    return anatomy.Frame(side * 5 // 4, scale=0.8)


@functools.lru_cache(maxsize=2)
def _patient_layers(patient: Patient, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw bones and vessels, the costly part, once for all films of a patient."""
    frame = _layer_frame(side)
    generator = np.random.default_rng(patient.anatomy_seed)
    return anatomy.bones(frame, patient.tilt, patient.spine_bend), anatomy.vessels(frame, generator)


def _heart_outline(heart: float) -> np.ndarray:
    """Scale the heart about the point where it lies on the diaphragm."""
    outline = np.array(anatomy.HEART)
    lowest = outline[:, 1].max()
    outline[:, 0] *= heart
    outline[:, 1] = lowest + (outline[:, 1] - lowest) * (0.5 + 0.5 * heart)
    return outline


def _lungs(frame: anatomy.Frame, heart: float, effusion: np.random.Generator | None) -> np.ndarray:
    """Return how much of each ray passes through lung, (side, side) in [0, 1]."""
    unit = frame.side / 256
    lungs = anatomy.filled(frame, (anatomy.RIGHT_LUNG, anatomy.LEFT_LUNG), 1.5 * unit)
    arch = anatomy.ellipse(0.06, 0.315, 0.046, 0.05)  # of the aorta
    lungs *= 1 - 0.92 * anatomy.filled(frame, (_heart_outline(heart), arch), 1.7 * unit)
    if effusion is not None:  # fluid fills the angle between ribs and diaphragm, with a curved upper border
        sign, level = effusion.choice((-1, 1)), effusion.uniform(0.58, 0.70)
        rising = (
            (0.40, -0.05),
            (0.37, 0.0),
            (0.30, 0.07),
            (0.20, 0.11),
            (0.10, 0.13),
            (0.10, 0.3),
            (0.42, 0.3),
        )
        pool = [(sign * x, level + y) for x, y in rising]
        lungs *= 1 - 0.85 * anatomy.enlarged(anatomy.filled(frame.coarse(), (pool,), 0.6 * unit), frame.side)
    return lungs.clip(0, 1)


def _tissue(
    frame: anatomy.Frame, patient: Patient, in_bed: bool, heart: float, lungs: np.ndarray
) -> np.ndarray:
    """Add up soft tissue: the trunk, less the lungs' air, with heart, belly, breasts and windpipe."""
    small, unit = frame.coarse(), frame.side / 1024

    def layer(outlines: list, blur: float) -> np.ndarray:
        return anatomy.filled(small, outlines, blur * unit)

    trunk = layer([anatomy.TORSO], 7) * (0.55 + 0.15 * patient.stoutness)
    rest = 0.20 * layer([anatomy.MEDIASTINUM], 7) + 0.16 * layer([anatomy.BELLY], 6) * trunk
    rest += 0.13 * layer([_heart_outline(heart)], 5) - 0.17 * layer([anatomy.TRACHEA], 1.5)
    rest -= 0.25 * layer([anatomy.ellipse(0.19, 0.85, 0.085, 0.045)], 7)  # air in the stomach
    if patient.sex == "F":
        breasts = [anatomy.ellipse(sign * 0.23, 0.60, 0.15, 0.14) for sign in (-1, 1)]
        rest += 0.09 * patient.stoutness * layer(breasts, 5)
    if in_bed:
        blades = [[(sign * (x - 0.05), y) for x, y in anatomy.SCAPULA] for sign in (-1, 1)]
        rest += 0.07 * layer(blades, 2)
    trunk, rest = (anatomy.enlarged(part.astype(np.float32), frame.side) for part in (trunk, rest))
    return trunk * (1 - 0.68 * lungs) + rest


def _opacities(
    lungs: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, list[tuple[int, int, int, int]], np.ndarray]:
    """Draw one to three clouds into the lungs; faint or dense, of a coin's size or of a lobe's.

    Returns:
        Attenuation to add, (side, side); the box of each, its edge at 40 % of the greatest density; and all that lies within
        those edges, bool (side, side).
    """
    side = len(lungs)
    inside = np.argwhere(lungs[::4, ::4] > 0.8)
    shadow, boxes, outlined = np.zeros_like(lungs), [], np.zeros(lungs.shape, bool)
    rows, columns = np.mgrid[0 : side // 4, 0 : side // 4].astype(np.float32)
    for _ in range(generator.choice((1, 2, 3), p=(0.55, 0.35, 0.10))):
        radius = side / 4 * np.exp(generator.uniform(*np.log(OPACITY_RADIUS)))
        row, column = inside[generator.integers(len(inside))]
        cloud = np.zeros_like(rows)
        for _ in range(6):
            y, x = row + generator.normal(0, 0.55) * radius, column + generator.normal(0, 0.45) * radius
            spread = radius * generator.uniform(0.45, 0.8)
            cloud += np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / np.float32(2 * spread**2))
        cloud = anatomy.enlarged(np.tanh(cloud * np.float32(0.9)), side) * lungs
        found = cloud > 0.4 * cloud.max()
        outlined |= found
        top, bottom = np.flatnonzero(found.any(1))[[0, -1]]
        left, right = np.flatnonzero(found.any(0))[[0, -1]]
        boxes.append((int(left), int(top), int(right - left + 1), int(bottom - top + 1)))
        patchy = 1 + 0.11 * clouds(side, generator, 5) + 0.13 * clouds(side, generator, 13)
        shadow = np.maximum(shadow, generator.uniform(*OPACITY_CONTRAST) * cloud * patchy.clip(0.2, 1.8))
    return shadow, boxes, outlined
