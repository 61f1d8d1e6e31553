"""Weight tensors of a file as they are, or in the shortest of three forms that lose no bit.

A constant is stored once, numbers that float16 holds exactly as float16, all others as they are; a byte elsewhere in
the file says which. What codes tensors of its own uses further numbers for the byte.
"""

from collections.abc import Callable

import numpy as np

from radlib.foundation.errors import DataError

AS_IT_IS, HALF, CONSTANT = range(3)


def plainest(values: np.ndarray) -> tuple[int, bytes]:
    """Return the shortest form that holds a tensor without loss, and its bytes."""
    if values.dtype == np.float32 and values.size:
        first = values.ravel()[:1]
        if np.array_equal(values.ravel().view(np.uint32), np.repeat(first, values.size).view(np.uint32)):
            return CONSTANT, first.astype("<f4").tobytes()
        with np.errstate(over="ignore"):  # what float16 cannot hold becomes infinite, and so differs
            half = values.astype("<f2")
        if np.array_equal(half.astype(np.float32).view(np.uint32), values.view(np.uint32)):
            return HALF, half.tobytes()
    return AS_IT_IS, values.astype(values.dtype.newbyteorder("<")).tobytes()


def read_plain(kind: int, take: Callable[[int], bytes], like: np.ndarray) -> np.ndarray:
    """Return a tensor of the shape and type of `like`.

    Args:
        kind: One of the three forms.
        take: Gives the next so many bytes of the file.
        like: Any tensor of that shape and type.

    Raises:
        DataError: For another form.
    """
    if kind == CONSTANT:
        return np.full(like.shape, np.frombuffer(take(4), "<f4")[0])
    if kind == HALF:
        return np.frombuffer(take(2 * like.size), "<f2").astype(np.float32).reshape(like.shape)
    if kind != AS_IT_IS:
        raise DataError(f"It has a tensor of the unknown kind {kind}.")
    stored = np.frombuffer(take(like.nbytes), like.dtype.newbyteorder("<"))
    return stored.astype(like.dtype).reshape(like.shape)
