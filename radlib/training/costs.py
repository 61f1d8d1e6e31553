"""What a training step takes, reckoned from multiplications: rough on purpose, and the same on every machine.

A step costs a fixed part plus one that grows with the network's multiply-accumulates, both fitted to rates that were measured on two
x86 cores without a graphics card and with nothing beside: at 96 px 62 films a second for ResNet-18, 248 for MobileNetV2 of
width 0.35, 475 for a student of 0.24 million weights.
"""

FIXED_MS = 0.6  # per film and training step, whatever the network
MS_PER_GMAC = 40.0  # three passes of two operations each, at about 150 billion operations a second


def step_ms(gmacs: float) -> float:
    """Return milliseconds per film of a training step.

    Args:
        gmacs: Billions of multiply-accumulates of one film through the network.

    Example:
        >>> round(step_ms(0.05), 2)
        2.6
    """
    return FIXED_MS + MS_PER_GMAC * gmacs
