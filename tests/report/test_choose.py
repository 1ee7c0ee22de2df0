"""What is chosen, from numbers that are known: every front here can be worked out by hand."""

import json
import re
import shlex
from dataclasses import replace

import pytest
from typer.main import get_command

import nstbench
from nstbench.api import UsageError
from nstbench.cli.app import app
from nstbench.comparison.choice_words import as_json, remarks, sentence
from nstbench.comparison.choose import choose
from nstbench.comparison.wish import wish
from tests.report.scenes import SINGLE_PASS, a_failure, a_record, a_trial, results_of

WORKED_OUT = {  # name: (seconds in the loop, referee_total); beaten in both by the one in brackets
    "tiny": (1.0, 0.9),
    "small": (2.0, 0.6),
    "slow": (3.0, 0.6),  # small
    "middle": (5.0, 0.3),
    "poor": (6.0, 0.7),  # small
    "best": (20.0, 0.2),
    "late": (30.0, 0.2),  # best
}
FRONT = ["tiny", "small", "middle", "best"]


def made(name, seconds, total, settings=None, *, trial=None, **fields):
    """Make the record of a configuration that costs nothing but its loop."""
    trial = trial or a_trial(settings, backend_label=name, options={"own": name})
    return a_record(trial, looks=((40, seconds, total),), **{"phases": {}} | fields)


def the_choice(results, *wanted, **more):
    (choice,) = choose(results, wish(*wanted, **more))
    return choice


@pytest.fixture
def results(tmp_path):
    return results_of(tmp_path, *(made(name, *figures) for name, figures in WORKED_OUT.items()))


def taken(choice):
    return None if choice.taken is None else choice.table["name"][choice.taken]


def test_the_front_is_the_one_worked_out_by_hand(results):
    table = the_choice(results).table
    assert list(table.loc[table["front"], "name"]) == FRONT
    assert dict(zip(table["name"], table["seconds"], strict=True)) == {
        name: seconds for name, (seconds, _) in WORKED_OUT.items()
    }


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({}, "best"),  # 0.8 of 0.2 is 0.25
        ({"at_least": 0.5}, "middle"),  # 0.4
        ({"within": "10s"}, "middle"),
        ({"within": 1.0}, "tiny"),
        ({"within": "0.9s"}, None),
        ({"quality": "referee_total<=0.6"}, "small"),
        ({"quality": "referee_total <= 0.1"}, None),
        ({"quality": "referee_total<=0.6", "within": "1h"}, "small"),
        ({"at_least": 1.0, "within": "10s"}, None),
    ],
)
def test_the_one_to_take(results, wanted, name):
    choice = the_choice(results, **wanted)
    assert taken(choice) == name
    assert bool(choice.stylize) == (name is not None)


def test_one_sentence_says_it_with_the_price_of_the_next_better_one(results):
    assert sentence(the_choice(results, within=10)) == (
        "For 48 px on cpu (a processor) take middle, the best within 10 s: the first picture takes 5 s"
        " (4.92 s to 5.09 s), referee loss 0.3; the next better one, best, takes 15 s more"
        " (4 times as long) for 0.2"
    )
    assert sentence(the_choice(results, within=0.5)) == (
        "Nothing was measured that makes a picture of 48 px on cpu (a processor) within 500 ms: the quickest,"
        " tiny, takes 1 s (983 ms to 1.02 s), referee loss 0.9; the best, best, takes 20 s"
        " (19.7 s to 20.3 s), referee loss 0.2"
    )


def test_where_one_configuration_was_measured_there_is_nothing_to_choose(tmp_path):
    choice = the_choice(results_of(tmp_path, made("tiny", *WORKED_OUT["tiny"])))
    assert sentence(choice) == (
        "For 48 px on cpu (a processor) only tiny was measured: the first picture takes 1 s"
        " (983 ms to 1.02 s), referee loss 0.9"
    )
    assert choice.stylize.startswith("nstbench stylize PHOTO.jpg STYLE.jpg")


