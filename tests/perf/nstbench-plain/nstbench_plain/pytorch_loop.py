"""Style transfer as one would write it in PyTorch, to compare with: one Adam loop, no more than it needs.

`python -m nstbench_plain.pytorch_loop PROBLEM.npz DEVICE PRECISION [--compile]` answers each line `N` on
standard input with a line of JSON, {"seconds": ..., "losses": [...]}, about N more iterations. PRECISION is
`default` (TF32 where there is any) or `bf16`; tensors are channels_last; `--compile` has `torch.compile`
compile loss and gradient.

A problem holds the arrays `content`, `style` (H, W, 3; RGB in [0, 1]), `alpha`, `beta`, `rate`, and the
parameters `conv1_1/kernel` (HWIO), `conv1_1/bias` ... The layers are those of Gatys et al.: conv1_1 to
conv5_1 and conv4_2. Losses are those of nstbench.api.losses, of the image before its update.
"""

import sys
from contextlib import nullcontext

import numpy as np
import torch
from torch.nn.functional import conv2d, max_pool2d, relu

from nstbench_plain.plain import CONTENT, LAYERS, MEAN, STYLE, answer


def read(arrays, device):
    """Return (pictures as 1 x 3 x H x W, numbers, parameters as OIHW)."""
    pictures = {
        name: torch.tensor(arrays[name], device=device)
        .permute(2, 0, 1)[None]
        .contiguous(memory_format=torch.channels_last)
        for name in ("content", "style")
    }
    numbers = {name: float(arrays[name]) for name in ("alpha", "beta", "rate")}
    weights = {}
    for layer in LAYERS:
        kernel = torch.tensor(arrays[f"{layer}/kernel"], device=device).permute(3, 2, 0, 1)
        bias = torch.tensor(arrays[f"{layer}/bias"], device=device)
        weights[layer] = kernel.contiguous(memory_format=torch.channels_last), bias
    return pictures, numbers, weights


def taps(image, weights):
    x = image.flip(1) * 255.0 - torch.tensor(MEAN, device=image.device)[None, :, None, None]
    found, block = {}, "1"
    for layer in LAYERS:
        if layer[4] != block:
            x, block = max_pool2d(x, 2), layer[4]
        x = relu(conv2d(x, *weights[layer], padding=1))
        if layer in (*STYLE, CONTENT):
            found[layer] = x.float()
    return found


def gram(tap):
    features = tap.permute(0, 2, 3, 1).reshape(-1, tap.shape[1])
    return features.T @ features / len(features)


def make_loss(pictures, numbers, weights, half):
    """Return the total loss as a function of the image."""

    def mixed():
        return torch.autocast(pictures["content"].device.type, torch.bfloat16) if half else nullcontext()

    with torch.no_grad(), mixed():
        content = taps(pictures["content"], weights)[CONTENT]
        of_style = taps(pictures["style"], weights)
    grams = {layer: gram(of_style[layer]) for layer in STYLE}

    def loss(image):
        with mixed():
            found = taps(image, weights)
        style = sum(
            ((gram(found[layer]) - grams[layer]) ** 2).sum() / (4 * len(grams[layer]) ** 2) / len(STYLE)
            for layer in STYLE
        )
        return numbers["alpha"] * 0.5 * ((found[CONTENT] - content) ** 2).sum() + numbers["beta"] * style

    return loss


class Loop:
    def __init__(self, arrays, half, device="cpu", compiled=False):
        pictures, numbers, weights = read(arrays, device)
        self._loss = make_loss(pictures, numbers, weights, half)
        if compiled:
            self._loss = torch.compile(self._loss)
        self._image = pictures["content"].clone().requires_grad_()
        self._adam = torch.optim.Adam([self._image], lr=numbers["rate"], fused=self._image.is_cuda)

    def warm_up(self):
        self._loss(self._image).backward()

    def run(self, n):
        """Return the losses of n more iterations, which the device has finished."""
        totals = []
        for _ in range(n):
            self._adam.zero_grad()
            total = self._loss(self._image)
            total.backward()
            self._adam.step()
            with torch.no_grad():
                self._image.clamp_(0, 1)
            totals.append(total.detach())
        return torch.stack(totals).tolist()  # waits for the device

    def image(self):
        return self._image.detach()[0].permute(1, 2, 0).numpy()


def main():
    path, device, precision = sys.argv[1:4]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    with np.load(path) as arrays:
        loop = Loop(arrays, precision == "bf16", device, compiled="--compile" in sys.argv)
    answer(loop.run)


if __name__ == "__main__":
    main()
