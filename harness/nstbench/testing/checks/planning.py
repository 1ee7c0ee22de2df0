"""What a backend says of itself before anything runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nstbench.api import VGG_SETTINGS, Settings
from nstbench.testing.settings import PLANNING_AXES, combine, settings_for
from nstbench.testing.subject import Subject
from nstbench.testing.violation import NotApplicable, demand

PLANNED = """
import json, sys
target, path, options, settings, required, ask = json.loads(sys.argv[1])
sys.path[:] = path
from importlib import import_module
from operator import attrgetter
before = set(sys.modules)
module, _, attribute = target.partition(":")
backend = attrgetter(attribute)(import_module(module))(options)
if ask:  # what the import has loaded is the other check's business
    from nstbench.api import Settings
    before = set(sys.modules)
    backend.identify()
    backend.refuse(Settings(**settings))
print()
print(json.dumps(sorted((set(sys.modules) - before) & set(required))))
"""
TIMEOUT_S = 120


def capabilities_are_sane(subject: Subject) -> None:
    """Settings, devices and options are known ones, and what is required says how to install it."""
    can = subject.capabilities
    unknown = sorted(can.consumes - VGG_SETTINGS)
    demand(not unknown, "`consumes` names settings of `VGG_SETTINGS`", unknown, "correct or remove them")
    demand(
        {"content", "style"} <= can.consumes, "`consumes` has content and style", sorted(can.consumes), "add"
    )
    fine = can.devices and set(can.devices) <= {"cpu", "gpu"}
    demand(fine, "`devices` are of cpu and gpu, at least one", can.devices, "declare those it computes on")
    one_line = can.summary.strip() and "\n" not in can.summary
    demand(one_line, "`summary` is one line", repr(can.summary), "say in a few words what it is")
    demand(
        not can.requires or can.install.strip(),
        "`install` is the line that installs what `requires` names",
        repr(can.install),
        "give it",
    )
    for name, option in can.options.items():
        typed = isinstance(option.default, bool | int | float | str)
        demand(typed, f"the option {name} has a bool, int, float or str", repr(option.default), "choose one")
        fits = not option.choices or option.default in option.choices
        demand(fits, f"the option {name} has its default among its choices", repr(option.default), "add it")
        demand(option.help.strip(), f"the option {name} has a `help`", repr(option.help), "say what it does")


def reports_are_typed(subject: Subject) -> None:
    """`start` answers with a device it declares; counters are whole numbers, or None where unknown."""
    kind, devices = getattr(subject.device, "kind", None), subject.capabilities.devices
    demand(kind in devices, f"`start` returns a Device of {devices}", subject.device, "return what it took")
    count, peak = subject.backend.compilations, subject.backend.peak_device_bytes()
    demand(isinstance(count, int) and count >= 0, "`compilations` is a count", repr(count), "return an int")
    counted = peak is None or (isinstance(peak, int) and peak >= 0)
    demand(counted, "`peak_device_bytes()` is a number of bytes or None", repr(peak), "return an int or None")


def refusals_are_sentences(subject: Subject) -> None:
    """`refuse` answers every combination with None or one line that names what cannot be done.

    The line stands alone on a row of the results, so "no" would leave its reader without help.
    """
    defaults = settings_for(subject.backend, {})
    for chosen in combine(PLANNING_AXES, subject.capabilities.consumes):
        settings = settings_for(subject.backend, chosen)
        answer = subject.backend.refuse(settings)
        if answer is None:
            continue
        demand(isinstance(answer, str), "`refuse` returns a str or None", repr(answer), "return a sentence")
        sentence = len(answer.split()) >= 3 and len(answer.splitlines()) == 1
        demand(sentence, "a refusal is one line, a sentence", repr(answer), "say what is not possible")
        named = _names(settings, defaults, subject.backend.options)
        found = any(name in answer.lower() for name in named)
        demand(found, "a refusal names the setting, its value or the option", repr(answer), "name it")


def importing_loads_no_framework(subject: Subject) -> None:
    """Importing the entry point and making the object loads nothing that `requires` names.

    Listing backends must be fast, and a framework that is imported may take a device.
    """
    loaded = _loaded(subject, ask=False)
    demand(not loaded, "importing the plugin imports no framework", loaded, "import them inside `start`")


def planning_loads_no_framework(subject: Subject) -> None:
    """`identify` and `refuse` answer without what `requires` names: planning happens without frameworks."""
    loaded = _loaded(subject, ask=True)
    remedy = "answer from names and files alone"
    demand(not loaded, "`identify` and `refuse` need no framework", loaded, remedy)


def _names(settings: Settings, defaults: Settings, options: Mapping[str, Any]) -> set[str]:
    """What a refusal may speak of: what is not the default (anything, if all is), and options."""
    every = asdict(settings)
    changed = {name: value for name, value in every.items() if getattr(defaults, name) != value} or every
    words = {word for name in changed for word in name.split("_")}
    values = {value.lower() for value in changed.values() if isinstance(value, str)}
    return words | values | {name.lower() for name in options}


def _loaded(subject: Subject, ask: bool) -> Sequence[str]:
    required = subject.capabilities.requires
    if not required:
        raise NotApplicable("it requires no module")
    settings = asdict(settings_for(subject.backend, {}))
    question = [subject.target, sys.path, subject.backend.options, settings, list(required), ask]
    command = [sys.executable, "-P", "-c", PLANNED, json.dumps(question)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    last = (done.stderr.strip().splitlines() or [""])[-1]
    demand(done.returncode == 0, "the plugin answers in a fresh process", last, "make it import by itself")
    loaded: Sequence[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded
