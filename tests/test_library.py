"""Lifters that learn from a library alone."""

import dataclasses
import logging

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import liftpose
from liftpose import Camera, Options, Poses, Skeleton, write_calibration, write_poses
from liftpose.cli import app
from liftpose.datasets import ANIMALS, library, quadruped
from liftpose.library import distance_to_library, train_from_library
from liftpose.library.views import far_away, from_far
from liftpose.lifter.batch import Batch
from liftpose.metrics import pa_mpjpe
from liftpose.postprocess import place
from liftpose.postprocess.floors import Ground
from liftpose.postprocess.results import body_length
from liftpose.terminal import Status

FAST = {"network": "ridge", "job": 1}
JOINTS = ("nose", "withers", "tail_base", "left_knee", "right_knee", "left_front_paw")


def camera(elevation=40.0, size=(1280, 1024), name="side"):
    """Looks at the origin of a world whose z points up, from 3 m away, and from -y."""
    angle = np.radians(elevation)
    R = np.array(
        [
            [1.0, 0.0, 0.0],
            [0.0, -np.sin(angle), -np.cos(angle)],
            [0.0, np.cos(angle), -np.sin(angle)],
        ]
    )
    K = [[2000.0, 0.0, 640.0], [0.0, 2000.0, 512.0], [0.0, 0.0, 1.0]]
    return Camera(K=K, R=R, t=[0.0, 0.0, 3000.0], size=size, name=name)


def seen_from(points, view):
    """Poses moved to the origin, and their pixels."""
    points = points - points.mean(axis=(1,), keepdims=True)
    return points, view.project(points)


@pytest.fixture(scope="module")
def animal():
    """Another individual than that of the library, and what a camera sees of it."""
    other = quadruped(300, seed=9, animal=9)
    points, pixels = seen_from(other.poses_3d, camera())
    names = [name.upper() for name in other.joints]
    return points, Poses.from_experiments({"side": pixels}, joints=names)


RENAME = {name.upper(): name for name in quadruped(1).joints}


def share_of_flat(found, animal):
    """Error after the best similarity, as a share of what a flat pose has."""
    points, flat = animal
    chosen = [flat.joints.index(joint) for joint in found.joints]
    lifted = found.lifter.lift(flat).position.astype(np.float64)
    pixels = flat.points[:, chosen]
    level = np.concatenate([pixels, np.zeros_like(pixels[..., :1])], axis=2)
    truth = points[:, chosen]
    return float(pa_mpjpe(truth, lifted) / pa_mpjpe(truth, level))


def test_weak_perspective_lifts_an_animal_that_it_never_saw(animal):
    found = train_from_library(
        "dog",
        weak_perspective=True,
        kind="simulated",
        frames=800,
        tracker=animal[1],
        rename=RENAME,
        elevation=(30, 50),
        epochs=3,
        job=1,
    )
    assert share_of_flat(found, animal) < 0.75
    assert found.joints == animal[1].joints
    assert found.lifter.unit == "body length"
    assert found.lifter.frame == "camera"


def test_body_lengths_are_the_unit_unless_a_length_is_given(animal):
    common = {"weak_perspective": True, "kind": "simulated", "frames": 300, **FAST}
    # Poses of the library, seen from where it was learned: the size comes out as said.
    source = library("dog", 300, kind="simulated")
    _, pixels = seen_from(source.poses.points, camera())
    flat = Poses.from_experiments(pixels, joints=source.skeleton.joints)
    plain = train_from_library("dog", **common, elevation=(35, 45))
    known = train_from_library(
        "dog", **common, elevation=(35, 45), length="left_knee-left_hip=12.5cm"
    )
    one, other = (
        found.lifter.lift(flat).root_relative.astype(np.float64) for found in (plain, known)
    )
    assert body_length(one) == pytest.approx(1.0, rel=0.15)
    assert known.lifter.unit == "cm"
    ratio = body_length(other) / body_length(one)
    joints = source.poses.points[:, [source.skeleton.index(f"left_{x}") for x in ("knee", "hip")]]
    bone = np.median(np.linalg.norm(joints[:, 0] - joints[:, 1], axis=1))
    assert ratio == pytest.approx(12.5 / bone * body_length(source.poses.points), rel=0.02)


AHEAD, LEFT, UP = np.eye(3)


