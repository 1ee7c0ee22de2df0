"""What every test of a file of weights asks of what was read, or of the refusal."""

import numpy as np
import pytest

from nstbench.api import LAYERS, AssetError
from nstbench.assets.vgg_files import read_vgg19


def same(read, expected):
    assert list(read) == list(LAYERS)
    for layer in LAYERS:
        for found, wanted in zip(read[layer], expected[layer], strict=True):
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, wanted)


def refusal(path):
    with pytest.raises(AssetError) as caught:
        read_vgg19(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)
