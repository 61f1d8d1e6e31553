"""What a file is by its first bytes, and a zip by its names; endings and claims count for nothing."""

import json
import struct

import pytest

from radlib.formats.tensor_files.contents import HDF5, content_of, looks_pickled, zip_content
from radlib.formats.tensor_files.reading import read_tensors
from radlib.importing.guard import inspect


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(20), "litert"),
        (b"PK\x03\x04" + bytes(20), "zip"),
        (HDF5 + bytes(20), "hdf5"),
        (bytes(1024) + HDF5, "hdf5"),
        (b"\x80\x04}q\x00.", "pickle"),
        (b"\x08\x01\x12" + bytes(60), "saved model"),
        (b'{"format": "layers-model"}', "tensorflow.js"),
        (b'{"a": 1}', "a text"),
        (b"\x7fELF\x02", "a program"),
        (bytes(257) + b"ustar\x00", "a tar archive"),
        (b"layer,value\n", ""),
    ],
)
def test_first_bytes(tmp_path, content, found):
    (tmp_path / "model.keras").write_bytes(content)
    assert content_of(tmp_path / "model.keras") == found


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["config.json", "metadata.json", "model.weights.h5"], "keras"),
        (["net/archive_format", "net/archive_version", "net/data.pkl"], "pt2"),
        (["net/serialized_exported_program.json"], "old pt2"),
        (["net/data.pkl", "net/code/net.py"], "torchscript"),
        (["net/data.pkl", "net/constants.pkl"], "torchscript"),
        (["net/", "net/data.pkl", "net/data/0"], "pytorch zip"),
        (["a.npy", "b.npy"], "npz"),
        (["net/saved_model.pb"], "saved model"),
        (["notes.txt"], ""),
        ([], ""),
    ],
)
def test_names_in_a_zip(names, found):
    assert zip_content(names) == found


def test_a_safetensors_file_that_begins_as_a_pickle_does_is_told(tmp_path):
    table = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    content = struct.pack("<Q", 640) + table.ljust(640) + struct.pack("<f", 0.5)
    assert looks_pickled(content)
    (tmp_path / "w").write_bytes(content)
    assert inspect(tmp_path / "w").kind == "weights"
    assert read_tensors(tmp_path / "w")["w"].tolist() == [0.5]
