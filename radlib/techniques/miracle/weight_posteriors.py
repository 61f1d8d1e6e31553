r"""Weights as normal distributions that cost a fixed number of nats: what MIRACLE trains before it codes anything.

Each weight is drawn from q = N(μ, σ²) and told against a prior p = N(0, σ_p²), one σ_p per tensor, which costs
KL(q ‖ p) nats. In units of σ_p, with mean m and deviation s, that is κ = ½ (m² + s² − 1 − ln s²).

Havasi et al. (2019) train m and s freely and steer one multiplier per block until the block's KL meets its budget,
which takes many thousand steps. Here the KL holds by construction (Mean-KL, Lin et al., 2023): trained are the
share of the block's budget C that each weight gets, κ = C · softmax(ρ), and how much of it moves the mean,
m = √(2κ) tanh τ; s then follows from `s² − ln s² = 1 + 2κ / cosh² τ`. So every block costs its budget at every
step, and the training has nothing to care for but the films. The budget starts at what the trained network needs
to be itself with a little noise, and falls along a geometric curve.

Batch norm and biases are no distributions: they train along, also while blocks are coded, and are stored as they
end.

References:
    Havasi, Peharz, Hernández-Lobato (2019). Minimal random code learning. ICLR, arXiv 1810.00440.
    Lin, Flamich, Hernández-Lobato (2023). Minimal random code learning with Mean-KL parameterization. arXiv 2307.07816.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.techniques.miracle.block_coding import Schedule, kernels_of
from radlib.techniques.miracle.file_format import KERNELS
from radlib.techniques.miracle.random_codes import UNITS, Blocks, encode_block, kl_divergence

FIRST_DEVIATION = 0.1  # of each weight at the start, as a share of the prior's
PACE = (
    10.0  # how much faster shares and means move than the other weights: they are of the order of 1, not 0.1
)


def start_of(model: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the prior deviations of a model's kernels (tensors,) and its weights in their units (n,), float32."""
    values = [kernel.numpy().ravel() for kernel in kernels_of(model)]
    scales = np.array([max(float(np.sqrt(np.mean(np.square(v)))), 1e-6) for v in values], np.float32)
    return scales, np.concatenate([v / scale for v, scale in zip(values, scales, strict=True)])


def deviation_of(shrunk: Any) -> Any:
    """Return s in (0, 1] with `s² − ln s² = 1 + exp(shrunk)`, by Newton's method; any shape, differentiable.

    Args:
        shrunk: Natural logarithm of 2κ − m², float32.
    """
    tf = backend.tensorflow()

    @tf.custom_gradient
    def solve(log_excess: Any) -> Any:
        excess = tf.exp(log_excess)
        v = tf.sqrt(2 * excess) + excess / 3  # −ln s²; from the series at 0, and on the far side of the root
        for _ in range(6):
            v -= (tf.math.expm1(-v) + v - excess) / tf.maximum(-tf.math.expm1(-v), 1e-6)
            v = tf.maximum(v, 1e-6)
        deviation = tf.exp(-v / 2)

        def gradient(upstream: Any) -> Any:
            return upstream * -0.5 * deviation * excess / tf.maximum(-tf.math.expm1(-v), 1e-6)

        return deviation, gradient

    return solve(shrunk)


def learner_of(
    model: Any, blocks: Blocks, schedule: Schedule, *, loss: Callable, epochs: int = 1, seed: int
) -> Any:
    """Return a copy of a model whose kernels are drawn anew at every training step.

    Args:
        model: A trained Keras model.
        blocks: How its kernel weights are dealt into blocks; its bits are the budget.
        schedule: When the budget falls, and when blocks are coded.
        loss: (targets, outputs) to one value per film.
        epochs: How many there will be.
        seed: Of the draws.

    Returns:
        A Keras model; its kernels hold the last draw, which is what it predicts with.
    """
    network = backend.keras().models.clone_model(model)
    network.set_weights(model.get_weights())
    for layer in network.layers:
        for name in KERNELS:
            if (kernel := getattr(layer, name, None)) is not None:
                layer._trainable_weights = [w for w in layer._trainable_weights if w is not kernel]
                layer._non_trainable_weights.append(kernel)
    learner = _learner_class()(network.inputs, network.outputs, name=model.name)
    learner.prepare(blocks, schedule, *start_of(model), loss=loss, epochs=epochs, seed=seed)
    return learner


