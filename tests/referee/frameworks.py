"""The losses of `nstbench.api.losses` in two frameworks in float64, plainly; no backend has a hand in it."""

import jax
import jax.numpy as jnp
import numpy as np
import tensorflow as tf

from nstbench.api import BGR_MEAN, CHANNELS, LAYERS
from nstbench_jax import flags

flags.set_flags(deterministic=False)  # JAX reads them when it takes its first device


def tf_taps(weights, image, pooling="max", where="relu"):
    """Every tap of an (H, W, 3) float64 tensor."""
    x = tf.reverse(image, [-1])[None] * 255.0 - np.array(BGR_MEAN)
    pool = {"max": tf.nn.max_pool2d, "avg": tf.nn.avg_pool2d}[pooling]
    found = {}
    for layer in LAYERS[:13]:
        if layer.endswith("_1") and layer != "conv1_1":
            x = pool(x, 2, 2, "VALID")
        kernel, bias = weights[layer]
        x = tf.nn.conv2d(x, kernel.astype(np.float64), 1, "SAME") + bias.astype(np.float64)
        found[layer] = (x if where == "conv" else tf.nn.relu(x))[0]
        x = tf.nn.relu(x)
    return found


def tf_gram(tap, mask=None):
    guided = tf.sqrt(tf_guide(tap, mask)) * tap  # T o F, the sum of T^2 being 1
    return tf.einsum("hwi,hwj->ij", guided, guided)


def tf_mean(tap, mask=None):
    return tf.reduce_sum(tf_guide(tap, mask) * tap, (0, 1))


def tf_guide(tap, mask):
    """What each position weighs, (h, w, 1)."""
    if mask is None:
        mask = np.ones(tap.shape[:2])
    side = 2 ** round(np.log2(mask.shape[0] / tap.shape[0]))
    guide = tf.nn.avg_pool2d(tf.constant(mask[None, :, :, None], tf.float64), side, side, "VALID")[0]
    return guide / tf.reduce_sum(guide)


def tf_blend(problem, each):
    return sum(share * one for share, one in zip(problem.style_blend, each, strict=True))


def tf_wasserstein(tap, mean, moment):
    """Squared Wasserstein-2 distance over N; the target by its mean and its second raw moment."""

    def covariance(mean, moment):
        return moment - tf.tensordot(mean, mean, 0) + 1e-4 * one

    def root(a):
        norm = tf.norm(a)
        y, z = a / norm, one
        for _ in range(12):
            t = (3 * one - z @ y) / 2
            y, z = y @ t, t @ z
        return y * tf.sqrt(norm)

    one = tf.eye(tap.shape[-1], dtype=tf.float64)
    own = tf.reduce_mean(tap, (0, 1))
    here, there = covariance(own, tf_gram(tap)), covariance(mean, moment)
    of_there = root(there)
    spread = tf.linalg.trace(here + there - 2 * root(of_there @ here @ of_there))
    return (tf.reduce_sum((own - mean) ** 2) + spread) / tap.shape[-1]


def tf_total_variation(x, form):
    dy, dx = x[1:] - x[:-1], x[:, 1:] - x[:, :-1]
    if form == "squared":
        return tf.reduce_sum(dy**2) + tf.reduce_sum(dx**2)
    if form == "absolute":
        return tf.reduce_sum(tf.abs(dy)) + tf.reduce_sum(tf.abs(dx))
    return tf.reduce_sum((dy[:, :-1] ** 2 + dx[:-1] ** 2) ** 1.25)


