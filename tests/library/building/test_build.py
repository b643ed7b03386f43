"""Libraries from simulated animals with known truth, and from recordings that are wrong."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liftpose import Poses, write_poses
from liftpose.datasets import mouse
from liftpose.geometry.rotation import from_euler
from liftpose.io import read_poses, write_calibration
from liftpose.io.filmed import read_library
from liftpose.library import Axes, build_library, build_library_file, train_from_filmed

NAMES = ("front", "right", "top")
QUICK = {"max_offset": 1, "lift_frames": 0}
SEARCHED = {"max_offset": 9, "lift_frames": 0}
REAL = Path(os.environ.get("LIFTPOSE_DATA", Path(__file__).parents[4] / "shared" / "data")) / "raw"


@pytest.fixture(scope="module")
def animal():
    return mouse(frames=420, seed=1)


@pytest.fixture
def rig(tmp_path, animal):
    """A function that writes what cameras filmed, and gives the calibration and the files."""
    cameras = {camera.name: camera for camera in animal.cameras}

    def write(changed=None, moved=None, rows=None, names=NAMES, last=180):
        files = []
        for name in names:
            place = list(cameras).index(name)
            kept = (rows or {}).get(name, np.arange(10, last))
            points, sure = animal.points_2d[place, kept], animal.confidence[place, kept]
            if changed and name in changed:
                points, sure = changed[name](points, sure)
            poses = Poses.from_experiments(
                points, confidence=sure, joints=animal.joints, fps=animal.fps
            )
            files.append(write_poses(poses, tmp_path / f"walk_{name}.nc", overwrite=True))
        calibrated = {name: (moved or {}).get(name, cameras[name]) for name in names}
        calibration = write_calibration(calibrated, tmp_path / "calib.toml", overwrite=True)
        return calibration, files

    return write


def off(library, truth):
    return np.linalg.norm(library.poses.points - truth, axis=2)


def test_the_3d_is_that_of_the_animal_whatever_the_cameras_offsets(rig, animal):
    calibration, files = rig(rows={"right": np.arange(7, 397), "top": np.arange(17, 407)}, last=400)
    built = build_library(calibration, files, unit="mm", name="walk", **SEARCHED)
    library = built.library
    # Frame i + offset belongs to frame i of the first.
    assert library.about["walk"]["offsets"] == {"front": 0, "right": 3, "top": -7}
    truth = animal.poses_3d[10:400]
    error = off(library, truth)
    assert np.nanmedian(error) < 0.4
    assert np.nanquantile(error, 0.99) < 2.0
    assert np.isnan(error).mean() < 0.04
    assert library.poses.keys == ("walk",)
    assert (library.poses.unit, library.poses.frame, library.poses.fps) == ("mm", "world", 100)
    # What the cameras saw is as it was tracked, in the frames of the 3D.
    assert library.frames[1, :3].tolist() == [3, 4, 5]
    assert library.frames[2, :9].tolist() == [-1] * 7 + [0, 1]
    expected = animal.points_2d[[0, 1, 3], 10:400].astype(np.float32)
    expected[1, 387:] = expected[2, :7] = np.nan
    np.testing.assert_array_equal(library.pixels, expected)
    assert "camera 'right' is shifted by +3 frames" in str(built.report)
    # Errors are those of the 3D in the cameras.
    for place, camera in enumerate(NAMES):
        shown = library.cameras["walk"][camera].project(library.poses.points)
        far = np.linalg.norm(library.pixels[place] - shown, axis=2)
        known = library.used[place]
        np.testing.assert_allclose(library.errors[place][known], far[known], atol=1e-3)
    # Likelihoods say where trackers guess.
    sure = library.confidence[0] >= 0.3
    assert not library.used[0][~sure].any()


def test_known_offsets_are_taken_instead(rig):
    calibration, files = rig(rows={"right": np.arange(13, 183)})
    built = build_library(
        calibration, files, offsets={"right": -3}, max_offset=5, lift_frames=0, max_jump=np.inf
    )
    assert built.library.about["recording"]["offsets"]["right"] == -3
    with pytest.raises(ValueError, match="an offset is given for 'rihgt'.*'right'"):
        build_library(calibration, files, offsets={"rihgt": -3}, **QUICK)


def test_lost_frames_are_refused_with_their_place_and_mended_on_demand(rig, animal):
    kept = np.r_[10:240, 246:400]
    calibration, files = rig(rows={"top": kept}, last=400)
    with pytest.raises(ValueError, match=r"camera 'top' lost 6 frame\(s\) about frame .*mend"):
        build_library(calibration, files, **SEARCHED)
    built = build_library(calibration, files, drops="mend", **SEARCHED)
    assert "camera 'top' lost 6 frame(s)" in str(built.report)
    frames = built.library.frames[2]
    there = frames >= 0
    # Every frame that is used is the one that was filmed then; -1 where it is not told.
    assert (kept[frames[there]] == np.arange(10, 400)[there]).all()
    assert there.mean() > 0.7
    error = off(built.library, animal.poses_3d[10:400])
    assert np.nanmedian(error) < 0.5
    ignored = build_library(calibration, files, drops="ignore", **QUICK)
    assert np.nanmedian(off(ignored.library, animal.poses_3d[10:400])[250:]) > np.nanmedian(
        error[250:]
    )


def test_lengths_that_differ_are_refused_where_the_data_do_not_tell(rig, animal):
    def still(points, sure):
        return np.repeat(points[:1], len(points), axis=0), np.ones_like(sure)

    lost = dict.fromkeys(NAMES, still)
    calibration, files = rig(changed=lost, rows={"top": np.arange(10, 395)}, last=400)
    with pytest.raises(ValueError, match=r"has 390 frames .* 385, and what they show does not"):
        build_library(calibration, files, **SEARCHED)
    built = build_library(calibration, files, drops="ignore", **QUICK)
    assert built.library.frames[2, -6:].tolist() == [384, -1, -1, -1, -1, -1]
    assert built.library.poses.frames == 390


@pytest.mark.parametrize(
    ("names", "given", "pair"),
    [
        (NAMES, ["top", "right", "front"], {"front", "top"}),
        (("front", "right"), ["right", "front"], {"front", "right"}),
    ],
)
def test_exchanged_files_are_named_whatever_their_offsets(rig, names, given, pair):
    calibration, files = rig(names=names, rows={"right": np.arange(6, 176)})
    with pytest.raises(ValueError, match="seem to be exchanged") as refused:
        build_library(calibration, files, camera_names=given, max_offset=6, lift_frames=0)
    assert all(f"'{name}'" in str(refused.value).partition("the files of")[2] for name in pair)


def test_a_calibration_that_is_not_theirs_is_refused(rig, animal):
    camera = animal.cameras[3]
    turn = from_euler("xyz", np.array([6.0, 0.0, 5.0]))
    wrong = replace(camera, R=turn @ camera.R, t=turn @ camera.t)
    calibration, files = rig(moved={"top": wrong})
    with pytest.raises(ValueError, match=r"camera 'top' disagrees .*calib.toml belong to these"):
        build_library(calibration, files, **QUICK)


def test_outliers_are_left_out(rig, animal):
    rng = np.random.default_rng(0)
    places = rng.random((170, len(animal.joints))) < 0.02

    def astray(points, sure):
        wrong = points + 150.0 * places[..., None] * rng.choice([-1, 1], points.shape)
        return wrong, np.where(places, 0.99, sure)

    calibration, files = rig(changed={"front": astray})
    library = build_library(calibration, files, **QUICK).library
    seen = places & np.isfinite(library.pixels[0]).all(axis=2)
    assert seen.sum() > 40
    assert library.used[0][seen].mean() < 0.01
    assert library.used[0][~places & (library.confidence[0] > 0.3)].mean() > 0.9
    error = off(library, animal.poses_3d[10:180])
    assert np.nanquantile(error, 0.99) < 2.5


def test_two_cameras_are_held_against_each_other(rig, animal):
    rng = np.random.default_rng(0)
    places = rng.random((170, len(animal.joints))) < 0.02

    def astray(points, sure):
        # Upwards in the image, which a camera at its side sees as well.
        return points + 80.0 * places[..., None] * [0.0, 1.0], np.where(places, 0.99, sure)

    calibration, files = rig(changed={"front": astray}, names=("front", "right"))
    with pytest.warns(UserWarning, match="two cameras only"):
        built = build_library(calibration, files, max_jump=np.inf, **QUICK)
    assert 1.0 < built.report.noise < 2.5
    gone = np.isnan(built.library.poses.points[..., 0])
    both = np.isfinite(built.library.pixels[:2]).all(axis=(0, 3))
    assert gone[places & both].mean() > 0.9
    assert gone[~places & both & (built.library.confidence > 0.5).all(axis=0)].mean() < 0.1
    assert built.report.lost["reprojection"] >= (gone & places & both).sum() * 0.8


def test_axes_and_scale_come_out_where_they_should(rig, animal):
    # The calibration's world is tilted and in centimetres.
    turn, move = from_euler("xyz", np.array([100.0, 30.0, -50.0])), np.array([3.0, -2.0, 8.0])
    tilted = {}
    for camera in animal.cameras:
        R = camera.R @ turn.T
        tilted[camera.name] = replace(camera, R=R, t=camera.t / 10 - R @ move)
    calibration, files = rig(moved=tilted)
    one, other = animal.joints.index("nose"), animal.joints.index("tail_base")
    truth = animal.poses_3d[10:180]
    apart = float(np.median(np.linalg.norm(truth[:, one] - truth[:, other], axis=1)))
    up = turn @ [0.0, 0.0, 1.0]
    length = f"nose-tailbase={apart:.5f}mm"
    built = build_library(calibration, files, length=length, **QUICK)
    assert built.library.poses.unit == "mm"
    found = built.library.poses.points
    for joint in (one, other):
        expected = 10 * ((truth[:, joint] / 10) @ turn.T + move)
        assert np.nanmedian(np.linalg.norm(found[:, joint] - expected, axis=1)) < 0.6
    assert up @ (found[100, one] - found[100, other]) == pytest.approx(
        truth[100, one, 2] - truth[100, other, 2], abs=1.5
    )
    with pytest.raises(ValueError, match=r"is the calibration in cm\?"):
        build_library(calibration, files, length=length, unit="mm", **QUICK)
    # An axis up: the pixels do not change, whatever the world is.
    turned = build_library(calibration, files, axes=Axes(up="-y"), unit="cm", **QUICK).library
    for place, name in enumerate(NAMES):
        camera = turned.cameras["recording"][name]
        shown = camera.project(turned.poses.points)
        known = turned.used[place]
        far = np.linalg.norm(turned.pixels[place] - shown, axis=2)[known]
        np.testing.assert_allclose(far, turned.errors[place][known], atol=1e-3)


@pytest.mark.filterwarnings("ignore:.*two cameras only:UserWarning")
def test_single_cameras_are_ordered_as_they_deserve(rig, animal):
    rng = np.random.default_rng(0)

    def blurred(points, sure):
        # Too unsure for 3D, which would be pulled towards it; a lifter takes it.
        most = (np.arange(len(sure)) % 10 > 0)[:, None]
        noisy = points + rng.normal(0, 25.0, points.shape) * most[..., None]
        return noisy, np.where(most, 0.2, sure)

    def blind(points, sure):
        hidden = rng.random(sure.shape) < 0.6
        return np.where(hidden[..., None], np.nan, points), np.where(hidden, 0.0, sure)

    calibration, files = rig(
        changed={"right": blurred, "top": blind}, names=("front", "left", "right", "top"), last=400
    )
    built = build_library(
        calibration, files, unit="mm", skeleton=animal.skeleton, max_offset=1,
        lift_with="ridge", lift_frames=200, max_disagreement=1.0,
    )  # fmt: skip
    errors = built.report.singles.errors
    assert set(errors) == {"front", "left", "right", "top"}
    assert set(list(errors)[:2]) == {"front", "left"}
    assert min(errors["right"], errors["top"]) > 1.1 * max(errors["front"], errors["left"])
    assert built.report.singles.mean_pose > errors["front"]
    assert built.library.best_camera() == next(iter(errors))
    assert f"camera to keep: {built.library.best_camera()}" in str(built.report)


def test_gaps_are_filled_only_when_asked_for(rig):
    def holes(points, sure):
        points = points.copy()
        points[100:102, 0] = np.nan
        return points, np.where(np.isnan(points[..., 0]), 0, sure)

    calibration, files = rig(changed=dict.fromkeys(NAMES, holes))
    plain = build_library(calibration, files, **QUICK).library
    assert np.isnan(plain.poses.points[100:102, 0]).all()
    full = build_library(calibration, files, fill_gaps=3, **QUICK).library
    assert np.isfinite(full.poses.points[100:102, 0]).all()
    # What the trackers gave stays as it is.
    np.testing.assert_array_equal(full.pixels, plain.pixels)


def test_individuals_that_were_filmed_together_stay_apart(tmp_path, animal):
    # Two mice: the second is the first, some frames later.
    cameras = {camera.name: camera for camera in animal.cameras if camera.name in NAMES}
    files = []
    for place, name in ((0, "front"), (1, "right"), (3, "top")):
        rows = {"resident": slice(0, 150), "intruder": slice(60, 210)}
        poses = Poses.from_experiments(
            {who: animal.points_2d[place, part] for who, part in rows.items()},
            confidence={who: animal.confidence[place, part] for who, part in rows.items()},
            joints=animal.joints,
            individuals=list(rows),
        )
        files.append(write_poses(poses, tmp_path / f"{name}.nc"))
    calibration = write_calibration(cameras, tmp_path / "calib.toml")
    library = build_library(calibration, files, name="day", **QUICK).library
    assert library.poses.keys == ("day resident", "day intruder")
    for key, start in (("day resident", 0), ("day intruder", 60)):
        found = library.poses.only(key).points
        far = np.linalg.norm(found - animal.poses_3d[start : start + 150], axis=2)
        assert np.nanmedian(far) < 0.5
    flat, _, _ = library.seen_by("right")
    np.testing.assert_array_equal(
        flat.only("day intruder").points, animal.points_2d[1, 60:210].astype(np.float32)
    )


def test_a_built_file_is_all_that_training_needs(rig, animal, tmp_path):
    calibration, files = rig()
    found = build_library_file(
        calibration, files, tmp_path / "mouse.library", unit="mm", skeleton=animal.skeleton,
        max_offset=1, lift_with="ridge", lift_frames=150,
    )  # fmt: skip
    assert found.figure == tmp_path / "mouse.library.png"
    assert found.figure.read_bytes().startswith(b"\x89PNG")
    json.dumps(found.as_dict(), default=str)
    for file in (*files, calibration):
        file.unlink()
    library = read_library(found.path)
    trained = train_from_filmed(library, "top", network="ridge")
    assert (trained.camera, trained.chosen) == ("top", False)
    place = library.names.index("top")
    deep = animal.poses_3d[10:180]
    lifted = trained.lifter.lift(
        library.pixels[place].astype(float), confidence=library.confidence[place]
    )
    root = trained.lifter.sets.roots[0]
    guess = lifted.position - lifted.position[:, [root]]
    far = np.linalg.norm(guess - (deep - deep[:, [root]]), axis=2)
    spread = np.linalg.norm(deep - deep[:, [root]] - (deep - deep[:, [root]]).mean(0), axis=2)
    assert np.nanmean(far) < 0.6 * spread.mean()
    assert trained.lifter.camera == library.cameras["mouse"]["top"]
    assert trained.lifter.unit == "mm"
    by_itself = train_from_filmed(library, network="ridge")
    assert by_itself.camera == library.best_camera()
    some = train_from_filmed(library, "front", joints=["snout", "neck", "back", "tail_base"],
                             rename={"snout": "nose"}, network="ridge")  # fmt: skip
    assert some.joints == ("snout", "neck", "back", "tail_base")
    with pytest.raises(ValueError, match="no camera 'side'"):
        train_from_filmed(library, "side")


def test_bad_input_leaves_no_file(rig, tmp_path, animal):
    calibration, files = rig()
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "mouse.library"
    deep = tmp_path / "deep_top.nc"
    write_poses(Poses.from_experiments(animal.poses_3d, joints=animal.joints), deep)
    other = tmp_path / "other_top.nc"
    write_poses(
        Poses.from_experiments(animal.points_2d[3], joints=[f"j{i}" for i in range(18)]), other
    )
    several = tmp_path / "several_top.nc"
    write_poses(
        Poses.from_experiments(
            {"a": animal.points_2d[3], "b": animal.points_2d[3]}, joints=animal.joints
        ),
        several,
    )
    cases = [
        ([files[0]], {}, "two cameras or more; got 1"),
        ([*files[:2], deep], {}, "holds 3D poses"),
        ([*files[:2], other], {}, "other_top.nc"),
        ([*files[:2], several], {}, "several_top.nc .*(recordings|frames)"),
        ([*files[:2], tmp_path / "none_top.nc"], {}, "no file .*none_top.nc"),
        (files, {"length": "nose-tial=80mm"}, "no joint 'tial'"),
        (files, {"axes": Axes(floor_from=("paw",))}, "no joint 'paw'"),
        (files, {"min_confidence": 1.0}, "no joint has a likelihood of 1"),
        (files, {"skeleton": replace_joint(animal.skeleton)}, "and the skeleton"),
    ]
    for given, settings, words in cases:
        with pytest.raises((ValueError, OSError), match=words):
            build_library_file(calibration, given, out, **(QUICK | settings))
    for file in (deep, other, several):
        file.unlink()
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(ValueError, match="must end in .library"):
        build_library_file(calibration, files, tmp_path / "mouse.nc", **QUICK)
    with pytest.raises(TypeError, match="not both"):
        build_library(calibration, files, options=object(), max_offset=3)


def replace_joint(skeleton):
    said = {key: value for key, value in skeleton.as_dict().items() if value is not None}
    return type(skeleton)(["snout", *said["joints"][1:]], roots=[0], target_sets=[[1, 2, 3]])


@pytest.mark.skipif(
    not (REAL / "lightning_pose").is_dir(), reason="no recordings (LIFTPOSE_DATA names the folder)"
)
def test_two_real_cameras_of_a_fly(tmp_path):
    files = sorted((REAL / "lightning_pose").glob("05272019*Cam-[AB]*.csv"))
    calibration = REAL / "anipose" / "eks_fly_calibration.toml"
    with pytest.warns(UserWarning, match="two cameras only"):
        found = build_library_file(
            calibration, files, tmp_path / "fly.library", lift_frames=0, max_offset=20
        )
    library = read_library(found.path)
    assert library.names == ("Cam-A", "Cam-B")
    assert max(library.typical_errors().values()) < 1.5
    # Nothing tells the offset of a fly that is tethered and grooms along epipolar lines.
    assert [camera.offset for camera in found.report.cameras] == [0, 0]
    assert np.isnan(read_poses(found.path).points).mean() < 0.02
    assert 0.5 < found.report.noise < 2.0
