"""Networks by name: a feature extractor per architecture, one shared head from the task.

Every network takes one grey channel in [0, 1] and answers one probability per output of the task. What its
authors' preprocessing did outside the network (three channels, another range) is done inside, by plain layers,
so that the file on a device needs no code beside it. The head is the same for all, see `heads`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.architectures.heads import with_head
from radlib.architectures.pretrained import is_network_file, take_features
from radlib.architectures.weights import find_weights, load_imagenet, load_weights
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES, Entry
from radlib.runs.tasks import Task


def build_network(
    name: str,
    options: Mapping[str, Any],
    task: Task,
    input_shape: tuple[int, int, int],
    *,
    weights: str = "none",
    dropout: float = 0.0,
    seed: int = 0,
    need_head: bool = False,
) -> Any:
    """Build a network with its head, uncompiled.

    Args:
        name: Of a registered architecture.
        options: Further arguments of its function, e.g. `{"alpha": 0.35}`; the rest keep their defaults.
        task: Says how many outputs there are and with which activation.
        input_shape: Height, width (pixels) and channels, which is 1.
        weights: `none` (random), `imagenet` (downloaded by Keras), a weights file, which of a network that outlines may hold its
            way down alone (see `weights`), or the `model.keras` of another run (see `pretrained`).
        dropout: Share of pooled features dropped while training, in [0, 1).
        need_head: Refuse weights that do not bring the last layer too: the network will answer as it is.
        seed: Of the initial weights. Seeds Python's, NumPy's and TensorFlow's generators.

    Returns:
        A Keras model, float32 (n, h, w, 1) in [0, 1] to probabilities (n, outputs). Layer names repeat from
        build to build.

    Raises:
        UsageError: For an unknown name or option, a size the architecture cannot take, or weights that are not
            those of this network.
        SetupError: When the weights file is missing, or the ImageNet weights cannot be downloaded.
    """
    entry = ARCHITECTURES[name]
    complete = entry.complete(options)
    if not 0 <= dropout < 1:
        raise UsageError(f"dropout is a share in [0, 1), not {dropout}.")
    keras = backend.keras()
    keras.backend.reset_uids()  # layer names that do not count on from the network built before
    keras.utils.set_random_seed(seed)
    extractor = entry.function(tuple(input_shape), **complete)
    network = with_head(extractor, task, dropout=dropout, seed=seed, name=name)
    if weights == "imagenet":
        load_imagenet(extractor, entry, complete)
    elif weights != "none":
        models, place = [extractor, network, *_encoders(extractor, entry)], Path(find_weights(weights))
        if is_network_file(place):
            take_features(models, place, need_head=need_head)
            return network
        loaded = load_weights(models, place, entry)
        if need_head and loaded is not network:
            raise UsageError(
                f"{Path(weights).name} holds no last layer of {len(task.outputs)} outputs ({', '.join(task.outputs)}), so the "
                "network cannot answer as it was trained; set epochs to 1 or more to train one."
            )
    elif need_head:
        raise UsageError(
            "A network that is brought and not trained needs its weights; set weights to a file."
        )
    return network


def _encoders(extractor: Any, entry: Entry) -> list[Any]:
    """Return the way down of a network that has one trained by others, such as MobileNetV2 in a U-Net."""
    if "encoder" not in entry.facts:
        return []
    deepest = extractor.get_layer(entry.facts["encoder"]).output
    return [backend.keras().Model(extractor.input, deepest, name=extractor.name)]
