"""Weight files of others: all layouts give the same numbers, and nothing in any of them is ever run."""

import io
import json
import pickle
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from radlib.formats.tensor_files.reading import kind_of, read_tensors
from radlib.foundation.errors import SetupError, UsageError
from torch_checkpoints import Raw, Writer, name, text, write_safetensors, write_stream, write_zip

GENERATOR = np.random.default_rng(0)
TENSORS = {
    "conv.weight": GENERATOR.standard_normal((4, 3, 2, 2), dtype=np.float32),
    "conv.bias": GENERATOR.standard_normal(4, dtype=np.float32),
    "double": GENERATOR.standard_normal(3),
    "half": GENERATOR.standard_normal(3).astype(np.float16),
    "turned": np.arange(12, dtype=np.float32).reshape(3, 4).T,
    "count": np.array(7, np.int64),
}
CHECKPOINT = {
    "epoch": 3,
    "arch": "DenseNet121",
    "state_dict": TENSORS,
    "best_AUROC": Raw(
        name("numpy.core.multiarray", "scalar")
        + b"("
        + name("numpy", "dtype")
        + b"(" + text("f8") + b"K\x00K\x01tR(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        + name("_codecs", "encode")
        + b"(" + text("\x00\x00\x00\x00\x00\x00\xe0?") + text("latin1") + b"tRtR"
    ),
    "optimizer": {"state": {"0": {"step": 5, "exp_avg": np.ones(2)}}, "lr": [1e-3, 1e-4]},
}  # fmt: skip


def assert_read(path, expected=TENSORS):
    read = read_tensors(path)
    assert sorted(read) == sorted(expected)
    for key, values in expected.items():
        wanted = values.astype(np.float32) if values.dtype.kind == "f" else values
        assert read[key].dtype == wanted.dtype
        np.testing.assert_array_equal(read[key], wanted)


def refused(path, message):
    """Check that a file is refused with one sentence."""
    with pytest.raises(UsageError, match=message) as caught:
        read_tensors(path)
    assert (
        str(caught.value).count("\n") == 0
        and str(caught.value).endswith(".")
        and len(str(caught.value)) < 400
    )


# What is read


@pytest.mark.parametrize(
    "content", [TENSORS, CHECKPOINT, {"model": CHECKPOINT}], ids=["bare", "checkpoint", "nested"]
)
def test_both_layouts_of_pytorch_give_the_same_tensors(tmp_path, content):
    assert kind_of(write_zip(tmp_path / "new.bin", content)) == "pytorch zip"
    assert kind_of(write_stream(tmp_path / "old.h5", content)) == "pytorch stream"
    assert_read(tmp_path / "new.bin")
    assert_read(tmp_path / "old.h5")
    assert_read(write_stream(tmp_path / "later.pth", content, version=2))


def test_bfloat16_is_the_upper_half_of_a_float32(tmp_path):
    values = np.array([1.0, -2.5, 3.140625], np.float32)  # exact in 8 bits of mantissa
    stored = (values.view(np.uint32) >> 16).astype(np.uint16)
    for path in (write_zip(tmp_path / "a", {"w": stored}), write_safetensors(tmp_path / "b", {"w": stored})):
        np.testing.assert_array_equal(read_tensors(path)["w"], values)


def test_safetensors_and_numpy_archives_give_the_same_tensors(tmp_path):
    tensors = {key: np.ascontiguousarray(values).reshape(values.shape) for key, values in TENSORS.items()}
    assert_read(write_safetensors(tmp_path / "weights", tensors), tensors)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "weights.npz", **TENSORS)
        assert_read(tmp_path / "weights.npz")


def test_reading_imports_neither_torch_nor_tensorflow(tmp_path):
    write_zip(tmp_path / "a.pth", TENSORS)
    code = (
        "import sys; from radlib.formats.tensor_files.reading import read_tensors; read_tensors(sys.argv[1]); "
        "sys.exit(any(m in sys.modules for m in ('torch', 'tensorflow', 'h5py', 'safetensors')))"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "a.pth"], check=False).returncode == 0


def test_what_pytorch_itself_writes_is_read(tmp_path):
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    content = {"state_dict": layer.state_dict(), "optimizer": optimizer.state_dict(), "best": np.float64(0.8)}
    for new in (True, False):
        torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=new)
        assert_read(tmp_path / "a.pth", {key: values.numpy() for key, values in layer.state_dict().items()})


