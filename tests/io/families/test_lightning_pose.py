"""Lightning Pose's tables: against movement and pandas where they read them, and where not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import recordings
from liftpose.io import open_poses, read_poses, write_poses
from liftpose.poses import Poses

FOLDER = recordings.data_folder() / "raw" / "lightning_pose"
CAMERAS = [f"05272019_fly4_0_R1C24_Cam-{c}_rot-ccw-0.06_sec.rng=0.csv" for c in "AB"]
LABELS = "mirror-mouse_CollectedData.csv"


def recorded(name: str):
    if not (FOLDER / name).is_file():
        pytest.skip("Lightning Pose's files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def frame_of(path, coordinates):
    pd = pytest.importorskip("pandas")
    frame = pd.read_csv(path, header=[0, 1, 2], index_col=0)
    joints = list(dict.fromkeys(joint for _, joint, _ in frame.columns))
    (scorer,) = {scorer for scorer, *_ in frame.columns}
    values = [[frame[scorer, joint, axis] for axis in coordinates] for joint in joints]
    return np.array(values).transpose(2, 0, 1), tuple(joints)


@pytest.mark.parametrize("name", CAMERAS)
def test_real_predictions_are_read_as_movement_and_pandas_read_them(name):
    path = recorded(name)
    poses = read_poses(path)
    values, joints = frame_of(path, ("x", "y", "likelihood"))
    np.testing.assert_array_equal(poses.points, values[..., :2])
    np.testing.assert_array_equal(poses.confidence, values[..., 2].astype(np.float32))
    assert poses.joints == joints
    assert (poses.source_software, poses.unit) == ("LightningPose", "px")
    assert poses.provenance == {"scorer": "heatmap_tracker"}
    with open_poses(path) as file:
        assert file.about.format == "lightning_pose"
    pytest.importorskip("movement", reason="needs the extra io")
    from movement.io import load_dataset

    theirs = load_dataset(path, source_software="LightningPose")
    position = theirs.position.transpose("individuals", "time", "keypoints", "space").values
    np.testing.assert_array_equal(poses.points, position[0])


def test_real_labels_are_a_table_of_deeplabcut_unless_it_is_said_otherwise():
    path = recorded(LABELS)
    values, joints = frame_of(path, ("x", "y"))
    for kind, software in ((None, "DeepLabCut"), ("lightning_pose", "LightningPose")):
        poses = read_poses(path, format=kind)
        np.testing.assert_array_equal(poses.points, values)
        assert (poses.joints, poses.source_software) == (joints, software)
        assert poses.confidence is None
        assert poses.provenance == {"scorer": "rick"}


ENSEMBLE = ("x", "y", "likelihood", "x_ens_median", "y_ens_median", "x_ens_var", "y_ens_var")


def table(scorer="heatmap_tracker", coords=("x", "y", "likelihood"), frames=5):
    pd = pytest.importorskip("pandas")
    levels = [[scorer], ["nose", "tail"], list(coords)]
    columns = pd.MultiIndex.from_product(levels, names=["scorer", "bodyparts", "coords"])
    return pd.DataFrame(np.random.default_rng(0).random((frames, len(columns))), columns=columns)


@pytest.mark.parametrize(
    "coords",
    [
        ENSEMBLE,
        (*ENSEMBLE, "x_posterior_var", "y_posterior_var"),
        ("x", "y", "likelihood", "x_var", "y_var", "zscore"),
        ("x", "y", "z", "x_posterior_var", "y_posterior_var", "z_posterior_var"),
    ],
)
def test_what_an_ensemble_says_besides_is_kept(coords, tmp_path):
    frame = table("ensemble-kalman_tracker", coords)
    frame.to_csv(tmp_path / "eks.csv")
    poses = read_poses(tmp_path / "eks.csv")
    axes = [axis for axis in coords if axis in "xyz"]
    assert poses.source_software == "LightningPose"
    assert list(poses.extra) == [name for name in coords if name not in (*axes, "likelihood")]
    for number, joint in enumerate(("nose", "tail")):
        mine = frame["ensemble-kalman_tracker", joint]
        np.testing.assert_array_equal(poses.points[:, number], mine[axes])
        for name, values in poses.extra.items():
            np.testing.assert_array_equal(values[:, number], mine[name])


def test_what_images_were_used_for_is_left_out(tmp_path):
    frame = table()
    values = frame.to_numpy().reshape(5, 2, 3)
    frame.index = [f"labeled-data/v/img{number:03}.png" for number in range(5)]
    frame.loc[:, ("set", "", "")] = ["train", "train", "validation", "unused", "test"]
    frame.to_csv(tmp_path / "predictions.csv")
    poses = read_poses(tmp_path / "predictions.csv")
    assert (poses.source_software, poses.joints) == ("LightningPose", ("nose", "tail"))
    np.testing.assert_array_equal(poses.points, values[..., :2])


def test_one_of_deeplabcut_is_not_taken_for_one_of_these(tmp_path):
    for scorer, kind in (("DLC_resnet50", "deeplabcut"), ("regression_tracker", "lightning_pose")):
        table(scorer).to_csv(tmp_path / "poses.csv")
        with open_poses(tmp_path / "poses.csv") as file:
            assert file.about.format == kind


def seen(joints=("nose", "tail"), scorer="heatmap_mhcrnn_tracker", **known):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(4, len(joints), 2)) * 100
    points[1, 0] = np.nan
    return Poses.from_experiments(
        points,
        joints=joints,
        confidence=rng.random((4, len(joints)), np.float32),
        extra={"x_ens_var": rng.random((4, len(joints)))},
        provenance={"scorer": scorer},
        **known,
    )


names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
        str.strip
    ),
    min_size=1,
    max_size=4,
    unique=True,
)


@given(names)
@settings(max_examples=25)
def test_what_is_written_is_read(tmp_path_factory, joints):
    path = tmp_path_factory.mktemp("names") / "walk.csv"
    poses = seen(tuple(joints))
    again = read_poses(write_poses(poses, path, format="lightning_pose"))
    assert (again.joints, again.provenance) == (poses.joints, poses.provenance)
    assert (again.source_software, again.keys) == ("LightningPose", ("",))
    np.testing.assert_array_equal(again.points, poses.points)
    np.testing.assert_array_equal(again.confidence, poses.confidence)
    np.testing.assert_array_equal(again.extra["x_ens_var"], poses.extra["x_ens_var"])


def test_what_is_written_opens_in_movement(tmp_path):
    pytest.importorskip("movement", reason="needs the extra io")
    from movement.io import load_dataset

    poses = seen(scorer="DLC_resnet50")
    poses = Poses.from_experiments(poses.points, joints=poses.joints, confidence=poses.confidence)
    path = write_poses(poses, tmp_path / "walk.csv", format="lightning_pose")
    theirs = load_dataset(path, source_software="LightningPose")
    position = theirs.position.transpose("individuals", "time", "keypoints", "space").values
    np.testing.assert_allclose(position[0], poses.points, rtol=1e-15)
    assert read_poses(path).provenance == {"scorer": "liftpose_tracker"}


def test_individuals_and_3d_are_refused(tmp_path):
    flies = Poses.from_experiments({"a": np.zeros((2, 1, 2))}, individuals=["a"])
    solid = Poses.from_experiments(np.zeros((2, 1, 3)))
    for poses, words in ((flies, "knows no individuals"), (solid, "holds no 3D poses")):
        with pytest.raises(ValueError, match=words):
            write_poses(poses, tmp_path / "walk.csv", format="lightning_pose")
    assert not list(tmp_path.iterdir())
