"""Files of lifted poses, refined from the command line: what is written, and what is refused."""

import csv
import json

import numpy as np
import pytest

from liftpose import Lifter, Poses, Skeleton, write_calibration, write_poses
from liftpose.datasets import quadruped
from liftpose.geometry.bones import bone_lengths
from liftpose.io import read_calibration, read_lifted, read_poses
from liftpose.metrics import velocity_error
from liftpose.postprocess import fit_bones, joint_angles, smooth
from tests.test_cli import failed, run

BAD = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A lifter, 2D, what was lifted of it, and the skeleton."""
    folder = tmp_path_factory.mktemp("rat")
    rat, other = (quadruped(frames=200, seed=seed, animal=1) for seed in (1, 2))
    camera = rat.cameras[0]
    flat = Poses.from_experiments(other.pose_2d, joints=other.joints, fps=other.fps)
    lifter = Lifter(rat.skeleton, network="ridge").fit(rat.pose_2d, rat.poses_3d, camera=camera)
    lifted = lifter.lift(flat, other.cameras[0])
    lifter.save(folder / "rat.lifter")
    rat.skeleton.write(folder / "rat.toml")
    write_poses(flat, folder / "walk_2d.nc")
    write_poses(lifted, folder / "walk.nc")
    write_calibration({"left": other.cameras[0]}, folder / "calib.toml")
    truth = other.poses_3d - other.poses_3d[:, [other.roots[0]]]
    return folder, lifted, rat.skeleton, truth, other


@pytest.fixture
def rat(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return made


def test_a_file_is_smoothed_as_in_python(rat):
    folder, lifted, _, truth, _ = rat
    result = run("smooth", folder / "walk.nc", "-o", "smooth.nc", "--json")
    assert result.exit_code == 0, result.output
    found = read_lifted("smooth.nc")
    np.testing.assert_array_equal(found.position, smooth(lifted).position)
    assert found.provenance["lifter"] == lifted.provenance["lifter"]
    told = json.loads(result.stdout)
    assert told["frames"] == 200
    assert told["jitter"][1] < 0.5 * told["jitter"][0]
    assert told["filled"] == np.isnan(lifted.position).all(2).sum()
    assert velocity_error(truth, found.position) < 0.6 * velocity_error(truth, lifted.position)


def test_settings_of_the_smoother_are_passed_on(rat):
    folder, lifted, *_ = rat
    for words, settings in (
        ("--method savgol --window 7 --degree 2", {"method": "savgol", "window": 7, "degree": 2}),
        ("--model velocity --causal --longest-gap 3",
         {"model": "velocity", "causal": True, "longest_gap": 3}),
    ):  # fmt: skip
        assert (
            run("smooth", folder / "walk.nc", "-o", "s.nc", "--overwrite", *words.split()).exit_code
            == 0
        )
        np.testing.assert_array_equal(
            read_lifted("s.nc").position, smooth(lifted, **settings).position
        )


def test_bones_are_fitted_with_a_skeleton_file(rat):
    folder, lifted, skeleton, *_ = rat
    words = ("fit-bones", folder / "walk.nc", "-o", "rigid.nc", "--skeleton", folder / "rat.toml")
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "rigid.nc: 200 frames; 25 lengths, which varied by" in result.stdout
    found = read_lifted("rigid.nc")
    np.testing.assert_array_equal(found.position, fit_bones(lifted, skeleton).position)
    lengths = bone_lengths(found.position, skeleton.bones)
    assert (np.nanstd(lengths, axis=0) / np.nanmedian(lengths, axis=0)).max() < 0.01


@pytest.mark.parametrize("by", ["calibration", "lifter"])
def test_bones_are_fitted_to_the_2d_through_either_camera(rat, by):
    folder, lifted, skeleton, _, other = rat
    words = ["fit-bones", folder / "walk.nc", "-o", "rigid.nc", "--poses-2d", folder / "walk_2d.nc"]
    words += ["--pixel-noise", "2"]
    if by == "lifter":
        words += ["--skeleton", folder / "rat.lifter"]
    else:
        words += ["--skeleton", folder / "rat.toml", "--calibration", folder / "calib.toml"]
    result = run(*words)
    assert result.exit_code == 0, result.output
    # Where little is seen, what a file rounds of a camera and of pixels moves a joint visibly.
    camera = other.cameras[0] if by == "lifter" else read_calibration(folder / "calib.toml")["left"]
    flat = read_poses(folder / "walk_2d.nc")
    expected = fit_bones(lifted, skeleton, camera, flat, pixel_noise=2.0)
    np.testing.assert_allclose(read_lifted("rigid.nc").position, expected.position, atol=1e-3)


def test_angles_become_a_table(rat):
    folder, lifted, skeleton, *_ = rat
    words = ("angles", folder / "walk.nc", "-o", "a.csv", "--skeleton", folder / "rat.toml")
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    expected = joint_angles(lifted, skeleton)
    assert tuple(json.loads(result.stdout)["angles"]) == expected.names
    with open("a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    name = expected.names[3]
    assert len(rows) == 200
    assert float(rows[7][name]) == pytest.approx(expected.values[7, 3], abs=1e-3)
    one, at, other = skeleton.joints[:3]
    assert run(*words[:3], "b.csv", *words[4:], "--at", f"{one}, {at},{other}").exit_code == 0
    with open("b.csv") as file:
        name = f"{one}-{at}-{other}"
        assert file.readline() == f"frame,time,{name},{name}_sd\n"


def test_lifted_files_carry_their_skeleton(rat):
    folder, lifted, skeleton, *_ = rat
    for verb, source, out in (
        ("smooth", folder / "walk.nc", "smooth.nc"),
        ("fit-bones", "smooth.nc", "rigid.nc"),
        ("angles", "rigid.nc", "angles.csv"),
    ):
        result = run(verb, source, "-o", out)
        assert result.exit_code == 0, result.output
    expected = fit_bones(smooth(lifted), skeleton).position
    np.testing.assert_allclose(read_lifted("rigid.nc").position, expected, atol=1e-5)
    assert f"{len(joint_angles(lifted, skeleton).names)} angles" in result.stdout
    bare = write_poses(Poses.from_experiments(lifted.position, joints=lifted.joints), "bare.nc")
    for verb, out in (("fit-bones", "b.nc"), ("angles", "b.csv")):
        failed(run(verb, bare, "-o", out), BAD, "bare.nc", "(--skeleton)")


def test_what_does_not_fit_is_one_line_with_its_file(rat):
    folder, _, skeleton, *_ = rat
    walk, body = folder / "walk.nc", ("--skeleton", folder / "rat.toml")
    flat, out = folder / "walk_2d.nc", ("-o", "out.nc")
    failed(run("smooth", flat, *out), BAD, "walk_2d.nc holds 2D poses; expected 3D")
    failed(run("smooth", walk, *out, "--model", "jerk"), BAD, "walk.nc", "model is 'jerk'")
    failed(run("smooth", walk, *out, "--window", "9"), BAD, "of method='savgol'")
    failed(run("smooth", "none.nc", *out), BAD, "none.nc")
    bare = Skeleton(skeleton.joints).write("bare.toml")
    failed(run("fit-bones", walk, *out, "--skeleton", bare), BAD, "walk.nc", "no bones")
    failed(run("fit-bones", walk, *out, *body, "--poses-2d", flat), BAD, "--calibration")
    cameras = ("--calibration", folder / "calib.toml")
    failed(run("fit-bones", walk, *out, *body, *cameras), BAD, "--poses-2d")
    words = ("angles", walk, "-o", "a.csv", *body)
    failed(run(*words, "--at", "nose,paw,tail"), BAD, "no joint")
    failed(run(*words, "--at", "one,two"), BAD, "no triple of joints")
    assert run("smooth", walk, *out).exit_code == 0
    failed(run("smooth", walk, *out), BAD, "out.nc exists")
    failed(run("smooth", "out.nc", *out, "--overwrite"), BAD, "would be written over")
