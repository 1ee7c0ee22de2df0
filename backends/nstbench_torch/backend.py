"""The backend object: capabilities, device, weights, and the losses made so far."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
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
    Programs,
    Session,
    VggWeights,
    static_part,
)

if TYPE_CHECKING:
    from nstbench_torch.network import Weights
    from nstbench_torch.session import Posed


class TorchVgg19(Backend):
    """VGG-19 with its channels last; CUDA graphs on a GPU, `torch.compile` if asked for."""

    capabilities = Capabilities(
        summary="VGG-19 optimisation in PyTorch, channels last; CUDA graphs on a GPU",
        consumes=VGG_SETTINGS,
        devices=("cpu", "gpu"),
        requires=("torch", "scipy"),
        install="pip install 'nstbench[torch]'",
        options={
            "compile": Option(False, "compile the losses and their gradient with torch.compile"),
            "graph": Option(True, "on a GPU: record an iteration as a CUDA graph, and replay it"),
        },
        variables=("TORCH_", "TORCHINDUCTOR_", "PYTORCH_", "TRITON_"),
        keeps_programs=True,
    )

    def keep_programs(self, folder: Path | None) -> None:
        # What Inductor keeps unasked lies in a folder that all users share, and no row would say so.
        if not self.options["compile"]:
            return
        if folder is None:
            os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
        else:
            os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder))

    def start(self, device: str, deterministic: bool = False) -> Device:
        if deterministic:  # cuBLAS reads this when it is first used
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        # For the short products of L-BFGS threads of SciPy's OpenBLAS cost more than they bring.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        import torch

        import nstbench_torch.session  # noqa: F401 - so that no import is left to a later phase
        from nstbench_torch.update import Compiler

        torch.use_deterministic_algorithms(deterministic)
        if device == "gpu" and not torch.cuda.is_available():
            raise BackendUnavailable(
                "torch-vgg19: PyTorch sees no GPU. Use device: cpu, or install a build of torch for CUDA"
            )
        on_gpu = device != "cpu" and torch.cuda.is_available()
        self._device = torch.device("cuda" if on_gpu else "cpu")
        self._compiler = Compiler(self.options["compile"])
        self._losses: Programs[Any] = Programs()
        if on_gpu:
            return Device("gpu", torch.cuda.get_device_name())
        if self.options["compile"] and not shutil.which(os.environ.get("CXX", "g++")):
            raise BackendUnavailable(
                "torch-vgg19: options.compile needs a C++ compiler on a CPU, g++ or the one that CXX names"
            )
        return Device("cpu", "")

    def load(self, weights: VggWeights | None) -> None:
        from nstbench_torch.network import to_device

        assert weights is not None, "torch-vgg19 consumes the setting `weights`"
        self._weights = to_device(weights, self._device)
        self._half: Weights | None = None

    def prepare(self, problem: Problem) -> Session:
        from nstbench_torch.session import FirstOrderSession, HostSession

        posed = self._pose(problem)
        if problem.optimiser == "lbfgs":
            return HostSession(posed, problem.init)
        return FirstOrderSession(posed, problem, record=self.options["graph"])

    def evaluate(self, problem: Problem) -> Evaluation:
        from nstbench_torch.session import evaluate

        return evaluate(self._pose(problem), problem.init)

    def reduce(self, rows: Array, others: Array, matrix: Array) -> Mapping[str, Array]:
        import torch

        from nstbench_torch.losses import reductions

        taken = (torch.from_numpy(each).to(self._device) for each in (rows, others, matrix))
        return {name: value.cpu().numpy() for name, value in reductions(*taken).items()}

    @property
    def compilations(self) -> int:
        return self._compiler.made

    @property
    def programs_found(self) -> int:
        return self._compiler.found

    def peak_device_bytes(self) -> int | None:
        import torch

        return torch.cuda.max_memory_allocated() if self._device.type == "cuda" else None

    def _pose(self, problem: Problem) -> Posed:
        import torch

        from nstbench_torch.session import pose

        static = static_part(problem)
        weights = self._weights
        if static.precision == "bf16":
            weights = self._half = self._half or self._weights.to(torch.bfloat16)
        losses = self._losses.get(static, lambda: self._compiler.losses(static))
        return pose(problem, static, weights, losses, self._device)
