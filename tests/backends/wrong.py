"""A VGG-19 backend in NumPy that is right, and others that are wrong in one respect each."""

from dataclasses import replace

import numpy as np

from nstbench.api import (
    BGR_MEAN,
    VGG_SETTINGS,
    Backend,
    Capabilities,
    Device,
    Evaluation,
    LossTrace,
    Session,
    block,
    up_to,
)
from nstbench.referee import evaluate, gram, losses, reductions, total_variation
from nstbench.referee.network import Vgg19


class Right(Backend):
    """Computes as the contract says; every method is there to be overridden by a mistake."""

    capabilities = Capabilities("VGG-19 in NumPy", VGG_SETTINGS)

    def start(self, device, deterministic=False):
        return Device("cpu", "")

    def load(self, weights):
        self.weights = weights

    def read(self, problem):
        return problem

    def taps(self, image, problem):
        return Vgg19(self.weights, problem.pooling, np.float32, problem.taps).taps(image, layers(problem))

    def gram(self, tap):
        return gram(tap)

    def content_energy(self, tap, target):
        return 0.5 * np.sum((tap - target) ** 2)

    def style_energy(self, seen, target):
        return np.sum((seen - target) ** 2) / (4 * len(seen) ** 2)

    def total(self, problem, content, style, tv):
        return problem.alpha * content + problem.beta * style + problem.tv_weight * tv

    def gradient(self, problem):
        return evaluate(self.weights, problem, np.float32).gradient

    def adam(self, problem, mean, square, t):
        corrected = mean / (1 - problem.adam_beta1**t), np.sqrt(square / (1 - problem.adam_beta2**t))
        return problem.learning_rate * corrected[0] / (corrected[1] + problem.adam_epsilon)

    def rate(self, problem, t):
        return problem.learning_rate_decay ** ((t - 1) / 100)

    def clip(self, image):
        return np.clip(image, 0, 1)

    def average(self, problem, before, image, t):
        """The mean of the images so far, the t-th before the last weighed by averaging^t."""
        share = (1 - problem.averaging) / (1 - problem.averaging ** (t + 1))
        return before + share * (image - before)

    def targets(self, problem):
        """Content taps and blended Gram matrices."""
        styles = [self.taps(style, problem) for style in problem.styles]
        grams = {
            layer: self.blend(problem, [seen[layer] for seen in styles]) for layer in problem.style_layers
        }
        return self.taps(problem.content, problem), grams

    def energies(self, problem, seen, wanted):
        if problem.style_loss == "wasserstein2":
            return list(losses(self.weights, problem, np.float32).style_layers.values())
        return [self.style_energy(self.gram(seen[layer]), wanted[layer]) for layer in wanted]

    def blend(self, problem, of_styles):
        return sum(b * self.gram(tap) for b, tap in zip(problem.style_blend, of_styles, strict=True))

    def losses(self, problem, targets):
        """Total, content, style, tv and every E_l of the start."""
        seen, (original, wanted) = self.taps(problem.init, problem), targets
        content = sum(
            w * self.content_energy(seen[layer], original[layer])
            for layer, w in problem.content_layers.items()
        )
        energies = self.energies(problem, seen, wanted)
        style = np.dot(energies, list(problem.style_layers.values()))
        tv = total_variation(problem.init, problem.tv_form)
        return [self.total(problem, content, style, tv), content, style, tv, *energies]

    def evaluate(self, problem):
        problem = self.read(problem)
        seen = self.taps(problem.init, problem)
        grams = {layer: self.gram(seen[layer]) for layer in problem.style_layers}
        return Evaluation(seen, grams, self.gradient(problem))

    def reduce(self, rows, others, matrix):
        return {name: np.float32(sums) for name, sums in reductions(rows, others, matrix).items()}

    def prepare(self, problem):
        return Iterations(self, self.read(problem))


