"""Plan: from a YAML file to an experiment, its points, its trials and what they will cost."""

from nstbench.plan.choices import BackendChoice
from nstbench.plan.cost import NOMINAL_GFLOP_PER_S, Cost, predict
from nstbench.plan.experiment import Experiment, experiment_from_mapping, load_experiment
from nstbench.plan.facts import BackendFacts, ImageFacts, LookUp
from nstbench.plan.gate import Gate
from nstbench.plan.measure import Measure
from nstbench.plan.options import read_options
from nstbench.plan.planner import plan_trials
from nstbench.plan.point import Point
from nstbench.plan.schema import json_schema
from nstbench.plan.settings import Settings
from nstbench.plan.trajectories import Plan, Trajectory, chunk_size
from nstbench.plan.trial import Trial

__all__ = [
    "NOMINAL_GFLOP_PER_S",
    "BackendChoice",
    "BackendFacts",
    "Cost",
    "Experiment",
    "Gate",
    "ImageFacts",
    "LookUp",
    "Measure",
    "Plan",
    "Point",
    "Settings",
    "Trajectory",
    "Trial",
    "chunk_size",
    "experiment_from_mapping",
    "json_schema",
    "load_experiment",
    "plan_trials",
    "predict",
    "read_options",
]