@pytest.mark.parametrize(
    ("azimuth", "elevation", "point", "expected"),
    [
        (0, 0, AHEAD, [1, 0]),  # from its right, it looks to the right
        (180, 0, AHEAD, [-1, 0]),
        (90, 30, AHEAD, [0, -0.5]),  # from behind and above, its head is the upper end
        (-90, 30, AHEAD, [0, 0.5]),
        (90, 0, LEFT, [-1, 0]),
        (-90, 0, LEFT, [1, 0]),
        (37, 0, UP, [0, -1]),
        (37, 60, UP, [0, -0.5]),
        (0, 90, LEFT, [0, -1]),
    ],
)
def test_directions_of_view_are_those_of_the_documents(azimuth, elevation, point, expected):
    """What is learned from, and what the tracker's 2D is compared with, are the same views."""
    views = (azimuth, azimuth), (elevation, elevation), (0.0, 0.0)
    points = np.stack([np.zeros(3), point])[None]
    compared = from_far(points, views, np.random.default_rng(0))
    batch = Batch(
        torch.zeros(1, 2, 2, dtype=torch.float64),
        torch.from_numpy(points),
        torch.ones(1, 2, 3, dtype=torch.bool),
        torch.zeros(1, dtype=torch.int64),
        ("dog",),
        (0,),
        ((1,),),
    )
    learned = far_away(*views)(batch, torch.Generator()).pose_2d.numpy()
    for looks in (compared, learned):
        np.testing.assert_allclose(looks[0, 1], expected, atol=1e-12)


def test_through_a_camera_to_the_cameras_world(animal):
    found = train_from_library(
        "dog", camera(), kind="simulated", frames=1000, tracker=animal[1], rename=RENAME,
        epochs=3, job=1,
    )  # fmt: skip
    assert share_of_flat(found, animal) < 0.75
    assert (found.lifter.frame, found.lifter.unit) == ("world", "mm")
    lifted = found.lifter.lift(animal[1]).position.astype(np.float64)
    # Up in the world is up in the lifted poses: the trunk is above the paws.
    high, low = (lifted[:, found.joints.index(joint), 2] for joint in ("WITHERS", "LEFT_HIND_PAW"))
    assert (high > low).mean() > 0.95


def test_a_species_is_put_on_the_ground_where_no_tracker_says_otherwise():
    found = train_from_library("dog", camera(), kind="simulated", frames=200, **FAST)
    assert found.lifter.fitted
    with pytest.raises(ValueError, match=r"camera 'side' does not see the ground at z = 9000"):
        train_from_library("dog", camera(), kind="simulated", frames=20, ground=9000.0, **FAST)
    with pytest.raises(ValueError, match="camera 'side' has no image size"):
        train_from_library("dog", camera(size=None), kind="simulated", frames=20, **FAST)


@pytest.mark.parametrize("up", ["x", "y", "z"])
def test_the_world_may_have_another_axis_up(up):
    turn = {"x": np.roll(np.eye(3), 1, axis=0), "y": np.roll(np.eye(3), -1, axis=0)}.get(
        up, np.eye(3)
    )
    base = camera()
    # The same camera, in a world of which the axis `up` is the other's z.
    axis = "xyz".index(up)
    assert turn[axis] @ np.eye(3)[2] == 1.0
    view = Camera(K=base.K, R=base.R @ turn.T, t=base.t, size=base.size, name="side")
    found = train_from_library("dog", view, kind="simulated", frames=600, up=up, **FAST)
    same = train_from_library("dog", base, kind="simulated", frames=600, **FAST)
    _, pixels = seen_from(quadruped(50, seed=3, animal=3).poses_3d, base)
    flat = Poses.from_experiments(pixels, joints=found.joints)
    ours, theirs = (one.lifter.lift(flat).root_relative for one in (found, same))
    np.testing.assert_allclose(ours, theirs @ turn.T, atol=1e-2)


