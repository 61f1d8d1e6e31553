"""Small networks whose graphs hold what surgery must follow: joins, blocks, gates, groups, wrapped operations."""

import numpy as np
import pytest

from radlib.foundation import backend

SIDE = 8


def convolve(x, name, filters, kernel_size=3, *, norm=True, kind="Conv2D", **options):
    """A convolution named `<name>_conv`, batch norm `<name>_norm`, ReLU."""
    layers = backend.keras().layers
    options = {"padding": "same", "name": f"{name}_conv", **options}
    sizes = (kernel_size,) if kind == "DepthwiseConv2D" else (filters, kernel_size)
    x = getattr(layers, kind)(*sizes, **options)(x)
    return layers.ReLU()(layers.BatchNormalization(name=f"{name}_norm")(x) if norm else x)


def plain(layers, x):
    x = convolve(x, "a", 16)
    return layers.GlobalAveragePooling2D()(convolve(layers.MaxPooling2D()(x), "b", 16, norm=False))


def flattened(layers, x):
    x = convolve(x, "a", 6, strides=2)
    return layers.Dense(10, activation="relu", name="hidden")(layers.Flatten()(x))


def residual(layers, x):
    x = convolve(x, "a", 16)
    y = convolve(x, "inside", 16)
    y = layers.BatchNormalization(name="b_norm")(layers.Conv2D(16, 3, padding="same", name="b_conv")(y))
    return layers.GlobalMaxPooling2D()(convolve(layers.Add()([x, y]), "c", 16))


def concatenated(layers, x):
    x = convolve(x, "a", 8)
    x = layers.Concatenate()([convolve(x, "left", 8), convolve(x, "right", 16, 1), x])
    return layers.GlobalAveragePooling2D()(convolve(x, "c", 8))


def dense_block(layers, x):
    x = convolve(x, "stem", 16)
    for number in (1, 2, 3):
        y = layers.ReLU()(layers.BatchNormalization(name=f"before{number}_norm")(x))
        y = convolve(y, f"bottleneck{number}", 32, 1)
        x = layers.Concatenate()(
            [x, layers.Conv2D(8, 3, padding="same", use_bias=False, name=f"growth{number}")(y)]
        )
    return layers.GlobalAveragePooling2D()(layers.ReLU()(layers.BatchNormalization(name="last_norm")(x)))


def depthwise(layers, x):
    x = convolve(x, "a", 8)
    x = convolve(layers.ZeroPadding2D()(x), "deep", None, kind="DepthwiseConv2D", depth_multiplier=2)
    return layers.GlobalAveragePooling2D()(convolve(x, "b", 16, 1))


def separable(layers, x):
    x = convolve(x, "a", 8, kind="SeparableConv2D", depth_multiplier=2)
    x = convolve(layers.Cropping2D(1)(x), "b", 16, kind="SeparableConv2D")
    return layers.GlobalAveragePooling2D()(x)


def excited(layers, x):
    x = convolve(x, "a", 16)
    gate = layers.Reshape((1, 1, 16))(layers.GlobalAveragePooling2D()(x))
    gate = layers.Conv2D(4, 1, activation="relu", name="squeeze")(gate)
    gate = layers.Conv2D(16, 1, activation="sigmoid", name="excite")(gate)
    return layers.GlobalAveragePooling2D()(convolve(layers.Multiply()([x, gate]), "b", 8, 1))


def wrapped(layers, x):
    tf = backend.tensorflow()
    x = convolve(x, "a", 16)
    x = x * (tf.nn.relu6(x + 3.0) * (1 / 6)) + (1.0 - tf.nn.sigmoid(x))
    low, high = x[..., :6], x[:, :, :, 6:]
    one, other = tf.split(convolve(x, "b", 8), 2, axis=-1)
    x = tf.concat([low, one, tf.reshape(high, (-1, SIDE, SIDE, 10)), other], axis=-1)
    return tf.reduce_mean(convolve(x, "c", 8), axis=[1, 2])


def grouped(layers, x):
    x = convolve(x, "a", 16)
    x = convolve(x, "b", 16, groups=4)
    x = layers.Permute((1, 2, 4, 3))(layers.Reshape((SIDE, SIDE, 4, 4))(x))  # a channel shuffle
    x = convolve(layers.Reshape((SIDE, SIDE, 16))(x), "c", 32, groups=16)
    return layers.GlobalAveragePooling2D()(x)


def shared(layers, x):
    x = convolve(x, "a", 8)
    twice = layers.Conv2D(8, 3, padding="same", activation="relu", name="twice")
    return layers.GlobalAveragePooling2D()(twice(layers.UpSampling2D()(twice(x))))


def upsampled(layers, x):
    x = layers.PReLU(shared_axes=[1, 2], name="slope")(layers.Conv2D(8, 3, strides=2, name="a_conv")(x))
    x = layers.Rescaling([1.0, 2.0] * 4, offset=0.5)(x)
    x = layers.Normalization(mean=[0.1] * 8, variance=[2.0] * 8)(x)
    return layers.GlobalMaxPooling2D()(
        layers.Conv2DTranspose(8, 2, strides=2, activation="relu", name="b_conv")(x)
    )


KINDS = (
    plain, flattened, residual, concatenated, dense_block, depthwise, separable, excited, wrapped, grouped,
    shared, upsampled,
)  # fmt: skip
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def network(kind, seed=0):
    """A network of one kind with random weights everywhere, batch norm included."""
    keras = backend.keras()
    keras.backend.clear_session()
    film = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(film, keras.layers.Dense(2, name="predictions")(kind(keras.layers, film)))
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        values = generator.normal(0.1, 0.3, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)
    return model


def films(count=3, side=SIDE):
    return np.random.default_rng(1).random((count, side, side, 1)).astype(np.float32)


def answers(model, images=None):
    return model(films() if images is None else images, training=False).numpy()


def units_of(structure, layer, role="filter"):
    """The units along a layer's filters, in order."""
    return next(s.units for s in structure.slots if s.layer == layer and s.role == role)
