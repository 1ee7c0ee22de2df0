"""The backend object: capabilities, device, weights, and the programs traced so far."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nstbench.api import (
    DETERMINISTIC,
    TF_VARIABLES,
    VGG_SETTINGS,
    Array,
    Backend,
    BackendUnavailable,
    Capabilities,
    Device,
    Evaluation,
    Option,
    Problem,
    Programs,
    Session,
    VggWeights,
    add_xla_flags,
)

if TYPE_CHECKING:
    from nstbench_tensorflow.session import Posed


class TensorFlowVgg19(Backend):
    """VGG-19 in one `tf.function`, which holds the updates of Adam and gradient descent too."""

    capabilities = Capabilities(
        summary="VGG-19 optimisation in TensorFlow, several updates in one tf.function",
        consumes=VGG_SETTINGS,
        devices=("cpu", "gpu"),
        requires=("tensorflow", "scipy"),
        install="pip install 'nstbench[tensorflow]'",
        options={"xla": Option(False, "compile the function with XLA (jit_compile=True)")},
        variables=TF_VARIABLES,
    )

    def start(self, device: str, deterministic: bool = False) -> Device:
        if deterministic:  # XLA has a switch of its own, read once
            add_xla_flags("tf-vgg19", DETERMINISTIC)
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
        self._programs: Programs[Any] = Programs()
        if device == "cpu" or not gpus:
            tf.config.set_visible_devices([], "GPU")
            self._device = "/CPU:0"
            return Device("cpu", "")
        tf.config.set_visible_devices(gpus[:1], "GPU")  # TensorFlow wants one growth rule for all it sees
        tf.config.experimental.set_memory_growth(gpus[0], True)
        self._device = "/GPU:0"
        return Device("gpu", tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))

    def load(self, weights: VggWeights | None) -> None:
        import tensorflow as tf

        assert weights is not None, "tf-vgg19 consumes the setting `weights`"
        with tf.device(self._device):
            self._weights = {layer: tuple(map(tf.constant, pair)) for layer, pair in weights.items()}

    def prepare(self, problem: Problem) -> Session:
        from nstbench_tensorflow.session import open_session
        from nstbench_tensorflow.update import trace_update

        posed = self._pose(problem)
        program = self._programs.get(posed.recipe, lambda: trace_update(posed.recipe))
        return open_session(posed, program, problem)

    def evaluate(self, problem: Problem) -> Evaluation:
        from nstbench_tensorflow.session import evaluate

        return evaluate(self._pose(problem), problem.init)

    def reduce(self, rows: Array, others: Array, matrix: Array) -> Mapping[str, Array]:
        import tensorflow as tf

        from nstbench_tensorflow.losses import reductions

        tf.config.experimental.enable_tensor_float_32_execution(False)
        compiled = tf.function(reductions, jit_compile=self.options["xla"])
        with tf.device(self._device):
            found = compiled(*map(tf.constant, (rows, others, matrix)))
        return {name: value.numpy() for name, value in found.items()}

    @property
    def compilations(self) -> int:
        return sum(program.traces for program in self._programs.made)

    def peak_device_bytes(self) -> int | None:
        if self._device == "/CPU:0":
            return None
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])

    def _pose(self, problem: Problem) -> Posed:
        from nstbench_tensorflow.session import pose

        return pose(problem, self._device, self._weights, self.options["xla"])
