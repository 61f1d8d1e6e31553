"""The grey-scale chain against an oracle that follows the text of DICOM PS3.3, one value at a time.

The oracle shares nothing with the library: it is written in plain Python from the standard's formulas, and
knows the stored values and the header from how the film was made, not from reading it back.
"""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicom_films import film_header, save_film
from radlib.imaging.images import Preprocessing, UnreadableImage, read_image

LEVEL = 1 / 255


@dataclass(frozen=True)
class Film:
    """A film as its header describes it; numbers are in the header's own units."""

    bits: int = 12
    signed: bool = False
    inverted: bool = False
    rescale: tuple[float, float] | None = None  # slope, intercept
    modality: tuple[int, int, list[int]] | None = None  # first value mapped, bits of an entry, entries
    windows: list[tuple[float, float]] = field(default_factory=list)  # centre, width
    function: str = ""
    tables: list[tuple[int, int, list[int]]] = field(default_factory=list)
    padding: tuple[int, int | None] | None = None  # value, range limit


def shown(value: int, film: Film, view: int = 0) -> float:
    """Return the brightness of a stored value, from 0 to 1, by the text of the standard."""
    if film.padding is not None:  # C.7.5.1.1.2: no picture here; radlib paints it black
        limit = film.padding[0] if film.padding[1] is None else film.padding[1]
        if min(film.padding[0], limit) <= value <= max(film.padding[0], limit):
            return 0.0
    low, high = (-(2 ** (film.bits - 1)), 2 ** (film.bits - 1) - 1) if film.signed else (0, 2**film.bits - 1)
    output = float(value)
    if film.modality:  # C.11.1.1
        output, low, high = looked_up(output, film.modality), 0, 2 ** film.modality[1] - 1
    elif film.rescale:  # C.11.1.1.2: output = slope * stored + intercept
        slope, intercept = film.rescale
        output = slope * output + intercept
        low, high = sorted((slope * low + intercept, slope * high + intercept))
    if film.tables:  # C.11.2.1.1
        table = film.tables[min(view, len(film.tables) - 1)]
        brightness = looked_up(output, table) / (2 ** table[1] - 1)
    elif film.windows:
        brightness = windowed(output, *film.windows[min(view, len(film.windows) - 1)], film.function)
    else:
        brightness = (output - low) / (high - low)
    return 1 - brightness if film.inverted else brightness  # C.7.6.3.1.2: MONOCHROME1, the lowest is white


def looked_up(value: float, table: tuple[int, int, list[int]]) -> float:
    """C.11.1.1.1, C.11.2.1.1: below the first value mapped is the first entry, above the last is the last."""
    first, _, entries = table
    return entries[min(max(round(value) - first, 0), len(entries) - 1)]


def windowed(x: float, c: float, w: float, function: str) -> float:
    """C.11.2.1.2.1 (linear), C.11.2.1.3.1 (sigmoid), C.11.2.1.3.2 (linear exact), for an output of 0 to 1."""
    if function == "SIGMOID":
        return 1 / (1 + math.exp(-4 * (x - c) / w))
    if function == "LINEAR_EXACT":
        return 0.0 if x <= c - w / 2 else 1.0 if x > c + w / 2 else (x - c) / w + 0.5
    if x <= c - 0.5 - (w - 1) / 2:
        return 0.0
    return 1.0 if x > c - 0.5 + (w - 1) / 2 else (x - (c - 0.5)) / (w - 1) + 0.5


def ramp(film: Film) -> np.ndarray:
    """Stored values from the lowest to the highest, with both ends and all padding values, int64 (20, 20)."""
    low, high = (-(2 ** (film.bits - 1)), 2 ** (film.bits - 1) - 1) if film.signed else (0, 2**film.bits - 1)
    return np.linspace(low, high, 400).round().astype(np.int64).reshape(20, 20)


