"""Distillation: a small network learns from the answers of a large one (Hinton et al., 2015).

A trained network's answers say more than the labels: how sure it is, and what else the film looks like. Divided
by a temperature T before the last activation, they are softened, and the student learns from both:
`α T² CE(teacher at T, student at T) + (1 − α) CE(labels, student)`. Gradients of the soft part shrink with 1/T²,
so T² keeps the balance when T changes. The student answers at T = 1.

Several findings are softened one by one: binary cross-entropy of sigmoid(z/T), averaged over the findings. The
teacher answers as it would in use (no dropout, batch norm at its moving statistics), on the very films that
the student sees, augmentation included; it also answers where the label is unknown. The core is
`distillation.distillation_loss`.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from radlib.architectures import counting
from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.foundation.registry import ARCHITECTURES
from radlib.foundation.value_types import Range, Share
from radlib.techniques.data import Product, TechniqueData, trained_technique


def _check_student(parameters: Mapping[str, Any]) -> None:
    """Make sure that the student is a network that exists, before its teacher is trained.

    Raises:
        UsageError: When there is no such architecture, or it has no such option.
        SetupError: When there is no such weights file.
    """
    from radlib.architectures.weights import find_weights

    ARCHITECTURES[parameters["student"]].complete(parameters["student_options"] or {})
    find_weights(parameters["student_weights"])


@trained_technique(label="distilled", kind="distillation", check=_check_student)
def distillation(
    model: Any,
    data: TechniqueData,
    *,
    student: str = "student_tiny",
    student_options: Mapping[str, Any] | None = None,
    student_weights: str = "none",
    temperature: Annotated[float, Range(1, 1000)] = 4.0,
    soft_share: Share = 0.7,
    epochs: Annotated[int, Range(0, 10_000)] = 12,
    learning_rate: Annotated[float, Range(0, 100)] = 0.01,
) -> Product:
    """Train a smaller network on the softened answers of this one and on the labels.

    The student is a whole network from the film's pixels to the probabilities, trained as a baseline is: same
    films, augmentation, warm-up and early stopping. What it gains is the difference to the same network trained
    alone with the same settings.

    Args:
        model: The teacher, a trained Keras model that ends in a dense layer, or in a 1 × 1 convolution.
        data: The films.
        student: Name of a registered architecture.
        student_options: Further arguments of its function, e.g. `{"width": 0.5}`.
        student_weights: What it starts from: `none`, `imagenet`, or a weights file.
        temperature: T above, at least 1.
        soft_share: α above, in [0, 1]; 0 trains the student alone.
        epochs: Passes over the training films, at most.
        learning_rate: Highest learning rate.

    Returns:
        The student; the details hold the `parameters` of teacher and student, every one counted.

    Raises:
        UsageError: When the student has as many parameters as its teacher or more, or the teacher does not end in
            a dense layer.

    References:
        Hinton, Vinyals, Dean (2015). Distilling the knowledge in a neural network. arXiv 1503.02531.
    """
    from radlib.architectures.networks import build_network
    from radlib.architectures.weights import find_weights

    settings, task = data.settings, data.films.training.task
    teacher = logits_of(model)
    pupil = build_network(
        student,
        student_options or {},
        task,
        tuple(model.input_shape[1:]),
        weights=find_weights(student_weights),
        dropout=settings.dropout,
        seed=settings.seed,
    )
    counts = {"teacher": counting.parameters(model), "student": counting.parameters(pupil)}
    if counts["student"] >= counts["teacher"]:
        raise NotApplicable(
            f"The student {student!r} has {counts['student']:,} parameters and its teacher {counts['teacher']:,}; "
            "choose a smaller student, or distil from a larger network."
        )
    loss = distillation_loss(task.activation, data.loss(), temperature, soft_share)
    learner = _learner(pupil, teacher, loss)
    history = data.train(learner, epochs=epochs, learning_rate=learning_rate, seed=settings.seed)
    return Product(pupil, {"parameters": counts}, history, architecture=student)


def distillation_loss(
    activation: str, hard_loss: Callable, temperature: float, soft_share: float
) -> Callable[[Any, Any, Any], Any]:
    """Return the loss of a student: (targets, its logits, its teacher's logits), all of one shape, to (n,), in nats.

    `α T² CE(softmax(v / T), softmax(z / T)) + (1 − α) CE(y, softmax(z))` of logits z of the student and v of its teacher
    (Hinton et al., 2015, section 2); of several findings, sigmoid and the mean over the findings;
    of outlines, over pixels and labels.

    Args:
        activation: Of the last layer, `softmax` (one question) or `sigmoid` (several).
        hard_loss: Of the task: (targets, probabilities) to one value per film.
        temperature: T.
        soft_share: Share of the soft part, α.

    Example:
        >>> zeros = backend.tensorflow().zeros((1, 2))  # both sure of nothing: ln 2 nats
        >>> loss = distillation_loss("softmax", lambda targets, probabilities: 0.0, 4.0, 1.0)
        >>> round(float(loss(None, zeros, zeros)[0]) / 4.0**2, 3)
        0.693
    """
    tf = backend.tensorflow()

    def loss(targets: Any, student: Any, teacher: Any) -> Any:
        exclusive = activation == "softmax"
        hard = hard_loss(targets, tf.nn.softmax(student) if exclusive else tf.nn.sigmoid(student))
        if soft_share == 0:  # the teacher is never asked then: its part of the graph leads nowhere
            return hard
        if exclusive:
            answers = tf.nn.softmax(teacher / temperature)
            soft = tf.nn.softmax_cross_entropy_with_logits(answers, student / temperature)
        else:
            answers = tf.nn.sigmoid(teacher / temperature)
            each = tf.nn.sigmoid_cross_entropy_with_logits(answers, student / temperature)
            soft = tf.reduce_mean(each, axis=list(range(1, each.shape.rank)))
        return soft_share * temperature**2 * soft + (1 - soft_share) * hard

    return loss


def logits_of(model: Any) -> Callable[..., Any]:
    """Return a network without its last activation: (films, training) to logits (n, outputs), or of outlines at every pixel.

    Args:
        model: A Keras model whose last layer is dense, or a 1 × 1 convolution; its variables are used, not copied.

    Raises:
        UsageError: When the last layer is another.
    """
    keras, tf = backend.keras(), backend.tensorflow()
    head = model.layers[-1]
    mapped = type(head) is keras.layers.Conv2D and tuple(head.kernel_size) == (1, 1) == tuple(head.strides)
    if not (mapped or isinstance(head, keras.layers.Dense)):
        raise NotApplicable(
            f"{model.name} ends in a {type(head).__name__}, not in a dense layer or a 1 × 1 convolution with its activation."
        )
    features = keras.Model(model.inputs, head.input)

    def logits(films: Any, training: bool = False) -> Any:
        kernel = head.kernel[0, 0] if mapped else head.kernel
        product = tf.matmul(features(films, training=training), kernel)
        return product + head.bias if head.use_bias else product

    return logits


def _learner(student: Any, teacher: Callable, loss: Callable) -> Any:
    """Return the student as a Keras model whose training step asks the teacher; both share their layers."""
    keras, tf = backend.keras(), backend.tensorflow()
    logits = logits_of(student)
    average = keras.metrics.Mean(name="loss")

    class Learner(keras.Model):  # type: ignore[name-defined]  # Keras waits until it is asked
        """A network that learns from another one's answers."""

        @property
        def metrics(self) -> list:
            return [average]

        def train_step(self, batch: tuple) -> dict[str, Any]:
            films, targets, weights = batch
            answers = teacher(films, training=False)
            with tf.GradientTape() as tape:
                value = tf.reduce_mean(weights * loss(targets, logits(films, training=True), answers))
            gradients = tape.gradient(value, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            average.update_state(value, tf.shape(films)[0])
            return {"loss": average.result()}

    return Learner(student.inputs, student.outputs, name=student.name)
