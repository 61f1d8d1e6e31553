"""The shapes of a drawn chest: outlines, bones and vessels, as a front view shows them.

All coordinates are fractions of the film: x from the midline (negative is the patient's right, which a
radiograph shows on the left), y from the top. Shapes are closed or open curves through a few points, made
smooth by cutting corners (Chaikin, 1974), drawn by Pillow and blurred a little: cheap enough to draw a
thousand chests in seconds.
"""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

Points = Sequence[tuple[float, float]] | np.ndarray  # of (x, y)

APEX = 0.12  # height of the lungs' tips: breathing moves what lies below

RIGHT_LUNG: Points = (
    (-0.125, 0.125), (-0.20, 0.15), (-0.265, 0.23), (-0.315, 0.36), (-0.345, 0.52), (-0.362, 0.68),
    (-0.366, 0.80), (-0.33, 0.765), (-0.26, 0.722), (-0.17, 0.708), (-0.09, 0.745), (-0.07, 0.60), (-0.06, 0.45),
    (-0.05, 0.30), (-0.065, 0.18),
)  # fmt: skip
LEFT_LUNG: Points = (
    (0.125, 0.12), (0.20, 0.145), (0.265, 0.225), (0.315, 0.355), (0.345, 0.52), (0.365, 0.69), (0.372, 0.825),
    (0.335, 0.79), (0.27, 0.755), (0.18, 0.745), (0.08, 0.775), (0.07, 0.60), (0.06, 0.45), (0.05, 0.30),
    (0.065, 0.18),
)  # fmt: skip
HEART: Points = (
    (-0.045, 0.36), (-0.075, 0.46), (-0.105, 0.57), (-0.108, 0.66), (-0.085, 0.74), (0.0, 0.79), (0.12, 0.80),
    (0.205, 0.765), (0.222, 0.70), (0.195, 0.61), (0.135, 0.51), (0.095, 0.43), (0.075, 0.37), (0.0, 0.33),
)  # fmt: skip
TORSO: Points = (
    (-0.10, -0.2), (-0.105, 0.0), (-0.16, 0.055), (-0.33, 0.085), (-0.47, 0.14), (-0.62, 0.3), (-0.62, 0.6),
    (-0.50, 0.50), (-0.435, 0.40), (-0.425, 0.55), (-0.43, 0.80), (-0.44, 1.2), (0.44, 1.2), (0.43, 0.80),
    (0.425, 0.55), (0.435, 0.40), (0.50, 0.50), (0.62, 0.6), (0.62, 0.3), (0.47, 0.14), (0.33, 0.085),
    (0.16, 0.055), (0.105, 0.0), (0.10, -0.2),
)  # fmt: skip
CLAVICLE: Points = ((0.035, 0.205), (0.09, 0.19), (0.17, 0.165), (0.25, 0.125), (0.33, 0.10), (0.40, 0.105))
SCAPULA: Points = (
    (0.30, 0.17),
    (0.40, 0.15),
    (0.42, 0.24),
    (0.38, 0.38),
    (0.34, 0.44),
    (0.325, 0.36),
    (0.31, 0.25),
)
TRACHEA: Points = (
    (-0.021, -0.1),
    (-0.021, 0.32),
    (-0.08, 0.385),
    (-0.07, 0.405),
    (0.0, 0.352),
    (0.075, 0.40),
    (0.088, 0.38),
    (0.021, 0.315),
    (0.021, -0.1),
)

MEDIASTINUM: Points = ((-0.07, -0.1), (0.07, -0.1), (0.085, 0.5), (0.1, 1.2), (-0.1, 1.2), (-0.08, 0.5))
BELLY: Points = ((-0.45, 0.80), (-0.2, 0.73), (0.2, 0.75), (0.45, 0.83), (0.5, 1.4), (-0.5, 1.4))


