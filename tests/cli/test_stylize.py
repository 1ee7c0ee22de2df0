"""`nstbench stylize` as users type it."""

import os
import signal
import subprocess
import time

from PIL import Image

from ..command import NSTBENCH

FAKE = ("--backend", "fake", "--set", "size=48")


def sizes(*paths):
    found = {}
    for path in paths:
        with Image.open(path) as picture:
            found[path.name] = (picture.format, max(picture.size))
    return found


def test_one_picture_is_as_large_as_is_asked_for_and_is_not_replaced_unasked(nstbench, tmp_path):
    done = nstbench("stylize", "sample:cat", "sample:coffee", "-o", "a/b.png", *FAKE)
    assert done.stdout.startswith("a/b.png: fake, 48 x 32 pixels, ")
    assert sizes(tmp_path / "a/b.png") == {"b.png": ("PNG", 48)}
    before = (tmp_path / "a/b.png").read_bytes()
    again = ("stylize", "sample:rocket", "sample:coffee", "-o", "a/b.png", *FAKE)
    refused = nstbench(*again, check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "a/b.png: there already; --force replaces" in refused.stderr
    assert (tmp_path / "a/b.png").read_bytes() == before
    nstbench(*again, "--force")
    assert (tmp_path / "a/b.png").read_bytes() != before


def test_several_pictures_in_several_styles_are_made_as_another_was(nstbench, tmp_path):
    """With pictures on the way; what is there already is left out when only missing ones are wanted."""
    nstbench("stylize", "sample:cat", "sample:coffee", *FAKE, "--set", "iterations=6")
    for name, size in (("small.png", (40, 30)), ("large.bmp", (900, 600))):
        Image.new("RGB", size, "green").save(tmp_path / name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/small-coffee.jpg").touch()
    styles = ("--style", "sample:coffee", "--style", "sample:waves")
    places = ("-o", "out/{content}-{style}.jpg", "--missing")
    like = ("--like", "pastiche.png", "--save-every", "4")
    done = nstbench("stylize", "small.png", "large.bmp", *styles, *places, *like)
    assert done.stdout.splitlines()[-1].startswith("3 pictures in ")
    made = {path.name for path in (tmp_path / "out").iterdir()}
    finished = {"large-coffee.jpg", "large-waves.jpg", "small-waves.jpg"}
    assert made == finished | {name.replace(".", "-4.") for name in finished} | {"small-coffee.jpg"}
    assert set(sizes(*(tmp_path / "out" / name for name in finished)).values()) == {("JPEG", 48)}


def test_where_no_size_is_asked_for_it_is_the_photo_s_up_to_a_limit_that_is_said(nstbench, tmp_path):
    for name, size in (("small.png", (40, 30)), ("large.bmp", (900, 600))):
        Image.new("RGB", size, "green").save(tmp_path / name)
    few = ("--backend", "fake", "--set", "iterations=1")
    done = nstbench("stylize", "small.png", "large.bmp", "sample:coffee", *few)
    made = [tmp_path / name for name in ("small-coffee.png", "large-coffee.png")]
    assert sizes(*made) == {"small-coffee.png": ("PNG", 40), "large-coffee.png": ("PNG", 512)}
    assert "pictures are 512 pixels long" in done.stderr


def test_ctrl_c_keeps_the_picture_so_far(tmp_path):
    slow = ("--option", "step_s=0.02", "--set", "iterations=1000", "--save-every", "20")
    process = subprocess.Popen(
        [NSTBENCH, "stylize", "sample:cat", "sample:coffee", *FAKE, *slow],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "pastiche-0040.png").exists():
        time.sleep(0.02)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("interrupted; pastiche.png shows iteration ")
    assert said.splitlines()[-1].endswith("of 1000")
    assert sizes(tmp_path / "pastiche.png") == {"pastiche.png": ("PNG", 48)}
