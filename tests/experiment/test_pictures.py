"""Patterns and lists under `inputs`: each content meets each style."""

import pytest

from nstbench.api import ExperimentError
from nstbench.experiment import experiment_from_mapping, load_experiment

HERE = {"backends": ["x"]}


@pytest.fixture
def photos(tmp_path):
    for name in (
        "b.jpg",
        "a.jpg",
        "c[1].png",
        "more/d.jpg",
        "styles/s.png",
        "styles/t.png",
        "styles/u.png/v",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def pairs(folder, content, style, **more):
    data = {"inputs": {"content": content, "style": style}, **HERE, **more}
    made = experiment_from_mapping(data, folder)
    return made.axes, [(each.settings.content, *each.settings.style) for each in made.points()]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("*.jpg", ["a.jpg", "b.jpg"]),
        ("**/*.jpg", ["a.jpg", "b.jpg", "more/d.jpg"]),
        (["b.jpg", "sample:cat"], ["b.jpg", "sample:cat"]),
        (["more/*", "b.jpg", "?.jpg"], ["more/d.jpg", "b.jpg", "a.jpg"]),
        (["not-there.jpg"], ["not-there.jpg"]),  # planning says so, with its place
    ],
)
def test_several_contents_are_an_axis_in_a_lasting_order_each_once(photos, content, found):
    assert pairs(photos, content, "s.png") == (("content",), [(each, "s.png") for each in found])


def test_each_content_meets_each_style_before_any_other_axis_varies(photos):
    axes, points = pairs(photos, "?.jpg", "styles/?.png", sweep={"beta": [1, 2]})
    assert axes == ("content", "style", "beta")
    assert points[::2] == [
        (content, f"styles/{style}.png") for content in ("a.jpg", "b.jpg") for style in ("s", "t")
    ]


def test_a_pattern_starts_from_home_where_it_says_so(photos, monkeypatch):
    monkeypatch.setenv("HOME", str(photos))
    assert pairs("elsewhere", "~/*.jpg", "s.png")[1][0] == (f"{photos}/a.jpg", "s.png")


def test_what_was_one_picture_is_one_picture(photos):
    assert pairs(photos, "c[1].png", ["s.png", "t.png"]) == ((), [("c[1].png", "s.png", "t.png")])
    assert pairs(photos, "a.jpg", {"s.png": 1, "t.png": 3})[0] == ()


def test_another_version_reads_the_axes_and_exclusions_name_their_values(photos):
    data = {"inputs": {"content": "*.jpg", "style": "s.png"}, "sweep": {"exclude": [{"content": "b.jpg"}]}}
    made = experiment_from_mapping(data | HERE, photos)
    assert [each.settings.content for each in made.points()] == ["a.jpg"]
    kept = made.without_gate(["x"])
    assert (kept["inputs"], kept["sweep"]["content"]) == ({"style": "s.png"}, ["a.jpg", "b.jpg"])


@pytest.mark.parametrize(
    ("inputs", "more", "said"),
    [
        ("{content: '*.gif', style: s}", "", "exp.yaml:1:19: no file fits the pattern '*.gif', which starts"),
        ("{content: [a.jpg, 'x/*'], style: s}", "", "exp.yaml:1:27: no file fits the pattern 'x/*'"),
        ("{content: [a.jpg, 3], style: s}", "", "exp.yaml:1:27: must be text"),
        ("{content: [], style: s}", "", "exp.yaml:1:19: names no picture"),
        ("{content: a.jpg, style: [s, 'styles/*']}", "", "exp.yaml:1:37: a list of styles is blended"),
        ("{content: '*.jpg', style: s}", "sweep: {content: [a.jpg]}", "exp.yaml:1:19: several pictures are"),
        (
            "{content: '?.jpg', style: s}",
            "search: {trials: 3, beta: {low: 1, high: 9}}",
            "exp.yaml:1:19: sev",
        ),
    ],
)
def test_what_cannot_be_is_one_line_with_its_place(photos, monkeypatch, inputs, more, said):
    monkeypatch.chdir(photos)
    (photos / "exp.yaml").write_text(f"inputs: {inputs}\nbackends: [x]\n{more}\n")
    with pytest.raises(ExperimentError) as refused:
        load_experiment("exp.yaml")
    (line,) = str(refused.value).splitlines()
    assert line.startswith(said)


def test_the_command_line_may_name_several_too(photos):
    (photos / "exp.yaml").write_text("inputs: {content: a.jpg, style: s}\nbackends: [x]\n")
    made = load_experiment(photos / "exp.yaml", ["content=?.jpg"])
    assert [each.settings.content for each in made.points()] == ["a.jpg", "b.jpg"]
    with pytest.raises(ExperimentError, match=r"^--set 'content=\?.gif': no file fits"):
        load_experiment(photos / "exp.yaml", ["content=?.gif"])
