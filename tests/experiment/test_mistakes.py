"""Broken experiment files: every mistake is one line that says where it is and what to do."""

import random
import string

import pytest

from nstbench.api import ExperimentError
from nstbench.experiment import experiment_from_mapping, load_experiment


def problems(load, text, **options):
    with pytest.raises(ExperimentError) as caught:
        load(text, **options)
    return list(caught.value.problems)


MINIMAL = "inputs: {content: a, style: b}\nbackends: [x]\n"

CHANGES = [
    ("tv_weight: 100}", "beta: 1}", "exp.yaml:5:46: 'beta' is fixed here and an axis in sweep.zip[0].beta; "),
    (
        "tv_weight: 100}",
        "iterations: 9}",
        "exp.yaml:5:46: 'iterations' is fixed here and an axis in sweep.iterations; keep one of the two",
    ),
    ("  iterations: [20, 40, 80]", "  style: [a, b]", "exp.yaml:4:31: 'style' is fixed here and an axis in"),
    (
        "style: sample:strokes",
        "style: sample:strokes, content_masks: [a.png, b.png]",
        "exp.yaml:4:69: 2 content_masks for 1 ",
    ),
    ("style: sample:strokes", "style: sample:strokes, style_masks: 3", "exp.yaml:4:67: must be text"),
    ("size: 192", "style_masks: x.png", "exp.yaml:5:9: unknown key 'style_masks' in fixed; "),
    ("size: 192", "size: 16", "exp.yaml:5:15: must be at least 32, found 16"),
    ("size: 192", "size: 9000", "exp.yaml:5:15: must be at most 8,192, found 9000"),
    ("size: 192", "size: '192'", "exp.yaml:5:15: must be a whole number, found the text '192'"),
    ("size: 192", "size: 1.5", "exp.yaml:5:15: must be a whole number, found 1.5"),
    ("size: 192", "size: true", "exp.yaml:5:15: must be a whole number, found true"),
    ("size: 192", "size:", "exp.yaml:5:14: must be a whole number, found nothing"),
    ("size: 192", "sise: 192", "exp.yaml:5:9: unknown key 'sise' in fixed; allowed: adam_beta1, "),
    ("size: 192", "content: x.png", "exp.yaml:5:9: unknown key 'content' in fixed; "),
    ("size: 192", "pooling: mean", "exp.yaml:5:18: must be 'max' or 'avg', found the text 'mean'"),
    (
        "size: 192",
        "optimiser: bfgs",
        "exp.yaml:5:20: must be 'adam', 'sgd' or 'lbfgs', found the text 'bfgs'",
    ),
    ("size: 192", "learning_rate: 0", "exp.yaml:5:24: must be above 0, found 0"),
    ("size: 192", "tv_weight: .inf", "exp.yaml:5:52: key 'tv_weight' stands here twice"),
    ("tv_weight: 100}", "tv_weight: .inf}", "exp.yaml:5:57: must be a finite number, found inf"),
    ("tv_weight: 100}", "tv_weight: .nan}", "exp.yaml:5:57: must be a finite number, found nan"),
    ("tv_weight: 100}", "tv_weight: 1e999}", "exp.yaml:5:57: must be a finite number, found inf"),
    ("tv_weight: 100}", "tv_weight: true}", "exp.yaml:5:57: must be a number, found true"),
    ("tv_weight: 100}", "tv_weight: -1}", "exp.yaml:5:57: must be at least 0, found -1"),
    (
        "conv2_1]",
        "conv6_1]",
        "exp.yaml:8:24: unknown layer 'conv6_1'; VGG-19 has conv1_1 to conv5_4. Did you mean 'conv5_1'?",
    ),
    ("conv2_1]", "relu1_1]", "exp.yaml:8:14: layer 'conv1_1' is listed twice; keep one"),
    ("conv4_1: 0.7", "conv4_7: 0.7", "exp.yaml:9:12: unknown layer 'conv4_7'; "),
    ("conv4_1: 0.7", "conv4_1: -1", "exp.yaml:9:21: must be at least 0, found -1"),
    ("{conv4_1: 0.7, conv5_1: 0.3}", "{conv4_1: 0}", "exp.yaml:9:11: at least one weight must be above 0"),
    ("[conv1_1, conv2_1]", "[]", "exp.yaml:8:14: must have at least one entry, found a list"),
    (
        "tv_weight: 100}",
        "pooling: avg, style_weights: [1, 2, 3]}",
        "exp.yaml:5:75: 3 style_weights for 2 style_layers; ",
    ),
    ("  iterations: [20, 40, 80]", "  itertions: [20]", "exp.yaml:10:3: unknown key 'itertions' in sweep; "),
    ("  iterations: [20, 40, 80]", "  seed: [1, -2]", "exp.yaml:10:13: must be at least 0, found -2"),
    ("size: 192", "seed: 3", "exp.yaml:5:9: unknown key 'seed' in fixed; "),
    ("  iterations: [20, 40, 80]", "  iterations: 20", "exp.yaml:10:15: an axis is a list of values or"),
    ("  iterations: [20, 40, 80]", "  iterations: []", "exp.yaml:10:15: the axis 'iterations' is empty"),
    ("40, 80]", "40, 0]", "exp.yaml:10:24: must be at least 1, found 0"),
    ("  iterations: [20", "  alpha: [20", "exp.yaml:11:10: 'alpha' is an axis already"),
    (
        "alpha: [1, 10]",
        "alpha: [1]",
        "exp.yaml:11:9: axes in one zip advance together and must be equally long",
    ),
    ("alpha: [1, 10]", "alfa: [1, 10]", "exp.yaml:11:10: unknown key 'alfa' in sweep.zip[0]; "),
    ("zip: [{", "zip: [3, {", "exp.yaml:11:9: must be a mapping of settings to values, found 3"),
    (
        "include: [{size: 256,",
        "include: [{sice: 256,",
        "exp.yaml:12:14: unknown key 'sice' in sweep.include[0]; ",
    ),
    ("include: [{size: 256,", "include: [{size: 2,", "exp.yaml:12:20: must be at least 32, found 2"),
    (
        "style_layers: deep,",
        "style_layers: dep,",
        "exp.yaml:13:28: the axis 'style_layers' has no such value; ",
    ),
    ("iterations: 80}]", "iterations: 81}]", "exp.yaml:13:46: the axis 'iterations' has no such value; "),
    ("iterations: 80}]", "size: 192}]", "exp.yaml:13:34: exclude names 'size', which is no axis; "),
    ("seed: 0", "seed: -1", "exp.yaml:15:7: must be at least 0, found -1"),
    ("seed: 0", "sede: 0", "exp.yaml:15:1: unknown key 'sede' at the top level; "),
    ("seed: 0", "iterations: 5", "exp.yaml:15:1: unknown key 'iterations' at the top level; "),
    ("name: layers", "name: ../up", "exp.yaml:2:7: must be made of letters, digits, "),
    ("name: layers", "name: .git", "exp.yaml:2:7: must be made of letters, digits, "),
    ("rounds: 5", "rounds: 1", "exp.yaml:16:19: must be at least 2, found 1"),
    ("rounds: 5", "round: 5", "exp.yaml:16:11: unknown key 'round' in measure; "),
    (
        "chunk: auto",
        "chunk: 0",
        "exp.yaml:16:29: must be 'auto' or a whole number from 1 to 1,000,000, found 0",
    ),
    ("timeout_s: 900", "timeout_s: 0", "exp.yaml:16:107: must be above 0, found 0"),
    ("[jax-vgg19, ", "[7, ", "exp.yaml:14:12: must be a backend's name, or a mapping with name, "),
    ("name: tf-vgg19", "nam: tf-vgg19", "exp.yaml:14:23: 'name' is missing"),
    ("[jax-vgg19, ", "[tf-vgg19, tf-vgg19, ", "exp.yaml:14:22: backend 'tf-vgg19' is listed twice; "),
    ("{content: sample:cat, ", "{", "exp.yaml:4:9: no content image; give inputs: {content: PATH}"),
    ("content: sample:cat", "content: 7", "exp.yaml:4:19: must be text (put numbers in quotes), found 7"),
    ("content: sample:cat", "content: ''", "exp.yaml:4:19: must not be empty"),
    (
        "content: sample:cat",
        "content: {a: 1}",
        "exp.yaml:4:19: must be text (put numbers in quotes), found a mapping",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES, ids=[change[1] or "-" for change in CHANGES])
def test_a_mistake_is_named_at_its_place(load, layers, old, new, expected):
    assert layers.count(old) == 1
    found = problems(load, layers.replace(old, new))
    assert any(line.startswith(expected) for line in found), found
    assert all("\n" not in line for line in found)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("size: 192", "sise: 192", "Did you mean 'size'?"),
        ("size: 192", "rounds: 3", "'rounds' belongs under measure."),
        ("size: 192", "content: x", "'content' belongs under inputs or sweep."),
        ("size: 192", "seed: 3", "'seed' belongs under the top level or sweep."),
        ("seed: 0", "alpha: 5", "'alpha' belongs under fixed or sweep."),
        ("size: 192", "pooling: avgg", "Did you mean 'avg'?"),
        ("style_layers: deep,", "style_layers: dep,", "Did you mean 'deep'?"),
    ],
)
def test_the_nearest_right_word_is_offered(load, layers, old, new, hint):
    assert problems(load, layers.replace(old, new))[0].endswith(hint)


