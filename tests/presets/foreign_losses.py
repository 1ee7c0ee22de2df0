"""Other projects' losses, each from its own definition and with its own defaults, in float64 NumPy.

Nothing here knows of nstbench's losses or of the factors between the two.
"""

import numpy as np

STYLE = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
SAME_SIZE = ("gatys", "coursera", "keras-example")
"""Projects whose style image has the size of the pastiche."""


def foreign_losses(preset, taps_x, taps_content, taps_style, image):
    """Return a project's `content`, `style`, `tv` and `total` with its default weights.

    Args:
        preset: its name.
        taps_x, taps_content, taps_style: layer -> (h, w, channels) of the pastiche, content and style image.
        image: the pastiche, (H, W, 3) RGB in [0, 1].

    Returns:
        content, style and tv before alpha, beta and tv_weight but with the layers' weights; tv in the
        project's own pixels. The total of neural-style has the total variation that only its gradient knows.
    """
    x, content, style = (
        {layer: np.asarray(tap, np.float64) for layer, tap in taps.items()}
        for taps in (taps_x, taps_content, taps_style)
    )
    terms, (alpha, beta, tv_weight) = PROJECTS[preset]
    made = dict(zip(("content", "style", "tv"), terms(x, content, style, np.float64(image)), strict=True))
    return made | {"total": alpha * made["content"] + beta * made["style"] + tv_weight * made["tv"]}


def flat_border(image):
    """Return a copy without differences along the last row and the last column."""
    image = np.array(image)
    image[-1] = image[:, -1] = image[-1, -1]
    return image


def rows(tap):
    """Channels x positions."""
    return tap.reshape(-1, tap.shape[-1]).T


def bgr(image):
    """The networks' input: 0 to 255 around the mean."""
    return image[..., ::-1] * 255 - (103.939, 116.779, 123.68)


def gatys(x, content, style, image):
    """Equations 1 and 3 to 5 of the paper."""
    loss = np.sum((x["conv4_2"] - content["conv4_2"]) ** 2) / 2
    contributions = []
    for layer in STYLE:
        f, s = rows(x[layer]), rows(style[layer])
        n, m = f.shape
        contributions.append(np.sum((f @ f.T - s @ s.T) ** 2) / (4 * n**2 * m**2))
    return loss, sum(e / 5 for e in contributions), 0.0


def coursera(x, content, style, image):
    a_c, a_g = content["conv4_2"], x["conv4_2"]
    n_h, n_w, n_c = a_g.shape
    j_content = 1 / (4 * n_h * n_w * n_c) * np.sum((a_c - a_g) ** 2)
    j_style = 0.0
    for layer in STYLE:
        n_h, n_w, n_c = x[layer].shape
        gram_s, gram_g = (rows(taps[layer]) @ rows(taps[layer]).T for taps in (style, x))
        j_style += 0.2 * np.sum((gram_s - gram_g) ** 2) / (2 * n_h * n_w * n_c) ** 2
    return j_content, j_style, 0.0


def keras_example(x, content, style, image):
    height, width, channels = image.shape
    total = 0.0
    for layer in STYLE:
        s, c = (np.einsum("ijc,ijd->cd", taps[layer], taps[layer]) for taps in (style, x))
        total += np.sum((s - c) ** 2) / (4.0 * channels**2 * (height * width) ** 2) / len(STYLE)
    pixels = bgr(image)
    here = pixels[:-1, :-1]
    down, right = (here - pixels[1:, :-1]) ** 2, (here - pixels[:-1, 1:]) ** 2
    return np.sum((x["conv5_2"] - content["conv5_2"]) ** 2), total, np.sum((down + right) ** 1.25)


def tf_tutorial(x, content, style, image):
    def gram(tap):
        return np.einsum("ijc,ijd->cd", tap, tap) / (tap.shape[0] * tap.shape[1])

    style_loss = sum(np.mean((gram(x[layer]) - gram(style[layer])) ** 2) for layer in STYLE)
    tv = np.sum(np.abs(image[:, 1:] - image[:, :-1])) + np.sum(np.abs(image[1:] - image[:-1]))
    return np.mean((x["conv5_2"] - content["conv5_2"]) ** 2), style_loss / 5, tv


def neural_style(x, content, style, image):
    def gram(tap):
        return rows(tap) @ rows(tap).T / tap.size

    style_loss = sum(np.mean((gram(x[layer]) - gram(style[layer])) ** 2) for layer in STYLE)
    pixels = bgr(image)
    here = pixels[:-1, :-1]
    tv = np.sum((here - pixels[:-1, 1:]) ** 2) + np.sum((here - pixels[1:, :-1]) ** 2)
    return np.mean((x["conv4_2"] - content["conv4_2"]) ** 2), style_loss, tv / 2


