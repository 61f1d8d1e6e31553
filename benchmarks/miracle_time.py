"""How long MIRACLE takes to code a student of 100,000 weights after its training, and to decode the file.

What is timed is the part that pruning and quantization do not have: rounds of coding with training in between, from
the first coded block to the last step: once in the rounds and steps that the technique takes unless told otherwise,
and once in five times as many steps. Films are random and lie in memory, weights are random, too: neither changes a
time. The index has 12 bits, so that each block is looked for among 4,096 candidates.
"""

import os
import time

import numpy as np

SIZES = (64, 128)  # side of a film, pixels
WIDTH = 1.85  # of student_small: about 100,000 weights
BITS, BLOCK_WEIGHTS = 12, 8
LONG = (20, 100)  # rounds, and training steps after each
BATCH = 32
TARGET_SECONDS = 180


def measure(sizes: tuple[int, ...] = SIZES) -> dict:
    """Return seconds by size of film and schedule: all of it, coding alone, and decoding the file.

    Args:
        sizes: Sides of the square films, pixels.
    """
    from radlib.foundation.registry import TECHNIQUES

    told = TECHNIQUES["miracle"].complete({})
    schedules = ((told["rounds"], told["steps_per_round"]), LONG)
    return {
        "bits": BITS,
        "block_weights": BLOCK_WEIGHTS,
        "batch": BATCH,
        "target_seconds": TARGET_SECONDS,
        "processors": os.cpu_count(),
        "found": [
            {"size": size, "rounds": rounds, "steps": steps, **_one(size, rounds, steps)}
            for rounds, steps in schedules
            for size in sizes
        ],
    }


def table(result: dict) -> str:
    """Return the times as lines of text."""
    lines = [
        "",
        f"MIRACLE, {result['bits']} bits for {result['block_weights']} weights, steps of {result['batch']} films, "
        f"{result['processors']} processors",
        f"{'':24}{'rounds':>8}{'steps':>7}{'weights':>9}{'all s':>8}{'target':>9}{'coding s':>10}{'ms a step':>11}"
        f"{'decoding s':>12}{'load':>7}",
    ]
    for found in result["found"]:
        what = f"{found['size']} × {found['size']} pixels"
        lines.append(
            f"{what:24}{found['rounds']:>8}{found['steps']:>7}"
            f"{found['weights']:>9,}{found['seconds']:>8.1f}{'< ' + str(result['target_seconds']):>9}"
            f"{found['coding_seconds']:>10.1f}{found['step_ms']:>11.1f}{found['decoding_seconds']:>12.2f}"
            f"{found['load']:>7.1f}"
        )
    return "\n".join(lines)


def _one(size: int, rounds: int, steps: int) -> dict:
    from radlib.architectures.networks import build_network
    from radlib.foundation import backend
    from radlib.runs import tasks
    from radlib.techniques.miracle.block_coding import Schedule, code_of, coding_rounds, network_of
    from radlib.techniques.miracle.file_format import decode_model, encode_model
    from radlib.techniques.miracle.miracle import plan_blocks
    from radlib.techniques.miracle.weight_posteriors import learner_of

    keras = backend.keras()
    backend.make_deterministic(0)  # as in a training, which some operations take longer for
    task = tasks.binary("opacity")
    model = build_network("student_small", {"width": WIDTH}, task, (size, size, 1))
    blocks = plan_blocks(model, BITS, BLOCK_WEIGHTS, seed=0)
    loss = keras.losses.CategoricalCrossentropy(reduction="none")
    warm = 10  # steps; the first one compiles
    learner = learner_of(model, blocks, Schedule(warm, rounds, steps), loss=loss, seed=0)
    learner.compile(keras.optimizers.Adam(0.001))
    generator = np.random.default_rng(0)
    films = generator.random((8 * BATCH, size, size, 1)).astype(np.float32)
    targets = np.eye(2, dtype=np.float32)[generator.integers(0, 2, len(films))]
    coding, started = 0.0, 0.0
    round_of = coding_rounds(learner)
    for step in range(warm + rounds * steps):
        if step == warm:
            started = time.perf_counter()
        if step >= warm and (step - warm) % steps == 0:
            begun = time.perf_counter()
            round_of.on_batch_end(step, {})
            coding += time.perf_counter() - begun
        chosen = slice(BATCH * (step % 8), BATCH * (step % 8 + 1))
        learner.train_on_batch(films[chosen], targets[chosen], np.ones(BATCH, np.float32))
    seconds = time.perf_counter() - started
    content = encode_model(network_of(learner, model), code_of(learner))
    begun = time.perf_counter()
    decode_model(content)
    return {
        "weights": blocks.weights,
        "seconds": seconds,
        "coding_seconds": coding,
        "step_ms": 1000 * (seconds - coding) / (rounds * steps),
        "decoding_seconds": time.perf_counter() - begun,
        "file_bytes": len(content),
        "load": os.getloadavg()[0],
    }
