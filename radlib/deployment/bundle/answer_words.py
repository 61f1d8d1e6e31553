"""From grey levels to a decision, in words that another reader can be written from: the second half of the specification."""

from collections.abc import Mapping

RESIZED = (
    "To the width and height of 'place', by the filter that 'preparation' names under 'resampling', see 'filters'; unchanged where the film "
    "has that size. resize 'stretch': the square of 'image_size' s. resize 'pad': with k = s / max(h, w) in float64, width = "
    "max(rint(w k), 1), height = max(rint(h k), 1), at left = (s - width) // 2, top = (s - height) // 2."
)
SQUARE = "The film at its place on a square of s pixels, 0 around it, then held within 0 to 1."
OPERATION = "Each operation that 'preparation' names, in that order, see 'operations'; all of them on float32 in 0 to 1."
LEVELS = (
    "m = 2^bits - 1. a = floor(held(x) m + 0.5) in float32, held within 0 to 1 before; level = floor(a q + 0.5) in float32 with q "
    "the float32 of 255 / m; then uint8."
)
TENSOR = (
    "One film, rows from the top, one channel. x = level / 255 in float32. A tensor of float32 takes x. A tensor of integers takes "
    "rint(x / scale) + zero_point in float32 with scale as float32, held within what its type holds."
)
OUTPUTS = "Of a tensor of float32 as they are; of integers (number - zero_point) * scale in float32, scale as float32."
DECISION = (
    "No decision where an output is not finite or lies below -0.0001 or above 1.0001 (of a binary task any of the two, of findings the one of "
    "the label, of classes any). binary: the outputs are negative and positive of one softmax; the probability is the second. findings: one "
    "probability per output. Both: the finding is there where float64(probability) >= threshold, and there is no decision "
    "without a threshold. classes: the class of the greatest output, the first of equal ones."
)

OUTLINE = (
    "Per label the outputs at 'place', its rows and columns, resized to height and width of 'grey' by the filter bilinear; 1 where float64 of "
    "the value is >= 'least' of 'decision', else 0. None where an output is not finite or lies below -0.0001 or above 1.0001."
)
UNDECIDED = (
    "In the vectors alone: 1 where that value lies within 'apart' of 'decision' of 'least', so that a runtime that rounds otherwise may turn "
    "the pixel; every other pixel is equal."
)
SHARE = "Per label how much of the square has outputs >= 'least', all s x s pixels counted; 'shares' of the vectors."

PEAKS = (
    "Per label in float64: 1 in a cell whose output is >= 'least' of 'decision', > those of the four neighbours before it (the row above and "
    "the cell on its left) and >= those of the four after it; cells beyond the edge are lower. Of more than 'most' peaks of a label those "
    "with the greatest outputs, of equal ones the first by rows; all others 0."
)
BOXES = (
    "A row per peak, by label and falling score: number of the label, score, left, top, width, height in pixels of the square. At row i and "
    "column j the outputs after those of the labels, w, h, right and down: x = (j + right) 'stride', y = (i + down) 'stride'; the edges "
    "x - w s / 2, y - h s / 2, x + w s / 2, y + h s / 2, each held within 0 to s, in float64. None where an output is not finite or lies below "
    "-0.0001 or above 1.0001."
)
FILM_BOXES = "The same in pixels of 'grey': x edges (x - left of 'place') (its width / width of 'place'), held within 0 and its width; y edges alike."
UNDECIDED_BOXES = (
    "In the vectors alone, in the form of film_boxes: boxes that a runtime whose outputs differ by up to 'apart' of 'decision' may draw or leave "
    "out. Of a cell with the label's output v and m the highest of its eight neighbours: v >= 'least' - 'apart' and v >= m - 2 'apart', "
    "without those where v > 'least' + 'apart', v > m + 2 'apart', and no more than 'most' such cells have v - 2 'apart' or more."
)

PREPARED_STEPS = (
    {"step": "resized", "array": "float32 (height, width)", "words": RESIZED},
    {"step": "square", "array": "float32 (s, s)", "words": SQUARE},
    {"step": "OPERATION", "array": "float32 (s, s)", "words": OPERATION},
    {"step": "levels", "array": "uint8 (s, s)", "words": LEVELS},
    {"step": "tensor", "array": "as 'input' says", "words": TENSOR},
)
ANSWER_STEPS: Mapping[
    str, tuple[Mapping[str, str], ...]
] = {  # by how a task's answers are kept, `Task.record`
    "probabilities": (
        {"step": "outputs", "array": "float32 (outputs,)", "words": OUTPUTS},
        {"step": "decision", "array": "text", "words": DECISION},
    ),
    "masks": (
        {"step": "outputs", "array": "float32 (s, s, outputs)", "words": OUTPUTS},
        {"step": "outline", "array": "uint8 (height, width, labels)", "words": OUTLINE},
        {"step": "undecided", "array": "uint8 (height, width, labels)", "words": UNDECIDED},
        {"step": "share", "array": "float64 (labels,)", "words": SHARE},
    ),
    "boxes": (
        {"step": "outputs", "array": "float32 (s / stride, s / stride, outputs)", "words": OUTPUTS},
        {"step": "peaks", "array": "uint8 (s / stride, s / stride, labels)", "words": PEAKS},
        {"step": "boxes", "array": "float64 (boxes, 6)", "words": BOXES},
        {"step": "film_boxes", "array": "float64 (boxes, 6)", "words": FILM_BOXES},
        {"step": "undecided", "array": "float64 (boxes, 6)", "words": UNDECIDED_BOXES},
    ),
}

