"""Convolutions whose weights, and as a rule inputs, are ±1 times a scale: as they are trained and as they are stored.

After Rastegari et al. (2016). A filter W of n weights becomes αB with `B = sign(W)` and `α = ‖W‖₁ / n`, the ±1 and
the scale that are nearest to it in squares. Binary inputs too give
`I ∗ W ≈ (sign(I) ⊛ sign(W)) ⊙ Kα`, where K is at each place the mean of |I| over all that the filter sees there:
again the scale nearest in squares. At the border K averages over what lies inside the image alone, because signs
outside count for nothing (see `sign_products`); inside it is the paper's `A ∗ k`.

Signs have no slope. Training pretends that they had: real-valued shadow weights move by
`∂C/∂W = ∂C/∂(αB) · (1/n + α · 1[|W| ≤ 1])`, and inputs pass on their gradient where |I| ≤ 1 (straight-through
estimator). Shadow weights are clipped to [−1, 1], beyond which they would never turn. They end with training: what is
stored is B, one bit a weight, and α.

Two Keras layers follow: `trained_layer` with shadow weights, and `stored_layer` with B and α. The second computes as
TensorFlow does with numbers of ±1, which is the reference; or by counting bits, to the same float32 bit for bit.
"""

import functools
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.techniques.xnor_net.convolution_geometry import Geometry, geometry
from radlib.techniques.xnor_net.sign_products import pack_kernel, scaled_products

STORED = "BinaryConv2D"  # the class as a file names it


