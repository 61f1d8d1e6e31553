"""The program that runs an export's examples and compares: `run.py`, which needs NumPy and LiteRT only, and no radlib."""

from collections.abc import Mapping

# What every program does alike: open the model, and ask it about a film as a device does, integers at either end included.
OPENED = """\
if record["state"] != "finished":
    print("UNFINISHED:", "; ".join(record["missing"]))
golden = np.load("golden.npz")
model = Interpreter(record["runs"], num_threads=1)
model.allocate_tensors()
source, target = model.get_input_details()[0], model.get_output_details()[0]
"""
ASKED = """\
    image = film.reshape(source["shape"]) / np.float32(255)  # grey in [0, 1]
    if source["dtype"] != np.float32:  # integer input: real = scale * (stored - zero point)
        scale, zero = source["quantization"]
        limits = np.iinfo(source["dtype"])
        image = np.clip(np.round(image / np.float32(scale)) + zero, limits.min, limits.max)
    model.set_tensor(source["index"], image.astype(source["dtype"]))
    model.invoke()
    answer = model.get_tensor(target["index"])[0].astype(np.float32)
    if target["dtype"] != np.float32:
        answer = (answer - target["quantization"][1]) * np.float32(target["quantization"][0])
"""
OF_PROBABILITIES = (
    '''\
"""Run the model on its examples and compare; needs numpy and ai-edge-litert only."""
import json
import numpy as np
from ai_edge_litert.interpreter import Interpreter

with open("variant.json") as stream:
    record = json.load(stream)


def decision(answer):
    """Return what is decided of a film; what is no probability, and what has no threshold, is no decision."""
    if not np.isfinite(answer).all() or answer.min() < -1e-4 or answer.max() > 1 + 1e-4:
        return "no decision: the model gave no number between 0 and 1"
    labels, pairs = record["labels"], record["task"] == "binary"  # (negative, positive) of one softmax
    if record["task"] == "classes":
        return labels[int(answer.argmax())]
    said = []
    for label, value, threshold in zip(labels[pairs:], answer[pairs:], record["thresholds"]):
        if threshold is None:
            said.append("no threshold: no decision")
        else:
            said.append(label if float(value) >= threshold else labels[0] if pairs else "no " + label)
    return ", ".join(said)


'''
    + OPENED
    + """\
for film, expected in zip(golden["films"], golden["outputs"]):
"""
    + ASKED
    + """\
    print(dict(zip(record["labels"], answer.tolist())), decision(answer), end=", ")
    print("largest difference", abs(answer - expected).max())
"""
)

OF_MASKS = (
    '''\
"""Outline the examples and compare, pixel by pixel; needs numpy and ai-edge-litert only. Exit code 1 where one is wrong."""
import json
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter

with open("variant.json") as stream:
    record = json.load(stream)
'''
    + OPENED
    + """\
wrong = 0
for film, expected, undecided in zip(golden["films"], golden["masks"], golden["undecided"]):
"""
    + ASKED
    + """\
    if not np.isfinite(answer).all() or answer.min() < -1e-4 or answer.max() > 1 + 1e-4:
        print("no outline: the model gave no number between 0 and 1")
        wrong += answer.size
        continue
    outline = answer >= 0.5  # (rows, columns, labels)
    other = outline != (expected > 0)
    turned, faults = int((other & (undecided > 0)).sum()), int((other & (undecided == 0)).sum())
    wrong += faults
    for place, label in enumerate(record["labels"]):
        print(f"{label}: {outline[..., place].mean():.4f} of the film outlined", end=", ")
    print(f"pixels otherwise: {faults} wrong, {turned} by rounding of {int((undecided > 0).sum())} that may be")
sys.exit(wrong > 0)
"""
)

OF_BOXES = (
    '''\
"""Find the boxes of the examples and compare, one by one; needs numpy and ai-edge-litert only. Exit code 1 where one is wrong."""
import json
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter

with open("variant.json") as stream:
    record = json.load(stream)
with open("specification.json") as stream:
    said = json.load(stream)["decision"]
labels, stride = said["labels"], said["stride"]


def boxes_of(maps):
    """Return label, score, left, top, width and height of each box, in pixels of the prepared film."""
    found, side = [], stride * len(maps)
    for label in range(len(labels)):
        heat, peaks = maps[..., label].astype(float), []
        around = np.pad(heat, 1, constant_values=-1)
        for row, column in np.argwhere(heat >= said["least"]):
            near, own = around[row : row + 3, column : column + 3].ravel(), heat[row, column]
            if own > near[:4].max() and own >= near[5:].max():  # of equal neighbours the first is the peak
                peaks.append((-own, row, column))
        for score, row, column in sorted(peaks)[: said["most"]]:
            width, height, right, down = maps[row, column, len(labels) :].astype(float)
            x, y = stride * (column + right), stride * (row + down)
            ends = np.clip([x - width * side / 2, y - height * side / 2, x + width * side / 2, y + height * side / 2], 0, side)
            found.append([label, -score, ends[0], ends[1], ends[2] - ends[0], ends[3] - ends[1]])
    return np.reshape(found, (-1, 6))


def alike(box, others):
    """Return which boxes are this one but for rounding."""
    corners = np.abs(others[:, 2:4] - box[2:4]), np.abs(others[:, 2:4] + others[:, 4:] - box[2:4] - box[4:])
    near = np.max(np.hstack(corners), axis=1) <= said["edges_apart"] + 1e-6
    return (others[:, 0] == box[0]) & (np.abs(others[:, 1] - box[1]) <= said["apart"] + 1e-6) & near


'''
    + OPENED
    + """\
wrong = 0
for number, film in enumerate(golden["films"]):
"""
    + ASKED
    + """\
    if not np.isfinite(answer).all() or answer.min() < -1e-4 or answer.max() > 1 + 1e-4:
        print("no boxes: the model gave no number between 0 and 1")
        wrong += 1
        continue
    expected, undecided = (golden[name][golden[name][:, 0] == number, 1:] for name in ("boxes", "undecided"))
    found = boxes_of(answer)
    faults = sum(not alike(box, np.vstack([expected, undecided])).any() for box in found)
    faults += sum(not alike(box, np.vstack([found, undecided])).any() for box in expected)
    wrong += faults
    for label, score, *box in found:
        print(f"{labels[int(label)]} {score:.4f} at", " ".join(f"{each:.1f}" for each in box), end=", ")
    print(f"{len(found)} boxes: {faults} wrong, {len(undecided)} that rounding may draw or leave out", end=", ")
    print("largest difference", abs(answer - golden["outputs"][number]).max())
sys.exit(wrong > 0)
"""
)

# By how a task's answers are kept, `Task.record`.
RUNNERS: Mapping[str, str] = {"probabilities": OF_PROBABILITIES, "masks": OF_MASKS, "boxes": OF_BOXES}
