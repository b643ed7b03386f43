"""DeepFly3D's three layouts: told apart, and held against the cameras that are in the files."""

import contextlib
import pickle

import numpy as np
import pytest

from benchmarks import recordings
from liftpose.geometry.triangulation import triangulate
from liftpose.io import formats, open_poses, read_calibration, read_poses
from liftpose.io.decoding.pickled_numbers import numbers
from liftpose.io.families.deepfly3d import JOINTS

FOLDER = recordings.data_folder() / "raw" / "deepfly3d"
NEW = "nely_df3d-1.0.1_df3d_result.pkl"
OLD = "old_pose_result__home_julien_src_deepfly3d_data_test.pkl"
BARE = "preds_180921_aDN_CsCh_Fly6_003_SG1_behData_images-images.pkl"
SEES = {**dict.fromkeys((0, 1, 2), slice(0, 19)), **dict.fromkeys((4, 5, 6), slice(19, 38))}


def recorded(name: str):
    if not (FOLDER / name).is_file():
        pytest.skip("DeepFly3D's files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def pickled(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


def newest(tmp_path, ordering=(6, 5, 4, 3, 2, 1, 0), **changed):
    """A result as DeepFly3D saves it since it takes shares of the image; and its shares."""
    rng = np.random.default_rng(0)
    shares = np.zeros((7, 5, 38, 2))
    for place, joints in SEES.items():
        shares[ordering[place], :, joints] = rng.uniform(0.1, 0.9, (5, 19, 2))
    for place in (4, 5, 6):
        unseen = (shares[ordering[place]] == 0).all(axis=-1)
        shares[ordering[place], unseen, 1] = 1  # zeros, mirrored back
    content = {
        "points2d": shares,
        "points3d_wo_procrustes": rng.normal(size=(5, 38, 3)),
        "points3d": rng.normal(size=(5, 38, 3)),
        "camera_ordering": np.array(ordering),
        "heatmap_confidence": rng.uniform(size=(7, 5, 19)).astype(np.float32),
        "image_shape": [960, 480],
    } | changed
    content = {name: value for name, value in content.items() if value is not None}
    return pickled(tmp_path / "df3d_result_test.pkl", content), content


def test_3d_projects_onto_2d_with_the_cameras_of_the_file():
    path = recorded(NEW)
    space, cameras = read_poses(path), read_calibration(path)
    assert (space.points.shape, space.joints, space.unit) == ((15, 38, 3), JOINTS, None)
    for number, seen in SEES.items():
        image = read_poses(path, camera=number)
        assert (image.unit, image.dims, image.joints) == ("px", 2, JOINTS)
        unseen = np.isnan(image.points).any(axis=(0, 2))
        assert not unseen[seen].any()
        assert unseen.sum() == 19
        projected = cameras[str(number)].project(space.points[:, seen].reshape(-1, 3))
        off = np.linalg.norm(projected - image.points[:, seen].reshape(-1, 2), axis=-1)
        assert np.median(off) < 5


def test_the_old_layout_is_in_pixels_x_first():
    path = recorded(OLD)
    cameras = read_calibration(path)
    for numbers_ in ((0, 1, 2), (4, 5, 6)):
        seen = SEES[numbers_[0]]
        views = np.stack([read_poses(path, camera=n).points[:, seen] for n in numbers_])
        rig = [cameras[str(number)] for number in numbers_]
        assert np.nanmedian(triangulate(views, rig).errors) < 5
        with pytest.warns(UserWarning, match="px"):
            assert np.nanmedian(triangulate(views[..., ::-1], rig).errors) > 10
    assert np.array_equal(read_poses(path).points, numbers(path.read_bytes())["points3d"])


def test_bare_predictions_are_shares_x_first():
    path = recorded(BARE)
    zoo = recordings.data_folder() / "zoo" / "fly_df3d_groom_6cam.npz"
    if not zoo.is_file():
        pytest.skip("the recordings are not here (LIFTPOSE_DATA names the folder)")
    legs = np.load(zoo)["pose2d"]
    for place, number in enumerate((0, 1, 2, 4, 5, 6)):
        poses = read_poses(path, camera=number)
        assert poses.joints == (JOINTS[:19] if number < 3 else JOINTS[19:])
        half = slice(0, 15) if number < 3 else slice(15, 30)
        np.testing.assert_allclose(poses.points[:, :15], legs[place, :, half], atol=1e-3)
    wider = read_poses(path, camera=0, size=(1920, 480))
    np.testing.assert_allclose(wider.points, read_poses(path, camera=0).points * [2, 1], rtol=1e-6)


@pytest.mark.parametrize("ordering", [range(7), (6, 5, 4, 3, 2, 1, 0), (0, 6, 5, 4, 3, 2, 1)])
def test_the_newest_layout_is_in_shares_row_first(ordering, tmp_path):
    path, content = newest(tmp_path, tuple(ordering))
    np.testing.assert_array_equal(read_poses(path).points, content["points3d"])
    for place, seen in SEES.items():
        number = ordering[place]
        poses = read_poses(path, camera=number)
        rows, columns = np.moveaxis(content["points2d"][number, :, seen], -1, 0)
        np.testing.assert_allclose(poses.points[:, seen, 0], columns * 960)
        np.testing.assert_allclose(poses.points[:, seen, 1], rows * 480)
        np.testing.assert_array_equal(
            poses.confidence[:, seen], content["heatmap_confidence"][number]
        )
        for values in (poses.points, poses.confidence):
            assert np.isnan(np.delete(values, np.r_[seen], axis=1)).all()


def test_the_size_of_the_image_is_that_of_the_file_or_of_the_hint(tmp_path):
    path, content = newest(tmp_path, image_shape=[400, 200])
    _, seen = next(iter(SEES.items()))
    rows, columns = np.moveaxis(content["points2d"][6, :, seen], -1, 0)
    for size, given in ((None, (400, 200)), ((100, 50), (100, 50))):
        poses = read_poses(path, camera=6, size=size)
        np.testing.assert_allclose(poses.points[:, seen, 0], columns * given[0])
        np.testing.assert_allclose(poses.points[:, seen, 1], rows * given[1])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_any_protocol_is_recognised(protocol, tmp_path):
    values = np.random.default_rng(0).uniform(0.1, 0.9, (7, 900, 19, 2))
    path = pickled(tmp_path / "preds.pkl", values, protocol)
    with open_poses(path, camera=1) as file:
        assert (file.about.format, file.about.frames) == ("deepfly3d", 900)
    path, _ = newest(tmp_path)
    assert read_poses(pickled(path, numbers(path.read_bytes()), protocol)).dims == 3


@pytest.mark.parametrize(
    ("changed", "hints", "told"),
    [
        ({}, {"dims": 2}, "2D of the cameras 0, 1, 2, 4, 5, 6; say which one with camera="),
        ({}, {"camera": 3}, "no 2D of a camera 3; of these it does: 0, 1, 2, 4, 5, 6"),
        ({}, {"camera": "top"}, "no 2D of a camera 'top'"),
        ({}, {"camera": 0, "dims": 3}, "are for 2D"),
        ({}, {"camera": 0, "dims": 4}, "dims is 4; expected 2 or 3"),
        ({}, {"camera": 0, "size": (960,)}, "size of the image"),
        ({"points3d": None}, {"dims": 3}, "not calibrated"),
        ({"points3d": np.zeros((5, 30, 3))}, {}, r"points3d is \(5, 30, 3\); expected \(N, 38, 3"),
        ({"points3d": [["a"]]}, {}, "expected numbers"),
        ({"points2d": np.zeros((7, 5, 38))}, {"camera": 0}, r"expected numbers \(7, N, 38, 2\)"),
        ({"camera_ordering": [0, 1]}, {"camera": 0}, "camera_ordering"),
    ],
)
def test_what_is_wrong_is_said(changed, hints, told, tmp_path):
    path, _ = newest(tmp_path, **changed)
    with pytest.raises(ValueError, match=told) as error:
        read_poses(path, **hints)
    assert str(path) in str(error.value)


def test_other_pickles_are_refused(tmp_path):
    bare = pickled(tmp_path / "bare.pkl", np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"the array is \(3, 4\)"):
        read_poses(bare, camera=0)
    with pytest.raises(ValueError, match="no 3D"):
        read_poses(pickled(bare, np.ones((7, 5, 19, 2))), dims=3)
    hostile = pickled(tmp_path / "hostile.pkl", {"points2d": print})
    with pytest.raises(ValueError, match=r"asks for builtins\.print"):
        read_poses(hostile, camera=0)
    with pytest.raises(ValueError, match="no pose file"):
        read_poses(pickled(tmp_path / "calib.pkl", {0: {"R": np.eye(3)}}))


def test_damage_ends_in_our_error(tmp_path):
    path, _ = newest(tmp_path)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for cut in range(1, len(whole), len(whole) // 40):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="damaged|no pose file"):
            read_poses(path)
    for _ in range(60):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(changed)
        with contextlib.suppress(ValueError):  # and nothing else
            read_poses(path)


def test_the_table_says_what_is_read():
    entry = next(entry for entry in formats() if entry.name == "deepfly3d")
    assert (entry.reads, entry.unproven, entry.writes) == ((2, 3), (), ())
    assert len(set(JOINTS)) == 38


def test_its_joints_are_those_of_the_shipped_skeleton():
    from liftpose import Skeleton

    assert Skeleton.named("fly38").joints == JOINTS


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (0, 2, 1)])
def test_confidence_is_found_whatever_the_order_of_its_axes(order, tmp_path):
    sure = np.random.default_rng(1).uniform(size=(7, 5, 19))
    path, content = newest(tmp_path, heatmap_confidence=sure.transpose(order))
    place, seen = next(iter(SEES.items()))
    number = int(content["camera_ordering"][place])
    np.testing.assert_allclose(
        read_poses(path, camera=number).confidence[:, seen], sure[number], rtol=1e-6
    )


@pytest.mark.parametrize("sure", [np.zeros((7, 4, 19)), np.zeros(3), [["a"]]])
def test_confidence_of_another_layout_is_left_out_with_a_warning(sure, tmp_path):
    path, _ = newest(tmp_path, heatmap_confidence=sure)
    with pytest.warns(UserWarning, match=r"heatmap_confidence is .* expected \(7, 5, 19\)"):
        poses = read_poses(path, camera=0)
    assert poses.confidence is None
    assert np.isfinite(poses.points).any()
