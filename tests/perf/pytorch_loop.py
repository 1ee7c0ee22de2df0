"""Style transfer as one would write it in PyTorch, to compare with: one Adam loop, no more than it needs.

`pytorch_loop.py PROBLEM.npz DEVICE PRECISION [--compile]` answers each line `N` on standard input with a line
of JSON, {"seconds": ..., "losses": [...]}, about N more iterations. PRECISION is `default` (TF32 where there
is any) or `bf16`; tensors are channels_last; `--compile` has `torch.compile` compile loss and gradient.

A problem holds the arrays `content`, `style` (H, W, 3; RGB in [0, 1]), `alpha`, `beta`, `rate`, and the
parameters `conv1_1/kernel` (HWIO), `conv1_1/bias` ... The layers are those of Gatys et al.: conv1_1 to
conv5_1 and conv4_2. Losses are those of nstbench.api.losses, of the image before its update.
"""

import sys
from contextlib import nullcontext

import numpy as np
import torch
from plain import CONTENT, LAYERS, MEAN, STYLE, answer
from torch.nn.functional import conv2d, max_pool2d, relu


def read(path, device):
    """Return (pictures as 1 x 3 x H x W, numbers, parameters as OIHW)."""
    with np.load(path) as arrays:
        pictures = {
            name: torch.from_numpy(arrays[name])
            .to(device)
            .permute(2, 0, 1)[None]
            .contiguous(memory_format=torch.channels_last)
            for name in ("content", "style")
        }
        numbers = {name: float(arrays[name]) for name in ("alpha", "beta", "rate")}
        weights = {}
        for layer in LAYERS:
            kernel = torch.from_numpy(arrays[f"{layer}/kernel"]).permute(3, 2, 0, 1)
            bias = torch.from_numpy(arrays[f"{layer}/bias"])
            weights[layer] = kernel.to(device).contiguous(memory_format=torch.channels_last), bias.to(device)
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


def make_loop(pictures, numbers, weights, half, compiled):
    """Return n -> the losses of n more iterations, which the device has finished."""
    loss = make_loss(pictures, numbers, weights, half)
    if compiled:
        loss = torch.compile(loss)
    image = pictures["content"].clone().requires_grad_()
    adam = torch.optim.Adam([image], lr=numbers["rate"], fused=image.is_cuda)

    def run(n):
        totals = []
        for _ in range(n):
            adam.zero_grad()
            total = loss(image)
            total.backward()
            adam.step()
            with torch.no_grad():
                image.clamp_(0, 1)
            totals.append(total.detach())
        return torch.stack(totals).tolist()  # waits for the device

    return run


def main():
    path, device, precision = sys.argv[1:4]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    run = make_loop(*read(path, device), half=precision == "bf16", compiled="--compile" in sys.argv)
    answer(run)


if __name__ == "__main__":
    main()
