"""Everything that would stop a run or weaken its answers, said before it: what `radlib check` does.

A run refuses the first thing that is wrong, hours after the last one was mended if films are slow to read. Here the same
checks, those of `plan`, `estimate`, the data sets and the split, are asked one after the other, and each refusal is kept.
Nothing is trained and no run is touched (what is known of files is remembered in `outputs/.cache`); of the films some are
decoded, drawn at random.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from radlib.cli.series.estimate import check_disk, estimate
from radlib.cli.series.parameters import declared_parameters
from radlib.cli.series.plan import check_settings, foreign_notebooks, given_values, notebook_files, steps_of
from radlib.datasets.dataset import Dataset, load_dataset
from radlib.datasets.film_records import MAX_UNREADABLE
from radlib.datasets.films import preprocessing_of
from radlib.datasets.looking.prospects import prospects
from radlib.datasets.looking.samples import sample_of
from radlib.datasets.splits import split_by_patient
from radlib.foundation.errors import DataError, RadlibError
from radlib.foundation.extras import check_extra
from radlib.runs.runs import outputs_root, planned_run
from radlib.runs.settings import SETTING_TYPES, Settings
from radlib.runs.stored_runs import Run
from radlib.runs.studies import load_study


@dataclass
class Findings:
    """What was found.

    Attributes:
        stops: What would stop the run.
        weakens: What would leave it with weaker answers.
        notes: What the data set cleaned or left out, and what else is to be known.
        forecast: Time and disk; empty where they cannot be known.
    """

    stops: list[RadlibError] = field(default_factory=list)
    weakens: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    forecast: str = ""

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keep a refusal instead of letting it end the check; one that says what another said is the same."""
        try:
            yield
        except RadlibError as error:
            if str(error) not in map(str, self.stops):
                self.stops.append(error)

    def lines(self) -> list[str]:
        """Return all of it for the command line, the worst first."""
        return [
            *(f"Stops: {error}" for error in self.stops),
            *(f"Weakens: {line}" for line in self.weakens),
            *(f"Note: {line}" for line in self.notes),
            *filter(None, [self.forecast]),
        ]


def check_study(study: str, *, data: str | None = None, given: Mapping[str, str] | None = None) -> Findings:
    """Ask all that a run of a study would be refused for, or would be weak for.

    Args:
        study: Its name, or a YAML file.
        data: Folder or file with the films; None as the study says.
        given: Parameters as typed, `{"epochs": "8"}`.

    Returns:
        What was found; a study file that cannot be read is all of it then.
    """
    found = Findings()
    with found.kept():
        run, networks, stems = _planned(
            study, {**(given or {}), **({} if data is None else {"data": data})}, found
        )
        for network in networks:
            with found.kept():
                check_settings([network])
        with found.kept():
            check_extra("train")
        with found.kept():
            forecast = estimate(run, networks, stems)
            found.forecast = str(replace(forecast, left_out=""))  # the data set's notes say it
            check_disk(run.folder, forecast)
        for settings in _sets_of_films(networks):
            _check_films(settings, _seeds(networks), found)
    return found


def _planned(study: str, given: Mapping[str, str], found: Findings) -> tuple[Run, list[Run], list[str]]:
    """Return the run, its networks, and a name for each notebook that would be executed."""
    definition = load_study(study)
    files = notebook_files(definition)
    declared = {path: declared_parameters(path) for path in files}
    values = given_values(declared, given)
    settings = {name: value for name, value in values.items() if name in SETTING_TYPES and name != "seed"}
    run = planned_run(str(outputs_root() / definition.name), study=study, seed=values.get("seed"), **settings)
    networks = run.networks()
    found.notes += foreign_notebooks(definition, files)
    return (
        run,
        networks,
        [s.notebook.stem for path in files for s in steps_of(path, declared[path], networks, values)],
    )


def _seeds(networks: list[Run]) -> int:
    return max(Counter(network.network for network in networks).values())


def _sets_of_films(networks: list[Run]) -> list[Settings]:
    """Return one network's settings for each way in which films are read and prepared."""
    ways = {repr(preprocessing_of(network.settings)): network.settings for network in networks}
    return list(ways.values())


def _check_films(settings: Settings, seeds: int, found: Findings) -> None:
    with found.kept():
        dataset = load_dataset(settings)
        _check_pixels(dataset, settings, found)
        split = split_by_patient(
            dataset,
            validation_fraction=settings.validation_fraction,
            test_fraction=settings.test_fraction,
            seed=settings.split_seed,
            id_scope=settings.id_scope,
        )
        found.notes += [note for note in split.notes if note not in found.notes]
        found.weakens += [line for line in prospects(split, settings, seeds) if line not in found.weakens]


def _check_pixels(dataset: Dataset, settings: Settings, found: Findings) -> None:
    """Decode some films, and keep what is wrong with them."""
    sample = sample_of(dataset.index["path"].tolist(), preprocessing_of(settings))
    if sample.lost > MAX_UNREADABLE * sample.films:
        remedy = f"A run in which more than {MAX_UNREADABLE:.0%} cannot be read ends; replace them, or take them out."
        found.stops.append(DataError(f"{sample.sentence()} {remedy}"))
    elif sample.lost:
        found.weakens.append(sample.sentence())
    if 0 < sample.side < settings.image_size:
        found.weakens.append(
            f"Half of the films have fewer than {settings.image_size} pixels along their shorter side (the middle one has "
            f"{sample.side}): `image_size` enlarges them, which costs time and shows nothing more."
        )
