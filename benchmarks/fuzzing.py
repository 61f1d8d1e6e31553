"""Damaged films by the thousand: none may crash, hang or poison a run, and none may get lost.

Small films of every container and transfer syntax are damaged in seven ways and sent through the same workers
as real ones. Each must come back decoded, or with a reason of the closed list. Which film gets which damage
follows from the seed alone, so that a finding can be repeated.
"""

import io
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate
from tqdm import tqdm

from radlib.imaging import images
from radlib.imaging.decoding import decode
from radlib.imaging.dicom import files as dicom
from radlib.imaging.phantoms import dicom_writing

TARGETS = {"parent_crashes": 0, "lost": 0, "unknown_reasons": 0, "longest_wait_s": 7.0, "growth_mb": 200.0}
SIDE = 48  # of the films, pixels
ROUND_FILMS = 2000  # on disk at a time


def measure(films: int = 200_000, *, seed: int = 0) -> dict:
    """Send damaged films through the workers and count what becomes of them.

    Returns:
        How many were given, decoded and quarantined by reason; how many got lost or came back with a reason
        that is not in the list; the longest time that the reader waited for the next film, seconds; and by how
        much this process grew, MB. That it returns at all means that this process did not crash.
    """
    generator = np.random.default_rng(seed)
    record = images.Preprocessing(16)
    outcomes: Counter[str] = Counter()
    longest, begun = 0.0, time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="radlib-fuzz-") as name:
        sound = list(samples(Path(name)))
        before = _peak_mb()
        paths = [Path(name) / f"{number}.film" for number in range(min(ROUND_FILMS, films))]
        for start in tqdm(
            range(0, films, ROUND_FILMS), "Damaging films", disable=None, delay=5, unit=" rounds"
        ):
            batch = paths[: films - start]
            for number, path in enumerate(batch, start):
                path.write_bytes(damaged(sound[number % len(sound)], generator))
            last = time.perf_counter()
            for reason, *_ in decode.decode_files([str(path) for path in batch], record):
                outcomes[reason or "decoded"] += 1
                longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    reasons = {reason: count for reason, count in outcomes.items() if reason != "decoded"}
    return {
        "films": films,
        "kinds": len(sound),
        "decoded": outcomes["decoded"],
        "reasons": dict(sorted(reasons.items())),
        "parent_crashes": 0,
        "lost": films - sum(outcomes.values()),
        "unknown_reasons": sum(count for reason, count in reasons.items() if reason not in images.REASONS),
        "longest_wait_s": longest,
        "growth_mb": _peak_mb() - before,
        "seconds": time.perf_counter() - begun,
        "targets": TARGETS,
    }


