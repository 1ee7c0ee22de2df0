"""What to keep in mind when reading results: sentences about what is different, missing or doubtful."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from nstbench.comparison.disturbance import disturbances
from nstbench.comparison.machines import environments
from nstbench.comparison.phrases import listed, points, trials
from nstbench.comparison.ratios import FEWEST_ROUNDS
from nstbench.comparison.time_to_loss import with_folder
from nstbench.record import Results
from nstbench.record.progress import PENDING

NOISY = 0.10
"""Median absolute deviation of the rounds, as a share of their median."""
MACHINE = ("python", "platform", "cpu", "cores")


def cautions(results: Results) -> list[str]:
    """Return sentences on what not to compare, or not to trust; none if there is nothing to say.

    Raises:
        ResultsError: the results are damaged.
    """
    runs = with_folder(results, "runs")
    ok = runs[runs["status"] == "ok"]
    return [
        *_plan(results),
        *_not_ok(runs),
        *_doubtful(ok),
        *_inputs(ok),
        *_referee(ok),
        *_machines(ok),
        *_environments(results, ok),
        *_conduct(ok),
        *disturbances(results),
        *_unverified(ok),
        *_rounds(results, ok),
    ]


def _plan(results: Results) -> Iterator[str]:
    if results.left_out:
        said = trials(results.left_out, "is", "are")
        yield f"{said} not in the present plan and left out; --outside-plan takes older rows in"


def _not_ok(runs: pd.DataFrame) -> Iterator[str]:
    others = runs.loc[~runs["status"].isin(["ok", PENDING]), "status"].value_counts()
    if len(others):
        counts = ", ".join(f"{count} {status}" for status, count in others.items())
        yield f"{others.sum()} of {len(runs)} trials are not ok: {counts}"


def _doubtful(ok: pd.DataFrame) -> Iterator[str]:
    doubtful = ok[ok["caution"].notna()]
    for said, own in doubtful.groupby("caution", sort=False):
        yield f"{listed(points(own))}: {said}"


def _inputs(ok: pd.DataFrame) -> Iterator[str]:
    iterative = ok[ok["iterations"].notna()]
    weights = _named(iterative, "weights", "weights_sha256")
    if len(weights) > 1:
        yield f"different network weights, so losses do not compare: {listed(weights)}"
    sizes = sorted(set(ok[["width", "height"]].dropna().itertuples(index=False, name=None)))
    if len(sizes) > 1:
        yield f"pictures of different sizes: {listed(f'{width} x {height}' for width, height in sizes)}"


def _referee(ok: pd.DataFrame) -> Iterator[str]:
    weights = _named(ok, "referee_weights", "referee_weights_sha256")
    if len(weights) > 1:
        yield f"the referee had different weights, so its losses do not compare: {listed(weights)}"
    judged = ok["referee_ssim"].notna()
    rulers = ok["referee_ruler"][judged].fillna(1)
    if old := int((rulers < rulers.max()).sum()):
        said = trials(old, "was", "were")
        yield f"{said} judged by an older ruler; the next sweep with the same referee adds what they lack"
    if missing := int((~judged).sum()):
        yield f"{trials(missing, 'was', 'were')} not judged by the referee, so there is no common measure"
    if alone := int((judged & ok["referee_total"].isna()).sum()):
        yield f"{trials(alone, 'has', 'have')} no referee loss, as content and style are the same image"


def _machines(ok: pd.DataFrame) -> Iterator[str]:
    devices = ok[["device", "device_name"]].dropna().drop_duplicates().itertuples(index=False, name=None)
    names = [f"{kind} {name}" for kind, name in devices]
    if len(names) > 1:
        yield f"different devices: {listed(names)}"
    nodes = ok["node"].dropna().unique()
    if len(nodes) > 1:
        yield f"measured on different machines: {listed(nodes)}"
    threads = sorted(ok["threads"].dropna().unique())
    if len(threads) > 1:
        yield f"different numbers of CPU cores: {listed(threads)}"
    for backend, own in ok.groupby("backend", sort=False):
        versions = own["backend_version"].dropna().unique()
        if len(versions) > 1:
            yield f"different versions of {backend}: {listed(versions)}"
        for version, alike in own.groupby("backend_version", sort=False):
            codes = alike["backend_code"].dropna().unique()
            if len(codes) > 1:
                yield f"different code under one version, {backend} {version}: {listed(codes)}"
    commits = (ok["commit"].str[:7] + ok["dirty"].map({True: " with changes", False: ""})).dropna().unique()
    if len(commits) > 1:
        yield f"measured at different commits: {listed(commits)}"


def _environments(results: Results, ok: pd.DataFrame) -> Iterator[str]:
    """Compare what each backend was measured with; another backend loads other packages."""
    used = ok[["results", "environment_id", "backend"]].dropna().drop_duplicates()
    facts = [known or ({}, {}) for known in environments(results, used, _facts)]
    frame = pd.DataFrame([known for known, _ in facts], index=used.index)
    variables = pd.DataFrame([set_to for _, set_to in facts], index=used.index).fillna("")
    machine = [name for name in MACHINE if name in frame]
    for name in machine:
        if len(values := frame[name].dropna().unique()) > 1:
            yield f"different environments: {name} {listed(values)}"
    for backend, own in frame.drop(columns=machine).groupby(used["backend"], sort=False):
        changed = [name for name in own if own[name].nunique() > 1]
        said = [f"{name} {' and '.join(map(str, own[name].dropna().unique()))}" for name in changed]
        if said:
            yield f"{backend} was measured with different packages: {listed(said)}"
        yield from _variables(str(backend), variables.loc[own.index])


def _variables(backend: str, values: pd.DataFrame) -> Iterator[str]:
    """Say which environment variables differ; one that is not set differs from one that is."""
    for name in sorted(map(str, values)):
        if len(found := values[name].unique()) > 1:
            said = " and ".join(value or "none" for value in found)
            yield f"{backend} was measured with different {name}: {said}"


def _facts(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what is known of machine and packages, and the environment variables that were set."""
    machine = {name: facts[name] for name in MACHINE if name in facts}
    return {**machine, **dict(facts["packages"])}, dict(facts.get("variables", {}))


