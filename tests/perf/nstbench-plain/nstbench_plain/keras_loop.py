"""Style transfer the way of Keras's example "Neural style transfer" (Chollet 2016), to compare with.

Keras's own VGG19 returns every layer; content, style and pastiche go through it as a batch of three in every
step; SGD with a decaying rate moves the pastiche, which stays as VGG-19 wants its input. The layers and
losses are those of the other loops, in the place of the example's own, so that times compare.
"""

import numpy as np
import tensorflow as tf
from keras.applications import VGG19
from keras.optimizers import SGD
from keras.optimizers.schedules import ExponentialDecay

from nstbench_plain.plain import CONTENT, MEAN, STYLE

RATE = 1e-8 * 255**2
"""nstbench's default for gradient descent, in the example's units of pixels."""


def keras_name(layer):
    return f"block{layer[4]}_conv{layer[6]}"


def seen(picture):
    return tf.constant(picture[None, :, :, ::-1] * 255 - np.array(MEAN, np.float32))


class Loop:
    def __init__(self, arrays, half):
        model = VGG19(weights=None, include_top=False)
        for layer in model.layers:
            if layer.weights:
                name = layer.name.replace("block", "conv").replace("_conv", "_")
                layer.set_weights([arrays[f"{name}/kernel"], arrays[f"{name}/bias"]])
        self._model = tf.keras.Model(model.inputs, {layer.name: layer.output for layer in model.layers})
        self._content = seen(arrays["content"])
        self._style = tf.image.resize(seen(arrays["style"]), self._content.shape[1:3])
        self._image = tf.Variable(self._content)
        self._alpha, self._beta = float(arrays["alpha"]), float(arrays["beta"])
        self._sgd = SGD(ExponentialDecay(RATE, decay_steps=100, decay_rate=0.96))
        self._sgd.build([self._image])
        self._step = tf.function(self._update)

    def _loss(self):
        found = self._model(tf.concat([self._content, self._style, self._image], axis=0))
        target, _, tap = tf.unstack(found[keras_name(CONTENT)])
        loss = self._alpha * 0.5 * tf.reduce_sum(tf.square(tap - target))
        for layer in STYLE:
            _, of_style, tap = tf.unstack(found[keras_name(layer)])
            difference = tf.reduce_sum(tf.square(gram(tap) - gram(of_style)))
            loss += self._beta / len(STYLE) * difference / (4.0 * tap.shape[-1] ** 2)
        return loss

    def _update(self):
        with tf.GradientTape() as tape:
            loss = self._loss()
        self._sgd.apply_gradients([(tape.gradient(loss, self._image), self._image)])
        return loss

    def warm_up(self):
        self._step.get_concrete_function()

    def run(self, n):
        return [float(self._step()) for _ in range(n)]

    def image(self):
        return (self._image.numpy()[0] + MEAN)[:, :, ::-1] / 255


def gram(tap):
    features = tf.reshape(tf.transpose(tap, (2, 0, 1)), (tap.shape[-1], -1))
    return tf.matmul(features, features, transpose_b=True) / float(tap.shape[0] * tap.shape[1])