class Iterations(Session):
    def __init__(self, backend, problem):
        self.backend, self.problem = backend, problem
        self.targets = backend.targets(problem)
        self.t, self.mean, self.square = 0, 0.0, 0.0
        self.average = problem.init

    def image(self):
        return np.clip(self.average, 0, 1)

    def run(self, n):
        rows = np.array([self.iterate() for _ in range(n)], np.float32)
        by_layer = dict(zip(self.problem.style_layers, rows.T[4:], strict=True))
        return LossTrace(*rows.T[:4], style_layers=by_layer, evaluations=n)

    def iterate(self):
        backend, problem = self.backend, self.problem
        row, slope = backend.losses(problem, self.targets), backend.gradient(problem)
        self.t += 1
        if problem.optimiser == "lbfgs":
            moved = self.search(row[0], slope)
        else:
            b, b2 = problem.adam_beta1, problem.adam_beta2
            self.mean, self.square = (
                b * self.mean + (1 - b) * slope,
                b2 * self.square + (1 - b2) * slope**2,
            )
            adam = problem.optimiser == "adam"
            step = backend.adam(problem, self.mean, self.square, self.t) if adam else None
            step = problem.learning_rate * slope if step is None else step
            moved = backend.clip(problem.init - backend.rate(problem, self.t) * step)
        self.problem = replace(problem, init=moved.astype(np.float32))
        self.average = backend.average(problem, self.average, moved, self.t)
        return row

    def search(self, total, slope):
        """Steepest descent, the step halved until the loss falls: enough for what is asked of L-BFGS."""
        step = 0.1 / np.abs(slope).max()
        for _ in range(10):  # a wrong gradient leads nowhere
            moved = self.backend.clip(self.problem.init - step * slope).astype(np.float32)
            if self.backend.losses(replace(self.problem, init=moved), self.targets)[0] < total:
                return moved
            step /= 2
        return self.problem.init


def layers(problem):
    return {*problem.content_layers, *problem.style_layers}


def plain_taps(weights, image, wanted, pooling, *, pad="constant", ceil=False, relu=True):
    """The forward pass with choices that the referee has not."""
    x = image[..., ::-1].astype(np.float64) * 255 - np.array(BGR_MEAN)
    found, order = {}, up_to(wanted)
    for previous, layer in zip((order[0], *order), order, strict=False):
        if block(previous) != block(layer):
            x = plain_pool(x, pooling, ceil)
        kernel, bias = weights[layer]
        height, width, _ = x.shape
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)), mode=pad)
        shifts = ((i, j) for i in range(3) for j in range(3))
        x = sum(padded[i : i + height, j : j + width] @ kernel[i, j] for i, j in shifts) + bias
        found[layer] = x.astype(np.float32) if not relu else np.maximum(x, 0).astype(np.float32)
        x = np.maximum(x, 0)
    return {layer: found[layer] for layer in wanted}


