"""`tf-vgg19`: Gatys-style optimisation with VGG-19 in TensorFlow, one `tf.function` for many updates.

Importing this package imports no framework; `TensorFlowVgg19.start` does.
"""

from nstbench_tensorflow.backend import TensorFlowVgg19

__all__ = ["TensorFlowVgg19"]