def test_all_mistakes_come_at_once_in_the_order_of_the_file(load, layers):
    broken = layers.replace("size: 192", "size: 1").replace("conv2_1", "conv9_9")
    broken = broken.replace("rounds: 5", "rounds: x").replace("name: layers", "name: a b")
    lines = [int(line.split(":")[1]) for line in problems(load, broken)]
    assert lines == [2, 5, 8, 16]


def test_one_mistake_is_one_line_however_many_points_it_is_in(load):
    text = f"{MINIMAL}fixed: {{style_weights: [1, 2]}}\nsweep: {{alpha: [1, 2, 3]}}\n"
    assert problems(load, text) == ["exp.yaml:3:24: 2 style_weights for 5 style_layers; give one for each"]


def test_nothing_to_minimise_is_a_mistake(load):
    text = f"{MINIMAL}fixed: {{alpha: 0, beta: 0}}\n"
    expected = "exp.yaml:3:16: alpha, beta and tv_weight are all 0: nothing to minimise"
    assert problems(load, text) == [expected]


def test_weights_given_twice_are_a_mistake(load):
    fixed = "{style_layers: {conv1_1: 1}, style_weights: [1]}"
    (found,) = problems(load, f"{MINIMAL}fixed: {fixed}\n")
    assert found == "exp.yaml:3:52: style_layers gives weights already; remove style_weights"


