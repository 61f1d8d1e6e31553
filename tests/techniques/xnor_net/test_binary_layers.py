"""Binary convolutions as Keras layers: the equations, their gradients, and counted bits against arithmetic."""

import numpy as np
import pytest

from radlib.foundation import backend
from radlib.techniques.xnor_net.binary_layers import (
    binary_weights,
    input_scale,
    signs,
    split_kernel,
    stored_layer,
    trained_layer,
)
from radlib.techniques.xnor_net.sign_products import best_counter


def drawn(shape, seed=0, scale=1.0):
    return (scale * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)


def built(kind, images, *, name="layer", **settings):
    """Return a model of one binary convolution of 3 × 3 to 5 outputs, with weights drawn at random."""
    keras = backend.keras()
    image = keras.Input(images.shape[1:])
    layer = kind(5, (3, 3), name=name, **settings)
    model = keras.Model(image, layer(image))
    shadow = drawn((3, 3, images.shape[-1], 5), seed=1, scale=0.3)
    bias = [drawn(5, seed=2)] if layer.use_bias else []
    if kind is trained_layer():
        layer.set_weights([shadow, *bias])
    else:
        kernel, scales = split_kernel(shadow)
        layer.set_weights([*bias, kernel, scales])
    return model, layer, shadow


def test_the_sign_of_zero_is_plus_and_the_gradient_passes_within_one():
    tf = backend.tensorflow()
    values = tf.constant([-2.0, -1.0, -0.3, 0.0, 0.7, 1.0, 1.01])
    with tf.GradientTape() as tape:
        tape.watch(values)
        found = signs(values)
    assert found.numpy().tolist() == [-1, -1, -1, 1, 1, 1, 1]
    slope = tape.gradient(found, values, output_gradients=tf.range(1.0, 8.0))
    assert slope.numpy().tolist() == [0, 2, 3, 4, 5, 6, 0]


