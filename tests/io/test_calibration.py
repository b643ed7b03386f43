"""Calibration files of other programs, and ours out and in again."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat
from scipy.spatial.transform import Rotation

from benchmarks import recordings
from liftpose.geometry.camera import Camera
from liftpose.io import read_calibration, read_camera, write_calibration
from liftpose.io.calibration.files import is_calibration

DATA = recordings.data_folder()


def real(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip("the real recordings are not here (LIFTPOSE_DATA names the folder)")
    return path


def stored(name: str) -> dict:
    with np.load(real(f"zoo/{name}.npz")) as content:
        return {key: content[key] for key in ("K", "R", "t", "dist")}


def same(cameras, arrays, atol=0.0) -> None:
    for number, camera in enumerate(cameras.values()):
        for key in arrays:
            theirs = arrays[key][number]
            np.testing.assert_allclose(getattr(camera, key), theirs, rtol=1e-9, atol=atol)


def a_camera(seed: int = 0, name: str | None = None, size: object = (640, 480)) -> Camera:
    rng = np.random.default_rng(seed)
    return Camera(
        [[rng.uniform(500, 2e4), 0, 319.5], [0, rng.uniform(500, 2e4), 239.5], [0, 0, 1]],
        Rotation.random(random_state=seed).as_matrix(),
        rng.normal(size=3) * 100,
        rng.normal(size=5) * 0.1,
        size,
        name,
    )


# Files of other programs


def test_anipose_of_a_real_rig() -> None:
    cameras = read_calibration(real("raw/anipose/eks_fly_calibration.toml"))
    assert list(cameras) == ["Cam-A", "Cam-B", "Cam-C"]
    assert [camera.name for camera in cameras.values()] == list(cameras)
    assert cameras["Cam-B"].size == (832, 632)
    same(cameras, stored("fly_eks_3cam"), 1e-12)


def test_pose2sim_of_a_real_rig() -> None:
    cameras = read_calibration(real("raw/openpose_pose2sim/Calib_scene.toml"))
    assert list(cameras) == [f"int_cam{number}_img" for number in range(1, 5)]
    assert cameras["int_cam1_img"].size == (1088, 1920)
    R = Rotation.from_rotvec([1.6979040034605661, 1.0454503623806635, -0.3967052479550455])
    np.testing.assert_allclose(cameras["int_cam1_img"].R, R.as_matrix(), atol=1e-12)
    assert cameras["int_cam4_img"].dist.tolist() == [
        -0.04893927682748424,
        0.1498722992646072,
        0.002083782789316641,
        -0.0019006232728624472,
        0,
    ]


def test_sleap_of_a_real_rig() -> None:
    cameras = read_calibration(real("raw/sleap/calibration.toml"))
    assert list(cameras) == ["back", "mid", "side", "top"]
    assert cameras["top"].K[0, 0] == 964.7203950924776
    assert cameras["back"].t[2] == -122.27936818948484


def test_dannce_of_a_real_rig_projects_as_label3d_did() -> None:
    from scipy.io import loadmat

    path = real("raw/dannce_label3d/markerless_mouse_1_label3d_dannce.mat")
    cameras = read_calibration(path)
    assert list(cameras) == [f"Camera{number}" for number in range(1, 7)]
    same(cameras, stored("mouse22_dannce_6cam"))
    for camera, cell in zip(cameras.values(), loadmat(path)["labelData"].ravel(), strict=True):
        labels = cell[0, 0]
        points = labels["data_3d"].reshape(-1, 22, 3)
        pixels = labels["data_2d"].reshape(-1, 22, 2)
        some = np.isfinite(points).all(axis=-1) & np.isfinite(pixels).all(axis=-1)
        np.testing.assert_allclose(camera.project(points)[some], pixels[some], atol=1e-3)


def test_deepfly3d_of_a_real_rig_is_what_the_recordings_were_refined_from() -> None:
    """The zoo's cameras are these after a refinement that moved them by less than half a degree."""
    refined = np.load(real("zoo/fly_df3d_walk_6cam.npz"), allow_pickle=False)
    for name in ("calib", "df3d_result"):
        cameras = read_calibration(real(f"raw/deepfly3d/nely_df3d-1.0.1_{name}.pkl"))
        assert list(cameras) == [str(number) for number in range(7)]
        for place, number in enumerate(refined["camera_ids"]):
            camera = cameras[str(int(number))]
            assert camera.dist.shape == (5,)
            np.testing.assert_allclose(camera.K[:2, 2], refined["K"][place][:2, 2])
            cosine = (np.trace(camera.R @ refined["R"][place].T) - 1) / 2
            assert np.degrees(np.arccos(np.clip(cosine, -1, 1))) < 0.5


