"""Frames that are listed by number, and those in between."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftpose.io.decoding.frames import at_frames


@given(st.lists(st.integers(0, 200), unique=True, min_size=1), st.integers(0, 50))
def test_every_row_is_where_its_frame_is(frames, further):
    values = np.random.default_rng(0).normal(size=(len(frames), 2, 3)).astype(np.float32)
    for count in (None, max(frames) + 1 + further):
        table = at_frames(values, frames, count)
        assert table.shape == ((max(frames) + 1 if count is None else count), 2, 3)
        assert table.dtype == np.float32
        for frame in range(len(table)):
            if frame in frames:
                np.testing.assert_array_equal(table[frame], values[frames.index(frame)])
            else:
                assert np.isnan(table[frame]).all()


def test_integers_become_floats():
    np.testing.assert_array_equal(at_frames(np.array([3]), [1]), [np.nan, 3])


@pytest.mark.parametrize(
    ("frames", "count", "told"),
    [
        ([0, 1, 1], None, "frame 1 is there twice"),
        ([0, -2, 1], None, "a frame -2"),
        ([0, 1, 7], 5, "a frame 7; expected numbers from 0 to 4"),
        ([0, 1], None, "2 numbers of frames for 3"),
        ([0, 1, 10**7], None, "nearly all"),
        ([0, 1, 10**30], None, "nearly all"),
    ],
)
def test_what_is_wrong_is_said(frames, count, told):
    with pytest.raises(ValueError, match=told):
        at_frames(np.zeros((3, 2)), np.array(frames, object), count)
