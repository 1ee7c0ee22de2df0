"""The command line: one file per verb, and the only place that turns errors into exit codes."""

from nstbench.cli.app import main

__all__ = ["main"]