def test_deepfly3d_in_a_pickle_of_our_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    R = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    R *= np.linalg.det(R)
    K = np.array([[16000.0, 0, 240], [0, 16000, 480], [0, 0, 1]])
    numbers = {"R": R, "tvec": rng.normal(size=3), "intr": K, "distort": rng.normal(size=5) / 100}
    path = tmp_path / "calib.pkl"
    path.write_bytes(pickle.dumps(dict.fromkeys(range(2), numbers)))
    cameras = read_calibration(path)
    assert list(cameras) == ["0", "1"]
    for mine, key in (("K", "intr"), ("R", "R"), ("t", "tvec"), ("dist", "distort")):
        np.testing.assert_array_equal(getattr(cameras["1"], mine), numbers[key])


# What OpenCV writes


@pytest.mark.parametrize("ending", ["yaml", "xml", "json"])
@pytest.mark.parametrize("rotation", ["matrix", "vector"])
def test_opencv_writes_one_camera(tmp_path: Path, ending: str, rotation: str) -> None:
    cv2 = pytest.importorskip("cv2")
    camera, path = a_camera(1), tmp_path / f"side.{ending}"
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    file.write("calibration_time", "Mon 1 Jan")
    file.write("image_width", 640)
    file.write("image_height", 480)
    file.write("camera_matrix", camera.K)
    file.write("distortion_coefficients", camera.dist.reshape(1, -1))
    file.write("R", camera.R if rotation == "matrix" else cv2.Rodrigues(camera.R)[0])
    file.write("T", camera.t.reshape(3, 1))
    file.release()
    found = read_calibration(path)
    assert list(found) == ["side"]
    assert found["side"].size == (640, 480)
    one = {key: [getattr(camera, key)] for key in ("K", "R", "t", "dist")}
    same(found, one, 1e-12)


@pytest.mark.parametrize("ending", ["yml", "xml"])
def test_opencv_writes_a_stereo_pair(tmp_path: Path, ending: str) -> None:
    cv2 = pytest.importorskip("cv2")
    left, right = a_camera(1), a_camera(2)
    path = tmp_path / f"stereo.{ending}"
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for number, camera in ((1, left), (2, right)):
        file.write(f"M{number}", camera.K)
        file.write(f"D{number}", camera.dist.reshape(-1, 1))
    file.write("R", right.R)
    file.write("T", right.t.reshape(3, 1))
    file.release()
    found = read_calibration(path)
    assert list(found) == ["1", "2"]
    np.testing.assert_array_equal(found["1"].R, np.eye(3))
    same({"2": found["2"]}, {key: [getattr(right, key)] for key in ("K", "R", "t", "dist")}, 1e-12)
    assert found["1"].K.tolist() == left.K.tolist()


@pytest.mark.parametrize("ending", ["yaml", "xml", "json"])
def test_opencv_writes_several_cameras(tmp_path: Path, ending: str) -> None:
    cv2 = pytest.importorskip("cv2")
    cameras = {name: a_camera(seed, name, None) for seed, name in enumerate(("left", "top"))}
    path = tmp_path / f"rig.{ending}"
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, camera in cameras.items():
        file.startWriteStruct(name, cv2.FileNode_MAP)
        for key, value in (("K", camera.K), ("D", camera.dist), ("R", camera.R), ("t", camera.t)):
            file.write(key, value)
        file.endWriteStruct()
    file.release()
    found = read_calibration(path)
    assert list(found) == ["left", "top"]
    arrays = {k: [getattr(c, k) for c in cameras.values()] for k in ("K", "R", "t", "dist")}
    same(found, arrays, 1e-12)