ANTIALIASED = (
    "Rows first (along the width), their result as float32, then columns; a side that keeps its length is left out. r = old / new in float64, "
    "f = max(r, 1), reach = support f. New pixel i: c = (i + 0.5) r; from first = max(trunc(c - reach + 0.5), 0) to before last = "
    "min(trunc(c + reach + 0.5), old); weight of j is shape((j - c + 0.5) / f), divided by the sum of the weights; the sum of weight times "
    "pixel from first on in float64, then float32."
)
FILTERS: Mapping[str, Mapping[str, object]] = {
    "bilinear": {"support": 1, "shape": "1 - |t| for |t| < 1, else 0", "words": ANTIALIASED},
    "bicubic": {
        "support": 2,
        "shape": (
            "1.5 |t|^3 - 2.5 t^2 + 1 for |t| < 1; -0.5 |t|^3 + 2.5 t^2 - 4 |t| + 2 for |t| < 2; else 0 (a = -0.5)"
        ),
        "words": ANTIALIASED,
    },
    "lanczos": {
        "support": 3,
        "shape": "sinc(t) sinc(t / 3) for -3 <= t < 3, else 0; sinc(t) = sin(pi t) / (pi t), 1 at 0",
        "words": ANTIALIASED,
    },
    "nearest": {
        "support": 0,
        "words": (
            "New pixel i is the old one at floor(p): p = r / 2 for the first with r = old / new, and r is added for each next one, in "
            "float64. Both sides alike."
        ),
    },
    "bilinear_points": {
        "support": 1,
        "words": (
            "p = (i + 0.5) r - 0.5 in float64, held within 0 to old - 1; below = min(floor(p), max(old - 2, 0)); u = float32(p - below); the "
            "new pixel is (1 - u) old[below] + u old[below + 1] in float32 (old[below] where there is one only). Columns first, then rows."
        ),
    },
    "area": {
        "support": 0.5,
        "words": (
            "The new pixel covers i r to (i + 1) r; the weight of an old pixel j is the part of it, j to j + 1, that is covered, divided by the sum of "
            "these, then float32. Sums in float32. Columns first, then rows."
        ),
    },
}

HISTOGRAM = (
    "v = floor(255 x + 0.5) in float32. c(v) counts the pixels at or below v, c0 = c(darkest v there). x becomes float32 of "
    "(c(v) - c0) / (n - c0) in float64, n being all pixels; unchanged where all pixels have one v."
)
LOCAL = (
    "Sides below 16: as equalize_histogram. Else tiles 8 by 8 with edges at rint(i h / 8), rint(j w / 8). Per tile of n pixels the counts of v = "
    "floor(255 x + 0.5) (256 of them, float64): what exceeds 2 n / 256 is cut off, and a 256th of all that was cut is added to each; its table is "
    "float32 of the running sum / n. Centres of tiles lie at (edge + next edge - 1) / 2. A row y lies between the centres before and "
    "after it (the first two or last two beyond them), with share (y - before) / (after - before) held within 0 to 1, as float32; columns alike. x "
    "becomes, in float32, of the four tables at v: upper = table(top, left)(1 - across) + table(top, right) across, lower alike, upper (1 - down) + "
    "lower down, held within 0 to 1."
)
STRETCH = (
    "low and high are the 1st and 99th percentile of the n pixels: with place = 0.01 (n - 1) or 0.99 (n - 1), t its fraction, and a, b the sorted "
    "pixels before and after it: a + (b - a) t where t < 0.5, else b - (b - a) (1 - t); b - a in float32, the rest in float64. x becomes (x - "
    "float32(low)) / float32(high - low) in float32, held within 0 to 1; unchanged where high <= low."
)
OPERATION_WORDS: Mapping[str, str] = {
    "equalize_histogram": HISTOGRAM,
    "equalize_locally": LOCAL,
    "stretch_percentiles": STRETCH,
}

TOLERANCES: Mapping[str, object] = {
    "stored": "equal; of JPEG one level apart, as decoders of JPEG may be",
    "values": "equal",
    "modality, voi": "1e-9 of the range",
    "scaled, grey, resized, square, operations, tensor of float32": "1e-5",
    "levels, tensor of integers": (
        "equal; after area, bilinear_points, equalize_locally or stretch_percentiles one level apart where the step before lies within 1e-3 of a "
        "level's edge; of films of JPEG one level apart where their stored values are"
    ),
    "outputs": (
        "equal bits by the same runtime on x86; 1e-6 apart elsewhere, or one step of an output of integers"
    ),
    "decision": "equal",
    "outline": "equal but for pixels that are undecided",
    "boxes, film_boxes": (
        "of equal outputs 1e-6; of another runtime's each box but the undecided ones, the score 'apart' away, edges 'edges_apart' pixels of the "
        "square"
    ),
    "share": "apart by no more than 'may_differ' of the vectors, the share of outputs that lie within 'apart' of 'least'",
}