def test_from_files_to_a_file(tmp_path, animal):
    """(B) and (C), end to end: a file of 3D, a file of 2D, a lifter that is kept."""
    known = quadruped(400, seed=1, animal=1)
    points, _ = seen_from(known.poses_3d, camera())
    deep = Poses.from_experiments(points, joints=known.joints, unit="mm", frame="world")
    write_poses(deep, tmp_path / "library.nc")
    write_poses(animal[1], tmp_path / "tracked.nc")
    for ways, unit in (
        ({"camera": {"side": camera()}}, "mm"),
        ({"weak_perspective": True}, "body length"),
    ):
        found = train_from_library(
            tmp_path / "library.nc",
            tracker=tmp_path / "tracked.nc",
            rename=RENAME,
            skeleton=known.skeleton,
            **ways,
            **FAST,
        )
        found.lifter.save(tmp_path / "from.lifter", overwrite=True)
        kept = liftpose.load(tmp_path / "from.lifter")
        np.testing.assert_array_equal(
            kept.lift(animal[1]).position, found.lifter.lift(animal[1]).position
        )
        assert kept.unit == unit
        assert str(tmp_path / "library.nc") in kept.choice["library"]


def test_only_joints_in_common_are_used(caplog):
    names = [*(f"my {joint}" for joint in JOINTS), "whisker"]
    rename = {f"my {joint}": joint for joint in JOINTS}
    with caplog.at_level(logging.INFO, "liftpose"):
        found = train_from_library(
            "dog", weak_perspective=True, kind="simulated", frames=200, joints=names,
            rename=rename, **FAST,
        )  # fmt: skip
    assert found.joints == found.lifter.skeleton.joints == tuple(names[:-1])
    assert found.unknown == ("whisker",)
    assert set(found.untracked) == set(quadruped(1).joints) - set(JOINTS)
    text = caplog.text
    for words in ("whisker", "my nose", "rests on the library as a prior", "body length"):
        assert words in text
    sets = found.lifter.skeleton.sets
    assert {*sets.roots, *(joint for part in sets.sets for joint in part)} == set(range(6))


def test_without_the_librarys_root_the_joint_in_the_middle_is_root():
    lib = library("fly", 100, kind="simulated")
    kept = [name for name in lib.skeleton.joints if name.endswith(("claw", "tibia"))]
    found = train_from_library(lib, weak_perspective=True, joints=kept, **FAST)
    (root,) = found.lifter.skeleton.roots
    places = lib.poses.matched(kept).points
    apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=3).mean(axis=0).sum(axis=1)
    assert root == apart.argmin()
    assert len(found.lifter.skeleton.sets.targets) == len(kept) - 1


def test_the_distance_tells_strangers_from_kin():
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(1, 8, 2))
    looks = shape + 0.1 * rng.normal(size=(900, 8, 2))
    kin = 7 * (shape + 0.1 * rng.normal(size=(300, 8, 2))) + [300, 200]
    strange = rng.normal(size=(300, 8, 2))
    near, far = distance_to_library(kin, looks), distance_to_library(strange, looks)
    assert near.ratio == pytest.approx(1, abs=0.1)
    assert near.outside < 0.12
    assert far.ratio > 3
    assert far.outside > 0.95


def test_the_distance_is_that_of_a_slow_search_with_missing_joints():
    rng = np.random.default_rng(1)
    poses, looks = rng.normal(size=(9, 5, 2)), rng.normal(size=(40, 5, 2))
    poses[rng.random((9, 5)) < 0.25] = np.nan

    def slowly(pose, other):
        seen = np.isfinite(pose).all(axis=1)
        if seen.sum() < 3:
            return np.nan
        shapes = [part[seen] - part[seen].mean(axis=0) for part in (pose, other)]
        one, two = (shape / np.linalg.norm(shape) for shape in shapes)
        return np.linalg.norm(one - two)

    first, second = looks[:20], looks[20:]
    theirs, own = (
        np.array([min(slowly(pose, other) for other in first) for pose in some])
        for some in (poses, second)
    )
    theirs = theirs[np.isfinite(theirs)]
    found = distance_to_library(poses, looks)
    assert found.ratio == pytest.approx(np.median(theirs) / np.median(own), rel=1e-9)
    assert found.outside == pytest.approx((theirs > np.quantile(own, 0.95)).mean())


def test_nothing_to_compare_is_no_distance():
    found = distance_to_library(
        np.full((4, 5, 2), np.nan), np.random.default_rng(0).normal(size=(9, 5, 2))
    )
    assert np.isnan(found.ratio)


