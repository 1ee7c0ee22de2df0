"""Compiled programs are kept for later processes, and a row says where its own came from."""

import numpy as np
import pytest

import nstbench

SHALLOW = {
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {
        "size": 32,
        "iterations": 3,
        "weights": "random:0",
        "content_layers": ["conv1_1"],
        "style_layers": ["conv1_1"],
    },
}
BACKENDS = {"jax-vgg19": {}, "torch-vgg19": {"compile": True}}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep programs of other tests out, and let nobody choose another place."""
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path / "cache"))
    for name in ("JAX_COMPILATION_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)


def sweep(tmp_path, name, number, **measure):
    backend = {"name": name, "options": BACKENDS[name]}
    asked = SHALLOW | {"name": "kept", "backends": [backend], "measure": {"referee": "none"} | measure}
    results = nstbench.sweep(asked, tmp_path / str(number))
    (run,) = results.runs.to_dict("records")
    assert run["status"] == "ok", run["error_message"]
    return run, results.losses.drop(columns=["elapsed_s"])


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_a_second_process_loads_what_the_first_compiled(tmp_path, name):
    first, losses = sweep(tmp_path, name, 1)
    second, same = sweep(tmp_path, name, 2)
    assert np.isnan(first["compile_cached_s"]) and np.isnan(second["compile_s"])
    assert second["compile_cached_s"] < first["compile_s"]
    assert "auto" not in first["options_taken"]
    assert first["compile_count"] == second["compile_count"] == 1
    assert first["environment_id"] == second["environment_id"]
    assert losses.equals(same), "the very same program"


def test_who_wants_no_cache_compiles_anew(tmp_path):
    for number in (1, 2):
        run, _ = sweep(tmp_path, "jax-vgg19", number, compile_cache=False)
        assert np.isnan(run["compile_cached_s"]) and run["compile_s"] > 0


def test_a_program_that_was_damaged_is_compiled_anew(tmp_path):
    sweep(tmp_path, "jax-vgg19", 1)
    programs = [*(tmp_path / "cache" / "programs").glob("*/jit_*-cache")]
    assert programs
    for each in programs:
        each.write_bytes(each.read_bytes()[:100])
    run, _ = sweep(tmp_path, "jax-vgg19", 2)
    assert np.isnan(run["compile_cached_s"]) and run["compile_s"] > 0
