"""What is said of draws is what can be counted by hand."""

import numpy as np

from benchmarks import trust
from benchmarks.trust.ambiguity import BEST, Found, _joined, _median
from liftpose import Lifted


def measure(poses):
    return np.linalg.norm(poses, axis=2).mean(1)


def test_shares_are_those_of_poses_that_are_known():
    truth = np.zeros((2, 2, 3))
    lifted = np.zeros((2, 2, 3))
    lifted[..., 0] = 2.0
    drawn = np.stack([lifted * 2, lifted / 2])
    drawn[1, 1] = 3 * lifted[1]
    poses = Lifted(lifted, lifted, ("",), (2,), hypotheses=drawn)
    joined = Lifted(lifted * 1.01, lifted, ("",), (2,))
    found = Found.of(poses, joined, truth, measure)
    assert found.lifted == 2
    # The nearest is 1 away in the first frame and 4 in the second; draws are 4, 4, 1, 6 away.
    np.testing.assert_allclose([found.best, found.one], [2.5 / 2, 3.75 / 2])
    np.testing.assert_allclose(found.aggregate, 1.01)
    np.testing.assert_allclose(found.apart, (3 + 2) / 2 / 3.75)


def test_an_aggregate_that_is_worse_misses_its_bar():
    worse, same = Found(1.0, BEST, 1.4, 1.02, 1.0), Found(1.0, BEST, 1.4, 1.0, 1.0)
    assert trust.MISSED in _joined(worse, True)
    assert "no bar" in _joined(worse, False)
    assert trust.HOLDS in _joined(_median([worse, same, same]), True)
    assert "ambiguity" in trust.parts()
