"""Losses and defaults of programs for PyTorch, as data."""

from __future__ import annotations

from nstbench.api import CHANNELS, GATYS_STYLE_LAYERS
from nstbench.presets.loss_scale import LossScale
from nstbench.presets.preset import Preset
from nstbench.presets.projects import FIXED_STEPS, GATYS_LAYERS, NO_CLIPPING

_TORCHVISION = (
    "its network is torchvision's, and so must `weights` be for its balance of content and style: a .pth or"
    " .safetensors. The outermost ring of pixels is padded with another grey there, 0.5 of 255 at most"
)
_LBFGS = f"{FIXED_STEPS}; it remembers 100 steps, ours 10; its iterations are evaluations of the loss"

_GATYS_NOTEBOOK = Preset(
    name="gatys-notebook",
    summary="L. Gatys's notebook PytorchNeuralStyleTransfer, low resolution",
    source="https://github.com/leongatys/PytorchNeuralStyleTransfer/blob/master/NeuralStyleTransfer.ipynb",
    scale=LossScale(content=1.0, content_mean=True, style=4.0),
    content_term="K / (N * M)",
    style_term="4 * E",
    tv_term="TV",
    settings={
        **GATYS_LAYERS,
        "style_weights": tuple(1 / CHANNELS[layer] ** 2 for layer in GATYS_STYLE_LAYERS),
        "alpha": 1.0,
        "beta": 1000.0,
        "tv_weight": 0.0,
        "optimiser": "lbfgs",
        "iterations": 500,
        "init": "content",
        "pooling": "max",
    },
    departures=(
        "its network is Simonyan and Zisserman's, of a file of its own; with other weights alpha and beta"
        " weigh differently",
        "the shorter side of each image has the size given there, the longer one here",
        f"{NO_CLIPPING}, by L-BFGS too",
        _LBFGS,
    ),
)

_NEURAL_STYLE_PT = Preset(
    name="neural-style-pt",
    summary="ProGamerGov's neural-style-pt, J. Johnson's neural-style in PyTorch",
    source="https://github.com/ProGamerGov/neural-style-pt/blob/master/neural_style.py",
    scale=LossScale(content=1.0, content_mean=True, style=4.0, channel_power=-2, pixel_range=255.0),
    content_term="K / (N * M)",
    style_term="4 * E / N**2",
    tv_term="255 * TV",
    settings={
        **GATYS_LAYERS,
        "style_weights": (1.0,) * 5,
        "alpha": 5.0,
        "beta": 100.0,
        "tv_weight": 1e-3,
        "tv_form": "absolute",
        "optimiser": "lbfgs",
        "learning_rate": 1 / 255,
        "adam_epsilon": 255 * 1e-8,
        "iterations": 1000,
        "init": "noise",
        "pooling": "max",
    },
    departures=(
        NO_CLIPPING,
        "its noise is Gaussian with deviation 0.001 of 255 around the mean colour; here uniform from 0 to 1",
        f"{_LBFGS}; learning_rate and adam_epsilon serve its other optimiser, adam",
        "its network is Caffe's (`vgg19-d01eb7cb.pth`); with other weights alpha and beta weigh differently",
    ),
)

_PYTORCH_TUTORIAL = Preset(
    name="pytorch-tutorial",
    summary="the tutorial Neural Transfer Using PyTorch on pytorch.org",
    source="https://docs.pytorch.org/tutorials/advanced/neural_style_tutorial.html",
    scale=LossScale(content=1.0, content_mean=True, style=4.0, channel_power=-2),
    content_term="K / (N * M)",
    style_term="4 * E / N**2",
    tv_term="TV",
    settings={
        "content_layers": ("conv2_2",),
        "style_layers": ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"),
        "style_weights": (1.0,) * 5,
        "taps": "conv",
        "alpha": 1.0,
        "beta": 1e6,
        "tv_weight": 0.0,
        "optimiser": "lbfgs",
        "iterations": 300,
        "init": "content",
        "pooling": "max",
    },
    departures=(
        _TORCHVISION,
        "both images have one size there; here the style image keeps its proportions",
        "pixels are clipped before each evaluation there, unknown to L-BFGS; here L-BFGS keeps them between 0"
        " and 1",
        _LBFGS,
    ),
)

_CROWSONKB = Preset(
    name="crowsonkb",
    summary="K. Crowson's style-transfer-pytorch, with its Wasserstein-2 style loss",
    source="https://github.com/crowsonkb/style-transfer-pytorch",
    scale=LossScale(content=1.0, content_mean=True, tv_mean=True),
    content_term="K / (N * M)",
    style_term="E",
    tv_term="TV / (3 * H * W)",
    settings={
        **GATYS_LAYERS,
        "style_weights": tuple(share / 341 for share in (256, 64, 16, 4, 1)),
        "style_loss": "wasserstein2",
        "alpha": 0.015,
        "beta": 1.0,
        "tv_weight": 2.0,
        "tv_form": "squared",
        "optimiser": "adam",
        "learning_rate": 0.02,
        "adam_beta2": 0.99,
        "averaging": 0.99,
        "iterations": 1000,
        "init": "content",
        "pooling": "max",
    },
    departures=(
        _TORCHVISION,
        "its first convolution repeats the edge pixels where ours sees zeros",
        "its total variation looks along the diagonals as well, with a quarter of the weight; where a picture"
        " is smooth the two agree",
        "it goes through sizes from 128 up, each sqrt(2) times the last, as `stages` can; but here content"
        " and total variation weigh at each size what they do at the last one",
        "the gradient of its square roots solves Lyapunov's equation, by another iteration; ours is that of"
        " the loss as it is computed",
        "Adam's moments are stretched from size to size there; here they are also scaled as gradients are",
        "a style image is never enlarged there",
    ),
)

PYTORCH_PROJECTS = (_GATYS_NOTEBOOK, _NEURAL_STYLE_PT, _PYTORCH_TUTORIAL, _CROWSONKB)
