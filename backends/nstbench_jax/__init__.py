"""`jax-vgg19`: Gatys-style optimisation with VGG-19 in Flax NNX, one jit-compiled update.

Importing this package imports no framework; `JaxVgg19.start` does.
"""

from nstbench_jax.backend import JaxVgg19

__all__ = ["JaxVgg19"]