# What is refused, and not run


class Canary:
    """Leaves a mark in a file when it is unpickled."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


def opened(path):
    """Stands for any function of the program's own: calling it leaves a file."""
    path.write_text("run")


def hostile_pickles(mark):
    """Return pickles that would leave the file `mark`, by as many ways as the stack machine has."""
    command = f"echo > {mark}"
    system = name("posix", "system") + text(command) + b"\x85R"
    hidden = name("torch._utils", "_rebuild_tensor_v2")
    return {
        "a function called": b"\x80\x02" + system + b".",
        "in place of a tensor": Writer(stream=False).pickle({"w": Raw(system)}),
        "of a later protocol": pickle.dumps(Canary(opened, mark), 4),
        "by instance": b"(X" + struct.pack("<I", len(command)) + command.encode() + b"iposix\nsystem\n.",
        "by object": b"\x80\x02(" + name("posix", "system") + text(command) + b"o.",
        "by new object": b"\x80\x02" + name("posix", "system") + text(command) + b"\x85\x81.",
        "by a name on the stack": b"\x80\x04"
        + text("posix")
        + text("system")
        + b"\x93"
        + text(command)
        + b"\x85R.",
        "by extension number": b"\x80\x02\x82\x01" + text(command) + b"\x85R.",
        "getattr": b"\x80\x02" + name("builtins", "getattr") + hidden + text("__globals__") + b"\x86R.",
        "an attribute of an admitted module": b"\x80\x02" + name("torch._utils", "sys.modules") + b".",
        "a loader of torch": b"\x80\x02" + name("torch.hub", "load") + text("x") + b"\x85R.",
        "defaults of a constructor": b"\x80\x02" + hidden + b"N}" + text("__defaults__") + b")s\x86b.",
        "a storage called": b"\x80\x02" + name("torch", "FloatStorage") + b")R.",
        "a reference of text": b"\x80\x02Pstorage\n.",
        "a reference to nothing": b"\x80\x02" + text("storage") + b"Q.",
    }


@pytest.mark.parametrize("way", hostile_pickles("x"))
@pytest.mark.parametrize("write", [write_zip, write_stream])
def test_no_pickle_is_ever_run(tmp_path, way, write):
    content = hostile_pickles(tmp_path / "mark")[way]
    refused(write(tmp_path / "weights.pth", content), r"weights\.pth ")
    assert not (tmp_path / "mark").exists()


def test_refused_code_is_named(tmp_path):
    path = write_zip(
        tmp_path / "module.pth", b"\x80\x02" + name("torchvision.models.densenet", "DenseNet") + b")R."
    )
    refused(path, r"needs 'torchvision\.models\.densenet\.DenseNet'.*none was run; save .*state_dict\(\)")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"layer,value\n", "is no weights file"),
        (pickle.dumps({"a": 1}, 2), "is a pickle that PyTorch's save did not write"),
        (pickle.dumps({"a": 1}, 4), "is a pickle that PyTorch's save did not write"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(20), "is a LiteRT network"),
        (bytes(257) + b"ustar\x00" + bytes(300), "is a tar archive"),
    ],
)
def test_other_content_is_named_whatever_the_file_is_called(tmp_path, content, message):
    for ending in ("weights.pth", "weights.npz", "weights.safetensors"):
        (tmp_path / ending).write_bytes(content)
        refused(tmp_path / ending, f"{ending} {message}")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (["archive/data.pkl", "archive/constants.pkl", "archive/code/net.py"], "is a TorchScript program"),
        (["config.json", "metadata.json", "model.weights.h5"], "is a whole Keras model"),
        (["notes.txt"], "is a zip of other things"),
        (["a/data.pkl", "b/data.pkl"], "is damaged"),
    ],
)
def test_zips_of_other_things_are_refused(tmp_path, members, message):
    with zipfile.ZipFile(tmp_path / "w.pth", "w") as archive:
        for member in members:
            archive.writestr(member, b"\x80\x02}.")
    refused(tmp_path / "w.pth", message)


def test_a_packed_member_is_refused_unopened(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}.")
    refused(tmp_path / "w.pth", "is packed otherwise than PyTorch packs")


def test_a_checkpoint_without_tensors_is_refused(tmp_path):
    refused(write_zip(tmp_path / "w.pth", {"epoch": 3}), "holds no state dict")
    refused(write_zip(tmp_path / "w.pth", b"\x80\x02]."), "holds no state dict")


