"""The backends on the same three problems, as results/README.md shows them: `problems.py [FOLDER]`.

Sweeps experiments/backends.yaml into FOLDER/sweep, goes on if it is there, prints the table and writes the
pictures into FOLDER/backends.png.
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd

import nstbench

ROOT = Path(__file__).parents[2]
HEAD = (
    "backend",
    "content, style",
    "to the picture",
    "s / iteration",
    "referee total",
    "content, share",
    "style, share",
    "held out, share",
    "SSIM",
)
WIDTH = 800
"""Of the picture, in pixels: it is kept in the repository."""


def main():
    out = Path(sys.argv[1] if sys.argv[1:] else "build/problems")
    command = [Path(sys.executable).with_name("nstbench"), "sweep", ROOT / "experiments" / "backends.yaml"]
    done = subprocess.run([*command, "-o", out / "sweep", *sys.argv[2:]], check=False)
    if done.returncode:
        sys.exit(done.returncode)
    results = nstbench.open_results(out / "sweep")
    print(f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|", sep="\n")
    for _, row in results.runs.iterrows():
        print(f"| {' | '.join(cells(row))} |")
    sheet = results.contact_sheet().convert("RGB")
    sheet.thumbnail((WIDTH, WIDTH))
    sheet.quantize(256).save(out / "backends.png", optimize=True)


def cells(row):
    single = pd.isna(row["iterations"])
    shares = [
        row[f"referee_{name}"] / row[f"referee_{name}_of_{of}"]
        for name, of in (("content", "style"), ("style", "content"), ("heldout", "content"))
    ]
    images = ", ".join(Path(row[name]).name.removeprefix("sample:") for name in ("content", "style"))
    return (
        row["backend"],
        images,
        f"{row['optimise_s']:.3f} s" if single else f"{row['optimise_s']:.1f} s",
        "(a pass)" if single else f"{row['step_median_s']:.3f}",
        *(f"{value:.3f}" for value in (row["referee_total"], *shares, row["referee_ssim"])),
    )


if __name__ == "__main__":
    main()
