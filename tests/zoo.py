"""Plugins that are broken, each in its own way, as generated distributions on the search path."""
# ruff: noqa: E501 - a plugin is a line

from pathlib import Path

SOUND = """
from nstbench.api import Capabilities, Option
from nstbench.testing import FakeBackend

class Fine(FakeBackend):
    capabilities = FakeBackend.capabilities
"""
CAPABILITIES = (
    "from dataclasses import replace\n" + SOUND + "\nFine.capabilities = replace(Fine.capabilities, {})\n"
)

BROKEN = {
    "exits": ("import sys; sys.exit('enough')", "SystemExit: enough"),
    "exits-at-once": ("import os; os._exit(7)", "exit code 7"),
    "exits-with-0": ("import os; os._exit(0)", "exit code 0"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit code -9"),
    "kills-who-looks": ("import os, signal; os.kill(os.getppid(), signal.SIGKILL); os._exit(0)", "ends the process"),
    "kills-everybody": ("import os, signal; os.kill(0, signal.SIGKILL)", "ends the process"),
    "hangs": ("import time; time.sleep(600)", "more than"),
    "hangs-deaf": ("import os, time\nfor d in range(3, 64):\n try: os.close(d)\n except OSError: pass\ntime.sleep(600)", ""),
    "raises": ("raise ValueError('no\\nluck')", "ValueError: no luck"),
    "raises-a-base": ("raise BaseException('base')", "BaseException: base"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "raises-without-text": ("class E(Exception):\n def __str__(self): return 1\nraise E", "E"),
    "raises-escapes": ("raise ValueError('\\x1b[2J[red]gone')", r"\x1b[2J[red]gone"),
    "syntax": ("def", "SyntaxError"),
    "recursion": ("def f(): f()\nf()", "RecursionError"),
    "missing-dependency": ("import no_such_module_anywhere", "ModuleNotFoundError"),
    "no-class": ("Fine = 5", "not a subclass of Backend"),
    "no-name": ("", "AttributeError"),
    "abstract": ("from nstbench.api import Backend, Capabilities\nclass Fine(Backend): capabilities = "
                 "Capabilities('s', frozenset({'content'}))", "prepare"),
    "no-capabilities": (SOUND + "    capabilities = {}\n", "lacks `capabilities"),
    "capabilities-that-raise": (SOUND + "Fine.capabilities = property(lambda self: 1 / 0)\n", "lacks `capabilities"),
    "summary": (CAPABILITIES.format("summary=5"), "`summary` is text, found 5"),
    "consumes": (CAPABILITIES.format("consumes=None"), "`consumes` is a set of names"),
    "devices": (CAPABILITIES.format("devices='cpu'"), "`devices` is a tuple of names, found 'cpu'"),
    "requires": (CAPABILITIES.format("requires=(1,)"), "`requires` is a tuple of names"),
    "options": (CAPABILITIES.format("options={'a': 3}"), "the option 'a' is an `Option`"),
    "option-of-nan": (CAPABILITIES.format("options={'a': Option(float('nan'), 'h')}"), "the option 'a' has a bool"),
    "contract": (CAPABILITIES.format("contract=99"), "contract 99; this version of nstbench has 1"),
    "init": (SOUND + "    def __init__(self, options=None): raise OSError('init')\n", "OSError: init"),
    "too-much": (CAPABILITIES.format("summary='x' * 3_000_000"), "longer than"),
    "garbage": ("import os\nfor d in range(3, 64):\n try: os.write(d, b'\\xff garbage\\n')\n except OSError: pass\n" + SOUND,
                "lost"),
}  # fmt: skip
"""Name -> source of its module `Fine` of which is the backend, and what is said of it."""

NOISY = (
    """
import os, sys, warnings
print("printed"); os.write(1, b"written"); sys.stderr.write("complained")
warnings.warn("warned")
"""
    + CAPABILITIES.format("summary='[bold]\\x1b[2Jloud[/bold]'")
    + """
sys.path.clear(); sys.modules.pop("json"); os.chdir("/")
"""
)
"""Sound, but for its manners."""


def install(folder, distribution, lines, version="1.0"):
    """Make a distribution whose entry points are these lines."""
    info = Path(folder) / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("\n".join(["[nstbench.backends]", *lines, ""]))


def plugin(folder, name, source, distribution=None):
    """Install a plugin of one module."""
    module = f"{(distribution or name).replace('-', '_')}_module"
    (Path(folder) / f"{module}.py").write_text(source)
    install(folder, distribution or name, [f"{name} = {module}:Fine"])
