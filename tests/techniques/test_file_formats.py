"""The three files of coded networks are the same bytes as ever, and say the same about themselves."""

import hashlib
import json

import numpy as np
import pytest

from radlib.architectures.networks import build_network
from radlib.formats.container import MAGIC, unpack, unpack_json
from radlib.runs import tasks
from radlib.techniques.deep_compression import file_format as deep_compression
from radlib.techniques.miracle import file_format as miracle
from radlib.techniques.miracle.block_coding import kernels_of
from radlib.techniques.miracle.random_codes import Blocks
from radlib.techniques.xnor_net import file_format as xnor_net
from radlib.techniques.xnor_net.binary_networks import binary_candidates, stored_model, trainer_of

ABOUT = {"labels": ["normal", "opacity"], "preparation": {"kind": "drawn"}}
# Of the sections, the graph as text (how zlib packs it is zlib's affair): of files that stand for every file out there.
GOLDEN = {
    "deep_compression": "5fa9ac799436dedfae23c2867a2eac2a",
    "miracle": "cac1950048dc837be84fd4e8e00657e2",
    "xnor_net": "5a2ab1ff50f307ff45ebeaf704c5bbb4",
}


def drawn_network(name: str = "student_separable"):
    """A network with every kind of kernel, filled with numbers that no library's initial values decide."""
    model = build_network(name, {}, tasks.binary("opacity"), (32, 32, 1))
    generator = np.random.default_rng(0)
    for layer in model.layers:
        values = [generator.normal(size=each.shape) for each in layer.get_weights()]
        layer.set_weights([np.round(v * 3) / 8 if v.ndim > 1 else np.abs(v) + 0.5 for v in values])
    return model


def miracle_code(model) -> miracle.Code:
    kernels = kernels_of(model)
    blocks = Blocks(sum(int(np.prod(kernel.shape)) for kernel in kernels), 8, 10, 3)
    indices = np.random.default_rng(5).integers(0, 1024, blocks.count)
    return miracle.Code(blocks, indices, np.linspace(0.5, 1.5, len(kernels)).astype(np.float32))


@pytest.fixture(scope="module")
def files():
    model = drawn_network()
    binary = stored_model(trainer_of(model, binary_candidates(model)))
    return {
        "deep_compression": (deep_compression, deep_compression.encode_model(model, ABOUT)[0]),
        "miracle": (miracle, miracle.encode_model(model, miracle_code(model), ABOUT)),
        "xnor_net": (xnor_net, xnor_net.encode_model(binary, ABOUT)),
    }


@pytest.mark.parametrize("codec", GOLDEN)
def test_a_file_has_the_bytes_it_always_had(files, codec):
    written, content = files[codec]
    sections = unpack(content, codec, 1, name="it")
    graph = json.dumps(unpack_json(sections.pop("network")), separators=(",", ":")).encode()
    digest = hashlib.sha256(b"".join([",".join(sections).encode(), graph, *sections.values()]))
    assert digest.hexdigest()[:32] == GOLDEN[codec]
    assert content[:8] == MAGIC and written.itemise(content).sum() == len(content)


@pytest.mark.parametrize("codec", GOLDEN)
def test_a_file_says_what_it_was_told_and_decodes_to_what_was_encoded(files, codec, tmp_path):
    written, content = files[codec]
    about = written.read_about(content)
    assert about.pop("graph")["name"] == "student_separable" and about == ABOUT
    (tmp_path / "a file").write_bytes(content)
    ways = written.decode_model(content), written.load_model(tmp_path / "a file")
    first, second = (model.get_weights() for model in ways)
    assert [each.tobytes() for each in first] == [each.tobytes() for each in second]
    if codec == "deep_compression":
        assert all(map(np.array_equal, first, drawn_network().get_weights()))
