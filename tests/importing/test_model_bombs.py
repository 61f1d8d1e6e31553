"""Small model files that ask for gigabytes: refused in one sentence, before memory is taken."""

import io
import json
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from benchmarks.model_samples import small_network
from foreign_models import zipped
from radlib.evaluation.typical_films import read_typical
from radlib.formats import container
from radlib.formats.keras import save_model
from radlib.formats.predictors import open_model
from radlib.formats.tensor_files.reading import read_tensors
from radlib.foundation.errors import RadlibError, SetupError, UsageError
from radlib.techniques.deep_compression import file_format as deep_compression
from radlib.techniques.deep_compression.sparse_tensors import CodedTensor, decode_tensor

BOMB = 400_000_000


def zeros_deflated(size: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)) + packer.flush()


def traced(act):
    """Do something, and return the most memory that Python and NumPy held meanwhile, bytes."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "codec, suffix", [("deep_compression", ".rdc"), ("miracle", ".rdm"), ("xnor_net", ".rdx")]
)
def test_a_network_section_does_not_inflate_without_limit(tmp_path, codec, suffix):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(container.pack(codec, 1, {"network": zeros_deflated(BOMB)}))
    assert path.stat().st_size < 500_000

    def refused():
        with pytest.raises(SetupError, match=r"inflates to more than a network takes.*build it again\.$"):
            open_model(path)

    assert traced(refused) < 100_000_000


def test_a_coded_file_that_describes_a_giant_is_refused(tmp_path):
    content = deep_compression.encode_model(small_network())[0]
    sections = container.unpack(content, "deep_compression", 1, name="x")
    network = container.unpack_json(sections["network"])
    for layer in network["graph"]["layers"]:
        if layer[0] == "Dense":
            layer[2]["units"] = 9_000_000
    sections["network"] = container.pack_json(network)
    path = tmp_path / "model.rdc"
    path.write_bytes(container.pack("deep_compression", 1, sections))
    with pytest.raises(SetupError, match="weights that the file can hold"):
        open_model(path)


def test_a_tensor_that_claims_more_weights_than_its_layer_takes_no_time():
    lengths, coded = np.array([1], np.uint8), b"\x00"
    tensor = CodedTensor(2**32 - 1, 2, 2**32 - 1, np.ones(2, "f4"), lengths, lengths, coded, coded)
    with pytest.raises(RadlibError, match="claims more weights"):
        decode_tensor(tensor, 100)


def test_a_section_whose_name_is_none_is_a_sentence():
    content = bytearray(container.pack("miracle", 1, {"network": b""}))
    content[32:34] = b"\xff\xfe"
    content[56:60] = zlib.crc32(bytes(content[32:56])).to_bytes(4, "little")
    with pytest.raises(SetupError, match="cannot be decoded"):
        deep_like(bytes(content))


def deep_like(content: bytes):
    from radlib.techniques.miracle.file_format import decode_model

    return decode_model(content, name="x.rdm")


def test_an_archive_of_zeros_is_refused_before_it_is_unpacked(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (BOMB // 4,)}
    )
    path = tmp_path / "weights.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("w.npy", "w") as stream:
        stream.write(header.getvalue())
        for _ in range(BOMB // 1_000_000):
            stream.write(bytes(1_000_000))
    assert path.stat().st_size < 500_000

    def refused():
        with pytest.raises(UsageError, match="would inflate to more"):
            read_tensors(path)
        assert read_typical(path) is None

    assert traced(refused) < 50_000_000


def test_a_keras_file_whose_members_inflate_is_refused(tmp_path):
    sound = tmp_path / "sound.keras"
    save_model(small_network(), sound)
    with zipfile.ZipFile(sound) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in members:
        path = tmp_path / "model.keras"
        path.write_bytes(zipped({**members, name: bytes(BOMB // 4)}, zipfile.ZIP_DEFLATED))
        with pytest.raises(SetupError, match=r"beyond reason|too long"):
            open_model(path)


@pytest.mark.parametrize(
    "table", [[], {"w": []}, {"w": {"dtype": "F32", "shape": [2**39, 2**39], "data_offsets": [0, 8]}}, 3]
)
def test_a_table_of_safetensors_that_is_none_is_a_sentence(tmp_path, table):
    text = json.dumps(table).encode().ljust(40)
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    with pytest.raises(UsageError, match="damaged or incomplete|no weights file"):
        read_tensors(path)
