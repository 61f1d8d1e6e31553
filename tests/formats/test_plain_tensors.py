"""Three forms of a tensor: the shortest that loses no bit is taken, and what is read is what was written."""

import numpy as np
import pytest

from radlib.formats.plain_tensors import AS_IT_IS, CONSTANT, HALF, plainest, read_plain
from radlib.foundation.errors import DataError

NAN = np.array([0x7FC00001], np.uint32).view(np.float32)[0]  # with a mark that float16 would lose
CASES = {
    "one number": (np.array([0.1], np.float32), CONSTANT, 4),
    "the same number": (np.full((3, 4), 0.1, np.float32), CONSTANT, 4),
    "the same NaN": (np.full(5, NAN, np.float32), CONSTANT, 4),
    "both zeros": (np.array([0.0, -0.0], np.float32), HALF, 4),
    "numbers of few digits": (np.array([[0.5, -2.25], [1024.0, 6.1e-5 * 0]], np.float32), HALF, 8),
    "the largest of float16": (np.array([65504.0, 1.0], np.float32), HALF, 4),
    "larger than float16": (np.array([65536.0, 1.0], np.float32), AS_IT_IS, 8),
    "infinity": (np.array([np.inf, 1.0], np.float32), HALF, 4),
    "a digit too many": (np.array([0.1, 1.0], np.float32), AS_IT_IS, 8),
    "a marked NaN": (np.array([NAN, 1.0], np.float32), AS_IT_IS, 8),
    "nothing": (np.zeros((0, 3), np.float32), AS_IT_IS, 0),
    "counts": (np.array([7, 7, 7], np.int64), AS_IT_IS, 24),
    "bytes": (np.array([[7, 7]], np.uint8), AS_IT_IS, 2),
}


@pytest.mark.parametrize("name", CASES)
def test_the_shortest_form_without_loss_is_taken_and_read_back(name):
    values, kind, size = CASES[name]
    found, content = plainest(values)
    assert (found, len(content)) == (kind, size)
    asked = []

    def take(count):
        asked.append(count)
        return content

    again = read_plain(found, take, np.zeros_like(values))
    assert asked == [size] and again.dtype == values.dtype and again.shape == values.shape
    assert again.tobytes() == values.tobytes()


def test_bytes_are_little_endian_whatever_the_tensor_is():
    values = np.array([1, 258], ">i4")
    kind, content = plainest(values)
    assert content == b"\x01\0\0\0\x02\x01\0\0"
    again = read_plain(kind, lambda count: content, values)
    assert again.tolist() == [1, 258] and again.dtype == values.dtype


def test_another_form_is_refused_by_its_number():
    with pytest.raises(DataError, match="the unknown kind 3"):
        read_plain(3, lambda count: b"", np.zeros(1, np.float32))
