"""A reader of films written from the words of `specification.json` alone: no line of radlib, no care for speed.

Pillow decodes JPEG, JPEG 2000 and PNG's compression, pydicom reads headers; all that the specification says is done here.
"""

import io

import numpy as np
import pydicom
from PIL import Image

F4, F8 = np.float32, np.float64


def read(path, preparation):
    """Yield the name and the array of each step up to `levels`."""
    head = path.read_bytes()[:132]
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        steps = picture(path)
    else:
        steps = dicom(path, preparation["window"])
    for name, array in steps:
        yield name, array
    yield from prepare(array, preparation)


def dicom(path, window):
    header = pydicom.dcmread(path, force=True)
    syntax = header.file_meta.get("TransferSyntaxUID", "1.2.840.10008.1.2")
    big_endian = syntax == "1.2.840.10008.1.2.2"
    stored, from_the_lowest = stored_values(header, syntax)
    yield "stored", stored
    word_bits = 8 * stored.dtype.itemsize
    b = min(header.BitsStored, word_bits)
    words = stored.astype(np.int64) % 2**word_bits
    shift = 0 if from_the_lowest else max(0, min(header.HighBit + 1 - b, word_bits - b))
    if shift and int(np.bitwise_or.reduce(words.ravel())) % 2**shift:
        signed = np.where(words >= 2 ** (word_bits - 1), words - 2**word_bits, words)
        if words.max() < 2**b or (signed.min() >= -(2 ** (b - 1)) and signed.max() < 2 ** (b - 1)):
            shift = 0
    sign = header.PixelRepresentation == 1
    v = (words >> shift) % 2**b
    v = np.where(sign & (v >= 2 ** (b - 1)), v - 2**b, v)
    yield "values", v
    every = np.arange(2**b) - (2 ** (b - 1) if sign else 0)
    x, low, high, all_x = modality(header, v, every, b, big_endian)
    yield "modality", x
    x, low, high = voi(header, x, low, high, all_x, b, window, big_endian)
    yield "voi", x
    scaled = F4(np.clip((F8(x) - low) / (high - low), 0, 1))
    yield "scaled", scaled
    grey = F4(1) - scaled if header.PhotometricInterpretation == "MONOCHROME1" else scaled.copy()
    if "PixelPaddingValue" in header:
        ends = sorted(
            (header.PixelPaddingValue, header.get("PixelPaddingRangeLimit", header.PixelPaddingValue))
        )
        if sign and ends[0] > every.max():
            ends = [end - 65536 for end in ends]
        elif not sign and max(ends) < 0:
            ends = [end + 65536 for end in ends]
        grey[(v >= ends[0]) & (v <= ends[1])] = 0
    yield "grey", grey


def stored_values(header, syntax):
    rows, columns, samples = header.Rows, header.Columns, header.SamplesPerPixel
    kind = np.dtype("u1" if header.BitsAllocated == 8 else ">u2" if syntax.endswith("1.2.2") else "<u2")
    if syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"):
        shape = (rows, columns, samples) if samples > 1 else (rows, columns)
        stored = np.frombuffer(header.PixelData, kind, int(np.prod(shape))).reshape(shape)
        if samples > 1:
            red, green, blue = np.moveaxis(stored.astype(F8), -1, 0)
            stored = np.rint(0.299 * red + 0.587 * green + 0.114 * blue).astype(kind)
        return stored, False
    frame = next(pydicom.encaps.generate_frames(header.PixelData, number_of_frames=1))
    if syntax == "1.2.840.10008.1.2.5":
        return unpacked(frame, rows, columns, kind.itemsize), False
    return np.asarray(Image.open(io.BytesIO(frame))), True


def unpacked(frame, rows, columns, size):
    offsets = np.frombuffer(frame[4:64], "<u4")[: int.from_bytes(frame[:4], "little")]
    planes = []
    for start, end in zip(offsets, [*offsets[1:], len(frame)], strict=True):
        plane, place = bytearray(), int(start)
        while place < end and len(plane) < rows * columns:
            count = frame[place]
            if count < 128:
                plane += frame[place + 1 : place + 2 + count]
                place += 2 + count
            else:
                plane += frame[place + 1 : place + 2] * (257 - count if count > 128 else 0)
                place += 2
        planes.append(np.frombuffer(plane, "u1"))
    word = sum(plane.astype(np.uint32) << 8 * (size - 1 - n) for n, plane in enumerate(planes))
    return word.astype(f"u{size}").reshape(rows, columns)


