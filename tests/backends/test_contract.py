"""The shipped backends, held to the contract like anybody's."""

import pytest

from nstbench.testing import contract

test_jax_vgg19 = contract("jax-vgg19", device="cpu")
test_tf_vgg19 = contract("tf-vgg19", device="cpu")
test_torch_vgg19 = contract("torch-vgg19", device="cpu")
test_tfhub_fast = contract("tfhub-fast", options={"network": "mobile", "style_side": 64}, device="cpu")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Keep networks out of the user's cache; without these, the mobile one would be looked for there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFHUB_CACHE_DIR", str(tmp_path_factory.mktemp("modules")))
        yield
