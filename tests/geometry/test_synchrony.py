"""Frame offsets and lost frames, found from what cameras saw."""

import os
from pathlib import Path

import numpy as np
import pytest

from liftpose import Camera
from liftpose.datasets import mouse, quadruped
from liftpose.geometry.synchrony import Change, Sight, Timing, apart, synchronise
from liftpose.geometry.synchrony.epipolar import Pair
from liftpose.geometry.triangulation import triangulate

SURE = 0.3  # likelihood
DATA = Path(os.environ.get("LIFTPOSE_DATA", Path(__file__).parents[3] / "shared" / "data"))
WALK = DATA / "zoo" / "fly_df3d_walk_6cam.npz"


@pytest.fixture(scope="module")
def dog():
    return quadruped(frames=420, seed=1)


def sights(animal, count=3):
    """What the trackers of some cameras gave, where they were sure."""
    seen = np.where(animal.confidence[..., None] < SURE, np.nan, animal.points_2d)
    return {
        camera.name: Sight.of(camera, seen[place])
        for place, camera in enumerate(animal.cameras[:count])
    }


def cut(sight, start, stop=None):
    return Sight(sight.camera, sight.rays[start:stop])


def without(sight, start, stop):
    return Sight(sight.camera, np.concatenate([sight.rays[:start], sight.rays[stop:]]))


def test_sampsons_distance_is_how_far_pixels_have_to_move_until_rays_meet():
    # The oracle moves them: triangulation of two cameras leaves the least sum of squares.
    animal = mouse(frames=40, seed=3)
    views = animal.cameras[:2]
    rng = np.random.default_rng(0)
    exact = np.stack([camera.project(animal.poses_3d) for camera in views])
    pixels = exact + rng.normal(0, 1.0, exact.shape)
    pair = Pair(*(Sight.of(camera, seen) for camera, seen in zip(views, pixels, strict=True)))
    frames = np.arange(40)
    found = pair.distance(frames, frames)
    with pytest.warns(UserWarning, match="two cameras only"):
        moved = triangulate(pixels, views, robust=False)
    expected = np.sqrt((moved.errors**2).sum(axis=0))
    # The lens is taken out first, which stretches the image by a per cent or two.
    np.testing.assert_allclose(found, expected, rtol=0.03, atol=1e-3)
    exactly = [Sight.of(camera, seen) for camera, seen in zip(views, exact, strict=True)]
    assert apart(*exactly) < 1e-6
    assert np.isnan(pair.distance(np.array([39, 0]), np.array([40, -1]))).all()


@pytest.mark.parametrize("offset", [0, 3, -7])
def test_known_offsets_come_back(dog, offset):
    given = sights(dog)
    first, other, third = given
    # Frame i + offset of the other shows frame i of the first, which begins at frame 10.
    moved = {
        first: cut(given[first], 10, 380),
        other: cut(given[other], 10 - offset, 380 - offset),
        third: cut(given[third], 10, 380),
    }
    found = synchronise(moved, 20)
    assert found[other].offset == offset
    assert found[third].offset == 0
    assert found[other].low <= offset <= found[other].high
    assert not any(timing.changes for timing in found.values())
    assert found[other].frames(5).tolist() == [
        frame if (frame := i + offset) >= 0 else -1 for i in range(5)
    ]
    if offset:
        assert found[other].at_offset < 0.7 * found[other].at_zero


def test_nothing_is_invented_where_nothing_moves(dog):
    given = sights(dog)
    still = {}
    rng = np.random.default_rng(0)
    for name, sight in given.items():
        pixels = sight.camera.project(np.repeat(dog.poses_3d[:1], 300, axis=0))
        still[name] = Sight.of(sight.camera, pixels + rng.normal(0, 1.5, pixels.shape))
    last = list(still)[-1]
    still[last] = cut(still[last], 7)
    found = synchronise(still, 30)
    for name in list(still)[1:]:
        assert found[name].offset == 0
        assert (found[name].low, found[name].high) == (-30, 30)
        assert not found[name].told
        assert found[name].changes == ()


