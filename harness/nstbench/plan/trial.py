"""A trial: one planned point of one backend; its identity depends only on what can change its result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from typing import Any

from nstbench.api import SETTINGS, Settings, Stage

MASKS = tuple(name for name, each in SETTINGS.items() if each.kind == "masks")

REFERENCES = ("content", "style", *MASKS, "weights")
"""Settings that name files; the files' hashes stand for them in the identity."""

SPELLING = ("loss_scale",)
"""Settings that others already contain: the units that the layers' weights were written in."""

_IDENTITY = ("backend", "backend_version", "options", "content_sha256", "style_sha256", "weights_sha256")


@dataclass(frozen=True, slots=True)
class Trial:
    """One planned point.

    Attributes:
        trial_id: 12 hexadecimal digits, see `identity`.
        settings: worked out: weights spelled out and in the units of `nstbench.api.losses`, whatever
            `loss_scale` says they were written in. Those that the trial does not take notice of have their
            defaults.
        noticed: the settings that decide its result, in the order of `nstbench.api.SETTINGS`.
        options: the backend's own, complete with defaults.
        height, width: of the content image and the pastiche, in pixels; style_height, style_width likewise.
        style_sha256: of several style images the hashes, comma separated; style_height, style_width: of the
            first.
        content_masks_sha256, style_masks_sha256: of the masks, comma separated, if there are any.
        init_sha256: of the image the pastiche starts from, if `init` names one.
        content_profile: the colour profile that the content was converted to sRGB from, or why one was
            ignored; empty where there is none. style_profile likewise, of several images with semicolons.
        weights, weights_sha256: name and hash of the network's parameters; None for a backend without.
        label: what tables call the point: its values on the axes that the backend takes notice of.
        axes: these axes, each with the name that the experiment gave the value, or None.
        asked: the settings as the experiment has them, before units, sizes and weights were worked out.
        refusal: why the backend will not do it, or None.
    """

    trial_id: str
    backend: str
    backend_version: str
    backend_label: str
    settings: Settings
    noticed: tuple[str, ...]
    options: dict[str, Any]
    seed: int
    content_sha256: str
    style_sha256: str
    height: int
    width: int
    style_height: int
    style_width: int
    init_sha256: str | None = None
    content_masks_sha256: str | None = None
    style_masks_sha256: str | None = None
    weights: str | None = None
    weights_sha256: str | None = None
    content_profile: str = ""
    style_profile: str = ""
    label: str = ""
    axes: dict[str, str | None] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    refusal: str | None = field(default=None)

    def hashed_styles(self) -> tuple[tuple[str, str], ...]:
        """Return (as asked for, hash) of each style image."""
        return tuple(zip(self.settings.style, self.style_sha256.split(","), strict=True))

    def hashed_masks(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return (as asked for, hash) of each of `content_masks` or `style_masks`."""
        hashes = getattr(self, f"{name}_sha256")
        return tuple(zip(getattr(self.settings, name), hashes.split(","), strict=True)) if hashes else ()

    @property
    def image_hashes(self) -> tuple[str, ...]:
        """The hashes of its content, each style image and mask, and the image it starts from, if any."""
        several = self.style_sha256, self.content_masks_sha256, self.style_masks_sha256
        each = self.content_sha256, *",".join(filter(None, several)).split(","), self.init_sha256
        return tuple(filter(None, each))

    @property
    def checkpoint(self) -> int | None:
        """Iterations after which it is done; None for a single-pass backend."""
        return self.settings.iterations if "iterations" in self.noticed else None

    def noticed_settings(self) -> dict[str, Any]:
        """Return the settings that decide its result, in JSON types: what records and tables say of it."""
        return {name: in_json(getattr(self.settings, name)) for name in self.noticed}

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        data = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "noticed"}
        return data | {"settings": self.noticed_settings()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Trial:
        """Read what `to_json` wrote, here or in another version: what is unknown is left out.

        Raises:
            TypeError: a field without a default is missing.
        """
        known = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        given = {
            name: _from_json(name, value) for name, value in data["settings"].items() if name in SETTINGS
        }
        return cls(**known | {"settings": Settings(**given), "noticed": tuple(given)})

    def identified(self) -> Trial:
        """Return this trial with the `trial_id` its content gives it."""
        digest = sha256(canonical_json(identity(self)).encode()).hexdigest()
        return replace(self, trial_id=digest[:12])


def identity(trial: Trial) -> dict[str, Any]:
    """Return what makes a trial what it is.

    Backend and version, consumed settings (a consumed seed among them), options, and hashes in the place of
    paths. Not labels, the place of the files, or how it is measured.
    """
    decisive = {
        name: value
        for name, value in trial.noticed_settings().items()
        if name not in (*REFERENCES, *SPELLING)
        and not (SETTINGS[name].later and value == SETTINGS[name].default)
    }
    if trial.init_sha256:
        decisive["init"] = trial.init_sha256
    decisive |= {name: hashes for name in MASKS if (hashes := getattr(trial, f"{name}_sha256"))}
    return {"settings": decisive} | {name: getattr(trial, name) for name in _IDENTITY}


def canonical_json(value: Any) -> str:
    """Write JSON in one way only: keys sorted, no spaces, 1.0 as 1, other floats as repr has them."""
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def in_json(value: Any) -> Any:
    """Return the value of a setting as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


def _from_json(name: str, value: Any) -> Any:
    """Undo `in_json`; records from before styles were always a list have one as text."""
    if SETTINGS[name].kind == "stages" and value:
        return tuple(Stage(*each) for each in value)
    one_of_many = SETTINGS[name].kind == "images" and isinstance(value, str)
    return (value,) if one_of_many else tuple(value) if isinstance(value, list) else value
