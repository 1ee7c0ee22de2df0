"""Files that hold a VGG-19: both of Keras's HDF5 layouts, NumPy archives, and what PyTorch programs keep."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, TypeAlias
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
from nstbench.assets.torch_files import Arrays, require_some
from nstbench.system.archives import npz_names, read_npz
from nstbench.system.files import open_regular

if TYPE_CHECKING:
    import h5py

Numbers: TypeAlias = "NDArray[Any] | h5py.Dataset"

DAMAGE_OF_PICKLES = (
    *(OSError, ValueError, EOFError, RuntimeError, KeyError, TypeError, AttributeError),
    *(UnpicklingError, BadZipFile),
)
MOST_BYTES = 2**28
"""VGG-19's convolutions are 80 MB in float32."""
MOST_NUMBERS = 9 * 512 * 512
"""Those of the largest layer."""
MOST_FILTERS = 3
"""Shuffled, compressed and summed."""

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
    if suffix == ".npz":
        return checked(_read_npz(path), path)
    with open_h5(path) as file:
        return checked(_h5_layers(file), path)


def checked(found: Mapping[str, Arrays], path: Path) -> VggWeights:
    """Return all 16 layers in order as float32; datasets of a file that is open are read only if they fit.

    Raises:
        AssetError: a layer is missing, of another shape or type, or not finite.
    """
    if missing := [layer for layer in LAYERS if layer not in found]:
        raise AssetError(
            f"{path}: {', '.join(missing)} not found; VGG-19 weights hold all of conv1_1 to conv5_4"
        )
    return {layer: _layer(layer, *found[layer], path) for layer in LAYERS}


def _layer(layer: str, kernel: Numbers, bias: Numbers, path: Path) -> tuple[Array, Array]:
    channels = CHANNELS[layer]
    return (
        _array(f"{path}: {layer} kernel", kernel, (3, 3, in_channels(layer), channels)),
        _array(f"{path}: {layer} bias", bias, (channels,)),
    )


def _array(where: str, found: Numbers, shape: tuple[int, ...]) -> Array:
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
        open_regular(path).close()
        with h5py.File(path, "r") as file:
            yield file
    except (AttributeError, OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise _damaged(path, error) from error


def keras_3_convolutions(layers: h5py.Group | None) -> dict[str, Arrays]:
    """Find `conv2d`, `conv2d_1` ... of a group `layers` in the order of their numbers; reads none of them.

    Returns:
        (kernel, bias) by the name that the layer had in its model, or by its key where the file does not say.
    """
    found: dict[str, Arrays] = {}
    if layers is None:
        return found
    _require_group(layers)
    keys = [key for key in layers if re.fullmatch(r"conv2d(_\d{1,9})?", key)]
    for key in sorted(keys, key=lambda key: int(key[7:] or 0)):
        variables = _own(_own(layers, key), "vars")
        found[str(variables.attrs.get("name", key))] = (_dataset(variables, "0"), _dataset(variables, "1"))
    return found


def _own(group: h5py.Group, name: str) -> Any:
    """Return what a group holds itself; a link may lead into another file."""
    import h5py

    place = group
    for part in name.strip("/").split("/"):
        _require_group(place)
        if part not in place and place.get(part, getlink=True, default=None) is None:
            raise ValueError(f"{place.name} has no {part}")
        if not isinstance(place.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"{part} is a link, and not in the file")
        place = place[part]
    return place


def _require_group(place: Any) -> None:
    import h5py

    if not isinstance(place, h5py.Group):
        raise ValueError(f"{place.name} is a {type(place).__name__.lower()}; expected a group")


def _dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    """Return a dataset that may be read once its shape is known to be that of a layer: see `_array`."""
    import h5py

    found = _own(group, name)
    if not isinstance(found, h5py.Dataset):
        raise ValueError(f"{found.name} is a {type(found).__name__.lower()}; expected a dataset")
    filters = found.id.get_create_plist().get_nfilters()
    elsewhere = found.external or found.is_virtual
    if elsewhere or filters > MOST_FILTERS or math.prod(found.chunks or ()) > MOST_NUMBERS:
        raise ValueError(f"{name} lies in another file, or is packed as no weights are")
    return found


def _h5_layers(file: h5py.File) -> dict[str, Arrays]:
    if "layers" in file:
        layers = _own(file, "layers")
        found = keras_3_convolutions(layers)
        require_some(found, layers, "conv2d, conv2d_1 ... in the group layers, as Keras 3 writes them")
        return _by_name_or_order(found)
    groups = _own(file, "model_weights") if "model_weights" in file else file
    _require_group(groups)
    named = {name: _canonical(name) for name in groups}
    expected = "a group layers, as Keras 3 writes it, or groups block1_conv1 ... block5_conv4"
    require_some({layer: name for name, layer in named.items() if layer}, groups, expected)
    return {layer: _classic(_own(groups, name)) for name, layer in named.items() if layer}


def _by_name_or_order(found: dict[str, Arrays]) -> dict[str, Arrays]:
    named = {layer: arrays for name, arrays in found.items() if (layer := _canonical(name))}
    return named or dict(zip(LAYERS, found.values(), strict=False))


def _classic(group: h5py.Group) -> Arrays:
    """Read the kernel and the bias, in this order in the attribute `weight_names`."""
    names = np.ravel(group.attrs["weight_names"]) if "weight_names" in group.attrs else np.array(())
    if len(names) != 2 or names.dtype.kind not in "SUO":
        raise ValueError(f"{group.name} has weight_names {names.tolist()!r:.60}; expected kernel and bias")
    kernel, bias = (_dataset(group, _text(name)) for name in names)
    return kernel, bias


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _read_npz(path: Path) -> dict[str, Arrays]:
    try:
        names = [f"{layer}/{which}" for layer in LAYERS for which in ("kernel", "bias")]
        found = read_npz(path, MOST_BYTES, names)
        require_some(found, npz_names(path), "conv1_1/kernel, conv1_1/bias ... conv5_4/bias")
        whole = [layer for layer in LAYERS if {f"{layer}/kernel", f"{layer}/bias"} <= set(found)]
        return {layer: (found[f"{layer}/kernel"], found[f"{layer}/bias"]) for layer in whole}
    except (OSError, ValueError, EOFError, BadZipFile, KeyError, zlib.error, NotImplementedError) as error:
        raise _damaged(path, error) from error


def _read_torch(path: Path) -> dict[str, Arrays]:
    try:
        open_regular(path).close()
        return torch_files.read_torch(path)
    except DAMAGE_OF_PICKLES as error:
        raise _damaged(path, error) from error


def _canonical(name: str) -> str | None:
    try:
        return layer_name(name)
    except UsageError:
        return None


def _damaged(path: Path, error: Exception) -> AssetError:
    return AssetError(f"{path}: damaged, or no VGG-19 weights ({one_line(error)}); fetch or write them again")