def test_the_report_has_the_distance_of_the_tracker(animal):
    found = train_from_library(
        "dog", weak_perspective=True, kind="simulated", frames=300, tracker=animal[1],
        rename=RENAME, **FAST,
    )  # fmt: skip
    assert found.distance is not None
    assert found.distance.ratio > 0
    assert f"{found.distance.ratio:.1f} times as far" in str(found)


def test_noise_is_added_unless_another_is_asked_for():
    common = {"kind": "simulated", "frames": 100, "network": "ridge"}
    assert train_from_library("dog", camera(), **common).lifter.options.noise == 1.5
    asked = train_from_library("dog", camera(), **common, noise=4.0)
    assert asked.lifter.options.noise == 4.0
    far = train_from_library("dog", weak_perspective=True, **common)
    assert 0.005 < far.lifter.options.noise < 0.02


SIMPLE = {"kind": "simulated", "frames": 20, **FAST}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, ValueError, "either camera=, or weak_perspective=True"),
        ({"camera": camera(), "weak_perspective": True}, ValueError, "either camera="),
        ({"weak_perspective": True, "up": "w"}, ValueError, "expected 'x', 'y' or 'z'"),
        ({"weak_perspective": True, "library": "dgo"}, ValueError, "Did you mean 'dog'"),
        ({"weak_perspective": True, "joints": ["a", "b"]}, ValueError, "0 joints in common"),
        (
            {"weak_perspective": True, "joints": JOINTS, "rename": {"nos": "nose"}},
            ValueError,
            "the tracker has no joint 'nos'. Did you mean 'nose'",
        ),
        (
            {"weak_perspective": True, "joints": JOINTS, "rename": {"nose": "noze"}},
            ValueError,
            "the library has no joint 'noze'. Did you mean 'nose'",
        ),
        (
            {"weak_perspective": True, "joints": [*JOINTS, "snout"], "rename": {"snout": "nose"}},
            ValueError,
            "two of the tracker's joints",
        ),
        ({"camera": {"left": "file"}}, TypeError, "camera 'left' is str"),
        ({"camera": []}, TypeError, "camera is list"),
        ({"weak_perspective": True, "options": Options()}, TypeError, "either options or settings"),
        ({"weak_perspective": True, "tracker": [1]}, TypeError, "the tracker's poses: got list"),
        (
            {"weak_perspective": True, "tracker": Poses.from_experiments(np.zeros((2, 3, 3)))},
            ValueError,
            "the tracker's poses: expected 2 coordinates a joint; got 3",
        ),
        (
            {"weak_perspective": True, "library": Poses.from_experiments(np.zeros((2, 3, 3)))},
            ValueError,
            "give skeleton=",
        ),
    ],
)
def test_bad_input_is_named(arguments, error, words):
    with pytest.raises(error, match=words):
        train_from_library(**({"library": "dog"} | SIMPLE | arguments))


def test_a_library_that_the_camera_does_not_see_is_an_error():
    skeleton = Skeleton(["a", "b", "c"], roots=["a"])
    rng = np.random.default_rng(0)
    deep = Poses.from_experiments(
        rng.normal(size=(50, 3, 3)) + [9e4, 0, 0], joints=skeleton.joints, frame="world"
    )
    with pytest.raises(ValueError, match="camera 'side' sees nothing of the library"):
        train_from_library(deep, camera(), skeleton=skeleton, **FAST)


@pytest.mark.parametrize("species", ["mouse", "rat", "dog", "fly"])
def test_every_species_is_enough_to_train_on(species):
    pytest.importorskip("mujoco", reason="the extra anatomy is not installed")
    pytest.importorskip("dm_control", reason="the extra anatomy is not installed")
    found = train_from_library(species, weak_perspective=True, frames=200, **FAST)
    points = library(species, 200).poses.points
    flat = Poses.from_experiments(points[..., [0, 2]] * [1, -1], joints=found.joints)
    lifted = found.lifter.lift(flat).position
    assert np.isfinite(lifted).all()
    assert body_length(lifted) == pytest.approx(
        body_length(points) / library(species, 2).length, rel=0.5
    )


