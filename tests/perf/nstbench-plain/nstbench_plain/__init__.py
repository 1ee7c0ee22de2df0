"""Style transfer as one would write it without nstbench, as backends, so that a sweep can compare with it."""

from importlib import import_module
from typing import ClassVar

import numpy as np

from nstbench.api import VGG_SETTINGS, Backend, Capabilities, Device, Session

ALWAYS = {"optimiser": "adam", "init": "content", "pooling": "max", "tv_weight": 0, "stages": None}
LAYERS = {
    "content_layers": ("conv4_2",),
    "style_layers": ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"),
}
PRECISIONS = ("default", "bf16")


def can(how, framework):
    return Capabilities(how, VGG_SETTINGS - {"deterministic"}, requires=(framework,))


class Plain(Backend):
    """A module with a class `Loop`, made of arrays by name and whether to compute in bfloat16."""

    capabilities = can("a plain loop", "numpy")
    module: ClassVar[str]
    framework: ClassVar[str]
    precisions: ClassVar[tuple[str, ...]] = PRECISIONS

    def refuse(self, settings):
        for name, value in (ALWAYS | LAYERS).items():
            if getattr(settings, name) != value:
                return f"{name} is {value} in a plain loop"
        if settings.precision not in self.precisions:
            return f"precision is {' or '.join(self.precisions)} in this loop"
        return None

    def start(self, device, deterministic=False):
        import_module(self.framework)
        self._loop = import_module(f"nstbench_plain.{self.module}").Loop
        return Device("cpu", "")

    def load(self, weights):
        self._weights = {
            f"{layer}/{part}": array
            for layer, pair in weights.items()
            for part, array in zip(("kernel", "bias"), pair, strict=True)
        }

    def prepare(self, problem):
        pictures = {"content": problem.content, "style": problem.style}
        numbers = {"alpha": problem.alpha, "beta": problem.beta, "rate": problem.learning_rate}
        return PlainSession(self._loop(pictures | numbers | self._weights, problem.precision == "bf16"))


class PlainSession(Session):
    def __init__(self, loop):
        self._loop = loop

    def compile(self, chunk):
        self._loop.warm_up()

    def run(self, n):
        self._loop.run(n)

    def image(self):
        return np.clip(self._loop.image(), 0, 1).astype(np.float32)


class PlainPyTorch(Plain):
    capabilities = can("an Adam loop in PyTorch, channels last", "torch")
    module, framework = "pytorch_loop", "torch"


class PlainTensorFlow(Plain):
    capabilities = can("the way of TensorFlow's tutorial: a tf.function, Adam of Keras", "tensorflow")
    module, framework = "tensorflow_loop", "tensorflow"


class KerasExample(Plain):
    capabilities = can("the way of Keras's example: Keras's VGG19, three images at once, SGD", "tensorflow")
    module, framework, precisions = "keras_loop", "tensorflow", ("default",)
