"""Where a lifted pose is, from its own 2D."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from liftpose import Camera, Lifted, Lifter, Poses, Skeleton, read_poses, write_poses
from liftpose.datasets import mouse, quadruped
from liftpose.postprocess import Placed, find_floor, place
from liftpose.postprocess.length import as_length

K = np.array([[1200.0, 0, 640], [0, 1150, 500], [0, 0, 1]])
DIST = [-0.2, 0.08, 1e-3, -5e-4, 0]


def turned(seed):
    """A rotation that points roughly forward."""
    angles = np.random.default_rng(seed).normal(0, 0.3, 3)
    cos, sin = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cos[0], -sin[0]], [0, sin[0], cos[0]]])
    about_z = np.array([[cos[2], -sin[2], 0], [sin[2], cos[2], 0], [0, 0, 1]])
    return about_x @ about_z


CAMERA = Camera(K, turned(1), [10.0, -5.0, 600.0], DIST, name="left")
OTHER = Camera(0.7 * K + [[0, 0, 0], [0, 0, 0], [0, 0, 0.3]], turned(2), [-30.0, 20.0, 400.0])


def poses(frames=40, joints=7, seed=0):
    """Root-relative poses (mm) of the world and where their roots are."""
    rng = np.random.default_rng(seed)
    relative = rng.normal(0, 25, (frames, joints, 3))
    relative -= relative[:, :1]
    return relative, rng.uniform(-60, 60, (frames, 3))


def as_lifted(relative, frame="world", **more):
    keys, lengths = more.pop("keys", ("",)), more.pop("lengths", (len(relative),))
    return Lifted(relative, relative, keys, lengths, frame=frame, unit="mm", **more)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), joints=st.integers(3, 12))
def test_a_pose_is_put_where_its_own_2d_says(seed, joints):
    relative, root = poses(joints=joints, seed=seed)
    seen = CAMERA.project(relative + root[:, None])
    placed = place(as_lifted(relative), seen, CAMERA)
    np.testing.assert_allclose(placed.root, root, atol=1e-5)
    np.testing.assert_allclose(placed.position, relative + root[:, None], atol=1e-5)
    assert placed.error.max() < 1e-5
    assert placed.placed.all()


def test_a_pose_in_the_camera_frame_is_put_there():
    relative, root = poses()
    in_camera = relative + root[:, None] + [0, 0, 500]
    seen = CAMERA.project(in_camera, frame="camera")
    placed = place(as_lifted(relative, "camera"), seen, CAMERA)
    np.testing.assert_allclose(placed.position, in_camera, atol=1e-5)
    assert placed.lifted.frame == "camera"


def test_the_closed_form_is_the_least_squares_solution():
    relative, root = poses(frames=5)
    rng = np.random.default_rng(3)
    seen = CAMERA.project(relative + root[:, None]) + rng.normal(0, 3, (5, 7, 2))
    confidence = rng.uniform(0.2, 1, (5, 7))
    seen[1, 2] = np.nan
    placed = place(as_lifted(relative), seen, CAMERA, confidence)
    rays = CAMERA.rays(seen)
    for frame in range(5):
        q = relative[frame] @ CAMERA.R.T

        def equations(shift, q=q, frame=frame):
            moved = q + shift
            off = moved[:, :2] - rays[frame] * moved[:, 2:]
            return np.nan_to_num(np.sqrt(confidence[frame])[:, None] * off).ravel()

        slow = least_squares(equations, [0, 0, 500], xtol=1e-12, ftol=1e-12, gtol=1e-12).x
        expected = CAMERA.camera_to_world(slow)
        np.testing.assert_allclose(placed.root[frame], expected, atol=1e-3)


def test_spread_weighs_the_equations():
    relative, root = poses(frames=60, joints=9)
    seen = CAMERA.project(relative + root[:, None])
    spread = np.full(relative.shape, 0.5)
    spread[:, 5:] = 20.0
    spread[:, 0] = 0.0
    wrong = relative + np.random.default_rng(4).normal(0, 1, relative.shape) * spread
    blind = place(as_lifted(wrong), seen, CAMERA)
    aware = place(as_lifted(wrong, spread=spread), seen, CAMERA)
    before, after = (np.linalg.norm(one.root - root, axis=1).mean() for one in (blind, aware))
    assert after < 0.3 * before
    # In the frame of the camera the spread is that of its axes.
    in_camera = wrong @ CAMERA.R.T
    alike = np.broadcast_to(spread[..., :1], spread.shape)
    twin = place(as_lifted(in_camera, "camera", spread=alike), seen, CAMERA)
    np.testing.assert_allclose(CAMERA.camera_to_world(twin.root), aware.root, atol=1e-3)


def test_spread_along_the_line_of_sight_is_turned_with_the_camera():
    relative, root = poses(frames=20)
    seen = CAMERA.project(relative + root[:, None])
    rng = np.random.default_rng(5)
    wrong = relative + rng.normal(0, 5, relative.shape)
    in_world = np.abs(rng.normal(0, 3, relative.shape))
    quarter = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    turned_camera = replace_camera(CAMERA, CAMERA.R @ quarter.T)
    one = place(as_lifted(wrong, spread=in_world), seen, CAMERA)
    other = place(
        as_lifted(wrong @ quarter.T, spread=in_world @ np.abs(quarter.T)), seen, turned_camera
    )
    np.testing.assert_allclose(other.root, one.root @ quarter.T, atol=1e-4)


def replace_camera(camera, R):
    return Camera(camera.K, R, camera.t, camera.dist)


def test_experiments_have_cameras_of_their_own():
    relative, root = poses(frames=10)
    where = relative + root[:, None]
    seen = {"a": CAMERA.project(where[:4]), "b": OTHER.project(where[4:])}
    lifted = as_lifted(relative, keys=("a", "b"), lengths=(4, 6))
    placed = place(lifted, seen, {"a": CAMERA, "b": OTHER})
    np.testing.assert_allclose(placed.root, root, atol=1e-5)
    np.testing.assert_allclose(placed.lifted.only("b").position, where[4:], atol=1e-4)
    with pytest.raises(ValueError, match="'b' is not among them"):
        place(lifted, seen, {"a": CAMERA})


def test_frames_that_cannot_be_placed_are_nan_and_counted():
    relative, root = poses(frames=6)
    seen = CAMERA.project(relative + root[:, None])
    seen[0, 2:] = np.nan  # two joints are left
    seen[1] = np.nan
    relative[2] = np.nan
    seen[3] = seen[3, :1]  # all in one spot: as far away as one likes
    relative[4] *= -1  # upside down and back to front: only behind the camera does it fit
    placed = place(as_lifted(relative), seen, CAMERA)
    assert placed.too_few.tolist() == [True, True, True, True, False, False]
    assert placed.behind.tolist() == [False, False, False, False, True, False]
    assert np.isnan(placed.root[:5]).all()
    assert np.isnan(placed.position[:5]).all()
    assert np.isnan(placed.error[:5]).all()
    np.testing.assert_allclose(placed.root[5], root[5], atol=1e-5)
    assert repr(placed).startswith("<Placed: 1 of 6 frames in mm, 0.0 px")
    assert "4 with too few joints, 1 behind" in repr(placed)


def test_joints_that_are_not_seen_do_not_count_but_are_placed():
    relative, root = poses()
    seen = CAMERA.project(relative + root[:, None])
    seen[:, 0] = np.nan  # the root itself
    seen[::2, 3] = np.nan
    placed = place(as_lifted(relative), seen, CAMERA)
    np.testing.assert_allclose(placed.position, relative + root[:, None], atol=1e-5)


def test_unsure_joints_do_not_count():
    relative, root = poses()
    seen = CAMERA.project(relative + root[:, None])
    confidence = np.ones(seen.shape[:2])
    confidence[:, 4], seen[:, 4] = 0.05, 7.0
    confidence[:, 5] = np.nan  # nobody said
    lifted = as_lifted(relative)
    np.testing.assert_allclose(place(lifted, seen, CAMERA, confidence).root, root, atol=1e-5)
    off = place(lifted, seen, CAMERA, confidence, min_confidence=0.0)
    assert np.abs(off.root - root).max() > 1
    assert not np.nanmax(np.abs(place(lifted, seen, CAMERA).root - root)) < 10
    of_2d = Poses.from_experiments(seen, dims=(2,), confidence=confidence)
    np.testing.assert_allclose(place(lifted, of_2d, CAMERA).root, root, atol=1e-5)


def test_joints_are_matched_by_name():
    relative, root = poses(joints=4)
    lifted = as_lifted(relative, joints=("a", "b", "c", "d"))
    seen = CAMERA.project(relative + root[:, None])[:, ::-1]
    named = Poses.from_experiments(seen, dims=(2,), joints=["d", "c", "b", "a"])
    np.testing.assert_allclose(place(lifted, named, CAMERA).root, root, atol=1e-5)


@pytest.mark.parametrize("length", ["nose-tailbase=85mm", "Tail Base-nose = 8.5 cm", 0])
def test_a_known_length_gives_the_size_and_with_it_the_place(length):
    relative, root = poses(joints=4)
    joints = ("nose", "ear", "neck", "tail_base")
    relative *= 85 / np.median(np.linalg.norm(relative[:, 3] - relative[:, 0], axis=1))
    seen = CAMERA.project(relative + root[:, None])
    length = length or ("nose", "tail_base", 85.0)
    small = as_lifted(0.6 * relative, joints=joints, spread=np.full(relative.shape, 0.3))
    unscaled = place(small, seen, CAMERA)
    # A smaller animal is put nearer by the same factor, and its 2D fits as well.
    sight = unscaled.root - CAMERA.position
    np.testing.assert_allclose(sight, 0.6 * (root - CAMERA.position), atol=1e-4)
    assert unscaled.error.max() < 1e-4
    placed = place(small, seen, CAMERA, length=length)
    assert placed.factor == pytest.approx(1 / 0.6)
    np.testing.assert_allclose(placed.root, root, atol=1e-4)
    np.testing.assert_allclose(placed.lifted.root_relative, relative, atol=1e-4)
    np.testing.assert_allclose(placed.lifted.spread, 0.5)
    assert placed.lifted.unit == "mm"
    said = placed.lifted.provenance
    assert float(said["size_factor"]) == placed.factor
    assert Camera.from_dict(json.loads(said["placed_by"])[0]) == CAMERA


def test_a_length_gives_a_unit_to_poses_without_one():
    relative, root = poses(joints=4)
    relative /= np.median(np.linalg.norm(relative[:, 1] - relative[:, 0], axis=1))
    bodies = replace(as_lifted(relative, joints=tuple("abcd")), unit="body lengths")
    camera = Camera(K, t=[0, 0, 9.0])
    seen = camera.project(relative + 0.01 * root[:, None])
    placed = place(bodies, seen, camera, length="a-b=9cm")
    assert placed.lifted.unit == "cm"
    assert placed.factor == pytest.approx(9)
    in_metres = place(replace(bodies, unit="m"), seen, camera, length="a-b=9cm")
    assert in_metres.lifted.unit == "m"
    assert in_metres.factor == pytest.approx(0.09)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nose-tail-base=85mm", (0, 2, 85.0, "mm")),
        ("nose-TailBase=8.5e1", (0, 2, 85.0, None)),
        ("neck.1 - nose = .1 m", (1, 0, 0.1, "m")),
        (("nose", "tail-base", 3, "um"), (0, 2, 3.0, "um")),
    ],
)
def test_lengths_are_understood(text, expected):
    found = as_length(text, ["nose", "neck 1", "tail-base"])
    assert (*found.joints, found.value, found.unit) == expected
    assert as_length(str(found), ["nose", "neck 1", "tail-base"]) == found


@pytest.mark.parametrize(
    ("length", "error", "words"),
    [
        ("nose", ValueError, "expected two joints and a number"),
        ("nose=3mm", ValueError, "expected two joints and a number"),
        ("nose-neck=mm", ValueError, "expected two joints and a number|no number"),
        ("nose-neck=1e+mm", ValueError, "'1e[+]' .* is no number"),
        ("nose-nek=3mm", ValueError, "no joint 'nek'. Did you mean 'neck'"),
        ("nose-nose=3mm", ValueError, "the same joint"),
        ("nose-neck=3inch", ValueError, "'inch' is no unit of length"),
        ("nose-neck=-3mm", ValueError, "the value is -3.0"),
        (("nose", "neck", np.nan), ValueError, "the value is nan"),
        (("nose", "neck", "3"), TypeError, "the value is '3'"),
        (("nose", "neck"), TypeError, "expected text such as"),
        (85.0, TypeError, "expected text such as"),
    ],
)
def test_lengths_that_make_no_sense_are_refused(length, error, words):
    with pytest.raises(error, match=words):
        as_length(length, ["nose", "neck"])


def test_a_length_that_is_never_seen_is_refused():
    relative, _ = poses(joints=4)
    seen = np.zeros((len(relative), 4, 2))
    relative[:, 3] = np.nan
    with pytest.raises(ValueError, match="never lifted in the same frame"):
        place(as_lifted(relative), seen, CAMERA, length=("0", "3", 4.0))
    relative[:, 3] = relative[:, 0]
    with pytest.raises(ValueError, match="in one place"):
        place(as_lifted(relative), seen, CAMERA, length=("0", "3", 4.0))


FOOT_NAMES = ("head", "back", "fl", "fr", "hl", "hr")


def standing(frames=60, seed=0):
    """A stiff animal on a floor that is tilted in the world, seen by `CAMERA`."""
    rng = np.random.default_rng(seed)
    body = np.array([[40.0, 0, 20], [0, 0, 25], [20, 9, 0], [20, -9, 0], [-20, 9, 0], [-20, -9, 0]])
    angle = rng.uniform(-np.pi, np.pi, frames)
    cos, sin, none = np.cos(angle), np.sin(angle), np.zeros(frames)
    heading = np.stack([cos, -sin, none, sin, cos, none, none, none, none + 1], 1)
    where = np.column_stack([rng.uniform(-80, 80, (frames, 2)), np.full(frames, -5.0)])
    on_table = body @ heading.reshape(-1, 3, 3).mT + where[:, None]
    on_table[: frames // 3, 2:4, 2] += 15  # it rears, or walks
    # The z axis of the table comes to look back at the camera, at 40 degrees.
    tilt = np.radians(130)
    table = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    return on_table @ table.T @ CAMERA.R


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), wrong=st.floats(0.7, 1.4))
def test_a_floor_gives_the_size_and_with_it_the_place(seed, wrong):
    poses_3d = standing(seed=seed)
    floor = find_floor(poses_3d, feet=[2, 3, 4, 5])
    seen = CAMERA.project(poses_3d)
    # Every frame is lifted too large or too small, by a factor of its own.
    size = wrong ** np.random.default_rng(seed).uniform(-1, 1, len(seen))
    relative = (poses_3d - poses_3d[:, :1]) * size[:, None, None]
    away = np.linalg.norm(poses_3d[:, 0] - CAMERA.position, axis=1)

    def off(**more):
        placed = place(as_lifted(relative), seen, CAMERA, **more)
        return placed, np.linalg.norm(placed.root - poses_3d[:, 0], axis=1) / away

    blind, blind_off = off()
    np.testing.assert_allclose(blind_off, np.abs(size - 1), atol=1e-6)
    np.testing.assert_array_equal(blind.scale, 1.0)
    placed, error = off(floor=floor)
    # What is left is the say that the lifted size keeps, (l / H)^2 of its error.
    assert error.max() < 0.01 * max(np.abs(size - 1).max(), 0.01) + 1e-6
    np.testing.assert_allclose(placed.scale * size, 1, atol=0.01)
    true = poses_3d - poses_3d[:, :1]
    np.testing.assert_allclose(placed.lifted.root_relative, true, atol=0.6)
    np.testing.assert_allclose(placed.position, poses_3d, atol=6)
    # The image is the same at every size.
    np.testing.assert_allclose(placed.error, blind.error, atol=1e-9)
    assert placed.error.max() < 1e-6
    assert json.loads(placed.lifted.provenance["floor"])["offset"] == floor.offset


def test_a_floor_serves_poses_of_the_camera_and_several_cameras():
    poses_3d = standing()
    floor = find_floor(poses_3d, feet=[2, 3, 4, 5])
    keys, lengths = ("a", "b"), (20, 40)
    cameras = {"a": CAMERA, "b": Camera(K, CAMERA.R, CAMERA.t + [30, -20, 80.0])}
    seen = {"a": cameras["a"].project(poses_3d[:20]), "b": cameras["b"].project(poses_3d[20:])}
    relative = 1.3 * (poses_3d - poses_3d[:, :1])
    world = place(as_lifted(relative, keys=keys, lengths=lengths), seen, cameras, floor=floor)
    np.testing.assert_allclose(world.root, poses_3d[:, 0], atol=3)
    turned_ = as_lifted(relative @ CAMERA.R.T, "camera", keys=keys, lengths=lengths)
    camera = place(turned_, seen, cameras, floor=floor)
    np.testing.assert_allclose(camera.scale, world.scale, atol=1e-5)
    back = cameras["b"].camera_to_world(camera.root[20:])
    np.testing.assert_allclose(back, world.root[20:], atol=1e-3)


def test_feet_are_found_by_name_and_frames_off_the_floor_are_told():
    poses_3d = standing()
    floor = find_floor(
        Poses.from_experiments(poses_3d, dims=(3,), joints=FOOT_NAMES, unit="mm"), FOOT_NAMES[2:]
    )
    relative = poses_3d - poses_3d[:, :1]
    seen = CAMERA.project(poses_3d)
    order = [4, 0, 5, 1, 2, 3]
    shuffled = as_lifted(relative[:, order], joints=tuple(FOOT_NAMES[n] for n in order))
    placed = place(shuffled, seen[:, order], CAMERA, floor=floor)
    np.testing.assert_allclose(placed.root, poses_3d[:, 0], atol=1e-3)
    relative[3] *= 3.0
    relative[5, 2:] = np.nan
    named = as_lifted(relative, joints=FOOT_NAMES)
    placed = place(named, seen, CAMERA, floor=floor)
    assert np.flatnonzero(placed.floating).tolist() == [3]
    assert placed.too_few[5]
    assert np.isnan(placed.root[[3, 5]]).all()
    assert np.isnan(placed.scale[[3, 5]]).all()
    assert np.isnan(placed.error[[3, 5]]).all()
    np.testing.assert_allclose(placed.lifted.root_relative[3], relative[3], atol=1e-4)
    assert repr(placed).endswith("1 off the floor>")


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"floor": 3.0}, TypeError, "expected what find_floor gives"),
        ({"joints": ("a", "b", "fl", "fr", "hl", "x")}, ValueError, "'hr' stands on the floor"),
        ({"unit": "m"}, ValueError, "floor is in mm and the poses are in m"),
        ({"blind": True}, ValueError, "ever lifted"),
    ],
)
def test_a_floor_that_does_not_fit_is_refused(change, error, words):
    poses_3d = standing()
    floor = find_floor(
        Poses.from_experiments(poses_3d, dims=(3,), joints=FOOT_NAMES, unit="mm"), FOOT_NAMES[2:]
    )
    relative = poses_3d - poses_3d[:, :1]
    if change.get("blind"):
        relative[:, 2:] = np.nan
    lifted = replace(
        as_lifted(relative, joints=change.get("joints", FOOT_NAMES)), unit=change.get("unit", "mm")
    )
    seen = CAMERA.project(poses_3d)
    with pytest.raises(error, match=words):
        place(lifted, seen, CAMERA, floor=change.get("floor", floor))
    with pytest.raises(ValueError, match="joint 5 stands on the floor, and lifted has 4 joints"):
        place(as_lifted(relative[:, :4]), seen[:, :4], CAMERA, floor=floor)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"lifted": np.zeros((3, 7, 3))}, TypeError, r"expected what Lifter\.lift gives"),
        ({"lifted": as_lifted(np.zeros((40, 7, 1)))}, ValueError, "depth only"),
        ({"lifted": as_lifted(np.zeros((40, 7, 3)), None)}, ValueError, "which frame"),
        ({"poses_2d": np.zeros((39, 7, 2))}, ValueError, "39 frames and lifted has 40"),
        ({"poses_2d": np.zeros((40, 6, 2))}, ValueError, "6 joints and lifted has 7"),
        ({"poses_2d": {"x": np.zeros((40, 7, 2))}}, ValueError, "experiments"),
        ({"camera": K}, TypeError, "expected a Camera"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, words):
    given_ = {"lifted": as_lifted(poses()[0]), "poses_2d": np.zeros((40, 7, 2)), "camera": CAMERA}
    with pytest.raises(error, match=words):
        place(**(given_ | change))


def test_a_lifted_animal_is_put_near_its_true_place(tmp_path):
    animal = mouse(frames=1200, seed=3, animal=3)
    camera, roots = animal.cameras[0], list(animal.roots)
    skeleton = Skeleton(
        animal.joints, roots=animal.roots, target_sets=animal.target_sets, unit="mm"
    )
    lifter = Lifter(skeleton, network="ridge").fit(
        animal.pose_2d[:900], animal.poses_3d[:900], camera=camera
    )
    lifted = lifter.lift(animal.pose_2d[950:], camera=camera)
    placed = place(lifted, animal.pose_2d[950:], camera)
    assert isinstance(placed, Placed)
    truth = animal.poses_3d[950:, roots[0]]
    distance = np.linalg.norm(truth - camera.position, axis=1)
    off = np.linalg.norm(placed.root - truth, axis=1) / distance
    assert np.nanmedian(off) < 0.03
    assert placed.placed.mean() > 0.95
    path = tmp_path / "placed.nc"
    write_poses(placed.lifted, path)
    np.testing.assert_allclose(read_poses(path).points, placed.position, rtol=1e-5)


def test_a_lifted_animal_that_walks_is_put_on_its_floor():
    animal = quadruped(frames=1500, seed=2, animal=1)
    camera, seen = animal.cameras[0], animal.pose_2d
    feet = [number for number, name in enumerate(animal.joints) if name.endswith("_paw")]
    floor = find_floor(animal.poses_3d[:1000], feet)
    np.testing.assert_allclose(floor.normal, [0, 0, 1], atol=0.01)
    skeleton = Skeleton(
        animal.joints, roots=animal.roots, target_sets=animal.target_sets, unit="mm"
    )
    lifter = Lifter(skeleton, network="ridge").fit(
        seen[:1000], animal.poses_3d[:1000], camera=camera
    )
    lifted = lifter.lift(seen[1050:], camera=camera)
    truth = animal.poses_3d[1050:, animal.roots[0]]
    distance = np.linalg.norm(truth - camera.position, axis=1)

    def off(**more):
        placed = place(lifted, seen[1050:], camera, **more)
        return float(np.nanmedian(np.linalg.norm(placed.root - truth, axis=1) / distance))

    assert off(floor=floor) < 0.005
    assert off(floor=floor) < 0.2 * off()
