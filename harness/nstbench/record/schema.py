"""The columns of the four tables: name, pandas type, meaning. Units stand in the names."""

from __future__ import annotations

from nstbench.api import SETTINGS, Setting
from nstbench.api.judged import JUDGED, REFERENCES

_TYPES = {"number": "float64", "count": "Int64", "switch": "boolean"}
"""Kind of setting -> pandas type of its column; of every other kind it is text."""


def _column(setting: Setting) -> tuple[str, str]:
    meaning = setting.column or setting.says[0].lower() + setting.says[1:]
    return _TYPES.get(setting.kind, "string"), meaning


RUNS: dict[str, tuple[str, str]] = {
    "trial_id": ("string", "identifies what was asked for: backend, settings, images, weights, seed"),
    "experiment": ("string", "name of the experiment"),
    "planned": ("boolean", "false: the folder's present plan has it no longer, and views leave it out"),
    "label": ("string", "the point on the swept axes, for people"),
    "axes": ("string", "these axes as JSON, with the names that the experiment gave to values, or null"),
    "asked": ("string", "the settings as JSON, in the units and sizes of the experiment"),
    "backend": ("string", "entry point name"),
    "backend_label": ("string", "the name the experiment gives this backend and its options"),
    "backend_version": ("string", "version of the distribution that provides it"),
    "backend_code": ("string", "twelve digits for the backend's source files"),
    "options": ("string", "the backend's own options as JSON"),
    "options_taken": ("string", "the same with what `auto` came to; empty if it did not start"),
    "status": ("string", "ok failed timeout oom diverged refused interrupted damaged"),
    "error_type": ("string", "class of the error"),
    "error_message": ("string", "its message, or the reason for a refusal"),
    "caution": ("string", "what is strange about a picture that is ok: nothing moved, or the loss rose"),
    "started_at": ("string", "UTC, ISO 8601"),
    **{name: _column(setting) for name, setting in SETTINGS.items()},
    "content_sha256": ("string", "hash of the resized content pixels"),
    "style_sha256": ("string", "hash of the resized style pixels"),
    "content_masks_sha256": ("string", "hashes of the resized masks; empty without"),
    "style_masks_sha256": ("string", "likewise"),
    "content_profile": ("string", "colour profile it was converted to sRGB from, or why ignored; else empty"),
    "style_profile": ("string", "likewise; of several styles separated by semicolons"),
    "height": ("Int64", "of the pastiche, pixels"),
    "width": ("Int64", "of the pastiche, pixels"),
    "style_height": ("Int64", "of the style image, pixels"),
    "style_width": ("Int64", "of the style image, pixels"),
    "weights_sha256": ("string", "hash of the network parameters' file"),
    "iterations_done": ("Int64", "fewer if it stopped early"),
    "device_name": ("string", "what the framework or machine calls it"),
    "threads": ("Int64", "CPU cores the worker may use"),
    "node": ("string", "name of the machine"),
    "isolation": ("string", "backend, trial or none: how workers are shared"),
    "measure": ("string", "the section measure of the experiment as JSON, as it was then"),
    "shared_trajectory": ("boolean", "whether trials differing in iterations shared one optimisation"),
    "exclusive": ("boolean", "whether nothing else of nstbench ran on the machine meanwhile"),
    "disturbed": ("boolean", "whether so much of its cores was lost that its seconds are in doubt"),
    "others_share": ("float64", "share of the worker's cores that other programs had while it was timed"),
    "quota_share": ("float64", "share of their time that a CPU quota withheld; empty without one"),
    "heat_share": ("float64", "share of their time that heat slowed them down; empty where not counted"),
    "import_s": ("float64", "importing the framework and taking the device"),
    "load_s": ("float64", "reading parameters and taking them to the device"),
    "prepare_s": ("float64", "computing the targets"),
    "compile_s": ("float64", "compiling the update ahead of time"),
    "compile_cached_s": ("float64", "the same, where an earlier process had compiled it: compile_s is empty"),
    "compile_count": ("Int64", "programs compiled during this trial"),
    "step_median_s": ("float64", "median seconds per iteration (per pass) in steady state"),
    "step_mad_s": ("float64", "median absolute deviation of it"),
    "step_drift": (
        "float64",
        "how much longer the second half of the rounds took than the first, as a share",
    ),
    "counted_gflop": (
        "float64",
        "arithmetic of an iteration as the compiler counts it; empty where it does not tell",
    ),
    "gflop_per_s": ("float64", "arithmetic of an iteration over step_median_s"),
    "optimise_s": ("float64", "seconds inside the loop until this picture"),
    "wall_s": ("float64", "seconds from the start of the trial or trajectory to the record"),
    "evaluations": ("Int64", "evaluations of loss and gradient"),
    "peak_rss_bytes": ("Int64", "most host memory of the worker process so far"),
    "peak_device_bytes": ("Int64", "most device memory, where the framework tells"),
    "energy_j": (
        "float64",
        "joules of the whole GPU over the rounds in steady state; empty without a counter or under a second",
    ),
    "final_total": ("float64", "at the last logged iteration: before its update"),
    "final_content": ("float64", "likewise, without alpha"),
    "final_style": ("float64", "likewise, without beta"),
    **{name: ("float64", judged.sees) for name, judged in JUDGED.items()},
    "referee_tv": ("float64", "squared total variation: of noise, but of strokes too"),
    **{name: ("float64", meaning) for name, meaning in REFERENCES.items()},
    "referee_weights": ("string", "name of the referee's network parameters"),
    "referee_weights_sha256": ("string", "their hash"),
    "referee_ruler": ("Int64", "which version of its figures; empty is the first"),
    "verified": ("boolean", "whether nstbench verify had passed here for this backend and precision"),
    "image": ("string", "path of the picture within the results folder"),
    "commit": ("string", "what the repository of the working directory had checked out; empty without one"),
    "dirty": ("boolean", "whether tracked files differed from that commit"),
    "environment_id": ("string", "environment/<id>.json describes machine and packages"),
}