def test_excluding_everything_leaves_nothing_to_run(load):
    text = f"{MINIMAL}sweep: {{alpha: [1, 2], exclude: [{{alpha: 1}}, {{alpha: 2.0}}]}}\n"
    (found,) = problems(load, text)
    assert found == "exp.yaml:3:33: excludes every point; nothing is left to run"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "exp.yaml:1:1: an experiment is a mapping of keys to values, found an empty file"),
        ("- a\n- b\n", "exp.yaml:1:1: an experiment is a mapping of keys to values, found a list"),
        (
            "\n\n  hello\n",
            "exp.yaml:3:3: an experiment is a mapping of keys to values, found the text 'hello'",
        ),
        ("inputs: {content: a, style: b}\n", "exp.yaml:1:1: 'backends' is missing or empty"),
        ("inputs: {content: a, style: b}\nbackends: []\n", "exp.yaml:2:11: 'backends' is missing or empty"),
        (
            "inputs: {content: a, style: b}\nbackends: x\n",
            "exp.yaml:2:11: must be a list, found the text 'x'",
        ),
        ("inputs: 3\nbackends: [x]\n", "exp.yaml:1:9: must be a mapping, found 3"),
        (
            "inputs: {content: a, style: b}\nsweep: [1]\nbackends: [x]\n",
            "exp.yaml:2:8: must be a mapping, found a list",
        ),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused(load, text, expected):
    assert any(line.startswith(expected) for line in problems(load, text))


