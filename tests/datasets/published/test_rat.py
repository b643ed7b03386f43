"""CAPTURE's rats, in files that are written here as MATLAB has them."""

import numpy as np
import pytest
from scipy.io import savemat

from examples.stand_ins import looking_at, write_capture
from liftpose.datasets import capture_rat

RNG = np.random.default_rng(2)
FRAMES = 9
CAMERAS = {
    1: looking_at((800, 300, 500), 2300, (1320, 1048), "", (-0.1, 0.03, 0.001, -0.002)),
    3: looking_at((-500, 700, 400), 2250, (1320, 1048), "", (-0.12, 0.02)),
}


@pytest.fixture
def truth(tmp_path):
    points = {}
    for session in (0, 2):
        points[session] = RNG.uniform(-90, 90, (FRAMES, 20, 3))
        points[session][4, 5] = np.nan
        for number, camera in CAMERAS.items():
            pixels = camera.project(points[session])
            samples = 100 + 3 * np.arange(FRAMES)
            write_capture(tmp_path, session, number, camera, points[session], pixels, samples)
    return points


def test_cameras_show_the_3d_where_it_was_seen(tmp_path, truth):
    found = capture_rat(tmp_path)
    assert found.keys == ((0, 1), (0, 3), (2, 1), (2, 3))
    for session, number in found.keys:
        key = (session, number)
        np.testing.assert_allclose(found.poses_3d.only(key).points, truth[session])
        np.testing.assert_allclose(
            found.poses_2d.only(key).points, CAMERAS[number].project(truth[session])
        )
        camera = found.cameras[key]
        np.testing.assert_allclose(camera.K, CAMERAS[number].K)
        np.testing.assert_allclose(camera.R, CAMERAS[number].R)
        np.testing.assert_allclose(camera.t, CAMERAS[number].t)
        np.testing.assert_allclose(camera.dist[:4], CAMERAS[number].dist[:4])
        np.testing.assert_array_equal(found.numbers[key], 100 + 3 * np.arange(FRAMES))
    assert max(found.reprojection().values()) < 1e-6
    assert np.argwhere(np.isnan(found.poses_3d.points[:FRAMES]).any(axis=2)).tolist() == [[4, 5]]
    assert (found.train, found.test) == (((2, 1), (2, 3)), ((0, 1), (0, 3)))
    assert (found.poses_3d.unit, found.poses_3d.frame) == ("mm", "world")


def test_sessions_and_cameras_can_be_chosen(tmp_path, truth):
    assert capture_rat(tmp_path, [2], [3]).keys == ((2, 3),)
    with pytest.raises(
        FileNotFoundError, match=r"data_3d_e2: 2_cam2_data\.mat is missing; it hold"
    ):
        capture_rat(tmp_path, [2], [2])
    with pytest.raises(FileNotFoundError, match="data_3d_e1: no such folder"):
        capture_rat(tmp_path, [1])
    with pytest.raises(ValueError, match="name none"):
        capture_rat(tmp_path, [])


def test_a_calibration_without_distortion_has_none(tmp_path, truth):
    path = tmp_path / "calibration_e0" / "hires_cam1_params_rRDistort.mat"
    camera = CAMERAS[1]
    savemat(path, {"K": camera.K.T, "r": camera.R.T, "t": camera.t[None]})
    assert not capture_rat(tmp_path, [0], [1]).cameras[0, 1].dist.any()
    savemat(path, {"K": camera.K.T, "t": camera.t[None]})
    with pytest.raises(ValueError, match=r"rRDistort\.mat: camera 'hires_cam1' has no 'r'"):
        capture_rat(tmp_path, [0], [1])
    # As OpenCV has it, and not as MATLAB does.
    savemat(path, {"K": camera.K, "r": camera.R.T, "t": camera.t[None]})
    with pytest.raises(ValueError, match=r"rRDistort\.mat: "):
        capture_rat(tmp_path, [0], [1])
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"calibration_e0: hires_cam1\S+ is missing"):
        capture_rat(tmp_path, [0], [1])


def test_another_layout_is_an_error_that_names_the_file(tmp_path, truth):
    path = tmp_path / "data_3d_e0" / "0_cam1_data.mat"
    good = {"data_2d": np.ones((4, 40)), "data_3d": np.ones((4, 60)), "data_sampleID": np.ones(4)}
    for changes, words in (
        (
            {"data_3d": np.ones((4, 69))},
            r"'data_3d' has the shape \(4, 69\); expected \(frames, 60",
        ),
        ({"data_2d": np.ones((5, 40))}, r"'data_2d' has the shape \(5, 40\); expected \(4, 40\)"),
        ({"data_sampleID": np.ones(3)}, r"'data_sampleID' has the shape \(3,\)"),
    ):
        savemat(path, good | changes)
        with pytest.raises(ValueError, match=rf"0_cam1_data\.mat: .*{words}"):
            capture_rat(tmp_path)
    savemat(path, {"data_2d": good["data_2d"]})
    with pytest.raises(ValueError, match="no variable 'data_3d'; there are 'data_2d'"):
        capture_rat(tmp_path)


def test_folders_of_something_else_are_said(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no folder data_3d_e0 .* it holds 'images'"):
        capture_rat(tmp_path)
    (tmp_path / "data_3d_e0").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no file 0_cam1_data\.mat .* it is empty"):
        capture_rat(tmp_path)
