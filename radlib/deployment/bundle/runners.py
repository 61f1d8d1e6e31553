"""The program that runs an export's examples and compares: `run.py`, which needs NumPy and LiteRT only, and no radlib."""

from collections.abc import Mapping

OF_PROBABILITIES = '''\
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


if record["state"] != "finished":
    print("UNFINISHED:", "; ".join(record["missing"]))
golden = np.load("golden.npz")
model = Interpreter(record["runs"], num_threads=1)
model.allocate_tensors()
source, target = model.get_input_details()[0], model.get_output_details()[0]
for film, expected in zip(golden["films"], golden["outputs"]):
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
    print(dict(zip(record["labels"], answer.tolist())), decision(answer), end=", ")
    print("largest difference", abs(answer - expected).max())
'''

OF_MASKS = '''\
"""Outline the examples and compare, pixel by pixel; needs numpy and ai-edge-litert only. Exit code 1 where one is wrong."""
import json
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter

with open("variant.json") as stream:
    record = json.load(stream)
if record["state"] != "finished":
    print("UNFINISHED:", "; ".join(record["missing"]))
golden = np.load("golden.npz")
model = Interpreter(record["runs"], num_threads=1)
model.allocate_tensors()
source, target = model.get_input_details()[0], model.get_output_details()[0]
wrong = 0
for film, expected, undecided in zip(golden["films"], golden["masks"], golden["undecided"]):
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
'''

# By how a task's answers are kept, `Task.record`.
RUNNERS: Mapping[str, str] = {"probabilities": OF_PROBABILITIES, "masks": OF_MASKS}