def write(path, film: Film, stored: np.ndarray, *, syntax=ExplicitVRLittleEndian, rubbish: int = 0, **tags):
    """Write a film; `rubbish` is put into the bits beyond those stored."""
    dataset = film_header(stored)
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, int(film.signed)
    dataset.PhotometricInterpretation = "MONOCHROME1" if film.inverted else "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, film.bits, film.bits - 1
    if film.rescale:
        dataset.RescaleSlope, dataset.RescaleIntercept = map(str, film.rescale)
    if film.modality:
        dataset.ModalityLUTSequence = [table_item(film.modality, film.signed)]
    if film.tables:
        dataset.VOILUTSequence = [table_item(table, film.signed) for table in film.tables]
    if film.windows:
        dataset.WindowCenter = [str(centre) for centre, _ in film.windows]
        dataset.WindowWidth = [str(width) for _, width in film.windows]
    if film.function:
        dataset.VOILUTFunction = film.function
    kind = "SS" if film.signed else "US"
    if film.padding:
        dataset.add_new("PixelPaddingValue", kind, film.padding[0])
        if film.padding[1] is not None:
            dataset.add_new("PixelPaddingRangeLimit", kind, film.padding[1])
    for name, value in tags.items():
        setattr(dataset, name, value)
    words = (stored & (2**film.bits - 1)) << (dataset.HighBit + 1 - film.bits) | rubbish
    pixels = words.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
    return save_film(dataset, path, pixels, syntax)


def table_item(table: tuple[int, int, list[int]], signed: bool) -> pydicom.Dataset:
    first, bits, entries = table
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "SS" if signed and first < 0 else "US", [len(entries) % 2**16, first, bits])
    item.add_new("LUTData", "OW", np.array(entries, "<u2").tobytes())
    return item


def check(tmp_path, film: Film, *, view: int = 0, **options) -> np.ndarray:
    """Write a film, read it, and compare every pixel with the oracle, far closer than a grey level."""
    stored = ramp(film)
    if film.padding:
        stored[0, :3] = film.padding[0]
    expected = np.array([[shown(int(v), film, view) for v in row] for row in stored])
    image = read_image(write(tmp_path / "film.dcm", film, stored, **options), window=view)
    assert (image.dtype, image.shape) == (np.float32, stored.shape)
    np.testing.assert_allclose(image, expected, atol=LEVEL / 100)
    return image


def curve(count: int, bits: int) -> list[int]:
    """A film's characteristic curve as a table: steep in the middle."""
    highest = 2**bits - 1
    return [round(highest / (1 + math.exp(-8 * (n / (count - 1) - 0.5)))) for n in range(count)]


