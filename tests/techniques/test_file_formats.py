"""The files of coded networks: the same bytes as ever, what they say and answer, and what becomes of damaged ones."""

import hashlib
import json

import numpy as np
import pytest

from drawn import same_bits
from radlib.architectures.networks import build_network
from radlib.formats.container import MAGIC, pack, unpack, unpack_json
from radlib.formats.keras import keras_predictor
from radlib.formats.predictors import open_model
from radlib.foundation.errors import SetupError
from radlib.foundation.registry import FORMATS
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
SECTIONS = {
    "deep_compression": ("network", "tensors", "codebooks", "tables", "ids", "gaps", "plain"),
    "miracle": ("network", "layout", "tensors", "scales", "indices", "plain"),
    "xnor_net": ("network", "tensors", "signs", "scales", "plain"),
}
every_codec = pytest.mark.parametrize("codec", SECTIONS)


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
    """By codec: its module, the network that was encoded, and the file."""
    model = drawn_network()
    binary = stored_model(trainer_of(model, binary_candidates(model)))
    return {
        "deep_compression": (deep_compression, model, deep_compression.encode_model(model, ABOUT)[0]),
        "miracle": (miracle, model, miracle.encode_model(model, miracle_code(model), ABOUT)),
        "xnor_net": (xnor_net, binary, xnor_net.encode_model(binary, ABOUT)),
    }


@pytest.fixture
def file_at(files, codec, tmp_path):
    """Where the file of a codec lies; a test may write over it."""
    path = tmp_path / f"model{FORMATS[codec].facts['suffix']}"
    path.write_bytes(files[codec][2])
    return path


@every_codec
def test_a_file_has_the_bytes_it_always_had(files, codec):
    written, _, content = files[codec]
    sections = unpack(content, codec, 1, name="it")
    assert tuple(sections) == SECTIONS[codec] and written.__doc__.count("| `") == len(sections)  # documented
    graph = json.dumps(unpack_json(sections.pop("network")), separators=(",", ":")).encode()
    digest = hashlib.sha256(b"".join([",".join(sections).encode(), graph, *sections.values()]))
    assert digest.hexdigest()[:32] == GOLDEN[codec]
    assert content[:8] == MAGIC and written.itemise(content).sum() == len(content)


@every_codec
def test_a_file_says_what_it_was_told_and_decodes_to_what_was_encoded(files, codec, file_at):
    written, model, content = files[codec]
    about = written.read_about(content)
    assert about.pop("graph")["name"] == "student_separable" and about == ABOUT
    decoded = written.decode_model(content)
    assert same_bits(decoded, written.load_model(file_at))
    if codec != "miracle":  # whose weights are those that were drawn for it
        again = written.encode_model(decoded, ABOUT)
        assert (again if codec == "xnor_net" else again[0]) == content
        assert all(map(np.array_equal, decoded.get_weights(), model.get_weights()))


@every_codec
def test_an_opened_file_answers_as_the_network_that_it_decodes_to(files, codec, file_at):
    films = np.random.default_rng(0).integers(0, 256, (5, 32, 32), dtype=np.uint8)
    with open_model(file_at) as predictor:
        assert (predictor.input_shape, predictor.outputs) == ((32, 32, 1), 2)
        found = predictor.predict(films)
    expected = keras_predictor(files[codec][0].decode_model(files[codec][2])).predict(films)
    assert found.tobytes() == expected.tobytes()


@every_codec
def test_damage_is_refused_in_one_sentence(files, codec, file_at):
    content, generator = files[codec][2], np.random.default_rng(0)
    damaged = [content[: int(n)] for n in generator.integers(0, len(content), 20)]
    for position in generator.integers(0, len(content), 40):
        flipped = bytearray(content)
        flipped[position] ^= int(generator.integers(1, 256))
        damaged.append(bytes(flipped))
    for each in damaged:
        file_at.write_bytes(each)
        with pytest.raises(SetupError, match=file_at.name.replace(".", r"\.")) as caught:
            open_model(file_at)
        assert "\n" not in str(caught.value)
        assert str(file_at.parent) not in str(caught.value)


@every_codec
def test_a_newer_version_is_refused(files, codec):
    written, _, content = files[codec]
    sections = unpack(content, codec, written.VERSION, name="it")
    with pytest.raises(SetupError, match="version 2.*install a newer radlib"):
        written.decode_model(pack(codec, written.VERSION + 1, sections), name="it")


@pytest.mark.parametrize(("codec", "section"), [(c, each) for c, names in SECTIONS.items() for each in names])
@pytest.mark.parametrize("longer", [False, True])
def test_sections_that_contradict_each_other_are_refused(files, codec, section, longer):
    """With checksums that agree, as a writer with a fault would make them."""
    written, _, content = files[codec]
    sections = unpack(content, codec, written.VERSION, name="it")
    changed = sections[section] + b"\0" if longer else sections[section][:-1]
    forged = pack(codec, written.VERSION, {**sections, section: changed})
    if section == "network" and longer:
        written.decode_model(forged)  # deflate says where its stream ends
        return
    with pytest.raises(SetupError, match="cannot be decoded"):
        written.decode_model(forged, name="it")
