"""What the style_loss `wasserstein2` is made of, in whatever a framework computes with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import matmul
from typing import Any

RIDGE = 1e-4
"""Added to the diagonal of a covariance."""

ROOT_STEPS = 12
PRODUCTS = 2 + 3 * ROOT_STEPS
"""Of the iteration for square roots; it does not reach those of eigenvalues below 1e-4 of the norm.

`PRODUCTS` of matrices are in one distance.
"""


def identity_like(matrix: Any) -> Any:
    """Return the identity matrix of a matrix's size, in NumPy."""
    import numpy as np  # the command line starts faster without it

    return np.eye(matrix.shape[-1], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Gaussians:
    """Distances of Gaussians, from the few functions that frameworks have under different names.

    Attributes:
        total: x -> the sum of all its elements.
        square: x -> its elements squared.
        product: (a, b) -> the product of two matrices, in full float32 whatever the precision of the network.
        identity: matrix -> the identity matrix of its size.
    """

    total: Callable[[Any], Any]
    square: Callable[[Any], Any]
    product: Callable[[Any, Any], Any] = matmul
    identity: Callable[[Any], Any] = identity_like

    def covariance(self, gram: Any, mean: Any) -> Any:
        """Return the covariance matrix (N, N) from E[x x^T] and the mean (N,), with its ridge."""
        return gram - mean[:, None] * mean[None, :] + RIDGE * self.identity(gram)

    def root(self, matrix: Any) -> Any:
        """Return the square root of a symmetric positive matrix, nearly: `ROOT_STEPS` of Newton and Schulz.

        All is products of matrices, whose gradient every framework knows, and which are quick on any device
        (Higham 1997, "Stable iterations for the matrix square root"; scaled by the Frobenius norm as in Lin
        and Maji 2017, "Improved bilinear pooling with CNNs").
        """
        size, one = self.total(self.square(matrix)) ** 0.5, self.identity(matrix)
        y, z = matrix / size, one
        for _ in range(ROOT_STEPS):
            towards = 1.5 * one - 0.5 * self.product(z, y)
            y, z = self.product(y, towards), self.product(towards, z)
        return y * size**0.5

    def distance(self, gram: Any, mean: Any, target: tuple[Any, Any, Any]) -> Any:
        """Return the squared Wasserstein-2 distance, divided by the number of channels.

        Args:
            target: Gram matrix, mean, and square root of the covariance matrix of what is aimed at.
        """
        wanted_gram, wanted_mean, root = target
        seen, wanted = self.covariance(gram, mean), self.covariance(wanted_gram, wanted_mean)
        between = self.root(self.product(self.product(root, seen), root))
        spread = self.total((seen + wanted - 2.0 * between) * self.identity(gram))
        return (self.total(self.square(mean - wanted_mean)) + spread) / gram.shape[-1]
