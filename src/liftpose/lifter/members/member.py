"""What all members of a lifter have in common."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor


class Member(Protocol):
    """What adds to the ridge.

    Each member is fitted once on all training data (that is what lifts), and once without the
    frames that each fold holds out (that is what it is judged by).
    """

    def addition(self, inputs: Tensor) -> Tensor:
        """Give what is added to the ridge of all training data.

        Parameters
        ----------
        inputs : tensor, shape (N, F)
            Standardised.

        Returns
        -------
        tensor, shape (N, O)
        """

    def held_out(self, fold: int, inputs: Tensor) -> Tensor:
        """Give what is added to the ridge of a fold, on frames that the fold never saw.

        Parameters
        ----------
        fold : int
            Which.
        inputs : tensor, shape (N, F)
            Standardised.

        Returns
        -------
        tensor, shape (N, O)
        """

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again."""
