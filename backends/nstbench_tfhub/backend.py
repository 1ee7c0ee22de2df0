"""The backend object: what it can do, which network it takes, and the passes traced so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nstbench.api import (
    FEEDFORWARD_SETTINGS,
    TF_VARIABLES,
    Backend,
    BackendUnavailable,
    Capabilities,
    Device,
    Network,
    Option,
    Problem,
    Settings,
    UsageError,
    VggWeights,
)
from nstbench_tfhub.source import NETWORKS, choose, describe

if TYPE_CHECKING:
    from nstbench_tfhub.session import TfHubSession

SMALLEST_STYLE = 43
"""The shortest style side, in pixels, that the style network still sees anything in."""


class TfHubFast(Backend):
    """The network of Ghiasi et al. (2017): any style, one pass, no optimisation."""

    capabilities = Capabilities(
        summary="arbitrary stylisation in one pass, Magenta's network through TensorFlow Hub",
        consumes=FEEDFORWARD_SETTINGS | {"deterministic"},
        devices=("cpu", "gpu"),
        requires=("tensorflow", "tensorflow_hub", "pkg_resources"),
        install="pip install 'nstbench[tfhub]' 'setuptools<81'",
        options={
            "network": Option(
                "auto",
                "hub: TF-Hub's module; mobile: the version in the extra `bundled`; auto: hub if possible",
                choices=NETWORKS,
            ),
            "style_side": Option(256, "side, in pixels, of the square the network sees as style; 43 or more"),
            "style_vector": Option(
                "pass",
                "what the network makes of the style: anew in every pass, or once (network: mobile)",
                choices=("pass", "once"),
            ),
            "blur": Option(False, "average the style over 3 x 3 pixels first, as TF-Hub's tutorial does"),
        },
        variables=TF_VARIABLES,
    )

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        self._kind = "cpu"
        self._traces = 0
        self._stylise: Callable[[Any, Any], Any] | None = None
        self._seen: Callable[[Any], Any] = _as_it_is

    def identify(self) -> Network:
        """Name the network; with `auto`, what `load` on this machine would take now."""
        return describe(choose(self.options["network"]))

    def refuse(self, settings: Settings) -> str | None:
        """Refuse half precision, and style images too small for the network."""
        if settings.precision == "bf16":
            return "the network runs in float32: precision may be highest or default, not bf16"
        if (side := self.options["style_side"]) < SMALLEST_STYLE:
            return f"the option style_side is {side}; the style network needs {SMALLEST_STYLE} pixels or more"
        if self._is_once and choose(self.options["network"]) != "mobile":
            return "TF-Hub's module takes the style in every pass: style_vector: once needs network: mobile"
        return None

    def start(self, device: str, deterministic: bool = False) -> Device:
        """Import TensorFlow and TensorFlow Hub; `cpu` hides the GPUs from them.

        The mode `deterministic` is TensorFlow's own, and holds for the rest of the process.
        """
        import tensorflow as tf

        from nstbench_tfhub.network import import_hub

        import_hub()
        if deterministic:
            tf.config.experimental.enable_op_determinism()
        gpus = tf.config.list_physical_devices("GPU")
        if device == "gpu" and not gpus:
            raise BackendUnavailable("tfhub-fast: TensorFlow finds no GPU here; use device: cpu or auto")
        self._traces = 0
        if device == "cpu" or not gpus:
            tf.config.set_visible_devices([], "GPU")
            self._kind = "cpu"
            return Device("cpu", "")
        self._kind = "gpu"
        details = tf.config.experimental.get_device_details(gpus[0])
        return Device("gpu", details.get("device_name", gpus[0].name))

    def load(self, weights: VggWeights | None) -> None:
        """Load the network that `identify` names; the first time it is downloaded or rebuilt.

        Raises:
            AssetError: it can be neither found, downloaded nor read.
        """
        import tensorflow as tf

        from nstbench_tfhub.network import load_module

        module = load_module(choose(self.options["network"]))
        take, self._seen = (module.transform, module.style_vector) if self._is_once else (module, _as_it_is)

        def stylise(content: Any, style: Any) -> Any:
            self._traces += 1  # Python runs this only while TensorFlow traces a new shape
            return take(content, style)[0]

        self._stylise = tf.function(stylise, autograph=False)

    def prepare(self, problem: Problem) -> TfHubSession:
        """Put a picture and its style on the device."""
        from nstbench_tfhub.session import TfHubSession

        problem.expect()
        if reason := self.refuse(problem.settings()):
            raise UsageError(f"tfhub-fast: {reason}")
        assert self._stylise is not None, "load() comes before prepare()"
        how = self.options["style_side"], self.options["blur"]
        return TfHubSession(self._stylise, self._seen, problem, *how)

    @property
    def _is_once(self) -> bool:
        return bool(self.options["style_vector"] == "once")

    @property
    def compilations(self) -> int:
        """How many shapes TensorFlow has traced since `start`."""
        return self._traces

    def peak_device_bytes(self) -> int | None:
        """What TensorFlow's allocator held at most on the GPU."""
        if self._kind == "cpu":
            return None
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])


def _as_it_is(style: Any) -> Any:
    return style
