"""Other projects' losses and defaults as data: the paper, and programs for several frameworks."""

from __future__ import annotations

from nstbench.api import GATYS_CONTENT_LAYERS, GATYS_STYLE_LAYERS
from nstbench.presets.loss_scale import LossScale
from nstbench.presets.preset import Preset

GATYS_LAYERS = {"content_layers": GATYS_CONTENT_LAYERS, "style_layers": GATYS_STYLE_LAYERS}
_CONV5_LAYERS = {"content_layers": ("conv5_2",), "style_layers": GATYS_STYLE_LAYERS}

_STRETCHED_STYLE = (
    "the style image is stretched to the shape of the content image there; here it keeps its proportions, and"
    " each Gram matrix is divided by its own number of positions"
)
NO_CLIPPING = "pixels are clipped only when saved there; here they are kept between 0 and 1"
UNBOUNDED = "L-BFGS has no bounds there; here it keeps pixels between 0 and 1"
FIXED_STEPS = "L-BFGS takes steps of fixed length there; here it searches along the line"

_GATYS = Preset(
    name="gatys",
    summary="Gatys, Ecker and Bethge 2016, the paper itself; the units of nstbench",
    source="https://www.cv-foundation.org/openaccess/content_cvpr_2016/papers/"
    "Gatys_Image_Style_Transfer_CVPR_2016_paper.pdf",
    scale=LossScale(),
    content_term="K / 2",
    style_term="E",
    tv_term="TV",
    settings={
        **GATYS_LAYERS,
        "alpha": 1.0,
        "beta": 1000.0,
        "tv_weight": 0.0,
        "optimiser": "lbfgs",
        "iterations": 500,
        "init": "noise",
        "pooling": "avg",
    },
    departures=(
        "the paper rescales the network so that each filter's mean activation is 1, which changes what alpha"
        " and beta weigh; here the weights are used as they are",
        "the paper gives several alpha / beta, 1e-3 among them, and no number of iterations; 500 is that of"
        " the first author's notebook (https://github.com/leongatys/PytorchNeuralStyleTransfer)",
        "the style image is resized to the size of the content image there; here it keeps its proportions",
        UNBOUNDED,
    ),
)

_COURSERA = Preset(
    name="coursera",
    summary="deeplearning.ai's notebook Art Generation with Neural Style Transfer, first edition",
    source="https://www.coursera.org/learn/convolutional-neural-networks",
    scale=LossScale(content=1 / 4, content_mean=True),
    content_term="K / (4 * N * M)",
    style_term="E",
    tv_term="TV",
    settings={
        **GATYS_LAYERS,
        "alpha": 10.0,
        "beta": 40.0,
        "tv_weight": 0.0,
        "optimiser": "adam",
        "learning_rate": 2 / 255,
        "adam_epsilon": 255 * 1e-8,
        "iterations": 200,
        "init": "content",
        "pooling": "avg",
    },
    departures=(
        "it starts from 0.4 of the content image and 0.6 of uniform noise from -20 to 20, both around the"
        " mean colour; here from the content image",
        "its Adam adds epsilon to the uncorrected root, so that it weighs 32 times as much at step 1 as here",
        NO_CLIPPING,
        _STRETCHED_STYLE,
    ),
)

_KERAS_EXAMPLE = Preset(
    name="keras-example",
    summary="F. Chollet's example Neural style transfer on keras.io",
    source="https://github.com/keras-team/keras-io/blob/master/examples/generative/neural_style_transfer.py",
    scale=LossScale(content=1.0, style=1 / 9, channel_power=2, position_power=2, pixel_range=255.0),
    content_term="K",
    style_term="E * N**2 * M**2 / (9 * (H * W)**2)",
    tv_term="255**2.5 * TV",
    settings={
        **_CONV5_LAYERS,
        "alpha": 2.5e-8,
        "beta": 1e-6,
        "tv_weight": 1e-6,
        "tv_form": "mahendran",
        "optimiser": "sgd",
        "learning_rate": 100 / 255**2,
        "learning_rate_decay": 0.96,
        "iterations": 4000,
        "init": "content",
        "pooling": "max",
    },
    departures=(NO_CLIPPING, _STRETCHED_STYLE),
)

