"""Poses elsewhere on their floor: rigid motions along it, as the known cameras show them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from liftpose import Camera, Lifter, Skeleton
from liftpose.lifter.augmentation import elsewhere
from liftpose.lifter.batch import Batch
from liftpose.postprocess import find_floor, place

seeds = st.integers(0, 2**31 - 1)
K = [[900.0, 0, 320], [0, 880, 240], [0, 0, 1]]
FEET = (3, 4, 5, 6)
WORLD = Rotation.from_euler("xyz", [20, -35, 70], degrees=True).as_matrix()
UP = WORLD[:, 2]


def walking(frames=120, seed=0, bend=0.0, way=(60.0, 40.0)):
    """A quadruped on a tilted floor that stands, at random headings and places; mm."""
    rng = np.random.default_rng(seed)
    body = np.array(
        [[35, 0, 12], [0, 0, 25], [-60, 0, 8], [20, 8, 0], [20, -8, 0], [-20, 9, 0], [-20, -9, 0]]
    )
    poses = np.repeat(body[None].astype(float), frames, axis=0)
    poses[:, :3] += rng.normal(0, bend, (frames, 3, 3))
    poses[:, 3:, :2] += rng.normal(0, bend, (frames, 4, 2))
    heading = Rotation.from_euler("z", rng.uniform(-180, 180, (frames, 1)), degrees=True)
    place_ = np.column_stack([rng.uniform(-x, x, frames) for x in way] + [np.zeros(frames)])
    return (poses @ heading.as_matrix().mT + place_[:, None]) @ WORLD.T + [5.0, -7.0, 40.0]


def looking_down(elevation, distance=500.0, azimuth=0.0, **more):
    """A camera that looks at the middle of the floor from some degrees above it."""
    around, above = np.radians([azimuth, elevation])
    side = [np.cos(around), np.sin(around), 0.0]
    forward = -(np.cos(above) * np.array(side) + [0, 0, np.sin(above)])
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward]) @ WORLD.T
    position = WORLD @ (-distance * forward) + [5.0, -7.0, 40.0]
    return Camera(K, R, -R @ position, **more)


ABOVE, OBLIQUE = looking_down(70, dist=[-0.1, 0.02, 0, 0]), looking_down(35, azimuth=120.0)
CAMERAS = {"a": ABOVE, "b": OBLIQUE}


def batch_of(poses, cameras=CAMERAS, turned=False, noise=0.0):
    """The poses before every camera, in the world or as a lifter turns them."""
    rng = np.random.default_rng(1)
    seen = [one.project(poses) for one in cameras.values()]
    held = [poses @ one.R.T if turned else poses for one in cameras.values()]
    known = tuple(Camera(K, t=one.t, dist=one.dist) for one in cameras.values()) if turned else ()
    pose_3d = torch.from_numpy(np.concatenate(held))
    return Batch(
        torch.from_numpy(np.concatenate(seen) + rng.normal(0, noise, (len(pose_3d), 7, 2))),
        pose_3d,
        pose_3d.isfinite(),
        torch.arange(len(cameras)).repeat_interleave(len(poses)),
        tuple(cameras),
        (0,),
        ((1, 2, 3, 4, 5, 6),),
        cameras=known,
    )


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def in_world(batch, turned):
    parts = batch.pose_3d.split(len(batch.pose_3d) // 2)
    back = [part @ torch.tensor(one.R) for part, one in zip(parts, CAMERAS.values(), strict=True)]
    return (torch.cat(back) if turned else batch.pose_3d).numpy()


@settings(max_examples=15, deadline=None)
@given(seed=seeds, turned=st.booleans())
def test_poses_move_along_the_floor_rigidly_and_are_seen_there(seed, turned):
    poses = walking(seed=seed, bend=2.0)
    floor = find_floor(poses, FEET)
    batch = batch_of(poses, turned=turned)
    moved = elsewhere(floor, CAMERAS, share=1.0)(batch, generator(seed))
    before, after = in_world(batch, turned), in_world(moved, turned)
    # The same animal at the same height, upright.
    for one, other in ((0, 1), (2, 4), (3, 6)):
        lengths = [np.linalg.norm(x[:, one] - x[:, other], axis=1) for x in (before, after)]
        np.testing.assert_allclose(*lengths, rtol=1e-9)
    np.testing.assert_allclose(floor.height(after), floor.height(before), atol=1e-7)
    handed = [np.linalg.det(x[:, [1, 2, 4]] - x[:, :1]) for x in (before, after)]
    np.testing.assert_allclose(*handed, rtol=1e-6)
    # What is seen is what the cameras show.
    half = len(poses)
    for rows, camera in zip((slice(half), slice(half, None)), CAMERAS.values(), strict=True):
        shown = camera.project(after[rows])
        np.testing.assert_allclose(moved.pose_2d[rows].numpy(), shown, atol=1e-6)
    assert (np.abs(after - before).max((1, 2)) > 1).mean() > 0.95


def test_places_and_headings_are_uniform_and_drawn_anew():
    poses = np.repeat(walking(frames=4), 500, axis=0)
    floor = replace(find_floor(walking(), FEET), places=np.array([[-80.0, 120.0], [-30.0, 50.0]]))
    wide = Camera([[300.0, 0, 0], [0, 300, 0], [0, 0, 1]], OBLIQUE.R, OBLIQUE.t)
    batch = batch_of(poses, {"a": wide})
    augmentation = elsewhere(floor, wide, share=1.0, margin=10.0)
    after = augmentation(batch, generator()).pose_3d.numpy()
    place_ = after.mean(1) @ floor.axes.T
    for column, (low, high) in zip(place_.T, [(-90, 130), (-40, 60)], strict=True):
        assert column.min() == pytest.approx(low, abs=2)
        assert column.max() == pytest.approx(high, abs=2)
        assert column.std() == pytest.approx((high - low) / np.sqrt(12), rel=0.05)
    ahead = (after[:, 0] - after[:, 2]) @ floor.axes.T
    angle = np.arctan2(ahead[:, 1], ahead[:, 0])
    assert np.abs(np.exp(1j * angle).mean()) < 0.07
    again = augmentation(batch, generator()).pose_3d.numpy()
    np.testing.assert_array_equal(after, again)
    assert not np.array_equal(after, augmentation(batch, generator(1)).pose_3d.numpy())


def test_a_share_is_moved_and_the_rest_stays_bit_for_bit():
    poses = walking(frames=2000)
    poses[3, 2] = np.nan
    batch = batch_of(poses, noise=1.5)
    moved = elsewhere(find_floor(poses, FEET), CAMERAS, share=0.25)(batch, generator())
    stays = (moved.pose_3d == batch.pose_3d).all(-1)[:, 0].numpy()
    assert 1 - stays.mean() == pytest.approx(0.25, abs=0.03)
    for name in ("pose_2d", "pose_3d", "counts"):
        before, after = (getattr(one, name).numpy()[stays] for one in (batch, moved))
        np.testing.assert_array_equal(before, after)


def test_the_error_of_the_tracker_moves_along():
    poses = walking()
    batch = batch_of(poses, noise=3.0)
    error = batch.pose_2d - batch_of(poses).pose_2d
    moved = elsewhere(find_floor(poses, FEET), CAMERAS, share=1.0)(batch, generator())
    again = [
        one.project(moved.pose_3d[:120] if one is ABOVE else moved.pose_3d[120:])
        for one in CAMERAS.values()
    ]
    np.testing.assert_allclose(moved.pose_2d - torch.cat(again), error, atol=1e-6)


def test_poses_stay_within_the_image():
    poses = walking(frames=400, way=(30.0, 30.0))
    small = looking_down(40, size=(640, 480))
    floor = find_floor(poses, FEET)
    moved = elsewhere(floor, small, share=1.0, margin=400.0)(
        batch_of(poses, {"a": small}), generator()
    )
    pixels = moved.pose_2d.numpy()
    assert (pixels >= -0.5).all()
    assert (pixels <= [639.5, 479.5]).all()
    assert (np.abs(moved.pose_3d.numpy() - poses).max((1, 2)) > 1).mean() > 0.6
    # Where no place is in view, everything stays.
    blind = replace(floor, places=floor.places + 5000)
    kept = elsewhere(blind, small, share=1.0)(batch_of(poses, {"a": small}), generator())
    np.testing.assert_array_equal(kept.pose_3d.numpy(), poses)


def test_joints_that_are_not_known_are_not_made_up():
    poses = walking()
    floor = find_floor(poses, FEET)
    batch = batch_of(poses)
    batch.pose_3d[:, 2, 1] = torch.nan
    batch.counts[:, 2, 1] = False
    batch.pose_2d[:, 5] = torch.nan
    moved = elsewhere(floor, CAMERAS, share=1.0)(batch, generator())
    there = (moved.pose_3d[:, 0] != batch.pose_3d[:, 0]).any(-1)
    assert moved.pose_3d[there][:, 2].isnan().all()
    assert moved.pose_2d[there][:, 2].isnan().all()
    assert not moved.counts[there][:, 2].any()
    assert moved.pose_2d[:, 5].isnan().all()
    assert moved.pose_3d[:, 5].isfinite().all()
    assert moved.counts[:, [0, 1, 3, 4, 5, 6]].all()


def test_other_cameras_than_the_ones_that_filmed_are_refused():
    poses = walking()
    floor = find_floor(poses, FEET)
    swapped = {"a": OBLIQUE, "b": ABOVE}
    with pytest.raises(ValueError, match="other cameras than the lifter"):
        elsewhere(floor, swapped)(batch_of(poses, turned=True), generator())
    with pytest.raises(ValueError, match="does not show the 3D near the 2D"):
        elsewhere(floor, swapped)(batch_of(poses), generator())
    relative = replace(batch_of(poses), pose_3d=torch.from_numpy(np.tile(poses, (2, 1, 1))) * 0.1)
    with pytest.raises(ValueError, match="relative to a root"):
        elsewhere(floor, CAMERAS)(relative, generator())
    with pytest.raises(ValueError, match="'b' is not among them"):
        elsewhere(floor, {"a": ABOVE}).check(("a", "b"), 7)
    flat = replace(batch_of(poses), pose_3d=torch.zeros(240, 7, 1, dtype=torch.float64))
    with pytest.raises(ValueError, match="three coordinates"):
        elsewhere(floor, CAMERAS)(flat, generator())


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"floor": UP}, TypeError, "expected what find_floor gives"),
        ({"share": 1.5}, ValueError, "share is 1.5"),
        ({"share": -0.1}, ValueError, "share must be"),
        ({"margin": np.nan}, ValueError, "margin must be"),
        ({"margin": "far"}, TypeError, "margin is 'far'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, error, words):
    given_ = {"floor": find_floor(walking(), FEET), "camera": ABOVE}
    with pytest.raises(error, match=words):
        elsewhere(**(given_ | change))


def test_a_plane_without_known_places_is_refused():
    plane = replace(find_floor(walking(), FEET), places=np.full((2, 2), np.nan))
    with pytest.raises(ValueError, match="plane without known places"):
        elsewhere(plane, ABOVE)


def fitted(poses, camera, moved):
    names = list("abcdefg")
    skeleton = Skeleton(names, roots=["b"], target_sets=[[x for x in names if x != "b"]], unit="mm")
    floor = find_floor(poses, FEET)
    augmentation = [elsewhere(floor, camera, margin=120.0, share=0.8)] if moved else None
    seen = camera.project(poses) + np.random.default_rng(2).normal(0, 0.5, (len(poses), 7, 2))
    lifter = Lifter(skeleton, network="ridge", job=1)
    return floor, lifter.fit(seen, poses, camera=camera, augmentation=augmentation)


def test_an_animal_far_from_where_it_was_learned_is_lifted_and_placed():
    camera = looking_down(40)
    # Learned near the middle, lifted where it never was.
    floor, filmed = fitted(walking(600, seed=1, bend=2.0, way=(15.0, 15.0)), camera, False)
    _, moved = fitted(walking(600, seed=1, bend=2.0, way=(15.0, 15.0)), camera, True)
    rng = np.random.default_rng(3)
    far = walking(200, seed=4, bend=2.0, way=(15.0, 15.0)) + WORLD @ [70.0, 90.0, 0.0]
    seen = camera.project(far) + rng.normal(0, 0.5, (200, 7, 2))
    truth = far[:, 1]
    distance = np.linalg.norm(truth - camera.position, axis=1)

    def error(lifter, **more):
        placed = place(lifter.lift(seen, camera=camera), seen, camera, **more)
        return float(np.median(np.linalg.norm(placed.root - truth, axis=1) / distance))

    assert error(moved) < 0.6 * error(filmed)
    assert error(moved, floor=floor) < 0.01
    assert error(filmed, floor=floor) < 0.5 * error(filmed)
