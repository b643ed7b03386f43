"""Tethered flies, in files that are written here as DeepFly3D writes them, and in its own."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from examples.stand_ins import deepfly3d_cameras, whole_fly, write_deepfly3d
from liftpose import Lifter
from liftpose.datasets import angle_invariant_fly, tethered_fly
from liftpose.datasets.published import flies

REAL = (
    Path(os.environ.get("LIFTPOSE_DATA", Path(__file__).parents[4] / "shared" / "data"))
    / "raw"
    / "deepfly3d"
)
NEW = REAL / "nely_df3d-1.0.1_df3d_result.pkl"
OLD = REAL / "old_pose_result__home_julien_src_deepfly3d_data_test.pkl"
real = pytest.mark.skipif(
    not NEW.is_file(), reason="DeepFly3D's files are not here (LIFTPOSE_DATA names the folder)"
)

SKELETON = flies.FLY
LEG = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
FRAMES = 905
CAMERAS = deepfly3d_cameras()
FLY = whole_fly(FRAMES, 1, 1)
PIXELS = np.stack([camera.project(FLY) for camera in CAMERAS])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("flies")
    for number, shares in ((2, False), (6, True), (8, False)):
        name = f"pose_result__data_paper_180921_PR_Fly{number}_001_SG1_behData_images.pkl"
        write_deepfly3d(found / name, FLY, PIXELS, CAMERAS, shares)
    return found


@pytest.fixture(scope="module")
def one_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("fly") / "pose_result__180919_MDN_CsCh_Fly5_002.pkl"
    write_deepfly3d(path, FLY, PIXELS, CAMERAS)
    return path


def test_2d_3d_and_cameras_fit_each_other(one_file):
    found = tethered_fly(one_file)
    stem = one_file.stem
    assert found.keys == tuple((stem, number) for number in (0, 1, 2, 4, 5, 6))
    for key in found.keys:
        number = key[1]
        side = slice(0, 19) if number < 3 else slice(19, 38)
        seen, deep = found.poses_2d.only(key), found.poses_3d.only(key)
        assert seen.points.shape == (899, 38, 2)
        np.testing.assert_allclose(seen.points[:, side], PIXELS[number, :899, side])
        np.testing.assert_allclose(deep.points[:, side], FLY[:899, side])
        other = np.setdiff1d(np.arange(38), np.arange(38)[side])
        assert np.isnan(seen.points[:, other]).all()
        assert np.isnan(deep.points[:, other]).all()
        np.testing.assert_allclose(deep.given, FLY[:899])
        camera = found.cameras[key]
        np.testing.assert_allclose(camera.K, CAMERAS[number].K)
        np.testing.assert_allclose(camera.R, CAMERAS[number].R)
        np.testing.assert_allclose(camera.t, CAMERAS[number].t)
        np.testing.assert_array_equal(found.numbers[key], np.arange(899))
    assert max(found.reprojection().values()) < 1e-6
    assert (found.poses_3d.frame, found.poses_2d.unit, found.poses_2d.fps) == ("world", "px", 100)


def test_shares_of_the_image_are_rows_and_then_columns(tmp_path, one_file):
    write_deepfly3d(tmp_path / "Fly1.pkl", FLY, PIXELS, CAMERAS, shares=True)
    shares, pixels = tethered_fly(tmp_path), tethered_fly(one_file)
    np.testing.assert_allclose(shares.poses_2d.points, pixels.poses_2d.points, rtol=1e-12)


@pytest.mark.parametrize("shares", [True, False])
def test_a_joint_that_was_not_looked_for_is_nan(tmp_path, shares):
    pixels = PIXELS[:, :9].copy()
    pixels[1, 3, 7] = 0
    write_deepfly3d(tmp_path / "Fly1.pkl", FLY[:9], pixels, CAMERAS, shares)
    seen = tethered_fly(tmp_path).poses_2d.only(("Fly1", 1)).points
    assert np.argwhere(np.isnan(seen[:, :19]).all(axis=2)).tolist() == [[3, 7]]


def test_names_say_where_a_joint_is():
    found = dict(zip(joints_of_a_fly(), FLY[0], strict=True))
    assert found["right_front_claw"][0] > found["right_mid_claw"][0] > found["right_hind_claw"][0]
    for joint in ("front_thorax_coxa", "mid_femur_tibia", "hind_claw", "antenna", "stripe_2"):
        assert found[f"left_{joint}"][1] > 0 > found[f"right_{joint}"][1]
    for leg in ("right_front", "left_hind"):
        order = [
            found[f"{leg}_{joint}"]
            for joint in ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
        ]
        assert order[0][2] > order[-1][2]
        assert np.linalg.norm(order[0] - order[1]) < np.linalg.norm(order[0] - order[-1])


def joints_of_a_fly():
    assert SKELETON.joint_count == 38
    assert [SKELETON.joints[root] for root in SKELETON.roots] == [
        *(
            "right_front_thorax_coxa",
            "right_mid_thorax_coxa",
            "right_hind_thorax_coxa",
            "left_front_thorax_coxa",
            "left_mid_thorax_coxa",
            "left_hind_thorax_coxa",
        )
    ]
    assert all(
        {joint // 19 for joint in targets} == {root // 19} and len(targets) == 4
        for root, targets in zip(SKELETON.roots, SKELETON.target_sets, strict=True)
    )
    return SKELETON.joints


def test_flies_are_divided_as_in_the_paper(folder):
    found = tethered_fly(folder, cameras=[1, 5], frames=10)
    assert found.poses_2d.lengths == (10,) * 6
    assert {(key[0].split("_")[-5], key[1]) for key in found.train} == {("Fly2", 1), ("Fly2", 5)}
    assert {(key[0].split("_")[-5], key[1]) for key in found.test} == {("Fly6", 1), ("Fly6", 5)}


def test_one_side_is_its_fifteen_leg_joints(one_file):
    found = angle_invariant_fly(one_file, cameras=(2, 4))
    right, left = found.keys
    assert (right[-1], left[-1]) == (2, 4)
    np.testing.assert_allclose(found.poses_3d.only(right).points, FLY[:899, :15])
    np.testing.assert_allclose(found.poses_3d.only(left).points, FLY[:899, 19:34])
    np.testing.assert_allclose(found.poses_2d.only(left).points, PIXELS[4, :899, 19:34])
    assert found.skeleton.joints[0] == "front_thorax_coxa"
    assert found.skeleton.joints[14] == "hind_claw"
    assert found.skeleton.roots == (0, 5, 10)
    assert max(found.reprojection().values()) < 1e-6


def test_3d_of_another_frame_is_noticed_and_found_anew(tmp_path):
    path = tmp_path / "Fly3.pkl"
    write_deepfly3d(path, FLY[:20] * 0.6 + 1, PIXELS[:, :20], CAMERAS)
    with pytest.warns(UserWarning, match=r"3D lies far .* triangulated=True"):
        tethered_fly(path)
    found = tethered_fly(path, triangulated=True)
    np.testing.assert_allclose(
        found.poses_3d.only(("Fly3", 0)).points[:, :19], FLY[:20, :19], atol=1e-5
    )


def test_what_is_loaded_can_be_learned(tmp_path):
    for number in (4, 7):
        points = whole_fly(200, number, 1)
        pixels = np.stack([camera.project(points) for camera in CAMERAS])
        write_deepfly3d(tmp_path / f"Fly{number}.pkl", points, pixels, CAMERAS)
    found = tethered_fly(tmp_path, cameras=(1, 5))
    train, test = found.only(found.train), found.only(found.test)
    lifter = Lifter(found.skeleton, network="ridge")
    lifter.fit(train.poses_2d, train.poses_3d, train.cameras)
    lifted = lifter.lift(test.poses_2d, camera=test.cameras)
    for key in test.keys:
        roots, joints = ([0, 5, 10], range(15)) if key[1] < 3 else ([19, 24, 29], range(19, 34))
        anchors = np.repeat(roots, 5)
        truth = test.poses_3d.only(key).points
        truth = truth[:, joints] - truth[:, anchors]
        rows = test.poses_3d.experiment == test.keys.index(key)
        mine = lifted.position[rows]
        mine = mine[:, joints] - mine[:, anchors]
        error = np.linalg.norm(mine - truth, axis=2).mean()
        assert error < 0.7 * np.linalg.norm(truth - truth.mean(axis=0), axis=2).mean(), key


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.pop("points3d"), "there is no 'points3d'"),
        (
            lambda c: c.update(points3d=np.zeros((5, 37, 3))),
            r"'points3d' has the shape \(5, 37, 3\)",
        ),
        (lambda c: c.update(points2d=c["points2d"][:, :4]), r"'points2d' has the shape \(7, 4, 38"),
        (lambda c: c.pop(2), "there is no camera 2; there are"),
        (lambda c: c[2].pop("tvec"), "camera '2' has no 'tvec'"),
        (lambda c: c.update(points2d=c["points2d"][:2]), "of 2 cameras; camera 2 is not"),
        (lambda c: c.update(points3d="none"), "'points3d' is a str"),
    ],
)
def test_another_layout_is_an_error_that_names_the_file(tmp_path, change, words):
    path = tmp_path / "Fly1.pkl"
    write_deepfly3d(path, FLY[:5], PIXELS[:, :5], CAMERAS)
    content = pickle.loads(path.read_bytes())
    change(content)
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=rf"Fly1\.pkl: .*{words}"):
        tethered_fly(tmp_path)


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no \.pkl file .* it is empty"):
        tethered_fly(tmp_path)
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(FileNotFoundError, match=r"it holds 'notes\.txt'"):
        tethered_fly(tmp_path)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(print))
    with pytest.raises(ValueError, match=r"a\.pkl: the pickle asks for builtins\.print"):
        tethered_fly(tmp_path)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(ValueError, match="holds a list; expected a dict"):
        tethered_fly(tmp_path)
    with pytest.raises(ValueError, match=r"cameras is \[3\]"):
        tethered_fly(tmp_path, cameras=[3])


@real
def test_a_result_of_deepfly3d_is_shown_where_it_was_seen():
    found = tethered_fly(NEW)
    assert found.poses_2d.lengths == (15,) * 6
    apart = found.reprojection()
    assert max(apart.values()) < 4
    # Rows and columns exchanged would lie hundreds of pixels off.
    assert np.nanmax(found.poses_2d.points[..., 1]) < 480 < np.nanmax(found.poses_2d.points[..., 0])


@real
def test_an_old_result_is_triangulated_anew():
    with pytest.warns(UserWarning, match="another frame than the cameras"):
        tethered_fly(OLD)
    assert max(tethered_fly(OLD, triangulated=True).reprojection().values()) < 3.5