def test_a_single_pass_and_an_optimisation_are_tried_on_the_same_pair(tmp_path):
    quick = made(
        "quick", 0.5, 0.6, trial=replace(a_trial(SINGLE_PASS), backend="quick", backend_label="quick")
    )
    unmasked = {"content_masks": None, "style_masks": None}
    trial = a_trial(backend_label="slow", options={"own": "slow"})
    slow = made("slow", 9.0, 0.2, trial=replace(trial, asked=trial.asked | unmasked))
    choice = the_choice(results_of(tmp_path, quick, slow))
    assert ({*choice.table["name"]}, choice.pairs, {**choice.left_out}) == ({"quick", "slow"}, 1, {})


def test_more_of_a_similarity_is_better(tmp_path):
    records = [made(f"ssim {ssim}", 4.0 + ssim, 0.5) for ssim in (0.3, 0.9)]
    for at, ssim in enumerate((0.3, 0.9)):
        (picture,) = records[at].pictures
        records[at] = replace(records[at], pictures=(replace(picture, referee={"ssim": ssim}),))
    choice = the_choice(results_of(tmp_path, *records), "referee_ssim")
    assert taken(choice) == "ssim 0.9"
    assert list(choice.table["front"]) == [True, True]


@pytest.fixture
def with_content(tmp_path):
    """Pictures of whose content so much is left; the best and the quickest have lost it."""
    left = {"tiny": 0.1, "small": 0.5, "slow": 0.9, "middle": 0.4, "poor": 0.2, "best": 0.05, "late": None}
    records = []
    for name, figures in WORKED_OUT.items():
        record = made(name, *figures)
        (picture,) = record.pictures
        seen = picture.referee | {"msssim": left[name]}
        records.append(replace(record, pictures=(replace(picture, referee=seen),)))
    return results_of(tmp_path, *records)


def with_floors(*texts, **more):
    return wish(**more).with_floors(texts)


