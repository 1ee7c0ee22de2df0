"""The default settings, on a real network: a first picture takes after the style, whatever the optimiser.

One backend will do, as the parity ladder holds the other to the same losses.
"""

import pytest

import nstbench

FIRST = {
    "name": "first",
    "inputs": {"content": "sample:cat", "style": "sample:strokes"},
    "fixed": {"size": 48, "iterations": 12, "weights": "bundled"},
    "sweep": {"optimiser": ["adam", "sgd", "lbfgs"]},
    "backends": ["tf-vgg19"],
    "measure": {"referee": "none"},
}


@pytest.mark.thorough
def test_every_optimiser_lowers_the_loss_with_its_default_rate(tmp_path):
    results = nstbench.sweep(FIRST, tmp_path / "first")
    runs = results.runs.set_index("trial_id")
    assert runs["status"].tolist() == ["ok"] * 3
    assert runs["caution"].isna().all()
    total = results.losses.groupby("trial_id")["total"]
    assert (total.last() < 0.8 * total.first()).all(), (total.last() / total.first()).to_dict()
