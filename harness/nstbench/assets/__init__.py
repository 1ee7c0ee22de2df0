"""Images and weights: find, download, verify, decode. Importing it loads none of the libraries that do so."""

from nstbench.assets.cache import cache_dir, programs_dir, why_no_cache
from nstbench.assets.imagenet import why_no_imagenet
from nstbench.assets.images import LoadedImage, encode_png, load_image, longer_side, resize, save_png, stretch
from nstbench.assets.samples import SAMPLES, Sample, sample
from nstbench.assets.weights import WeightsSource, load_weights, resolve_weights

__all__ = [
    "SAMPLES",
    "LoadedImage",
    "Sample",
    "WeightsSource",
    "cache_dir",
    "encode_png",
    "load_image",
    "load_weights",
    "longer_side",
    "programs_dir",
    "resize",
    "resolve_weights",
    "sample",
    "save_png",
    "stretch",
    "why_no_cache",
    "why_no_imagenet",
]
