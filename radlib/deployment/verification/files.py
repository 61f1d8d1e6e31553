"""The files of a run, each held against the digest that was noted when it was written, and the record of each variant."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from radlib.deployment.verification.checks import Check
from radlib.foundation import digests
from radlib.foundation.errors import RadlibError
from radlib.foundation.record_files import read_columns, read_object, remembered
from radlib.foundation.storage import file_sha256, spec_digest
from radlib.imaging.images import Preprocessing
from radlib.runs import private
from radlib.runs.runs import Run
from radlib.runs.variants import Variant, read_variant

HISTORY = "history.csv"  # of a training, beside the model
FLEETING = ("failure.txt", "radlib.log", "checkpoints")  # come and go; nothing rests on them
FOLDERS = (
    "variants", "predictions", "measurements", "insides", "heat_maps", "typical_films", "films", "figures", "cards",
    "reports", "thumbnails", "imports",
)  # fmt: skip
AGAIN = "start radlib run again with the same command, it makes the file anew"
COPY = "put it back from a copy"
REMEDIES = {
    "variants": "start radlib run again with the same command, it builds the variant anew",
    "selection.json": "start radlib run again with the same command and --fresh, it chooses again by the same rule",
    "run.json": COPY,
    "test_log.csv": f"{COPY}; it is a record of what was done, and cannot be made anew",
}
MADE_BY_RUN = (
    "run.json", "imported.json", "films.json", "quarantine.csv", "copies.csv", "groups.csv", "selection.json",
    "shift.json", "earlier_looks.json", "stress.csv", "sources.csv", "site_thresholds.csv", "validation_groups.csv", "test_log.csv", "measurements.csv", "device_measurements.csv", "report.html",
    "report.md", "results.csv", "per_label.csv", "comparisons.csv", "usefulness.csv",
    "over_seeds.csv", "verdicts.csv", "decisions.csv", "calibration.csv", "harm.csv", "group_rates.csv", "agreement.csv", "heat_maps.csv",
    "pairs.csv", "refusals.csv", "layers.csv", "weights.csv", "changed_decisions.csv", "outlines.csv", "outline_groups.csv", "boxes.csv", "froc.csv",
    "box_groups.csv",
)  # fmt: skip
NOTED_ALWAYS = ("variants", "predictions", "selection.json", "films.json", "quarantine.csv", "copies.csv")


def stored_variants(run: Run) -> tuple[list[Variant], list[Check]]:
    """Return the variants of a run whose record can be read, and a check for each record.

    A folder that bears another name than its record says was copied or renamed by hand.
    """
    found, checks = {}, []
    for folder in sorted(run.path("variants").glob("[!.]*/")):
        place, failure = f"variants/{folder.name}/variant.json", ""
        try:
            variant = read_variant(folder / "variant.json")
            found[variant.name] = variant
            if variant.key != folder.name:
                failure = (
                    f"The folder {folder.name} holds the record of {variant.name}; {REMEDIES['variants']}."
                )
                del found[variant.name]
        except RadlibError as error:
            failure = str(error)
        checks.append(Check("variant record", failure, place))
    failure = "" if found or checks else f"{run.folder.name} holds no variant to check."
    ordered = sorted(
        found.values(), key=lambda variant: len(variant.chain)
    )  # what others are held against is first
    return ordered, [Check("variants", failure), *checks]


def variant_checks(run: Run, variant: Variant) -> Iterator[Check]:
    """Yield what a variant's record says of the files beside it."""
    model, folder = run.model_path(variant), run.path("variants", variant.key)
    failure = ""
    if not model.is_file():
        failure = f"The model file of {variant.name} is missing; build it again."
    elif model.stat().st_size != variant.size_bytes or file_sha256(model) != variant.sha256:
        failure = f"The model file of {variant.name} is not the one that was stored; build it again."
    yield Check("model file", failure, variant.file)
    record, failure = folder / "preprocessing.json", ""
    try:
        if Preprocessing.from_dict(read_object(record, digest=False)).digest() != variant.preprocessing:
            failure = f"The record of how films are prepared for {variant.name} was changed; build it again."
    except (RadlibError, ValueError, TypeError, KeyError, AttributeError):
        failure = (
            f"The record of how films are prepared for {variant.name} is missing or damaged; build it again."
        )
    yield Check("preparation", failure, f"variants/{variant.key}/preprocessing.json")
    failure = ""
    try:
        if spec_digest(read_object(folder / "spec.json", digest=False)) != variant.spec:
            failure = f"The specification of {variant.name} was changed after it was built; build it again."
    except RadlibError:
        failure = f"The specification of {variant.name} is missing or damaged; build it again."
    yield Check("specification", failure, f"variants/{variant.key}/spec.json")
    if (folder / HISTORY).is_file():
        try:
            read_columns(folder / HISTORY, remedy=REMEDIES["variants"])
            failure = ""
        except RadlibError as error:
            failure = str(error)
        yield Check("history", failure, f"variants/{variant.key}/{HISTORY}")


