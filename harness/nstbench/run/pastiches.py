"""What `stylize` is to make: each content in each style, and the place where the picture goes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nstbench.api import UsageError, did_you_mean
from nstbench.assets.annotated import FORMATS
from nstbench.assets.images import SAMPLE
from nstbench.experiment.pictures import matching

FIELD = re.compile(r"{(\w*)}")
ONE, MANY = "pastiche.png", "{content}-{style}.png"
"""What a picture is called where nobody says so: the only one, and one of several."""


@dataclass(frozen=True, slots=True)
class Pastiche:
    """A picture to be made of a content image and a style image: where it goes."""

    content: str
    style: str
    out: Path


def pastiches(contents: Sequence[str], styles: Sequence[str], out: str | None) -> tuple[Pastiche, ...]:
    """Combine each content with each style.

    Args:
        contents, styles: image files, patterns such as `photos/*.jpg`, or `sample:NAME`.
        out: a file; a folder, which ends in `/` or is there; or a pattern with `{content}` and `{style}`.
            None: `pastiche.png`, or several pictures in this folder.

    Raises:
        UsageError: a pattern fits nothing, a format is not known, two pictures would go to one place, or one
            would take that of an input.
    """
    pairs = [(content, style) for content in _named(contents) for style in _named(styles)]
    pattern = _pattern(out, several=len(pairs) > 1)
    made = tuple(Pastiche(content, style, _place(pattern, content, style)) for content, style in pairs)
    often, count = Counter(each.out for each in made).most_common(1)[0]
    if count > 1:
        hint = "put {content} and {style} into the name after -o, or give pictures other names"
        raise UsageError(f"{often}: {count} pictures would go there; {hint}")
    _refuse_inputs(made)
    return made


def _refuse_inputs(wanted: Sequence[Pastiche]) -> None:
    """Keep a picture from taking the place of one that it, or another, is made from."""
    inputs = {Path(name).resolve(): name for each in wanted for name in (each.content, each.style)}
    for each in wanted:
        if name := inputs.get(each.out.resolve()):
            raise UsageError(f"{each.out}: is the picture {name} itself; choose another place with -o")


def _named(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name for text in texts for name in _matching(text)))


def _matching(text: str) -> list[str]:
    found = matching(text, Path.cwd())
    if not found:
        raise UsageError(f"{text}: no file fits this pattern")
    return found


def _pattern(out: str | None, several: bool) -> str:
    if out is None:
        return MANY if several else ONE
    if out.endswith("/") or _is_folder(Path(out)):
        return f"{out.rstrip('/') or '/'}/{MANY}"
    ending = Path(out).suffix.lower()
    if ending not in FORMATS:
        raise UsageError(f"{out}: pictures end in {' '.join(FORMATS)}; end a folder's name in /")
    return out


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # the name is too long, for instance, which is told when it is to be written
        return False


def _place(pattern: str, content: str, style: str) -> Path:
    names = {"content": _stem(content), "style": _stem(style)}
    for field in FIELD.findall(pattern):
        if field not in names:
            hint = did_you_mean(field, names)
            raise UsageError(f"{pattern}: {{{field}}} is not known; write {{content}} or {{style}}.{hint}")
    return Path(FIELD.sub(lambda found: names[found[1]], pattern))


def _stem(name: str) -> str:
    return name.removeprefix(SAMPLE) if name.startswith(SAMPLE) else Path(name).stem
