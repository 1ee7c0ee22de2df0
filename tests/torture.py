"""Kill sweeps and repairs at random moments, go on, and compare with a sweep that nobody has disturbed.

`python -m tests.torture 500 [SEED]`, which `make torture` runs. A moment is one of: the sweep killed after a
random time, or amid its n-th write; its worker or its supervisor killed after a random time; a repair of a
damaged folder killed amid its n-th write. Then the folder is repaired, if it was damaged, swept to its end,
and must have the tables of an undisturbed sweep, but for what was measured; and no process may be left.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

import psutil
from pandas.testing import assert_frame_equal

import nstbench
from nstbench.record import open_results
from nstbench.record.repair import repair

EXPERIMENT = {
    "name": "torture",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "alpha": 1},
    "sweep": {"iterations": [2, 6], "beta": [1, 100]},
    "measure": {"referee": "none", "chunk": 2},
    "backends": [{"name": "fake", "options": {"step_s": 0.01}}],
}
MEASURED = {"started_at", "compile_count", "shared_trajectory", "gflop_per_s", "commit", "dirty"}
VICTIMS = ("sweep", "sweep", "write", "write", "worker", "supervisor", "repair")


def redo_failed(folder):
    nstbench.sweep(EXPERIMENT, folder, redo=nstbench.Redo(failed=True))


def mend(folder):
    repair(folder, lambda line: None)


def forked(action, *arguments):
    """Run something in a copy of this process; returns its number."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setsid()
            with (Path(os.environ["NSTBENCH_CACHE"]) / "said.txt").open("a") as said:
                os.dup2(said.fileno(), 2)
            action(*arguments)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def ended(pid, within_s=60.0):
    """Wait for it; returns its exit code, or below zero the signal."""
    until = time.monotonic() + within_s
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        assert time.monotonic() < until, "it hangs"
        time.sleep(0.002)


def amid_writes(action, folder, number):
    """Do something, and be killed at the `number`-th moment of its writing."""
    left = number

    def counting(name):
        plain = getattr(os, name)

        def call(*arguments, **options):
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return plain(*arguments, **options)

        setattr(os, name, call)

    for name in ("fsync", "replace", "rename", "unlink", "mkdir"):
        counting(name)
    action(folder)


def strike(victim, folder, chance):
    """Start a sweep or a repair and disturb it; returns what happened in words."""
    if victim in ("write", "repair"):
        number = chance.randint(1, 60 if victim == "write" else 12)
        if victim == "repair":
            ended(forked(redo_failed, folder))
            damage(folder, chance)
        code = ended(forked(amid_writes, redo_failed if victim == "write" else mend, folder, number))
        return f"{victim} {number}: {code}"
    after = chance.uniform(0.0, 1.2)
    pid = forked(redo_failed, folder)
    time.sleep(after)
    with suppress(psutil.Error):
        sweep = psutil.Process(pid)
        descendants = sweep.children(recursive=True)  # the supervisor first, then its worker
        at = {"sweep": [sweep], "supervisor": descendants[:1], "worker": descendants[1:2]}[victim]
        for each in at:
            each.kill()
    return f"{victim} after {after:.3f} s: {ended(pid)}"


def damage(folder, chance):
    """Cut a JSON file short, write nonsense over it, or take it away; losses alone nothing brings back."""
    files = sorted(folder.rglob("*.json"))
    path = chance.choice(files)
    how = chance.choice(("cut", "nonsense", "gone"))
    if how == "gone":
        path.unlink()
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if how == "cut" else b"nonsense")


def assert_nothing_is_left():
    """Wait until no worker or supervisor of this session is alive."""
    mark = os.environ["NSTBENCH_CACHE"]

    def is_ours(process):
        with suppress(psutil.Error):
            words = process.cmdline()
            return (
                process.pid != os.getpid()
                and process.environ().get("NSTBENCH_CACHE") == mark
                and any(word.startswith("nstbench.run") or word.endswith("supervisor.py") for word in words)
            )
        return False

    for _ in range(100):
        left = [each for each in psutil.process_iter() if is_ours(each)]
        if not left:
            return
        time.sleep(0.05)
    raise AssertionError(f"left behind: {left}")


def tables(folder):
    """Return what does not depend on seconds, or on which trials ran together."""
    results = open_results(folder)
    assert not results.damaged
    runs = results.runs.drop(columns=[name for name in results.runs if is_measured(name)])
    losses = results.losses.drop(columns="elapsed_s")
    pictures = results.images[~results.images["snapshot"]].drop(columns="elapsed_s").reset_index(drop=True)
    for path in pictures["path"]:
        assert (folder / path).is_file()
    return runs, losses, pictures


def is_measured(name):
    return name in MEASURED or name.endswith(("_s", "_bytes"))


def torture(moments, seed, folder, say=print):
    """Try so many moments.

    Raises:
        AssertionError: at one of them something was lost, hung or left.
    """
    chance = random.Random(seed)
    nstbench.sweep(EXPERIMENT, folder / "calm")
    expected = tables(folder / "calm")
    for number in range(1, moments + 1):
        place, victim = folder / f"moment-{number}", chance.choice(VICTIMS)
        what = strike(victim, place, chance)
        try:
            if victim == "repair":
                assert ended(forked(mend, place)) == 0
            assert ended(forked(redo_failed, place)) == 0, "it does not go on"
            assert_nothing_is_left()
            for mine, calm in zip(tables(place), expected, strict=True):
                assert_frame_equal(mine, calm)
        except BaseException:
            say(f"moment {number} of seed {seed}, {what}: see {place}")
            raise
        shutil.rmtree(place)
        if number % 20 == 0 or number == moments:
            say(f"{number} of {moments} moments: nothing lost (the last one: {what})")


def main():
    moments = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    folder = Path(tempfile.mkdtemp(prefix="nstbench-torture-"))
    os.environ["NSTBENCH_CACHE"] = str(folder)
    print(f"{moments} moments, seed {seed}, in {folder}", flush=True)
    torture(moments, seed, folder, lambda text: print(text, flush=True))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
