"""Masks in the plan: what makes a trial another one, and what is said about mistakes."""

import pytest

from nstbench.api import ExperimentError

MASKED = "inputs: {content: a, style: [b, c], content_masks: [m, n], style_masks: [p, q]}\n"


@pytest.fixture
def planned(load, facts, shelf):
    from nstbench.plan.planner import plan_trials

    def plan(text, backend="jax-vgg19"):
        experiment = load(text + f"fixed: {{size: 64}}\nbackends: [{backend}]\n")
        return plan_trials(experiment, facts, shelf).trials[0]

    return plan


def test_the_pixels_of_masks_identify_a_trial_and_not_their_names(planned):
    trial = planned(MASKED)
    assert trial.content_masks_sha256 == "sha-of-m-64,sha-of-n-64"
    assert trial.hashed_masks("style_masks") == (("p", "sha-of-p-64"), ("q", "sha-of-q-64"))
    assert {"sha-of-m-64", "sha-of-q-64"} <= set(trial.image_hashes)
    assert planned(MASKED.replace("[m, n]", "[other/m, n]")).trial_id == trial.trial_id
    others = [
        planned(MASKED.replace("[m, n]", "[n, m]")),
        planned(MASKED.replace(", style_masks: [p, q]", "")),
    ]
    assert len({trial.trial_id, *(each.trial_id for each in others)}) == 3


def test_a_single_pass_backend_refuses_masks_by_name(planned):
    trial = planned("inputs: {content: a, style: b, content_masks: m}\n", "fast")
    assert trial.refusal == "fast has no setting 'content_masks'; leave it at its default, or leave fast out"
    assert trial.trial_id != planned("inputs: {content: a, style: b}\n", "fast").trial_id


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[m, n]", "[m, missing.png]", "exp.yaml:1:52: missing.png: no such file"),
        (
            "[m, n]",
            "[m, strip]",
            "exp.yaml:1:52: strip: at this size the mask has 64 x 8 pixels, and its picture 64 x 32",
        ),
        (
            "\n",
            "\nsweep: {style_loss: [wasserstein2]}\n",
            "exp.yaml:1:52: content_masks go with style_loss: gram, not with wasserstein2; change one",
        ),
        ("[p, q]", "strip", "exp.yaml:1:73: 1 style_masks for 2 style images; give one for each"),
    ],
)
def test_a_mask_that_does_not_fit_is_one_line_with_its_place(planned, old, new, said):
    with pytest.raises(ExperimentError) as caught:
        planned(MASKED.replace(old, new))
    (line,) = caught.value.problems
    assert line.startswith(said)