def _conduct(ok: pd.DataFrame) -> Iterator[str]:
    ways = sorted(ok["isolation"].dropna().unique())
    if len(ways) > 1:
        yield f"measured in different isolation: {listed(ways)}"
    if "none" in ways:
        yield "isolation none is for debugging: trials were measured within the process that ran the sweep"
    beside = int((~ok["exclusive"].fillna(True)).sum())
    if beside:
        yield (
            f"{trials(beside, 'was', 'were')} measured beside others, which makes seconds longer;"
            " --set measure.exclusive=true measures again"
        )
    shared = int(ok["shared_trajectory"].eq(True).sum())
    if shared:
        yield f"{trials(shared, 'shares', 'share')} an optimisation with others, and so its measured rounds"


def _unverified(ok: pd.DataFrame) -> Iterator[str]:
    # A single-pass network has no losses that could be held against the reference.
    doubtful = ok[ok["iterations"].notna() & ok["verified"].eq(False).fillna(False)]
    for backend, own in doubtful.groupby("backend", sort=False):
        precisions = listed(own["precision"].dropna().unique())
        at = f" at precision {precisions}" if precisions else ""
        yield f"{backend} was not verified{at} when measured; `nstbench verify {backend}` does it"


def _rounds(results: Results, ok: pd.DataFrame) -> Iterator[str]:
    timings = with_folder(results, "timings")
    steady = timings[timings["phase"].eq("round") & ~timings["warmup"]]
    counts = steady.groupby(["results", "trial_id"]).size()
    found = counts.reindex(pd.MultiIndex.from_frame(ok[["results", "trial_id"]]), fill_value=0).to_numpy()
    few = ok[found < FEWEST_ROUNDS]
    if len(few):
        said = f"{trials(len(few), 'has', 'have')} fewer than {FEWEST_ROUNDS} steady rounds"
        yield f"{said}, too few for an interval: {listed(points(few))}"
    noise = ok["step_mad_s"] / ok["step_median_s"]
    noisy = ok[noise > NOISY]
    if len(noisy):
        said = trials(len(noisy), "is", "are")
        yield f"{said} noisy, rounds {100 * NOISY:g} % and more off their median: {listed(points(noisy))}"


def _named(runs: pd.DataFrame, name: str, sha256: str) -> list[str]:
    """Name what differs by hash; where one name stands for two of them, with the hash."""
    known = runs[[name, sha256]].dropna().drop_duplicates()
    again = known[name].duplicated(keep=False)
    return [
        f"{label} ({digest[:12]})" if twice else label
        for label, digest, twice in zip(known[name], known[sha256], again, strict=True)
    ]