def digest_checks(run: Run) -> Iterator[Check]:
    """Yield a check for each file whose digest was noted, and one for files whose digest should have been."""
    noted = digests.read(run.folder)
    if noted is None:
        if says_digests(run):
            yield Check(
                "digests",
                f"{digests.FILE} is missing, so that files cannot be checked; {COPY}.",
                digests.FILE,
            )
        return
    yield Check("digests", _lost_lines(noted, digests.FILE), digests.FILE)
    for place in sorted(noted.noted):
        if _of_run(place):
            yield Check("digest", _failure(run, noted, place), place)
    unknown = [place for place in _present(run) if place not in noted.noted]
    for place in unknown or [""]:
        failure = (
            f"{place} was put into the run by hand, or its line in {digests.FILE} is lost; {remedy(place)}."
        )
        yield Check("files", failure if place else "", place)
    yield from _private_checks(run)


def says_digests(run: Run) -> bool:
    """Tell whether the choices of a run say that its digests were noted."""
    return "digests" in remembered(run.path("selection.json"))


def remedy(place: str) -> str:
    """Return what makes a file of a run anew, as the end of a sentence."""
    return REMEDIES.get(place) or REMEDIES.get(place.split("/")[0], AGAIN)


def _private_checks(run: Run) -> Iterator[Check]:
    """Yield checks of the private folder; a run that was passed on has none."""
    folder = run.path(private.FOLDER)
    noted = digests.read(folder)
    if noted is None:
        if folder.is_dir():
            lost = f"{private.FOLDER}/{digests.FILE}"
            yield Check("digests", f"{lost} is missing, so that files cannot be checked; {COPY}.", lost)
        return
    yield Check("digests", _lost_lines(noted, f"{private.FOLDER}/{digests.FILE}"), digests.FILE)
    for name in sorted(noted.noted):
        if name.split("/")[0] in FLEETING:
            continue
        path, failure = folder / name, ""
        if not path.is_file() or not noted.allow(name, file_sha256(path)):
            state = "is not what was written" if path.is_file() else "is missing"
            failure = (
                f"{private.FOLDER}/{name} {state}; start radlib run again with the same command and --data."
            )
        yield Check("digest", failure, f"{private.FOLDER}/{name}")


def _lost_lines(noted: digests.Digests, place: str) -> str:
    if not noted.damaged_lines:
        return ""
    lines = "1 line" if noted.damaged_lines == 1 else f"{noted.damaged_lines} lines"
    return f"{place} is damaged in {lines}, so that not every file can be checked; {COPY}."


def _failure(run: Run, noted: digests.Digests, place: str) -> str:
    path = run.path(*PurePosixPath(place).parts)
    if not path.is_file():
        return f"{place} is missing; {remedy(place)}."
    if not noted.allow(place, file_sha256(path)):
        state = "is not what was written" if path.stat().st_size else "is empty"
        return f"{place} {state}; {remedy(place)}."
    return ""


def _of_run(place: str) -> bool:
    """Tell whether a file is one that a run rests on; others, such as tables that a user had written, may change."""
    parts = place.split("/")
    if ".." in parts or place.startswith("/") or parts[0] in FLEETING or place.endswith(".failed.ipynb"):
        return False
    return parts[0] in FOLDERS if len(parts) > 1 else place in MADE_BY_RUN


def _present(run: Run) -> list[str]:
    """Return the files of a run that are noted whenever they are written."""
    found = []
    for name in NOTED_ALWAYS:
        root = run.path(name)
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            parts = path.relative_to(run.folder).parts
            if path.is_file() and not any(part.startswith(".") for part in parts):
                found.append("/".join(parts))
    return found
