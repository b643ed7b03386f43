"""Polynomials in windows: against SciPy, and against a fit of each window by itself."""

import numpy as np
import pytest
from scipy.signal import savgol_filter

from liftpose.postprocess.local import check_window, locally_fitted


@pytest.mark.parametrize(("window", "degree"), [(5, 1), (11, 3), (7, 6), (3, 0)])
def test_without_gaps_it_is_scipys_filter(window, degree):
    values = np.random.default_rng(0).normal(size=(40, 3))
    fitted, _ = locally_fitted(values, window, degree)
    np.testing.assert_allclose(fitted, savgol_filter(values, window, degree, axis=0), atol=1e-10)


def test_with_gaps_each_window_is_fitted_to_what_is_there():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(60, 4))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[20:32, 0] = np.nan
    fitted, leverage = locally_fitted(values, 9, 2)
    for frame in range(60):
        begin = min(max(frame - 4, 0), 51)
        places = np.arange(begin, begin + 9)
        for column in range(4):
            there = np.isfinite(values[places, column])
            if there.sum() <= 2:
                assert np.isnan(fitted[frame, column])
                assert np.isnan(leverage[frame, column])
                continue
            powers = np.vander(places[there] - frame, 3)
            right = values[places[there], column]
            best = np.linalg.lstsq(powers, right, rcond=None)[0]
            np.testing.assert_allclose(fitted[frame, column], best[-1], atol=1e-7)
            weights = np.linalg.pinv(powers)[-1]
            np.testing.assert_allclose(leverage[frame, column], weights @ weights, rtol=1e-6)


@pytest.mark.parametrize(("window", "degree"), [(4, 1), (3, 3), (5, -1)])
def test_windows_that_make_no_sense_are_refused(window, degree):
    with pytest.raises(ValueError, match=r"expected an odd number of frames, more than the degree"):
        check_window(window, degree)


def test_a_window_is_a_whole_number():
    with pytest.raises(TypeError, match=r"window is 5\.5; expected a whole number"):
        check_window(5.5, 2)


def test_a_recording_shorter_than_the_window_is_refused():
    with pytest.raises(ValueError, match="has 7 frames and the window 11; give a shorter"):
        locally_fitted(np.zeros((7, 1)), 11, 3)
