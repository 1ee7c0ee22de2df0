"""The JSON Schema, judged by jsonschema and by agreement with the loader."""

import jsonschema
import pytest
import yaml

from nstbench.api import LAYERS, SETTINGS, ExperimentError, layer_name
from nstbench.experiment import Measure, json_schema


@pytest.fixture(scope="module")
def validator():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_a_good_file_is_valid(validator, layers):
    validator.validate(yaml.safe_load(layers))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size: 192", "sise: 192"),
        ("size: 192", "size: 16"),
        ("size: 192", "size: '192'"),
        ("size: 192", "content: x"),
        ("conv2_1]", "conv9_1]"),
        ("conv4_1: 0.7", "conv4_9: 0.7"),
        ("  iterations: [20, 40, 80]", "  itertions: [20]"),
        ("  iterations: [20, 40, 80]", "  iterations: 20"),
        ("  iterations: [20, 40, 80]", "  iterations: []"),
        ("alpha: [1, 10]", "alfa: [1, 10]"),
        ("include: [{size: 256,", "include: [{sice: 256,"),
        ("exclude: [{style_layers:", "exclude: [{style_layer:"),
        ("seed: 0", "sede: 0"),
        ("rounds: 5", "rounds: 1"),
        ("name: tf-vgg19", "nam: tf-vgg19"),
        ("isolation: backend", "isolation: process"),
    ],
)
def test_what_the_loader_refuses_an_editor_underlines(validator, layers, load, old, new):
    broken = layers.replace(old, new)
    assert broken != layers
    assert not validator.is_valid(yaml.safe_load(broken))
    with pytest.raises(ExperimentError):
        load(broken)


def test_every_setting_is_offered_with_its_description(validator):
    properties = validator.schema["properties"]
    for name, setting in SETTINGS.items():
        assert validator.schema["$defs"][f"setting_{name}"]["description"] == setting.says
        assert name in properties["sweep"]["properties"]
        is_picture = setting.kind in ("image", "images", "masks")
        assert (name in properties["inputs"]["properties"]) == is_picture
        assert (name in properties["fixed"]["properties"]) == (not is_picture and name != "seed")
    for name, field in Measure.model_fields.items():
        assert properties["measure"]["properties"][name]["description"] == field.description


def test_layers_may_be_called_by_every_name_the_loader_knows(validator):
    names = validator.schema["$defs"]["layer"]["enum"]
    assert len(names) == 3 * len(LAYERS)
    assert {layer_name(name) for name in names} == set(LAYERS)
