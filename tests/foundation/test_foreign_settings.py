"""What a user's other projects set has no effect on runs: keras.json, matplotlibrc, start-up files, variables."""

import json
import os
import subprocess
import sys

import nbformat
import pytest

from radlib.cli.series import series
from radlib.foundation.processors import THREAD_VARIABLES, processors, threads

KERAS = {"floatx": "float16", "epsilon": 0.1, "backend": "theano", "image_data_format": "channels_first"}
DRAWING = (
    "import numpy as np\nfrom radlib.report.figures.style import new_axes, own_settings, styled\n"
    "@styled\ndef draw():\n    axes = new_axes((3, 2))\n    axes.plot([0, 1], [0, 1])\n    axes.set_title('a_b $')\n    return axes\n"
    "axes = draw()\n"
)
MATPLOTLIBRC = (
    "text.usetex: True\nfont.size: 40\nsavefig.bbox: tight\naxes.facecolor: red\nfigure.autolayout: True\n"
)


def run(source: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path):
    """A home in which another project has set everything otherwise."""
    for folder in (".keras", ".config/matplotlib", ".ipython/profile_default/startup"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(KERAS))
    (tmp_path / ".config" / "matplotlib" / "matplotlibrc").write_text(MATPLOTLIBRC)
    start = "import pathlib; pathlib.Path(__import__('os').environ['CANARY']).touch()\n"
    (tmp_path / ".ipython" / "profile_default" / "startup" / "00.py").write_text(start)
    (tmp_path / "startup.py").write_text(start)
    return {
        "HOME": str(tmp_path), "CANARY": str(tmp_path / "canary"), "PYTHONSTARTUP": str(tmp_path / "startup.py"),
        "MPLBACKEND": "module://nowhere", "MPLCONFIGDIR": str(tmp_path / ".config" / "matplotlib"), "KERAS_HOME": str(tmp_path / ".keras"),
        "KERAS_BACKEND": "torch", "TF_ENABLE_ONEDNN_OPTS": "0", "TF_NUM_INTRAOP_THREADS": "1", "XLA_FLAGS": "--nonsense",
        "TF_USE_LEGACY_KERAS": "0", "PYTHONWARNINGS": "error",
    }  # fmt: skip


def test_keras_and_tensorflow_compute_as_ever(home):
    source = (
        "import hashlib, os\nfrom radlib.foundation import backend\nbackend.make_deterministic(0)\nkeras = backend.keras()\n"
        "film = keras.Input((8, 8, 1))\n"
        "model = keras.Model(film, keras.layers.Conv2D(3, 3)(film))\n"
        "print(model.output_shape, keras.backend.floatx(), keras.backend.epsilon(), keras.__version__[0], model.dtype_policy.name\n"
        "      if hasattr(model, 'dtype_policy') else '', model.get_weights()[0].dtype, hashlib.sha256(model.get_weights()[0].tobytes()).hexdigest(),\n"
        "      os.environ['TF_NUM_INTRAOP_THREADS'], 'XLA_FLAGS' in os.environ)"
    )
    foreign = {name: value for name, value in home.items() if name != "PYTHONWARNINGS"}
    found, usual = run(source, **foreign), run(source)
    assert found == usual and found.startswith("(None, 6, 6, 3) float32 1e-07 2")


def test_a_figure_has_radlibs_look_whatever_matplotlibrc_says(tmp_path, home):
    source = DRAWING + (
        "import hashlib, matplotlib\nbuffer = __import__('io').BytesIO()\n"
        "with matplotlib.rc_context(own_settings()):\n    axes.figure.savefig(buffer, format='png', metadata={'Software': None})\n"
        "print(hashlib.sha256(buffer.getvalue()).hexdigest())"
    )
    usual = run(source, MPLBACKEND="agg")
    assert run(source, MPLBACKEND="agg", MPLCONFIGDIR=home["MPLCONFIGDIR"]) == usual


def test_the_command_line_draws_with_no_backend_of_the_users(home):
    source = "from radlib.cli import app as cli\ntry:\n    cli.main(['--version'])\nexcept SystemExit:\n    import matplotlib.pyplot as plt\n    print(plt.get_backend())"
    assert run(source, MPLBACKEND="module://nowhere").splitlines()[-1] == "agg"


def test_a_notebook_depends_on_nothing_of_the_users_sessions(tmp_path, fixture_notebooks, home, monkeypatch):
    own = nbformat.v4.new_notebook()
    own.cells = [
        nbformat.v4.new_code_cell(
            DRAWING
            + "import os, matplotlib\nprint(matplotlib.get_backend(), matplotlib.rcParams['text.usetex'],\n"
            "      sorted(n for n in os.environ if n in ('PYTHONSTARTUP', 'PYTHONWARNINGS')), os.environ['OPENBLAS_NUM_THREADS'])"
        )
    ]
    nbformat.write(own, tmp_path / "07_own.ipynb")
    (tmp_path / "own.yaml").write_text("notebooks: [07_own.ipynb]\n")
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    done = series.run_series(str(tmp_path / "own.yaml"), output=str(tmp_path / "out"), say=lambda line: None)
    report = nbformat.read(done.path("reports", "07_own.ipynb"), as_version=4)
    text = "".join(o.get("text", "") for o in report.cells[-1].outputs)
    assert text.split("\n")[0].endswith(f"inline False [] {threads()}"), text
    assert not (tmp_path / "canary").exists()


def test_threads_are_two_at_least_and_can_be_set(monkeypatch):
    monkeypatch.delenv("RADLIB_THREADS", raising=False)
    assert threads() == max(2, processors())
    for text, count in (("5", 5), ("0", threads()), ("x", threads()), ("", threads())):
        monkeypatch.setenv("RADLIB_THREADS", text)
        assert threads() == count
    assert "TF_NUM_INTRAOP_THREADS" in THREAD_VARIABLES


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot take processors away")
def test_one_processor_and_all_of_them_train_the_same_network():
    source = (
        "import hashlib, os, sys\nif sys.argv[1:] or os.environ.get('ONE'):\n    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "import numpy as np\nfrom radlib.foundation import backend\nbackend.make_deterministic(0)\nlayers = backend.keras().layers\n"
        "film = layers.Input((32, 32, 1))\nx = layers.Conv2D(16, 3)(film)\nx = layers.BatchNormalization()(x)\n"
        "x = layers.Conv2D(32, 3, strides=2)(layers.ReLU()(x))\n"
        "model = backend.keras().Model(film, layers.Dense(1)(layers.Flatten()(x)))\nmodel.compile('adam', 'mse')\n"
        "films = np.random.default_rng(0).random((64, 32, 32, 1), np.float32)\n"
        "for _ in range(2):\n    model.train_on_batch(films, films.mean((1, 2)))\n"
        "print(hashlib.sha256(b''.join(w.tobytes() for w in model.get_weights())).hexdigest())"
    )
    assert run(source, ONE="1", RADLIB_THREADS="2") == run(source, RADLIB_THREADS="2")