def test_ros_writes_a_camera_without_tags(tmp_path: Path) -> None:
    path = tmp_path / "left.yaml"
    path.write_text(
        "image_width: 640\nimage_height: 480\ncamera_name: narrow_stereo\n"
        "camera_matrix:\n  rows: 3\n  cols: 3\n  data: [900, 0, 320, 0, 900, 240, 0, 0, 1]\n"
        "distortion_model: plumb_bob\n"
        "distortion_coefficients:\n  rows: 1\n  cols: 5\n  data: [0.1, 0, 0, 0, 0]\n"
    )
    assert read_calibration(path) == {
        "narrow_stereo": Camera(
            [[900, 0, 320], [0, 900, 240], [0, 0, 1]],
            dist=[0.1, 0, 0, 0, 0],
            size=(640, 480),
            name="narrow_stereo",
        )
    }


# Out and in again


@given(seeds=st.lists(st.integers(0, 1000), min_size=1, max_size=4, unique=True), named=st.text())
def test_what_is_written_is_read(tmp_path_factory, seeds, named) -> None:
    path = tmp_path_factory.mktemp("calibration") / "calibration.toml"
    cameras = {
        f"{named} {seed}": a_camera(seed, size=None if seed % 3 else (9, 7)) for seed in seeds
    }
    found = read_calibration(write_calibration(cameras, path))
    assert list(found) == list(cameras)
    for name, camera in cameras.items():
        assert found[name].name == name
        assert found[name].size == camera.size
        for key in ("K", "t", "dist"):
            np.testing.assert_array_equal(getattr(found[name], key), getattr(camera, key))
        np.testing.assert_allclose(found[name].R, camera.R, atol=1e-14)
    back = Rotation.from_matrix(camera.R).as_rotvec().tolist()
    assert path.read_text().count("rotation = ") == len(cameras)
    line = next(line for line in reversed(path.read_text().splitlines()) if "rotation" in line)
    np.testing.assert_allclose(json.loads(line.partition("=")[2]), back, atol=1e-12)


def test_one_camera_is_chosen_by_name(tmp_path: Path) -> None:
    path = write_calibration([a_camera(1, "left"), a_camera(2, "top")], tmp_path / "c.toml")
    assert read_camera(path, "top").name == "top"
    with pytest.raises(ValueError, match="has 2 cameras, 'left', 'top'; say which one"):
        read_camera(path)
    with pytest.raises(ValueError, match="no camera 'Topp'. Did you mean 'top'"):
        read_camera(path, "Topp")
    assert is_calibration(path)
    with pytest.raises(FileExistsError, match="c.toml"):
        write_calibration([a_camera(1, "left")], path)
    with pytest.raises(ValueError, match=r"as Anipose's \.toml"):
        write_calibration([a_camera(1, "left")], tmp_path / "c.yaml")
    with pytest.raises(ValueError, match="without a name"):
        write_calibration([a_camera(1)], tmp_path / "d.toml")
    with pytest.raises(ValueError, match="two cameras have the name 'a'"):
        write_calibration([a_camera(1, "a"), a_camera(2, "a")], tmp_path / "d.toml")
    with pytest.raises(ValueError, match="no camera to write"):
        write_calibration({}, tmp_path / "d.toml")
    with pytest.raises(TypeError, match="camera 'a' is a"):
        write_calibration({"a": np.eye(3)}, tmp_path / "d.toml")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["c.toml"]


# What is wrong

