"""`nstbench stylize`: pictures, the quickest way to see a backend work."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from nstbench.cli.console import completion
from nstbench.cli.console.arguments import OneBackend, Options
from nstbench.cli.sweep import OverridesOption

if TYPE_CHECKING:
    from nstbench.run.stylize import Recipe

PicturesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="CONTENT... STYLE",
        help="Content images, then a style image: paths, patterns such as 'photos/*.jpg', or sample:NAME.",
        autocompletion=completion.images,
    ),
]
StyleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        metavar="STYLE",
        help="A style image; then all others are contents. May be repeated.",
        autocompletion=completion.images,
    ),
]
OutOption = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--out",
        metavar="PLACE",
        help="A file (png, jpg, webp), a folder, or a pattern: out/{content}-{style}.jpg "
        "[pastiche.png; of several {content}-{style}.png].",
    ),
]
LikeOption = Annotated[
    Path | None,
    typer.Option(metavar="PICTURE", help="Make them as this picture of stylize was made."),
]
QualityOption = Annotated[int, typer.Option(min=1, max=100, metavar="N", help="Of JPEG and WebP.")]
SaveEveryOption = Annotated[
    int | None,
    typer.Option("--save-every", min=1, metavar="N", help="Keep a picture every N iterations, too."),
]


def stylize(
    pictures: PicturesArgument,
    style: StyleOption = None,
    out: OutOption = None,
    backend: OneBackend = None,
    option: Options = None,
    overrides: OverridesOption = None,
    like: LikeOption = None,
    quality: QualityOption = 95,
    save_every: SaveEveryOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace pictures that are there.")] = False,
    missing: Annotated[bool, typer.Option("--missing", help="Make only those that are not there.")] = False,
) -> None:
    """Stylise pictures with any backend.

    For instance `nstbench stylize sample:cat sample:strokes`.

    They are as large as the photo, 512 pixels at most; `--set size=1024` asks for more. Ctrl-C keeps the
    picture so far. How each was made is written into it: `--like` makes others in the same way.
    """
    from nstbench.cli.console.console import stderr
    from nstbench.cli.console.exit_codes import code_of_sweep
    from nstbench.cli.console.interruption import interruptible
    from nstbench.cli.console.pictures import allowed, print_made
    from nstbench.cli.console.progress import ProgressWatcher
    from nstbench.run.easel import Easel
    from nstbench.run.pastiches import pastiches
    from nstbench.run.stylize import stylize as make

    since = monotonic()
    contents, styles = (pictures, style) if style else (pictures[:-1], pictures[-1:])
    if not contents:
        raise typer.BadParameter("name a content image and a style image", param_hint="CONTENT... STYLE")
    wanted = allowed(pastiches(contents, styles, out), force, missing)
    easel = Easel(quality, save_every)

    def left() -> str:
        return "; ".join(easel.leave()) or "nothing was kept of the picture at hand"

    with interruptible(left), ProgressWatcher(stderr()) as watch:
        made = make(wanted, _recipe(like, backend, option, overrides), easel, watch)
    print_made(made, since, easel.written_at)
    if any(record.image is None for record in made.records.values()):
        raise typer.Exit(code_of_sweep(made.outcome))


def _recipe(
    like: Path | None, backend: str | None, option: list[str] | None, overrides: list[str] | None
) -> Recipe:
    from nstbench.cli.console.defaults import default
    from nstbench.experiment import written_options
    from nstbench.run.stylize import Recipe

    usual = {name: value for name in ("weights", "device") if (value := default(name))}
    first = Recipe.of(like) if like else Recipe(backend=default("backend"), fixed=usual)
    same = backend in (None, first.backend)
    return Recipe(
        backend=backend or first.backend,
        options={**(first.options if same else {}), **written_options(option or ())},
        fixed=first.fixed,
        overrides=overrides or (),
    )
