"""`tfhub-fast`: arbitrary stylisation in one pass of a trained network, loaded through TensorFlow Hub.

Importing this package imports no framework; `TfHubFast.start` does.
"""

from nstbench_tfhub.backend import TfHubFast

__all__ = ["TfHubFast"]
