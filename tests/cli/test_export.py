"""`nstbench export` as users type it."""

import json

import nstbench as python


def test_export_prints_where_it_wrote(nstbench, write, tmp_path):
    python.sweep(write(), tmp_path / "out", overrides=["measure.referee=none"])
    done = nstbench("export", "out", "--to", "json")
    assert done.stdout == "out/export/tables.json\n"
    assert len(json.loads((tmp_path / done.stdout.strip()).read_text())["losses"]) == 6
    named = nstbench("export", "out", "--to", "github-action-benchmark", "-o", "figures.json")
    assert named.stdout == "figures.json\n"
    entries = json.loads((tmp_path / "figures.json").read_text())
    assert {entry["name"].split(" · ")[0] for entry in entries} == {"tiny"}
    unknown = nstbench("export", "out", "--to", "xml", check=False)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith("nstbench: unknown format 'xml'; known: csv,")


def test_a_folder_without_results_cannot_be_exported(nstbench):
    done = nstbench("export", "nowhere", "--to", "csv", check=False)
    assert done.returncode == 2
    assert "not a results folder" in done.stderr
    assert "Traceback" not in done.stderr
