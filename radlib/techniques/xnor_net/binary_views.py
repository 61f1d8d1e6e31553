"""What a binary convolution keeps of a real one, where it looks, and what it costs: tables and maps for reading."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from radlib.formats.keras import keras_predictor
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.extras import pandas as pd
from radlib.techniques.kernels import pruned_kernel
from radlib.techniques.xnor_net.binary_layers import convolve, input_scale, split_kernel
from radlib.techniques.xnor_net.binary_networks import binary_candidates
from radlib.techniques.xnor_net.convolution_geometry import geometry
from radlib.techniques.xnor_net.file_format import count_bits, decode_model
from radlib.techniques.xnor_net.sign_products import best_counter, pack_kernel, scaled_products


def shown_layer(model: Any) -> str:
    """Return the first convolution that will be binary and has a kernel of its own, for showing one layer.

    Raises:
        UsageError: When the network has none.
    """
    names = [name for name in binary_candidates(model) if hasattr(model.get_layer(name), "kernel")]
    if not names:
        raise UsageError(f"{model.name} has separable layers alone; there is no plain convolution to show.")
    return names[0]


def approximations(model: Any, name: str, films: np.ndarray) -> "pd.DataFrame":
    """Return how far binary forms of a trained convolution are from what it computes, before any training.

    The layer's inputs are normalised per channel over all films first, as batch norm would. Each form may take
    the one common factor that suits it best, since batch norm follows and undoes any.

    Args:
        model: A Keras model.
        name: A convolution of it, which runs on the film once.
        films: float32 (n, h, w, 1).

    Returns:
        One row per form: `form`, and `lost_share`, squared error over the squared real output.
    """
    keras, layer = backend.keras(), model.get_layer(name)
    inputs = keras.Model(model.inputs, layer.input).predict_on_batch(films)
    inputs = (inputs - inputs.mean(axis=(0, 1, 2))) / (inputs.std(axis=(0, 1, 2)) + 1e-6)
    kernel, scales = split_kernel(layer.kernel.numpy())
    real = np.asarray(convolve(inputs, layer.kernel, layer))
    products = np.asarray(convolve(np.where(inputs >= 0, np.float32(1), np.float32(-1)), kernel, layer))
    place = np.asarray(input_scale(backend.tensorflow().constant(inputs), layer))
    forms = {
        "signs of both": products,
        "signs of both, α": products * scales,
        "signs of both, α and K": products * scales * place,
        "signs of the weights, α": np.asarray(convolve(inputs, kernel * scales, layer)),
    }
    rows = []
    for form, found in forms.items():
        factor = float((real * found).sum() / (found**2).sum())
        lost = float(((real - factor * found) ** 2).sum() / (real**2).sum())
        rows.append({"form": form, "lost_share": lost})
    return pd.DataFrame(rows)


def rounded_to(kernel: np.ndarray, bits: int) -> np.ndarray:
    """Return a kernel with each weight rounded to so many bits, each filter on a grid of its own.

    Two bits or more: `S = max|w| / (2^(bits − 1) − 1)`, `ŵ = S · round(w / S)`. One bit: αB, see `split_kernel`.

    Args:
        kernel: (height, width, inputs, outputs).
        bits: At least 1.

    Example:
        >>> kernel = np.array([0.2, -0.9, 1.0]).reshape(1, 1, 3, 1)
        >>> rounded_to(kernel, 2).ravel().tolist(), rounded_to(kernel, 1).ravel().astype(float).round(3).tolist()
        ([0.0, -1.0, 1.0], [0.7, -0.7, 0.7])
    """
    if bits == 1:
        signs, scales = split_kernel(kernel)
        return signs * scales
    furthest = np.abs(kernel).max(axis=(0, 1, 2))
    step = np.where(furthest > 0, furthest, 1) / (2 ** (bits - 1) - 1)
    return step * np.rint(kernel / step)


def bits_sweep(
    model: Any, names: Sequence[str], score: Callable[[Any], float], bits: Sequence[int] = (8, 4, 3, 2, 1)
) -> "pd.DataFrame":
    """Return how a network reads with the weights of some layers in ever fewer bits, their inputs real, nothing trained.

    The network is changed in place and is as before when this returns.

    Args:
        model: A trained Keras model.
        names: Of the layers.
        score: What a network is worth, such as the AUROC of the validation films.
        bits: Of a weight.

    Returns:
        One row per number of bits: `bits`, `score`.
    """
    variables = [pruned_kernel(model.get_layer(name)) for name in names]
    before, rows = [variable.numpy() for variable in variables], []
    for width in bits:
        for variable, values in zip(variables, before, strict=True):
            variable.assign(rounded_to(values, width))
        rows.append({"bits": width, "score": score(model)})
    for variable, values in zip(variables, before, strict=True):
        variable.assign(values)
    return pd.DataFrame(rows)


def layer_maps(model: Any, name: str, film: np.ndarray) -> Mapping[str, np.ndarray]:
    """Return what a binary convolution takes of one film and gives, as maps (h, w) by title.

    Args:
        model: A decoded network, see `formats.xnor_net.decode_model`.
        name: A binary convolution with binary inputs.
        film: float32 (h, w, 1).

    Returns:
        The film; an input channel before and after its sign, that which is +1 most nearly half of the time; K; and
        the output of the filter with the largest α.
    """
    keras, layer = backend.keras(), model.get_layer(name)
    inputs, output = keras.Model(model.inputs, [layer.input, layer.output]).predict_on_batch(film[None])
    channel = int(np.abs((inputs >= 0).mean(axis=(0, 1, 2)) - 0.5).argmin())
    place = np.asarray(input_scale(backend.tensorflow().constant(inputs), layer))
    return {
        "film": film[..., 0],
        "one input": inputs[0, ..., channel],
        "its signs": np.where(inputs[0, ..., channel] >= 0, 1.0, -1.0),
        "K": place[0, ..., 0],
        "one output": output[0, ..., int(layer.scales.numpy().argmax())],
    }


def bytes_table(details: Mapping[str, Any]) -> "pd.DataFrame":
    """Return the parts of a file with their bytes and their share of it, the largest first."""
    sizes = pd.Series(details["bytes"], name="size_bytes").sort_values(ascending=False)
    return pd.DataFrame(
        {"part": sizes.index, "size_bytes": sizes.to_numpy(), "share": (sizes / sizes.sum()).to_numpy()}
    )


def same_answers(content: bytes, films: np.ndarray) -> bool:
    """Return whether counting bits gives the probabilities of the emulation, every float32 to its last bit.

    Args:
        content: An XNOR-Net file.
        films: float32 (n, h, w, 1).
    """
    emulated, counting = decode_model(content), decode_model(content)
    count_bits(counting)
    answers = [keras_predictor(model).predict(films) for model in (emulated, counting)]
    return answers[0].tobytes() == answers[1].tobytes()


def kernel_times(*, side: int = 28, channels: int = 128, rounds: int = 15, seed: int = 0) -> "pd.DataFrame":
    """Time a 3 × 3 binary convolution here and now against NumPy's matrix product, both on one thread, in turns.

    The first is the whole layer (signs packed, bits counted, scales applied), the second the product alone, its
    patches given. `python -m benchmarks binary` measures more, with LiteRT beside.

    Args:
        side: Of the image, pixels.
        channels: In and out.
        rounds: Turns, the shortest of three calls counting in each.
        seed: Of the numbers.

    Returns:
        One row per way: `way`, `median_ms`, and `times_as_long`, the median over the rounds of its time over the
        first's.
    """
    from threadpoolctl import threadpool_limits

    generator = np.random.default_rng(seed)
    image, kernel = (generator.normal(size=s).astype(np.float32) for s in
                     ((1, side, side, channels), (3, 3, channels, channels)))  # fmt: skip
    where, packed = geometry((side, side), (3, 3)), pack_kernel(kernel)
    scales, patches = np.abs(kernel).mean(axis=(0, 1, 2)), np.tile(image.reshape(-1, channels), 9)
    weights = kernel.reshape(-1, channels)
    ways = {
        f"bits counted by {best_counter()}": lambda: scaled_products(image, packed, where, scales),
        "NumPy matrix product": lambda: patches @ weights,
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    with threadpool_limits(1):
        for run in ways.values():
            run()
        for _ in range(rounds):
            for way, run in ways.items():
                times[way].append(min(_seconds(run) for _ in range(3)))
    own = next(iter(times.values()))
    rows = [
        {
            "way": way,
            "median_ms": 1000 * statistics.median(taken),
            "times_as_long": statistics.median(t / o for t, o in zip(taken, own, strict=True)),
        }
        for way, taken in times.items()
    ]
    return pd.DataFrame(rows)


def _seconds(run: Any) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun
