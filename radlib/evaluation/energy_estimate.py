"""What a film costs in joules where no meter can be read: counted operations and bytes, times published energies.

Fetching a number costs far more than multiplying it, and a wide multiplier more than a narrow one: that is why a small
network of integers saves more energy than time (Horowitz, 2014). The energies are those of one 45 nm process at 0.9 V; a
newer one needs less of all of them, so the ratio of two variants carries over and the joules do not. What an idle board,
its clock and its screen take is not in it. Every figure made here is marked as an estimate.

References:
    Horowitz (2014). Computing's energy problem (and what we can do about it). ISSCC, pp. 10-14.
    Han et al. (2016). EIE: Efficient inference engine on compressed deep neural network. ISCA, arXiv 1602.01528,
        table I (a word of 32 bits from DRAM).
"""

import math
from pathlib import Path

SOURCE = (
    "counted operations and bytes times the energies of a 45 nm process (Horowitz, 2014; Han et al., 2016)"
)
PICOJOULE = 1e-12
INT8 = 0.2 + 0.1  # a product of 8 bits, added to a sum of 32
INT16X8 = 2 * 0.2 + 0.1  # two products of 8 bits
FLOAT32 = 3.7 + 0.9
PER_MULTIPLICATION = {  # picojoules, by the types of values and weights; all others as float32
    ("int8", "int8"): INT8, ("uint8", "uint8"): INT8, ("int8", "int4"): INT8,
    ("float32", "int8"): INT8, ("float32", "int4"): INT8,  # the kernel rounds the values first
    ("int16", "int8"): INT16X8,
}  # fmt: skip
PER_WEIGHT_BYTE = 640 / 4  # from DRAM, once a film
PER_VALUE_BYTE = 100 / 8  # to and from a cache of 1 MB


def estimated_energy(path: Path) -> dict[str, float | str]:
    """Estimate what one film through a LiteRT file costs.

    Args:
        path: A .tflite file with a fixed input size.

    Returns:
        `kind`, always `estimate`; `joules_per_call`; what it was made from: `macs`, `weight_bytes`, `value_bytes`;
        and `source`.

    Raises:
        DataError: When it is no LiteRT file.
    """
    from radlib.architectures import counting

    work = counting.tflite_work(path)
    weights = sum(row["bytes"] for row in counting.stored_weights(path))
    values = moved_value_bytes(path)
    picojoules = sum(PER_MULTIPLICATION.get(types, FLOAT32) * macs for types, macs in work.items())
    picojoules += PER_WEIGHT_BYTE * weights + PER_VALUE_BYTE * values
    return {
        "kind": "estimate", "joules_per_call": picojoules * PICOJOULE, "macs": sum(work.values()),
        "weight_bytes": weights, "value_bytes": values, "source": SOURCE,
    }  # fmt: skip


def moved_value_bytes(path: Path) -> int:
    """Return how many bytes of values the operations of a LiteRT file read and write for one film; weights are none.

    Raises:
        DataError: When it is no LiteRT file.
    """
    from ai_edge_litert import schema_py_generated as schema

    from radlib.formats.litert_tables import read_file

    model = read_file(path)
    graph, names = model.subgraphs[0], vars(schema.TensorType)
    bits = {names[name]: width for name, width in BITS.items()}
    moved = 0
    for operation in graph.operators:
        for place in (*operation.inputs, *operation.outputs):
            if place < 0:  # an input that may be left out, and is
                continue
            tensor = graph.tensors[place]
            constant = model.buffers[tensor.buffer].data
            if constant is None or not len(constant):
                sides = [] if tensor.shape is None else tensor.shape
                moved += math.prod(int(side) for side in sides) * bits.get(tensor.type, 32) // 8
    return moved


BITS = {
    "FLOAT32": 32, "FLOAT16": 16, "INT32": 32, "INT64": 64, "INT16": 16, "INT8": 8, "UINT8": 8, "BOOL": 8, "INT4": 4,
}  # fmt: skip