def test_cameras_without_a_common_joint_are_left_where_they_are(dog):
    given = sights(dog, 2)
    (first, one), (second, other) = given.items()
    half = one.rays.shape[1] // 2
    left, right = one.rays.copy(), other.rays.copy()
    left[:, half:], right[:, :half] = np.nan, np.nan
    found = synchronise({first: Sight(one.camera, left), second: Sight(other.camera, right)}, 10)
    assert not found[second].told
    assert found[second].offset == 0
    assert np.isnan(found[second].at_zero)


def test_lost_frames_are_found_and_located(dog):
    given = sights(dog)
    names = list(given)
    at, lost = 250, 4
    given[names[1]] = without(given[names[1]], at, at + lost)
    found = synchronise(given, 20)
    assert found[names[1]].offset == 0
    (change,) = found[names[1]].changes
    assert change.gained == -lost
    assert change.low <= at <= change.high
    assert change.high - change.low < 100
    assert found[names[0]].changes == found[names[2]].changes == ()
    frames = found[names[1]].frames(dog.poses_3d.shape[0])
    for row in (0, change.low - 1):
        assert frames[row] == row
    assert frames[-1] == len(frames) - 1 - lost
    assert (frames[change.low : change.high] == -1).all()


def test_what_all_others_gain_the_first_has_lost(dog):
    given = sights(dog)
    first = next(iter(given))
    given[first] = without(given[first], 200, 205)
    found = synchronise(given, 20)
    (change,) = found[first].changes
    assert change.gained == -5
    assert change.low - 5 <= 200 <= change.high + 5
    for name in list(given)[1:]:
        assert [each.gained for each in found[name].changes] == [5]


def test_given_offsets_are_taken(dog):
    given = sights(dog, 2)
    first, other = given
    moved = {first: given[first], other: cut(given[other], 6)}
    assert synchronise(moved, 20, {other: -6})[other].offset == -6
    assert synchronise(moved, 20)[other].offset == -6


def test_frames_follow_changes():
    timing = Timing(offset=2, changes=(Change(5, 4, 6, -3),))
    assert timing.frames(8).tolist() == [2, 3, 4, 5, -1, -1, 5, 6]
    assert timing.frames(8, mended=False).tolist() == [2, 3, 4, 5, 6, 7, 8, 9]


def test_a_camera_far_away_with_a_long_lens_is_measured_as_well():
    K = np.diag([130_000.0, 130_000.0, 1.0])
    turn = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    views = [Camera(K, t=[0, 0, 300]), Camera(K, turn, [0, 0, 300])]
    points = np.random.default_rng(0).normal(0, 0.3, (50, 4, 3))
    one, other = (Sight.of(camera, camera.project(points)) for camera in views)
    assert apart(one, other) < 1e-6
    shifted = Sight(other.camera, other.rays + [0.0, 3 / 130_000, 0.0])
    # Three pixels across the epipolar line: each image takes half of it.
    assert apart(one, shifted) == pytest.approx(3 / np.sqrt(2), rel=0.01)


def test_with_no_offsets_allowed_nothing_is_looked_for(dog):
    given = sights(dog, 2)
    first, other = given
    moved = {first: given[first], other: cut(given[other], 6)}
    assert synchronise(moved, 0)[other].offset == 0
    assert synchronise(moved, 0, {other: -6})[other].offset == -6


@pytest.mark.skipif(not WALK.is_file(), reason="no flies here (LIFTPOSE_DATA names the folder)")
def test_a_real_fly_gives_away_a_camera_that_was_shifted():
    with np.load(WALK, allow_pickle=False) as stored:
        values = [stored[name][:3] for name in ("K", "R", "t", "dist")]
        pixels = stored["pose2d"][:3].astype(float)
    cameras = [Camera(*own) for own in zip(*values, strict=True)]
    given = {
        f"camera {number}": Sight.of(camera, seen)
        for number, (camera, seen) in enumerate(zip(cameras, pixels, strict=True))
    }
    plain = synchronise(given, 8)
    assert [timing.offset for timing in plain.values()] == [0, 0, 0]
    given["camera 1"] = cut(given["camera 1"], 4)
    shifted = synchronise(given, 8)
    assert [timing.offset for timing in shifted.values()] == [0, -4, 0]
    assert shifted["camera 1"].low == shifted["camera 1"].high == -4
    given["camera 1"] = without(Sight.of(cameras[1], pixels[1]), 500, 505)
    (change,) = synchronise(given, 8)["camera 1"].changes
    assert change.gained == -5
    assert change.low <= 500 <= change.high
