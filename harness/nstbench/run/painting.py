"""A session and the pictures taken from it, all of them outside the clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nstbench.api import Array, Problem, Session
from nstbench.assets import save_png
from nstbench.plan import Trial
from nstbench.record import Picture
from nstbench.run.colour import with_colour_of
from nstbench.run.job import Job
from nstbench.run.logbook import Logbook


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """What is being painted: the session, the problem it solves, and what has been written down."""

    session: Session
    problem: Problem
    job: Job
    log: Logbook

    def save(self, trial: Trial) -> None:
        """Write the present picture among the trial's and note it.

        Raises:
            ValueError: the backend's image has not the shape of the content image.
            AssetError: it is not finite, or cannot be written.
        """
        image = self._checked(self.session.image())
        self.log.moved = not np.array_equal(image, self.problem.init)
        if trial.settings.preserve_colour:
            image = with_colour_of(self.problem.content, image)
        done = None if trial.checkpoint is None else self.log.iterations
        name = "picture.png" if done is None else f"{done:06d}.png"
        path = self.job.trial_folder(trial) / "images" / name
        sha256 = save_png(image, path)
        relative = str(path.relative_to(self.job.folder))
        self.log.pictures.append(Picture(done, relative, sha256, self.log.optimise_s(done is not None)))

    def _checked(self, image: Array) -> Array:
        if image.shape != self.problem.content.shape:
            found, wanted = tuple(image.shape), self.problem.content.shape
            raise ValueError(f"the backend's image has shape {found}; the content image has {wanted}")
        return image