def table(item, x, all_x, big_endian):
    entries, first, bits = item.LUTDescriptor
    entries = entries % 65536 or 65536
    data = np.frombuffer(item.LUTData, ">u2" if big_endian else "<u2")[:entries].astype(np.int64)

    def met(g):
        return min(all_x.max(), g + entries - 1) - max(all_x.min(), g)

    other = first - 65536 if first >= 32768 else first + 65536 if first < 0 else first
    first = other if met(other) > max(met(first), -1) and met(first) <= 0 else first
    found = data[np.clip(np.rint(F8(x)) - first, 0, entries - 1).astype(int)]
    return found, 2 ** max(bits, int(data.max()).bit_length()) - 1


def modality(header, v, every, b, big_endian):
    if b > 8 and "ModalityLUTSequence" in header:
        item = header.ModalityLUTSequence[0]
        x, highest = table(item, v, every, big_endian)
        return x, 0, highest, table(item, every, every, big_endian)[0]
    if b > 8 and "RescaleSlope" in header and "RescaleIntercept" in header:
        every = float(header.RescaleSlope) * every + float(header.RescaleIntercept)
        x = float(header.RescaleSlope) * F8(v) + float(header.RescaleIntercept)
        return x, every.min(), every.max(), every
    return v, every.min(), every.max(), every


def voi(header, x, low, high, all_x, b, window, big_endian):
    if b <= 8:
        return x, low, high
    if "VOILUTSequence" in header:
        item = header.VOILUTSequence[min(window, len(header.VOILUTSequence) - 1)]
        return (*[table(item, x, all_x, big_endian)[n] if n != 1 else 0 for n in (0, 1)], table(item, x, all_x, big_endian)[1])  # fmt: skip
    if "WindowCenter" not in header:
        return x, low, high
    centres, widths = (
        np.atleast_1d(np.array(header[name].value, F8)) for name in ("WindowCenter", "WindowWidth")
    )
    place = min(window, len(centres) - 1, len(widths) - 1)
    c, w = centres[place], widths[place]
    function = header.get("VOILUTFunction", "LINEAR")
    if w < (1e-9 if function in ("LINEAR_EXACT", "SIGMOID") else 1):
        return x, low, high
    x = F8(x)
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (x - c) / w, -700, 700))), 0, 1
    if function != "LINEAR_EXACT":
        c, w = c - 0.5, w - 1
    return (F8(x > c) if w == 0 else np.clip((x - c) / w + 0.5, 0, 1)), 0, 1


def picture(path):
    opened = Image.open(path)
    bits = 0
    if opened.format == "PNG":
        content = path.read_bytes()
        place = content[: content.index(b"IDAT")].find(b"sBIT")
        bits = content[place + 4] if place > 0 and content[25] == 0 else 0
    else:
        opened.draft("L", None)
    array = np.asarray(opened)
    depth = 16 if opened.mode.startswith("I") else 8
    if opened.mode == "1":
        array = array * 255
    if opened.mode == "P":
        array = np.array(opened.getpalette()).reshape(-1, 3)[array]
    if opened.mode == "LA":
        array = array[:, :, [0, 0, 0, 1]]
    array = array.astype(np.int64)
    if array.ndim == 3 and array.shape[2] == 4:
        t = 128 * array[:, :, :3] * array[:, :, 3:] + 16384
        array = ((t >> 8) + t) >> 15
    if array.ndim == 3:
        array = (19595 * array[:, :, 0] + 38470 * array[:, :, 1] + 7471 * array[:, :, 2] + 32768) >> 16
    array = turned(array, opened.getexif().get(0x0112, 1))
    yield "stored", array
    m = 2**bits - 1 if 0 < bits < depth and array.max() < 2**bits else 2**depth - 1
    yield "grey", np.clip(F4(array) / F4(m), 0, 1)


def turned(a, orientation):
    return {
        2: lambda: a[:, ::-1], 3: lambda: a[::-1, ::-1], 4: lambda: a[::-1], 5: lambda: a.T,
        6: lambda: a.T[:, ::-1], 7: lambda: a.T[::-1, ::-1], 8: lambda: a.T[::-1],
    }.get(orientation, lambda: a)()  # fmt: skip


def prepare(grey, preparation):
    s, (h, w) = preparation["image_size"], grey.shape
    width, height, left, top = s, s, 0, 0
    if preparation["resize"] == "pad":
        k = s / max(h, w)
        width, height = (max(int(np.rint(side * k)), 1) for side in (w, h))
        left, top = (s - width) // 2, (s - height) // 2
    resized = resize(grey, width, height, preparation["resampling"])
    yield "resized", resized
    square = np.zeros((s, s), F4)
    square[top : top + height, left : left + width] = resized
    square = np.clip(square, 0, 1)
    yield "square", square
    for name in preparation["operations"]:
        square = {
            "equalize_histogram": equalize, "equalize_locally": equalize_tiles, "stretch_percentiles": stretch,
        }[name](square)  # fmt: skip
        yield name, square
    m = F4(2 ** preparation["bits"] - 1)
    a = np.floor(np.clip(square, 0, 1) * m + F4(0.5))
    yield "levels", np.floor(a * F4(255 / float(m)) + F4(0.5)).astype(np.uint8)


