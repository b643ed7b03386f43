"""Whether poses stand at their root, against looking at every joint of every frame."""

import numpy as np
import pytest

from liftpose.filming import matching
from liftpose.filming.matching import is_relative
from liftpose.poses import Lifted


def stands_at_root(position):
    """One joint after another, one frame after another."""
    for joint in range(position.shape[1]):
        known = [point for point in position[:, joint] if np.isfinite(point).all()]
        if known and all((point == 0).all() for point in known):
            return True
    return False


def lifted(position):
    table = np.asarray(position, np.float32)
    return Lifted(table, table, ("",), (len(table),))


@pytest.mark.parametrize("seed", range(60))
def test_it_is_seen_as_by_looking_at_everything(seed, monkeypatch):
    monkeypatch.setattr(matching, "_ROWS", 3)
    rng = np.random.default_rng(seed)
    position = rng.choice([0.0, 0, 0, 0, 0, 0, 1, np.nan], (rng.integers(1, 20), 3, 3))
    position[:, rng.random(3) < 0.3] = np.nan
    position[:, rng.random(3) < 0.3] = 0
    assert is_relative(lifted(position)) == stands_at_root(position)


def test_the_cases_are_of_both_kinds():
    assert stands_at_root(np.zeros((2, 1, 3)))
    assert not stands_at_root(np.ones((2, 1, 3)))
    assert not stands_at_root(np.full((2, 1, 3), np.nan))


@pytest.mark.parametrize("row", [0, 1, 777, 1999])
def test_one_frame_away_from_the_origin_is_enough(row):
    position = np.zeros((2000, 1, 3))
    assert is_relative(lifted(position))
    position[row, 0, 1] = 1e-6
    assert not is_relative(lifted(position))
