"""Reading films: pictures and the preprocessing record."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from radlib.foundation.errors import UsageError
from radlib.imaging import images, operations
from radlib.imaging.images import REASONS, Preprocessing, UnreadableImage, placement, prepare, read_image
from radlib.imaging.operations import OPERATIONS


def saved(tmp_path, picture, name="film.png", **options):
    path = tmp_path / name
    picture.save(path, **options)
    return path


def test_grey_png_is_read_level_by_level(tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = read_image(saved(tmp_path, Image.fromarray(levels)))
    assert image.dtype == np.float32
    np.testing.assert_allclose(image * 255, levels, atol=1e-4)


def test_16_bit_png_keeps_its_levels(tmp_path):
    levels = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    np.testing.assert_allclose(
        read_image(saved(tmp_path, Image.fromarray(levels))) * 65535, levels, atol=0.01
    )


@pytest.mark.parametrize(
    ("colour", "expected"), [((255, 0, 0), 0.299), ((0, 255, 0), 0.587), ((0, 0, 255), 0.114)]
)
def test_colours_become_their_luminance(tmp_path, colour, expected):
    """Weights of ITU-R BT.601."""
    image = read_image(saved(tmp_path, Image.new("RGB", (9, 8), colour)))
    assert image.shape == (8, 9)
    np.testing.assert_allclose(image, expected, atol=1 / 255)


def test_transparent_parts_are_black(tmp_path):
    picture = Image.new("RGBA", (8, 8), (200, 200, 200, 0))
    picture.putpixel((0, 0), (200, 200, 200, 255))
    image = read_image(saved(tmp_path, picture))
    assert image[0, 0] == pytest.approx(200 / 255)
    assert image[1:].max() == 0


# EXIF 2.3, tag 0x0112: where the first row and the first column of the stored picture belong.
ORIENTATIONS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.T,
    6: lambda p: p.T[:, ::-1],
    7: lambda p: p.T[::-1, ::-1],
    8: lambda p: p.T[::-1],
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("name", ["film.jpg", "film.png"])
def test_exif_orientation_turns_the_film(tmp_path, orientation, name):
    corners = np.array([[255, 160, 160], [90, 0, 0]], np.uint8)  # no two corners alike
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.kron(corners, np.ones((16, 16), np.uint8)))
    image = read_image(saved(tmp_path, picture, name, exif=exif, quality=100))
    expected = np.kron(ORIENTATIONS[orientation](corners), np.ones((16, 16)))
    assert image.shape == expected.shape
    np.testing.assert_allclose(image * 255, expected, atol=2)


@pytest.mark.parametrize(
    ("mode", "colour", "level"),
    [
        ("L", 100, 100),
        ("1", 1, 255),
        ("LA", (200, 255), 200),
        ("LA", (200, 128), 100),
        ("RGB", (90, 90, 90), 90),
        ("RGBA", (90, 90, 90, 255), 90),
        ("I;16", 25700, 100),
    ],
)
def test_every_kind_of_png_is_read_to_its_level(tmp_path, mode, colour, level):
    image = read_image(saved(tmp_path, Image.new(mode, (9, 8), colour)))
    assert (image.dtype, image.shape) == (np.float32, (8, 9))
    np.testing.assert_allclose(image * 255, level, atol=1)


def test_palettes_are_read_by_their_colours(tmp_path):
    picture = Image.new("P", (8, 8), 3)
    picture.putpalette([0, 0, 0] * 3 + [120, 120, 120])
    np.testing.assert_allclose(read_image(saved(tmp_path, picture)) * 255, 120, atol=1)


def test_a_jpeg_for_print_is_read_as_its_luminance(tmp_path):
    picture = Image.new("CMYK", (16, 16), (0, 0, 0, 155))
    np.testing.assert_allclose(
        read_image(saved(tmp_path, picture, "film.jpg", quality=95)) * 255, 100, atol=2
    )


def test_a_grey_jpeg_stored_in_colour_is_read_as_its_luminance(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    path = saved(tmp_path, Image.fromarray(levels).convert("RGB"), "film.jpeg", quality=90)
    with Image.open(path) as picture:
        expected = np.asarray(picture.convert("L"))
    assert np.abs(read_image(path) * 255 - expected).max() <= 1


def test_content_decides_not_the_name(tmp_path):
    path = saved(tmp_path, Image.new("L", (8, 8), 51), "film.dcm", format="PNG")
    np.testing.assert_allclose(read_image(path), 0.2, atol=1e-6)


def bytes_of(picture, kind="PNG"):
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"just text, no film", "unknown_content"),
        (b"\0" * 128 + b"DICM", "no_pixels"),
        (bytes_of(Image.effect_noise((64, 64), 90), "JPEG")[:600], "damaged"),
        (bytes_of(Image.new("1", (12_000, 12_000))), "too_large"),
    ],
)
def test_unreadable_files_have_a_reason(tmp_path, content, reason):
    path = tmp_path / "Mustermann^Max.png"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert caught.value.reason == reason
    assert "Mustermann" not in str(caught.value)


def test_folders_and_missing_files_are_no_films(tmp_path):
    (tmp_path / "folder.png").mkdir()
    for name in ("folder.png", "missing.png"):
        with pytest.raises(UnreadableImage) as caught:
            read_image(tmp_path / name)
        assert caught.value.reason == "not_a_file"


def test_reasons_are_few_and_survive_a_process_border():
    assert len(REASONS) <= 12
    error = pickle.loads(pickle.dumps(UnreadableImage("damaged", "0123456789ab")))
    assert (error.reason, error.image) == ("damaged", "0123456789ab")
    assert "0123456789ab" in str(error)


def test_stretch_averages_areas():
    image = np.kron(np.array([[0, 1], [1, 0]], np.float32), np.ones((40, 20), np.float32))
    small = prepare(image, Preprocessing(8))
    assert small.dtype == np.uint8
    assert small.shape == (8, 8)
    np.testing.assert_array_equal(small[[0, 0, 7, 7], [0, 7, 0, 7]], [0, 255, 255, 0])
    stripes = np.tile(np.array([0, 1], np.float32), (64, 32))  # finer than the target can show
    assert np.abs(prepare(stripes, Preprocessing(8)).astype(int) - 127.5).max() < 8


def test_pad_keeps_the_shape_and_centres_it():
    small = prepare(np.ones((100, 50), np.float32), Preprocessing(16, "pad"))
    np.testing.assert_array_equal(small[:, 4:12], 255)
    assert small[:, :4].max() == small[:, 12:].max() == 0


@pytest.mark.parametrize(("bits", "levels"), [(1, [0, 255]), (2, [0, 85, 170, 255]), (8, list(range(256)))])
def test_bits_limit_the_grey_levels(bits, levels):
    ramp = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (256, 1))
    assert np.unique(prepare(ramp, Preprocessing(256, bits=bits))).tolist() == levels


def test_equalize_histogram_by_hand():
    """Levels 0, 0, 51, 102 of four pixels: counts so far 2, 3, 4; (3 - 2) / 2 and (4 - 2) / 2."""
    image = np.array([[0, 0], [0.2, 0.4]], np.float32)
    np.testing.assert_allclose(operations.equalize_histogram(image), [[0, 0], [0.5, 1]])


def test_stretch_percentiles_by_hand():
    image = np.linspace(0.2, 0.4, 101, dtype=np.float32).reshape(1, -1)
    stretched = operations.stretch_percentiles(image)
    np.testing.assert_allclose(stretched[0, [0, 1, 50, 99, 100]], [0, 0, 0.5, 1, 1], atol=1e-5)


def test_equalize_locally_lifts_a_dark_half_more_than_the_whole_film_does():
    generator = np.random.default_rng(0)
    image = generator.uniform(0, 0.05, (64, 64)).astype(np.float32)
    image[:, 32:] += np.float32(0.9)
    dark = operations.equalize_locally(image)[:, :24]
    assert dark.std() > 2 * image[:, :24].std()
    uniform = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (256, 1))
    assert np.all(np.diff(operations.equalize_locally(uniform)[0]) > -0.02)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_keep_shape_type_and_range(name):
    generator = np.random.default_rng(1)
    for image in (generator.random((40, 31)), np.full((20, 20), 0.3), np.zeros((8, 8))):
        image = image.astype(np.float32)
        before = image.copy()
        result = OPERATIONS[name](image)
        assert result.shape == image.shape
        assert result.dtype == np.float32
        assert 0 <= result.min() <= result.max() <= 1
        np.testing.assert_array_equal(image, before)


def test_the_record_survives_json_and_its_digest_tells_records_apart():
    record = Preprocessing(128, "pad", ("equalize_histogram",), 6)
    assert Preprocessing.from_dict(record.to_dict()) == record
    others = [Preprocessing(128), Preprocessing(128, "pad"), Preprocessing(64), Preprocessing(128, bits=7)]
    digests = {r.digest() for r in (record, *others)}
    assert len(digests) == 5
    assert {len(d) for d in digests} == {16}


@pytest.mark.parametrize(
    "wrong", [{"resize": "crop"}, {"operations": ("sharpen",)}, {"bits": 9}, {"image_size": 4}]
)
def test_unknown_preprocessing_is_refused(wrong):
    with pytest.raises(UsageError):
        Preprocessing(**{"image_size": 64, **wrong})


def test_image_id_is_the_start_of_the_sha256(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")  # FIPS 180-2, first example
    assert images.image_id(path) == "ba7816bf8f01"


@given(
    st.integers(1, 700),
    st.integers(1, 700),
    st.integers(8, 320),
    st.sampled_from(["pad", "stretch"]),
    st.randoms(),
)
@settings(deadline=None, max_examples=200)
def test_boxes_lie_where_the_film_lies(height, width, size, resize, random):
    """A box around all of a film is where `prepare` puts it, and every other box scales with it."""
    preprocessing = Preprocessing(size, resize)
    place = placement(height, width, preprocessing)
    square = prepare(np.ones((height, width), np.float32), preprocessing)
    rows, columns = np.nonzero(square)
    assert place.of_box((0, 0, width, height), width, height) == pytest.approx(
        (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1), abs=1e-9
    )
    x, y = random.uniform(0, width), random.uniform(0, height)
    left, top, wide, high = place.of_box((x, y, width - x, height - y), width, height)
    assert (left - place.left) / place.width == pytest.approx(x / width)
    assert (top - place.top) / place.height == pytest.approx(y / height)
    assert (left + wide, top + high) == pytest.approx((place.left + place.width, place.top + place.height))


@pytest.mark.parametrize("resize", ["pad", "stretch"])
@pytest.mark.parametrize(("height", "width"), [(301, 223), (97, 256), (640, 199), (333, 332)])
def test_an_opacity_stays_in_its_box_within_a_tenth_of_a_pixel(height, width, resize):
    """The centre of gravity of a soft blob is measured in the prepared square."""
    rows, columns = np.mgrid[0:height, 0:width]
    y, x = 0.37 * height, 0.61 * width
    spread = min(height, width) / 16
    blob = np.exp(-((rows + 0.5 - y) ** 2 + (columns + 0.5 - x) ** 2) / (2 * spread**2)).astype(np.float32)
    square = prepare(blob, Preprocessing(128, resize)).astype(np.float64)
    found_rows, found_columns = np.mgrid[0:128, 0:128] + 0.5
    centre = (square * found_columns).sum() / square.sum(), (square * found_rows).sum() / square.sum()
    place = placement(height, width, Preprocessing(128, resize))
    assert place.of_box((x, y, 0, 0), width, height)[:2] == pytest.approx(centre, abs=0.1)
