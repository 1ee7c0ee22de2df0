"""The layers that the steps use: those of Gatys et al., or with `--quick` a few that are compiled sooner."""

import sys

from nstbench.api import GATYS_CONTENT_LAYERS, GATYS_STYLE_LAYERS

QUICK = "--quick" in sys.argv
if QUICK:
    sys.argv.remove("--quick")
CONTENT, STYLE = (("conv2_1",), ("conv1_1",)) if QUICK else (GATYS_CONTENT_LAYERS, GATYS_STYLE_LAYERS)
FIXED = {"content_layers": list(CONTENT), "style_layers": list(STYLE), "pooling": "max"}
"""For an experiment."""
