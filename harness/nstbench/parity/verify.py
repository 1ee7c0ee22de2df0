"""Verification of an installed backend: the ladder in a process of its own, its outcome remembered.

`python -P -m nstbench.parity.verify FD` is that process: a request comes in, and rung after rung goes out, as
JSON lines (see `nstbench.system.child`).
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nstbench.api import BackendUnavailable, one_line, plugin
from nstbench.assets import WeightsSource, load_weights
from nstbench.parity.ladder import RungResult, climb, passed
from nstbench.parity.scenarios import biased, default_scenarios
from nstbench.record.files import refuse_unwritable_folder
from nstbench.run.code import code_of
from nstbench.run.machine import cpu_name, environment
from nstbench.run.verified import Setup, memory, remember
from nstbench.system.child import Child, ChildEnded
from nstbench.system.parent import Parent

Watch = Callable[[RungResult], None]
Tell = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What to verify: a backend, on a device (`auto`, `cpu` or `gpu`), at a precision, with some weights.

    Attributes:
        options: the backend's own, complete with defaults.
        origin: of its plugin; empty for the first of that name.
    """

    backend: str
    device: str
    precision: str
    weights: WeightsSource
    options: Mapping[str, Any]
    origin: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Request:
        """Read it from the JSON types of its fields."""
        return cls(**{**data, "weights": WeightsSource.from_json(data["weights"])})


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of a request.

    Attributes:
        device, device_name: what the backend took; options_taken: its options, with what `auto` came to.
    """

    request: Request
    device: str
    device_name: str
    options_taken: Mapping[str, Any]
    rungs: tuple[RungResult, ...]

    @property
    def passed(self) -> bool:
        """Whether trials of the same setup count as verified."""
        return passed(self.rungs)

    @property
    def failed(self) -> bool:
        """Whether a rung failed; one that is not offered has not, though it keeps from passing."""
        return any(rung.status == "failed" for rung in self.rungs)


def verify(request: Request, watch: Watch) -> Verification:
    """Take an installed backend up the ladder in a fresh process, and remember whether it passed.

    Args:
        watch: told of each rung as it comes.

    Raises:
        BackendUnavailable: it does not start, for instance as there is no such device.
        ResultsError: the outcome could not be remembered.
    """
    refuse_unwritable_folder(memory())
    rungs: list[RungResult] = []
    begun: Mapping[str, Any] = {}
    for kind, said in _events(request):
        if kind == "begun":
            begun = said
        elif kind == "rung":
            rungs.append(RungResult(**said))
            watch(rungs[-1])
        elif kind == "unavailable":
            raise BackendUnavailable(said["reason"])
        elif not begun:
            raise BackendUnavailable(f"{request.backend}: does not start: {said['reason']}")
        else:
            rungs.append(RungResult("end of the ladder", "failed", None, 0.0, said["reason"]))
            watch(rungs[-1])
    outcome = Verification(
        request, begun["device"], begun["device_name"], begun["options_taken"], tuple(rungs)
    )
    taken = outcome.device_name, request.precision, request.options
    setup = Setup.of(plugin(request.backend, request.origin), *taken, begun["facts"])
    remember(setup, outcome.passed, [asdict(rung) for rung in rungs])
    return outcome


def _events(request: Request) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what the process says, asleep in between, up to `done`; `lost` if it ends before."""
    with tempfile.TemporaryFile() as log:
        child = Child([sys.executable, "-P", "-m", "nstbench.parity.verify"], log)
        try:
            child.send(asdict(request))
            while (event := child.hear())[0] != "done":
                yield event[0], event[1]
        except ValueError:
            yield "lost", {"reason": "its process sent what is no JSON"}
        except ChildEnded as end:
            log.seek(0)
            last = log.read().decode(errors="replace").strip().splitlines()[-1:]
            yield "lost", {"reason": ": ".join([f"its process {end}", *last])}
        finally:
            child.close()


def main() -> None:
    """Climb the ladder in this process."""
    parent = Parent(int(sys.argv[1]))
    request = Request.from_json(parent.hear())

    def tell(kind: str, said: Mapping[str, Any]) -> None:
        parent.send([kind, said])

    try:
        _climb(request, tell)
    except BackendUnavailable as error:
        tell("unavailable", {"reason": one_line(error)})
    except Exception as error:
        traceback.print_exc()
        tell("lost", {"reason": one_line(error)})
    tell("done", {})


def _climb(request: Request, tell: Tell) -> None:
    found = plugin(request.backend, request.origin)
    code, backend = code_of(found), found.make(request.options)
    device = backend.start(request.device)
    _, facts = environment(backend.capabilities.variables)  # as the sweep takes them: right after the start
    facts["code"] = code
    taken = {"device": device.kind, "device_name": device.name or cpu_name()}
    tell("begun", taken | {"options_taken": dict(backend.taken), "facts": facts})
    weights = biased(load_weights(request.weights))
    backend.load(weights)
    for result in climb(request.backend, backend, weights, default_scenarios(weights, request.precision)):
        tell("rung", asdict(result))


if __name__ == "__main__":
    main()