def test_a_library_is_learned_from_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    animal = ANIMALS["mouse"](frames=300, seed=1, animal=1)
    flat = Poses.from_experiments(
        animal.pose_2d, joints=animal.joints, confidence=animal.confidence[0]
    )
    write_poses(flat, tmp_path / "mine.nc")
    write_calibration({"top": animal.cameras[0]}, tmp_path / "calib.toml")
    write_poses(
        Poses.from_experiments(animal.poses_3d, joints=animal.joints, unit="mm"),
        tmp_path / "library.nc",
    )
    animal.skeleton.write(tmp_path / "mouse.toml")
    ways = {
        "far.lifter": (
            "--library",
            "mouse",
            "--simulated",
            "--weak-perspective",
            "--effort",
            "fast",
        ),
        "near.lifter": (
            *("--library", "library.nc", "--skeleton", "mouse.toml"),
            *("--calibration", "calib.toml", "--camera", "top"),
        ),
    }
    for name, words in ways.items():
        done = CliRunner().invoke(app, ["train", *words, "mine.nc", "-o", name])
        assert done.exit_code == 0, done.stderr
        assert done.stderr.count("rests on the library as a prior") == 1
        assert done.stdout == f"{name}: the lifter.\n"
        lifted = liftpose.load(name).lift(flat)
        assert np.isfinite(lifted.position).any()
    assert liftpose.load("far.lifter").unit == "body length"
    efforts = [liftpose.load(name).options.effort for name in ways]
    assert efforts == ["fast", "default"]
    again = CliRunner().invoke(app, ["train", *ways["far.lifter"], "-o", "far.lifter"])
    assert again.exit_code == Status.BAD_INPUT
    assert "--overwrite" in again.stderr
    wrong = (*ways["far.lifter"], "--elevation", "60..20", "-o", "new.lifter")
    assert "elevation is '60..20'" in CliRunner().invoke(app, ["train", *wrong]).stderr


LEG = Skeleton(["hip", "knee", "toe"], roots=["hip"], target_sets=[["knee", "toe"]])


def legs(frames=200, seed=0):
    """A library of legs (mm) about the origin of the world."""
    points = np.cumsum(np.random.default_rng(seed).normal(0, 40, (frames, 3, 3)), axis=1)
    return points, Poses.from_experiments(points, joints=LEG.joints, unit="mm", frame="world")


def test_joints_behind_a_camera_are_counted_and_said():
    points, _ = legs()
    points[:30, 2] += camera().position * 2  # far behind its back
    deep = Poses.from_experiments(points, joints=LEG.joints, frame="world")
    behind = int((camera().world_to_camera(points)[..., 2] <= 0).sum())
    assert behind == 30
    with pytest.warns(UserWarning, match="30 of 600 joints .* camera 'side' lie behind") as warned:
        found = train_from_library(deep, camera(), skeleton=LEG, **FAST)
    assert len(warned) == 1
    assert found.behind == {"side": 30}
    whole = train_from_library(legs()[1], camera(), skeleton=LEG, **FAST)
    assert whole.behind == {}
    two = {"side": camera(), "other": camera(name="other")}
    with pytest.warns(UserWarning, match="30 of 300 joints .* camera 'side' lie behind"):
        assert train_from_library(deep, two, skeleton=LEG, **FAST).behind == {"side": 30}


def test_the_trackers_2d_is_held_against_the_image(tmp_path):
    points, deep = legs()
    view = camera()
    seen = view.project(points)
    large = Poses.from_experiments(3 * seen, joints=LEG.joints)
    file = write_poses(large, tmp_path / "mine.nc")
    words = r"mine\.nc lie far outside of the image of camera 'side'.*--crop"
    for ways in ({"camera": view}, {"camera": {"side": view, "same": view}}):
        with pytest.raises(ValueError, match=words):
            train_from_library(deep, tracker=file, skeleton=LEG, **ways, **FAST)
    # It may be of any of several cameras, unless it is called as one of them.
    wide = dataclasses.replace(view, size=(5000, 5000), name="wide")
    rig = {"side": view, "wide": wide}
    train_from_library(deep, rig, tracker=file, skeleton=LEG, **FAST)
    of_side = Poses.from_experiments({"side": 3 * seen}, joints=LEG.joints)
    with pytest.raises(ValueError, match="the tracker's poses lie far outside"):
        train_from_library(deep, rig, tracker=of_side, skeleton=LEG, **FAST)
    unsure = Poses.from_experiments(
        3 * seen, joints=LEG.joints, confidence=np.zeros(seen.shape[:2])
    )
    train_from_library(deep, view, tracker=unsure, skeleton=LEG, **FAST)


