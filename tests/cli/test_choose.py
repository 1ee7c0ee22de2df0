"""`nstbench choose` as users type it, up to the picture that its last line makes."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nstbench as python
from tests.report.scenes import a_folder, a_record

EXPERIMENT = """
name: mine
inputs: {content: sample:cat, style: sample:coffee}
fixed: {size: 32, style_layers: {conv1_1: 2, conv2_1: 1}}
sweep: {iterations: [2, 6]}
measure: {referee: "random:0", chunk: 1}
backends: [{name: fake, options: {step_s: 0.002}}]
"""


@pytest.mark.thorough
def test_the_command_it_ends_with_makes_the_picture(nstbench, write, tmp_path):
    nstbench("sweep", write(EXPERIMENT))
    shown = nstbench("choose", "results/mine", "--within", "1h").stdout
    assert re.match(
        r"For 32 px on cpu \(fake\) take fake · iterations \d, the best within 60 min 00 s: ", shown
    )
    table = shown.partition("\n\n")[2].partition("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 80
    (line,) = re.findall("^nstbench stylize .*$", shown, re.MULTILINE)
    words = shlex.split(line.replace("PHOTO.jpg", "sample:cat").replace("STYLE.jpg", "sample:coffee"))
    assert {"step_s=0.002", "style_weights=[2,1]"} <= set(words)
    assert "pastiche.png: fake" in nstbench(*words[1:]).stdout
    (choice,) = python.choose(tmp_path / "results/mine", within="1h")
    ((folder, trial_id),) = choice.table["trials"][choice.taken]
    (image,) = Path(folder).glob(f"trials/{trial_id}/images/*.png")
    made, wanted = (np.asarray(Image.open(path)) for path in (tmp_path / "pastiche.png", image))
    np.testing.assert_array_equal(made, wanted)


def test_without_a_judged_picture_one_line_says_what_to_do(nstbench, tmp_path):
    a_folder(tmp_path / "a", a_record(looks=()))
    refused = nstbench("choose", "a", check=False)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert "no picture has referee_total; sweep again with --set measure.referee=auto" in refused.stderr
