"""A session and the pictures taken from it, all of them outside the clock."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from nstbench.api import Array, Problem, Session
from nstbench.assets import encode_png, stretch
from nstbench.plan import Trial
from nstbench.record import Picture
from nstbench.record.layout import picture_path
from nstbench.run import answers
from nstbench.run.colour import with_colour_of
from nstbench.run.job import Job, Painted
from nstbench.run.logbook import Logbook


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """What is being painted: the session, the problem it solves, and what has been written down.

    Attributes:
        content: in the size that pictures are kept in; an early stage's are stretched to it.
    """

    session: Session
    problem: Problem
    content: Array
    job: Job
    log: Logbook

    def picture(self, trial: Trial) -> Painted:
        """Take the present picture for a trial, and note it.

        Raises:
            WrongAnswer: the backend's image is not one, or has not the shape of the content image.
            AssetError: it is not finite.
        """
        image = answers.picture(self.session.image(), self.problem.content.shape)
        self.log.moved = not np.array_equal(image, self.problem.init)
        if image.shape != self.content.shape:
            image = np.clip(stretch(image, *self.content.shape[:2]), 0, 1)
        if trial.settings.preserve_colour:
            image = with_colour_of(self.content, image)
        done = None if trial.checkpoint is None else self.log.iterations
        png, path = encode_png(image), picture_path(trial.trial_id, done)
        elapsed_s = self.log.optimise_s(done is not None)
        self.log.pictures.append(
            Picture(done, path.as_posix(), sha256(png).hexdigest(), elapsed_s, stage=self.log.stage)
        )
        return Painted(trial.trial_id, done, png)