def test_an_absurdly_large_grid_is_refused_before_it_is_made(load):
    many = list(range(1, 400))
    text = f"{MINIMAL}sweep: {{alpha: {many}, beta: {many}, iterations: {many}}}\n"
    (found,) = problems(load, text)
    assert found.startswith("exp.yaml:3:8: 63,521,199 trials (63,521,199 points, 1 backends); at most 10,000")


def test_a_missing_file_suggests_its_neighbour(load, layers, tmp_path):
    load(layers)
    with pytest.raises(ExperimentError, match=r"^exq.yaml: no such file. Did you mean 'exp.yaml'\?$"):
        load_experiment("exq.yaml")


def test_a_folder_is_no_experiment_file(tmp_path):
    with pytest.raises(ExperimentError, match="a folder; name an experiment file in it"):
        load_experiment(tmp_path)


def test_errors_of_a_mapping_name_dotted_paths():
    data = {
        "inputs": {"content": "a", "style": "b"},
        "fixed": {"size": 1},
        "sweep": {"alpha": (1, "x"), "style_layers": {"deep": ["conv7_1"]}},
        "backends": ["x"],
        "mesure": {},
    }
    with pytest.raises(ExperimentError) as caught:
        experiment_from_mapping(data)
    places = [line.split(": ")[0] for line in caught.value.problems]
    assert places == ["mesure", "fixed.size", "sweep.alpha[1]", "sweep.style_layers.deep[0]"]


@pytest.mark.parametrize("bad", [{"name": object()}, {"fixed": {"size": {1, 2}}}, [1], None])
def test_a_mapping_with_strange_things_in_it_is_refused_in_one_line(bad):
    with pytest.raises(ExperimentError) as caught:
        experiment_from_mapping(bad)
    assert all("\n" not in line for line in caught.value.problems)


def test_whatever_happens_to_a_file_it_is_read_or_refused(load, layers):
    chance = random.Random(19)
    pieces = [
        *"{}[]:,-&*!|>'\"%@`#?\t\n ",
        "null",
        "1e9",
        ".nan",
        "~",
        "<<",
        "deep",
        "zip: [",
        "{a: b}",
        "\x00",
    ]
    outcomes = set()
    for _ in range(600):
        text = layers
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(text))
            end = start + chance.choice([0, 0, 1, 3, 20])
            text = text[:start] + chance.choice([*pieces, chance.choice(string.printable)]) + text[end:]
        try:
            load(text)
            outcomes.add("read")
        except ExperimentError as error:
            assert all(line.startswith("exp.yaml") for line in error.problems), error.problems
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_any_value_in_any_place_is_read_or_refused(load):
    odd = [None, True, 0, -1, 1.5, float("nan"), "", "x", [], {}, [None], [[]], {"": None}, {"a": {"b": []}}]
    keys = ["name", "description", "inputs", "fixed", "sweep", "backends", "seed", "measure"]
    sections = {
        "fixed": ["size", "style_layers", "style_weights", "weights"],
        "sweep": ["alpha", "style_layers", "zip", "include", "exclude"],
        "inputs": ["content"],
        "measure": ["chunk", "timeout_s"],
    }
    base = {"inputs": {"content": "a", "style": "b"}, "backends": ["x"]}
    for value in odd:
        trials = [{**base, key: value} for key in keys]
        trials += [{**base, key: {name: value}} for key, names in sections.items() for name in names]
        trials += [{**base, "backends": [{"name": "x", "options": value}]}, {**base, "backends": [value]}]
        trials += [{**base, "sweep": {rule: [value]}} for rule in ("zip", "include", "exclude")]
        trials += [{**base, "sweep": {rule: {"alpha": value}}} for rule in ("zip", "include", "exclude")]
        for data in trials:
            try:
                experiment_from_mapping(data)
            except ExperimentError as error:
                assert error.problems
