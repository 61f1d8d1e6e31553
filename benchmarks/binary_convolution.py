"""One binary convolution against the same one in real numbers: 3 × 3, 128 to 128 channels, at 56 × 56 pixels.

The kernel's time is that of the whole layer: signs taken and packed, bits compared and counted, both scales applied.
NumPy's is a matrix product on one thread, once with the patches already in a matrix and once with their gathering;
which kernel of BLAS it uses is printed, because that matters: where OpenBLAS does not know the processor it takes an
older one, and `OPENBLAS_CORETYPE=SkylakeX python -m benchmarks binary` makes it take those for AVX-512. LiteRT's files
hold the one layer, in float32 and in int8, run by XNNPACK on one thread. All take turns, so that a slow spell of the
machine hits all; a round's time is the shortest of its calls, and a ratio is the median over the rounds.

One layer is no network: first and last layers stay real, and batch norm and ReLU cost what they cost. Stock LiteRT has
no kernel for binary convolutions. The target is set against NumPy alone; int8 stands beside it for the reader to see.
"""

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

SIDE, CHANNELS, KERNEL = 56, 128, 3
ROUNDS, CALLS = 15, 10
TARGET = 4.0  # times faster than NumPy's matrix product without the gathering
COUNTED = "kernel"
WAYS = {
    COUNTED: "bits counted, whole layer",
    "kernel_numpy": "bits counted by NumPy, whole layer",
    "gemm": "NumPy matrix product, patches given",
    "gemm_gathered": "NumPy matrix product, patches gathered",
    "xnnpack_float32": "LiteRT, XNNPACK, float32",
    "xnnpack_int8": "LiteRT, XNNPACK, int8",
}


def measure(
    *, rounds: int = ROUNDS, calls: int = CALLS, side: int = SIDE, channels: int = CHANNELS
) -> dict[str, Any]:
    """Return the milliseconds of each way, and how many times as long as the kernel it takes.

    Args:
        rounds: Turns that each way takes.
        calls: Timed calls in one turn.
        side: Of the image, pixels.
        channels: In and out.
    """
    from threadpoolctl import threadpool_info, threadpool_limits

    from radlib.techniques.xnor_net.sign_products import best_counter

    image, kernel = _drawn(side, channels)
    ways = {**_counting(image, kernel), **_matrix_products(image, kernel), **_litert(image, kernel)}
    times: dict[str, list[float]] = {name: [] for name in ways}
    with threadpool_limits(1):
        for run in ways.values():
            run()
        for _ in range(rounds):
            for name, run in ways.items():
                times[name].append(min(_seconds(run) for _ in range(calls)))
        blas = [info for info in threadpool_info() if info["user_api"] == "blas"]
        blas = [info for info in blas if "numpy" in info["filepath"]] or blas  # SciPy brings its own
    ratios = {
        name: [other / own for other, own in zip(times[name], times[COUNTED], strict=True)] for name in ways
    }
    return {
        "side": side,
        "channels": channels,
        "rounds": rounds,
        "calls": calls,
        "counter": best_counter(),
        "blas": ", ".join(
            f"{i['internal_api']} {i['version']}, kernels {i.get('architecture')}" for i in blas[:1]
        ),
        "exact": _exact(image, kernel),
        "ms": {name: 1000 * statistics.median(taken) for name, taken in times.items()},
        "times_as_long": {name: statistics.median(each) for name, each in ratios.items()},
        "ratio_by_round": ratios,
        "target": TARGET,
    }


def table(result: dict[str, Any]) -> str:
    """Return the times and ratios as lines of text."""
    side, channels = result["side"], result["channels"]
    lines = [
        "",
        f"Binary convolution, {KERNEL} × {KERNEL} × {channels} → {channels} at {side} × {side}, one thread "
        f"({result['rounds']} interleaved rounds of {result['calls']} calls)",
        f"bits counted by {result['counter']}; dot products equal to arithmetic: {result['exact']}; BLAS: {result['blas']}",
        f"{'':44}{'ms':>9}{'kernel is':>16}{'target':>9}",
    ]
    for name, text in WAYS.items():
        ratio = f"{result['times_as_long'][name]:.1f}x faster" if name != COUNTED else ""
        target = f"{result['target']:g}x" if name == "gemm" else ""
        lines.append(f"{text:44}{result['ms'][name]:>9.2f}{ratio:>16}{target:>9}")
    return "\n".join([*lines, "Stock LiteRT has no kernel for binary convolutions."])


