"""The second cell of every notebook: make radlib importable where it is not installed.

A notebook alone on Kaggle or Colab takes radlib from its wheel: named by RADLIB_WHEEL, beside the notebook,
or attached as Kaggle input. It is installed by path, never by bare name: an index may serve anything under
a name. What its extra `train` depends on is resolved as usual and left alone where it is there already.
"""

BOOTSTRAP = """\
from importlib.util import find_spec
from os import environ
from pathlib import Path

if not find_spec("radlib"):  # then from its wheel: RADLIB_WHEEL's, one beside this notebook, or Kaggle's
    wheels = [*Path().glob("radlib-*.whl"), *Path("/kaggle/input").rglob("radlib-*.whl")]
    wheel = environ.get("RADLIB_WHEEL") or next(iter(wheels), None)
    assert wheel, "radlib is not installed: put its wheel beside this notebook or name it in RADLIB_WHEEL."
    %pip install --quiet "{wheel}[train]"
"""
