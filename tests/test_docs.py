"""What README and the guides promise, held against the program."""

import re

import pytest
from typer.main import get_command

from nstbench.api import NstbenchError, UsageError
from nstbench.api.judged import JUDGED
from nstbench.assets import SAMPLES
from nstbench.cli.app import app
from nstbench.cli.console.exit_codes import code_of_error
from nstbench.experiment import experiment_from_mapping, load_experiment
from nstbench.experiment.measure import Measure
from nstbench.record.schema import RUNS

from .capabilities_table import table as capabilities
from .settings_table import table


@pytest.fixture(scope="module")
def readme(request):
    return (request.config.rootpath / "README.md").read_text()


@pytest.fixture(scope="module")
def experiment_guide(request):
    return (request.config.rootpath / "docs/experiment.md").read_text()


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def meant(command, words):
    """Follow words such as `presets show gatys` down to the command they name."""
    inner = getattr(command, "commands", {})
    return meant(inner[words[0]], words[1:]) if words and words[0] in inner else command


def test_every_command_shown_exists_with_the_options_shown(readme):
    root = get_command(app)
    lines = [line.split("#")[0] for block in blocks(readme, "console") for line in block.splitlines()]
    shown = [line.removeprefix("$ ").split()[1:] for line in lines if line.startswith("$ nstbench ")]
    assert {words[0] for words in shown} >= {"sweep", "choose", "compare", "check", "stylize"}
    for words in shown:
        command = meant(root, words)
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, words
    assert all(f"nstbench {verb}" in readme for verb in root.commands)


def test_the_experiment_shown_is_one(readme, experiment_guide, tmp_path):
    (block,) = blocks(readme, "yaml")
    assert block in experiment_guide
    (tmp_path / "my.yaml").write_text(block)
    assert len(load_experiment(tmp_path / "my.yaml").points()) == 2


def test_the_table_of_settings_is_that_of_the_program(experiment_guide):
    assert table() in experiment_guide, "python -m tests.settings_table"


def test_the_catalogue_of_backends_says_what_they_say_of_themselves(request):
    catalogue = (request.config.rootpath / "docs/plugins.md").read_text()
    assert capabilities() in catalogue, "python -m tests.capabilities_table"


def test_every_key_of_measure_is_named(experiment_guide):
    assert all(f"`{name}`" in experiment_guide for name in Measure.model_fields)


def test_every_sample_is_named(experiment_guide):
    assert all(f"`{name}`" in experiment_guide for name in SAMPLES)


def test_files_that_are_linked_exist(readme, request):
    for name in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (request.config.rootpath / name).exists(), name


def test_exit_codes_are_those_listed(request):
    listed = (request.config.rootpath / "docs/cli.md").read_text()
    assert "| 2 | bad usage or a bad experiment" in listed
    assert code_of_error(UsageError("")) == code_of_error(NstbenchError("")) == 2
    with pytest.raises(UsageError):
        experiment_from_mapping({}, ".")


def test_the_guide_to_judging_has_every_column_that_judges_and_which_way_is_better(request):
    guide = (request.config.rootpath / "docs" / "judging.md").read_text()
    better = dict(re.findall(r"^\| `(referee_\w+)` \| (lower|higher) \|", guide, re.MULTILINE))
    assert better == {name: "higher" if each.higher else "lower" for name, each in JUDGED.items()}
    assert set(re.findall(r"\breferee_\w+", guide)) <= RUNS.keys()
    for name in re.findall(r"\]\(([^)#:]+)\)", guide):
        assert (request.config.rootpath / "docs" / name).exists(), name
