"""One record: through JSON and back, and the numbers derived from its rounds."""

import json
import math
from dataclasses import fields, replace

import pytest

from nstbench.record import Round, RunRecord


def strict(text):
    """Parse JSON as the standard has it: without NaN and Infinity."""

    def refuse(token):
        raise AssertionError(f"{token} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_a_record_survives_json(record):
    before = record(peak_rss_bytes=2**40, device="cpu", environment_id="e1", wall_s=0.1)
    after = RunRecord.from_json(strict(json.dumps(before.to_json())))
    assert after == before
    assert isinstance(after.rounds[0], Round)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_survives_as_nan(record, folder, loss):
    before = record(status="diverged", final={"total": loss, "content": 1.0, "style": 2.0})
    store = folder(before)
    path = store.trial_folder(before.trial.trial_id) / "result.json"
    assert strict(path.read_text())["final"] == {"total": None, "content": 1.0, "style": 2.0}
    after = store.record(before.trial.trial_id)
    assert math.isnan(after.final["total"])
    assert after.final["style"] == 2.0
    assert replace(after, final={}) == replace(before, final={})


def test_json_holds_every_field_but_what_depends_on_the_plan(record):
    assert set(record().to_json()) == {each.name for each in fields(RunRecord)} - {"planned"}


def test_what_another_version_wrote_besides_is_left_out(record):
    before = record()
    data = before.to_json() | {"carbon_g": 3.5}
    data["trial"]["carbon"] = True
    data["rounds"][0]["carbon_g"] = 0.5
    data["pictures"][0]["carbon"] = {"g": 1}
    assert RunRecord.from_json(data) == before


def test_what_an_older_version_did_not_write_is_unknown(record):
    data = record(flop_per_iteration=2e9).to_json()
    del data["flop_per_iteration"], data["verified"]
    after = RunRecord.from_json(data)
    assert (after.flop_per_iteration, after.verified) == (None, None)


def test_one_style_was_once_text_and_is_read_as_the_only_one(record):
    old = record().to_json()
    old["trial"]["settings"]["style"] = "sample:coffee"
    read = RunRecord.from_json(old).trial
    assert read.settings.style == ("sample:coffee",)
    assert read.noticed_settings()["style"] == ["sample:coffee"]


def test_a_record_without_its_essentials_is_refused(record):
    data = record().to_json()
    del data["status"]
    with pytest.raises(TypeError, match="status"):
        RunRecord.from_json(data)


def test_a_record_with_only_the_essentials_survives_json(trial):
    before = RunRecord(trial(), "tiny", "refused", "2020-02-02T20:20:20+00:00")
    assert RunRecord.from_json(strict(json.dumps(before.to_json()))) == before


def test_the_headline_is_the_median_of_seconds_per_iteration_without_warm_up(record):
    rounds = (
        Round(1, 9.0, True),
        Round(4, 0.8, False),  # 0.2 s per iteration
        Round(4, 1.2, False),  # 0.3
        Round(2, 1.4, False),  # 0.7
        Round(4, 0.4, False),  # 0.1
    )
    one = record(rounds=rounds)
    assert one.step_seconds == pytest.approx((0.2, 0.3, 0.7, 0.1))
    assert one.step_median_s == pytest.approx(0.25)
    assert one.step_mad_s == pytest.approx(0.10)  # deviations 0.05, 0.05, 0.15, 0.45


def test_every_warm_up_is_left_out_wherever_it_stands(record):
    rounds = (Round(1, 9.0, True), Round(1, 0.5, False), Round(1, 9.0, True), Round(1, 0.7, False))
    assert record(rounds=rounds).step_median_s == pytest.approx(0.6)


@pytest.mark.parametrize("rounds", [(), (Round(1, 9.0, True),)])
def test_without_steady_state_there_is_no_headline(record, rounds):
    one = record(rounds=rounds)
    assert one.step_median_s is None
    assert one.step_mad_s is None


def test_one_round_has_a_median_but_no_spread(record):
    one = record(rounds=(Round(1, 9.0, True), Round(4, 1.0, False)))
    assert one.step_median_s == 0.25
    assert one.step_mad_s is None