def triangle(t):
    return max(0.0, 1 - abs(t))


def cubic(t):
    t = abs(t)
    if t < 1:
        return 1.5 * t**3 - 2.5 * t**2 + 1
    return -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2 if t < 2 else 0.0


def lanczos(t):
    return float(np.sinc(t) * np.sinc(t / 3)) if -3 <= t < 3 else 0.0


SHAPES = {"bilinear": (1, triangle), "bicubic": (2, cubic), "lanczos": (3, lanczos)}


def resize(image, width, height, name):
    if image.shape == (height, width):
        return image
    if name in SHAPES:
        return along_rows(along_rows(image, width, name).T, height, name).T
    if name == "nearest":
        rows, columns = (picked(old, new) for old, new in zip(image.shape, (height, width), strict=True))
        return image[rows][:, columns]
    weigh = {"bilinear_points": points, "area": covered}[name]
    down = np.array(
        [sum(F4(weight) * image[j] for j, weight in row) for row in weigh(image.shape[0], height)]
    )
    return np.array(
        [sum(F4(weight) * down[:, j] for j, weight in row) for row in weigh(image.shape[1], width)]
    ).T


def along_rows(image, new, name):
    old, (support, shape) = image.shape[1], SHAPES[name]
    if new == old:
        return image
    r = old / new
    f = max(r, 1)
    columns = []
    for i in range(new):
        c = (i + 0.5) * r
        first, last = max(int(c - support * f + 0.5), 0), min(int(c + support * f + 0.5), old)
        weights = [shape((j - c + 0.5) / f) for j in range(first, last)]
        total = F8(0)
        for weight, j in zip(weights, range(first, last), strict=True):
            total = total + weight / sum(weights) * image[:, j].astype(F8)
        columns.append(F4(total))
    return np.stack(columns, axis=1)


def picked(old, new):
    r = old / new
    place, places = r / 2, []
    for _ in range(new):
        places.append(int(np.floor(place)))
        place += r
    return places


def points(old, new):
    for i in range(new):
        p = min(max((i + 0.5) * (old / new) - 0.5, 0), old - 1)
        below = min(int(np.floor(p)), max(old - 2, 0))
        u = F4(p - below)
        yield [(below, F4(1) - u), (below + 1, u)] if old > 1 else [(0, F4(1))]


def covered(old, new):
    r = old / new
    for i in range(new):
        parts = [(j, min((i + 1) * r, j + 1) - max(i * r, j)) for j in range(old)]
        parts = [(j, part) for j, part in parts if part > 0]
        yield [(j, part / sum(part for _, part in parts)) for j, part in parts]


def equalize(image):
    v = np.floor(F4(255) * image + F4(0.5)).astype(int)
    c = np.array([(v <= n).sum() for n in range(256)], F8)
    c0 = c[v.min()]
    return image if c0 == v.size else F4((c - c0) / (v.size - c0))[v]


def equalize_tiles(image):
    h, w = image.shape
    if min(h, w) < 16:
        return equalize(image)
    v = np.floor(F4(255) * image + F4(0.5)).astype(int)
    down, across = ([int(np.rint(i * side / 8)) for i in range(9)] for side in (h, w))
    tables = np.zeros((8, 8, 256), F4)
    for i in range(8):
        for j in range(8):
            tile = v[down[i] : down[i + 1], across[j] : across[j + 1]]
            counts = F8(np.bincount(tile.ravel(), minlength=256))
            cut = np.maximum(counts - 2 * tile.size / 256, 0)
            tables[i, j] = F4(np.cumsum(counts - cut + cut.sum() / 256) / tile.size)
    rows, columns = list(neighbours(down, h)), list(neighbours(across, w))
    found = np.zeros((h, w), F4)
    for y, (top, bottom, lower) in enumerate(rows):
        for x, (left, right, share) in enumerate(columns):
            upper_value = tables[top, left, v[y, x]] * (F4(1) - share) + tables[top, right, v[y, x]] * share
            lower_value = (
                tables[bottom, left, v[y, x]] * (F4(1) - share) + tables[bottom, right, v[y, x]] * share
            )
            found[y, x] = upper_value * (F4(1) - lower) + lower_value * lower
    return np.clip(found, 0, 1)