TABLE = {
    "name": '"left"',
    "size": "[640, 480]",
    "matrix": "[[900, 0, 320], [0, 900, 240], [0, 0, 1]]",
    "distortions": "[0, 0, 0, 0, 0]",
    "rotation": "[0.1, 0.2, 0.3]",
    "translation": "[1, 2, 3]",
}


def toml(**changes: str | None) -> str:
    fields = {key: value for key, value in {**TABLE, **changes}.items() if value is not None}
    return "[cam_0]\n" + "\n".join(f"{key} = {value}" for key, value in fields.items()) + "\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (toml(matrix=None), r"camera 'left' has no 'matrix'"),
        (toml(rotation=None, rotaton="[0, 0, 0]"), "no 'rotation'. Did you mean 'rotaton'"),
        (toml(translation=None), "camera 'left' has no 'translation'"),
        (toml(distortions=None), "camera 'left' has no 'distortions'"),
        (toml(name=None, distortions=None), "camera 'cam_0' has no 'distortions'"),
        (toml(matrix="[[0, 0, 320], [0, 900, 240], [0, 0, 1]]"), r"'left': the focal length K\[0"),
        (toml(rotation="[[1, 0, 0], [0, 2, 0], [0, 0, 1]]"), "camera 'left': R must be a rotation"),
        (toml(rotation="[1, 2]"), "camera 'left': its rotation is"),
        (toml(rotation='"north"'), "camera 'left': its rotation is 'north'"),
        (toml(translation="[1, nan, 3]"), "camera 'left': t must be finite"),
        (toml(distortions="[1, 2, 3]"), "camera 'left': dist must be 4, 5 or 8"),
        (toml(fisheye="true"), "camera 'left' is a fisheye camera"),
        (toml() + toml().replace("cam_0", "cam_1"), "two cameras have the name 'left'"),
        ("[metadata]\nerror = 1\n", "TOML without a camera"),
        ("[data]\ntrain_2d = 'a.csv'\n", "TOML without a camera"),
        ("[cam_0\nname = 1\n[x]\n", "no TOML"),
        ("a,b\n1,2\n", "text that begins 'a,b', which is no calibration"),
        ("%YAML:1.0\n---\nframes: 3\n", "no camera is in it, only frames"),
        ("%YAML:1.0\n---\n- 3\n", "no values with names"),
        ("%YAML:1.0\n---\nK: [1, 2\n", "no YAML"),
        ("<opencv_storage><K>", "no XML"),
        ('{"K": ', "no JSON"),
        ("%YAML:1.0\n---\nK: !!opencv-matrix\n  rows: 3\n  cols: 3\n  dt: d\n  data: [1.]\n",
         "a matrix of 3 x 3 has the data"),
        ("K: [[900, 0, 320], [0, 900, 240], [0, 0, 1]]\nR: [0, 0, 0]\n",
         "'bad': it has R but no T"),
        ("K1: [[900, 0, 320], [0, 900, 240], [0, 0, 1]]\n", "no R and T between them"),
        ("K1: [[9, 0, 3], [0, 9, 2], [0, 0, 1]]\nR: [0, 0, 0]\nT: [0, 0, 0]\n", "no cameraMatrix2"),
        ("K: !!python/object/apply:os.system ['exit 1']\n", "no YAML"),
    ],
)  # fmt: skip
def test_an_error_names_file_camera_and_field(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as raised:
        read_calibration(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert not is_calibration(path)


def matlab(**changes: object) -> dict:
    """One camera as MATLAB's structs come out of `savemat`."""
    fields = {
        "K": [[900.0, 0, 0], [2.0, 900, 0], [320, 240, 1]],
        "r": np.eye(3),
        "t": [[1.0, 2, 3]],
        "RDistort": [[0.1, 0.2]],
        "TDistort": [[0.3, 0.4]],
    }
    return {k: v for k, v in {**fields, **changes}.items() if v is not None}


def cells(*entries: dict) -> np.ndarray:
    found = np.empty((len(entries), 1), dtype=object)
    found[:, 0] = entries
    return found


def test_dannce_of_one_camera_and_without_names(tmp_path: Path) -> None:
    turn = Rotation.from_rotvec([0.1, 0.2, 0.3]).as_matrix()
    savemat(tmp_path / "hires_cam1_params.mat", matlab(r=turn.T))
    ((name, camera),) = read_calibration(tmp_path / "hires_cam1_params.mat").items()
    assert name == "hires_cam1_params"
    assert camera.K.tolist() == [[900, 2, 320], [0, 900, 240], [0, 0, 1]]
    np.testing.assert_array_equal(camera.R, turn)
    assert camera.dist.tolist() == [0.1, 0.2, 0.3, 0.4, 0]
    savemat(tmp_path / "two.mat", {"params": cells(matlab(), matlab())})
    assert list(read_calibration(tmp_path / "two.mat")) == ["Camera1", "Camera2"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"params": cells(matlab(), matlab(t=None))}, "camera 'Camera2' has no 't'"),
        ({"params": cells(matlab(RDistort=[[1.0]]))}, "'Camera1': RDistort has 1 numbers"),
        ({"params": cells(matlab(r=np.ones((3, 3))))}, "camera 'Camera1': R must be a rotation"),
        ({"params": cells(matlab(K=np.eye(3) * [0, 1, 1]))}, "'Camera1': the focal length"),
        ({"params": cells({"a": 1}), "camnames": np.asarray(["a", "b"], object)}, "2 names for 1"),
        ({"params": np.eye(2)}, "'params' is no struct"),
        ({"com": np.eye(2)}, "a .mat file with com; expected 'params'"),
    ],
)
def test_a_mat_file_that_is_wrong_is_named(tmp_path: Path, content: dict, words: str) -> None:
    path = tmp_path / "rig.mat"
    savemat(path, content)
    with pytest.raises(ValueError, match=words) as raised:
        read_calibration(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_a_damaged_mat_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rig.mat"
    savemat(path, {"params": cells(matlab())})
    whole = path.read_bytes()
    for length in (20, 128, 150, 300, len(whole) - 10):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="rig.mat"):
            read_calibration(path)
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))
    with pytest.raises(ValueError, match=r"rig\.mat: it is a damaged \.mat file"):
        read_calibration(path)


