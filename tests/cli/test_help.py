"""What `-h` prints: whole sentences, and placeholders that a person can read."""

import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from nstbench.cli.app import app
from tests.cli_reference import commands

COMMANDS = dict(commands(get_command(app), "nstbench"))
runner = CliRunner(env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})


@pytest.mark.parametrize("path", [path for path, command in COMMANDS.items() if hasattr(command, "commands")])
def test_no_summary_is_cut_at_80_columns(path):
    shown = runner.invoke(app, [*path.split()[1:], "--help"]).output
    listed = shown.split("Commands:")[1]
    assert not re.search(r"\.\.\.$", listed, re.MULTILINE), listed


def test_what_a_value_is_called_says_what_it_is():
    bare = [
        f"{path} {option.opts[0]}"
        for path, command in COMMANDS.items()
        for option in command.params
        if option.param_type_name == "option" and not option.is_flag and not option.metavar
    ]
    assert not bare
