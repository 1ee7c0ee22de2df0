"""`nstbench choose`: which backend to run, with which settings."""

from __future__ import annotations

from typing import Annotated

import typer

from nstbench.cli.console.arguments import ResultsFolders
from nstbench.cli.show import OutsidePlanOption

WithinOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="The best that makes a picture in this time: 10s, 500ms, 2min."),
]
AtLeastOption = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE", help="The quickest with this share of the best quality [0.8 if nothing is said]."
    ),
]
QualityOption = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="What quality is, maybe with what is enough: 'referee_total<=0.3', 'referee_ssim>=0.5'"
        " [referee_total].",
    ),
]
FloorOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN>=LIMIT",
        help="Do not offer what falls under it, as in 'referee_msssim>=0.2'; may be repeated.",
    ),
]
PicturesOption = Annotated[
    int, typer.Option(metavar="N", help="How many pictures share what is paid once: import, load, compile.")
]


def choose(
    results: ResultsFolders,
    within: WithinOption = None,
    at_least: AtLeastOption = None,
    quality: QualityOption = None,
    floor: FloorOption = None,
    pictures: PicturesOption = 1,
    size: Annotated[
        int | None, typer.Option(metavar="PIXELS", help="Only pictures of this longer side.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this device: cpu, gpu, or its whole name.")
    ] = None,
    outside_plan: OutsidePlanOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Name the backend to take, for a budget or a wanted quality.

    Shows the configurations that no other beats in seconds to the picture and in quality, and the command
    that makes a picture with the one to take. Informs only: it ends in 0 even if nothing is good enough.
    """
    from nstbench.cli.console.choose_text import as_text
    from nstbench.cli.console.console import print_json
    from nstbench.comparison.choice_words import as_json as in_json
    from nstbench.comparison.choose import choose_folders
    from nstbench.comparison.wish import wish
    from nstbench.run.installed import usual_options

    wanted = wish(quality, within, at_least, pictures, (size, device))
    wanted = wanted.with_floors(floor or ())
    found = choose_folders(*results, wanted=wanted, outside_plan=outside_plan, defaults=usual_options)
    if as_json:
        print_json([in_json(choice) for choice in found])
    else:
        as_text(found)
