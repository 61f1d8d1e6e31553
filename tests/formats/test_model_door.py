"""One door opens models, and it is a closed list: no variant that was received runs code, whatever asks for it."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import radlib
from drawn import small_network
from foreign_hdf5 import code_gadgets
from foreign_models import changed_config, hostile_files, members_of, zipped
from radlib.deployment.export import export_variant
from radlib.deployment.verification.verify import verify
from radlib.formats import container
from radlib.formats.keras import load_model
from radlib.formats.predictors import load_network as look_into, open_model
from radlib.foundation import backend
from radlib.foundation.errors import RadlibError, SetupError
from radlib.foundation.registry import FORMATS
from radlib.training.baselines import load_network
from stored import add_variant, model_bytes, stored_run

ROOT = Path(radlib.__file__).parent
SENTENCE = r"^[^\n]{20,500}\.$"


def received(tmp_path: Path) -> tuple[dict[str, bytes], Path]:
    """Variants that carry code, by name; and the canary that it would make."""
    canary, sound = tmp_path / "canary", model_bytes()[""]
    found = {}
    for name, change in code_gadgets(canary).items():
        found[name] = changed_config(sound, change)
    (tmp_path / "hostile").mkdir()
    files = hostile_files(tmp_path / "hostile", canary, sound, model_bytes()["float32"])
    return found | {
        name: path.read_bytes() for name, path in files.items() if name.endswith(".keras")
    }, canary


def test_no_received_variant_runs_code_by_any_way_in(tmp_path, monkeypatch):
    hostile, canary = received(tmp_path)
    assert len(hostile) > 40
    asked = []
    monkeypatch.setattr(backend.keras().models, "load_model", lambda *a, **k: asked.append(a))
    for number, (name, content) in enumerate(hostile.items()):
        path = tmp_path / f"{number}.keras"
        path.write_bytes(content)
        for way in (open_model, load_model, lambda path: look_into(path, "keras")):
            with pytest.raises(SetupError, match=SENTENCE) as refusal:
                way(path)
            assert path.name in str(refusal.value), name
        assert not canary.exists(), f"{name} ran its code"
    assert asked == []


@pytest.mark.parametrize("gadget", ["lambda calls os.system", "writes a file", "activation"])
def test_predict_verify_export_and_reloading_a_parent_refuse_it(tmp_path, gadget):
    run, films = stored_run(tmp_path, chains=())
    canary = tmp_path / "canary"
    content = changed_config(model_bytes()[""], code_gadgets(canary)[gadget])
    variant = add_variant(run, films, "", content=content)
    with pytest.raises(RadlibError, match=SENTENCE):
        export_variant(run.folder, variant.key, tmp_path / "export")
    with pytest.raises(RadlibError, match=SENTENCE):
        load_network(run, variant)
    verify(run, films=0)
    assert not canary.exists()


def test_a_coded_file_names_no_code_either(tmp_path):
    canary = tmp_path / "canary"
    for codec, suffix in (("deep_compression", ".rdc"), ("miracle", ".rdm"), ("xnor_net", ".rdx")):
        graph = {"name": "n", "outputs": [["own", 0, 0]], "layers": [
            ["InputLayer", "film", {"batch_input_shape": [None, 8, 8, 1]}, []],
            ["TFOpLambda", "own", {"function": "io.write_file"}, [["film", 0, 0, {"contents": "x"}]]]]}  # fmt: skip
        changes = (
            {},
            {"class_name": "Lambda"},
            {"function": {"class_name": "function", "module": "os", "config": "system"}},
        )
        for change in changes:
            graph["layers"][1][2] = {**graph["layers"][1][2], **change}
            sections = dict.fromkeys(
                ("network", "tensors", "layout", "plain", "signs", "scales", "indices"), b""
            )
            sections["network"] = container.pack_json({"graph": graph})
            path = tmp_path / f"model{suffix}"
            path.write_bytes(container.pack(codec, 1, sections))
            with pytest.raises(SetupError, match=r"cannot be decoded \(.*\); build it again\.$"):
                open_model(path)
    assert not canary.exists()


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda c: c["config"]["layers"][-1]["config"].update(units=9_000_000), "weights that the file can hold"),
        (lambda c: c["config"]["layers"][1]["config"].update(filters=9_000_000), "weights that the file can hold"),
        (lambda c: c["config"]["layers"][1]["config"].update(filters=10**12), "larger than any network"),
        (lambda c: c["config"]["layers"][0]["config"].update(batch_input_shape=[None, 10**6, 10**6, 1]), "no film"),
        (lambda c: c["config"].update(layers=[]), "between 1 and"),
        (lambda c: c["config"].update(layers=c["config"]["layers"] * 900), "between 1 and"),
        (lambda c: c["config"]["layers"][2]["config"].update(name="\x1b[2J"), "no name"),
    ],
)  # fmt: skip
def test_two_numbers_in_a_configuration_do_not_take_all_memory(tmp_path, change, said):
    path = tmp_path / "model.keras"
    path.write_bytes(changed_config(model_bytes()[""], change))
    with pytest.raises(SetupError, match=said):
        load_model(path)


def test_what_is_opened_is_what_keras_would_open(tmp_path):
    from radlib.formats.predictors import save_model

    model = small_network()
    path = tmp_path / "model.keras"
    for each in (model, backend.keras().Sequential(model.layers)):
        save_model(each, path)
        ours, theirs = load_model(path), backend.keras().models.load_model(path, compile=False)
        assert ours.get_config() == theirs.get_config() and type(ours) is type(theirs)
        assert all(map(np.array_equal, ours.get_weights(), theirs.get_weights()))


def test_weights_left_over_missing_or_of_another_shape_are_refused(tmp_path):
    members = members_of(model_bytes()[""])
    config = json.loads(members["config.json"])
    path = tmp_path / "model.keras"
    for change in (
        lambda c: c["config"]["layers"][-1]["config"].update(units=1),
        lambda c: c["config"]["layers"][-1]["config"].update(use_bias=False),
    ):
        changed = json.loads(json.dumps(config))
        change(changed)
        path.write_bytes(zipped({**members, "config.json": json.dumps(changed).encode()}))
        with pytest.raises(SetupError, match="holds tensors"):
            load_model(path)


LOADERS = {
    "load_model", "load_weights", "model_from_json", "model_from_config", "model_from_yaml", "load_own_variables",
    "get_layer_from_config", "deserialize", "deserialize_keras_object", "func_load", "unsafe_load", "enable_unsafe_deserialization",
}  # fmt: skip
# Who may do what, and why it is safe: a file not named here that does it fails the test.
ALLOWED = {
    "h5py.File": {"formats/tensor_files/hdf5_files.py"},
    "from_config": {  # of networks of our own in memory, and of configurations of the closed list
        "formats/keras.py", "formats/graphs.py", "techniques/replacement.py", "techniques/pruning/surgery/rebuild.py", "techniques/quantization/fake_quantization.py",
        "techniques/deep_compression/shared_weights.py", "techniques/xnor_net/binary_networks.py",
    },
    "Interpreter": {  # LiteRT's, which runs operations of a closed list
        "formats/tflite.py", "importing/tasks.py", "evaluation/insides/correspondence.py", "techniques/quantization/aeq_recipes.py",
        "deployment/micro/trial.py", "deployment/page/browser_models.py",
    },
    "pickle": {"formats/tensor_files/pickles.py", "importing/demonstration.py"},  # a reader that imports nothing; and canaries
}  # fmt: skip
FORBIDDEN = ("joblib", "dill", "cloudpickle", "marshal", "shelve", "torch")
FORBIDDEN_IN = {"marshal": {"importing/demonstration.py"}, "torch": {"importing/torch_worker.py"}}


def calls(tree: ast.AST) -> list[tuple[str, ast.Call]]:
    return [(ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_no_other_loader_stands_in_the_code():
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [a.name for a in node.names] if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            )
        }  # fmt: skip
        for module in FORBIDDEN:
            assert module not in imported or place in FORBIDDEN_IN.get(module, ()), (
                f"{place} imports {module}"
            )
        assert "pickle" not in imported or place in ALLOWED["pickle"], f"{place} imports pickle"
        for name, call in calls(tree):
            last = name.rpartition(".")[2]
            of_keras = "." in name and any(
                word in name for word in ("keras", "models.", "saving", "saved_model", "torch.")
            )
            assert not (of_keras and last in {*LOADERS, "load"}) or place == "importing/torch_worker.py", (
                f"{place}: {name}"
            )
            for what in ("from_config", "Interpreter"):
                assert last != what or place in ALLOWED[what], f"{place} calls {name}"
            assert name != "h5py.File" or place in ALLOWED["h5py.File"], f"{place} calls {name}"
            given = {each.arg: ast.unparse(each.value) for each in call.keywords}
            assert given.get("allow_pickle", "False") == "False", f"{place}: {ast.unparse(call)}"
            assert "experimental_delegates" not in given and "custom_op_registerers" not in given, place
            assert name not in ("eval", "exec", "__import__"), f"{place}: {name}"
            assert last not in ("load_delegate", "load_library", "load_op_library"), f"{place}: {name}"


def test_notebooks_open_models_by_the_same_door():
    for path in sorted((ROOT.parent / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
            assert not any(
                word in text for word in ("keras.models.load", "saved_model", "pickle", "h5py", "torch.load")
            )


def test_every_format_that_is_registered_opens_by_a_function_of_this_project():
    modules = {entry.function.__module__ for entry in FORMATS}
    assert all(m.startswith("radlib.formats.") or m.endswith(".file_format") for m in modules)