def test_version_73_of_matlab_is_read_as_older_ones(tmp_path: Path, save_73) -> None:
    fields = {name: np.asarray(value, float) for name, value in matlab().items()}
    fields = {name: value[None] if value.ndim == 1 else value for name, value in fields.items()}
    savemat(tmp_path / "old.mat", {"params": cells(fields, fields), "camnames": ["a", "bee"]})
    save_73(tmp_path / "new.mat", params=[fields, fields], camnames=["a", "bee"])
    old, new = (read_calibration(tmp_path / name) for name in ("old.mat", "new.mat"))
    assert list(new) == list(old) == ["a", "bee"]
    for name, camera in new.items():
        np.testing.assert_array_equal(camera.K, old[name].K)
        np.testing.assert_array_equal(camera.R, old[name].R)
        np.testing.assert_array_equal(camera.t, old[name].t)
        np.testing.assert_array_equal(camera.dist, old[name].dist)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({0: {"R": np.eye(3), "tvec": np.zeros(3), "intr": np.eye(3)}}, "'0' has no 'distort'"),
        ({"points2d": np.zeros((2, 2))}, "a pickle without cameras"),
        ([1, 2], "a pickle without cameras"),
        ({0: print}, r"asks for builtins\.print; it is not opened"),
        ({0: np.asarray([print])}, "damaged|not opened"),
    ],
)
def test_a_pickle_of_anything_else_is_not_opened(tmp_path: Path, content, words: str) -> None:
    path = tmp_path / "calib.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=words) as raised:
        read_calibration(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "calibration.toml").write_text(toml())
    with pytest.raises(FileNotFoundError, match="Did you mean 'calibration.toml'"):
        read_calibration(tmp_path / "calibraton.toml")
    with pytest.raises(IsADirectoryError):
        read_calibration(tmp_path)
