"""What one conversion and many recipes save, against a conversion for every scheme.

Both ways end with the same four kinds of file: float32, float16, dynamic range and int8. The usual
way converts the Keras network four times; the other converts it once and lets the AI Edge Quantizer apply a recipe for
each of the rest. Its two further recipes (weights only, and int4), which the converter has not, are timed apart. The ways
take turns. Counted are seconds of the processor, which a busy machine changes less than those of the clock. For
comparison the converter is also timed as it is usually called, with the Keras model itself: it saves and reads back every
layer then.
"""

import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

NETWORK, OPTIONS, IMAGE_SIZE = "mobilenet_v2", {"alpha": 1.0}, 96
FILMS = 50  # that ranges are measured on, in both ways
ROUNDS = 3
TARGET = 0.5
SCHEMES = ("float32", "float16", "dynamic", "int8")
RECIPES = ("float16", "dynamic", "int8")
FURTHER = ("aeq_weight_only", "aeq_int4")


@dataclass(frozen=True)
class DrawnFilms:
    """Random films in place of a data set's, as far as a technique that does not train asks for them."""

    images: np.ndarray

    @property
    def settings(self) -> Any:
        """Settings of which only the seed is asked."""
        from radlib.runs.settings import Settings

        return Settings()

    def representative(self, count: int, *, seed: int) -> tuple[np.ndarray, list[str]]:
        """Return the films, whatever number is wanted."""
        return self.images, [str(n) for n in range(len(self.images))]


def measure(*, rounds: int = ROUNDS, image_size: int = IMAGE_SIZE, films: int = FILMS) -> dict:
    """Return seconds of the processor for each file, by way, and the ratio of the sums.

    Args:
        rounds: Turns of both ways.
        image_size: Side of the film, pixels.
        films: Representative films.
    """
    from radlib.architectures.networks import build_network
    from radlib.foundation.registry import TECHNIQUES
    from radlib.runs import tasks

    shape = (image_size, image_size, 1)
    model = build_network(NETWORK, OPTIONS, tasks.binary("opacity"), shape, seed=0)
    data = DrawnFilms(np.random.default_rng(0).random((films, *shape)).astype(np.float32))

    def made(name: str, source: Any) -> Callable[[], bytes]:
        entry = TECHNIQUES[name]
        return lambda: entry.function(source, data, **entry.complete({})).payload

    made("float32", model)()  # what is imported and traced once
    seconds: dict[str, list[float]] = {}

    def timed(label: str, work: Callable[[], bytes]) -> bytes:
        begun = time.process_time()
        content = work()
        seconds.setdefault(label, []).append(time.process_time() - begun)
        return content

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow says that it has no statistics, and goes on to take them
        for _ in range(rounds):
            for name in SCHEMES:
                converted = timed(name, made(name, model))
                if name == "float32":
                    plain = converted
            for name in (*RECIPES, *FURTHER):
                timed(f"float32+{name}", made(name, plain))
            timed("usual call", lambda: _usual_conversion(model))
    median = {label: statistics.median(values) for label, values in seconds.items()}
    separately = sum(median[name] for name in SCHEMES)
    once = median["float32"] + sum(median[f"float32+{name}"] for name in RECIPES)
    return {
        "network": NETWORK,
        "image_size": image_size,
        "films": films,
        "rounds": rounds,
        "seconds": seconds,
        "median_seconds": median,
        "separately": separately,
        "once": once,
        "ratio": once / separately,
        "target": TARGET,
        "ratio_with_further": (once + sum(median[f"float32+{name}"] for name in FURTHER)) / separately,
    }


def _usual_conversion(model: Any) -> bytes:
    """Return the float32 file as the converter makes it when it is handed the Keras model."""
    from radlib.foundation import backend

    tf = backend.tensorflow()
    with backend.quiet_stderr():
        return tf.lite.TFLiteConverter.from_keras_model(model).convert()


def table(result: dict) -> str:
    """Return the times as lines of text."""
    median = result["median_seconds"]
    lines = [
        f"Files of one network, {result['network']} at {result['image_size']} px, {result['films']} films to calibrate "
        f"(processor seconds, medians of {result['rounds']} rounds)",
        f"{'':24}{'converted':>12}{'by recipe':>12}",
        f"{'float32':24}{median['float32']:>12.2f}{median['float32']:>12.2f}",
    ]
    for scheme in RECIPES:
        lines.append(f"{scheme:24}{median[scheme]:>12.2f}{median[f'float32+{scheme}']:>12.2f}")
    lines.append(f"{'all four':24}{result['separately']:>12.2f}{result['once']:>12.2f}")
    lines += [f"{name:24}{'–':>12}{median[f'float32+{name}']:>12.2f}" for name in FURTHER]
    lines.append(
        f"One conversion and recipes take {result['ratio']:.2f} of the time (target below {result['target']:g}); "
        f"{result['ratio_with_further']:.2f} with the two that the converter has not."
    )
    lines.append(
        f"One float32 conversion when the converter is handed the Keras model: {median['usual call']:.2f} s."
    )
    return "\n".join(lines)
