"""A training that is shared out among devices has the loss curve of one device, goes on after a kill, and is refused in a sentence."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from radlib.foundation.errors import SetupError, UsageError
from radlib.training.replicas import replicated
from radlib.training.training_films import batch_slices

CURVE = """
import json, sys, tempfile
from pathlib import Path
import tensorflow as tf
replicas, folder, stop = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
from drawn import drawn_settings, drawn_splits, small_network
from radlib.foundation import backend
from radlib.training.recipe import recipe_from
from radlib.training.replicas import replicated, synchronize
from radlib.training.training import fit
class Killed(Exception):
    pass
def goes_on(rows):
    if len(rows) == stop:
        raise Killed
    return True
backend.make_deterministic(0)
settings = drawn_settings(epochs=3, batch_size=20, augmentation={"shift": 0.1})  # 96 films: the last batch has 16
with replicated(replicas, settings.batch_size):
    model = small_network()
    if replicas > 1:
        synchronize(model)
    how = dict(seed=0, folder=folder, goes_on=goes_on, replicas=replicas, keep="last")
    try:
        curve = fit(model, drawn_splits(), recipe_from(settings), **how)
    except Killed:
        sys.exit(9)
digest = [float(abs(w).sum()) for w in model.get_weights()]
print(json.dumps([curve.to_dict("list"), digest]))
"""


def trained(replicas, folder, stop=0):
    environment = {"PYTHONPATH": str(Path(__file__).parents[1]), "TQDM_DISABLE": "1", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", CURVE, str(replicas), str(folder), str(stop)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def found(done):
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_devices_have_the_curve_of_one_also_after_a_kill(tmp_path):
    alone, weights = found(trained(1, tmp_path / "alone"))
    both, shared = found(trained(2, tmp_path / "both"))
    for name, curve in alone.items():  # what rounding changes grows from step to step
        np.testing.assert_allclose(both[name][0], curve[0], rtol=1e-4, err_msg=name)
        np.testing.assert_allclose(both[name], curve, rtol=1e-2, err_msg=name)
    np.testing.assert_allclose(shared, weights, rtol=1e-2)
    assert trained(2, tmp_path / "killed", stop=2).returncode == 9
    again, resumed = found(trained(2, tmp_path / "killed"))
    assert again == both and resumed == shared  # the very bits


@pytest.mark.parametrize(("films", "replicas"), [(96, 1), (97, 2), (19, 4), (3, 4)])
def test_every_batch_can_be_shared_out_and_few_films_wait_for_another_epoch(films, replicas):
    sizes = [each.stop - each.start for each in batch_slices(films, 8, replicas)]
    assert all(size % replicas == 0 and size for size in sizes)
    assert films - sum(sizes) < replicas


def test_what_cannot_be_shared_out_is_refused():
    with pytest.raises(UsageError, match="multiple of"), replicated(3, 32):
        pass
    with pytest.raises(SetupError, match="graphics cards"), replicated(32, 32):
        pass
