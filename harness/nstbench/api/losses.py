"""The losses as data: what a backend hands back for every iteration, and what the numbers mean.

Image x, network input and taps as in `nstbench.api.vgg19`. Layer l has N channels and M = height * width
positions; F (generated), P (content) and S (style) are its N x M taps (Gatys, Ecker and Bethge 2016):

    content   Lc  = sum over content layers  w_l * 1/2 * sum (F - P)^2                        (eq. 1)
    Gram      G   = F F^T / M_generated,  A = S S^T / M_style                                 (eq. 3)
    style     E_l = sum (G - A)^2 / (4 N^2),  Ls = sum over style layers  w_l * E_l           (eq. 4, 5)
    blend     with several style images A = sum b_i A_i, sum b_i = 1; likewise n below
    regions   with content masks instead of G and A one pair for each style image i, not for `wasserstein2`,
              G_i = F diag(t_i) F^T, A_i likewise, E_l = sum b_i sum (G_i - A_i)^2 / (4 N^2)
    total     alpha * Lc + beta * Ls + tv_weight * TV                                         (eq. 7)

Dividing each Gram matrix by its own M equals the paper's 1 / (4 N^2 M^2) when both images have one size,
and lets them differ.

With the style_loss `wasserstein2`, E_l is the squared Wasserstein-2 distance of two Gaussians (Dowson and
Landau 1982, "The Frechet distance between multivariate normal distributions"), those with the means m, n and
the covariances C, D of F and S over their positions, divided by N:

    style     E_l = (|m - n|^2 + tr(C + D - 2 (D^1/2 C D^1/2)^1/2)) / N
              C   = G - m m^T + 1e-4 I,  D = A - n n^T + 1e-4 I

For style transfer it was proposed by Mroueh 2019, "Wasserstein style transfer"; this form, with its 1e-4, is
that of K. Crowson's style-transfer-pytorch. Square roots are what 12 steps of Newton and Schulz come to, see
`nstbench.api.wasserstein`: small eigenvalues, which rounding makes as well, count for less.

A distance that rounding alone can make is none: where sum (F - P)^2 < ROUNDING^2 sum P^2, the term of that
layer is 0 and so is its gradient; likewise with G and A, but for `wasserstein2`. The image is where it should
be, and Adam, which steps as far for a small gradient as for a large one, would walk away from there.

Masks are guidance channels (Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, section 4): t_i, their T^2,
is the grey value of mask i at each position of the tap, over its sum, so that a region counts as much as any
other of its share b_i, however small it is. Style masks do the same to A and n; without them every position
counts alike. Backends compute with sqrt(b_i) G_i and sqrt(b_i) A_i, stacked: then E_l is again one distance.

Total variation has three forms (`TV_FORMS`). With dy, dx the differences of x in [0, 1] to the next pixel
below and to the right, over every channel:

    squared    sum dy^2 + sum dx^2
    absolute   sum |dy| + sum |dx|                                 (after Rudin, Osher and Fatemi 1992)
    mahendran  sum (dy^2 + dx^2)^1.25, over pixels that have both  (Mahendran and Vedaldi 2015, beta 2.5)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nstbench.api.vgg19 import Array

ROUNDING = 2.0**-18
"""Root mean square by which two float32 programs may differ in what should be equal, relative: 64 roundings.

Between TensorFlow's own kernels and those of XLA on a CPU it was 2^-20 after ten convolutions.
"""


@dataclass(frozen=True, slots=True, eq=False)
class LossTrace:
    """Losses of n consecutive iterations, each measured on the image *before* that iteration's update.

    So iteration 1 shows the loss of the starting image, and the loss of the last image is not in it: the
    numbers come out of the gradient step and cost nothing.

    Attributes:
        total, content, style, tv: shape (n,); content, style and tv before alpha, beta and tv_weight.
        style_layers: layer -> E_l, shape (n,), before the layer's weight.
        evaluations: how often loss and gradient were computed; n for first-order optimisers.
    """

    total: Array
    content: Array
    style: Array
    tv: Array
    style_layers: Mapping[str, Array]
    evaluations: int
