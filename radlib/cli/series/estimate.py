"""How long a run will take and how much disk it needs, said before it starts.

Rough on purpose: what a training step costs is said in `training.costs`; a conversion
costs seconds that grow with the number of operations. What is stored already costs nothing.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radlib.cli.series.plan import data_folder
from radlib.foundation.errors import DataError, SetupError
from radlib.foundation.registry import ARCHITECTURES, DATASETS, TECHNIQUES
from radlib.imaging.film_walk import left_out_sentence, walk
from radlib.runs.chains import parse_chain
from radlib.runs.runs import Run
from radlib.runs.settings import Settings
from radlib.techniques.building import technique_parameters
from radlib.training.baselines import original_format
from radlib.training.costs import step_ms

if TYPE_CHECKING:
    from radlib.datasets.dataset import Survey

# Of each architecture with the options it has by default: billions of multiply-accumulates at 224 px, millions of parameters
# (Keras applications' published table, or counted), and seconds of one conversion to LiteRT on the machine that `training.costs`
# describes when it is handed a Keras model.
COSTS: dict[str, tuple[float, float, float]] = {
    "vgg16": (15.5, 14.7, 15), "vgg19": (19.6, 20.0, 18),
    "resnet50": (3.9, 23.6, 20), "resnet101": (7.6, 42.7, 35), "resnet152": (11.3, 58.4, 50),
    "resnet50_v2": (3.5, 23.6, 20), "resnet101_v2": (7.2, 42.6, 35), "resnet152_v2": (11.0, 58.3, 50),
    "inception_v3": (2.8, 21.8, 30), "inception_resnet_v2": (6.6, 54.3, 70), "xception": (4.6, 20.9, 20),
    "densenet121": (2.9, 7.0, 35), "densenet169": (3.4, 12.6, 50), "densenet201": (4.3, 18.3, 60),
    "nasnet_mobile": (0.57, 4.3, 60), "nasnet_large": (10.0, 84.9, 110),
    "mobilenet": (0.57, 3.2, 12), "mobilenet_v2": (0.30, 2.3, 25),
    "mobilenet_v3_small": (0.06, 0.9, 25), "mobilenet_v3_large": (0.22, 3.0, 30),
    "efficientnet_b0": (0.39, 4.0, 40), "efficientnet_v2_b0": (0.72, 5.9, 45),
    "resnet18": (1.8, 11.2, 8), "resnet34": (3.7, 21.3, 14), "resnet50_v1_5": (4.1, 23.6, 20), "googlenet": (1.5, 5.6, 20),
    "vgg16_dense": (15.5, 134.3, 25),
    "student_residual": (0.15, 0.12, 4), "student_tiny": (0.01, 0.02, 2), "student_small": (0.05, 0.1, 3), "student_separable": (0.03, 0.05, 3),
    "unet": (36.8, 29.0, 15), "unet_mobilenet_v2": (0.28, 0.69, 20), "w_net": (0.61, 0.056, 6), "outline_student": (0.075, 0.012, 4),
    "centre_mobilenet_v2": (0.20, 0.68, 20), "centre_student": (0.03, 0.014, 3),
}  # fmt: skip
UNKNOWN = (4.0, 20.0, 30.0)

LAYERS_MS = 0.12  # per film, for every second that a conversion takes: deep networks have many small layers
INTEGER_16_MS_PER_GMAC = 850.0  # of a scored film: LiteRT has plain loops only for int16 activations
CONVERSION_SHARE = 0.3  # of those seconds: to convert one function alone, as radlib does
RECIPE_SHARE = 0.15  # of those seconds: to quantize a file that was converted
SCORED_SHARE = 0.3  # of the films are validation and test films, which every variant reads
SECONDS_PER_NOTEBOOK = 20.0  # its kernel, the libraries, and reading films again
FILMS_PER_PATIENT = 3  # drawn ones
LONG_SECONDS = 600


@dataclass(frozen=True)
class Forecast:
    """What a run will need.

    Attributes:
        seconds: Wall time on two cores.
        disk_bytes: Of files that stay.
        films: How many it was reckoned with.
        variants: How many are still to be made.
        folder: Where the files go.
        left_out: A sentence on the files that are no films or will not be used; empty where there are none.
    """

    seconds: float
    disk_bytes: float
    films: int
    variants: int
    folder: Path
    left_out: str = ""

    def __str__(self) -> str:
        """One line for the user, and one on what is left out, if anything is."""
        minutes = self.seconds / 60
        span = f"{minutes / 60:.1f} h" if minutes > 90 else f"{max(1, round(minutes))} min"
        line = f"About {span} on two cores and {disk_words(self.disk_bytes)} in {self.folder}: {self.films} films, {self.variants} variants"
        if self.seconds > LONG_SECONDS:
            line += " to make. Ctrl-C stops it; the same command goes on where it was."
        else:
            line += " to make."
        return "\n".join(filter(None, [line, self.left_out]))


def estimate(run: Run, networks: Sequence[Run], notebooks: Sequence[str]) -> Forecast:
    """Return a forecast for executing `notebooks` (one entry per execution) of `run` on its `networks`.

    Raises:
        DataError: When the films are not as the data set wants them, and notebook 01 would read them.
    """
    try:
        surveyed = survey_films(run.settings)
        films, left_out = surveyed.films, surveyed.left_out
    except DataError:
        if any(name.startswith("01") for name in notebooks):  # it would say the same, later
            raise
        films, left_out = 0, {}
    seconds, disk, missing = SECONDS_PER_NOTEBOOK * len(notebooks), 20e6, 0
    for network in networks:
        made, size, count = _network_cost(network, films)
        seconds, disk, missing = seconds + made, disk + size, missing + count
    disk += films * run.settings.image_size**2
    return Forecast(seconds, disk, films, missing, run.folder, left_out_sentence(left_out))


def _network_cost(run: Run, films: int) -> tuple[float, float, int]:
    """Return seconds, bytes and number of the variants of one network that are still to be made."""
    settings = run.settings
    gmacs, parameters, conversion = COSTS.get(settings.architecture, UNKNOWN)
    wider, deeper = _growth(settings)
    gmacs, parameters = gmacs * wider, parameters * 1e6 * wider * deeper
    scaled = gmacs * (settings.image_size / 224) ** 2
    film_ms = step_ms(scaled) + LAYERS_MS * conversion
    training_films = films * (1 - settings.validation_fraction - settings.test_fraction)
    epoch = training_films * film_ms / 1000
    seconds, disk, missing = 0.0, 0.0, 0
    for chain in ["", *settings.chains]:
        if run.record_path(run.name_of(chain)).is_file():
            continue
        missing += 1
        if not chain:
            seconds += settings.epochs * epoch
            disk += parameters * 4 * 5  # the model, and two checkpoints with optimizer state
        elif TECHNIQUES[parse_chain(chain)[-1].technique].facts["trains"]:
            # what comes before it is counted by itself
            seconds += _epochs(run, chain) * epoch * 1.5 + conversion * CONVERSION_SHARE
            disk += parameters * 4
        else:
            rewritten = _format_before(run, chain) == "tflite"
            seconds += conversion * (RECIPE_SHARE if rewritten else CONVERSION_SHARE)
            disk += parameters * (1 if "int8" in chain or "dynamic" in chain else 4)
        slow_ms = INTEGER_16_MS_PER_GMAC * scaled if "int16x8" in chain else 0.0
        seconds += films * SCORED_SHARE * (film_ms + slow_ms) / 1000
    return seconds, disk, missing


def _growth(settings: Settings) -> tuple[float, float]:
    """Return how many times the parameters of the default options a network has: by its width, and by its depth.

    Twice as wide is four times the weights; a level more of a U-Net has four times the weights of the one above, on a
    quarter of its pixels, so that it costs no multiplications to speak of.
    """
    entry = ARCHITECTURES[settings.architecture]
    usual, chosen = entry.complete({}), entry.complete(settings.architecture_options)
    scale = next((name for name in ("alpha", "width") if name in usual), None)
    wider = (chosen[scale] / usual[scale]) ** 2 if scale else 1.0
    return wider, 4.0 ** (chosen.get("depth", 0) - usual.get("depth", 0))


def _format_before(run: Run, chain: str) -> str:
    """Return the format of the file that the last technique of a chain is given."""
    links = parse_chain(chain)
    return TECHNIQUES[links[-2].technique].facts["produces"] if len(links) > 1 else original_format(run)


def _epochs(run: Run, chain: str) -> int:
    """Return how many passes over the training films the last technique of a chain makes: all its `…epochs`."""
    link = parse_chain(chain)[-1]
    parameters = technique_parameters(run, TECHNIQUES[link.technique], link.given)
    return sum(value for name, value in parameters.items() if name.endswith("epochs"))


def survey_films(settings: Settings) -> "Survey":
    """Count the films that will be read or drawn, and the files that will be left out.

    Raises:
        UsageError: When the data set has no such option.
        DataError: When there is no film, or the folder is not as the data set wants it.
    """
    from radlib.datasets.dataset import Survey  # here, so that what is refused is refused at once

    folder, entry = data_folder(settings), DATASETS[settings.dataset]
    options = entry.complete(settings.dataset_options)
    if folder is None:
        return Survey(FILMS_PER_PATIENT * int(options["patients"]))
    if "survey" in entry.facts:
        return entry.facts["survey"](folder, **options)
    found = walk(folder)
    return Survey(len(found.films), found.left_out)


def check_disk(folder: Path, forecast: Forecast) -> None:
    """Refuse to start what cannot end.

    Raises:
        SetupError: When less is free than the run will need.
    """
    existing = next(p for p in [folder.resolve(), *folder.resolve().parents] if p.exists())
    free = shutil.disk_usage(existing).free
    if free < forecast.disk_bytes:
        raise SetupError(
            f"The run needs about {disk_words(forecast.disk_bytes)} and {disk_words(free)} are free; free some space or "
            "choose another disk with --output."
        )


def disk_words(size_bytes: float) -> str:
    """Return a size as people say it: `1.2 GB`, `34 MB`, `less than 1 MB`."""
    if size_bytes >= 1e9:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 1e6 else "less than 1 MB"
