"""The losses once more, in float64 NumPy, written from the equations; shares no code with any backend."""

import numpy as np

from nstbench.api import BGR_MEAN, LAYERS


def taps(weights, image, names, pooling="max"):
    x = image[..., ::-1].astype(np.float64) * 255.0 - np.array(BGR_MEAN)
    found = {}
    block = "1"
    for layer in LAYERS:
        if layer[4] != block:
            block = layer[4]
            h, w = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
            windows = x[:h, :w].reshape(h // 2, 2, w // 2, 2, -1)
            x = windows.max(axis=(1, 3)) if pooling == "max" else windows.mean(axis=(1, 3))
        kernel, bias = (parameter.astype(np.float64) for parameter in weights[layer])
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        h, w = x.shape[:2]
        x = sum(padded[i : i + h, j : j + w] @ kernel[i, j] for i in range(3) for j in range(3)) + bias
        x = np.maximum(x, 0.0)
        found[layer] = x
        if set(names) <= set(found):
            return found
    return found


def gram(tap):
    flat = tap.reshape(-1, tap.shape[-1])
    return flat.T @ flat / len(flat)


def losses(weights, problem):
    """Losses of the starting image: total, content, style, tv and E_l by layer."""
    names = [*problem.content_layers, *problem.style_layers]
    of = {
        which: taps(weights, getattr(problem, which), names, problem.pooling)
        for which in ("init", "content", "style")
    }
    content = sum(
        w * 0.5 * np.sum((of["init"][layer] - of["content"][layer]) ** 2)
        for layer, w in problem.content_layers.items()
    )
    energy = {
        layer: np.sum((gram(of["init"][layer]) - gram(of["style"][layer])) ** 2)
        / (4 * of["init"][layer].shape[-1] ** 2)
        for layer in problem.style_layers
    }
    style = sum(w * energy[layer] for layer, w in problem.style_layers.items())
    x = problem.init.astype(np.float64)
    tv = np.sum(np.diff(x, axis=0) ** 2) + np.sum(np.diff(x, axis=1) ** 2)
    total = problem.alpha * content + problem.beta * style + problem.tv_weight * tv
    return {"total": total, "content": content, "style": style, "tv": tv, **energy}
