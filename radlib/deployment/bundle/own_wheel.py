"""radlib's own wheel for a bundle, packed from the radlib that runs: from a checkout or from what was installed.

A device has no use for the notebooks and the page for browsers, so they stay behind. The same radlib gives the same bytes: names in order, one date for
all, no paths. Nothing is built and nothing is fetched.
"""

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import radlib
from radlib.foundation.errors import SetupError

DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold
WHEEL = "Wheel-Version: 1.0\nGenerator: radlib\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
LEFT_BEHIND = ("__pycache__", "notebooks", "built")  # built: the page for browsers


def write_wheel(folder: Path) -> Path:
    """Pack the wheel of the running radlib.

    Args:
        folder: Where to.

    Returns:
        Its path.

    Raises:
        SetupError: When radlib runs from a folder that was never installed, so that nothing says what it needs.
    """
    try:
        installed = metadata.distribution("radlib")
    except metadata.PackageNotFoundError:
        raise SetupError(
            "radlib is not installed here, only lying here, so its wheel cannot be packed; pip install it."
        ) from None
    info = f"radlib-{radlib.__version__}.dist-info"
    path = folder / f"radlib-{radlib.__version__}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in [*_package(), *_about(installed, info)]:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(content)}")
            _add(archive, name, content)
        _add(archive, f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]).encode())
    return path


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, DATE)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)


def _package() -> Iterator[tuple[str, bytes]]:
    root = Path(radlib.__file__).parent
    for path in sorted(root.rglob("*"), key=lambda each: each.relative_to(root).as_posix()):
        inside = path.relative_to(root)
        if path.is_file() and not set(inside.parts) & set(LEFT_BEHIND) and path.suffix != ".pyc":
            yield f"radlib/{inside.as_posix()}", path.read_bytes()


def _about(installed: metadata.Distribution, info: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files that say what a wheel is: without the description, which is the README of another day."""
    head, _, _ = (installed.read_text("METADATA") or "").partition("\n\n")
    lines = [
        line for line in head.splitlines() if not line.startswith(("License-File:", "Description-Content"))
    ]
    yield f"{info}/METADATA", ("\n".join(lines) + "\n").encode()
    yield f"{info}/WHEEL", WHEEL.encode()
    yield f"{info}/entry_points.txt", (installed.read_text("entry_points.txt") or "").strip().encode() + b"\n"
