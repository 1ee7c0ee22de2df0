"""Style transfer as TensorFlow's tutorial writes it, to compare with: Keras's Adam in a `tf.function`.

Gram matrices are made by einsum; at `bf16` the convolutions have operands of bfloat16. As a command it is
asked and answers as pytorch_loop.py: `python -m nstbench_plain.tensorflow_loop PROBLEM.npz DEVICE PRECISION`.
"""

import sys

import numpy as np
import tensorflow as tf

from nstbench_plain.plain import CONTENT, LAYERS, MEAN, STYLE, answer


def taps(image, weights, kind):
    x = tf.cast(image[:, :, :, ::-1] * 255.0 - tf.constant(MEAN), kind)
    found, block = {}, "1"
    for layer in LAYERS:
        if layer[4] != block:
            x, block = tf.nn.max_pool2d(x, 2, 2, "VALID"), layer[4]
        kernel, bias = weights[layer]
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))
        if layer in (*STYLE, CONTENT):
            found[layer] = tf.cast(x, tf.float32)
    return found


def gram(tap):
    places = tap.shape[1] * tap.shape[2]
    return tf.einsum("bijc,bijd->bcd", tap, tap) / float(places)


class Loop:
    def __init__(self, arrays, half):
        self._image = tf.Variable(arrays["content"][None])
        self._step = tf.function(make_step(arrays, tf.bfloat16 if half else tf.float32, self._image))

    def warm_up(self):
        self._step.get_concrete_function()

    def run(self, n):
        """Return the losses of n more iterations."""
        return [float(self._step()) for _ in range(n)]

    def image(self):
        return self._image.numpy()[0]


def make_step(arrays, kind, image):
    weights = {
        layer: tuple(tf.cast(arrays[f"{layer}/{part}"], kind) for part in ("kernel", "bias"))
        for layer in LAYERS
    }
    alpha, beta, rate = (float(arrays[name]) for name in ("alpha", "beta", "rate"))
    content, style = (tf.constant(arrays[name][None]) for name in ("content", "style"))
    target = taps(content, weights, kind)[CONTENT]
    of_style = taps(style, weights, kind)
    grams = {layer: gram(of_style[layer]) for layer in STYLE}
    adam = tf.keras.optimizers.Adam(rate)
    adam.build([image])

    def step():
        with tf.GradientTape() as tape:
            found = taps(image, weights, kind)
            losses = [
                tf.reduce_sum((gram(found[layer]) - grams[layer]) ** 2)
                / (4 * grams[layer].shape[-1] ** 2)
                / len(STYLE)
                for layer in STYLE
            ]
            total = alpha * 0.5 * tf.reduce_sum((found[CONTENT] - target) ** 2) + beta * tf.add_n(losses)
        adam.apply_gradients([(tape.gradient(total, image), image)])
        image.assign(tf.clip_by_value(image, 0.0, 1.0))
        return total

    return step


def main():
    path, _, precision = sys.argv[1:4]
    with np.load(path) as arrays:
        loop = Loop(arrays, precision == "bf16")
    answer(loop.run)


if __name__ == "__main__":
    main()