def _drawn(side: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an image (1, h, w, c) and a kernel (3, 3, c, c), float32."""
    generator = np.random.default_rng(0)
    image = generator.normal(size=(1, side, side, channels)).astype(np.float32)
    return image, generator.normal(size=(KERNEL, KERNEL, channels, channels)).astype(np.float32)


def _counting(image: np.ndarray, kernel: np.ndarray) -> dict[str, Callable[[], Any]]:
    from radlib.techniques.xnor_net.convolution_geometry import geometry
    from radlib.techniques.xnor_net.sign_products import pack_kernel, scaled_products

    where, packed = geometry(image.shape[1:3], kernel.shape[:2]), pack_kernel(kernel)
    scales = np.abs(kernel).mean(axis=(0, 1, 2))
    factors = np.abs(image).mean(axis=-1)
    return {
        "kernel": lambda: scaled_products(image, packed, where, scales, factors),
        "kernel_numpy": lambda: scaled_products(image, packed, where, scales, factors, counter="numpy"),
    }


def _patches(image: np.ndarray) -> np.ndarray:
    """Return what the kernel sees at each place, (h · w, 9 c), zeros around the image."""
    around = KERNEL // 2
    padded = np.pad(image[0], [(around, around), (around, around), (0, 0)])
    seen = np.lib.stride_tricks.sliding_window_view(padded, (KERNEL, KERNEL), axis=(0, 1))  # (h, w, c, 3, 3)
    return np.ascontiguousarray(seen.transpose(0, 1, 3, 4, 2)).reshape(-1, KERNEL**2 * image.shape[-1])


def _matrix_products(image: np.ndarray, kernel: np.ndarray) -> dict[str, Callable[[], Any]]:
    patches, weights = _patches(image), kernel.reshape(-1, kernel.shape[-1])
    return {"gemm": lambda: patches @ weights, "gemm_gathered": lambda: _patches(image) @ weights}


def _exact(image: np.ndarray, kernel: np.ndarray) -> bool:
    """Return whether counted dot products are those of NumPy's matrix product of signs."""
    from radlib.techniques.xnor_net.convolution_geometry import geometry
    from radlib.techniques.xnor_net.sign_products import dot_products, pack_kernel

    ones = np.where(kernel >= 0, np.float32(1), np.float32(-1)).reshape(-1, kernel.shape[-1])
    expected = _patches(np.where(image >= 0, np.float32(1), np.float32(-1))) @ ones
    where = geometry(image.shape[1:3], kernel.shape[:2])
    found = dot_products(image, pack_kernel(kernel), where)
    return bool(np.array_equal(found.reshape(expected.shape), expected))


def _litert(image: np.ndarray, kernel: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Return calls of LiteRT files that hold the one convolution."""
    from ai_edge_litert.interpreter import Interpreter

    from radlib.foundation import backend
    from radlib.techniques.quantization.converter import convert

    keras = backend.keras()
    layer = keras.layers.Conv2D(kernel.shape[-1], KERNEL, padding="same", use_bias=False)
    model = keras.Sequential([keras.Input(image.shape[1:]), layer])
    layer.set_weights([kernel])

    def integers(tf: Any, converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: iter([[image]])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8

    calls = {}
    for name, options in (("xnnpack_float32", None), ("xnnpack_int8", integers)):
        with warnings.catch_warnings(), backend.quiet_stderr():
            warnings.simplefilter(
                "ignore"
            )  # TensorFlow says that it has no statistics, and goes on to take them
            interpreter = Interpreter(model_content=convert(model, options), num_threads=1)
            interpreter.allocate_tensors()
        if not any(operation["op_name"] == "DELEGATE" for operation in interpreter._get_ops_details()):
            raise RuntimeError("XNNPACK does not run this file")
        details = interpreter.get_input_details()[0]
        interpreter.set_tensor(details["index"], image.astype(details["dtype"]))
        calls[name] = interpreter.invoke
    return calls


def _seconds(run: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun
