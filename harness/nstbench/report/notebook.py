"""Results in a notebook: they show themselves, and draw what people look at first.

Nothing is imported before it is drawn: opening results costs what `nstbench.record` costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nstbench.record import Results

if TYPE_CHECKING:
    from PIL.Image import Image
    from plotly.graph_objects import Figure

    from nstbench.comparison.compare import Comparison


class ResultsView(Results):
    """Results that a notebook shows as a summary and a table with small pictures."""

    def contact_sheet(self, across: str | None = None, down: str | None = None, side: int = 160) -> Image:
        """Return the pastiches side by side.

        Args:
            across: column of `runs` whose values stand side by side; default the last axis that was swept.
            down: the one that stands below each other; axes not named go down too.
            side: the longer side of each picture, in pixels, at most.

        Raises:
            UnknownName: `across` or `down` is no axis of these results.
            UsageError: there is no trial at all.
        """
        from nstbench.report.contact_sheet import arrange, draw

        return draw(arrange(self, across, down), side)

    def plot_losses(self, x: str = "iteration", log: bool = True) -> Figure:
        """Return a figure with the total loss of every trial.

        Args:
            x: `iteration`, or `elapsed_s` for seconds inside the loop.
            log: whether the loss axis is logarithmic.

        Raises:
            UnknownName: `x` is neither.
        """
        from nstbench.report.plots import plot_losses

        return plot_losses(self, x, log)

    def compare(self, by: str | None = None, base: str | None = None) -> Comparison:
        """Compare trials that are equal but for one thing; see `nstbench.comparison.compare.compare`."""
        from nstbench.comparison.compare import compare

        return compare(self, by, base)

    def _repr_html_(self) -> str:
        from nstbench.report.results_html import results_html

        return results_html(self)