@dataclass(frozen=True)
class Frame:
    """Where the chest lies on the film.

    Attributes:
        side: Of the film, pixels.
        scale: Magnification.
        right: Shift of the midline, fraction of the side.
        down: Shift downwards, fraction of the side.
        turn: Rotation, radians.
        width: Ratio of the chest's width to a slim one's.
        breath: Height of the lungs relative to a deep breath's: a shallow one raises all below the apex.
    """

    side: int
    scale: float = 1.0
    right: float = 0.0
    down: float = 0.0
    turn: float = 0.0
    width: float = 1.0
    breath: float = 1.0

    @functools.cached_property
    def matrix(self) -> np.ndarray:
        """The (2, 3) matrix from the chest's coordinates to pixels."""
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        turn = np.array([[cosine, -sine], [sine, cosine]]) * self.scale
        middle = APEX * (1 - self.breath) - 0.5  # of the squeezed height, before turning about the centre
        linear = turn @ np.diag([self.width, self.breath])
        offset = turn @ [0, middle] + [0.5 + self.right, 0.5 + self.down]
        return np.column_stack([linear, offset]) * self.side

    def pixels(self, points: Points | np.ndarray) -> list[tuple[float, float]]:
        """Turn points (n, 2) of the chest into pixels."""
        return list(map(tuple, (np.asarray(points) @ self.matrix[:, :2].T + self.matrix[:, 2]).tolist()))

    def coarse(self) -> "Frame":
        """The same frame with a quarter of the pixels along each side, for what has no sharp edge."""
        return dataclasses.replace(self, side=self.side // 4)


def smooth(points: Points | np.ndarray, *, closed: bool, rounds: int = 2) -> np.ndarray:
    """Cut the corners of a curve (n, 2), each round halving the angles."""
    curve = np.asarray(points, np.float64)
    for _ in range(rounds):
        following = np.roll(curve, -1, axis=0) if closed else curve[1:]
        here = curve if closed else curve[:-1]
        cut = np.stack([0.75 * here + 0.25 * following, 0.25 * here + 0.75 * following], 1).reshape(-1, 2)
        curve = cut if closed else np.concatenate([curve[:1], cut, curve[-1:]])
    return curve


def filled(frame: Frame, outlines: Sequence[Points | np.ndarray], blur_px: float) -> np.ndarray:
    """Return closed curves filled with 1, their edges blurred: float32 (side, side)."""
    canvas = Image.new("L", (frame.side, frame.side))
    pen = ImageDraw.Draw(canvas)
    for outline in outlines:
        pen.polygon(frame.pixels(smooth(outline, closed=True)), fill=255)
    return blurred(np.asarray(canvas, np.float32) / np.float32(255), blur_px)


def blurred(image: np.ndarray, sigma_px: float) -> np.ndarray:
    """Blur by a Gaussian."""
    from scipy import ndimage  # with the extra `train`; a device draws no films

    return ndimage.gaussian_filter(image, sigma_px, truncate=2.5, mode="nearest")


def enlarged(image: np.ndarray, side: int) -> np.ndarray:
    """Enlarge a coarse drawing to (side, side)."""
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))


def ellipse(x: float, y: float, half_width: float, half_height: float) -> Points:
    """Return ten points that `smooth` turns into an ellipse."""
    angles = np.arange(10) * 2 * np.pi / 10
    return np.stack([x + half_width * np.cos(angles), y + half_height * np.sin(angles)], 1)


def placed(layer: np.ndarray, drawn_in: Frame, frame: Frame) -> np.ndarray:
    """Move a layer that was drawn in one frame to where the chest lies in another, by one resampling."""
    there, here = (np.vstack([f.matrix, [0, 0, 1]]) for f in (drawn_in, frame))
    back = (there @ np.linalg.inv(here))[:2].ravel()  # Pillow asks where each new pixel comes from
    moved = Image.fromarray(layer).transform(
        (frame.side, frame.side), Image.Transform.AFFINE, back.tolist(), Image.Resampling.BILINEAR
    )
    return np.asarray(moved)


class Pen:
    """A canvas of twice the film's size for thin structures, so that they come out smooth.

    Args:
        frame: Where the chest lies.
    """

    def __init__(self, frame: Frame):
        self.frame = dataclasses.replace(frame, side=2 * frame.side)
        self.canvas = Image.new("L", (self.frame.side, self.frame.side))
        self._draw = ImageDraw.Draw(self.canvas)

    def line(self, points: np.ndarray, width: float, value: int) -> None:
        """Draw an open curve; `width` is a fraction of the side, `value` 0 to 255."""
        width_px = max(1, round(width * self.frame.scale * self.frame.side))
        self._draw.line(self.frame.pixels(points), fill=value, width=width_px)

    def bone(self, points: np.ndarray, width: float) -> None:
        """Draw a bone: a bright rim, as the X-ray grazes its wall, and a fainter marrow."""
        along = np.gradient(points, axis=0)
        across = np.stack([-along[:, 1], along[:, 0]], 1) / np.linalg.norm(along, axis=1, keepdims=True)
        for share, value in ((0.5, 255), (0.27, 140)):
            outline = np.concatenate(
                [points + across * width * share, (points - across * width * share)[::-1]]
            )
            self._draw.polygon(self.frame.pixels(outline), fill=value)

    def image(self, blur_px: float) -> np.ndarray:
        """Return the drawing, float32 in [0, 1]."""
        return blurred(np.asarray(self.canvas.reduce(2), np.float32) / np.float32(255), blur_px)