def pystiche(x, content, style, image):
    def gram(tap):
        flat = rows(tap)
        return flat @ flat.T / flat.shape[-1]

    scores = [np.mean((gram(x[layer]) - gram(style[layer])) ** 2) for layer in STYLE]
    return np.mean((x["conv4_2"] - content["conv4_2"]) ** 2), np.mean(scores), 0.0


def mse(a, b):
    return np.mean((a - b) ** 2)


def gatys_notebook(x, content, style, image):
    def gram(tap):
        f = rows(tap)
        return f @ f.T / (tap.shape[0] * tap.shape[1])

    channels = {"conv1_1": 64, "conv2_1": 128, "conv3_1": 256, "conv4_1": 512, "conv5_1": 512}
    losses = [1e3 / n**2 * mse(gram(x[layer]), gram(style[layer])) for layer, n in channels.items()]
    return mse(x["conv4_2"], content["conv4_2"]), sum(losses) / 1e3, 0.0


def neural_style_pt(x, content, style, image):
    style_loss = 0.0
    for layer in STYLE:
        seen, wanted = (rows(taps[layer]) @ rows(taps[layer]).T / taps[layer].size for taps in (x, style))
        style_loss += mse(seen, wanted)
    pixels = bgr(image)
    x_diff, y_diff = pixels[1:] - pixels[:-1], pixels[:, 1:] - pixels[:, :-1]
    tv = np.sum(np.abs(x_diff)) + np.sum(np.abs(y_diff))
    return mse(x["conv4_2"], content["conv4_2"]), style_loss, tv


def pytorch_tutorial(x, content, style, image):
    """Of the outputs of convolutions, the first five of them: conv_1 to conv_5."""

    def gram_matrix(tap):
        c, d, b = tap.shape
        features = rows(tap)
        return features @ features.T / (1 * b * c * d)

    five = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1")
    style_score = sum(mse(gram_matrix(x[layer]), gram_matrix(style[layer])) for layer in five)
    return mse(x[five[3]], content[five[3]]), style_score, 0.0


def crowsonkb(x, content, style, image):
    def target(tap):
        flat = rows(tap)
        return flat.mean(axis=1), flat @ flat.T / flat.shape[1]

    def sqrtm(a):
        norm = np.sqrt(np.sum(a**2))
        y, z, eye = a / norm, np.eye(len(a)), np.eye(len(a))
        for _ in range(12):
            t = (3 * eye - z @ y) / 2
            y, z = y @ t, t @ z
        return y * np.sqrt(norm)

    def w2(seen, wanted):
        (mean, srm), (mean_there, srm_there) = target(seen), target(wanted)
        ridge = 1e-4 * np.eye(len(mean))
        cov = srm - np.outer(mean, mean) + ridge
        cov_there = srm_there - np.outer(mean_there, mean_there) + ridge
        root = sqrtm(cov_there)
        cov_diff = np.diagonal(cov_there + cov - 2 * sqrtm(root @ cov @ root)).mean()
        return mse(mean, mean_there) + cov_diff

    weights = zip((256, 64, 16, 4, 1), STYLE, strict=True)
    style_loss = sum(w / 341 * w2(x[layer], style[layer]) for w, layer in weights)
    return mse(x["conv4_2"], content["conv4_2"]), style_loss, nine_points(image)


def nine_points(image):
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), "edge")
    right = np.mean((padded[1:-1, 2:] - padded[1:-1, 1:-1]) ** 2) / 3
    below = np.mean((padded[2:, 1:-1] - padded[1:-1, 1:-1]) ** 2) / 3
    falling = np.mean((padded[1:, 1:] - padded[:-1, :-1]) ** 2) / 12
    rising = np.mean((padded[1:, :-1] - padded[:-1, 1:]) ** 2) / 12
    return 2 * (right + below + falling + rising)


PROJECTS = {
    "gatys": (gatys, (1, 1e3, 0)),
    "coursera": (coursera, (10, 40, 0)),
    "keras-example": (keras_example, (2.5e-8, 1e-6, 1e-6)),
    "tf-tutorial": (tf_tutorial, (1e4, 1e-2, 30)),
    "neural-style": (neural_style, (5, 100, 1e-3)),
    "pystiche": (pystiche, (1, 1e3, 0)),
    "gatys-notebook": (gatys_notebook, (1, 1e3, 0)),
    "neural-style-pt": (neural_style_pt, (5, 100, 1e-3)),
    "pytorch-tutorial": (pytorch_tutorial, (1, 1e6, 0)),
    "crowsonkb": (crowsonkb, (0.015, 1, 2)),
}
