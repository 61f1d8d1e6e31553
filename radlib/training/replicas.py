"""One training on several devices of a machine: each has a copy of the network and a part of every batch.

The gradients of all copies are averaged before each step, so it is the step of the whole batch (synchronous data parallelism).
Batch norm takes mean and spread over the parts of all copies, or each would be scaled by films that the others do not see. So
the loss curve is that of one device, but for the order in which real numbers are added.

References:
    Goyal, Dollár, Girshick, Noordhuis, Wesolowski, Kyrola, Tulloch, Jia, He (2017). Accurate, large minibatch SGD. arXiv
        1706.02677, section 3.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from radlib.foundation import backend
from radlib.foundation.errors import SetupError, UsageError
from radlib.training.batch_statistics import batch_norms


@contextlib.contextmanager
def replicated(replicas: int, batch_size: int) -> Iterator[None]:
    """Have networks that are built and trained in the block live on so many devices; one changes nothing.

    Args:
        replicas: How many: graphics cards where there are so many, else processors that TensorFlow was told of.
        batch_size: Films in one step.

    Raises:
        UsageError: When a batch cannot be shared out evenly.
        SetupError: When the machine has not so many devices.
    """
    if replicas == 1:
        yield
        return
    if batch_size % replicas:
        raise UsageError(
            f"A batch of {batch_size} films cannot be shared out evenly among {replicas} devices; make batch_size a multiple of "
            "replicas."
        )
    strategy = backend.tensorflow().distribute.MirroredStrategy(_devices(replicas))
    with strategy.scope():
        yield


def synchronize(model: Any) -> None:
    """Have batch norm of a network take its statistics over all devices."""
    for norm in batch_norms(model):
        norm.synchronized, norm.fused = True, False


def _devices(replicas: int) -> list[str]:
    """Return the devices that copies live on."""
    config = backend.tensorflow().config
    cards, processors = (config.list_logical_devices(kind) for kind in ("GPU", "CPU"))
    for found in (cards, processors):
        if len(found) >= replicas:
            return [device.name for device in found[:replicas]]
    raise SetupError(
        f"replicas: {replicas} asks for as many graphics cards, and TensorFlow sees {len(cards)} here; set replicas to "
        f"{max(1, len(cards))}, or train elsewhere."
    )
