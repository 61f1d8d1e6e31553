"""Send each film that an Orthanc receives through a bundle, and its report back into the same study.

    python orthanc_reports.py http://localhost:8042 BUNDLE

BUNDLE is the folder that `radlib export` wrote, installed by its install.sh; this script itself needs Python alone. It asks
Orthanc by REST what is new, so Orthanc needs no plugin and is held up by nothing. Films are remembered as answered in Orthanc itself, as
metadata of the instance, so that after a restart none is answered again. An account goes in ORTHANC_USER and ORTHANC_PASSWORD.

Research only, not a medical device.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

MODALITIES = ("CR", "DX")
ANSWERED = "4711"  # number of the metadata; those from 1024 on are free for users
UNREADABLE = 3  # exit code of a film that nobody can read
AT_ONCE = 50  # changes asked for in one call


class Orthanc:
    """An Orthanc server, asked by REST."""

    def __init__(self, address: str):
        self.address = address.rstrip("/")
        self.headers = {}
        if user := os.environ.get("ORTHANC_USER"):
            account = f"{user}:{os.environ.get('ORTHANC_PASSWORD', '')}"
            self.headers["Authorization"] = f"Basic {base64.b64encode(account.encode()).decode()}"

    def ask(self, path: str, content: bytes | None = None, method: str | None = None) -> bytes:
        """Return what it answers: GET, POST where there is content, or the method that is named."""
        request = urllib.request.Request(self.address + path, content, self.headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def told(self, path: str):
        """Return an answer in JSON."""
        return json.loads(self.ask(path))

    def new_films(self, since: int) -> tuple[list[str], int, bool]:
        """Return ids of instances to answer, up to which change these are, and whether that is the last one."""
        page = self.told(f"/changes?since={since}&limit={AT_ONCE}")
        received = [change["ID"] for change in page["Changes"] if change["ChangeType"] == "NewInstance"]
        return [each for each in received if self.is_to_answer(each)], page["Last"], page["Done"]

    def is_to_answer(self, instance: str) -> bool:
        """Tell whether an instance is a film without answer; one that was deleted meanwhile is none."""
        try:
            tags = self.told(f"/instances/{instance}/simplified-tags")
            known = self.told(f"/instances/{instance}/metadata")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise
        return tags.get("Modality") in MODALITIES and ANSWERED not in known


def answer(orthanc: Orthanc, bundle: Path, instance: str) -> bool:
    """Read one film and store its report beside it; return whether it has one."""
    with tempfile.TemporaryDirectory() as folder:
        film, reports = Path(folder) / "film.dcm", Path(folder) / "reports"
        film.write_bytes(orthanc.ask(f"/instances/{instance}/file"))
        command = [bundle / "read", film, "--dicom-sr", reports, "--json"]
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
        if ended not in (0, UNREADABLE):
            sys.exit(
                f"The bundle does not run (exit code {ended}); this film and those after it stay unanswered."
            )
        written = sorted(reports.glob("*.dcm"))
        for report in written:
            orthanc.ask("/instances", report.read_bytes())
        orthanc.ask(f"/instances/{instance}/metadata/{ANSWERED}", b"radlib", "PUT")
    return bool(written)


def main() -> None:
    """Answer what is there, and then what comes."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("address", help="of Orthanc's REST interface")
    options.add_argument("bundle", type=Path)
    options.add_argument("--once", action="store_true", help="end when all that is there has been answered")
    options.add_argument("--every", type=float, default=2.0, metavar="SECONDS")
    given = options.parse_args()
    orthanc, since = Orthanc(given.address), 0
    while True:
        try:
            films, since, done = orthanc.new_films(since)
            for instance in films:
                said = "answered" if answer(orthanc, given.bundle, instance) else "no report"
                print(f"{instance} {said}", flush=True)
        except (urllib.error.URLError, TimeoutError) as error:
            if given.once:
                sys.exit(f"Orthanc does not answer: {error}")
            print(f"Orthanc does not answer, trying again: {error}", file=sys.stderr, flush=True)
            done = True
        if done and given.once:
            return
        if done:
            time.sleep(given.every)


if __name__ == "__main__":
    main()