def test_what_falls_under_a_floor_is_not_offered_and_said(with_content):
    (choice,) = choose(with_content, with_floors("referee_msssim>=0.2"))
    assert list(choice.table["name"]) == ["small", "slow", "middle", "poor"]
    assert list(choice.table["front"]) == [True, False, True, False]
    assert (taken(choice), choice.better) == ("middle", None)  # 0.8 of the best that is offered, 0.3
    line = "not offered, as not with MS-SSIM to the content at least 0.2: tiny, best, late"
    assert line in remarks(choice)
    (choice,) = choose(with_content, with_floors("referee_msssim>=0.2", "referee_total<=0.5", within="10s"))
    assert list(choice.table["name"]) == ["middle"]
    (choice,) = choose(with_content, with_floors("referee_msssim>=0.95"))
    assert (taken(choice), choice.stylize) == (None, "")
    assert sentence(choice).endswith("with MS-SSIM to the content at least 0.95")
    assert as_json(choice)["floors"] == {"referee_msssim": 0.95}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("referee_msssim", "--floor referee_msssim: needs a limit, as in 'referee_msssim>=0.3'"),
        ("referee_msssim<=1", "--floor referee_msssim<=1: of referee_msssim more is better; write a limit"),
        ("beauty>=1", "unknown floor 'beauty'"),
    ],
)
def test_a_floor_that_is_none_is_one_line(text, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        wish().with_floors([text])


def test_what_is_paid_once_is_shared_by_the_pictures(tmp_path):
    """The first trial imports, loads and compiles; the second finds all that done, but prepares."""
    first = {"import": 13.0, "load": 1.0, "prepare": 2.5, "compile": 4.0}
    after = {"prepare": 0.5, "compile": 0.1}
    records = [
        made("one", 10.0, 0.3, {"beta": 1.0}, phases=first, compile_count=1),
        made("one", 10.0, 0.5, {"beta": 2.0}, phases=after, compile_count=0),
    ]
    results = results_of(tmp_path, *records)
    for pictures in (1, 100):
        once, each = 13.0 + 1.0 + (2.5 - 0.5) + (4.0 - 0.1), 0.5 + 0.1 + 10.0
        table = the_choice(results, pictures=pictures).table
        assert list(table["seconds"]) == pytest.approx([once / pictures + each] * 2)
        assert list(table["per_hour"]) == pytest.approx([3600 / each] * 2)
        # What is paid once is measured once, and is most of the seconds of a first picture.
        assert table["seconds_low"].notna().all() == (pictures == 100)


def test_the_first_pass_of_a_single_pass_backend_is_paid_once(tmp_path):
    trial = a_trial(SINGLE_PASS)
    table = the_choice(results_of(tmp_path, made("", 0.1, 0.5, trial=trial))).table
    assert list(table["once_s"]) == pytest.approx([9.0 - 0.1])  # the warm-up of `a_record`
    assert list(table["each_s"]) == pytest.approx([0.1])


def test_many_pictures_can_turn_the_choice_round(tmp_path):
    compiled = made("compiled", 1.0, 0.3, phases={"compile": 60.0}, compile_count=1)
    results = results_of(tmp_path, compiled, made("plain", 5.0, 0.3))
    assert taken(the_choice(results)) == "plain"
    assert taken(the_choice(results, pictures=1000)) == "compiled"


def test_pairs_and_seeds_are_brought_together_by_medians(tmp_path):
    seconds = {("a", 0): 1.0, ("a", 1): 2.0, ("a", 2): 3.0, ("b", 0): 4.0, ("c", 0): 7.0}
    records = [
        made("one", s, s / 10, trial=a_trial({"seed": seed}, content_sha256=content * 64))
        for (content, seed), s in seconds.items()
    ]
    choice = the_choice(results_of(tmp_path, *records))
    assert choice.pairs == 3
    assert list(choice.table["seconds"]) == [4.0]  # of 2, 4 and 7
    assert list(choice.table["quality"]) == [0.4]
    assert len(choice.table["trials"][0]) == 5


def test_what_lacks_a_pair_is_left_out_and_named(tmp_path):
    def both(name, contents):
        fields = {"backend_label": name, "options": {"own": name}}
        return [made(name, 1.0, 0.3, trial=a_trial(content_sha256=c * 64, **fields)) for c in contents]

    failed = a_failure(a_trial(backend_label="easy only", options={"own": "easy only"}))
    choice = the_choice(results_of(tmp_path, *both("whole", "ab"), *both("easy only", "a"), failed))
    assert list(choice.table["name"]) == ["whole"]
    assert [*remarks(choice)] == [
        "left out, as not judged on all 2 pairs of content and style: easy only (1)"
    ]
    assert any("1 of 4 trials are not ok: 1 failed" in said for said in choice.cautions)


def test_each_size_and_device_has_a_choice_of_its_own(tmp_path):
    large = a_trial(height=64, width=96, content_sha256="d" * 64)
    records = [made("", 1.0, 0.3), made("", 9.0, 0.3, trial=large)]
    gpu = a_trial({"beta": 5.0})
    records.append(made("", 0.5, 0.3, trial=gpu, device="gpu", device_name="a card"))
    results = results_of(tmp_path, *records)
    found = [(each.device, each.size, each.table["seconds"][0]) for each in choose(results, wish())]
    assert found == [("cpu", 48, 1.0), ("cpu", 96, 9.0), ("gpu", 48, 0.5)]
    assert [each.size for each in nstbench.choose(tmp_path, size=96)] == [96]
    assert [each.device for each in nstbench.choose(tmp_path, device="a card")] == ["gpu"]
    with pytest.raises(UsageError, match="--size may be 48, 96; --device may be a card, a processor, cpu"):
        nstbench.choose(tmp_path, size=50)


def test_what_is_as_good_and_no_slower_is_said(tmp_path):
    seconds = {"one": 10.0, "within a twentieth": 10.4, "slower": 11.0}
    choice = the_choice(results_of(tmp_path, *(made(name, s, 0.3) for name, s in seconds.items())))
    assert taken(choice) == "one"
    assert [*remarks(choice)] == ["within a twentieth (0.3) is no slower than it, as far as was measured"]


def test_verified_is_said_where_there_is_something_to_verify(tmp_path):
    records = [made(str(said), 1.0, 0.3, verified=said) for said in (True, False, None)]
    table = the_choice(results_of(tmp_path, *records)).table
    assert dict(zip(table["name"], table["verified"], strict=True)) == {
        "True": True,
        "False": False,
        "None": None,
    }


def test_the_command_has_all_that_is_not_as_by_default_in_the_units_of_the_experiment(tmp_path):
    asked = {
        "content": "photo.jpg",
        "style": ["one.jpg"],
        "size": 96,
        "beta": 40.0,
        "style_layers": ["conv1_1", "conv2_1"],
        "style_weights": [0.5, 0.5],
        "content_layers": ["conv4_2"],
        "content_weights": [1.0],
        "loss_scale": "coursera",
        "learning_rate": None,
        "tv_weight": None,
        "pooling": "max",
        "init": "start it.png",
        "weights": "auto",
        "seed": 7,
    }
    (tmp_path / "start it.png").touch()
    trial = a_trial(asked=asked, backend="fake", options={"step_s": 0.5, "gpu": False, "fault": "none"})
    results_of(tmp_path, made("", 1.0, 0.3, trial=trial))
    words = shlex.split(nstbench.choose(tmp_path)[0].stylize)
    start = (tmp_path / "start it.png").resolve()
    assert words == [
        *("nstbench", "stylize", "PHOTO.jpg", "STYLE.jpg", "-o", "pastiche.png", "--backend", "fake"),
        *("--option", "step_s=0.5"),
        *("--set", "size=96", "--set", "beta=40", "--set", 'style_layers=["conv1_1","conv2_1"]'),
        *(
            "--set",
            "loss_scale=coursera",
            "--set",
            "pooling=max",
            "--set",
            f"init={start}",
            "--set",
            "seed=7",
        ),
    ]
    get_command(app).commands["stylize"].make_context("stylize", words[2:])


@pytest.mark.parametrize(("tv_weight", "told"), [(30000.0, ["tv_weight=30000"]), (10000.0, [])])
def test_what_was_left_to_a_default_that_has_changed_since_is_told(tmp_path, tv_weight, told):
    asked = {"size": 256, "beta": None, "tv_weight": None, "pooling": None, "learning_rate": None}
    settings = {"size": 256, "beta": 8192.0, "pooling": "avg", "learning_rate": 0.05, "tv_weight": tv_weight}
    results_of(tmp_path, made("", 1.0, 0.3, trial=a_trial(settings, asked=asked)))
    words = shlex.split(nstbench.choose(tmp_path)[0].stylize)
    assert [word for word in words if word.startswith(("tv", "beta", "pool", "learn"))] == told


def test_configurations_are_named_by_what_differs(tmp_path):
    axes = {"iterations": None, "content": None}
    trials = [
        a_trial({"iterations": count, "content": f"{one}.jpg"}, axes=axes, content_sha256=one * 64)
        for count in (20, 40)
        for one in "ab"
    ]
    choice = the_choice(results_of(tmp_path, *(made("", 1.0, 0.3, trial=trial) for trial in trials)))
    assert set(choice.table["name"]) == {"fake · iterations 20", "fake · iterations 40"}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"within": "10 parsecs"}, "not a time; write it as 10s"),
        ({"within": 0}, "must be more than 0 seconds"),
        ({"at_least": 1.5}, "more than 0 and at most 1"),
        ({"pictures": 0}, "at least 1"),
        ({"quality": "referee_totl"}, "Did you mean 'referee_total'"),
        ({"quality": "referee_ssim<=0.5"}, "more is better; write a limit as 'referee_ssim>=0.3'"),
        ({"quality": "referee_total<=good"}, "write a limit as 'referee_total<=0.3'"),
    ],
)
def test_a_wish_that_cannot_be_read_is_one_line(wanted, said):
    with pytest.raises(UsageError, match=said) as caught:
        wish(**wanted)
    assert "\n" not in str(caught.value)


def test_json_has_the_words_and_every_configuration(results, tmp_path, capsys):
    from nstbench.cli.choose import choose as verb

    verb([tmp_path], within="10s", as_json=True)
    (choice,) = json.loads(capsys.readouterr().out)
    assert choice["configurations"][choice["taken"]]["name"] == "middle"
    assert choice["configurations"][choice["better"]]["name"] == "best"
    assert len(choice["configurations"]) == len(WORKED_OUT)
    assert choice["sentence"].startswith("For 48 px on cpu (a processor) take middle")
