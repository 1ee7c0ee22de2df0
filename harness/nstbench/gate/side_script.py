"""What runs in a side's own Python: `python -P side_script.py FOLDER < experiment.json`.

It must work with whatever version of nstbench that side has, so it uses nothing but `nstbench.sweep`.
"""

import json
import sys

import nstbench


def main() -> None:
    """Sweep the experiment on standard input; image paths in it are relative to the working directory."""
    nstbench.sweep(json.load(sys.stdin), sys.argv[1])


if __name__ == "__main__":
    main()
