"""Files of weights whose few kilobytes stand for much more, or for other files: refused by shape, unread."""

import io
import os
import tracemalloc
from zipfile import ZipFile

import h5py
import numpy as np
import pytest
from numpy.lib.format import write_array_header_1_0

from nstbench.api import LAYERS
from nstbench.assets.vgg_files import read_vgg19

from .reading import refusal

HUGE = (8000, 4000)
"""A quarter of a gigabyte in float64, and the more so in copies."""


@pytest.fixture(autouse=True)
def little_memory():
    """See to it that refusing takes none."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6


def keras_file(path, make):
    """Write a file of Keras in which `make` gives each group its kernel."""
    with h5py.File(path, "w") as file:
        for layer in LAYERS:
            group = file.create_group(f"block{layer[4]}_conv{layer[6]}")
            group.attrs["weight_names"] = [b"kernel", b"bias"]
            make(group)
            group.create_dataset("bias", data=np.zeros(64, np.float32))
    return path


def test_datasets_of_another_shape_are_not_read(tmp_path):
    def huge(group):
        group.create_dataset("kernel", HUGE, "f8", compression="gzip", fillvalue=1.0)

    assert f"conv1_1 kernel has shape {HUGE}" in refusal(keras_file(tmp_path / "a.h5", huge))


def test_links_and_data_in_other_files_are_not_followed(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    def link(group):
        group["kernel"] = h5py.ExternalLink(str(tmp_path / "pipe"), "/x")

    def elsewhere(group):
        group.create_dataset("kernel", (3, 3, 3, 64), "f4", external=[(str(tmp_path / "pipe"), 0, 6912)])

    for make in (link, elsewhere):
        assert "damaged, or no VGG-19" in refusal(keras_file(tmp_path / f"{make.__name__}.h5", make))


def test_arrays_that_an_archive_only_declares_are_not_read(tmp_path):
    head = io.BytesIO()
    write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (9000, 4000)})
    with ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in ("conv1_1/kernel", "conv1_1/bias"):
            archive.writestr(f"{name}.npy", head.getvalue())
    assert "come to more than" in refusal(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.h5", "a.npz", "a.safetensors"])
def test_what_is_no_regular_file_is_one_line(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(Exception, match="a named pipe") as refused:
        read_vgg19(tmp_path / name)
    assert type(refused.value).__name__ == "AssetError"
