"""The contract: the only room a backend imports. Standard library, NumPy; SciPy for `LbfgsSession`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nstbench.api.arithmetic import Arithmetic, Look, blend
from nstbench.api.backend import Backend, Session
from nstbench.api.capabilities import (
    Advice,
    Capabilities,
    Device,
    Network,
    Option,
)
from nstbench.api.errors import (
    DEBUG,
    AssetError,
    BackendUnavailable,
    ExperimentError,
    NotKept,
    NstbenchError,
    ResultsError,
    UnknownName,
    UsageError,
    debugging,
    did_you_mean,
    one_line,
    printable,
    with_place,
)
from nstbench.api.iterative import (
    LOSS_COLUMNS,
    Programs,
    Static,
    guides_of,
    guides_of_styles,
    look_by,
    loss_trace,
    numbers,
    static_part,
)
from nstbench.api.losses import ROUNDING, LossTrace
from nstbench.api.masks import guides
from nstbench.api.method import METHOD, TV_FORMS, Method
from nstbench.api.plugin import Planning, Plugin
from nstbench.api.problem import Evaluation, OptimiserState, Problem
from nstbench.api.registry import Readiness, found_plugins, plugin, plugins, readiness
from nstbench.api.setting import Setting
from nstbench.api.settings import FEEDFORWARD_SETTINGS, SETTINGS, VGG_SETTINGS, Settings
from nstbench.api.stages import Stage, growing, scaled
from nstbench.api.variables import DETERMINISTIC, TF_VARIABLES, add_xla_flags, xla_flags
from nstbench.api.vgg19 import (
    BGR_MEAN,
    CHANNELS,
    GATYS_CONTENT_LAYERS,
    GATYS_STYLE_LAYERS,
    LAYERS,
    Array,
    VggWeights,
    block,
    gflop_per_iteration,
    in_channels,
    layer_name,
    short_layer,
    smallest_side,
    tap_shape,
    up_to,
)

if TYPE_CHECKING:
    from nstbench.api.lbfgs import LbfgsSession

__all__ = [
    "BGR_MEAN",
    "CHANNELS",
    "DEBUG",
    "DETERMINISTIC",
    "FEEDFORWARD_SETTINGS",
    "GATYS_CONTENT_LAYERS",
    "GATYS_STYLE_LAYERS",
    "LAYERS",
    "LOSS_COLUMNS",
    "METHOD",
    "ROUNDING",
    "SETTINGS",
    "TF_VARIABLES",
    "TV_FORMS",
    "VGG_SETTINGS",
    "Advice",
    "Arithmetic",
    "Array",
    "AssetError",
    "Backend",
    "BackendUnavailable",
    "Capabilities",
    "Device",
    "Evaluation",
    "ExperimentError",
    "LbfgsSession",
    "Look",
    "LossTrace",
    "Method",
    "Network",
    "NotKept",
    "NstbenchError",
    "OptimiserState",
    "Option",
    "Planning",
    "Plugin",
    "Problem",
    "Programs",
    "Readiness",
    "ResultsError",
    "Session",
    "Setting",
    "Settings",
    "Stage",
    "Static",
    "UnknownName",
    "UsageError",
    "VggWeights",
    "add_xla_flags",
    "blend",
    "block",
    "debugging",
    "did_you_mean",
    "found_plugins",
    "gflop_per_iteration",
    "growing",
    "guides",
    "guides_of",
    "guides_of_styles",
    "in_channels",
    "layer_name",
    "look_by",
    "loss_trace",
    "numbers",
    "one_line",
    "plugin",
    "plugins",
    "printable",
    "readiness",
    "scaled",
    "short_layer",
    "smallest_side",
    "static_part",
    "tap_shape",
    "up_to",
    "with_place",
    "xla_flags",
]


def __getattr__(name: str) -> Any:
    if name == "LbfgsSession":  # SciPy is imported by the backends that need it
        from nstbench.api.lbfgs import LbfgsSession

        return LbfgsSession
    raise AttributeError(f"module 'nstbench.api' has no attribute {name!r}")
