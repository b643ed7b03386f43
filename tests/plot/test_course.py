"""Values over frames: the columns they are put in, and what is not joined."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose.plot.course import check_lengths, draw_course, in_columns


@pytest.fixture
def values():
    """A thousand values in three recordings, some not known."""
    rng = np.random.default_rng(3)
    found = rng.normal(size=1000)
    found[rng.random(1000) < 0.3] = np.nan
    found[500:560] = np.nan
    return found


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_each_column_has_the_smallest_median_and_largest_of_its_frames(values):
    found = in_columns(values, [333, 0, 150, 517], most=40)
    assert found.edges[0, 0] == 0
    assert found.edges[-1, 1] == 1000
    assert (found.edges[1:, 0] == found.edges[:-1, 1]).all()
    assert {333, 483} <= set(found.edges[:, 0].tolist())
    for (first, last), *three in zip(*found, strict=True):
        part = values[first:last]
        expected = [np.nanmin(part), np.nanmedian(part), np.nanmax(part)]
        np.testing.assert_allclose(three, expected)
    assert np.isnan(found.middle).any()
    assert np.isfinite(found.middle).sum() > 30


def test_few_frames_are_a_column_each(values):
    found = in_columns(values, [1000], most=500)
    np.testing.assert_array_equal(found.middle, values)
    np.testing.assert_array_equal(found.low, found.high)


def test_a_line_leads_neither_over_gaps_nor_from_one_recording_to_the_next():
    values = [1.0, 2, np.nan, 4, np.nan, 6, 7, 8]
    drawn = draw_course(Figure().add_subplot(), values, [6, 2])
    x, y = drawn.line.get_data()
    joined = [(a, b) for a, b, u, v in zip(x, x[1:], y, y[1:], strict=False) if np.isfinite(u + v)]
    assert joined == [(0, 1), (6, 7)]
    # What no line joins is there all the same.
    assert list(zip(*drawn.alone.get_data(), strict=True)) == [(3, 4.0), (5, 6.0)]
    assert drawn.band is None


def test_bands_are_drawn_where_there_are_more_frames_than_columns():
    values = np.sin(np.arange(100_000.0))
    drawn = draw_course(Figure(figsize=(4, 2)).add_subplot(), values, [100_000])
    assert len(drawn.columns.low) < 600
    ends = drawn.band.get_datalim(drawn.band.axes.transData)
    assert (ends.y0, ends.y1) == pytest.approx((-1, 1), abs=1e-3)


@pytest.mark.parametrize("lengths", [[3], [5, -1], [2, 3]])
def test_recordings_that_do_not_add_up_are_refused(lengths):
    with (
        pytest.raises(ValueError, match="there are 4")
        if sum(lengths) != 4
        else pytest.raises(ValueError, match="lengths")
    ):
        check_lengths(lengths, 4)