def neighbours(edges, side):
    centres = [(edges[i] + edges[i + 1] - 1) / 2 for i in range(8)]
    for y in range(side):
        after = min(max(sum(centre < y for centre in centres), 1), 7)
        share = (y - centres[after - 1]) / (centres[after] - centres[after - 1])
        yield after - 1, after, F4(min(max(share, 0), 1))


def stretch(image):
    ordered, ends = np.sort(image.ravel()), []
    for p in (0.01, 0.99):
        place = p * (ordered.size - 1)
        before = int(np.floor(place))
        t = place - before
        a, b = ordered[before], ordered[min(before + 1, ordered.size - 1)]
        ends.append(F8(a) + F8(b - a) * t if t < 0.5 else F8(b) - F8(b - a) * (1 - t))
    low, high = ends
    return image if high <= low else np.clip((image - F4(low)) / F4(high - low), 0, 1)


def tensor(levels, end):
    x = F4(levels) / F4(255)
    if end["dtype"] != "float32":
        limits = np.iinfo(end["dtype"])
        x = np.clip(np.rint(x / F4(end["scale"])) + end["zero_point"], limits.min, limits.max)
    return x.astype(end["dtype"]).reshape(end["shape"])


def outline(outputs, film_shape, preparation, said):
    s, (h, w) = preparation["image_size"], film_shape
    width, height, left, top = s, s, 0, 0
    if preparation["resize"] == "pad":
        k = s / max(h, w)
        width, height = (max(int(np.rint(side * k)), 1) for side in (w, h))
        left, top = (s - width) // 2, (s - height) // 2
    part = outputs[top : top + height, left : left + width]
    values = [
        resize(np.ascontiguousarray(part[..., n]), w, h, "bilinear") for n in range(len(said["labels"]))
    ]
    values = np.stack(values, axis=-1).astype(F8)
    share = [float((outputs[..., n] >= said["least"]).sum()) / s**2 for n in range(len(said["labels"]))]
    drawn = (values >= said["least"]).astype(np.uint8)
    return drawn, (np.abs(values - said["least"]) <= said["apart"]).astype(np.uint8), share


def boxes(outputs, said):
    """Rows of boxes in pixels of the square, as the words of the steps peaks and boxes have them."""
    count, stride, n = len(said["labels"]), said["stride"], len(outputs)
    s, found = n * stride, []
    for label in range(count):
        rows = []
        for i in range(n):
            for j in range(n):
                v = F8(outputs[i, j, label])
                before = [(i - 1, j - 1), (i - 1, j), (i - 1, j + 1), (i, j - 1)]
                after = [(i, j + 1), (i + 1, j - 1), (i + 1, j), (i + 1, j + 1)]
                inside = [
                    [F8(outputs[y, x, label]) for y, x in cells if 0 <= y < n and 0 <= x < n]
                    for cells in (before, after)
                ]
                if (
                    v >= said["least"]
                    and all(v > each for each in inside[0])
                    and all(v >= each for each in inside[1])
                ):
                    w, h, right, down = F8(outputs[i, j, count:])
                    x, y = (j + right) * stride, (i + down) * stride
                    left, top, ending, bottom = (
                        min(max(at, 0), s)
                        for at in (x - w * s / 2, y - h * s / 2, x + w * s / 2, y + h * s / 2)
                    )
                    rows.append([label, v, left, top, ending - left, bottom - top])
        found += sorted(rows, key=lambda row: -row[1])[: said["most"]]
    return np.reshape(found, (-1, 6))


def film_boxes(rows, film_shape, preparation):
    s, (h, w) = preparation["image_size"], film_shape
    width, height, left, top = s, s, 0, 0
    if preparation["resize"] == "pad":
        k = s / max(h, w)
        width, height = (max(int(np.rint(side * k)), 1) for side in (w, h))
        left, top = (s - width) // 2, (s - height) // 2
    found = []
    for label, score, x, y, wide, high in rows:
        across = [min(max((at - left) * w / width, 0), w) for at in (x, x + wide)]
        down = [min(max((at - top) * h / height, 0), h) for at in (y, y + high)]
        found.append([label, score, across[0], down[0], across[1] - across[0], down[1] - down[0]])
    return np.reshape(found, (-1, 6))


def decision(outputs, said):
    outputs, pairs = np.asarray(outputs), said["task"] == "binary"
    if said["task"] == "classes":
        return said["labels"][int(outputs.argmax())]
    found = []
    for label, value in zip(said["labels"], outputs[pairs:], strict=True):
        threshold = said["thresholds"][label]
        positive = threshold is not None and float(value) >= threshold
        found.append("" if threshold is None else label if positive else said["negatives"][label])
    return ", ".join(found)
