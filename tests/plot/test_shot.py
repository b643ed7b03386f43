"""Paths of films without jitter, against SciPy."""

import numpy as np
import pytest
from scipy.ndimage import median_filter

from liftpose.plot import shot
from liftpose.plot.shot import running_median


@pytest.mark.parametrize("rows", [1, 2, 7, 50])
@pytest.mark.parametrize("reach", [0, 1, 4, 30])
@pytest.mark.parametrize("block", [3, 2048])
def test_the_running_median_is_that_of_scipy(rows, reach, block, monkeypatch):
    monkeypatch.setattr(shot, "_MEDIANS", block)
    path = np.random.default_rng(rows).normal(size=(rows, 3))
    wanted = median_filter(path, size=(2 * reach + 1, 1), mode="nearest")
    np.testing.assert_array_equal(running_median(path, reach), wanted)
