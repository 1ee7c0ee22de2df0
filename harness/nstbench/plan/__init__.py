"""Plan: from an experiment to trials and trajectories, and what they will cost."""

from nstbench.plan.cost import NOMINAL_GFLOP_PER_S, Cost, predict
from nstbench.plan.facts import BackendFacts, ImageFacts, LookUp
from nstbench.plan.stages import PlannedStage, shrunk, stages_of
from nstbench.plan.trajectories import Plan, Trajectory, chunk_size
from nstbench.plan.trial import Trial

__all__ = [
    "NOMINAL_GFLOP_PER_S",
    "BackendFacts",
    "Cost",
    "ImageFacts",
    "LookUp",
    "Plan",
    "PlannedStage",
    "Trajectory",
    "Trial",
    "chunk_size",
    "predict",
    "shrunk",
    "stages_of",
]