def test_pixels_that_the_lens_does_not_reach_are_said():
    points, deep = legs()
    bent = dataclasses.replace(camera(size=None), dist=[-0.5, 0, 0, 0])
    seen = bent.project(points)
    seen[[3, 9], 1] = bent.K[:2, 2] + [0.6 * bent.K[0, 0], 0]
    tracked = Poses.from_experiments(seen, joints=LEG.joints)
    with pytest.warns(UserWarning, match="camera 'side' cannot be inverted at 2 pixels") as warned:
        train_from_library(deep, bent, tracker=tracked, skeleton=LEG, **FAST)
    assert len(warned) == 1


def test_a_cropped_and_resized_video_is_learned_for_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points, deep = legs()
    view, other = camera(), camera(name="other")
    write_poses(deep, tmp_path / "library.nc")
    LEG.write(tmp_path / "leg.toml")
    write_calibration({"side": view, "other": other}, tmp_path / "calib.toml")
    seen = view.project(points)
    half = (seen - [100, 50] + 0.5) / 2 - 0.5
    for name, pixels in {"whole": seen, "part": seen - [100, 50], "half": half}.items():
        write_poses(Poses.from_experiments(pixels, joints=LEG.joints), tmp_path / f"{name}.nc")
    words = ("train", "--library", "library.nc", "--skeleton", "leg.toml", "-q")
    words = (*words, "--calibration", "calib.toml", "--camera", "side")

    def trained(name, *more):
        done = CliRunner().invoke(app, [*words, f"{name}.nc", "-o", f"{name}.lifter", *more])
        assert done.exit_code == 0, done.stderr
        return liftpose.load(f"{name}.lifter")

    whole, part = trained("whole"), trained("part", "--crop", "side:100,50,1000,900")
    expected = view.crop(100, 50, 1000, 900)
    np.testing.assert_allclose(part.camera.K, expected.K)
    assert part.camera.size == expected.size
    # The noise that is added is in pixels of either, so that only a crop leaves all as it is.
    np.testing.assert_allclose(
        part.lift(seen - [100, 50]).position, whole.lift(seen).position, atol=1e-2
    )
    small = trained("half", "--crop", "100,50,1000,900", "--scale", "0.5")
    np.testing.assert_allclose(small.camera.K, expected.resize(scale=0.5).K)
    assert small.camera.size == (500, 450)
    for more, said in (
        (("--crop", "sdie:1,2,3,4"), "no camera 'sdie'. Did you mean 'side'"),
        (("--crop", "1,2,3"), "--crop 1,2,3: expected"),
        (("--scale", "0.1"), "part.nc lie far outside of the image of camera 'side'"),
    ):
        done = CliRunner().invoke(app, [*words, "part.nc", "-o", "no.lifter", *more])
        assert done.exit_code == Status.BAD_INPUT
        assert said in done.stderr
    for more in (("--crop", "1,2,3,4"), ("--scale", "2"), ("--camera", "side")):
        far = ["train", "--library", "library.nc", "--weak-perspective", "-o", "no.lifter", *more]
        done = CliRunner().invoke(app, far)
        assert done.exit_code == Status.BAD_INPUT
        assert "are of the cameras of a calibration" in done.stderr
    assert not (tmp_path / "no.lifter").exists()


def test_a_floor_tells_the_size_that_a_library_cannot():
    rat = quadruped(300, seed=9, animal=9)
    view, points = rat.cameras[0], 1.3 * rat.poses_3d
    seen = Poses.from_experiments(view.project(points), joints=rat.joints)
    found = train_from_library("dog", view, tracker=seen, kind="simulated", frames=800, **FAST)
    feet = tuple(joint for joint in rat.joints if joint.endswith("_paw"))
    ground = Ground("z", 0.0, False, feet).floor(75.0, rat.joints)
    lifted, root = found.lifter.lift(seen), rat.roots[0]
    distance = np.linalg.norm(points[:, root] - view.position, axis=1)
    off = [
        np.median(np.linalg.norm(placed.root - points[:, root], axis=1) / distance)
        for placed in (place(lifted, seen, view), place(lifted, seen, view, floor=ground))
    ]
    assert off[0] > 0.2
    assert off[1] < 0.01
