"""What a file is, by its first bytes: names lie, and hospitals' films often have none that says anything.

A film is DICOM, with or without its mark, PNG or JPEG. Everything else has a reason why it is none, so that whoever lists
a folder can say what became of each file. A few hundred bytes are enough; no decoder is asked.
"""

import re
from collections.abc import Iterator
from typing import Literal

ByteOrder = Literal["little", "big"]
HEAD_BYTES = 512
FILMS = ("dicom", "png", "jpeg")

# A name that promises a film: if the content does not keep it, the film is damaged and no foreign file.
NAMED_AS_FILM = re.compile(
    r".*\.(dcm|dicom|dic|dc3|ima|png|jpg|jpeg|jpe|jfif)|[012](\.\d+){4,}", re.IGNORECASE | re.DOTALL
)

PICTURES = (  # other than PNG and JPEG
    b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"8BPS", b"\xff\x4f\xff\x51", b"\xff\x0a",
    b"\0\0\0\x0cjP  ", b"\0\0\0\x0cJXL ",
)  # fmt: skip
PACKED = (
    b"PK\3\4", b"PK\5\6", b"PK\7\x08", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\7",
    b"\x28\xb5\x2f\xfd", b"MSCF\0\0\0\0",
)  # fmt: skip
MAC = (b"\0\5\x16\7", b"\0\5\x16\0")  # AppleDouble and AppleSingle: what macOS keeps beside a file
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")

DIRECTORY = b"1.2.840.10008.1.3.10"  # Media Storage Directory Storage, PS3.6: the index of a DICOM medium
VALUE_KINDS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)
LONG_KINDS = frozenset(b"OB OD OF OL OV OW SQ UC UN UR UT SV UV".split())  # their length has four bytes
LONGEST_FIRST_VALUE = 1024  # bytes; the first elements of a header are dates, times, ids and codes


def content_of(head: bytes) -> str:
    """Return what a file is.

    Args:
        head: Its first `HEAD_BYTES` bytes, or all if it has fewer.

    Returns:
        One of `FILMS`; or why it is no film: `empty`, `directory` (DICOMDIR), `picture` (of another format), `packed`,
        `leftover` (of macOS), or `other`.
    """
    if not head:
        return "empty"
    if head[128:132] == b"DICM":
        return "directory" if DIRECTORY in head[132:] else "dicom"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if is_unmarked_dicom(head):
        return "directory" if DIRECTORY in head else "dicom"
    return _foreign(head)


def _foreign(head: bytes) -> str:
    """Return what a file is that is no film."""
    bitmap = head[:2] == b"BM" and head[6:10] == b"\0\0\0\0"
    boxed = head[4:8] == b"ftyp" and head[8:12] in BRANDS
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    if head.startswith(PICTURES) or bitmap or boxed or webp:
        return "picture"
    office = b"[Content_Types].xml" in head or b"mimetypeapplication/" in head
    if (head.startswith(PACKED) or head[257:262] == b"ustar") and not office:
        return "packed"
    return "leftover" if head.startswith(MAC) else "other"


def is_unmarked_dicom(head: bytes) -> bool:
    """Whether a file is DICOM without the 128 bytes and the mark DICM before it, as old devices and some archives write.

    It begins with the file's or the film's own header then: elements of group 2 or 8 in ascending order, little endian or
    big, with the kind of each value or without.

    Args:
        head: The first bytes of the file.
    """
    orders: tuple[ByteOrder, ...] = ("little", "big") if head[:1] == b"\0" else ("little",)
    return any(
        len(tags) >= 2 and tags == sorted(tags) for tags in (list(_tags(head, order)) for order in orders)
    )


def _tags(head: bytes, order: ByteOrder) -> Iterator[tuple[int, int]]:
    """Yield the tags of the first elements for as long as they are those of a DICOM header; nothing else than all of them.

    The last may reach beyond what was read.
    """
    place = 0
    groups: tuple[int, ...] = (2, 8)
    while place + 12 <= len(head) and place < HEAD_BYTES // 2:
        group, element = (int.from_bytes(head[place + n : place + n + 2], order) for n in (0, 2))
        kind = head[place + 4 : place + 6]
        if kind in LONG_KINDS:
            skipped, length = 12, int.from_bytes(head[place + 8 : place + 12], order)
        elif kind in VALUE_KINDS:
            skipped, length = 8, int.from_bytes(head[place + 6 : place + 8], order)
        else:
            skipped, length = 8, int.from_bytes(head[place + 4 : place + 8], order)
        if group not in groups or length > LONGEST_FIRST_VALUE:
            return
        yield group, element
        place += skipped + length
        groups = (2, 8, 0x10) if group != 2 else (2, 8)
