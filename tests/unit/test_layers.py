"""Imports go downwards only, and nothing imports TensorFlow before it is asked for."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import radlib

ROOT = Path(radlib.__file__).parent

# From top to bottom; a module may import only from its own tuple and those below.
LAYERS = (
    ("cli",),
    ("commands", "command_words"),
    ("import_options",),
    ("series", "kaggle", "doctor", "listing", "fetch"),
    ("estimate", "execution"),
    ("failures", "kernels"),
    ("plan", "progress"),
    ("parameters", "bootstrap"),
    ("export", "verification", "importing"),
    ("export_texts",),
    ("export_state", "whole_folders"),
    ("report",),
    ("answer_tables",),
    ("site_threshold",),
    ("site_sentences",),
    ("own_films",),
    ("described_variants", "threshold_files"),
    ("tables", "figures"),
    ("validation_table",),
    ("evaluation",),
    ("techniques",),
    ("baselines",),
    ("training",),
    ("checkpoints", "training_films"),
    ("recipe",),
    ("batch_statistics",),
    ("probes", "inference"),
    ("workers",),
    ("formats",),
    ("surgery",),
    ("architectures", "counting"),
    ("litert_tables",),
    ("replacement",),
    ("graphs",),
    ("binary_layers", "graph_limits"),
    ("backend",),
    ("films", "damaged_variants"),
    ("film_records", "narrow_range"),
    ("lone_films",),
    ("decode", "datasets"),
    ("film_store",),
    ("dicom_writing", "phantoms"),
    ("exposure",),
    ("anatomy",),
    ("images", "grey_scale", "lookup_tables", "dicom", "pictures"),
    ("array_rows", "film_walk", "operations", "resemblance", "worker_limits", "worker_pool"),
    ("film_content",),
    ("deciding",),
    ("augmentation", "pixels", "prefetching", "tasks"),
    ("refusals",),
    ("runs",),
    ("imported_networks",),
    ("stored_runs", "run_locks"),
    ("run_records",),
    ("variants",),
    ("studies",),
    ("settings",),
    ("private", "registry", "seen_films"),
    ("places",),
    ("age_and_sex", "body_parts", "film_reasons"),
    ("archives", "downloading"),
    ("sparse_tensors", "tensor_files"),
    (
        "chains",
        "storage",
        "metrics",
        "scratch",
        "sources",
        "container",
        "codebooks",
        "decomposition",
        "huffman",
        "learning_curves",
        "plain_tensors",
        "plain_yaml",
        "digests",
        "record_files",
        "resampling",
        "plain_text",
    ),
    ("random_codes", "notebook_sources", "owner_only"),
    ("sign_products", "compiled_sign_products"),
    ("value_types", "processors"),
    ("errors",),
)
HEIGHT = {module: -level for level, layer in enumerate(LAYERS) for module in layer}


def modules() -> list[str]:
    return sorted(
        {p.relative_to(ROOT).parts[0].removesuffix(".py") for p in ROOT.rglob("*.py")} - {"__init__"}
    )


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes except those below `if TYPE_CHECKING`, which never run."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING":
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from executed(child)


def imported_by(module: str) -> set[str]:
    """Names of radlib's modules that one imports, anywhere in its files."""
    files = [ROOT / f"{module}.py"] if (ROOT / f"{module}.py").is_file() else (ROOT / module).rglob("*.py")
    found = set()
    for path in files:
        for node in executed(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "radlib":
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("radlib."):
                found.add(node.module.split(".")[1])
            elif isinstance(node, ast.Import):
                found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("radlib.")}
    return (found & set(modules())) - {module}


def test_every_module_has_its_layer():
    assert set(modules()) - set(HEIGHT) == set()


@pytest.mark.parametrize("module", modules())
def test_imports_go_downwards(module):
    upwards = {other for other in imported_by(module) if HEIGHT[other] > HEIGHT[module]}
    assert not upwards, f"{module} imports {upwards}, which lie above it"


def test_the_reader_of_imports_sees_all_forms_that_run(tmp_path, monkeypatch):
    package = tmp_path / "radlib"
    package.mkdir()
    for name in ("a", "b", "c", "d"):
        (package / f"{name}.py").touch()
    (package / "x.py").write_text(
        "import radlib.a\nfrom radlib import b\ndef f():\n    from radlib.c import d\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "ROOT", package)
    assert imported_by("x") == {"a", "b", "c"}


def test_only_the_backend_names_tensorflow():
    heavy = {"tensorflow", "tf_keras", "keras", "tensorflow_model_optimization"}
    for path in ROOT.rglob("*.py"):
        if path.name == "backend.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & heavy, f"{path.name} imports {names}"


def test_importing_every_module_imports_no_tensorflow():
    source = (
        "import importlib, pkgutil, sys, radlib\n"
        "for m in pkgutil.walk_packages(radlib.__path__, 'radlib.'):\n"
        "    importlib.import_module(m.name)\n"
        "    assert 'tensorflow' not in sys.modules, m.name\n"
        "for name in radlib.__all__:\n"
        "    getattr(radlib, name)\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"
