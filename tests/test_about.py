"""What is in a file, told from the file alone."""

import numpy as np
import pytest

from liftpose import Camera
from liftpose.about import about, table_of_formats
from liftpose.io import formats, registry, write_calibration, write_poses
from liftpose.io.hints import Hints
from liftpose.poses import Poses


def test_a_pose_file_tells_all_it_says_of_itself(tmp_path):
    points = np.zeros((10, 2, 3))
    points[:4, 1] = np.nan
    both = {"a": points, "b": points}
    poses = Poses.from_experiments(
        both, joints=["hip", "toe"], individuals=["a", "b"], fps=20, unit="cm", frame="world"
    )
    found = about(write_poses(poses, tmp_path / "walk.nc"))
    assert found.kind == "poses"
    expected = {"format": "movement", "frames": 20, "dims": 3, "fps": 20, "unit": "cm"}
    expected |= {"frame": "world", "joint_count": 2}
    assert expected.items() <= found.facts.items()
    assert found.facts["missing"] == {"hip": 0, "toe": 0.4}
    assert tuple(found.facts["individuals"]) == ("a", "b")
    assert "toe  40.0 %" in found.text
    assert "hip  0 %" in found.text


def test_what_a_file_does_not_say_is_not_made_up(tmp_path):
    np.save(tmp_path / "walk.npy", np.zeros((3, 4, 2)))
    found = about(tmp_path / "walk.npy")
    assert found.facts["joints"] is None
    assert found.facts["fps"] is None
    assert "4, without names" in found.text
    assert "not stated" in found.text


def test_a_broken_settings_file_is_named_with_its_line(tmp_path):
    (tmp_path / "params.toml").write_text("[data]\nx = \n")
    with pytest.raises(ValueError, match=r"params\.toml, line 2: no TOML"):
        about(tmp_path / "params.toml")


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match="without a lifter"):
        about(tmp_path)


def test_a_calibration_tells_its_cameras(tmp_path):
    K = [[900, 0, 320], [0, 900, 240], [0, 0, 1]]
    cameras = [Camera(K, size=(640, 480), name="left"), Camera(K, t=[1, 2, 3], name="top")]
    path = write_calibration(cameras, tmp_path / "calibration.toml")
    found = about(path)
    assert found.kind == "calibration"
    assert [camera["name"] for camera in found.facts["cameras"]] == ["left", "top"]
    assert found.facts["cameras"][0]["K"] == K
    assert "Camera 'left': focal length 900 px" in found.text
    assert "at (-1, -2, -3)" in found.text
    path.write_text(path.read_text().replace("translation", "trans"))
    with pytest.raises(ValueError, match="camera 'left' has no 'translation'"):
        about(path)
    (tmp_path / "cv.yaml").write_text(f"%YAML:1.0\n---\ncamera_matrix: {K}\n")
    assert about(tmp_path / "cv.yaml").facts["cameras"][0]["name"] == "cv"
    (tmp_path / "broken.yaml").write_text("%YAML:1.0\n---\nframes: 3\n")
    with pytest.raises(ValueError, match="no camera is in it"):
        about(tmp_path / "broken.yaml")


def test_poses_win_where_a_file_holds_cameras_as_well(tmp_path):
    from scipy.io import savemat

    cameras = np.empty((2, 1), object)
    for number in range(2):
        cameras[number, 0] = {
            "K": np.array([[900.0, 0, 0], [0, 900, 0], [320, 240, 1]]),
            "r": np.eye(3),
            "t": np.array([[float(number), 0, 5]]),
            "RDistort": np.zeros((1, 2)),
            "TDistort": np.zeros((1, 2)),
        }
    poses, rig = tmp_path / "label3d_dannce.mat", tmp_path / "calibration.mat"
    savemat(poses, {"pred": np.zeros((6, 3, 4)), "params": cameras})
    savemat(rig, {"params": cameras})
    found = about(poses)
    assert (found.kind, found.facts["format"]) == ("poses", "dannce")
    assert found.facts["has_cameras"]
    assert "cameras" in found.text
    assert about(rig).kind == "calibration"
    savemat(poses, {"pred": np.zeros((6, 3, 4))})
    assert not about(poses).facts["has_cameras"]
    assert "cameras" not in about(poses).text


def test_poses_tell_their_format_what_it_can_be_told_and_where_identities_seem_swapped(tmp_path):
    one, other = np.random.default_rng(0).normal(size=(2, 60, 3, 2)).cumsum(1)
    other = other + 300
    tracks = {"a": np.r_[one[:20], other[20:]], "b": np.r_[other[:20], one[20:]]}
    path = write_poses(Poses.from_experiments(tracks, individuals=["a", "b"]), tmp_path / "a.nc")
    found = about(path)
    assert "movement: netCDF/HDF5" in found.text
    assert "'a' and 'b' seem to swap identities at frame 20." in found.text
    assert [swap["frame"] for swap in found.facts["swaps"]] == [20]
    alone = about(path, Hints(individuals=("a",)))
    assert alone.facts["swaps"] == []
    assert alone.facts["frames"] == 60


def test_a_file_that_needs_to_be_told_more_says_what(tmp_path, monkeypatch):
    def read(path, camera=None):
        if path.read_text() != "two":
            raise ValueError("it is damaged.")
        if camera is None:
            raise ValueError("it holds the cameras 'left', 'top'; say which (camera=).")
        return Poses.from_experiments(np.zeros((4, 3, 2)))

    known = registry.Reader(
        "duo", "two cameras", (".duo",), lambda p, _: p.suffix == ".duo", read, hints=("camera",)
    )
    monkeypatch.setitem(registry._readers, "duo", known)
    path = tmp_path / "walk.duo"
    path.write_text("two")
    found = about(path)
    assert found.facts["needs"] == ["camera"]
    assert "'left', 'top'" in found.text
    assert "--camera" in found.text
    assert about(path, Hints(camera="top")).facts["frames"] == 4
    path.write_text("torn")
    with pytest.raises(ValueError, match=r"walk\.duo: it is damaged"):
        about(path)


def test_a_calibration_s_ending_does_not_hide_poses(tmp_path, monkeypatch):
    path = tmp_path / "walk.mat"
    np.save(tmp_path / "walk.npy", np.zeros((4, 3, 2)))
    (tmp_path / "walk.npy").rename(path)
    assert about(path).kind == "poses"


def test_the_table_of_formats_has_a_line_each():
    lines = table_of_formats().splitlines()[1:]
    assert [line.split()[0] for line in lines] == [entry.name for entry in formats()]
    (movement,) = [line for line in lines if line.startswith("movement ")]
    assert movement.split()[1:5] == ["2D,", "3D", "2D,", "3D"]
    assert ".nc" in movement
