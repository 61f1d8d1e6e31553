"""Variants whose record is damaged step aside before a run goes on, so that they are built anew and nothing is lost.

Such a variant cannot be told from one that was made to other settings, and would end every later start. Its folder is
renamed, not removed: the model in it may be whole, and may have taken hours.
"""

from pathlib import Path

from radlib.foundation.errors import RadlibError
from radlib.foundation.record_files import read_object
from radlib.foundation.storage import disk_errors, spec_digest
from radlib.imaging.images import Preprocessing
from radlib.runs.runs import Run
from radlib.runs.variants import read_variant

ASIDE = ".damaged."  # before the name of a folder; names with a dot are no variants


def set_aside_damaged(run: Run) -> list[str]:
    """Rename the folders of variants whose records cannot be trusted.

    Args:
        run: The run.

    Returns:
        A sentence for each of them.
    """
    sentences = []
    for folder in sorted(run.path("variants").glob("[!.]*/")):
        if not any(folder.iterdir()) or records_are_sound(folder):
            continue
        number, aside = 1, folder.with_name(f"{ASIDE}{folder.name}")
        while aside.exists():
            number, aside = number + 1, folder.with_name(f"{ASIDE}{folder.name}.{number + 1}")
        with disk_errors(folder):
            folder.rename(aside)
        sentences.append(
            f"The records of {folder.name} are damaged; it is kept as variants/{aside.name} and built anew."
        )
    return sentences


def records_are_sound(folder: Path) -> bool:
    """Tell whether the records in a variant's folder can be read and agree with each other."""
    try:
        variant = read_variant(folder / "variant.json")
        prepared = Preprocessing.from_dict(read_object(folder / "preprocessing.json")).digest()
        spec = spec_digest(read_object(folder / "spec.json"))
    except (RadlibError, ValueError, TypeError, KeyError, AttributeError):
        return False
    return (variant.key, prepared, spec) == (folder.name, variant.preprocessing, variant.spec)
