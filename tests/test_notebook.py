"""The example notebook runs from top to bottom, and shows what it is shipped with."""

import pytest

from .notebook import NOTEBOOK, executed, kinds, read
from .test_repository import local_addresses

QUICK = {'["jax-vgg19"]': '["fake"]', '"size": 96': '"size": 32', '"iterations": 40': '"iterations": 20'}
"""What the test changes, so that it need not wait for a framework."""


@pytest.mark.thorough
def test_it_runs_in_a_clean_kernel_and_shows_the_same_kinds_of_things(tmp_path):
    notebook = read()
    shipped, code = kinds(notebook), [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs = []
    for slow, quick in QUICK.items():
        assert slow in code[0].source
        code[0].source = code[0].source.replace(slow, quick)
    assert kinds(executed(notebook, tmp_path)) == shipped
    assert len(list(tmp_path.glob("results/*/trials/*/result.json"))) == 4


def test_it_is_shipped_with_what_people_look_for():
    shown = [kind for cell in kinds(read()) for kind in cell]
    assert {"text/html", "image/png", "application/vnd.plotly.v1+json"} <= set(shown)
    assert "error" not in shown
    assert "stderr" not in shown


def test_it_is_small_and_names_nobodys_folders():
    text = NOTEBOOK.read_text()
    assert len(text) < 300_000
    assert "/tmp" not in text
    assert not local_addresses(text)