def tf_losses(weights, problem, image):
    """Total, content, style, tv and every E_l, by name, of an (H, W, 3) float64 tensor."""
    how = problem.pooling, problem.taps
    found = tf_taps(weights, image, *how)
    of_content = tf_taps(weights, tf.constant(problem.content, tf.float64), *how)
    of_styles = [tf_taps(weights, tf.constant(style, tf.float64), *how) for style in problem.styles]
    seen = {"content": 0.0, "style": 0.0, "tv": tf_total_variation(image, problem.tv_form)}
    for layer, weight in problem.content_layers.items():
        seen["content"] += weight * 0.5 * tf.reduce_sum((found[layer] - of_content[layer]) ** 2)
    for layer, weight in problem.style_layers.items():
        masks = problem.style_masks or [None] * len(of_styles)
        own = [(taps[layer], mask) for taps, mask in zip(of_styles, masks, strict=True)]
        grams = [tf_gram(*each) for each in own]
        if problem.style_loss == "wasserstein2":
            means = [tf_mean(*each) for each in own]
            seen[layer] = tf_wasserstein(found[layer], tf_blend(problem, means), tf_blend(problem, grams))
        else:
            regions = [(1.0, None, tf_blend(problem, grams))]
            if problem.content_masks:
                regions = zip(problem.style_blend, problem.content_masks, grams, strict=True)
            squares = [
                share * tf.reduce_sum((tf_gram(found[layer], mask) - target) ** 2)
                for share, mask, target in regions
            ]
            seen[layer] = sum(squares) / (4 * CHANNELS[layer] ** 2)
        seen["style"] += weight * seen[layer]
    seen["total"] = (
        problem.alpha * seen["content"] + problem.beta * seen["style"] + problem.tv_weight * seen["tv"]
    )
    return seen


def tf_evaluate(weights, problem):
    """Losses of `problem.init` by name, as numbers, and the total's gradient by automatic differentiation."""
    image = tf.Variable(problem.init, dtype=tf.float64)
    with tf.GradientTape() as tape:
        seen = tf_losses(weights, problem, image)
    gradient = tape.gradient(seen["total"], image).numpy()
    return {name: float(value) for name, value in seen.items()}, gradient


def enable_x64():
    """Let JAX compute in float64 inside a `with`."""
    # A context manager itself since JAX 0.8; before, the one of jax.experimental, gone since.
    return jax.enable_x64(True) if callable(jax.enable_x64) else jax.experimental.enable_x64()


def jax_losses(weights, problem):
    """Content loss and every E_l of `problem.init`, by name; max pooling, one style, one content layer."""
    (content_layer,) = problem.content_layers

    @jax.jit  # one program; op by op there would be a hundred to compile
    def losses(weights, *pictures):
        found, of_content, of_style = (_jax_taps(weights, picture) for picture in pictures)
        seen = {"content": 0.5 * jnp.sum((found[content_layer] - of_content[content_layer]) ** 2)}
        for layer in problem.style_layers:
            difference = _jax_gram(found[layer]) - _jax_gram(of_style[layer])
            seen[layer] = jnp.sum(difference**2) / (4 * CHANNELS[layer] ** 2)
        return seen

    with enable_x64(), jax.default_device(jax.devices("cpu")[0]):
        seen = losses(weights, problem.init, problem.content, problem.style)
        assert seen["content"].dtype == np.float64
        return {name: float(value) for name, value in seen.items()}


def _jax_taps(weights, image):
    x = jnp.asarray(image, jnp.float64)[None, :, :, ::-1] * 255.0 - np.array(BGR_MEAN)
    found = {}
    for layer in LAYERS[:13]:
        if layer.endswith("_1") and layer != "conv1_1":
            x = jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        kernel, bias = (jnp.asarray(parameter, jnp.float64) for parameter in weights[layer])
        x = jnp.maximum(_jax_convolution(x, kernel) + bias, 0.0)
        found[layer] = x[0]
    return found


def _jax_convolution(x, kernel):
    """Nine products of matrices: XLA has no quick convolution in float64 on CPUs."""
    _, height, width, _ = x.shape
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return sum(
        jnp.einsum(
            "bhwi,io->bhwo", padded[:, i : i + height, j : j + width], kernel[i, j], precision="highest"
        )
        for i in range(3)
        for j in range(3)
    )


def _jax_gram(tap):
    return jnp.einsum("hwi,hwj->ij", tap, tap, precision="highest") / (tap.shape[0] * tap.shape[1])
