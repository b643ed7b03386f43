"""Jumps and gaps of tracks."""

import numpy as np
import pytest

from liftpose.library.building import BuildOptions
from liftpose.library.building.filtering import filled, jumps


def walk(frames=200, seed=0):
    rng = np.random.default_rng(seed)
    way = np.cumsum(rng.normal(0, 1, (frames, 3, 2)), axis=0)
    return 300 + 20 * np.sin(way / 30) + rng.normal(0, 0.5, way.shape)


def naive_jumps(track, most, least):
    """Joint by joint and frame by frame."""
    frames, joints, _ = track.shape
    off = np.full((frames, joints), np.nan)
    for joint in range(joints):
        for frame in range(frames):
            if np.isnan(track[frame, joint, 0]):
                continue
            sides = [track[max(frame - 2, 0) : frame, joint], track[frame + 1 : frame + 3, joint]]
            one, other = (side[np.isfinite(side[:, 0])] for side in sides)
            if len(one) == len(other) > 0:
                middle = np.median([*one, track[frame, joint], *other], axis=0)
                off[frame, joint] = np.linalg.norm(track[frame, joint] - middle)
    spread = np.nanmedian(off, axis=0) / 0.6745
    with np.errstate(invalid="ignore"):
        return off > np.maximum(most * spread, least)


def test_jumps_are_what_a_slow_twin_finds():
    track = walk()
    track[np.random.default_rng(1).random(track.shape[:2]) < 0.2] = np.nan
    track[[20, 21, 90], [0, 0, 2]] += 60.0
    found = jumps(track, 8.0, 5.0)
    np.testing.assert_array_equal(found, naive_jumps(track, 8.0, 5.0))


def test_one_or_two_frames_that_jump_are_found_and_no_others():
    track = walk()
    track[[20, 21, 90], [0, 0, 2]] += 60.0
    found = jumps(track, 8.0, 5.0)
    assert found[[20, 21, 90], [0, 0, 2]].all()
    assert found.sum() == 3


def test_what_moves_on_fast_does_not_jump():
    track = np.arange(30.0).reshape(30, 1, 1) * [50.0, 80.0]
    track[15:] += 500.0
    assert not jumps(track, 8.0, 5.0).any()
    track[[3, 4, 20]] = np.nan
    assert not jumps(track, 8.0, 5.0).any()


def test_nothing_is_a_jump_where_none_is_looked_for():
    track = walk()
    track[50] += 100
    assert not jumps(track, np.inf, 5.0).any()
    assert not jumps(track[:4], 8.0, 5.0).any()


def test_only_short_gaps_are_filled_and_not_at_the_ends():
    track = walk()
    holes = {0: (0, 2), 1: (10, 13), 2: (50, 54), 0.5: (197, 200)}
    broken = track.copy()
    for start, stop in holes.values():
        broken[start:stop] = np.nan
    found = filled(broken, 3)
    assert np.isnan(found[0:2]).all()
    assert np.isnan(found[50:54]).all()
    assert np.isnan(found[197:]).all()
    for frame in range(10, 13):
        share = (frame - 9) / 4
        expected = (1 - share) * track[9] + share * track[13]
        np.testing.assert_allclose(found[frame], expected)
    np.testing.assert_array_equal(filled(broken, 0), broken)


@pytest.mark.parametrize(
    ("name", "value"),
    [("min_confidence", 1.5), ("drops", "mnd"), ("min_cameras", 1), ("fill_gaps", -1)],
)
def test_settings_outside_their_range_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        BuildOptions(**{name: value})
