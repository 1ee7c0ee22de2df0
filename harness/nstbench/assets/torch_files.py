"""Files in which PyTorch programs keep a VGG-19: `.pth` and safetensors, with torchvision's names."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeAlias
from zipfile import ZIP_STORED, ZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from nstbench.api import BGR_MEAN, CHANNELS, LAYERS, AssetError, in_channels

Arrays: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
MOST_NAMES, MOST_LETTERS = 4, 40
"""Of what else a file holds, so much is told."""
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]

SUFFIXES = (".pth", ".pt", ".safetensors")

PLACES: Mapping[str, int] = dict(
    zip(LAYERS, (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34), strict=True)
)
"""Layer -> its number N in `features.N.weight`, where ReLU and pooling are counted too."""

RGB_MEAN, RGB_STD = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
"""What torchvision's networks expect of RGB in [0, 1]: less these means, divided by these deviations."""

EXPECTED = "features.0.weight, features.0.bias ... features.34.bias, as torchvision names them"

FLOATS = ("F16", "F32", "F64")
"""Types of safetensors that NumPy has."""

OF_CAFFE = ("d01eb7cb", "caffe")
"""In the name of a file whose network sees BGR less `BGR_MEAN`: Caffe's, as jcjohnson/pytorch-vgg has it.

Its arrays bear the same names as torchvision's.
"""


def read_torch(path: Path) -> dict[str, Arrays]:
    """Read `features.N.weight` and `features.N.bias`: (kernel, bias) of each layer that is there.

    A network of torchvision's is turned into one that sees what nstbench's see: channels and deviations go
    into the kernel of conv1_1, the difference of the means into its bias. That is exact but for the outermost
    ring of pixels, whose padding stands for another grey there: 0.5 of 255 at most.

    Raises:
        AssetError: the file is a `.pth`, and PyTorch is not installed.
        ValueError: it holds none of them, or one that is of another shape or type.
    """
    wanted = {
        f"features.{n}.{which}": shape
        for layer, n in PLACES.items()
        for which, shape in (
            ("weight", (CHANNELS[layer], in_channels(layer), 3, 3)),
            ("bias", (CHANNELS[layer],)),
        )
    }
    read = _safetensors if path.suffix.lower() == ".safetensors" else _pickled
    arrays = read(path, wanted)
    found = {
        layer: (arrays[f"features.{n}.weight"].transpose(2, 3, 1, 0), arrays[f"features.{n}.bias"])
        for layer, n in PLACES.items()
        if {f"features.{n}.weight", f"features.{n}.bias"} <= set(arrays)
    }
    if LAYERS[0] in found and not any(word in path.name.lower() for word in OF_CAFFE):
        found[LAYERS[0]] = _seeing_bgr(*found[LAYERS[0]])
    return found


def require_some(found: Mapping[str, object], names: Collection[object], expected: str) -> None:
    """Have at least one layer found, of a file in which these names are.

    Raises:
        ValueError: says which names there are, and which are expected.
    """
    if found:
        return
    told = [f"{name!r:.{MOST_LETTERS}}" for _, name in zip(range(MOST_NAMES), names, strict=False)]
    more = f" and {len(names) - MOST_NAMES:,} more" * (len(names) > MOST_NAMES)
    raise ValueError(f"it holds {', '.join(told) or 'nothing'}{more}; expected {expected}")


def _seeing_bgr(kernel: NDArray[Any], bias: NDArray[Any]) -> Arrays:
    """Let a network of torchvision's see BGR in [0, 255] less `BGR_MEAN`."""
    turned = kernel[:, :, ::-1].astype(np.float64) / (255 * RGB_STD[::-1, None])
    offset = np.array(BGR_MEAN) - 255 * RGB_MEAN[::-1]
    return turned, bias + np.einsum("yxio,i->o", turned, offset)


def _safetensors(path: Path, wanted: Shapes) -> Mapping[str, NDArray[Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            names = file.keys()
            there = {name: file.get_slice(name) for name in wanted if name in names}
            require_some(there, names, EXPECTED)
            for name, each in there.items():
                _require_shape(name, tuple(each.get_shape()), wanted)
                if each.get_dtype() not in FLOATS:
                    raise ValueError(f"{name} has type {each.get_dtype()}; it must be {' or '.join(FLOATS)}")
            return {name: file.get_tensor(name) for name in there}
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _require_shape(name: str, shape: tuple[int, ...], wanted: Shapes) -> None:
    """Look at a shape before anything is read or copied: a few bytes may stand for gigabytes."""
    if shape != wanted[name]:
        raise ValueError(f"{name} has shape {shape}; it must be {wanted[name]}")


def _pickled(path: Path, wanted: Shapes) -> Mapping[str, NDArray[Any]]:
    try:
        import torch
    except ImportError as error:
        raise AssetError(
            f"{path}: to read this needs PyTorch; pip install 'nstbench[torch]', or keep the weights as "
            "safetensors"
        ) from error
    if is_zipfile(path):
        with ZipFile(path) as archive:
            if any(each.compress_type != ZIP_STORED for each in archive.infolist()):
                raise ValueError("compressed, as PyTorch writes none")
    state = _state(path, torch)
    found = {name: state[name] for name in wanted if name in state}
    require_some(found, state, EXPECTED)
    for name, each in found.items():
        _require_numbers(name, each, torch)
        _require_shape(name, tuple(each.shape), wanted)
    return {name: each.float().numpy() for name, each in found.items()}


def _state(path: Path, torch: Any) -> Mapping[Any, Any]:
    with warnings.catch_warnings(action="ignore"):  # about pickles that it then refuses
        try:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
        except (UnpicklingError, EOFError, LookupError) as error:  # which tells of PyTorch's own insides
            raise ValueError("cut off, or not tensors by name that torch.save wrote") from error
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else loaded
    if not isinstance(state, dict):
        raise ValueError(f"it holds an object of type {type(state).__name__}; expected tensors by name")
    return state


def _require_numbers(name: str, found: Any, torch: Any) -> None:
    if not isinstance(found, torch.Tensor):
        raise ValueError(f"{name} is of type {type(found).__name__}; it must be a tensor")
    if found.is_nested or found.is_meta or found.layout != torch.strided or not found.is_floating_point():
        told = f"{found.dtype}, {found.layout} on {found.device}".replace("torch.", "")
        raise ValueError(f"{name} has type {told}; it must be floating-point, strided and in the file")
