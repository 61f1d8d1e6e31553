"""Distillation: the loss worked out in NumPy, a teacher that only answers, and students that are smaller."""

import numpy as np
import pytest

from drawn import SIDE, drawn_settings, drawn_splits, small_network
from made_once import trained_network
from radlib.architectures import counting
from radlib.architectures.networks import build_network
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.runs import tasks
from radlib.techniques.data import TechniqueData
from radlib.techniques.distillation import _learner, distillation, distillation_loss, logits_of
from radlib.training.losses import loss_function

GENERATOR = np.random.default_rng(0)
STUDENT, TEACHER = (GENERATOR.normal(0, 2, (6, 3)).astype(np.float32) for _ in range(2))


def softmax(z):
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_loss_for_one_question(temperature):
    targets = np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 0, 2]]
    hard = loss_function(tasks.binary("a"))
    found = distillation_loss("softmax", hard, temperature, 0.7)(targets, STUDENT, TEACHER).numpy()
    soft = -(softmax(TEACHER / temperature) * np.log(softmax(STUDENT / temperature))).sum(axis=1)
    hard = -np.log((softmax(STUDENT) * targets).sum(axis=1))
    assert np.allclose(found, 0.7 * temperature**2 * soft + 0.3 * hard, rtol=1e-4)


def test_the_loss_for_several_findings_with_an_unknown_answer():
    targets = GENERATOR.integers(0, 2, (6, 3)).astype(np.float32)
    targets[0, 1] = np.nan
    hard = loss_function(tasks.findings(["a", "b", "c"]))
    found = distillation_loss("sigmoid", hard, 2.0, 0.6)(targets, STUDENT, TEACHER).numpy()
    answers, student = sigmoid(TEACHER / 2), sigmoid(STUDENT / 2)
    soft = -(answers * np.log(student) + (1 - answers) * np.log(1 - student)).mean(axis=1)
    student = sigmoid(STUDENT)
    hard = np.nanmean(-(targets * np.log(student) + (1 - targets) * np.log(1 - student)), axis=1)
    assert np.allclose(found, 0.6 * 4 * soft + 0.4 * hard, rtol=1e-4)


def test_at_high_temperature_logits_are_matched():
    """Hinton et al., equation 4: the gradient tends to (z − v)/N for centred logits."""
    tf = backend.tensorflow()
    student, teacher = (z - z.mean(axis=1, keepdims=True) for z in (STUDENT, TEACHER))
    z = tf.Variable(student)
    with tf.GradientTape() as tape:
        loss = distillation_loss("softmax", lambda t, p: 0.0, 1000.0, 1.0)(None, z, tf.constant(teacher))
        total = tf.reduce_sum(loss)
    assert np.allclose(tape.gradient(total, z).numpy(), (student - teacher) / 3, atol=2e-2)


def test_logits_become_the_networks_answers():
    model = small_network()
    films = GENERATOR.random((4, SIDE, SIDE, 1)).astype(np.float32)
    assert np.allclose(softmax(logits_of(model)(films).numpy()), model.predict_on_batch(films), atol=1e-6)


@pytest.fixture(scope="module")
def films():
    return drawn_splits()


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    return trained_network(tmp_path_factory.mktemp("teacher"), pointwise=32, dropout=0.5, films=96)


def test_a_student_learns_from_answers_alone(films, teacher, tmp_path):
    before = [values.copy() for values in teacher.get_weights()]
    data = TechniqueData(films, drawn_settings(), tmp_path)
    product = distillation(teacher, data, soft_share=1.0, epochs=15)
    student = product.payload
    assert product.architecture == "student_tiny"
    assert all(np.array_equal(a, b) for a, b in zip(before, teacher.get_weights(), strict=True))
    assert data.score(student) > 0.95
    assert student.input_shape == (None, SIDE, SIDE, 1)
    assert product.details["parameters"] == {
        "teacher": counting.parameters(teacher),
        "student": sum(values.size for values in student.get_weights()),
    }
    assert type(student).__name__ == "Functional"
    assert not {id(v) for v in student.weights} & {id(v) for v in teacher.weights}


def test_the_teacher_answers_as_in_use_and_only_the_student_is_trained(films, teacher):
    """A teacher with dropout gives the same loss twice, and one step moves student variables only."""
    student = build_network("student_tiny", {}, films.training.task, (SIDE, SIDE, 1))
    asked = []

    def answering(images, training):
        asked.append(training)
        return logits_of(teacher)(images, training=training)

    loss = distillation_loss("softmax", loss_function(films.training.task), 4.0, 0.5)
    learner = _learner(student, answering, loss)
    assert len(learner.trainable_variables) == len(student.trainable_variables)
    assert len(learner.weights) == len(student.weights)
    learner.compile(backend.keras().optimizers.SGD(0.0), run_eagerly=True)
    images = films.training.images(np.arange(8))
    batch = (images, films.training.task.targets(films.training.labels[:8]), np.ones(8, np.float32))
    values = [float(learner.train_step(tuple(map(backend.tensorflow().constant, batch)))["loss"])]
    learner.reset_metrics()
    values.append(float(learner.train_step(tuple(map(backend.tensorflow().constant, batch)))["loss"]))
    assert values[0] == pytest.approx(values[1], rel=1e-5)  # rate 0, and batch norm trains on the batch alone
    assert asked == [False, False]


def test_a_student_as_large_as_its_teacher_is_refused(films, tmp_path):
    data = TechniqueData(films, drawn_settings(), tmp_path)
    with pytest.raises(UsageError, match=r"'student_small' has [\d,]+ parameters and its teacher [\d,]+"):
        distillation(small_network(), data, student="student_small")
    with pytest.raises(UsageError, match="did you mean 'student_tiny'"):
        distillation(small_network(), data, student="student_tin")


def test_a_teacher_without_a_dense_head_is_refused():
    keras = backend.keras()
    image = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(image, keras.layers.Softmax()(keras.layers.Flatten()(image)))
    with pytest.raises(UsageError, match="ends in a Softmax"):
        logits_of(model)
