"""Pose files of several cameras become one of 3D, in Python and on the command line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from liftpose import Poses, write_poses
from liftpose.cli import app
from liftpose.datasets import mouse
from liftpose.io import read_calibration, read_poses, write_calibration
from liftpose.triangulating import triangulate_files

NAMES = ("left", "top", "right")


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    """A mouse seen by three cameras: a calibration, a file of 2D of each, and the truth."""
    folder = tmp_path_factory.mktemp("rig")
    animal = mouse(frames=80, seed=3)
    cameras = dict(zip(NAMES, animal.cameras, strict=False))
    assert len(cameras) == 3
    write_calibration(cameras, folder / "calib.toml")
    rng = np.random.default_rng(0)
    for name, camera in cameras.items():
        pixels = camera.project(animal.poses_3d)
        pixels += rng.normal(0, 0.5, pixels.shape)
        sure = np.ones(pixels.shape[:2])
        if name == "top":
            pixels[10:15, 2] += 80.0  # sure and wrong
            pixels[20:25, 3] += 300.0  # unsure and wrong
            sure[20:25, 3] = 0.3
        if name == "right":
            pixels[5, 4] = np.nan
        poses = Poses.from_experiments(
            {"walk": pixels}, confidence={"walk": sure}, joints=animal.joints, fps=100.0, unit="px"
        )
        if name == "right":
            poses = poses.matched(tuple(reversed(animal.joints)))
        write_poses(poses, folder / f"walk_{name}.nc")
    return folder, animal, cameras


def files(folder):
    return [folder / f"walk_{name}.nc" for name in NAMES]


def test_the_3d_is_that_of_the_animal(rig, tmp_path):
    folder, animal, _ = rig
    found = triangulate_files(folder / "calib.toml", files(folder), tmp_path / "deep.nc", unit="mm")
    poses = read_poses(tmp_path / "deep.nc")
    assert (poses.dims, poses.frame, poses.unit, poses.fps) == (3, "world", "mm", 100.0)
    assert poses.joints == animal.joints
    count, error = poses.extra["camera_count"], poses.extra["reprojection_error"]
    assert set(np.unique(count[np.isfinite(poses.points).all(2)])) <= {2, 3}
    assert count[12, 2] == 2  # the one that is wrong does not count
    assert 0.2 < np.nanmedian(error) < 0.8  # the noise is 0.5
    liftpose_csv = write_poses(poses, tmp_path / "deep.csv", format="anipose")
    table = np.genfromtxt(liftpose_csv, delimiter=",", names=True)
    named = f"{poses.joints[2]}_ncams"
    np.testing.assert_array_equal(table[named], count[:, 2])
    assert poses.keys == ("walk",)
    off = np.linalg.norm(poses.points - animal.poses_3d, axis=-1)
    assert np.nanmedian(off) < 0.3
    assert off.max() < 3.0
    assert found.frames == 80
    assert found.joints == len(animal.joints)
    assert found.missing == 0
    assert found.left_out["top"] > found.left_out["left"]
    assert found.noise == pytest.approx(0.5, rel=0.25)
    assert max(found.errors.values()) < 1.0
    assert list(found.sources) == list(NAMES)


def test_files_go_to_cameras_by_name_by_order_or_as_told(rig, tmp_path):
    folder, _, _ = rig
    mixed = [files(folder)[k] for k in (2, 0, 1)]
    by_name = triangulate_files(folder / "calib.toml", mixed, tmp_path / "a.nc")
    assert list(by_name.sources) == ["right", "left", "top"]
    assert max(by_name.errors.values()) < 1.0
    plain = [tmp_path / f"{letter}.nc" for letter in "xyz"]
    for source, target in zip(files(folder), plain, strict=True):
        target.write_bytes(source.read_bytes())
    by_order = triangulate_files(folder / "calib.toml", plain, tmp_path / "b.nc")
    assert list(by_order.sources) == list(NAMES)
    told = triangulate_files(
        folder / "calib.toml", plain[::-1], tmp_path / "c.nc", camera_names=NAMES[::-1]
    )
    assert max(told.errors.values()) < 1.0
    a, b, c = (read_poses(tmp_path / f"{letter}.nc") for letter in "abc")
    np.testing.assert_allclose(b.points, a.matched(b.joints).points, atol=1e-6)
    np.testing.assert_allclose(c.matched(b.joints).points, b.points, atol=1e-6)


def test_what_does_not_fit_is_refused_and_nothing_is_written(rig, tmp_path):
    folder, animal, _ = rig
    calibration, out = folder / "calib.toml", tmp_path / "deep.nc"
    flat = read_poses(folder / "walk_top.nc")
    short = write_poses(flat.part(0, 70), tmp_path / "short_top.nc")
    fewer = write_poses(flat.matched(animal.joints[1:]), tmp_path / "fewer_top.nc")
    deep = write_poses(
        Poses.from_experiments({"walk": animal.poses_3d}, joints=animal.joints),
        tmp_path / "deep_top.nc",
    )
    far = write_poses(
        Poses.from_experiments({"walk": flat.points + 3000.0}, joints=animal.joints),
        tmp_path / "far_top.nc",
    )
    left, _, right = files(folder)
    for third, words in (
        (short, "short_top.nc has 70 frames, and .*walk_left.nc 80 frames"),
        (fewer, "fewer_top.nc: .*" + animal.joints[0]),
        (deep, "deep_top.nc holds 3D poses"),
        (far, "far_top.nc lie far outside of the image of camera 'top'.*--crop top:x,y"),
    ):
        with pytest.raises(ValueError, match=words):
            triangulate_files(calibration, [left, third, right], out)
    unnamed = [short, fewer]
    for names, given, words in (
        (None, [left], "two cameras or more; got 1"),
        (None, unnamed, "has 3 cameras, 'left', 'top', 'right', and there are 2 pose files"),
        (("left",), [left, right], "1 camera names are given for 2"),
        (("left", "rigth"), [left, right], "no camera 'rigth'. Did you mean 'right'"),
        (("left", "left"), [left, right], "'left' is named for 2 pose files"),
    ):
        with pytest.raises(ValueError, match=words):
            triangulate_files(calibration, given, out, camera_names=names)
    assert not out.exists()


def test_the_command_says_how_well_the_cameras_agree(rig, tmp_path):
    folder, _, _ = rig
    words = ("triangulate", folder / "calib.toml", *files(folder), "-o", tmp_path / "deep.nc")
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["frames"] == 80
    assert set(found["reprojection_error"]) == set(NAMES)
    again = run(*words)
    assert again.exit_code == 3
    assert "deep.nc" in again.stderr
    shown = run(*words, "--overwrite", "--unit", "mm", "--camera-names", "left, top,right")
    assert shown.exit_code == 0, shown.output
    assert "80 frames" in shown.stdout
    assert shown.stdout.count("px off (median)") == 3
    assert read_poses(tmp_path / "deep.nc").unit == "mm"


@pytest.mark.filterwarnings("always::UserWarning")
def test_two_cameras_come_with_a_warning(rig, tmp_path):
    folder, _, _ = rig
    result = run(
        *("triangulate", folder / "calib.toml", *files(folder)[:2], "-o", tmp_path / "deep.nc"),
        *("--camera-names", "left,top"),
    )
    assert result.exit_code == 0, result.output
    assert "warning: " in result.stderr
    assert "two cameras only" in result.stderr


def test_a_calibration_is_converted(rig, tmp_path):
    folder, _, cameras = rig
    result = run("convert-calibration", folder / "calib.toml", "-o", tmp_path / "other.toml")
    assert result.exit_code == 0, result.output
    assert "left, top, right" in result.stdout
    found = read_calibration(tmp_path / "other.toml")
    for name, camera in cameras.items():
        np.testing.assert_allclose(found[name].R, camera.R, atol=1e-12)
        assert found[name].K.tolist() == camera.K.tolist()
    assert (
        run("convert-calibration", folder / "calib.toml", "-o", tmp_path / "x.yaml").exit_code == 3
    )


def cropped_differently(rig, tmp_path):
    """2D of videos that were cropped and resized each in its own way, and what says so."""
    folder, _, _ = rig
    boxes = {
        "left": (100, 60, 900, 800),
        "top": (-20, 30.5, 1100, 900),
        "right": (0, 0, 1280, 1024),
    }
    factors = {"left": 0.5, "top": 1.5, "right": 0.25}
    made = []
    for name in NAMES:
        poses = read_poses(folder / f"walk_{name}.nc")
        moved = (poses.points - boxes[name][:2] + 0.5) * factors[name] - 0.5
        made.append(
            write_poses(
                Poses.from_experiments(
                    {"walk": moved},
                    joints=poses.joints,
                    confidence={"walk": poses.confidence},
                ),
                tmp_path / f"part_{name}.nc",
            )
        )
    return made, boxes, factors


def test_each_video_may_be_cropped_and_resized_in_its_own_way(rig, tmp_path):
    folder, animal, _ = rig
    made, boxes, factors = cropped_differently(rig, tmp_path)
    triangulate_files(folder / "calib.toml", made, tmp_path / "part.nc", crop=boxes, scale=factors)
    off = np.linalg.norm(read_poses(tmp_path / "part.nc").points - animal.poses_3d, axis=-1)
    assert np.nanmedian(off) < 0.3
    assert off.max() < 3.0
    # The same words on the command line, one of them for all cameras that have none of their own.
    words = ["triangulate", folder / "calib.toml", *made, "-o", tmp_path / "said.nc"]
    for name in NAMES:
        words += ["--crop", f"{name}:{','.join(map(str, boxes[name]))}"]
    words += ["--scale", "0.25", "--scale", "left:0.5", "--scale", "top:1.5"]
    result = run(*words)
    assert result.exit_code == 0, result.output
    said, given = (read_poses(tmp_path / f"{name}.nc") for name in ("said", "part"))
    np.testing.assert_array_equal(said.points, given.points)


def test_a_size_that_does_not_fit_names_camera_and_file_and_offers_the_options(rig, tmp_path):
    folder, _, _ = rig
    made, _, _ = cropped_differently(rig, tmp_path)
    left, _, right = files(folder)
    words = ("triangulate", folder / "calib.toml", left, made[1], right, "-o", tmp_path / "x.nc")
    result = run(*words, "--scale", "top:0.2")
    assert result.exit_code == 3
    for part in (
        "part_top.nc lie far outside of the image of camera 'top', which is 256 x 205 px",
        "--crop top:x,y,width,height",
        "--scale top:factor",
    ):
        assert part in result.stderr
    wrong = run(*words, "--crop", "tpo:0,0,10,10")
    assert wrong.exit_code == 3
    assert "no camera 'tpo'. Did you mean 'top'?" in wrong.stderr
    assert not (tmp_path / "x.nc").exists()


@pytest.mark.filterwarnings("ignore:.*from where they are put:UserWarning")
@pytest.mark.parametrize(
    ("stems", "cameras", "expected"),
    [
        (("a_Cam10", "a_Cam1"), ("Cam1", "Cam10"), ["Cam10", "Cam1"]),
        (("left_side", "left"), ("left", "left_side"), ["left_side", "left"]),
        (("x", "y"), ("left", "right"), ["left", "right"]),
        (("left", "y"), ("left", "right"), ["left", "right"]),
        (("laptop_1", "laptop_2"), ("left", "top"), ["left", "top"]),
        (
            ("x", "left"),
            ("left", "right"),
            "left.nc sounds like camera 'left', .*'right'",
        ),
        (("a_Cam10", "a_Cam11"), ("Cam1", "Cam2"), ["Cam1", "Cam2"]),
        (("a_Cam2", "b"), ("Cam1", "Cam2"), "a_Cam2.nc sounds like camera 'Cam2'"),
    ],
)
def test_cameras_are_told_by_file_names_or_refused(rig, tmp_path, stems, cameras, expected):
    folder, _, own = rig
    views = dict(zip(cameras, list(own.values())[:2], strict=True))
    path = write_calibration(views, tmp_path / "calib.toml")
    made = []
    for stem in stems:
        made.append(tmp_path / f"{stem}.nc")
        made[-1].write_bytes((folder / "walk_left.nc").read_bytes())
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=expected):
            triangulate_files(path, made, tmp_path / "deep.nc")
        return
    with pytest.warns(UserWarning, match="two cameras only"):
        found = triangulate_files(path, made, tmp_path / "deep.nc")
    assert list(found.sources) == expected


def test_no_source_is_written_over(rig, tmp_path):
    folder, _, _ = rig
    copies = [tmp_path / file.name for file in files(folder)]
    for file, copy in zip(files(folder), copies, strict=True):
        copy.write_bytes(file.read_bytes())
    calibration = tmp_path / "calib.toml"
    calibration.write_bytes((folder / "calib.toml").read_bytes())
    for out in (copies[1], calibration):
        before = out.read_bytes()
        with pytest.raises(ValueError, match=f"{out.name} would be written over"):
            triangulate_files(calibration, copies, out, overwrite=True)
        assert out.read_bytes() == before


@pytest.mark.filterwarnings("always::UserWarning")
def test_what_the_lens_does_not_reach_is_said_with_file_camera_and_number(rig, tmp_path):
    _, animal, cameras = rig
    # r (1 - 0.5 r²) turns at the radius 0.82, where it is 0.54.
    bent = {name: replace(camera, dist=[-0.5, 0, 0, 0]) for name, camera in cameras.items()}
    path = write_calibration(bent, tmp_path / "calib.toml")
    made = []
    for name, camera in bent.items():
        pixels = camera.project(animal.poses_3d)
        if name == "top":
            pixels[3:5, 2] = camera.K[:2, 2] + [0.6 * camera.K[0, 0], 0]
        poses = Poses.from_experiments({"walk": pixels}, joints=animal.joints)
        made.append(write_poses(poses, tmp_path / f"walk_{name}.nc"))
    result = run("triangulate", path, *made, "-o", tmp_path / "deep.nc", "--json")
    assert result.exit_code == 0, result.output
    words = "walk_top.nc: the distortion of camera 'top' cannot be inverted at 2 of "
    assert result.stderr.count(words) == 1
    assert json.loads(result.stdout)["unreached"] == {"left": 0, "top": 2, "right": 0}
    # The other two cameras still see those joints.
    assert np.isfinite(read_poses(tmp_path / "deep.nc").points[3:5, 2]).all()


@pytest.mark.filterwarnings("always::UserWarning")
def test_points_behind_a_camera_are_counted_for_the_user(rig, tmp_path):
    _, animal, cameras = rig
    away = {}
    for name in ("left", "right"):
        camera = cameras[name]
        # Turned about its vertical axis, it sees a mirror image of what lies behind it.
        turn = np.diag([-1.0, 1.0, -1.0])
        away[name] = replace(camera, R=turn @ camera.R, t=turn @ camera.t, name=name)
    path = write_calibration(away, tmp_path / "calib.toml")
    made = []
    for name, camera in away.items():
        points = camera.world_to_camera(animal.poses_3d)
        rays = points[..., :2] / points[..., 2:]
        poses = Poses.from_experiments({"walk": camera.pixels(rays)}, joints=animal.joints)
        made.append(write_poses(poses, tmp_path / f"walk_{name}.nc"))
    words = ("triangulate", path, *made, "-o", tmp_path / "deep.nc")
    result = run(*words)
    assert result.exit_code == 0, result.output
    count = 80 * len(animal.joints)
    assert f"{count} of {count} points would lie behind" in result.stderr
    assert f"{count} behind camera 'left', {count} behind camera 'right'" in result.stderr
    assert f"100.0 % without 3D, {count:,} of them behind a camera" in result.stdout
    assert result.stdout.count(f"{count:,} behind it") == 2
    assert np.isnan(read_poses(tmp_path / "deep.nc").points).all()


def test_what_was_done_is_said_in_the_file_and_while_it_is_done(rig, tmp_path):
    folder, _, _ = rig
    told = []
    triangulate_files(
        folder / "calib.toml",
        files(folder),
        tmp_path / "deep.nc",
        min_confidence=0.4,
        scale={"top": 1.0},
        on_progress=lambda *now: told.append(now),
    )
    made = read_poses(tmp_path / "deep.nc").provenance
    assert made["liftpose_version"]
    step = json.loads(made["triangulation"])
    assert (step["calibration"], step["min_confidence"]) == ("calib.toml", 0.4)
    assert step["poses"] == {name: f"walk_{name}.nc" for name in NAMES}
    assert (step["crop"], step["scale"]) == (None, {"top": 1.0})
    shares = [done / whole for done, whole, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert [words for _, _, words in told][:2] == ["reading walk_left.nc", "reading walk_top.nc"]


def test_files_that_begin_with_different_frames_are_refused(rig, tmp_path):
    folder, _, _ = rig
    for name, first in (("left", 0), ("top", 3)):
        table = tmp_path / f"walk_{name}.csv"
        write_poses(read_poses(folder / f"walk_{name}.nc"), table, format="deeplabcut")
        lines = table.read_text().splitlines()
        rows = [f"{first + n},{line.partition(',')[2]}" for n, line in enumerate(lines[3:])]
        table.write_text("\n".join([*lines[:3], *rows]) + "\n")
    calibration = folder / "calib.toml"
    late = [tmp_path / "walk_left.csv", tmp_path / "walk_top.csv"]
    with pytest.raises(ValueError, match=r"walk_top.csv begins with frame 3 .*walk_left.csv with"):
        triangulate_files(calibration, late, tmp_path / "deep.nc", camera_names=["left", "top"])
    assert not (tmp_path / "deep.nc").exists()
