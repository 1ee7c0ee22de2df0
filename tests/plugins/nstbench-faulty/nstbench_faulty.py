"""The shipped fake, but for one thing that goes wrong: an answer that is none, or a process gone wild."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from nstbench.api import Capabilities, Device, LossTrace, Option
from nstbench.testing import FakeBackend
from nstbench.testing.fakes import FakeSession

NAN = float("nan")
LEFT = ["sleep", "600.0625"]
"""What a worker starts and leaves: a command that nobody else has a reason to give."""


def say(*lines):
    """Write to the pipe on which a worker tells its events."""
    os.write(int(sys.argv[-1]), b"".join(line + b"\n" for line in lines))


def tell(kind, **values):
    say(json.dumps([kind, values, {}]).encode())


def close_the_pipe():
    os.close(int(sys.argv[-1]))
    time.sleep(600)


def leave_somebody_with_the_pipe():
    subprocess.Popen(LEFT, pass_fds=[int(sys.argv[-1])])
    os._exit(9)


def raise_with(text):
    raise RuntimeError(text)


def print_much():
    for _ in range(400):
        print("much" * 25_000, flush=True)


def go_elsewhere():
    os.chdir(Path.cwd().parent)


def die_once():
    """Die, but not in a working directory in which somebody has died before."""
    with suppress(FileExistsError):
        Path("died").touch(exist_ok=False)
        os._exit(3)


IN_RUN = {
    "garbage": lambda: say(b"\xff\xfe garbage"),
    "null": lambda: say(b"null"),
    "number": lambda: say(b"7"),
    "unknown kind": lambda: tell("Exploded"),
    "too many values": lambda: tell("Finished", surplus=1),
    "exits with words": lambda: (print("the driver is gone\x1b[2J\n", flush=True), os._exit(5)),
    "half a line": lambda: (os.write(int(sys.argv[-1]), b'["Adv'), os._exit(0)),
    "no pace": lambda: tell("Advanced", iterations=1, of=4, seconds_per_iteration=0, loss=None),
    "pace of text": lambda: tell("Advanced", iterations=1, of=4, seconds_per_iteration="fast", loss=None),
    "somebody else's record": lambda: tell("Recorded", record={"trial": {}}, losses=None),
    "its own loss": lambda: tell("Lost", status="ok", error_type="", error_message=""),
    "finished too early": lambda: tell("Finished"),
    "closed pipe": close_the_pipe,
    "pipe in other hands": leave_somebody_with_the_pipe,
    "real-time signal": lambda: os.kill(os.getpid(), signal.SIGRTMIN + 1),
    "text that is no Unicode": lambda: raise_with("\udc80 and \x1b[31m red"),
    "no text": lambda: raise_with(""),
}
"""What happens in the second call of `run`."""

TRACES = {
    "losses too many": lambda t: replace(t, total=np.append(t.total, 1.0)),
    "losses of text": lambda t: replace(t, total=np.array(["low"] * len(t.total))),
    "losses of complex numbers": lambda t: replace(t, total=t.total + 1j),
    "a part that is no number": lambda t: replace(t, style=np.full_like(t.style, NAN)),
    "other layers": lambda t: replace(t, style_layers={"conv9_9": t.total}),
    "evaluations that are no number": lambda t: replace(t, evaluations=NAN),
    "no losses any more": lambda t: None,
    "a dictionary": lambda t: {"total": t.total},
}
IMAGES = {
    "bytes": lambda image: (image * 255).astype(np.uint8),
    "black and white": lambda image: image > 0.5,
    "0 to 255": lambda image: image * 255,
    "no picture": lambda image: None,
    "too small": lambda image: image[:-1],
    "pixels that are no numbers": lambda image: image * np.float32(NAN),
}
PEAKS = {"peak of text": "lots", "half a byte": 5.5, "more bytes than there are": 10**30, "no byte": NAN}
OTHERS = ("compilations that are no number", "operations of text", "no device", "options that are objects")
HARMLESS = {"prints much": print_much, "goes elsewhere": go_elsewhere, "dies once": die_once}
FAULTS = (*IN_RUN, *TRACES, *IMAGES, *PEAKS, *OTHERS)


class Faulty(FakeBackend):
    """The fake with one of `FAULTS`."""

    capabilities = Capabilities(
        summary="for tests: breaks its contract, or its process",
        consumes=FakeBackend.capabilities.consumes,
        options={
            **FakeBackend.capabilities.options,
            "wrong": Option("none", "which", choices=("none", *HARMLESS, *FAULTS)),
        },
    )

    @property
    def wrong(self):
        return self.options["wrong"]

    @property
    def compilations(self):
        return NAN if self.wrong == "compilations that are no number" else super().compilations

    @property
    def taken(self):
        return {"self": self} if self.wrong == "options that are objects" else self.options

    def start(self, device, deterministic=False):
        return None if self.wrong == "no device" else Device("cpu", "faulty")

    def prepare(self, problem):
        session = FaultySession(problem, self.options, self._compiled)
        session.wrong = self.wrong
        return session

    def peak_device_bytes(self):
        return PEAKS.get(self.wrong)


class FaultySession(FakeSession):
    """The fake's, with one of `FAULTS`."""

    called = 0

    def run(self, n) -> LossTrace:
        self.called += 1
        found = super().run(n)
        if self.called == 2:
            (IN_RUN | HARMLESS).get(self.wrong, lambda: None)()
            return TRACES.get(self.wrong, lambda trace: trace)(found)
        return found

    def image(self):
        return IMAGES.get(self.wrong, lambda image: image)(super().image())

    def flop(self):
        return "many" if self.wrong == "operations of text" else super().flop()