_TF_TUTORIAL = Preset(
    name="tf-tutorial",
    summary="the tutorial Neural style transfer on tensorflow.org",
    source="https://www.tensorflow.org/tutorials/generative/style_transfer",
    scale=LossScale(content=1.0, content_mean=True, style=4.0),
    content_term="K / (N * M)",
    style_term="4 * E",
    tv_term="TV",
    settings={
        **_CONV5_LAYERS,
        "alpha": 1e4,
        "beta": 1e-2,
        "tv_weight": 30.0,
        "tv_form": "absolute",
        "optimiser": "adam",
        "learning_rate": 0.02,
        "adam_beta1": 0.99,
        "adam_epsilon": 0.1,
        "iterations": 1000,
        "init": "content",
        "pooling": "max",
    },
    departures=(
        "its Adam adds epsilon to the uncorrected root: its 0.1 does at step t what 0.1 / sqrt(1 - 0.999^t)"
        " does here, 3.2 at step 1 and 0.13 at step 1000",
        "it amplifies rounding: noise of 1e-7 moves its own total by 1 to 4 % within five steps, so no two"
        " implementations follow one curve",
    ),
)

_NEURAL_STYLE = Preset(
    name="neural-style",
    summary="J. Johnson's neural-style in Lua",
    source="https://github.com/jcjohnson/neural-style/blob/master/neural_style.lua",
    scale=LossScale(content=1.0, content_mean=True, style=4.0, channel_power=-2, tv=1 / 2, pixel_range=255.0),
    content_term="K / (N * M)",
    style_term="4 * E / N**2",
    tv_term="255**2 * TV / 2",
    settings={
        **GATYS_LAYERS,
        "style_weights": (1.0,) * 5,
        "alpha": 5.0,
        "beta": 100.0,
        "tv_weight": 1e-3,
        "tv_form": "squared",
        "optimiser": "lbfgs",
        "learning_rate": 10 / 255,
        "adam_epsilon": 255 * 1e-8,
        "iterations": 1000,
        "init": "noise",
        "pooling": "max",
    },
    departures=(
        "its loss leaves total variation out and only its gradient has it, without the differences along the"
        " last row and the last column; here both have it, with them",
        f"{NO_CLIPPING}: that alone sets the loss 6 % apart after ten steps; clipped likewise, the two agree"
        " to 4e-5",
        "pixels are multiplied by 256 there, by 255 here",
        "its noise is Gaussian with deviation 0.001 of 256 around the mean colour; here uniform from 0 to 1",
        "its pooling rounds odd sides up, ours down",
        f"{FIXED_STEPS}; its 1000 iterations are evaluations; learning_rate and adam_epsilon serve its other"
        " optimiser, adam, which adds epsilon to the uncorrected root",
    ),
)

_PYSTICHE = Preset(
    name="pystiche",
    summary="the beginner's example of P. Meier's library pystiche",
    source="https://github.com/pystiche/pystiche/blob/main/examples/beginner/example_nst_with_pystiche.py",
    scale=LossScale(content=1.0, content_mean=True, style=4.0),
    content_term="K / (N * M)",
    style_term="4 * E",
    tv_term="TV",
    settings={
        **GATYS_LAYERS,
        "alpha": 1.0,
        "beta": 1000.0,
        "tv_weight": 0.0,
        "optimiser": "lbfgs",
        "iterations": 500,
        "init": "content",
        "pooling": "max",
    },
    departures=(
        "its network is torchvision's, whose input has unit deviation instead of a range of 255; activations"
        " are of another size, and the balance of alpha and beta with them",
        UNBOUNDED,
        FIXED_STEPS,
    ),
)

PROJECTS = (_GATYS, _COURSERA, _KERAS_EXAMPLE, _TF_TUTORIAL, _NEURAL_STYLE, _PYSTICHE)
