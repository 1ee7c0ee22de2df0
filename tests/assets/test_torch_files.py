"""VGG-19 as PyTorch programs keep it, written by PyTorch itself; its arithmetic is the independent word."""

import pickle
import sys
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

from nstbench.assets.random_weights import random_weights
from nstbench.assets.torch_files import PLACES
from nstbench.assets.vgg_files import read_vgg19
from nstbench.parity.scenarios import biased
from nstbench.referee import taps

from .reading import refusal, same

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

MEAN = torch.tensor([0.485, 0.456, 0.406]).double()
STD = torch.tensor([0.229, 0.224, 0.225]).double()


@pytest.fixture(scope="module")
def weights():
    return biased(random_weights(3))


@pytest.fixture(scope="module")
def state(weights):
    """What `torchvision.models.vgg19().state_dict()` is like, its classifier cut short."""
    found = {"classifier.0.weight": torch.zeros(3, 2), "classifier.0.bias": torch.zeros(3)}
    for layer, (kernel, bias) in weights.items():
        found[f"features.{PLACES[layer]}.weight"] = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        found[f"features.{PLACES[layer]}.bias"] = torch.from_numpy(bias)
    return found


def test_the_places_are_those_of_torchvision_s_network():
    """Configuration E of Simonyan and Zisserman: a convolution and a ReLU each, a pooling after a block."""
    expected, place = {}, 0
    for block, count in enumerate((2, 2, 4, 4, 4), start=1):
        for i in range(1, count + 1):
            expected[f"conv{block}_{i}"] = place
            place += 2
        place += 1
    assert expected == PLACES


WRITERS = {
    "vgg19-caffe.pth": torch.save,
    "vgg19-d01eb7cb.pth": lambda state, path: torch.save(state, path, _use_new_zipfile_serialization=False),
    "caffe.safetensors": safetensors.save_file,
    "caffe.pt": lambda state, path: torch.save({"epoch": 3, "state_dict": state}, path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_network_of_caffe_s_is_read_as_it_is(tmp_path, state, weights, name):
    WRITERS[name](state, tmp_path / name)
    same(read_vgg19(tmp_path / name), weights)


def test_a_network_of_torchvision_s_sees_what_it_expects(tmp_path, state):
    """Its first convolution, computed by PyTorch on the picture it wants, is ours on the one that we have."""
    safetensors.save_file(state, tmp_path / "vgg19.safetensors")
    picture = np.random.default_rng(5).random((24, 21, 3), np.float32)
    seen = taps(read_vgg19(tmp_path / "vgg19.safetensors"), picture, ["conv1_1", "conv2_2"], "max")
    x = ((torch.from_numpy(picture).double() - MEAN) / STD).permute(2, 0, 1)[None]
    for place in (0, 2, None, 5, 7):
        if place is None:
            x = torch.nn.functional.max_pool2d(x, 2)
            continue
        kernel, bias = (state[f"features.{place}.{part}"].double() for part in ("weight", "bias"))
        x = torch.relu(torch.nn.functional.conv2d(x, kernel, bias, padding=1))
        if place == 0:
            first = x[0].permute(1, 2, 0).numpy()
    second = x[0].permute(1, 2, 0).numpy()
    scale = first.max()
    np.testing.assert_allclose(seen["conv1_1"][1:-1, 1:-1], first[1:-1, 1:-1], atol=1e-6 * scale)
    at_the_border = np.abs(seen["conv1_1"] - first).max()
    assert 0 < at_the_border < 0.01 * scale
    np.testing.assert_allclose(seen["conv2_2"], second, atol=0.01 * second.max())


class Harm:
    def __reduce__(self):
        return print, ("a pickle ran",)


def test_what_a_file_would_run_is_not_run(tmp_path, capsys):
    path = tmp_path / "vgg19.pth"
    path.write_bytes(pickle.dumps({"features.0.weight": Harm()}))
    assert "damaged, or no VGG-19 weights" in refusal(path)
    torch.save({"features.0.weight": Harm()}, path)
    assert "damaged, or no VGG-19 weights" in refusal(path)
    assert "a pickle ran" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["vgg19.pth", "vgg19.safetensors"])
def test_a_file_that_is_cut_off_or_lacks_layers_is_one_line(tmp_path, state, name):
    save = WRITERS["caffe.safetensors"] if name.endswith("safetensors") else torch.save
    save({key: each for key, each in state.items() if not key.startswith("features.5.")}, tmp_path / name)
    assert "conv2_1 not found" in refusal(tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:5000])
    assert "damaged" in refusal(tmp_path / name)


def test_without_pytorch_it_is_said_what_to_do(tmp_path, state, monkeypatch):
    torch.save(state, tmp_path / "vgg19.pth")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pip install 'nstbench[torch]', or keep the weights as safetensors" in refusal(
        tmp_path / "vgg19.pth"
    )


def test_a_tensor_of_one_number_is_not_spread_out_and_nothing_is_unpacked(tmp_path):
    huge = (20_000, 20_000)
    state = {"features.0.weight": torch.zeros(1).half().expand(huge), "features.0.bias": torch.zeros(64)}
    torch.save(state, tmp_path / "a.pth")
    assert f"features.0.weight has shape {huge}" in refusal(tmp_path / "a.pth")
    with ZipFile(tmp_path / "a.pth") as small, ZipFile(tmp_path / "b.pth", "w", ZIP_DEFLATED) as packed:
        for name in small.namelist():
            packed.writestr(name, small.read(name))
    assert "compressed, as PyTorch writes none" in refusal(tmp_path / "b.pth")


FIRST = torch.zeros(64, 3, 3, 3)


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ([FIRST], "it holds an object of type list; expected tensors by name"),
        ({"state_dict": None}, "it holds an object of type NoneType; expected tensors by name"),
        ({"module.conv": FIRST}, "it holds 'module.conv'; expected features.0.weight, features.0.bias"),
        ({"features.0.weight": [1.0]}, "features.0.weight is of type list; it must be a tensor"),
        (
            {"features.0.weight": FIRST.int()},
            "features.0.weight has type int32, strided on cpu; it must be float",
        ),
        (
            {"features.0.weight": FIRST.to_sparse()},
            "has type float32, sparse_coo on cpu; it must be floating",
        ),
        (torch.nn.Linear(1, 1), "cut off, or not tensors by name that torch.save wrote"),
    ],
)
def test_what_else_a_file_of_pytorch_s_holds_is_told_with_what_is_expected(tmp_path, kept, told):
    torch.save(kept, tmp_path / "other.pth")
    assert told in refusal(tmp_path / "other.pth")


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({"conv": FIRST}, "it holds 'conv'; expected features.0.weight, features.0.bias"),
        (
            {"features.0.weight": FIRST.bool()},
            "features.0.weight has type BOOL; it must be F16 or F32 or F64",
        ),
        ({"features.0.weight": FIRST.bfloat16()}, "features.0.weight has type BF16; it must be F16 or F32"),
    ],
)
def test_what_else_a_file_of_safetensors_holds_is_told_with_what_is_expected(tmp_path, kept, told):
    safetensors.save_file(kept, tmp_path / "other.safetensors")
    assert told in refusal(tmp_path / "other.safetensors")
