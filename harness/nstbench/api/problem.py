"""What a backend is given to solve, and what it may show of its workings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from nstbench.api.errors import UnknownName
from nstbench.api.method import METHOD, Method
from nstbench.api.settings import Settings
from nstbench.api.vgg19 import Array


@dataclass(frozen=True, slots=True, eq=False)
class OptimiserState:
    """What an optimiser takes along from stage to stage, besides the picture.

    Attributes:
        steps: how many it has taken: for the decay of the learning rate, and Adam's correction of its means.
        moments: means of the gradient's first, second ... power over the steps, as far as the optimiser has
            them; each (H, W, 3) float32. Between sizes they are stretched without overshoot, and scaled as
            gradients are.
    """

    steps: int
    moments: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem(Method):
    """One style-transfer problem: all that a backend sees. What is not listed here is the `Method`.

    Attributes:
        content: (H, W, 3) float32 RGB in [0, 1], already resized; so is `init`, where the pastiche starts.
        styles: one or more of (h, w, 3) float32 RGB in [0, 1]; sizes may differ.
        content_layers, style_layers: canonical layer name -> weight w_l, see `nstbench.api.losses`.
        style_blend: weight b_i of each style's Gram matrices; they add up to 1.
        content_masks: (H, W) float32 in [0, 1], one for each style: how much of it a pixel of the pastiche is
            to have; empty: the whole pastiche has the blend. See `nstbench.api.guides`.
        style_masks: (h, w) each: how much a pixel of that style counts; empty: all alike.
        state: of the optimiser that came to `init`; None at the start.
    """

    content: Array
    styles: tuple[Array, ...]
    init: Array
    content_layers: Mapping[str, float]
    style_layers: Mapping[str, float]
    style_blend: tuple[float, ...] = (1.0,)
    content_masks: tuple[Array, ...] = ()
    style_masks: tuple[Array, ...] = ()
    state: OptimiserState | None = None

    __eq__ = object.__eq__  # what Method compares is not all
    __hash__ = object.__hash__

    def expect(self, **fewer: Collection[str]) -> None:
        """Make sure that every choice is one that the backend knows.

        Args:
            fewer: choices of which the backend knows fewer than `SETTINGS` lists, as in `pooling=("max",)`.

        Raises:
            UnknownName: one is not; without this it would run as something else, under the wrong name.
        """
        for name, setting in METHOD.items():
            known = fewer.get(name, setting.choices)
            if setting.choices and (value := getattr(self, name)) not in known:
                raise UnknownName(name, value, known)

    @property
    def style(self) -> Array:
        """The style image, for a backend that takes one: the first."""
        return self.styles[0]

    def settings(self) -> Settings:
        """Return settings that ask for such a problem, for `Backend.refuse`; image names are made up."""
        return Settings(
            content="content.png",
            style=tuple(f"style-{i}.png" for i in range(len(self.styles))),
            style_blend=self.style_blend if len(self.styles) > 1 else None,
            content_masks=tuple(f"mask-{i}.png" for i in range(len(self.content_masks))) or None,
            style_masks=tuple(f"style-mask-{i}.png" for i in range(len(self.style_masks))) or None,
            size=max(self.content.shape),
            style_size=max(self.style.shape),
            content_layers=tuple(self.content_layers),
            content_weights=tuple(self.content_layers.values()),
            style_layers=tuple(self.style_layers),
            style_weights=tuple(self.style_layers.values()),
            init="noise",
            **{name: getattr(self, name) for name in METHOD},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a backend's network makes of a problem's `init`.

    Attributes:
        taps: every content and style layer of the problem -> (h, w, channels) float32.
        grams: every style layer -> (N, N) float32, divided by its number of positions; with content masks
            (regions, N, N), sqrt(b_i) G_i.
        gradient: (H, W, 3) float32, of the total loss with respect to `init`.
    """

    taps: Mapping[str, Array]
    grams: Mapping[str, Array]
    gradient: Array
