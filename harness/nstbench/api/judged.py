"""The columns by which pictures can be ranked: which way, and what the referee sees in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Judged:
    """A column that says how good a picture is.

    Attributes:
        title: what people call it.
        sees: what is measured; what it misses is in docs/judging.md.
        higher: whether more is better, rather than less.
        reference: the trivial answer, content or style image itself, that marks the bad end of its scale;
            `runs` have what it scores in the column `<name>_of_<reference>`. None: there is no such column.
    """

    title: str
    sees: str
    higher: bool = False
    reference: Literal["content", "style"] | None = None

    def as_loss(self, figure: float) -> float:
        """Return a figure as a number of which less is better, and back."""
        return -figure if self.higher else figure


JUDGED: dict[str, Judged] = {
    "referee_total": Judged(
        "referee loss",
        "content loss in the style image's + style loss in the content's; empty if they are one image",
    ),
    "referee_content": Judged(
        "referee content loss", "content loss of the 8-bit picture at conv4_2", reference="style"
    ),
    "referee_style": Judged(
        "referee style loss",
        "mean E_l of conv1_1 conv2_1 conv3_1 conv4_1 conv5_1; with masks that of the regions",
        reference="content",
    ),
    "referee_heldout": Judged(
        "referee held-out style loss",
        "mean E_l of conv2_2 conv3_4, which by default nobody optimises; with masks that of the regions",
        reference="content",
    ),
    "referee_ssim": Judged(
        "SSIM to the content", "structural similarity to the content image", higher=True, reference="style"
    ),
    "referee_msssim": Judged(
        "MS-SSIM to the content",
        "structural similarity of luma at up to five scales, 0 to 1; near 0 the content is gone",
        higher=True,
        reference="style",
    ),
    "referee_cfsd": Judged(
        "CFSD from the content",
        "divergence of self-similarities at conv3_4 from those of the content image",
        reference="style",
    ),
    "referee_colour": Judged(
        "colour distance from the style",
        "Hellinger distance of RGB-uv histograms: 0 the same colours, 1 none in common; none with masks",
        reference="content",
    ),
    "referee_swd": Judged(
        "SWD from the style",
        "sliced Wasserstein distance, the content image's being 1, mean of style layers; none with masks",
    ),
}
"""Columns of `runs` and `images`; the first is the usual one to rank by."""

REFERENCES = {
    f"{column}_of_{judged.reference}": f"{judged.title}, of the {judged.reference} image itself"
    for column, judged in JUDGED.items()
    if judged.reference
}
"""Columns of `runs`, with their meaning."""


def figure(column: str) -> str:
    """Return the name that records have for it: without `referee_`."""
    return column.removeprefix("referee_")
