"""From a file to grey levels, in words that another reader can be written from: the first half of the specification.

Each step has a name, the films it is for, the array that it leaves, and what is done. Functions of `imaging` do it; a
test holds a plain reader, written from these words alone, against them.
"""

from collections.abc import Mapping

from radlib.imaging.film_reasons import MAX_FILE_BYTES, MAX_PIXELS

KINDS: Mapping[str, str] = {
    "content": (
        "The content decides, never the name. PNG begins with 89 50 4E 47 0D 0A 1A 0A, JPEG with FF D8 FF, DICOM has DICM "
        "at byte 128, or begins without it with elements of group 2 or 8 in ascending order."
    ),
    "refused": (
        f"Files of no bytes or more than {MAX_FILE_BYTES} bytes, films of more than {MAX_PIXELS} pixels, several frames, "
        "deflated DICOM, DICOM with a palette, and JPEG of 12 bits. A film that is refused gets a reason and no answer."
    ),
    "numbers": (
        "float32 and float64 are IEEE 754, each operation rounded by itself to the type that is named. 'floor' rounds "
        "down, 'rint' to the nearest and halves to the even neighbour. Arrays are rows from the top, each from the left."
    ),
}

STORED_DICOM = (
    "The stored values, undecoded bits kept. Uncompressed: words of BitsAllocated bits (8 or 16; another number is refused) "
    "in the byte order of the transfer syntax. RLE (PS3.5 annex G): segments from the most significant byte to the least. "
    "JPEG baseline and JPEG 2000: as the decoder leaves them. With three samples per pixel, R, G and B (YBR_FULL and its "
    "kin as stored are turned into them first): rint(0.299 R + 0.587 G + 0.114 B) in float64."
)
VALUES = (
    "The number that the stored bits stand for. b = min(BitsStored, bits of a word). They begin at bit s: 0 for JPEG and "
    "JPEG 2000; else s = HighBit + 1 - b, at least 0 and at most bits of a word - b; and s = 0 after all where (all words "
    "together by bitwise or) modulo 2^s is not 0 and every word lies below 2^b or, read with sign, within -2^(b-1) to "
    "2^(b-1) - 1. v = (word >> s) mod 2^b. With PixelRepresentation 1, 2^b is subtracted from every v >= 2^(b-1)."
)
MODALITY = (
    "Films of b <= 8 bits: unchanged, whatever the header says. Else the first item of Modality LUT Sequence that has "
    "LUTData and LUTDescriptor, see 'table'; else v * RescaleSlope + RescaleIntercept in float64 where both are there and "
    "are one number each; else unchanged. It can give low to high: of a table 0 and its highest; else the least and the greatest "
    "that any v of b bits becomes."
)
VOI = (
    "Films of b <= 8 bits: unchanged. Else the item of VOI LUT Sequence with the number 'window' of the preparation, or the last "
    "where there are fewer, see 'table', with low 0 and high its highest; else the window of that number, or the last that has "
    "centre and width, see 'window', with low 0 and high 1; else unchanged, low and high too."
)
WINDOW = (
    "In float64, c = WindowCenter, w = WindowWidth; VOILUTFunction says which, and LINEAR holds where it says nothing or another word. "
    "SIGMOID: 1 / (1 + exp(max(-700, min(700, -4 (x - c) / w)))). LINEAR: c = c - 0.5 and w = w - 1 first, then as LINEAR_EXACT: "
    "(x - c) / w + 0.5, held within 0 to 1; 1 where x > c and else 0 if w = 0. A window counts only where c is finite and w is "
    "finite and at least 1 (LINEAR) or 1e-9 (the others)."
)
TABLE = (
    "LUTDescriptor: number of entries (0 means 65536), first value f, bits of an entry. LUTData in bytes: words of 16 bits in "
    "the file's byte order, or of 8 where there are too few. x becomes the entry at rint(x) - f, held within the table. Its highest is "
    "2^max(bits, bits that the greatest entry needs) - 1. f is read with and without sign: f2 = f - 65536 where f >= 32768, "
    "f + 65536 where f < 0. met(g) = min(greatest x, g + entries - 1) - max(least x, g), over all x that b bits can give; f2 "
    "counts where met(f2) > max(met(f), -1) and met(f) <= 0."
)
SCALED = "(x - low) / (high - low) in float64, held within 0 to 1, then float32. Refused where high = low or a number is not finite."
GREY_DICOM = (
    "MONOCHROME1: 1 - x in float32. Then 0 for padding: every v from PixelPaddingValue to PixelPaddingRangeLimit (in any order; the "
    "value alone where there is no limit). Where the lower of the two exceeds every v of b bits and v has a sign, both are "
    "lessened by 65536; where both are below 0 and v has no sign, both grow by 65536. Refused where values that differ all "
    "became one grey."
)
STORED_PICTURE = (
    "PNG of 16 bits, grey: the numbers. All else becomes 8 bits. JPEG: the luminance Y of the file, decoded with the accurate integer "
    "transform (libjpeg's ISLOW). 1 bit: 0 and 255. Colours and palettes: (19595 R + 38470 G + 7471 B + 32768) >> 16. With alpha, each "
    "colour c first becomes ((t >> 8) + t) >> 15 with t = 128 c alpha + 16384, which is the film over black. Then the film is "
    "turned as EXIF's orientation says (2 mirrored left to right, 3 by 180 degrees, 4 upside down, 5 transposed, 6 by 90 "
    "degrees clockwise, 7 transposed over the other diagonal, 8 by 90 degrees counter-clockwise). Profiles and gAMA are left alone."
)
GREY_PICTURE = (
    "x / m in float32, held within 0 to 1. m = 65535 for 16 bits and 255 for 8; but 2^k - 1 where a grey PNG of 8 or 16 bits "
    "says by sBIT that k bits count (0 < k < 8 or 16) and every number lies below 2^k."
)

FILM_STEPS = (
    {"step": "stored", "films": ["dicom"], "array": "uint8 or uint16 (h, w)", "words": STORED_DICOM},
    {"step": "values", "films": ["dicom"], "array": "int32 (h, w)", "words": VALUES},
    {"step": "modality", "films": ["dicom"], "array": "numbers (h, w)", "words": MODALITY, "table": TABLE},
    {
        "step": "voi", "films": ["dicom"], "array": "numbers (h, w)", "words": VOI,
        "window": WINDOW, "table": TABLE,
    },
    {"step": "scaled", "films": ["dicom"], "array": "float32 (h, w)", "words": SCALED},
    {"step": "grey", "films": ["dicom"], "array": "float32 (h, w)", "words": GREY_DICOM},
    {"step": "stored", "films": ["png", "jpeg"], "array": "float32 (h, w)", "words": STORED_PICTURE},
    {"step": "grey", "films": ["png", "jpeg"], "array": "float32 (h, w)", "words": GREY_PICTURE},
)  # fmt: skip