CASES = [
    Film(bits, signed, inverted, windows=[(c, w)], padding=padding)
    if display == "window"
    else Film(bits, signed, inverted, tables=[(first, 12, curve(1024, 12))], padding=padding)
    for number, (inverted, signed, bits, display) in enumerate(
        itertools.product((False, True), (False, True), (10, 12, 16), ("window", "table"))
    )
    for low in [-(2 ** (bits - 1)) if signed else 0]
    for c, w, first in [(round(low + 0.45 * 2**bits), 2**bits // 2, low // 2 + 2**bits // 8)]
    for padding in [(None, (low, None), (low, low + 2**bits // 20))[number % 3]]
]


@pytest.mark.parametrize("film", CASES, ids=lambda f: f"{f.bits}-{'MONO1' if f.inverted else 'MONO2'}")
def test_24_synthesised_films_agree_with_the_standard(tmp_path, film):
    check(tmp_path, film)


def test_the_cases_are_24_and_cover_every_pair():
    kinds = {(f.inverted, f.signed, f.bits, bool(f.tables)) for f in CASES}
    assert len(CASES) == len(kinds) == 24
    assert {(f.inverted, f.padding is not None) for f in CASES} == set(
        itertools.product((False, True), repeat=2)
    )


def test_a_monochrome1_film_is_its_monochrome2_twin_inverted(tmp_path):
    for number, film in enumerate((Film(), Film(windows=[(1800, 900)]), Film(signed=True, rescale=(2, 5)))):
        plain = check(tmp_path, film)
        turned = check(tmp_path, Film(**{**vars(film), "inverted": True}))
        np.testing.assert_array_equal(1 - plain, turned, err_msg=str(number))


def test_a_voi_table_comes_before_a_window(tmp_path):
    check(tmp_path, Film(tables=[(0, 12, list(range(4095, -1, -1)))], windows=[(9, 3)]))


def test_the_first_of_several_is_shown_unless_told(tmp_path):
    windows = Film(windows=[(900, 700), (2500, 600), (3000, 3)])
    tables = Film(tables=[(0, 8, curve(4096, 8)), (0, 12, list(range(4095, -1, -1)))])
    for film in (windows, tables):
        seen = {check(tmp_path, film, view=view).tobytes() for view in (0, 1)}
        assert len(seen) == 2
    np.testing.assert_array_equal(check(tmp_path, windows, view=2), check(tmp_path, windows, view=9))


@pytest.mark.parametrize("width", [0, -4, 0.5])
def test_a_window_without_width_is_no_window(tmp_path, width):
    stored = ramp(Film())
    path = write(tmp_path / "f.dcm", Film(windows=[(2000, width)]), stored)
    np.testing.assert_allclose(read_image(path), stored / 4095, atol=LEVEL)


@pytest.mark.parametrize("missing", ["WindowCenter", "WindowWidth"])
def test_a_window_with_one_number_missing_is_no_window(tmp_path, missing):
    stored = ramp(Film())
    path = write(tmp_path / "f.dcm", Film(windows=[(2000, 100)]), stored, **{missing: None})
    np.testing.assert_allclose(read_image(path), stored / 4095, atol=LEVEL)


def test_the_narrowest_window_is_a_step(tmp_path):
    check(tmp_path, Film(windows=[(2000, 1)]))


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_each_window_function_has_its_own_formula(tmp_path, function):
    check(tmp_path, Film(windows=[(2000, 40)], function=function))


@pytest.mark.parametrize("rescale", [(2, -100), (0.5, -100), (-1, 4095), (-0.25, 30)])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("windows", [[], [(400, 4000)]])
def test_windows_are_in_rescaled_units(tmp_path, rescale, signed, windows):
    if rescale[0] < 0 and not windows:
        film = Film(signed=signed, rescale=rescale)
        image = check(tmp_path, film)
        assert image[0, 0] == 1  # the lowest stored value is the brightest
    else:
        check(tmp_path, Film(signed=signed, rescale=rescale, windows=windows))


def test_half_a_rescale_is_none(tmp_path):
    stored = ramp(Film())
    for name in ("RescaleSlope", "RescaleIntercept"):
        path = write(tmp_path / "f.dcm", Film(rescale=(3, 500)), stored, **{name: None})
        np.testing.assert_allclose(read_image(path), stored / 4095, atol=LEVEL)


def test_a_modality_table_comes_before_the_window(tmp_path):
    modality = (100, 16, [v * 13 % 65536 for v in range(2000)])
    check(tmp_path, Film(modality=modality))
    check(tmp_path, Film(modality=modality, windows=[(12000, 9000)]))
    check(tmp_path, Film(modality=modality, tables=[(500, 10, curve(512, 10))]))


def test_a_table_of_8_bit_entries_does_not_wrap_round_on_a_12_bit_film(tmp_path):
    check(tmp_path, Film(tables=[(0, 8, curve(4096, 8))]))


def test_entries_of_one_byte_each_are_read_as_such(tmp_path):
    entries = curve(4096, 8)
    stored = ramp(Film())
    item = table_item((0, 8, entries), signed=False)
    item["LUTData"].value = bytes(entries)
    path = write(tmp_path / "f.dcm", Film(), stored, VOILUTSequence=[item])
    np.testing.assert_allclose(read_image(path) * 255, np.array(entries)[stored], atol=1e-3)


def test_a_table_of_65536_entries_says_that_it_has_none(tmp_path):
    check(tmp_path, Film(16, tables=[(0, 16, curve(65536, 16))]))
    check(tmp_path, Film(16, True, tables=[(-32768, 16, curve(65536, 16))]))


def test_values_far_outside_a_table_are_its_ends(tmp_path):
    """Rescaled values can exceed 16 bits, where a table's index would wrap round."""
    check(tmp_path, Film(16, rescale=(40, 0), tables=[(1000, 12, curve(3000, 12))]))


def test_every_header_gives_one_dtype(tmp_path):
    """Tables give integers, windows float64, neither the stored type; a network takes float32."""
    for film in (Film(), Film(windows=[(9, 9)]), Film(tables=[(0, 8, [1, 2])]), Film(rescale=(1, 0))):
        check(tmp_path, film)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
def test_padding_is_black_whichever_way_the_film_is_stored(tmp_path, signed, inverted):
    low = -2048 if signed else 0
    for padding in ((low, None), (low + 4095, None), (low, low + 300), (low + 4095, low + 3900)):
        image = check(tmp_path, Film(signed=signed, inverted=inverted, padding=padding))
        assert image[0, :3].max() == 0


def test_padding_below_zero_that_was_written_as_unsigned_is_found(tmp_path):
    film = Film(16, signed=True)
    stored = ramp(film)
    stored[0] = -2000
    path = write(tmp_path / "f.dcm", film, stored)
    dataset = pydicom.dcmread(path)
    dataset.add_new("PixelPaddingValue", "US", 2**16 - 2000)
    dataset.save_as(path)
    assert read_image(path)[0].max() == 0


@pytest.mark.parametrize("signed", [False, True])
def test_rubbish_in_unused_high_bits_is_ignored(tmp_path, signed):
    for bits in (10, 12, 15):
        film = Film(bits, signed)
        clean = check(tmp_path, film)
        dirty = check(tmp_path, film, rubbish=0x8000 | 1 << bits if bits < 15 else 0x8000)
        np.testing.assert_array_equal(clean, dirty)


def test_values_that_start_at_a_higher_bit_are_moved_down(tmp_path):
    check(tmp_path, Film(12), HighBit=15, rubbish=0x000B)
    check(tmp_path, Film(12, signed=True), HighBit=13, rubbish=0x8001)


def test_one_bright_marker_does_not_darken_the_film(tmp_path):
    stored = np.full((8, 8), 1000)
    without = read_image(write(tmp_path / "a", Film(), stored))
    stored[0, 0] = 4095
    np.testing.assert_array_equal(without[1:], read_image(write(tmp_path / "b", Film(), stored))[1:])


@pytest.mark.parametrize("allocated", [8, 16])
def test_8_bit_films_are_left_alone_whatever_their_tags_say(tmp_path, allocated):
    """RSNA's films were windowed before they were stored."""
    stored = np.arange(64).reshape(8, 8) * 4
    film = Film(8, rescale=(2, 9), windows=[(40, 20)], tables=[(0, 8, [9, 8])])
    path = write(tmp_path / "f.dcm", film, stored)
    if allocated == 8:
        dataset = pydicom.dcmread(path)
        dataset.BitsAllocated, dataset.PixelData = 8, stored.astype(np.uint8).tobytes()
        dataset["PixelData"].VR = "OB"
        dataset.save_as(path)
    np.testing.assert_allclose(read_image(path), stored / 255, atol=1e-6)


def test_big_endian_films_are_read(tmp_path):
    check(tmp_path, Film(windows=[(1500, 900)]), syntax=ExplicitVRBigEndian)


@pytest.mark.parametrize(
    "film", [Film(rescale=(0, 7)), Film(tables=[(0, 0, [1, 2])]), Film(rescale=(1e305, 1e308))], ids=str
)
def test_headers_that_make_no_grey_levels_have_a_reason(tmp_path, film):
    with pytest.raises(UnreadableImage) as caught:
        read_image(write(tmp_path / "f.dcm", film, ramp(film)))
    assert caught.value.reason == "invalid_values"


def test_the_record_knows_which_window_and_keeps_old_digests():
    first, second = Preprocessing(64), Preprocessing(64, window=1)
    assert first.digest() != second.digest()
    assert Preprocessing.from_dict(second.to_dict()) == second
    assert Preprocessing.from_dict({"image_size": 64}) == first
    assert first.digest() == "db24ae31775bb01b"  # of the record before there was a choice of windows


def lut(first, kind, entries, bits=12, count=None):
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", kind, [len(entries) % 2**16 if count is None else count, first, bits])
    item.add_new("LUTData", "OW", np.array(entries, "<u2").tobytes())
    return [item]


HEARTBEAT = list(range(0, 4096))


@pytest.mark.parametrize(("first", "kind"), [(-1024, "SS"), (64512, "US")])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_table_that_starts_below_zero_is_met_by_the_values(tmp_path, first, kind, syntax):
    film, stored = Film(rescale=(1, -1024)), ramp(Film())
    path = write(tmp_path / "f.dcm", film, stored, syntax=syntax, VOILUTSequence=lut(first, kind, HEARTBEAT))
    np.testing.assert_allclose(read_image(path), stored / 4095, atol=1e-6)


@pytest.mark.parametrize(("first", "kind"), [(-2048, "SS"), (63488, "US")])
def test_a_modality_table_of_signed_values_may_be_written_unsigned(tmp_path, first, kind):
    film, stored = Film(signed=True), ramp(Film(signed=True))
    path = write(tmp_path / "f.dcm", film, stored, ModalityLUTSequence=lut(first, kind, HEARTBEAT))
    np.testing.assert_allclose(read_image(path), (stored + 2048) / 4095, atol=1e-6)


def test_a_large_first_value_that_is_meant_stays(tmp_path):
    film, stored = Film(bits=16), ramp(Film(bits=16))
    path = write(
        tmp_path / "f.dcm", film, stored, VOILUTSequence=lut(40000, "US", list(range(0, 4096, 8)) * 2)
    )
    assert read_image(path)[0, 0] == 0
    assert read_image(path).max() > 0.9


def test_a_table_of_65536_entries_says_0(tmp_path):
    film, stored = Film(bits=16), ramp(Film(bits=16))
    path = write(
        tmp_path / "f.dcm", film, stored, VOILUTSequence=lut(0, "US", list(range(65536)), 16, count=0)
    )
    np.testing.assert_allclose(read_image(path), stored / 65535, atol=1e-6)


def test_entries_beyond_the_bits_of_a_table_are_not_all_white(tmp_path):
    path = write(tmp_path / "f.dcm", Film(), ramp(Film()), VOILUTSequence=lut(0, "US", HEARTBEAT, bits=8))
    np.testing.assert_allclose(read_image(path), ramp(Film()) / 4095, atol=1e-6)


@pytest.mark.parametrize(
    "tags",
    [
        {"WindowCenter": "40000", "WindowWidth": "10"},
        {"WindowCenter": "-900", "WindowWidth": "100"},
        {"VOILUTSequence": lut(20000, "US", HEARTBEAT)},
        {"VOILUTSequence": lut(0, "US", [7] * 4096)},
        {"ModalityLUTSequence": lut(-9000, "SS", HEARTBEAT)},
        {"RescaleSlope": "0", "RescaleIntercept": "5", "WindowCenter": "100", "WindowWidth": "50"},
        {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": "40000", "WindowWidth": "10"},
        {"PhotometricInterpretation": "MONOCHROME3"},
        {"PhotometricInterpretation": None},
    ],
)
@pytest.mark.parametrize("padding", [None, (0, None), (0, 9)])
def test_a_film_that_becomes_one_level_has_a_reason(tmp_path, tags, padding):
    path = write(tmp_path / "f.dcm", Film(padding=padding), ramp(Film()), **tags)
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert caught.value.reason == "invalid_values"


def test_padding_alone_is_no_picture(tmp_path):
    path = write(tmp_path / "f.dcm", Film(padding=(0, 4095)), ramp(Film()))
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert caught.value.reason == "invalid_values"


@pytest.mark.parametrize(
    "tags",
    [
        {"WindowCenter": "100", "WindowWidth": "0"},
        {"WindowCenter": "100", "WindowWidth": "-50"},
        {"WindowCenter": "", "WindowWidth": "50"},
        {"WindowCenter": ["", "100"], "WindowWidth": ["50", ""]},
        {"RescaleSlope": "", "RescaleIntercept": ""},
        {"PixelPaddingValue": None},
    ],
)
def test_what_says_nothing_changes_nothing(tmp_path, tags):
    path = write(tmp_path / "f.dcm", Film(), ramp(Film()), **tags)
    np.testing.assert_allclose(read_image(path), ramp(Film()) / 4095, atol=1e-6)


def test_an_unknown_window_function_counts_as_linear(tmp_path):
    film = Film(windows=[(2000, 800)])
    plain = read_image(write(tmp_path / "a.dcm", film, ramp(film)))
    odd = read_image(write(tmp_path / "b.dcm", film, ramp(film), VOILUTFunction="CUBIC"))
    np.testing.assert_array_equal(plain, odd)


@pytest.mark.parametrize("signed", [False, True])
def test_values_at_the_lower_end_are_read_there_whatever_high_bit_says(tmp_path, signed):
    film, stored = Film(signed=signed), ramp(Film(signed=signed))
    low = 2048 if signed else 0
    right = read_image(write(tmp_path / "right.dcm", film, stored))
    path = write(tmp_path / "wrong.dcm", film, stored)
    dataset = pydicom.dcmread(path)
    dataset.HighBit = 15
    if signed:  # as a machine extends the sign
        dataset.PixelData = stored.astype("<i2").tobytes()
    dataset.save_as(path)
    np.testing.assert_array_equal(read_image(path), right)
    np.testing.assert_allclose(right, (stored + low) / 4095, atol=1e-6)


def test_films_without_the_mark_are_read_alike(tmp_path):
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian):
        path = write(tmp_path / "f.dcm", Film(windows=[(2000, 800)]), ramp(Film()), syntax=syntax)
        expected = read_image(path)
        content = path.read_bytes()
        path.write_bytes(content[132:])
        np.testing.assert_array_equal(read_image(path), expected)
        length = int.from_bytes(content[140:144], "little")  # of the file's own header, group 2
        path.write_bytes(content[144 + length :])
        np.testing.assert_array_equal(read_image(path), expected)
