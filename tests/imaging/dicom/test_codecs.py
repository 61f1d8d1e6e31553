"""Transfer syntaxes: lossless ones come back bit by bit, and what cannot be read says what to install."""

import csv
import hashlib
import io
import subprocess
import sys

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate

from radlib.imaging.dicom import files as dicom
from radlib.imaging.images import REASONS, UnreadableImage, read_image
from radlib.imaging.phantoms import dicom_writing


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """An uncompressed 12-bit film with a window, MONOCHROME1, and its stored values."""
    rows, columns = np.mgrid[0:96, 0:80] / 96
    image = 0.5 + 0.3 * np.sin(9 * rows) * np.cos(7 * columns)
    image += np.random.default_rng(0).normal(0, 0.02, image.shape)
    path = tmp_path_factory.mktemp("plain") / "film.dcm"
    kind = dicom_writing.StorageKind(12, inverted=True, windowed=True, rescaled=True)
    dicom_writing.write_film(path, image.clip(0, 1), kind, dicom_writing.Header("p", "PA", 40, "F", "n"))
    return path


def jpeg_2000(stored):
    buffer = io.BytesIO()
    Image.fromarray(stored).save(buffer, "JPEG2000", no_jp2=True, irreversible=False)
    return buffer.getvalue()


def compressed(plain, path, syntax):
    dataset = pydicom.dcmread(plain)
    if syntax == uid.JPEG2000Lossless:
        dataset.PixelData = encapsulate([jpeg_2000(dataset.pixel_array)])
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
        dataset.file_meta.TransferSyntaxUID = syntax
    else:
        dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize(
    "syntax", [uid.RLELossless, uid.JPEG2000Lossless, uid.JPEGLSLossless], ids=lambda s: s.name
)
def test_a_lossless_film_reads_as_the_uncompressed_one(plain, tmp_path, syntax):
    path = compressed(plain, tmp_path / "film.dcm", syntax)
    assert pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID == syntax
    np.testing.assert_array_equal(read_image(path), read_image(plain))


def test_baseline_jpeg_is_decoded_as_pydicom_would(tmp_path):
    image = np.random.default_rng(1).random((64, 48)).astype(np.float32)
    path = tmp_path / "film.dcm"
    kind = dicom_writing.StorageKind(8, jpeg=True)
    dicom_writing.write_film(path, image, kind, dicom_writing.Header("p", "PA", 40, "F", "n"))
    np.testing.assert_allclose(read_image(path) * 255, pydicom.dcmread(path).pixel_array, atol=1e-4)


def test_a_jpeg_larger_than_its_header_says_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "film.dcm"
    kind = dicom_writing.StorageKind(8, jpeg=True)
    dicom_writing.write_film(path, np.zeros((512, 512)), kind, dicom_writing.Header("p", "PA", 40, "F", "n"))
    dataset = pydicom.dcmread(path)
    dataset.Rows = dataset.Columns = 16
    dataset.save_as(path)
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert caught.value.reason == "damaged"


def test_what_is_needed_out_of_the_box_is_there_without_the_extra(plain, tmp_path):
    """In a process where the packages of the extra cannot be imported."""
    compressed(plain, tmp_path / "ls.dcm", uid.JPEGLSLossless)
    compressed(plain, tmp_path / "rle.dcm", uid.RLELossless)
    compressed(plain, tmp_path / "j2k.dcm", uid.JPEG2000Lossless)
    script = (
        "import sys; sys.modules['gdcm'] = sys.modules['jpeg_ls'] = None\n"
        "from radlib.imaging import images; from radlib.imaging.dicom import files as dicom\n"
        "from pydicom import uid\n"
        "print([dicom.readable(s) for s in (uid.ExplicitVRLittleEndian, uid.JPEGBaseline8Bit, uid.RLELossless,\n"
        "    uid.JPEG2000, uid.JPEGLosslessSV1, uid.JPEGLSLossless)])\n"
        "for name in ('rle', 'j2k', 'ls'):\n"
        "    try: print(name, images.read_image(f'{sys.argv[1]}/{name}.dcm').shape)\n"
        "    except images.UnreadableImage as error: print(name, error.reason, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True
    )
    syntaxes, rle, j2k, ls = done.stdout.splitlines()
    assert syntaxes == "[True, True, True, True, False, False]"
    assert (rle, j2k) == ("rle (96, 80)", "j2k (96, 80)")
    assert ls.startswith("ls unsupported_compression The image is compressed")
    assert "pip install python-gdcm pyjpegls" in ls


def test_the_install_line_names_packages_of_the_extra():
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    extra = {text.split(">")[0] for text in project["optional-dependencies"]["codecs"]}
    assert extra == {"python-gdcm", "pyjpegls"}
    assert all(name in REASONS["unsupported_compression"] for name in extra)
    everything = str(project)
    assert "libjpeg" not in everything  # GPL-3


def test_every_named_decoder_is_installed_for_the_tests():
    assert [syntax for syntax in dicom.DECODERS if not dicom.readable(syntax)] == []


@pytest.mark.parametrize(
    ("syntax", "bits", "reason"),
    [
        (uid.DeflatedExplicitVRLittleEndian, 12, "unsupported_compression"),
        (uid.HTJ2K, 12, "unsupported_compression"),
        (uid.JPEGExtended12Bit, 12, "unsupported_compression"),
        (uid.JPEGLosslessSV1, 12, "damaged"),  # there is a decoder, but these bytes are not of its kind
        (uid.JPEGLSLossless, 12, "damaged"),
        (uid.JPEG2000, 12, "damaged"),
    ],
    ids=str,
)
def test_a_lost_film_is_told_from_a_missing_decoder(plain, tmp_path, syntax, bits, reason):
    dataset = pydicom.dcmread(plain)
    dataset.PixelData = encapsulate([dataset.PixelData])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.BitsStored = bits
    path = tmp_path / "film.dcm"
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        dataset["PixelData"].is_undefined_length = False
    dataset.save_as(path)
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert caught.value.reason == reason


@pytest.mark.real_data
def test_real_films_decode_to_the_checksums_of_their_manifest(shared_data):
    folder = shared_data / "data" / "dicom_samples"
    with (folder / "MANIFEST.csv").open() as stream:
        manifest = list(csv.DictReader(stream))
    seen = {}
    for row in manifest:
        path = folder / row["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["file_sha256"]
        dataset = pydicom.dcmread(path)
        syntax = dataset.file_meta.TransferSyntaxUID
        if not row["pixel_sha256"]:  # 12-bit extended JPEG, which few decoders read
            with pytest.raises(UnreadableImage) as caught:
                read_image(path)
            assert caught.value.reason == "unsupported_compression"
            continue
        stored = dicom._stored_values(dataset, syntax)
        assert hashlib.sha256(stored.tobytes()).hexdigest() == row["pixel_sha256"], path.stem
        seen[path.stem] = read_image(path)
        assert seen[path.stem].shape == (int(row["rows"]), int(row["columns"]))
    assert len(seen) == 8
    leg = [image for name, image in seen.items() if name.startswith("rg3_leg")]
    assert len(leg) == 4  # one film, four lossless syntaxes
    for image in leg[1:]:
        np.testing.assert_array_equal(image, leg[0])
    chest = seen["nih_chest_dx_mono2_implicit_le"]
    side = chest.shape[1] // 3
    assert chest[:, side : 2 * side].mean() > chest.mean()  # the spine is bright