def test_weights_are_the_nearest_signs_times_a_scale():
    shadow = drawn((3, 3, 4, 6))
    kernel, scales = split_kernel(shadow)
    assert set(np.unique(kernel)) == {-1, 1}
    np.testing.assert_allclose(scales, np.abs(shadow).mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(binary_weights(shadow), kernel * scales, rtol=1e-6)

    def error(by):
        return ((shadow - kernel * by) ** 2).sum(axis=(0, 1, 2))

    for other in (0.99, 1.01):
        assert (error(scales) < error(scales * np.float32(other))).all()


def test_the_gradient_of_shadow_weights_is_the_papers():
    """∂C/∂W = ∂C/∂(αB) · (1/n + α · 1[|W| ≤ 1])."""
    tf = backend.tensorflow()
    shadow = tf.Variable(drawn((2, 2, 3, 2), scale=0.8))
    upstream = drawn((2, 2, 3, 2), seed=3)
    with tf.GradientTape() as tape:
        weights = binary_weights(shadow)
    found = tape.gradient(weights, shadow, output_gradients=upstream).numpy()
    values = shadow.numpy()
    assert (np.abs(values) > 1).any()
    for place in np.ndindex(*values.shape):
        scale = np.abs(values[..., place[-1]]).mean()
        expected = upstream[place] * (1 / 12 + (scale if abs(values[place]) <= 1 else 0))
        assert found[place] == pytest.approx(expected, rel=1e-5)


def test_the_input_scale_is_the_mean_within_the_image():
    images = drawn((2, 5, 4, 3))
    _, layer, _ = built(stored_layer(), images, padding="same")
    found = input_scale(backend.tensorflow().constant(images), layer).numpy()
    assert found.shape == (2, 5, 4, 1)
    brightness = np.abs(images).mean(axis=-1)
    assert found[1, 2, 1, 0] == pytest.approx(brightness[1, 1:4, 0:3].mean(), rel=1e-5)  # A ∗ k of the paper
    assert found[0, 0, 0, 0] == pytest.approx(brightness[0, :2, :2].mean(), rel=1e-5)
    assert found[0, 4, 3, 0] == pytest.approx(brightness[0, 3:, 2:].mean(), rel=1e-5)


def test_the_input_scale_is_the_best_one_at_every_place():
    """K sign(X) is nearer to X, in squares, than any other multiple of sign(X): at the border, too."""
    images = drawn((1, 4, 4, 6))
    _, layer, _ = built(stored_layer(), images, padding="same")
    scale = input_scale(backend.tensorflow().constant(images), layer).numpy()[0, ..., 0]
    for row, column in ((0, 0), (1, 2), (3, 1)):
        seen = images[0, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]

        def error(by, seen=seen):
            return ((seen - by * np.sign(seen)) ** 2).sum()

        assert error(scale[row, column]) < min(
            error(0.99 * scale[row, column]), error(1.01 * scale[row, column])
        )


def test_a_layer_by_its_definition():
    images = drawn((2, 6, 6, 4))
    model, layer, shadow = built(stored_layer(), images, padding="same", use_bias=True, activation="relu")
    seen, around = np.where(images >= 0, 1, -1), [(0, 0), (1, 1), (1, 1), (0, 0)]
    kernel, scales = split_kernel(shadow)
    padded, scale = np.pad(seen, around), input_scale(backend.tensorflow().constant(images), layer).numpy()
    products = np.stack(
        [
            [np.einsum("nyxc,yxco->no", padded[:, r : r + 3, c : c + 3], kernel) for c in range(6)]
            for r in range(6)
        ]
    ).transpose(2, 0, 1, 3)
    expected = np.maximum(products * scales * scale + layer.bias.numpy(), 0)
    np.testing.assert_allclose(model.predict_on_batch(images), expected, rtol=1e-5, atol=1e-6)


def test_binary_weights_alone_are_a_convolution_of_the_inputs():
    images = drawn((2, 6, 6, 4))
    model, layer, shadow = built(stored_layer(), images, padding="same", binary_inputs=False)
    kernel, scales = split_kernel(shadow)
    tf = backend.tensorflow()
    expected = tf.nn.conv2d(images, kernel * scales, 1, "SAME")
    np.testing.assert_allclose(model.predict_on_batch(images), expected, rtol=1e-4, atol=1e-5)
    layer.count_bits(best_counter())
    assert layer.counter is None  # nothing to count


@pytest.mark.parametrize("counter", sorted({"numpy", best_counter()}))
@pytest.mark.parametrize(
    "settings",
    [
        {"padding": "same"},
        {"padding": "same", "strides": (2, 2), "use_bias": True, "activation": "relu"},
        {"padding": "valid", "dilation_rate": (2, 2)},
        {"padding": "valid", "input_scale": False},
    ],
)
def test_counted_bits_give_the_same_floats(counter, settings):
    images = drawn((3, 9, 8, 70))
    model, layer, _ = built(stored_layer(), images, **settings)
    tf = backend.tensorflow()
    plain = tf.function(lambda films: model(films))(images).numpy()
    layer.count_bits(counter)
    counted = tf.function(lambda films: model(films))(images).numpy()
    assert counted.tobytes() == plain.tobytes()
    layer.count_bits(None)
    assert layer.counter is None


def test_dot_products_of_the_emulation_are_whole_numbers():
    """So that float32 holds them exactly, in whatever order TensorFlow adds."""
    images = drawn((1, 12, 12, 256))
    model, layer, _ = built(stored_layer(), images, padding="same", input_scale=False)
    layer.set_weights([layer.kernel.numpy(), np.ones(5, np.float32)])
    products = model.predict_on_batch(images)
    assert np.array_equal(products, np.round(products))
    assert np.abs(products).max() > 50


def test_training_and_stored_form_compute_the_same():
    images = drawn((2, 6, 6, 8))
    settings = {"padding": "same", "use_bias": True}
    trained, _, _ = built(trained_layer(), images, **settings)
    stored, _, _ = built(stored_layer(), images, **settings)
    np.testing.assert_allclose(
        trained.predict_on_batch(images), stored.predict_on_batch(images), rtol=1e-5, atol=1e-6
    )


def test_shadow_weights_are_clipped_and_never_decay():
    keras = backend.keras()
    images = drawn((4, 6, 6, 3))
    model, layer, _ = built(trained_layer(), images, padding="same")
    before = layer.shadow.numpy()
    optimizer = keras.optimizers.SGD(100.0)
    model.compile(optimizer, "mse")
    model.fit(images, np.zeros((4, 4 + 2, 6, 5), np.float32), verbose=0)
    after = layer.shadow.numpy()
    assert np.abs(after).max() == 1.0
    assert not np.array_equal(before, after)
    from drawn import drawn_settings
    from radlib.training.recipe import recipe_from
    from radlib.training.training import _optimizer

    decaying = _optimizer(recipe_from(drawn_settings(weight_decay=0.1)), 1)
    decaying.build(model.trainable_variables)
    assert not decaying._use_weight_decay(layer.shadow)
