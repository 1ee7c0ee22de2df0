"""What optimising backends make of masks."""

from dataclasses import replace

import numpy as np
import pytest

from nstbench.api import AssetError, Problem, UnknownName, guides, static_part


def test_content_masks_leave_one_style_loss():
    picture, mask = np.zeros((16, 16, 3), np.float32), np.ones((16, 16), np.float32)
    layers = {"content_layers": {}, "style_layers": {"conv1_1": 1.0}}
    problem = Problem(content=picture, styles=(picture,), init=picture, content_masks=(mask,), **layers)
    assert static_part(problem).regions == 1
    with pytest.raises(UnknownName, match="unknown style_loss 'wasserstein2'; known: gram"):
        static_part(replace(problem, style_loss="wasserstein2"))


def test_a_mask_that_no_position_sees_is_told_by_its_layer():
    edge = np.zeros((17, 16), np.float32)
    edge[16] = 1
    assert guides([edge], ["conv1_1"])["conv1_1"].sum() == pytest.approx(1)
    with pytest.raises(AssetError, match="mask 1 is black at every position of conv2_1"):
        guides([edge], ["conv2_1"])
