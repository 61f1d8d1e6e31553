"""What a training step takes, reckoned from multiplications: rough on purpose, and the same on every machine.

A step costs a fixed part plus one that grows with the network's multiply-accumulates, both fitted to rates that were measured on two
shared x86 cores without a graphics card.
"""

FIXED_MS = 0.6  # per film and training step, whatever the network
MS_PER_GMAC = 14.0


def step_ms(gmacs: float) -> float:
    """Return milliseconds per film of a training step.

    Args:
        gmacs: Billions of multiply-accumulates of one film through the network.

    Example:
        >>> round(step_ms(0.05), 2)
        1.3
    """
    return FIXED_MS + MS_PER_GMAC * gmacs