def samples(folder: Path) -> Iterator[bytes]:
    """Yield a small film of each container, and of each transfer syntax that can be written here."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    image = (0.5 + 0.4 * np.sin(7 * rows) * np.cos(5 * columns)).astype(np.float32)
    path = folder / "sample.dcm"
    for kind in (
        dicom_writing.StorageKind(8, jpeg=True),
        dicom_writing.StorageKind(16),
        dicom_writing.StorageKind(12, inverted=True, windowed=True, rescaled=True, padded=True),
    ):
        dicom_writing.write_film(path, image, kind, dicom_writing.Header("CANARY^ID", "AP", 50, "F", "n"))
        yield path.read_bytes()
    plain = path.read_bytes()  # the last, 12 bits
    yield _with_table(plain)
    for syntax in (uid.RLELossless, uid.JPEG2000Lossless, uid.JPEGLSLossless, uid.JPEGLosslessSV1):
        if dicom.readable(syntax):
            yield compressed(plain, syntax)
    for mode, kind in (("L", "PNG"), ("L", "JPEG"), ("RGBA", "PNG"), ("I;16", "PNG")):
        pixels = (image * (65535 if mode == "I;16" else 255)).astype(
            np.uint16 if mode == "I;16" else np.uint8
        )
        picture, buffer = Image.fromarray(pixels), io.BytesIO()
        (picture.convert(mode) if mode == "RGBA" else picture).save(buffer, kind)
        yield buffer.getvalue()


def compressed(plain: bytes, syntax: str) -> bytes:
    """Return an uncompressed film of 12 bits in a lossless transfer syntax."""
    dataset, written = pydicom.dcmread(io.BytesIO(plain)), io.BytesIO()
    if syntax in (uid.JPEG2000Lossless, uid.JPEGLosslessSV1):
        frame = _jpeg_2000(dataset) if syntax == uid.JPEG2000Lossless else _jpeg_lossless(plain)
        dataset.PixelData = encapsulate([frame])
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
        dataset.file_meta.TransferSyntaxUID = syntax
    else:
        dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(written)
    return written.getvalue()


def _jpeg_2000(dataset: pydicom.Dataset) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(dataset.pixel_array).save(buffer, "JPEG2000", no_jp2=True, irreversible=False)
    return buffer.getvalue()


def _jpeg_lossless(plain: bytes) -> bytes:
    import gdcm

    with tempfile.TemporaryDirectory(prefix="radlib-") as folder:
        path = Path(folder) / "film.dcm"
        path.write_bytes(plain)
        reader, writer, change = gdcm.ImageReader(), gdcm.ImageWriter(), gdcm.ImageChangeTransferSyntax()
        reader.SetFileName(str(path))
        reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        change.SetInput(reader.GetImage())
        change.Change()
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.SetFileName(str(path))
        writer.Write()
        frames = pydicom.encaps.generate_frames(pydicom.dcmread(path).PixelData, number_of_frames=1)
        return next(frames)


def _with_table(plain: bytes) -> bytes:
    dataset, written, item = pydicom.dcmread(io.BytesIO(plain)), io.BytesIO(), pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [4096, 0, 8])
    item.add_new("LUTData", "OW", (np.arange(4096) // 16).astype("<u2").tobytes())
    dataset.VOILUTSequence = [item]
    dataset.save_as(written)
    return written.getvalue()


def damaged(content: bytes, generator: np.random.Generator) -> bytes:
    """Flip, cut, repeat, overwrite, swap or blow up a part, the header more often than not."""
    result = bytearray(content)
    place = int(len(result) * generator.random() ** 2)
    length = int(generator.integers(1, 64))
    match int(generator.integers(7)):
        case 0:
            for spot in (len(result) * generator.random(int(generator.integers(1, 9))) ** 2).astype(int):
                result[spot] ^= 1 << int(generator.integers(8))
        case 1:
            del result[place:]
        case 2:
            result[place:place] = result[place : place + length]
        case 3:
            result[place : place + 4] = generator.bytes(4)
        case 4:
            del result[place : place + length]
        case 5:
            other = int(len(result) * generator.random())
            result[place : place + length] = result[other : other + length]
        case 6:  # the largest numbers there are, where lengths, sizes and counts stand
            width = int(generator.choice((1, 2, 4)))
            result[place : place + width] = b"\xff" * (width - 1) + bytes(
                [int(generator.choice((0x7F, 0xFF)))]
            )
    return bytes(result)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(result: dict) -> str:
    """Return the counts as lines of text."""
    rejected = ", ".join(f"{reason} {count:,}" for reason, count in result["reasons"].items())
    lines = [
        f"{result['films']:,} damaged films of {result['kinds']} kinds, in {result['seconds']:.0f} s",
        f"  decoded {result['decoded']:,}; {rejected}",
    ]
    for name, text in (
        ("parent_crashes", "crashes of the reading process"),
        ("lost", "films lost"),
        ("unknown_reasons", "reasons that are not in the list"),
        ("longest_wait_s", "longest wait for a film, s"),
        ("growth_mb", "growth of the reading process, MB"),
    ):
        lines.append(
            f"  {text:56}{result[name]:>9.3g}   target {'at most ' if result['targets'][name] else ''}"
            f"{result['targets'][name]:g}"
        )
    return "\n".join(lines)
