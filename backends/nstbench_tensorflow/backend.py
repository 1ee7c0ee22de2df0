"""The backend object: capabilities, device, weights, and the programs traced so far."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nstbench.api import (
    VGG_SETTINGS,
    Array,
    Backend,
    BackendUnavailable,
    Capabilities,
    Device,
    Evaluation,
    Option,
    Problem,
    Session,
    VggWeights,
)

if TYPE_CHECKING:
    from nstbench_tensorflow.update import Program, Shape


VARIABLES = (
    *("TF_ENABLE_", "TF_DISABLE_", "TF_FORCE_", "TF_USE_", "TF_NUM_", "TF_XLA_", "TF_GPU_", "TF_CUDNN_"),
    *("TF_AUTOTUNE_", "TF_DETERMINISTIC_OPS", "XLA_"),
)
"""Not all of `TF_`: Terraform keeps settings and secrets under the same letters."""


class TensorFlowVgg19(Backend):
    """VGG-19 in one `tf.function`, which holds the updates of Adam and gradient descent too."""

    capabilities = Capabilities(
        summary="VGG-19 optimisation in TensorFlow, several updates in one tf.function",
        consumes=VGG_SETTINGS,
        devices=("cpu", "gpu"),
        requires=("tensorflow", "scipy"),
        install="pip install 'nstbench[tensorflow]'",
        options={"xla": Option(False, "compile the function with XLA (jit_compile=True)")},
        variables=VARIABLES,
    )

    def __init__(self) -> None:
        self.device = "/CPU:0"
        self.weights: Mapping[str, tuple[Any, Any]] = {}
        self.xla = False
        self._targets: dict[Shape, Program] = {}
        self._views: dict[Shape, Program] = {}
        self._programs: dict[Shape, Program] = {}

    def start(self, device: str, deterministic: bool = False) -> Device:
        if deterministic:  # XLA has a switch of its own, read once; of two alike the last wins
            flags = os.environ.get("XLA_FLAGS", "")
            os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
        # SciPy brings its own OpenBLAS, which reads this once. For the short products of L-BFGS its threads
        # cost 137 ms an iteration at 64 px (1 ms without) when they wait for cores that others use.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        import tensorflow as tf

        import nstbench_tensorflow.session  # noqa: F401 - so that no import is left to a later phase

        if deterministic:
            tf.config.experimental.enable_op_determinism()
        gpus = tf.config.list_physical_devices("GPU")
        if device == "gpu" and not gpus:
            raise BackendUnavailable(
                "tf-vgg19: TensorFlow sees no GPU. Use device: cpu, or pip install 'tensorflow[and-cuda]'"
            )
        self._programs.clear()
        if device == "cpu" or not gpus:
            tf.config.set_visible_devices([], "GPU")
            return Device("cpu", "")
        tf.config.set_visible_devices(gpus[:1], "GPU")  # TensorFlow wants one growth rule for all it sees
        tf.config.experimental.set_memory_growth(gpus[0], True)
        self.device = "/GPU:0"
        return Device("gpu", tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))

    def load(self, weights: VggWeights | None, options: Mapping[str, Any]) -> None:
        import tensorflow as tf

        assert weights is not None, "tf-vgg19 consumes the setting `weights`"
        self.xla = bool(options.get("xla", False))
        with tf.device(self.device):
            self.weights = {
                layer: (tf.constant(kernel), tf.constant(bias)) for layer, (kernel, bias) in weights.items()
            }

    def prepare(self, problem: Problem) -> Session:
        from nstbench_tensorflow.session import FirstOrderSession, LbfgsSession

        kind = LbfgsSession if problem.optimiser == "lbfgs" else FirstOrderSession
        return kind(self, problem)

    def evaluate(self, problem: Problem) -> Evaluation:
        from nstbench_tensorflow.session import evaluate

        return evaluate(self, problem)

    def reduce(self, rows: Array, others: Array, matrix: Array) -> Mapping[str, Array]:
        import tensorflow as tf

        from nstbench_tensorflow.losses import reductions

        tf.config.experimental.enable_tensor_float_32_execution(False)
        with tf.device(self.device):
            found = tf.function(reductions, jit_compile=self.xla)(*map(tf.constant, (rows, others, matrix)))
        return {name: value.numpy() for name, value in found.items()}

    def targets(self, shape: Shape) -> Program:
        """Return the function that computes the targets; a sweep over numbers traces it once."""
        from nstbench_tensorflow.update import trace_targets

        key = shape._replace(height=0, width=0, tv_form="", optimiser="", xla=False)
        if key not in self._targets:
            self._targets[key] = trace_targets(key)
        return self._targets[key]

    def view(self, shape: Shape) -> Program:
        """Return the function that shows an image as the network sees it."""
        from nstbench_tensorflow.update import trace_view

        key = shape._replace(optimiser="", xla=False)
        if key not in self._views:
            self._views[key] = trace_view(key)
        return self._views[key]

    def program(self, shape: Shape) -> Program:
        """Return what updates one shape of problem; it is traced by its first call."""
        from nstbench_tensorflow.update import trace_update

        if shape not in self._programs:
            self._programs[shape] = trace_update(shape)
        return self._programs[shape]

    @property
    def compilations(self) -> int:
        return sum(program.traces for program in self._programs.values())

    def peak_device_bytes(self) -> int | None:
        if self.device == "/CPU:0":
            return None
        import tensorflow as tf

        peak: int = tf.config.experimental.get_memory_info("GPU:0")["peak"]
        return peak