def plain_pool(x, pooling, ceil):
    height, width = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    if ceil:
        x = np.pad(x, ((0, x.shape[0] % 2), (0, x.shape[1] % 2), (0, 0)), mode="edge")
        height, width = x.shape[:2]
    windows = x[:height, :width].reshape(height // 2, 2, width // 2, 2, -1)
    return windows.max(axis=(1, 3)) if pooling == "max" else windows.mean(axis=(1, 3))


def wrong(**methods):
    """Make a backend class that differs from `Right` in some methods."""
    return type("Wrong", (Right,), methods)


def with_forward(**choices):
    def see(self, image, problem):
        asked = {"relu": problem.taps == "relu"} | choices
        return plain_taps(self.weights, image, layers(problem), problem.pooling, **asked)

    return wrong(taps=see)


def with_pooling(pooling):
    def see(self, image, problem):
        return Vgg19(self.weights, pooling, np.float32, problem.taps).taps(image, layers(problem))

    return wrong(taps=see)


def with_weights(change):
    def load(self, weights):
        self.weights = change(weights)

    return wrong(load=load)


def with_problem(change):
    return wrong(read=lambda self, problem: change(problem))


def in_bgr(problem):
    turned = {name: getattr(problem, name)[..., ::-1] for name in ("content", "init")}
    return replace(problem, styles=tuple(style[..., ::-1] for style in problem.styles), **turned)


def keras_adam(self, problem, mean, square, t):
    rate = problem.learning_rate * np.sqrt(1 - 0.999**t) / (1 - problem.adam_beta1**t)
    return rate * mean / (np.sqrt(square) + problem.adam_epsilon)


def shifted_block(self, rows, others, matrix):
    """The last block of rows read from where the one before it ends: jaxlib 0.10.2 on CPUs."""
    right, seen = Right.reduce(self, rows, others, matrix), np.arange(len(rows))
    seen[1 << 15 :] -= 128
    return right | {"mixed": right["mixed"][seen]}


def unwritten_memory(self, rows, others, matrix):
    """Sums of what nobody has written: jaxlib 0.10.2 to 0.12 on CPUs."""
    right = Right.reduce(self, rows, others, matrix)
    return right | {"weighted": np.full_like(right["weighted"], np.nan)}


MISTAKES = {
    "the last block of rows read twice": (wrong(reduce=shifted_block), "sums over many rows"),
    "sums of memory that nobody wrote": (wrong(reduce=unwritten_memory), "sums over many rows"),
    "bias forgotten": (with_weights(lambda w: {k: (a, 0 * b) for k, (a, b) in w.items()}), "convolution"),
    "kernels flipped": (with_weights(lambda w: {k: (a[::-1], b) for k, (a, b) in w.items()}), "convolution"),
    "padding by reflection": (with_forward(pad="reflect"), "convolution"),
    "taps before ReLU": (with_forward(relu=False), "convolution"),
    "RGB for BGR": (with_problem(in_bgr), "convolution"),
    "means not subtracted": (
        with_problem(lambda p: replace(p, init=p.init + np.float32(np.array(BGR_MEAN[::-1]) / 255))),
        "convolution",
    ),
    "taps always after ReLU": (with_problem(lambda p: replace(p, taps="relu")), "convolution"),
    "pooling that rounds up": (with_forward(ceil=True), "pooling"),
    "always the maximum": (with_pooling("max"), "pooling"),
    "two layers exchanged": (
        with_weights(lambda w: w | {"conv3_2": w["conv3_3"], "conv3_3": w["conv3_2"]}),
        "taps",
    ),
    "Gram over N M": (wrong(gram=lambda self, tap: gram(tap) / tap.shape[-1]), "Gram matrices"),
    "Gram not divided": (
        wrong(gram=lambda self, tap: gram(tap) * tap.shape[0] * tap.shape[1]),
        "Gram matrices",
    ),
    "content loss without its half": (
        wrong(content_energy=lambda self, tap, target: np.sum((tap - target) ** 2)),
        "content loss",
    ),
    "content layers' weights ignored": (
        with_problem(lambda p: replace(p, content_layers=dict.fromkeys(p.content_layers, 0.5))),
        "content loss",
    ),
    "style energy over N^2": (
        wrong(style_energy=lambda self, seen, target: np.sum((seen - target) ** 2) / len(seen) ** 2),
        "style energies",
    ),
    "only the first style": (
        wrong(blend=lambda self, problem, of_styles: self.gram(of_styles[0])),
        "style energies",
    ),
    "Gram matrices for Wasserstein-2": (
        with_problem(lambda p: replace(p, style_loss="gram")),
        "style energies",
    ),
    "style layers' weights ignored": (
        with_problem(lambda p: replace(p, style_layers=dict.fromkeys(p.style_layers, 0.25))),
        "style loss",
    ),
    "total variation always squared": (
        with_problem(lambda p: replace(p, tv_form="squared")),
        "total variation",
    ),
    "alpha forgotten": (
        wrong(total=lambda self, p, c, s, tv: c + p.beta * s + p.tv_weight * tv),
        "total loss",
    ),
    "tv_weight forgotten": (
        wrong(total=lambda self, p, c, s, tv: p.alpha * c + p.beta * s + tv),
        "total loss",
    ),
    "gradient of the mean": (
        wrong(gradient=lambda self, problem: Right.gradient(self, problem) / problem.init.size),
        "gradient",
    ),
    "gradient in BGR": (
        wrong(gradient=lambda self, problem: Right.gradient(self, problem)[..., ::-1]),
        "gradient",
    ),
    "Keras's epsilon": (wrong(adam=keras_adam), "first step"),
    "half the learning rate": (
        with_problem(lambda p: replace(p, learning_rate=p.learning_rate / 2)),
        "first step",
    ),
    "no clipping": (wrong(clip=lambda self, image: image), "last loss"),
    "no decay": (wrong(rate=lambda self, problem, t: 1.0), "loss curve"),
    "no average": (
        wrong(average=lambda self, problem, before, image, t: image),
        "first step",
    ),
    "beta2 ignored": (with_problem(lambda p: replace(p, adam_beta2=0.999)), "loss curve"),
    "beta1 ignored": (
        with_problem(lambda p: replace(p, adam_beta1=0.9)),
        "loss curve",
    ),
}
"""Mistake -> (backend class, the lowest rung that shows it)."""
