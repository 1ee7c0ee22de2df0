"""Files that hold a VGG-19: both of Keras's HDF5 layouts, NumPy archives, and what PyTorch programs keep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from nstbench.api import (
    CHANNELS,
    LAYERS,
    Array,
    AssetError,
    UsageError,
    VggWeights,
    in_channels,
    layer_name,
    one_line,
)
from nstbench.assets import torch_files
from nstbench.assets.torch_files import Arrays

if TYPE_CHECKING:
    import h5py

SUFFIXES = (".h5", ".hdf5", ".npz", *torch_files.SUFFIXES)


def read_vgg19(path: Path) -> VggWeights:
    """Read a `.h5` file as Keras writes it (before or since version 3), a `.npz`, or one of PyTorch's.

    An archive has the keys `conv1_1/kernel`, `conv1_1/bias` ...; for PyTorch's see `torch_files.read_torch`.
    Whatever else a file holds is ignored.

    Raises:
        AssetError: damaged, or not a VGG-19; names the layer, what was found and what it must be.
    """
    suffix = path.suffix.lower()
    if suffix in torch_files.SUFFIXES:
        return checked(_read_torch(path), path)
    return checked(_read_npz(path) if suffix == ".npz" else _read_h5(path), path)


def checked(found: Mapping[str, Arrays], path: Path) -> VggWeights:
    """Return all 16 layers in order as float32.

    Raises:
        AssetError: a layer is missing, of another shape or type, or not finite.
    """
    if missing := [layer for layer in LAYERS if layer not in found]:
        raise AssetError(
            f"{path}: {', '.join(missing)} not found; VGG-19 weights hold all of conv1_1 to conv5_4"
        )
    return {layer: _layer(layer, *found[layer], path) for layer in LAYERS}


def _layer(layer: str, kernel: NDArray[Any], bias: NDArray[Any], path: Path) -> tuple[Array, Array]:
    channels = CHANNELS[layer]
    return (
        _array(f"{path}: {layer} kernel", kernel, (3, 3, in_channels(layer), channels)),
        _array(f"{path}: {layer} bias", bias, (channels,)),
    )


def _array(where: str, found: NDArray[Any], shape: tuple[int, ...]) -> Array:
    if found.shape != shape:
        raise AssetError(f"{where} has shape {found.shape}; it must be {shape}")
    if found.dtype.kind != "f":
        raise AssetError(f"{where} has type {found.dtype}; it must be floating-point")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(found, np.float32)
    if not np.isfinite(array).all():
        raise AssetError(f"{where} holds values that are not finite in float32; the file is of no use")
    return array


@contextmanager
def open_h5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file; turns whatever damage h5py meets while it is open into one line.

    Raises:
        AssetError: not an HDF5 file, cut off or damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise _damaged(path, error) from error


def keras_3_convolutions(layers: h5py.Group | None) -> dict[str, Arrays]:
    """Read `conv2d`, `conv2d_1` ... of a group `layers` in the order of their numbers.

    Returns:
        (kernel, bias) by the name that the layer had in its model, or by its key where the file does not say.
    """
    found: dict[str, Arrays] = {}
    if layers is None:
        return found
    keys = [key for key in layers if re.fullmatch(r"conv2d(_\d+)?", key)]
    for key in sorted(keys, key=lambda key: int(key[7:] or 0)):
        variables = layers[key]["vars"]
        found[variables.attrs.get("name", key)] = (variables["0"][()], variables["1"][()])
    return found


def _read_h5(path: Path) -> dict[str, Arrays]:
    with open_h5(path) as file:
        if "layers" in file:
            return _by_name_or_order(keras_3_convolutions(file["layers"]))
        groups = file.get("model_weights", file)
        named = {name: _canonical(name) for name in groups}
        return {layer: _classic(groups[name]) for name, layer in named.items() if layer}


def _by_name_or_order(found: dict[str, Arrays]) -> dict[str, Arrays]:
    named = {layer: arrays for name, arrays in found.items() if (layer := _canonical(name))}
    return named or dict(zip(LAYERS, found.values(), strict=False))


def _classic(group: h5py.Group) -> Arrays:
    """Read the kernel and the bias, in this order in the attribute `weight_names`."""
    kernel, bias = (group[name][()] for name in group.attrs["weight_names"])
    return kernel, bias


def _read_npz(path: Path) -> dict[str, Arrays]:
    try:
        # Opened here, because np.load leaves the file open when the archive is cut off.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise ValueError("a single array, not an archive")
            whole = [layer for layer in LAYERS if {f"{layer}/kernel", f"{layer}/bias"} <= set(archive)]
            return {layer: (archive[f"{layer}/kernel"], archive[f"{layer}/bias"]) for layer in whole}
    except (OSError, ValueError, EOFError, BadZipFile, KeyError) as error:
        raise _damaged(path, error) from error


def _read_torch(path: Path) -> dict[str, Arrays]:
    try:
        return torch_files.read_torch(path)
    except (OSError, ValueError, EOFError, RuntimeError, KeyError, UnpicklingError) as error:
        raise _damaged(path, error) from error


def _canonical(name: str) -> str | None:
    try:
        return layer_name(name)
    except UsageError:
        return None


def _damaged(path: Path, error: Exception) -> AssetError:
    return AssetError(f"{path}: damaged, or no VGG-19 weights ({one_line(error)}); fetch or write them again")
