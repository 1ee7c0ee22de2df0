"""The fast network's backend and sessions, for real: TensorFlow and TensorFlow Hub."""

from __future__ import annotations

import gc
import hashlib
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from skimage import data
from skimage.transform import resize

from nstbench.api import AssetError, BackendUnavailable, Problem, UsageError
from nstbench_tfhub import TfHubFast, source

MOBILE = {"network": "mobile"}


def picture(name: str, height: int, width: int) -> np.ndarray:
    return resize(getattr(data, name)(), (height, width), anti_aliasing=True).astype(np.float32)


def problem(content: np.ndarray, style: np.ndarray, precision: str = "highest") -> Problem:
    return Problem(
        content=content,
        styles=(style,),
        init=content,
        content_layers={},
        style_layers={},
        alpha=1.0,
        beta=1.0,
        precision=precision,
    )


@pytest.fixture(scope="module")
def tf():
    """TensorFlow, imported only once a test wants it: collecting tests must not pay for it."""
    return pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def cache(tf, tmp_path_factory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("NSTBENCH_CACHE", str(folder))
        patch.setenv("TFHUB_CACHE_DIR", str(folder / "modules"))
        patch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens: downloads are refused at once
        yield folder / "tfhub"


@pytest.fixture(scope="module")
def backend(cache) -> TfHubFast:
    return loaded(**MOBILE)


def loaded(**options) -> TfHubFast:
    backend = TfHubFast(options)
    assert backend.start("cpu").kind == "cpu"
    backend.load(None)
    return backend


def test_a_module_in_tf_hubs_cache_is_loaded_by_its_address(tf, backend, tmp_path, monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    pictures = tf.TensorSpec([None, None, None, 3], tf.float32)
    tiny = tf.Module()
    tiny.__call__ = tf.function(
        lambda content, style: [content / 2 + tf.reduce_mean(style, [1, 2], keepdims=True) / 2],
        input_signature=[pictures, pictures],
    )
    tf.saved_model.save(tiny, str(tmp_path / hashlib.sha1(source.HUB_URL.encode()).hexdigest()))
    hub = loaded(network="auto", style_side=64)
    content, style = picture("coffee", 8, 10), picture("astronaut", 64, 64)
    session = hub.prepare(problem(content, style))
    session.run(1)
    np.testing.assert_allclose(session.image(), content / 2 + style.mean((0, 1)) / 2, atol=1e-6)


def test_a_hub_that_cannot_be_reached_is_an_asset_error(backend):
    with pytest.raises(AssetError, match=r"tfhub\.dev.*cannot be loaded.*network: mobile"):
        TfHubFast({"network": "hub"}).load(None)


@pytest.mark.parametrize(("height", "width"), [(131, 197), (3, 33)])
def test_a_picture_of_any_size_keeps_its_size(backend, height, width):
    session = backend.prepare(problem(picture("astronaut", height, width), picture("coffee", 60, 50)))
    session.run(1)
    image = session.image()
    assert image.shape == (height, width, 3)
    assert image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1


def test_padding_mirrors_the_lower_and_right_edge_and_is_cut_off_again(backend):
    content, style = picture("astronaut", 131, 197), picture("coffee", 256, 256)
    rows, columns = [*range(131), 129], [*range(197), 195, 194, 193]
    padded = content[np.ix_(rows, columns)]
    session = backend.prepare(problem(content, style))
    session.run(1)
    whole = backend.prepare(problem(padded, style))
    whole.run(1)
    np.testing.assert_allclose(session.image(), whole.image()[:131, :197], atol=1e-5)


def test_before_the_first_pass_the_image_is_the_start(backend):
    session = backend.prepare(problem(picture("astronaut", 64, 60), picture("coffee", 64, 64)))
    session.compile(1)
    session.run(0)
    np.testing.assert_array_equal(session.image(), picture("astronaut", 64, 60))


def test_every_pass_gives_the_same_picture(backend):
    session = backend.prepare(problem(picture("astronaut", 64, 60), picture("coffee", 64, 64)))
    session.run(1)
    once = session.image()
    session.run(3)
    np.testing.assert_allclose(session.image(), once, atol=1e-6)


def test_a_vector_computed_once_gives_the_same_picture_with_less_work_in_a_pass(tf, backend):
    once = loaded(**MOBILE, style_vector="once")
    posed = problem(picture("astronaut", 40, 56), picture("coffee", 64, 64))
    sessions = [each.prepare(posed) for each in (backend, once)]
    for session in sessions:
        session.compile(1)
        session.run(2)
    np.testing.assert_allclose(sessions[0].image(), sessions[1].image(), atol=1e-5)
    assert np.abs(sessions[1].image() - posed.init).max() > 0.1
    assert sessions[1]._style.shape == (1, 1, 1, 100)


def test_tf_hubs_module_has_no_vector_to_keep():
    posed = problem(*[np.zeros((16, 16, 3), np.float32)] * 2)
    options = {"network": "hub", "style_vector": "once"}
    assert "network: mobile" in TfHubFast(options).refuse(posed.settings())
    assert TfHubFast(options | {"network": "mobile"}).refuse(posed.settings()) is None


def test_a_second_session_of_the_same_size_traces_nothing(backend):
    content = picture("astronaut", 72, 80)
    before = backend.compilations
    backend.prepare(problem(content, picture("coffee", 64, 64))).compile(1)
    assert backend.compilations == before + 1
    second = backend.prepare(problem(content[::-1], picture("rocket", 90, 200), precision="default"))
    second.compile(5)
    second.run(2)
    assert backend.compilations == before + 1


def test_starting_anew_counts_anew(cache):
    fresh = loaded(**MOBILE)
    assert fresh.compilations == 0


def test_precision_decides_about_tensor_float_32(tf, backend):
    enabled = tf.config.experimental.tensor_float_32_execution_enabled
    for precision, expected in (("highest", False), ("default", True), ("highest", False)):
        backend.prepare(
            problem(picture("astronaut", 64, 60), picture("coffee", 64, 64), precision=precision)
        ).run(1)
        assert enabled() is expected


def test_close_frees_the_pictures(tf, backend):
    session = backend.prepare(problem(picture("astronaut", 64, 60), picture("coffee", 64, 64)))
    session.run(1)
    held = [weakref.ref(value) for value in vars(session).values() if isinstance(value, tf.Tensor)]
    session.close()
    gc.collect()
    assert len(held) == 3
    assert all(reference() is None for reference in held)


def test_the_smallest_style_is_taken_and_one_pixel_less_refused(cache):
    posed = problem(picture("astronaut", 64, 60), picture("coffee", 64, 64))
    session = loaded(**MOBILE, style_side=43).prepare(posed)
    session.run(1)
    assert np.isfinite(session.image()).all()
    with pytest.raises(UsageError, match="needs 43 pixels"):
        TfHubFast({"style_side": 42}).prepare(posed)


def test_half_precision_is_refused(backend):
    content = picture("astronaut", 64, 60)
    with pytest.raises(UsageError, match="not bf16"):
        backend.prepare(problem(content, content, precision="bf16"))


def test_a_gpu_that_is_not_there_is_unavailable(tf, cache):
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    with pytest.raises(BackendUnavailable, match="finds no GPU here; use device: cpu"):
        TfHubFast().start("gpu")


def test_of_a_wide_style_image_the_central_square_is_seen(backend):
    from nstbench_tfhub.session import shrink_style

    style = np.zeros((100, 300, 3), np.float32)
    style[:, 100:200] = 1
    assert shrink_style(style, 64, blur=False).numpy().min() > 0.999


def test_fine_texture_fades_instead_of_turning_into_a_pattern(backend):
    from nstbench_tfhub.session import shrink_style

    noise = np.random.default_rng(0).random((512, 512, 3), np.float32)
    # Eight pixels become one: averaging them all leaves 0.02 of the deviation of 0.29, two of them 0.14.
    assert shrink_style(noise, 64, blur=False).numpy().std() < 0.04


def test_blur_averages_three_by_three_pixels(backend):
    from nstbench_tfhub.session import shrink_style

    style = picture("coffee", 64, 64)
    windows = np.lib.stride_tricks.sliding_window_view(style, (3, 3), (0, 1))
    inside = shrink_style(style, 64, blur=True).numpy()[0, 1:-1, 1:-1]
    np.testing.assert_allclose(inside, windows.mean((-1, -2)), atol=1e-6)
