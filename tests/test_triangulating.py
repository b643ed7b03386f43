"""Pose files of several cameras become one of 3D, in Python and on the command line."""

import json

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
        (far, "far_top.nc lie far outside of the image of camera 'top'.*--crop and --scale"),
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
