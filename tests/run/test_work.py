"""How a sweep goes on: what is written when, what is claimed how long, and what is left after a kill."""

import time

import psutil
import pytest
from PIL import Image

import nstbench
from nstbench.record import Store
from nstbench.run.job import Advanced, Entered, Finished, Painted
from nstbench.run.sweep import Watcher

from .test_sweep import experiment, fake

REFEREE = {"referee": "random:0"}
ISOLATIONS = ("backend", "none")


def workers():
    """Return the worker processes of this one."""
    started = psutil.Process().children()
    return [each for each in started if "nstbench.run.worker" in each.cmdline()]


class Log(Watcher):
    """Keeps what happened, in order."""

    def __init__(self):
        self.happened = []

    def event(self, job, event):
        self.happened.append((type(event), job.trials[0].trial_id))

    def judged(self, record):
        self.happened.append(("judged", record.trial.trial_id))


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_the_referee_works_between_two_jobs_and_never_beside_one(tmp_path, isolation):
    watch = Log()
    made = experiment(sweep={"beta": [1, 2]}, measure=REFEREE | {"isolation": isolation})
    first, second = nstbench.sweep(made, tmp_path, watch=watch).runs["trial_id"]
    order = [each for each in watch.happened if each[0] in (Finished, "judged", Entered)]
    at = order.index(("judged", first))
    assert order[at - 1] == (Finished, first)
    assert order[at + 1] == (Entered, second)
    assert order[-1] == ("judged", second)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_trial_is_claimed_until_it_is_judged_and_no_longer(tmp_path, isolation):
    def is_free(trial_id):
        mine = Store(tmp_path).claim([trial_id])
        if mine:
            mine.release()
        return mine is not None

    class Asking(Watcher):
        def event(self, job, event):
            if isinstance(event, Entered) and event.phase == "rounds":
                free.extend(is_free(trial_id) for trial_id in recorded)

        def recorded(self, record):
            recorded.add(record.trial.trial_id)
            assert not is_free(record.trial.trial_id)

        def judged(self, record):
            assert not is_free(record.trial.trial_id)

    recorded, free = set(), []
    made = experiment(sweep={"beta": [1, 2]}, measure=REFEREE | {"isolation": isolation})
    nstbench.sweep(made, tmp_path, watch=Asking())
    assert free == [True], "the first was free while the second ran"
    assert all(map(is_free, recorded))


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_an_interrupt_ends_the_worker_and_frees_the_trials(tmp_path, isolation):
    class Interrupting(Watcher):
        def event(self, job, event):
            if isinstance(event, Painted):
                raise KeyboardInterrupt

    made = experiment(measure={"isolation": isolation})
    with pytest.raises(KeyboardInterrupt):
        nstbench.sweep(made, tmp_path, watch=Interrupting())
    assert not workers()
    (row,) = nstbench.open_results(tmp_path).runs.itertuples()
    assert row.status == "interrupted"
    assert Store(tmp_path).claim([row.trial_id])


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_the_clock_stands_still_while_a_picture_is_written(tmp_path, isolation):
    """Else the worker would already be at its next iterations, and its record would come sooner."""

    class Slow(Watcher):
        def event(self, job, event):
            if isinstance(event, Painted):
                time.sleep(0.3)

    made = experiment(measure={"snapshot_every": 2, "isolation": isolation})
    runs = nstbench.sweep(made, tmp_path, watch=Slow()).runs
    assert runs["wall_s"][0] >= 3 * 0.3
    assert runs["optimise_s"][0] < 0.3


def test_pictures_that_came_before_a_crash_are_there(tmp_path):
    made = experiment(backends=[fake(fault="kill", at=5)], measure={"snapshot_every": 2})
    (row,) = nstbench.sweep(made, tmp_path).runs.itertuples()
    assert row.error_type == "WorkerKilled"
    folder = Store(tmp_path).trial_folder(row.trial_id)
    assert files(folder / "images") == ["000002.png", "000004.png"]


def test_a_worker_that_is_killed_while_it_sends_leaves_no_half_file(tmp_path):
    """The second picture is larger than a pipe holds, so that by then a part of it is on its way."""

    class Killing(Watcher):
        def event(self, job, event):
            if isinstance(event, Advanced) and event.iterations == 2:
                (worker,) = workers()
                time.sleep(0.4)
                worker.kill()

    fixed = {"size": 512, "iterations": 6, "beta": 10, "learning_rate": 0.02}
    made = experiment(fixed=fixed, measure={"snapshot_every": 1})
    (row,) = nstbench.sweep(made, tmp_path, watch=Killing()).runs.itertuples()
    assert row.error_type == "WorkerKilled"
    folder = Store(tmp_path).trial_folder(row.trial_id)
    assert files(folder) == [".lock", "images", "log.txt", "result.json", "trial.json"]
    assert files(folder / "images") == ["000001.png"]
    for path in (folder / "images").iterdir():
        with Image.open(path) as image:
            image.load()


def test_what_a_worker_prints_is_in_the_log_of_the_trial_at_hand(tmp_path):
    made = experiment(sweep={"beta": [1, 2]}, backends=[fake(fault="raise", at=3)])
    for row in nstbench.sweep(made, tmp_path).runs.itertuples():
        log = (Store(tmp_path).trial_folder(row.trial_id) / "log.txt").read_text()
        assert log.count("RuntimeError: told to fail") == 1


def test_the_time_that_writing_takes_is_not_the_worker_s(tmp_path, monkeypatch):
    """An hour passes while the picture is written, as on a computer that was put to sleep."""

    class Slow(Watcher):
        passed = 0.0

        def event(self, job, event):
            if isinstance(event, Painted):
                Slow.passed += 3600.0

    for module in ("nstbench.run.desk", "nstbench.run.local", "nstbench.system.child"):
        monkeypatch.setattr(f"{module}.monotonic", lambda: time.perf_counter() + Slow.passed)
    runs = nstbench.sweep(experiment(measure={"timeout_s": 60}), tmp_path, watch=Slow()).runs
    assert list(runs["status"]) == ["ok"]


def files(folder):
    return sorted(path.name for path in folder.iterdir())
