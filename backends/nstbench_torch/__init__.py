"""`torch-vgg19`: Gatys-style optimisation with VGG-19 in PyTorch, eager or through `torch.compile`.

Importing this package imports no framework; `TorchVgg19.start` does.
"""

from nstbench_torch.backend import TorchVgg19

__all__ = ["TorchVgg19"]
