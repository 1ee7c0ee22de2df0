"""Seconds the referee takes for one picture, its targets known."""

import pytest

from nstbench.assets import load_image, load_weights, resize, resolve_weights
from nstbench.referee import Referee


@pytest.mark.parametrize("size", [128, 256])
def test_judging(size, benchmark, tmp_path):
    weights = load_weights(resolve_weights("random:0", tmp_path))
    content, style = (
        load_image(f"sample:{name}", size, tmp_path).pixels for name in ("astronaut", "strokes")
    )
    stretched = resize(style, *content.shape[:2])
    judge = Referee(weights).against(content, [style], [1.0], stretched)
    benchmark.group = f"{size} px"
    judgement = benchmark.pedantic(judge.judge, args=(stretched,), rounds=5, warmup_rounds=1)
    assert judgement == judge.style_itself
