"""Which trajectory runs next and where, and what a machine has room for."""

import pytest

from nstbench.plan.trajectories import Trajectory
from nstbench.run import slots as module
from nstbench.run.queue import Queue
from nstbench.run.slots import NO_GPU, Parallel, Slot

from ..report.scenes import a_trial

LEFT, RIGHT = (Slot(f"gpu:{at}", ("gpu", "auto"), False, str(at)) for at in (0, 1))
CPU = Slot("cpu:0", ("cpu",), True, NO_GPU)


def trajectory(label, backend="fake", refusal=None, **settings):
    """One trial whose work grows with its iterations, for a GPU."""
    settings = {"device": "gpu", "beta": float(len(label))} | settings
    return Trajectory((a_trial(settings, label=label, backend=backend, refusal=refusal),))


def taken(queue, *slots):
    """Take from the slots in turns until nothing is left; each time with the name of the slot."""
    found = []
    while queue:
        turn = [(slot.name, one.trials[0].label) for slot in slots if (one := queue.take(slot))]
        assert turn, "what is left has nowhere to run"
        found += turn
    return found


def test_one_slot_takes_them_in_the_order_of_the_plan():
    given = [trajectory(label, iterations=n) for label, n in (("a", 1), ("bb", 9), ("ccc", 5))]
    assert taken(Queue(given), Slot()) == [("", "a"), ("", "bb"), ("", "ccc")]


def test_the_longest_come_first_and_programs_stay_together():
    short = [trajectory(f"adam {n}", iterations=n, optimiser="adam") for n in (3, 4)]
    long = [trajectory(f"sgd {n}", iterations=n, optimiser="sgd", learning_rate=1e-8) for n in (10, 11)]
    assert taken(Queue([*short, *long], in_order=False), LEFT, RIGHT) == [
        ("gpu:0", "sgd 11"),
        ("gpu:1", "adam 4"),
        ("gpu:0", "sgd 10"),
        ("gpu:1", "adam 3"),
    ]


def test_numbers_that_a_program_takes_as_arguments_make_no_other_program():
    given = [trajectory("a" * n, beta=float(n), alpha=n / 2, iterations=9 - n) for n in (1, 2)]
    other = trajectory("other", pooling="avg", iterations=1)
    queue = Queue([*given, other], in_order=False)
    assert [queue.take(slot).trials[0].label for slot in (LEFT, RIGHT, LEFT)] == ["a", "other", "aa"]


def test_a_slot_with_nothing_left_takes_a_part_of_the_most_work():
    small = [trajectory("small", pooling="avg", iterations=1)]
    some = [trajectory(f"some {n}", optimiser="sgd", iterations=n) for n in (3, 4)]
    most = [trajectory(f"most {n}", iterations=n) for n in (20, 21, 22)]
    queue = Queue([*small, *some, *most], in_order=False)
    first = [queue.take(slot).trials[0].label for slot in (LEFT, RIGHT)]
    assert first == ["most 22", "some 4"]
    third = Slot("gpu:2", ("gpu",), False, "2")
    assert queue.take(third).trials[0].label == "small"
    assert queue.take(third).trials[0].label == "most 21"


def test_a_slot_prefers_the_backend_that_it_has_started():
    given = [
        trajectory("a1", backend="a", iterations=5),
        trajectory("a2", backend="a", iterations=4, pooling="avg"),
        trajectory("b1", backend="b", iterations=9),
        trajectory("b2", backend="b", iterations=8, pooling="avg"),
    ]
    assert taken(Queue(given, in_order=False), LEFT, RIGHT) == [
        ("gpu:0", "b1"),
        ("gpu:1", "b2"),
        ("gpu:0", "a1"),
        ("gpu:1", "a2"),
    ]
    queue = Queue(given, in_order=False)
    assert [queue.take(LEFT).trials[0].label for _ in given] == ["b1", "b2", "a1", "a2"]


def test_a_slot_takes_what_asks_for_its_device_and_any_takes_a_refusal():
    queue = Queue(
        [trajectory("gpu"), trajectory("cpu", device="cpu"), trajectory("no", refusal="never")],
        in_order=False,
    )
    assert {queue.take(CPU).trials[0].label, queue.take(CPU).trials[0].label} == {"cpu", "no"}
    assert queue.take(CPU) is None
    assert queue.take(LEFT).trials[0].label == "gpu"


@pytest.mark.parametrize(
    ("jobs", "shares"),
    [(2, [(0, 8, 1, 9), (2, 10, 3, 11)]), (3, [(0, 8), (1, 9), (2, 10, 3, 11)])],
)
def test_threads_of_one_core_go_to_one_job(monkeypatch, jobs, shares):
    pieces = [(core, core + 8) for core in range(4)]
    monkeypatch.setattr(module, "physical_cores", lambda: pieces)
    slots = Parallel(jobs=jobs).slots(exclusive=False)
    assert [slot.cores for slot in slots] == shares
    assert {(slot.gpu, slot.alone, slot.devices) for slot in slots} == {(NO_GPU, False, ("cpu", "auto"))}


def test_by_default_there_is_one_slot_for_everything():
    assert Parallel().slots(exclusive=False) == (Slot(),)