def described(storage_count, offset, shape, strides):
    """Return a pickle of one tensor `w` on a storage of one float, as it claims to be."""
    writer = Writer(stream=False)
    kind = name("torch", "FloatStorage")
    place = b"(" + text("storage") + kind + text("0") + text("cpu") + writer.value(storage_count) + b"tQ"
    view = writer.value(offset) + writer.value(shape) + writer.value(strides)
    return b"\x80\x02}" + text("w") + name("torch._utils", "_rebuild_tensor") + b"(" + place + view + b"tRs."


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (2,), (1,)), (1, (1,), (1,)), (-1, (1,), (1,)), (0, (1,), (-1,)), (0, (10**6, 10**6), (0, 0)), (0, (1, 1), (1,)),
        (0, (2**62,), (1,)), (0, ("a",), (1,)), (0, (True,), (1,)), (0, (1,) * 9, (1,) * 9), ("0", (1,), (1,)), (0, 1, 1),
    ],
)  # fmt: skip
def test_a_view_beyond_its_storage_is_refused(tmp_path, offset, shape, strides):
    path = tmp_path / "w.pth"
    for count in (1, 10**12):
        write_zip(path, described(count, offset, shape, strides))
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("archive/data/0", bytes(4))
        refused(path, "is damaged")


def test_a_table_of_the_machine_does_not_grow_with_a_number_in_the_file(tmp_path):
    refused(write_zip(tmp_path / "w.pth", b"\x80\x02Nr\xff\xff\xff\x7f."), "is damaged")


def test_claims_beyond_the_limit_are_refused_before_memory_is_taken(tmp_path):
    head = json.dumps({"w": {"dtype": "F32", "shape": [10**10], "data_offsets": [0, 4 * 10**10]}}).encode()
    (tmp_path / "w").write_bytes(struct.pack("<Q", len(head)) + head)
    refused(tmp_path / "w", "is damaged")
    heading = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        heading, {"descr": "<f4", "fortran_order": False, "shape": (10**12,)}
    )
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("w.npy", heading.getvalue())
    refused(tmp_path / "w.npz", "is damaged")


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1]},
        [],
    ],
)
def test_a_false_table_of_safetensors_is_refused(tmp_path, entry):
    head = json.dumps({"w": entry}).encode()
    (tmp_path / "w").write_bytes(struct.pack("<Q", len(head)) + head + bytes(4))
    refused(tmp_path / "w", "is damaged")


def test_python_objects_in_a_numpy_archive_are_refused_unopened(tmp_path):
    mark = tmp_path / "mark"
    np.savez(tmp_path / "w.npz", w=np.array([Canary(opened, mark)], dtype=object))
    refused(tmp_path / "w.npz", "holds Python objects, which were not opened")
    np.savez(tmp_path / "w.npz", w=np.array(["text"]))
    refused(tmp_path / "w.npz", "holds 'w' of the type <U4")
    assert not mark.exists()


def test_every_truncation_and_every_changed_byte_is_a_sentence_or_harmless(tmp_path):
    """Files that end anywhere, or have one byte changed, are read as something or refused, and never raise otherwise."""
    small = {"a.weight": np.ones((2, 2), np.float32), "a.bias": np.zeros(2, np.float32)}
    np.savez(tmp_path / "n", **small)
    whole = [
        write_zip(tmp_path / "z", small), write_stream(tmp_path / "s", small), write_safetensors(tmp_path / "t", small),
        tmp_path / "n.npz",
    ]  # fmt: skip
    generator, path = np.random.default_rng(0), tmp_path / "changed"
    for original in (file.read_bytes() for file in whole):
        ends = generator.integers(0, len(original), 60)
        changed = [original[:end] for end in ends]
        for _ in range(150):
            mutant = bytearray(original)
            mutant[generator.integers(len(original))] = generator.integers(256)
            changed.append(bytes(mutant))
        for content in changed:
            path.write_bytes(content)
            try:
                read_tensors(path)
            except UsageError as error:
                assert str(error).endswith(".") and "\n" not in str(error)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(SetupError, match=r"no weights file absent\.pth"):
        read_tensors(tmp_path / "absent.pth")


def test_hdf5_is_told_apart(tmp_path):
    (tmp_path / "w.pth").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert kind_of(tmp_path / "w.pth") == "hdf5"
    refused(tmp_path / "w.pth", "is HDF5")
