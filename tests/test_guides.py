"""Every guide in docs/, held against the program: its commands, experiments, code and links."""

import re
import shlex

import pytest
from typer.main import get_command

import nstbench
from nstbench.cli.app import app
from nstbench.experiment import experiment_from_mapping
from nstbench.experiment.yaml12 import parse

from .cli_reference import commands, reference
from .house import ROOT

GUIDES = sorted((ROOT / "docs").glob("*.md"))
WHOLE = {"inputs": {"content": "sample:cat", "style": "sample:coffee"}, "backends": ["fake"]}
"""What a fragment of an experiment leaves out."""


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def shown_commands(text):
    """Find the calls of nstbench in console blocks, as lists of words after `nstbench`."""
    for line in "".join(blocks(text, "console")).splitlines():
        if line.startswith("$ "):
            words = shlex.split(line[2:].replace(";", " ; "), comments=True)
            while "nstbench" in words:
                words = words[words.index("nstbench") + 1 :]
                ends = [at for at, word in enumerate(words) if word in ("&", ";", "|", "&&", ">")]
                yield words[: min(ends, default=len(words))]


def understood(words):
    """Have the command that `words` name read the rest of them, without running it."""
    command, path = get_command(app), "nstbench"
    while words and words[0] in getattr(command, "commands", {}):
        path, command, words = f"{path} {words[0]}", command.commands[words[0]], words[1:]
    context = command.make_context(path, list(words))
    if hasattr(command, "commands") and words:
        command.resolve_command(context, list(words))
    return path


@pytest.fixture(params=GUIDES, ids=lambda path: path.stem)
def guide(request):
    return request.param


def test_there_are_guides():
    assert {path.stem for path in GUIDES} >= {"cli", "cluster", "presets", "sweep", "write-a-backend"}
    whole = "".join(path.read_text() for path in GUIDES)
    assert all(len(blocks(whole, language)) > 2 for language in ("console", "yaml", "python"))
    assert len([*shown_commands(whole)]) > 20


def test_its_commands_are_understood(guide):
    for words in shown_commands(guide.read_text()):
        assert understood(words) != "nstbench", words


@pytest.mark.parametrize(
    "line",
    [
        "nstbench swep a.yaml",
        "nstbench backends nwe x",
        "nstbench rerun",
        "A=1 nstbench sweep a.yaml --forse",
        "x; nstbench export a -o b &",
    ],
)
def test_a_command_that_does_not_exist_is_found(line):
    (words,) = shown_commands(f"```console\n$ {line}\n```\n")
    with pytest.raises(Exception, match=r"(?i)no such|missing|required") as caught:
        understood(words)
    assert "click" in type(caught.value).__module__


def test_its_experiments_load(guide):
    for block in blocks(guide.read_text(), "yaml"):
        written = parse(block, guide.name).value
        axes = {*written.get("sweep", {}), *written.get("sweep", {}).get("zip", {})}
        inputs = {name: ref for name, ref in WHOLE["inputs"].items() if name not in axes}
        inputs |= written.get("inputs", {})
        assert experiment_from_mapping({**WHOLE, **written, "inputs": inputs}).points(), block


def test_its_code_compiles(guide):
    for block in blocks(guide.read_text(), "python"):
        compile(block, guide.name, "exec")


def test_its_links_lead_somewhere(guide):
    for name, section in re.findall(r"\]\(([^)#:\s]*)(#[^)]*)?\)", guide.read_text()):
        to = guide.parent / name if name else guide
        assert to.exists(), name
        if section:
            heads = re.findall(r"^#+ (.*)$", to.read_text(), re.MULTILINE)
            assert section[1:] in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_reference_of_the_command_line_is_what_the_program_says():
    written = (ROOT / "docs/cli.md").read_text()
    assert written == reference(app), "make it again: python -m tests.cli_reference > docs/cli.md"


def test_the_reference_leaves_nothing_out():
    text = reference(app)
    for path, command in commands(get_command(app), "nstbench"):
        section = text.partition(f"## {path}\n")[2].partition("\n## ")[0]
        for parameter in command.params:
            shown = parameter.param_type_name == "option" and not parameter.hidden
            for name in parameter.opts if shown else ():
                assert re.search(rf"`{name}[ `]", section), f"{path} {name}"


def test_the_guide_to_sweeps_counts_right():
    first = parse(blocks((ROOT / "docs/sweep.md").read_text(), "yaml")[0], "sweep.md").value
    experiment = experiment_from_mapping(first)
    assert (len(experiment.points()), len(experiment.backends)) == (4, 2)


def test_the_one_call_from_python_runs(tmp_path, monkeypatch):
    (code,) = blocks((ROOT / "docs/sweep.md").read_text(), "python")
    monkeypatch.chdir(tmp_path)
    names = {}
    quick = code.replace('["jax-vgg19"]', '["fake"], "measure": {"referee": "none"}')
    assert quick != code
    exec(quick, names)
    assert names["results"].runs["status"].tolist() == ["ok", "ok"]
    assert (tmp_path / "sheet.png").stat().st_size > 1000
    assert "scatter" in (tmp_path / "losses.html").read_text()
    again = nstbench.open_results("results/layers")
    assert again.runs["trial_id"].tolist() == names["results"].runs["trial_id"].tolist()
