"""What a training run says of itself after each epoch, and what it can start from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liftpose.lifter.batch import Batch
from liftpose.lifter.selection import Weights
from liftpose.lifter.training import Learner, Progress, moved, standardise

if TYPE_CHECKING:
    from liftpose.lifter.lifter import Lifter


@dataclass(frozen=True)
class Epoch:
    """What one epoch of training came to.

    Parameters
    ----------
    number : int
        Epochs done, 1 after the first.
    rate : float
        Last learning rate.
    loss_train : float
        Mean loss of its steps, in standardised units.
    held_out : Weights
        Weights of kernel and network, and error on held-out frames.
    best : bool
        Whether no earlier epoch was as good on held-out frames.
    lifter : Lifter
        As it stands after this epoch; to be read at once, since training goes on in it.
    learner : Learner
        The network in training.
    progress : Progress
        Where the run stands.
    """

    number: int
    rate: float
    loss_train: float
    held_out: Weights
    best: bool
    lifter: Lifter
    learner: Learner
    progress: Progress

    def loss(self, batch: Batch) -> float:
        """Loss of the lifter as it stands, on poses it does not learn from."""
        device = next(self.learner.current.parameters()).device
        ready = moved(standardise(batch, self.lifter.normalization), device)
        return self.learner.loss(ready, self.held_out.values)


@dataclass(frozen=True)
class Start:
    """What a run starts from, if not from nothing.

    Parameters
    ----------
    lifter : Lifter
        Of the checkpoint.
    training : dict
        State of the checkpoint's training.
    resume : bool
        Go on with that run; else begin a new one from its network.
    folder : pathlib.Path
        Where the checkpoint was read from.
    best : Lifter, optional
        The best of that run so far.
    """

    lifter: Lifter
    training: dict[str, Any]
    resume: bool
    folder: Path
    best: Lifter | None = None
