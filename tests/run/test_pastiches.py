"""Which pictures `stylize` makes, and where they go."""

import numpy as np
import pytest

from nstbench.api import AssetError, UsageError
from nstbench.assets import encode_png
from nstbench.assets.annotated import annotated
from nstbench.run.pastiches import pastiches
from nstbench.run.stylize import Recipe


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b.jpg", "c[1].jpg", "more/a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()


def places(contents, styles=("s.png",), out=None):
    return [str(each.out) for each in pastiches(contents, styles, out)]


def test_one_picture_and_several_have_their_names(photos):
    assert places(["a.jpg"]) == ["pastiche.png"]
    assert places(["a.jpg", "sample:cat"], ["s.png", "t.png"]) == [
        "a-s.png",
        "a-t.png",
        "cat-s.png",
        "cat-t.png",
    ]
    assert places(["a.jpg"], out="here/") == ["here/a-s.png"]
    assert places(["a.jpg"], out="more") == ["more/a-s.png"], "a folder that is there"
    assert places(["a.jpg", "b.jpg"], out="x/{style}/{content}.WebP") == ["x/s/a.WebP", "x/s/b.WebP"]


def test_patterns_fit_files_and_names_with_brackets_are_names(photos):
    assert places(["?.jpg"]) == ["a-s.png", "b-s.png"]
    assert places(["c[1].jpg", "a.jpg", "a*.jpg"]) == ["c[1]-s.png", "a-s.png"], "each once"
    assert [each.content for each in pastiches(["**/b.jpg"], ["s.png"], None)] == ["b.jpg"]


@pytest.mark.parametrize(
    ("contents", "out", "said"),
    [
        (["*.gif"], None, "no file fits"),
        (["a.jpg"], "a.bmp", "pictures end in .png .jpg .jpeg .webp"),
        (["a.jpg"], "{contents}.png", "Did you mean 'content'?"),
        (["a.jpg", "b.jpg"], "same.png", "2 pictures would go there"),
        (["a.jpg", "more/a.jpg"], None, "2 pictures would go there"),
    ],
)
def test_what_cannot_be_is_one_line(photos, contents, out, said):
    with pytest.raises(UsageError, match=said.replace("?", r"\?")) as refused:
        places(contents, out=out)
    assert len(str(refused.value).splitlines()) == 1


def test_no_picture_takes_the_place_of_an_input_of_another(photos):
    with pytest.raises(UsageError, match=r"more/a\.jpg itself"):
        pastiches(["b.jpg"], ["more/a.jpg"], "./more/{style}.jpg")
    with pytest.raises(UsageError, match=r"a\.jpg itself"):
        pastiches(["a.jpg", "b.jpg"], ["c[1].jpg"], "./{content}.jpg")


@pytest.mark.parametrize("note", [{}, {"backend": 1}, {"backend": "fake", "options": [], "settings": {}}])
def test_a_note_that_says_something_else_is_one_line(tmp_path, note):
    picture = tmp_path / "a.png"
    picture.write_bytes(annotated(encode_png(np.zeros((4, 4, 3), np.float32)), ".png", 95, note))
    with pytest.raises(AssetError, match="does not say how it was made"):
        Recipe.of(picture)
