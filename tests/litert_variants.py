"""LiteRT files as other writers write them: made from a fresh one by saying the same in the other way."""

from ai_edge_litert import schema_py_generated as schema

from radlib.formats.litert_tables import packed


def before_tf_2_4(content: bytes) -> bytes:
    """The kind of every operation in the old byte alone."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    for code in model.operatorCodes:
        assert code.builtinCode < 127
        code.deprecatedBuiltinCode, code.builtinCode = code.builtinCode, 0
    return packed(model)


def weights_behind(content: bytes, *, least: int = 2) -> bytes:
    """Every buffer of at least so many bytes behind the tables, at multiples of 16."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    moved = []
    for buffer in model.buffers:
        if buffer.data is not None and len(buffer.data) >= least:
            moved.append((buffer, bytes(buffer.data)))
            buffer.data, buffer.offset, buffer.size = (
                None,
                2**40,
                len(buffer.data),
            )  # so that places take room
    start = len(packed(model)) + 64
    place = start - start % 16
    parts = []
    for buffer, data in moved:
        buffer.offset = place + sum(map(len, parts))
        parts.append(data + bytes(-len(data) % 16))
    tables = packed(model)
    assert len(tables) <= place
    return tables + bytes(place - len(tables)) + b"".join(parts)
