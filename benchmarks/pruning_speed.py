"""What removing filters does to time: each network whole against itself at half its multiply-accumulates.

Both are LiteRT files with batch 1, run by XNNPACK on one thread; the same pair again as int8. All files of a
network are opened first and take turns, so that a slow spell of the machine hits all; a round's time is the
shortest of its calls, and a ratio is the median over the rounds of pruned against whole. The weights are
random: they decide which filters go, but the widths that remain, on which the time depends, are much like those
of a trained network.
"""

import gc
import statistics
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np

NETWORKS = ("resnet50", "mobilenet_v2", "densenet121")
PRECISIONS = ("float32", "int8")
TARGETS = {"float32": 0.65, "int8": 0.75}
IMAGE_SIZE = 224
ROUNDS, CALLS = 15, 10
BUDGET = 0.5


def measure(
    networks: Sequence[str] = NETWORKS,
    *,
    image_size: int = IMAGE_SIZE,
    rounds: int = ROUNDS,
    calls: int = CALLS,
) -> dict:
    """Return milliseconds of whole and pruned files and their ratios, by network and precision.

    Args:
        networks: Names of architectures.
        image_size: Side of the film, pixels.
        rounds: Turns that each file takes.
        calls: Timed calls in one turn.
    """
    found = {}
    for name in networks:
        files, share = _files(name, image_size)
        runs = {key: _opened(content) for key, content in files.items()}
        times: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
        for _ in range(rounds):
            for key, run in runs.items():
                times[key].append(min(_seconds(run) for _ in range(calls)))
        found[name] = {"macs_share": share, "precisions": {}}
        for precision in PRECISIONS:
            whole, pruned = times[precision, "whole"], times[precision, "pruned"]
            found[name]["precisions"][precision] = {
                "whole_ms": 1000 * statistics.median(whole),
                "pruned_ms": 1000 * statistics.median(pruned),
                "ratio": statistics.median(p / w for p, w in zip(pruned, whole, strict=True)),
                "ratio_by_round": [p / w for p, w in zip(pruned, whole, strict=True)],
                "bytes_share": len(files[precision, "pruned"]) / len(files[precision, "whole"]),
            }
    return {
        "image_size": image_size,
        "rounds": rounds,
        "calls": calls,
        "networks": found,
        "targets": TARGETS,
    }


def _files(name: str, image_size: int) -> tuple[dict[tuple[str, str], bytes], float]:
    """Return the LiteRT files of a network by (precision, whole or pruned), and the share of MACs that stays."""
    from radlib.architectures import counting
    from radlib.architectures.networks import build_network
    from radlib.foundation import backend
    from radlib.runs import tasks
    from radlib.techniques.pruning.surgery.budget import choose
    from radlib.techniques.pruning.surgery.importance import kernel_norms
    from radlib.techniques.pruning.surgery.rebuild import remove_channels
    from radlib.techniques.pruning.surgery.structure import read_structure
    from radlib.techniques.quantization.converter import convert

    model = build_network(name, {}, tasks.binary("opacity"), (image_size, image_size, 1))
    structure = read_structure(model)
    pruned = remove_channels(
        model, structure, choose(structure, kernel_norms(model, structure), budget=BUDGET)
    )
    examples = np.random.default_rng(0).random((4, 1, image_size, image_size, 1)).astype(np.float32)

    def integers(tf, converter) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([example] for example in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]

    files = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow says that it has no statistics, and goes on to take them
        for precision, options in (("float32", None), ("int8", integers)):
            for kind, network in (("whole", model), ("pruned", pruned)):
                files[precision, kind] = convert(network, options)
    share = counting.macs(pruned) / counting.macs(model)
    backend.keras().backend.clear_session()
    gc.collect()
    return files, share


def _opened(content: bytes) -> Callable[[], None]:
    """Return a call of a LiteRT file, with its film set and one call done."""
    from ai_edge_litert.interpreter import Interpreter

    from radlib.foundation.backend import quiet_stderr

    with quiet_stderr():
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    if not any(operation["op_name"] == "DELEGATE" for operation in interpreter._get_ops_details()):
        raise RuntimeError("XNNPACK does not run this file")
    details = interpreter.get_input_details()[0]
    film = np.random.default_rng(1).random(details["shape"]).astype(np.float32)
    interpreter.set_tensor(details["index"], film)
    interpreter.invoke()
    return interpreter.invoke


def _seconds(run: Callable[[], None]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun
