"""Experiment: the language of the YAML files, from text to an `Experiment` with all its points."""

from nstbench.experiment.choices import BackendChoice
from nstbench.experiment.experiment import Experiment, experiment_from_mapping, load_experiment
from nstbench.experiment.forms import ExperimentLike, experiment_from
from nstbench.experiment.gate import Gate
from nstbench.experiment.measure import Measure
from nstbench.experiment.options import read_options, written_options
from nstbench.experiment.point import Point
from nstbench.experiment.schema import json_schema
from nstbench.experiment.search import Range, Search, Values

__all__ = [
    "BackendChoice",
    "Experiment",
    "ExperimentLike",
    "Gate",
    "Measure",
    "Point",
    "Range",
    "Search",
    "Values",
    "experiment_from",
    "experiment_from_mapping",
    "json_schema",
    "load_experiment",
    "read_options",
    "written_options",
]
