"""What `radlib fit` asks of devices, and writes for them: a microcontroller's memory, and a page for a browser."""

from collections.abc import Callable
from pathlib import Path

from radlib.deployment.export import drawn_films
from radlib.deployment.micro.trial import micro_trial
from radlib.deployment.page.writing import write_page
from radlib.foundation.errors import SetupError, UsageError
from radlib.imaging.images import Preprocessing


def arena_of(model: Path, image_size: int) -> int:
    """Return the bytes of memory that TensorFlow Lite Micro needs for a LiteRT file; 0 where it does not answer as LiteRT does.

    Args:
        model: The file.
        image_size: Side of its films, pixels.
    """
    trial = micro_trial(model, drawn_films(Preprocessing(image_size)))
    return int(trial.arena_bytes or 0) if trial.same_answers else 0


def write_its_page(bundle: Path, say: Callable[[str], None]) -> Path | None:
    """Write the page of a bundle beside it, and return its folder; where it cannot have one, say why."""
    try:
        return write_page([bundle], bundle.with_suffix(".page"))
    except (SetupError, UsageError) as refused:
        say(f"There is no page for browsers beside the bundle: {refused}")
        return None
