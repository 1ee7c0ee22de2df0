"""Is a slow-down found, and is equal speed called equal? Two sweeps of the stand-in, by the clock."""

import pytest

import nstbench


def swept(path, step_s):
    plain = {
        "name": "timed",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": 60},
        "backends": [{"name": "fake", "options": {"step_s": step_s}}],
        "measure": {"referee": "none", "chunk": 2},
    }
    nstbench.sweep(plain, path)
    return path


@pytest.mark.parametrize(("step_s", "factor", "verdict"), [(0.012, 1.2, "more time"), (0.010, 1.0, "equal")])
def test_what_is_injected_is_what_compare_finds(tmp_path, benchmark, step_s, factor, verdict):
    def measure():
        return nstbench.compare(swept(tmp_path / "before", 0.010), swept(tmp_path / "after", step_s))

    found = benchmark.pedantic(measure, rounds=1).groups.iloc[1]
    benchmark.extra_info |= {name: found[f"step_ratio{name}"] for name in ("", "_low", "_high")}
    print(f"{found['step_ratio']:.3f} ({found['step_ratio_low']:.3f} to {found['step_ratio_high']:.3f})")
    assert found["step_ratio"] == pytest.approx(factor, rel=0.05)
    assert verdict in found["verdict"]
