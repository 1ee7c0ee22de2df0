"""Figures for notebooks."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go

from nstbench.api import UnknownName
from nstbench.record import Results
from nstbench.record.rows import TrialRows, trials
from nstbench.report.figures import points_of_curve

TITLES = {"iteration": "iteration", "elapsed_s": "seconds inside the loop"}


def plot_losses(results: Results, x: str = "iteration", log: bool = True) -> go.Figure:
    """Draw the total loss of every trial that logged one.

    Args:
        x: `iteration`, or `elapsed_s` for seconds inside the loop.
        log: whether the loss axis is logarithmic.

    Raises:
        UnknownName: `x` is neither.
    """
    if x not in TITLES:
        raise UnknownName("x", x, TITLES)
    results, figure = results.shown, go.Figure()
    for trial in trials(results):
        if len(trial.losses):
            curve = trial.losses.iloc[points_of_curve(trial.losses[["total"]].to_numpy())]
            figure.add_scatter(
                x=curve[x].tolist(), y=curve["total"].tolist(), name=_name(trial, results), mode="lines"
            )
    figure.update_xaxes(title=TITLES[x])
    figure.update_yaxes(title="total loss", type="log" if log else "linear")
    return figure.update_layout(showlegend=True, margin={"t": 24})


def _name(trial: TrialRows, results: Results) -> str:
    return f"{Path(trial.folder).name} · {trial.name}" if len(results.stores) > 1 else trial.name
