"""A style-transfer loop as one would write it by hand, without nstbench: the yardstick for its overhead.

`python tests/perf/bare.py jax|tf|torch SIZE CHUNK PAIRS` lets both loops run in turns, in one process, and
prints pairs of seconds per iteration, bare and nstbench, as JSON. In turns, because two processes of the same
program differ by several per cent on a shared machine.

Weights are random, as only time counts; layers, losses and Adam are those of the backends' defaults.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

WIDTHS = [64, 64, "P", 128, 128, "P", 256, 256, 256, 256, "P", 512, 512, 512, 512, "P", 512]
CONTENT, STYLE = 9, (0, 2, 4, 8, 12)  # conv4_2; conv1_1, conv2_1, conv3_1, conv4_1, conv5_1
MEAN = np.array([103.939, 116.779, 123.68], np.float32)


def random_weights():
    generator, last, made = np.random.default_rng(0), 3, []
    for width in (w for w in WIDTHS if w != "P"):
        kernel = generator.standard_normal((3, 3, last, width), np.float32) * np.float32(
            (2 / 9 / last) ** 0.5
        )
        made.append((kernel, np.zeros(width, np.float32)))
        last = width
    return made


def jax_loop(content, style, weights):
    import jax
    import jax.numpy as jnp
    import optax

    def taps(weights, x):
        x = (x[None, :, :, ::-1] * 255.0) - MEAN
        found, layers = [], iter(weights)
        for width in WIDTHS:
            if width == "P":
                x = jnp.maximum(
                    jnp.maximum(x[:, ::2, ::2], x[:, 1::2, ::2]),
                    jnp.maximum(x[:, ::2, 1::2], x[:, 1::2, 1::2]),
                )
                continue
            kernel, bias = next(layers)
            x = jax.lax.conv_general_dilated(
                x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
            )
            x = jax.nn.relu(x + bias)
            found.append(x[0])
        return found

    def gram(x):
        x = x.reshape(-1, x.shape[-1])
        return x.T @ x / len(x)

    weights = jax.device_put(weights)
    target_content = taps(weights, content)[CONTENT]
    target_grams = [gram(taps(weights, style)[i]) for i in STYLE]

    def loss(x, weights, target_content, target_grams):
        found = taps(weights, x)
        total = 0.5 * jnp.sum((found[CONTENT] - target_content) ** 2)
        for i, target in zip(STYLE, target_grams, strict=True):
            total += 100.0 * 0.2 * jnp.sum((gram(found[i]) - target) ** 2) / (4 * len(target) ** 2)
        return total

    adam = optax.adam(0.02)

    @jax.jit
    def step(x, state, *arguments):
        value, gradient = jax.value_and_grad(loss)(x, *arguments)
        updates, state = adam.update(gradient, state)
        return jnp.clip(optax.apply_updates(x, updates), 0, 1), state, value

    here = [jnp.asarray(content), adam.init(jnp.asarray(content))]

    def run(n):
        for _ in range(n):
            here[0], here[1], value = step(*here, weights, target_content, target_grams)
        return float(value), here[0].block_until_ready()

    return run


def tf_loop(content, style, weights):
    import tensorflow as tf

    weights = [(tf.constant(kernel), tf.constant(bias)) for kernel, bias in weights]

    def taps(x):
        x = (x[None, :, :, ::-1] * 255.0) - MEAN
        found, layers = [], iter(weights)
        for width in WIDTHS:
            if width == "P":
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")
                continue
            kernel, bias = next(layers)
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)
            found.append(x[0])
        return found

    def gram(x):
        x = tf.reshape(x, (-1, x.shape[-1]))
        return tf.matmul(x, x, transpose_a=True) / float(x.shape[0])

    target_content = taps(content)[CONTENT]
    target_grams = [gram(taps(style)[i]) for i in STYLE]
    x = tf.Variable(content)
    first, second, count = tf.Variable(tf.zeros_like(x)), tf.Variable(tf.zeros_like(x)), tf.Variable(0.0)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            found = taps(x)
            total = 0.5 * tf.reduce_sum((found[CONTENT] - target_content) ** 2)
            for i, target in zip(STYLE, target_grams, strict=True):
                total += 100.0 * 0.2 * tf.reduce_sum((gram(found[i]) - target) ** 2) / (4 * len(target) ** 2)
        gradient = tape.gradient(total, x)
        count.assign_add(1.0)
        first.assign(0.9 * first + 0.1 * gradient)
        second.assign(0.999 * second + 0.001 * gradient**2)
        rate = 0.02 * tf.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        x.assign(tf.clip_by_value(x - rate * first / (tf.sqrt(second) + 1e-8), 0.0, 1.0))
        return total

    def run(n):
        for _ in range(n):
            total = step()
        return float(total), x.numpy()

    return run


def torch_loop(content, style, weights):
    from nstbench.api import LAYERS

    sys.path.append(str(Path(__file__).with_name("nstbench-plain")))
    from nstbench_plain.pytorch_loop import Loop

    parameters = {
        f"{layer}/{part}": array
        for layer, pair in zip(LAYERS, weights, strict=False)
        for part, array in zip(("kernel", "bias"), pair, strict=True)
    }
    numbers = {"alpha": 1.0, "beta": 100.0, "rate": 0.02}
    return Loop({"content": content, "style": style} | numbers | parameters, half=False).run


def nstbench_loop(framework, content, style, weights):
    """The same problem through the shipped backend and the harness's own clock; returns seconds."""
    from importlib import import_module

    from nstbench.api import GATYS_STYLE_LAYERS, LAYERS, Problem
    from nstbench.run.clock import rounds

    module, name, options = {  # the arithmetic of the bare loop
        "jax": ("nstbench_jax", "JaxVgg19", {"convolution": "xla", "huge_pages": False}),
        "tf": ("nstbench_tensorflow", "TensorFlowVgg19", {}),
        "torch": ("nstbench_torch", "TorchVgg19", {}),
    }[framework]
    backend = getattr(import_module(module), name)(options)
    backend.start("cpu")
    backend.load(dict(zip(LAYERS, weights, strict=False)))
    layers = dict.fromkeys(GATYS_STYLE_LAYERS, 0.2)
    pictures = {"content": content, "styles": (style,), "init": content}
    problem = Problem(**pictures, content_layers={"conv4_2": 1.0}, style_layers=layers, beta=100.0)
    session = backend.prepare(replace(problem, learning_rate=0.02))
    session.compile(1)

    def run(n):
        (step,) = rounds(session, n, n, warmup=False)
        return step.round.seconds

    return run


def main():
    framework, size, chunk, pairs = sys.argv[1], *map(int, sys.argv[2:5])
    generator = np.random.default_rng(1)
    content, style = (generator.random((size, size, 3), np.float32) for _ in range(2))
    weights = random_weights()
    swept = nstbench_loop(framework, content, style, weights)  # first, as XLA reads the backend's flags once
    by_hand = {"jax": jax_loop, "tf": tf_loop, "torch": torch_loop}[framework](content, style, weights)

    def bare(n):
        start = perf_counter()
        by_hand(n)
        return perf_counter() - start

    bare(chunk), swept(chunk)  # warm-up
    found = []
    for number in range(pairs):
        seconds = {side: side(chunk) / chunk for side in ((bare, swept) if number % 2 else (swept, bare))}
        found.append((seconds[bare], seconds[swept]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
