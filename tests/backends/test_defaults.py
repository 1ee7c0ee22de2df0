"""The default settings, on real networks: a first picture takes after the style, whatever the optimiser."""

import nstbench

FIRST = {
    "name": "first",
    "inputs": {"content": "sample:cat", "style": "sample:strokes"},
    "fixed": {"size": 64, "iterations": 12, "weights": "bundled"},
    "sweep": {"optimiser": ["adam", "sgd", "lbfgs"]},
    "backends": ["jax-vgg19", "tf-vgg19"],
    "measure": {"referee": "none"},
}


def test_every_optimiser_lowers_the_loss_with_its_default_rate(tmp_path):
    results = nstbench.sweep(FIRST, tmp_path / "first")
    runs = results.runs.set_index("trial_id")
    assert runs["status"].tolist() == ["ok"] * 6
    assert runs["caution"].isna().all()
    total = results.losses.groupby("trial_id")["total"]
    assert (total.last() < 0.8 * total.first()).all(), (total.last() / total.first()).to_dict()
