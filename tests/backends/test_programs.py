"""Compiled programs are kept for later processes, and a row says where its own came from."""

from functools import cache

import numpy as np
import pytest

import nstbench

pytestmark = pytest.mark.thorough

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


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Keep programs of other tests out, and let nobody choose another place."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NSTBENCH_CACHE", str(folder))
        for name in ("JAX_COMPILATION_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"):
            patch.delenv(name, raising=False)
        yield folder


def sweep(folder, name, **measure):
    backend = {"name": name, "options": BACKENDS[name]}
    asked = SHALLOW | {"name": "kept", "backends": [backend], "measure": {"referee": "none"} | measure}
    results = nstbench.sweep(asked, folder)
    (run,) = results.runs.to_dict("records")
    assert run["status"] == "ok", run["error_message"]
    return run, results.losses.drop(columns=["elapsed_s"])


@pytest.fixture(scope="module")
def first(own_cache, tmp_path_factory):
    """Compile the program of each backend once, for all tests: it takes them longest."""
    return cache(lambda name: sweep(tmp_path_factory.mktemp("first"), name))


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_a_second_process_loads_what_the_first_compiled(first, tmp_path, name):
    compiled, losses = first(name)
    loaded, same = sweep(tmp_path, name)
    assert np.isnan(compiled["compile_cached_s"]) and np.isnan(loaded["compile_s"])
    assert loaded["compile_cached_s"] < compiled["compile_s"]
    assert "auto" not in compiled["options_taken"]
    assert compiled["compile_count"] == loaded["compile_count"] == 1
    assert compiled["environment_id"] == loaded["environment_id"]
    assert losses.equals(same), "the very same program"


def test_who_wants_no_cache_compiles_anew(first, tmp_path):
    first("jax-vgg19")
    run, _ = sweep(tmp_path, "jax-vgg19", compile_cache=False)
    assert np.isnan(run["compile_cached_s"]) and run["compile_s"] > 0


def test_a_program_that_was_damaged_is_compiled_anew(first, own_cache, tmp_path):
    first("jax-vgg19")
    programs = [*(own_cache / "programs").glob("*/jit_*-cache")]
    assert programs
    for each in programs:
        each.write_bytes(each.read_bytes()[:100])
    run, _ = sweep(tmp_path, "jax-vgg19")
    assert np.isnan(run["compile_cached_s"]) and run["compile_s"] > 0
