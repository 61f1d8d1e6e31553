"""Take the picture of a report's first page that the README shows: `screenshot.py REPORT.html PICTURE.png`, by Chromium."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

SIZE = 1280, 1200  # pixels, as on a desk
MOST_BYTES = 200_000


def take(report: Path, picture: Path) -> None:
    """Write the picture, in as many colours as keep it small."""
    chromium = (
        os.environ.get("RADLIB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if not chromium:
        sys.exit("Chromium is not installed, and RADLIB_CHROMIUM names none.")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        flags = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--hide-scrollbars",
        )
        window = f"--window-size={SIZE[0]},{SIZE[1]}"
        command = [
            chromium,
            *flags,
            f"--user-data-dir={folder}/profile",
            window,
            f"--screenshot={shot}",
            report.resolve().as_uri(),
        ]
        subprocess.run(command, check=True, timeout=120, capture_output=True)
        image = Image.open(shot).convert("RGB")
        for colours in (256, 128, 64):
            image.quantize(colours, dither=Image.Dither.NONE).save(picture, optimize=True)
            if picture.stat().st_size <= MOST_BYTES:
                return


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
