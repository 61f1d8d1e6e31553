"""What quantization did, for reading: what each scheme stores, and which films set the ranges of a file."""

from collections.abc import Sequence

import numpy as np

from radlib.datasets.films import FilmSplits
from radlib.formats.litert_tables import read_tables
from radlib.foundation.errors import NotApplicable
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import say
from radlib.foundation.registry import TECHNIQUES
from radlib.runs.chains import parse_chain
from radlib.runs.runs import Run
from radlib.runs.variants import Variant
from radlib.techniques.quantization import aeq, converter, mixed_precision, qat
from radlib.techniques.quantization.float_layers import channels_of, float_layers
from radlib.techniques.quantization.rounding import weight_codes


def scheme_table() -> "pd.DataFrame":
    """Return what each way to quantize stores, one row per technique, read from the tables in their modules."""
    tables = []
    for module in (converter, aeq, mixed_precision, qat):
        lines = [line for line in (module.__doc__ or "").splitlines() if line.startswith("|")]
        cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
        tables.append(pd.DataFrame(cells[2:], columns=cells[0]).set_index(cells[0][0]))
    return pd.concat(tables)


def weights_and_codes(
    run: Run, plain: Variant, quantized: Variant
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return each kernel of a float32 LiteRT file and the integers that stand for it in a quantized one.

    Batch norm is folded into the kernels of both, so that the first is what the second was rounded from, unless the weights
    were changed for the sake of their rounding.

    Args:
        run: The run.
        plain: Made by `float32`.
        quantized: A quantized LiteRT variant of the same network.

    Returns:
        By tensor name, weights float32 and codes int8, both (channels, weights of each); kernels that stayed float32, or
        whose names the two files do not share, are left out.
    """
    tables = read_tables(run.model_path(plain).read_bytes())
    names = {
        layer.kernel: tables.subgraphs[0].tensors[layer.kernel].name.decode()
        for layer in float_layers(tables)
    }
    weights = {names[layer.kernel]: channels_of(tables, layer) for layer in float_layers(tables)}
    codes = weight_codes(run.model_path(quantized).read_bytes())
    return {name: (weights[name], codes[name]) for name in weights if name in codes}


def shown_chains(run: Run) -> list[str]:
    """Return the chains of a network's study, with `int8` where none of them measures ranges on films."""
    chains = list(run.settings.chains)
    last = [TECHNIQUES[links[-1].technique] for links in map(parse_chain, chains) if links]
    if any(p.name == "representative_films" for entry in last for p in entry.parameters):
        return chains
    say("The study asks for no file with fixed ranges of this network: 'int8' is made here, to show one.")
    return [*chains, "int8"]


def calibrated_of(variants: Sequence[Variant]) -> Variant:
    """Return the first of some variants whose ranges were measured on films.

    Raises:
        NotApplicable: When the network has none, since it does not suit the techniques that make one.
    """
    found = [variant for variant in variants if "representative_films" in variant.details]
    if not found:
        raise NotApplicable(
            "No file with fixed ranges can be made of this network; the others are compared in 06."
        )
    return found[0]


def representative_table(films: FilmSplits, variant: Variant) -> "pd.DataFrame":
    """Return the films whose activations set the ranges of a quantized variant: image_id, split, labels."""
    index = films.dataset.index
    chosen = index[index["image_id"].isin(variant.details["representative_films"])]
    return chosen[["image_id", "split", *films.training.task.labels]].reset_index(drop=True)
