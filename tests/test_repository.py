"""What the repository holds besides code: experiments that load, and nothing of anybody's own machine."""

import json
import re
import subprocess

import jsonschema
import pytest
import yaml

from nstbench.experiment import load_experiment

from .house import ROOT

EXPERIMENTS = sorted((ROOT / "experiments").glob("*.yaml"))


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_a_shipped_experiment_loads_and_is_what_its_schema_says(path):
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=experiment.schema.json\n")
    schema = json.loads((path.parent / "experiment.schema.json").read_text())
    jsonschema.validate(yaml.safe_load(text), schema, jsonschema.Draft202012Validator)
    experiment = load_experiment(path)
    assert experiment.name == path.stem
    assert experiment.points()


# Written so that this file does not match them.
REGISTRIES = r"https?://[^\s'\"]*(?:py[p]i|python[h]osted|/simp[l]e\b|npm[j]s)|index-ur[l][ =]+\S*http"
MACHINES = r"(?<![\w.~-])/(?:work|root|home)(?:/|\b(?![\w-]))"


def local_addresses(text: str) -> list[str]:
    """Find addresses that hold on somebody's machine only."""
    return [match[0] for match in re.finditer(f"{REGISTRIES}|{MACHINES}", text)]


def test_no_file_of_the_repository_names_a_registry_or_somebodys_folder():
    # Those not committed yet too: better found before than after.
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    texts = {path: content for path in paths if b"\0" not in (content := path.read_bytes())}
    found = {str(path): local_addresses(text.decode(errors="ignore")) for path, text in texts.items()}
    assert len(texts) > 100
    assert {path: what for path, what in found.items() if what} == {}


def test_local_addresses_are_found():
    slash = "/"
    for folder in ("work", "root", "home"):
        assert local_addresses(f"cd {slash}{folder}{slash}me")
        assert local_addresses(f"'{slash}{folder}'")
    assert local_addresses(f"https:{slash}{slash}mirror.local{slash}simple{slash}")
    assert local_addresses(f"--index-url{chr(61)}http:{slash}{slash}x")
    assert not local_addresses("https://example.org/home/ and/or work/rooted /homely /tmp/x ~/work")