LOSSES: dict[str, tuple[str, str]] = {
    "trial_id": ("string", ""),
    "iteration": ("Int64", "1 is the loss of the starting image"),
    "stage": (
        "Int64",
        "1 unless the optimisation went through several sizes; losses of different sizes differ",
    ),
    "elapsed_s": ("float64", "seconds inside the loop until this iteration ended"),
    "total": ("float64", "alpha * content + beta * style + tv_weight * tv"),
    "content": ("float64", ""),
    "style": ("float64", ""),
    "tv": ("float64", ""),
}
"""Followed by `style_<layer>`, E_l of each style layer before its weight."""

TIMINGS: dict[str, tuple[str, str]] = {
    "trial_id": ("string", ""),
    "stage": ("Int64", "of prepare, compile and round: 1 unless there were several sizes"),
    "phase": ("string", "import load prepare compile compile_cached round"),
    "round": ("Int64", "number of the call of run, from 1"),
    "iterations": ("Int64", "iterations of that call"),
    "seconds": ("float64", "of the whole phase or call"),
    "warmup": ("boolean", "the first call: kept, and never in a median"),
}

IMAGES: dict[str, tuple[str, str]] = {
    "trial_id": ("string", ""),
    "iteration": ("Int64", "updates the picture has had; empty for a single-pass backend"),
    "stage": ("Int64", "1 unless there were several sizes; a smaller picture was stretched to the last one"),
    "snapshot": ("boolean", "taken on the way; false for the pastiche"),
    "elapsed_s": ("float64", "seconds inside the loop until then"),
    "path": ("string", "within the results folder"),
    "sha256": ("string", "of the PNG file"),
    "height": ("Int64", "pixels"),
    "width": ("Int64", "pixels"),
    **dict.fromkeys((*JUDGED, "referee_tv"), ("float64", "as in runs")),
}
"""Followed by `referee_style_<layer>` and `referee_heldout_<layer>`: E_l, before any weight."""

TABLES = {"runs": RUNS, "losses": LOSSES, "timings": TIMINGS, "images": IMAGES}