def posterior_rib(number: int, side: int, tilt: float) -> np.ndarray:
    """Return a rib from the spine outwards: it rises a little, then falls along the chest wall."""
    t = np.linspace(0, 1, 16)
    start, drop = 0.115 + 0.066 * number, (0.02 + 0.018 * number) * tilt
    reach = 0.365 - 0.17 * np.exp(-number / 1.6)
    x = 0.04 + (reach - 0.04) * np.sin(t * np.pi / 2) ** 0.9
    return np.stack([side * x, start - 0.028 * np.sin(np.pi * t * 0.75) + drop * t**2 * 1.3 + 0.02 * t**6], 1)


def anterior_rib(number: int, side: int, tilt: float) -> np.ndarray:
    """Return a rib from the chest wall forwards: it falls steeply towards the breastbone."""
    t = np.linspace(0, 1, 12)
    start, reach = 0.20 + 0.075 * number, 0.365 - 0.15 * np.exp(-number / 1.5)
    x = reach - (reach - 0.13) * t
    return np.stack([side * x, start + (0.05 + 0.016 * number) * tilt * np.sin(t * np.pi / 2)], 1)


def bones(frame: Frame, tilt: float, spine_bend: float) -> np.ndarray:
    """Draw ribs, spine and collar bones: attenuation, float32 (side, side)."""
    unit = frame.side * frame.scale / 256
    back, front, spine = Pen(frame), Pen(frame), Pen(frame)
    for side in (-1, 1):
        for number in range(10):
            back.bone(posterior_rib(number, side, tilt), 0.024)
        for number in range(6):
            front.bone(anterior_rib(number, side, tilt), 0.026)
        spine.bone(smooth(np.array(CLAVICLE) * (side, 1), closed=False), 0.03)
    for number in range(20):
        y = -0.1 + 0.062 * number
        x = spine_bend * np.sin(y * np.pi)
        spine.line(np.array([(x - 0.034, y), (x + 0.034, y)]), 0.046, 115)
        spine.line(np.array([(x - 0.036, y + 0.026), (x + 0.036, y + 0.026)]), 0.006, 190)
    return 0.17 * back.image(0.8 * unit) + 0.08 * front.image(0.9 * unit) + 0.15 * spine.image(0.8 * unit)


def vessels(frame: Frame, generator: np.random.Generator) -> np.ndarray:
    """Draw the branching arteries and veins from both hila, thinner with every fork, in [0, 1]."""
    pen = Pen(frame)
    for side in (-1, 1):
        hilum = np.array([side * 0.08, 0.43 if side < 0 else 0.405])
        for angle in np.linspace(-1.2, 1.4, 7) + generator.normal(0, 0.17, 7):
            _branch(pen, generator, hilum + generator.normal(0, 0.018, 2), angle, side, 0.015, 3)
    return pen.image(0.8 * frame.side * frame.scale / 256)


def _branch(
    pen: Pen,
    generator: np.random.Generator,
    start: np.ndarray,
    angle: float,
    side: int,
    width: float,
    forks: int,
) -> None:
    """Draw a vessel of four wavering steps and what it forks into."""
    turns = angle + generator.normal(0, 0.2, 4).cumsum()
    steps = np.stack([side * np.cos(turns), np.sin(turns)], 1) * generator.uniform(0.016, 0.030)
    path = np.concatenate([[start], start + steps.cumsum(0)])
    pen.line(path, width, 255 if forks == 3 else 190)
    if forks:
        for turn in generator.uniform(0.2, 0.6, 2) * (-1, 1):
            _branch(pen, generator, path[-1], turns[-1] + turn, side, width * 0.62, forks - 1)