@functools.cache
def _learner_class() -> type:
    tf, keras = backend.tensorflow(), backend.keras()

    class Learner(keras.Model):  # type: ignore[name-defined]  # Keras waits until it is asked
        """A network whose kernels are distributions, block by block replaced by a code."""

        def prepare(
            self,
            blocks: Blocks,
            schedule: Schedule,
            scales: Any,
            start: Any,
            *,
            loss: Callable,
            epochs: int,
            seed: int,
        ) -> None:
            self.others, self.kernels = list(self.trainable_variables), kernels_of(self)
            self.blocks, self.schedule, self.task_loss, self.seed = blocks, schedule, loss, seed
            self.average = keras.metrics.Mean(name="loss")
            self.sizes = [int(np.prod(kernel.shape)) for kernel in self.kernels]
            self.tensor_of = np.repeat(np.arange(len(self.sizes)), self.sizes)
            self.places = blocks.gathered(np.arange(blocks.order.size).reshape(blocks.count, -1))
            self.inside = blocks.dealt(np.ones(blocks.weights, np.float32))  # 0 where the last block has none
            means = blocks.dealt(start)
            kl = np.maximum(kl_divergence(means, np.float32(FIRST_DEVIATION)) * self.inside, 1e-9)
            self.first_budget = kl.sum(axis=1, keepdims=True)
            self.last_budget = blocks.bits * np.log(2.0) * self.inside.mean(axis=1, keepdims=True)
            tau = np.arctanh(np.clip(means / np.sqrt(2 * kl), -0.999, 0.999))
            rho = np.log(kl / self.first_budget)
            self.tau = tf.Variable(tau.astype(np.float32) / PACE, name="tau")
            self.rho = tf.Variable(rho.astype(np.float32) / PACE, name="rho")
            self.log_scales = tf.Variable(np.log(scales), name="log_scales")
            fixed = {
                "fixed_scales": np.zeros_like(scales),
                "indices": np.full(blocks.count, -1, np.int32),
                "coded": np.zeros(means.shape, np.float32),
                "spent": np.zeros(blocks.count, np.float32),
                "example": np.zeros((2, blocks.block_weights), np.float32),
                "costs": np.zeros((epochs, 2), np.float32),
                "step": np.int64(0),
            }
            for name, values in fixed.items():  # variables, so that a checkpoint holds them
                setattr(self, name, tf.Variable(values, trainable=False, name=name))

        @property
        def metrics(self) -> list:
            return [self.average]

        def distribution(self) -> tuple[Any, Any]:
            """Return mean and deviation of every weight in units of its prior, float32 (count, B)."""
            tau, rho = PACE * self.tau, tf.where(self.inside > 0, PACE * self.rho, -1e9)
            progress = tf.minimum(1.0, tf.cast(self.step, tf.float32) / self.schedule.annealed)
            first, last = np.log(self.first_budget), np.log(self.last_budget)
            budget = first + progress * np.minimum(last - first, 0.0).astype(np.float32)
            log_kl = tf.maximum(budget + tf.nn.log_softmax(rho, axis=1), -30.0)
            log_sech = np.log(2.0) - tf.abs(tau) - tf.math.softplus(-2 * tf.abs(tau))
            mean = tf.sqrt(2 * tf.exp(log_kl)) * tf.tanh(tau)
            return mean, deviation_of(np.log(2.0) + log_kl + 2 * log_sech)

        def budget_at(self, step: int) -> np.ndarray:
            """Return the KL of each block after so many steps, nats (count, 1)."""
            progress = min(1.0, step / self.schedule.annealed)
            last = np.minimum(self.last_budget, self.first_budget)
            return self.first_budget ** (1 - progress) * last**progress

        def scales(self) -> Any:
            """Return the prior deviation of each tensor, float32 (tensors,)."""
            return tf.where(self.fixed_scales > 0, self.fixed_scales, tf.exp(self.log_scales))

        def train_step(self, batch: tuple) -> dict[str, Any]:
            films, targets, weights = batch
            noise = tf.random.stateless_normal(
                self.tau.shape, tf.stack([tf.cast(self.seed, tf.int64), self.step])
            )
            waiting = tf.cast(self.indices[:, None] < 0, tf.float32)
            with tf.GradientTape() as drawing:
                mean, deviation = self.distribution()
                drawn = mean + deviation * noise
            scale = tf.gather(self.scales(), self.tensor_of)
            flat = scale * tf.gather(tf.reshape(tf.where(waiting > 0, drawn, self.coded), [-1]), self.places)
            for kernel, values in zip(self.kernels, tf.split(flat, self.sizes), strict=True):
                kernel.assign(tf.reshape(values, kernel.shape))
            with tf.GradientTape() as reading:
                reading.watch(self.kernels)
                value = tf.reduce_mean(weights * self.task_loss(targets, self(films, training=True)))
            slopes = reading.gradient(value, [*self.kernels, *self.others])
            slope = tf.concat([tf.reshape(s, [-1]) for s in slopes[: len(self.kernels)]], 0)
            dealt = tf.gather(tf.concat([slope * scale, [0.0]], 0), self.blocks.order)
            upstream = waiting * tf.reshape(dealt, drawn.shape)
            own = drawing.gradient(drawn, [self.tau, self.rho], output_gradients=upstream)
            by_scale = tf.math.unsorted_segment_sum(slope * flat, self.tensor_of, len(self.sizes))
            pairs = [*zip(own, [self.tau, self.rho], strict=True), (by_scale, self.log_scales)]
            self.optimizer.apply_gradients(
                [*pairs, *zip(slopes[len(self.kernels) :], self.others, strict=True)]
            )
            self.step.assign_add(1)
            self.average.update_state(value, tf.shape(films)[0])
            return {"loss": self.average.result()}

        def measure(self, epoch: int) -> None:
            """Note what the cheapest and the dearest block cost at the end of an epoch, nats."""
            whole = self.inside.all(axis=1)
            now = kl_divergence(*(values.numpy() for values in self.distribution())).sum(axis=1)
            costs = np.where(self.indices.numpy() < 0, now, self.spent.numpy())[
                whole if whole.any() else ~whole
            ]
            self.costs[epoch].assign([costs.min(), costs.max()])

        def encode(self, numbers: np.ndarray) -> None:
            """Replace the distributions of some blocks by codes; the first call fixes the priors' scales."""
            if not self.fixed_scales.numpy().any():
                self.fixed_scales.assign(tf.exp(self.log_scales))
            mean, deviation = (values.numpy() for values in self.distribution())
            indices, coded, spent = self.indices.numpy(), self.coded.numpy(), self.spent.numpy()
            if 0 in numbers:
                self.example.assign([mean[0], deviation[0]])
            for block in numbers:
                indices[block], chosen = encode_block(self.blocks, int(block), mean[block], deviation[block])
                coded[block] = chosen.astype(np.float32) / np.float32(UNITS)
                spent[block] = kl_divergence(mean[block], deviation[block]).sum()
            self.indices.assign(indices)
            self.coded.assign(coded)
            self.spent.assign(spent)

    return Learner
