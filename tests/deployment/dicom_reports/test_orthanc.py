"""The recipe for Orthanc: a film sent in comes back with its report, once, also after a restart."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pydicom
import pytest

from radlib.imaging.phantoms.dicom_writing import Header, StorageKind, write_film
from stored import stored_run

RECIPE = Path(__file__).resolve().parents[3] / "examples/orthanc_reports.py"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def ask(address, content=None):
    with urllib.request.urlopen(urllib.request.Request(address, content), timeout=30) as answer:
        return answer.read()


@pytest.fixture
def orthanc(tmp_path):
    program = shutil.which("Orthanc", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if program is None:
        pytest.skip("Orthanc (Debian's package orthanc) is not on this machine")
    port, folder = free_port(), tmp_path / "orthanc"
    folder.mkdir()
    (folder / "orthanc.json").write_text(json.dumps({
        "Name": "test", "StorageDirectory": str(folder), "IndexDirectory": str(folder), "HttpPort": port,
        "DicomServerEnabled": False, "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
    }))  # fmt: skip
    process = subprocess.Popen(
        [program, folder / "orthanc.json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield wait_for(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(60)


def wait_for(address, process):
    while process.poll() is None:
        try:
            ask(f"{address}/system")
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return address
    raise AssertionError("Orthanc ended before it answered")


@pytest.fixture(scope="module")
def bundle_and_film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    run, films = stored_run(folder)
    bundle = run.path("variants", "student_small--int8--seed0")
    reader = bundle / "read"
    reader.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from radlib.cli.app import main; main()" read {bundle} "$@"\n'
    )
    reader.chmod(0o755)
    path = folder / "film.dcm"
    write_film(path, films.test.images([0])[0, ..., 0], StorageKind(12), Header("p", "PA", 40, "F", "n"))
    film = pydicom.dcmread(path)
    film.StudyInstanceUID, film.SeriesInstanceUID, film.Modality = "2.25.7", "2.25.8", "DX"
    film.save_as(path)
    return bundle, path


def recipe(address, bundle):
    command = [sys.executable, RECIPE, address, bundle, "--once"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_film_sent_in_comes_back_with_its_report(orthanc, bundle_and_film):
    bundle, path = bundle_and_film
    ask(f"{orthanc}/instances", path.read_bytes())
    assert recipe(orthanc, bundle).split()[1:] == ["answered"]
    (study,) = json.loads(ask(f"{orthanc}/studies"))
    series = [json.loads(ask(f"{orthanc}/series/{each}")) for each in json.loads(ask(f"{orthanc}/series"))]
    assert {each["ParentStudy"] for each in series} == {study}
    (report,) = (each for each in series if each["MainDicomTags"]["Modality"] == "SR")
    tags = json.loads(ask(f"{orthanc}/instances/{report['Instances'][0]}/simplified-tags"))
    assert tags["PatientID"] == "p" and tags["VerificationFlag"] == "UNVERIFIED"
    (evidence,) = tags["CurrentRequestedProcedureEvidenceSequence"]
    source = pydicom.dcmread(path, stop_before_pixels=True)
    referenced = evidence["ReferencedSeriesSequence"][0]["ReferencedSOPSequence"][0]
    assert referenced["ReferencedSOPInstanceUID"] == source.SOPInstanceUID
    assert recipe(orthanc, bundle) == ""  # a second start answers nothing twice
    assert len(json.loads(ask(f"{orthanc}/instances"))) == 2
