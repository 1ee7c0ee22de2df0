"""The guide for plugin authors shows the example plugin as it is, and commands that exist."""

import re

import pytest
from typer.main import get_command

from nstbench.api import Backend, Session
from nstbench.cli.app import app
from nstbench.testing.scaffold import plugin_files


@pytest.fixture(scope="module")
def guide(request):
    return (request.config.rootpath / "docs/write-a-backend.md").read_text()


def test_its_code_is_the_example_plugin(guide):
    shown = re.findall(r"`([\w.]+)`[^\n]*:\n\n```(?:python|toml)\n(.*?)```", guide, re.DOTALL)
    kept = plugin_files("colour-transfer")
    del kept["README.md"]
    assert dict(shown) == kept
    assert len(re.findall(r"```(?:python|toml)", guide)) == len(shown)


def test_its_commands_exist(guide):
    (block,) = re.findall(r"```console\n(.*?)```", guide, re.DOTALL)
    shown = [line.split("#")[0].split()[2:] for line in block.splitlines() if line.startswith("$ nstbench")]
    assert len(shown) == 3
    for verb, *words in shown:
        command = get_command(app).commands[verb]
        if subverbs := getattr(command, "commands", None):
            command = subverbs[words[0]]
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known


def test_it_speaks_of_every_method_of_the_contract(guide):
    for protocol in (Backend, Session):
        for name in {*vars(protocol), *protocol.__annotations__}:
            if not name.startswith("_"):
                assert re.search(rf"`(?:Session\.)?{name}`", guide), name
