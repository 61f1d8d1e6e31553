"""Half precision for a finished LiteRT file: weights stored as float16, arithmetic in float32.

A float16 number has 11 significant bits, so each weight is off by at most one part in 2,048, and the file is half as
large. The runtime widens the weights once, when it loads the file, and computes as before; nothing is measured on
films. For networks that exist as a LiteRT file alone this is what `float16` is for those that are converted here.

| technique | weights | activations | input and output |
|---|---|---|---|
| `aeq_float16` | float16, widened when loaded | float32 | float32 |
"""

from typing import Annotated

from radlib.foundation.registry import TECHNIQUES
from radlib.foundation.value_types import Range
from radlib.techniques.data import Product, TechniqueData
from radlib.techniques.quantization.aeq_recipes import quantize


@TECHNIQUES.register(
    consumes="tflite",
    produces="tflite",
    trains=False,
    revision=1,
    label="AI Edge float16",
    kind="quantization",
)
def aeq_float16(
    model: bytes, data: TechniqueData, *, smallest_kernel: Annotated[int, Range(0)] = 1024
) -> Product:
    """Store weights as float16, from the float32 LiteRT file; the runtime widens them to float32 when it loads it.

    Args:
        model: A float32 LiteRT file.
        data: The films; none is looked at.
        smallest_kernel: Kernels with fewer weights stay float32; they weigh nothing.
    """
    half = {
        "weight_tensor_config": {
            "num_bits": 16,
            "symmetric": True,
            "granularity": "TENSORWISE",
            "dtype": "FLOAT",
        },
        "compute_precision": "FLOAT",
        "explicit_dequantize": True,
        "skip_checks": False,
        "min_weight_elements": smallest_kernel,
    }
    recipe = [{"regex": ".*", "operation": "*", "algorithm_key": "float_casting", "op_config": half}]
    return Product(quantize(model, recipe), {"recipe": recipe})