def signs(values: Any) -> Any:
    """Return −1 where a value is below 0, else +1; the gradient passes where |value| ≤ 1.

    Args:
        values: A float32 tensor.
    """
    tf = backend.tensorflow()

    @tf.custom_gradient
    def straight_through(real: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            return upstream * tf.cast(tf.abs(real) <= 1, upstream.dtype)

        return tf.where(real >= 0, 1.0, -1.0), gradient

    return straight_through(values)


def binary_weights(shadow: Any) -> Any:
    """Return αB of a shadow kernel W (height, width, inputs, outputs), with a gradient that trains through the signs.

    Forwards `B = sign(W)` and `α = ‖W‖₁ / n` for each output, n being the weights that it has (Rastegari et al., 2016,
    equations 4 and 6); backwards `∂C/∂W = ∂C/∂(αB) · (1/n + α · 1[|W| ≤ 1])` (their section 3.1).

    Example:
        >>> kernel = np.array([0.5, -1.5], np.float32).reshape(1, 1, 2, 1)
        >>> binary_weights(kernel).numpy().ravel().tolist()
        [1.0, -1.0]
    """
    tf = backend.tensorflow()

    @tf.custom_gradient
    def estimated(real: Any) -> Any:
        magnitude = tf.abs(real)
        scales = tf.reduce_mean(magnitude, axis=[0, 1, 2])  # (outputs,)

        def gradient(upstream: Any) -> Any:
            weights = np.prod(real.shape[:3])
            return upstream * (1 / weights + scales * tf.cast(magnitude <= 1, upstream.dtype))

        return tf.where(real >= 0, 1.0, -1.0) * scales, gradient

    return estimated(tf.convert_to_tensor(shadow))


def split_kernel(shadow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return B and α of a shadow kernel: ±1 float32 of its shape, and float32 (outputs,).

    Args:
        shadow: float32 (height, width, inputs, outputs).
    """
    scales = np.abs(shadow).astype(np.float64).mean(axis=(0, 1, 2))
    return np.where(shadow >= 0, np.float32(1), np.float32(-1)), scales.astype(np.float32)


@functools.cache
def stored_layer() -> Any:
    """Return the Keras layer of ±1 weights and scales, class `BinaryConv2D`."""
    keras, tf = backend.keras(), backend.tensorflow()

    @keras.utils.register_keras_serializable(package="radlib", name=STORED)
    class BinaryConv2D(keras.layers.Layer):  # type: ignore[name-defined]  # Keras waits until it is asked
        """A convolution of weights ±1 times a scale per output, and of inputs ±1 times a scale per place.

        Args:
            filters: Outputs.
            kernel_size: Height and width of the kernel.
            strides: Of the places, (down, across).
            padding: `same` or `valid`.
            dilation_rate: Of the kernel, (down, across).
            use_bias: Whether a bias is added.
            activation: Name of a function that follows.
            binary_inputs: Whether inputs are reduced to their signs; else only weights are binary (BWN).
            input_scale: Whether products are multiplied by K.
        """

        def __init__(
            self,
            filters: int,
            kernel_size: tuple[int, int],
            strides: tuple[int, int] = (1, 1),
            padding: str = "valid",
            dilation_rate: tuple[int, int] = (1, 1),
            use_bias: bool = False,
            activation: str | None = None,
            binary_inputs: bool = True,
            input_scale: bool = True,
            **named: Any,
        ):
            super().__init__(**named)
            self.filters, self.padding, self.use_bias = int(filters), padding, use_bias
            self.kernel_size, self.strides = tuple(kernel_size), tuple(strides)
            self.dilation_rate = tuple(dilation_rate)
            self.activation = keras.activations.get(activation)
            self.binary_inputs, self.input_scale = binary_inputs, input_scale
            self.counter: str | None = None

        def get_config(self) -> dict[str, Any]:
            own = ("filters", "kernel_size", "strides", "padding", "dilation_rate", "use_bias")
            config = {**super().get_config(), **{name: getattr(self, name) for name in own}}
            config["activation"] = keras.activations.serialize(self.activation)
            return {**config, "binary_inputs": self.binary_inputs, "input_scale": self.input_scale}

        def build(self, input_shape: Any) -> None:
            self.where: Geometry = geometry(
                tuple(input_shape[1:3]),
                self.kernel_size,
                strides=self.strides,
                dilation=self.dilation_rate,
                padding=self.padding,
            )
            self.add_kernel((*self.kernel_size, int(input_shape[-1]), self.filters))
            if self.use_bias:
                self.bias = self.add_weight("bias", (self.filters,), initializer="zeros")
            super().build(input_shape)

        def add_kernel(self, shape: tuple[int, ...]) -> None:
            """Make the variables that the weights of the convolution come from."""
            self.kernel = self.add_weight("kernel", shape, initializer="ones", trainable=False)
            self.scales = self.add_weight("scales", shape[-1:], initializer="ones", trainable=False)

        def count_bits(self, counter: str | None) -> None:
            """Compute by counting bits from now on (see `sign_products.COUNTERS`); None goes back to numbers."""
            self.counter = counter if self.binary_inputs else None
            if self.counter:  # taken now: inside of a graph a variable has no values
                self.packed, self.factors = pack_kernel(self.kernel.numpy()), self.scales.numpy()

        def call(self, inputs: Any) -> Any:
            factors = input_scale(inputs, self) if self.binary_inputs and self.input_scale else None
            products = self.counted(inputs, factors) if self.counter else self.multiplied(inputs, factors)
            if self.use_bias:
                products = tf.nn.bias_add(products, self.bias)
            return self.activation(products)

        def multiplied(self, inputs: Any, factors: Any) -> Any:
            """Return `(dot product · α) · K` by arithmetic; the dot products of ±1 are whole numbers."""
            seen = signs(inputs) if self.binary_inputs else inputs
            products = convolve(seen, self.kernel, self) * self.scales
            if factors is None:
                return products
            # TensorFlow would rather multiply α by K first and round otherwise; it looks past no other operation
            return tf.ensure_shape(products, products.shape) * factors

        def counted(self, inputs: Any, factors: Any) -> Any:
            """Return the same by counting bits, outside of TensorFlow."""

            def count(images: np.ndarray, *places: np.ndarray) -> np.ndarray:
                each = places[0][..., 0] if places else None
                return scaled_products(
                    images, self.packed, self.where, self.factors, each, counter=self.counter
                )

            given = [inputs] if factors is None else [inputs, factors]
            products = tf.numpy_function(count, given, tf.float32, stateful=False)
            products.set_shape((inputs.shape[0], *self.where.output, self.filters))
            return products

        def compute_output_shape(self, input_shape: Any) -> Any:
            return tf.TensorShape((input_shape[0], *self.where.output, self.filters))

    return BinaryConv2D


@functools.cache
def trained_layer() -> Any:
    """Return the Keras layer with shadow weights: a `BinaryConv2D` whose B and α follow from them."""
    keras = backend.keras()

    def clipped(shadow: Any) -> Any:
        return backend.tensorflow().clip_by_value(shadow, -1.0, 1.0)

    @keras.utils.register_keras_serializable(package="radlib", name="ShadowConv2D")
    class ShadowConv2D(stored_layer()):  # type: ignore[misc]  # made when Keras is asked
        """A binary convolution in training. The first of its weights is the real-valued shadow kernel."""

        def add_kernel(self, shape: tuple[int, ...]) -> None:
            self.shadow = self.add_weight("shadow_kernel", shape, constraint=clipped)

        def multiplied(self, inputs: Any, factors: Any) -> Any:
            seen = signs(inputs) if self.binary_inputs else inputs
            products = convolve(seen, binary_weights(self.shadow), self)
            return products if factors is None else products * factors

    return ShadowConv2D


def convolve(images: Any, kernel: Any, layer: Any) -> Any:
    """Return a convolution with the strides, the padding and the dilation of a layer."""
    return backend.tensorflow().nn.conv2d(
        images, kernel, layer.strides, layer.padding.upper(), dilations=layer.dilation_rate
    )


def input_scale(images: Any, layer: Any) -> Any:
    """Return K, (n, rows, columns, 1): the mean of |I| over what a layer's filter sees of the image."""
    tf = backend.tensorflow()
    brightness = tf.reduce_mean(tf.abs(images), axis=-1, keepdims=True)  # A of the paper
    if layer.dilation_rate == (1, 1):
        return tf.nn.avg_pool2d(brightness, layer.kernel_size, layer.strides, layer.padding.upper())
    box = tf.ones((*layer.kernel_size, 1, 1))
    # not a constant: TensorFlow would move its reciprocal into α, and round otherwise than who counts bits
    inside = convolve(tf.ones_like(brightness), box, layer)
    return convolve(brightness, box, layer) / inside
