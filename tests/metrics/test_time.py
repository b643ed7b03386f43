"""Errors of motion at gaps and between recordings, and blocks of time."""

from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftpose import metrics

MOTIONS = pytest.mark.parametrize(
    ("metric", "order"), [(metrics.velocity_error, 1), (metrics.acceleration_error, 2)]
)


def test_a_gap_breaks_the_chain_of_velocities() -> None:
    truth = np.zeros((4, 1, 3))
    prediction = np.zeros((4, 1, 3))
    prediction[:, 0, 0] = [0, np.nan, 100, 103]
    assert metrics.velocity_error(truth, prediction) == 3
    assert np.isnan(metrics.velocity_error(truth[:1], prediction[:1]))


def test_a_gap_breaks_the_chain_of_accelerations() -> None:
    truth = np.zeros((7, 1, 3))
    prediction = np.zeros((7, 1, 3))
    prediction[:, 0, 0] = [50, 7, np.nan, 100, 100, 101, np.nan]
    assert metrics.acceleration_error(truth, prediction) == 1
    assert np.isnan(metrics.acceleration_error(truth[:2], prediction[:2]))


def test_moving_at_another_speed_is_no_error_of_acceleration() -> None:
    prediction = np.zeros((9, 2, 3))
    prediction[..., 1] = 3.0 * np.arange(9)[:, None] + 4
    truth = np.zeros_like(prediction)
    assert metrics.acceleration_error(truth, prediction) == 0
    assert metrics.velocity_error(truth, prediction) == 3


@MOTIONS
def test_recordings_are_not_chained(metric, order) -> None:
    rng = np.random.default_rng(order)
    truth, prediction = rng.normal(size=(2, 12, 4, 3))
    truth[3, 1] = np.nan
    lengths = [5, 1, 0, 6]
    ends = np.cumsum([0, *lengths])
    each = [
        metric(truth[a:b], prediction[a:b], per_joint=True)
        for a, b in pairwise(ends)
        if b - a > order
    ]
    counts = np.array([[3, 4, 4, 4], [6 - order] * 4])
    counts[0] = 5 - order
    counts[0, 1] = {1: 2, 2: 1}[order]
    expected = (np.array(each) * counts).sum(axis=0) / counts.sum(axis=0)
    found = metric(truth, prediction, lengths=lengths, per_joint=True)
    np.testing.assert_allclose(found, expected)
    assert not np.allclose(found, metric(truth, prediction, per_joint=True))


@MOTIONS
def test_lengths_that_do_not_add_up_are_refused(metric, order) -> None:
    poses = np.zeros((4, 2, 3))
    with pytest.raises(ValueError, match=r"4 in all; got \[3, 2\], 5"):
        metric(poses, poses, lengths=[3, 2])
    with pytest.raises(ValueError, match=r"\[5, -1\]"):
        metric(poses, poses, lengths=[5, -1])


@given(lengths=st.lists(st.integers(0, 40), max_size=6), least=st.integers(1, 20))
def test_blocks_are_even_pieces_of_one_recording(lengths, least) -> None:
    blocks = metrics.time_blocks(lengths, least)
    recordings = np.repeat(np.arange(len(lengths)), lengths)
    pieces = [(b, len(list(run))) for b, run in groupby(zip(blocks, recordings, strict=True))]
    assert [block for (block, _), _ in pieces] == list(range(len(pieces)))
    for number in set(recordings):
        sizes = [size for (_, of), size in pieces if of == number]
        assert max(sizes) - min(sizes) <= 1
    filled = [length for length in lengths if length]
    if filled and min(filled) >= least:
        assert len(pieces) >= least
    if len(filled) >= least:
        assert len(pieces) == len(filled)


def test_blocks_of_a_bad_number_are_refused() -> None:
    with pytest.raises(ValueError, match="one block"):
        metrics.time_blocks([3], least=0)
    with pytest.raises(ValueError, match="lengths"):
        metrics.time_blocks([3, -1])
