"""The lifters that several parts measure: each is fitted once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.record.cases import CASES, Case
from liftpose import Lifter

NAMES = (
    *("fly_walk0", "fly_groom0", "fly_walk_to_groom0", "fly_eks0", "paws0", "mouse22", "mouse34"),
    *("arm", "dog", "sim_quadruped", "sim_mouse", "sim_hexapod"),
)
SEEDS = 3


@lru_cache(maxsize=1)
def case_of(name: str) -> Case:
    """Give a case; the last one is kept."""
    return CASES[name]()


_LIFTERS: dict[tuple[str, int], Lifter] = {}


def fitted(case: Case, seed: int) -> Lifter:
    """Give the lifter of the default effort for a case, with skeleton and camera.

    Parameters
    ----------
    case : Case
        With a name of its own.
    seed : int
        Of all that is drawn.

    Returns
    -------
    Lifter
    """
    if (case.name, seed) not in _LIFTERS:
        one, lifter = case.recording, Lifter(case.skeleton, seed=seed, job=1)
        _LIFTERS[case.name, seed] = lifter.fit(one.train_2d, one.train_3d, case.camera)
    return _LIFTERS[case.name, seed]


def test_of(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64], list[int]]:
    """Give the test data of a case.

    Parameters
    ----------
    name : str
        Of the case.

    Returns
    -------
    seen : array, shape (N, J, 2), pixels
    truth : array, shape (N, J, 3)
        Targets relative to their roots; NaN elsewhere.
    lengths : list of int
        Frames of each experiment.
    """
    one = case_of(name).recording
    seen, there = (np.concatenate(list(p.values())) for p in (one.test_2d, one.test_3d))
    truth = np.full(there.shape, np.nan)
    for root, targets in zip(one.roots, one.target_sets, strict=True):
        truth[:, targets] = there[:, targets] - there[:, [root]]
    return seen.astype(np.float64), truth, [len(part) for part in one.test_2d.values()]
