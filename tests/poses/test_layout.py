"""Poses as datasets in the layout of movement: against movement itself, and there and back."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from liftpose.poses import Lifted, Poses, Verdict
from liftpose.poses.layout import dataset_to_poses, lifted_to_dataset, poses_to_dataset

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=0, max_size=8
)
keys = st.recursive(
    texts | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)


@st.composite
def any_poses(draw, dims=(2, 3)):
    """Poses of any number of experiments, with anything known or not."""
    count = draw(st.integers(1, 4))
    joint_count, dim = draw(st.integers(1, 4)), draw(st.sampled_from(dims))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    numbers = hnp.from_dtype(np.dtype(dtype), allow_infinity=False)
    lengths = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    # 1, 1.0 and True are the same key of a dict.
    names = draw(st.lists(keys, min_size=count, max_size=count, unique=True))
    if draw(st.booleans()):
        lengths = lengths[:1] * count
    tables = {
        name: draw(hnp.arrays(dtype, (length, joint_count, dim), elements=numbers))
        for name, length in zip(names, lengths, strict=True)
    }
    sure = {
        name: draw(hnp.arrays(np.float32, table.shape[:2], elements=st.floats(0, 1, width=32)))
        for name, table in tables.items()
    }
    distinct = {"unique": True} if draw(st.booleans()) else {}
    return Poses.from_experiments(
        tables,
        confidence=draw(st.sampled_from([None, sure])),
        joints=draw(
            st.none() | st.lists(texts, min_size=joint_count, max_size=joint_count, unique=True)
        ),
        individuals=draw(st.none() | st.lists(texts, min_size=count, max_size=count, **distinct)),
        fps=draw(st.none() | st.floats(0.1, 1e4)),
        unit=draw(st.none() | texts),
        frame=draw(st.sampled_from([None, "world", "camera"])),
        source_software=draw(st.none() | texts),
        source_file=draw(st.none() | texts),
    )


def assert_same(poses: Poses, other: Poses, source_file: bool = True) -> None:
    """All that is known of two poses is the same, to the last bit."""
    np.testing.assert_array_equal(poses.points, other.points, strict=True)
    assert poses.keys == other.keys
    assert [type(key) for key in poses.keys] == [type(key) for key in other.keys]
    for name in ("lengths", "joints", "individuals", "fps", "unit", "frame", "source_software"):
        assert getattr(poses, name) == getattr(other, name), name
    if source_file:
        assert poses.source_file == other.source_file
    if poses.confidence is None:
        assert other.confidence is None
    else:
        np.testing.assert_array_equal(poses.confidence, other.confidence, strict=True)


@given(any_poses())
def test_there_and_back_nothing_is_lost(poses):
    assert_same(poses, dataset_to_poses(poses_to_dataset(poses)))


def two_flies(lengths=(4, 4), names=("anna", "ben"), **known) -> Poses:
    rng = np.random.default_rng(0)
    tables = {name: rng.normal(size=(n, 3, 2)) for name, n in zip(names, lengths, strict=True)}
    return Poses.from_experiments(
        tables, joints=["head", "thorax", "tail"], individuals=names, fps=50, **known
    )


def test_individuals_of_the_same_length_lie_side_by_side():
    poses = two_flies()
    dataset = poses.to_dataset()
    assert dict(dataset.sizes) == {"time": 4, "space": 2, "keypoints": 3, "individuals": 2}
    ben = dataset.position.sel(individuals="ben", keypoints="tail", space="y")
    np.testing.assert_array_equal(ben, poses.only("ben").points[:, 2, 1])
    np.testing.assert_array_equal(dataset.time, [0, 0.02, 0.04, 0.06])
    assert "experiment" not in dataset.coords


def test_others_follow_one_another_in_time():
    poses = two_flies(lengths=(4, 2))
    dataset = poses.to_dataset()
    assert dict(dataset.sizes) == {"time": 6, "space": 2, "keypoints": 3, "individuals": 1}
    np.testing.assert_array_equal(dataset.experiment, ["anna"] * 4 + ["ben"] * 2)
    np.testing.assert_allclose(dataset.time, np.arange(6) / 50)
    part = dataset.isel(time=dataset.experiment == "ben")
    assert_same(dataset_to_poses(part), poses.only("ben"))
    assert Poses.from_dataset(dataset.isel(time=slice(2, 5))).lengths == (2, 1)


def test_what_is_not_known_is_left_out():
    dataset = Poses.from_experiments(np.zeros((4, 5, 3))).to_dataset()
    assert dataset.attrs == {"ds_type": "poses", "time_unit": "frames"}
    assert dataset.position.attrs == {}
    np.testing.assert_array_equal(dataset.time, np.arange(4))


def test_units_stand_on_the_dataset_and_on_the_position():
    dataset = Poses.from_experiments(np.zeros((4, 5, 3)), unit="mm", frame="world").to_dataset()
    assert (dataset.unit, dataset.frame) == ("mm", "world")
    assert dataset.position.attrs == {"units": "mm", "frame": "world"}
    del dataset.attrs["unit"]
    assert Poses.from_dataset(dataset).unit == "mm"


def test_names_that_a_user_gives_afterwards_count():
    dataset = Poses.from_experiments(np.zeros((4, 2, 3))).to_dataset()
    assert Poses.from_dataset(dataset).joints is None
    assert Poses.from_dataset(dataset.assign_coords(keypoints=["a", "b"])).joints == ("a", "b")


def lifted(**known) -> Lifted:
    rng = np.random.default_rng(1)
    position, relative, spread = rng.normal(size=(3, 6, 4, 3)).astype(np.float32)
    return replace(
        Lifted(position, relative, ("walk", "rest"), (4, 2), spread=spread), fps=20.0, **known
    )


def test_lifted_poses_keep_what_lifted_them_and_all_they_hold():
    given = lifted(novelty=np.arange(6, dtype=np.float32), unit="mm", provenance={"lifter": "abc"})
    dataset = given.to_dataset()
    assert dataset.attrs["lifter"] == "abc"
    for name in ("position", "root_relative", "spread"):
        values = dataset[name].isel(individuals=0).transpose("time", "keypoints", "space")
        np.testing.assert_array_equal(values, getattr(given, name), strict=True)
        assert dataset[name].units == "mm"
    np.testing.assert_array_equal(dataset.novelty.isel(individuals=0), given.novelty)
    assert dataset.novelty.dims == ("time", "individuals")
    assert_same(
        dataset_to_poses(dataset),
        Poses.from_experiments(
            {"walk": given.position[:4], "rest": given.position[4:]}, fps=20, unit="mm"
        ),
    )


def test_provenance_may_not_take_the_name_of_another_attribute():
    with pytest.raises(ValueError, match="'unit'"):
        lifted_to_dataset(lifted(provenance={"unit": "mm"}))


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"])
def test_text_that_no_file_keeps_is_refused_at_once(bad):
    with pytest.raises(ValueError, match="joint"):
        Poses.from_experiments(np.zeros((1, 1, 2)), joints=[bad]).to_dataset()
    with pytest.raises(ValueError, match="individual"):
        Poses.from_experiments(np.zeros((1, 1, 2)), individuals=[bad]).to_dataset()
    with pytest.raises(ValueError, match="unit"):
        Poses.from_experiments(np.zeros((1, 1, 2)), unit=bad).to_dataset()
    poses = Poses.from_experiments({bad: np.zeros((1, 1, 2))})
    assert Poses.from_dataset(poses.to_dataset()).keys == (bad,)


def test_the_singular_spelling_is_understood():
    poses = two_flies()
    dataset = poses.to_dataset().rename(keypoints="keypoint", individuals="individual")
    assert_same(dataset_to_poses(dataset), poses)


def test_a_dataset_without_individuals_is_one_experiment():
    poses = two_flies()
    dataset = poses.to_dataset().sel(individuals="anna")
    again = dataset_to_poses(dataset)
    assert again.keys == ("",)
    np.testing.assert_array_equal(again.points, poses.only("anna").points)


def test_axes_are_taken_by_name():
    poses = two_flies()
    turned = poses.to_dataset().isel(space=[1, 0]).transpose("individuals", "space", ...)
    assert_same(dataset_to_poses(turned), poses)


def changed(**attrs) -> xr.Dataset:
    dataset = two_flies().to_dataset()
    dataset.attrs.update(attrs)
    return dataset


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (xr.Dataset({"speed": ("time", [1.0])}), "holds speed; expected a variable 'position'"),
        (changed(ds_type="bboxes"), "'bboxes'"),
        (
            changed().isel(keypoints=0),
            "has the dimensions time, space, individuals",
        ),
        (changed().isel(space=[0]), "expected \\['x', 'y'\\]"),
        (changed().assign_coords(space=["rho", "phi"]), "rho"),
        (changed(fps=-3), "fps"),
        (changed().assign_coords(keypoints=["a", "b", "a"]), "the joint 'a' twice"),
        (changed().assign_coords(individuals=["a", "a"]), "not all different"),
        (changed().assign_coords(experiment=("time", list("abab"))), "dimensions"),
        (
            changed().isel(individuals=[0]).assign_coords(experiment=("time", list("abab"))),
            "several pieces",
        ),
        (changed().isel(time=slice(0, 0)), "nothing in it"),
        (
            changed().assign(confidence=("keypoints", np.zeros(3))),
            "'confidence' has the dimensions keypoints",
        ),
    ],
)
def test_other_datasets_are_refused_with_what_they_hold(dataset, words):
    with pytest.raises(ValueError, match=words):
        dataset_to_poses(dataset)


def test_what_is_no_dataset_is_refused():
    with pytest.raises(TypeError, match="DataArray"):
        dataset_to_poses(two_flies().to_dataset().position)


@pytest.fixture(scope="module")
def movement():
    return pytest.importorskip("movement", reason="needs the extra io")


@pytest.mark.parametrize("poses", [two_flies(), two_flies(lengths=(4, 3)), lifted()])
def test_movement_accepts_the_datasets_and_works_on_them(movement, poses):
    from movement.kinematics import compute_velocity
    from movement.validators.datasets import ValidPosesInputs

    dataset = poses.to_dataset()
    ValidPosesInputs.validate(dataset)
    velocity = compute_velocity(dataset.position)
    expected = np.gradient(dataset.position.values, 1 / poses.fps, axis=0)
    np.testing.assert_allclose(velocity, expected, rtol=1e-5)


def test_the_dataset_is_the_one_that_movement_makes(movement):
    from movement.io import load_poses

    poses = two_flies(source_software="DeepLabCut")
    position = np.stack([poses.only(key).points for key in poses.keys], -1).swapaxes(1, 2)
    theirs = load_poses.from_numpy(
        position,
        individual_names=["anna", "ben"],
        keypoint_names=["head", "thorax", "tail"],
        fps=50,
        source_software="DeepLabCut",
    )
    ours = poses.to_dataset()
    xr.testing.assert_equal(ours, theirs)
    assert ours.attrs == theirs.attrs
    assert_same(Poses.from_dataset(theirs), poses)


def test_scores_of_sleap_that_exceed_one_a_little_count_as_one():
    scores = np.array([[0.3, 1.08, np.nan]])
    poses = Poses.from_experiments(np.zeros((1, 3, 2)), confidence=np.zeros((1, 3)))
    dataset = poses.to_dataset()
    for software, value, kept in (
        ("SLEAP", 1.08, True),
        ("DeepLabCut", 1.08, False),
        ("SLEAP", 93.0, False),
    ):
        scores[0, 1] = value
        changed = dataset.assign(confidence=dataset.confidence.copy(data=scores[..., None]))
        changed.attrs["source_software"] = software
        if kept:
            expected = np.array([[0.3, 1, np.nan]], np.float32)
            np.testing.assert_array_equal(Poses.from_dataset(changed).confidence, expected)
        else:
            with pytest.raises(ValueError, match="expected 0 to 1"):
                Poses.from_dataset(changed)


def test_verdicts_are_kept_by_the_names_of_experiments():
    still = np.zeros((6, 2, 3), np.float32)
    verdicts = {
        ("walk", 1): Verdict(
            "other camera", 1.5, 0.2, ("unlike the training data",), {"shape": 1.5}
        ),
        2: Verdict("like the training data", 0.1, 0.0),
    }
    lifted = Lifted(still, still, (("walk", 1), 2), (4, 2), verdicts=verdicts)
    again = Lifted.from_dataset(lifted.to_dataset())
    assert again.verdicts == verdicts
    assert "verdicts" not in again.provenance
    assert again.only(2).verdicts == {2: verdicts[2]}
    assert Lifted.from_dataset(Lifted(still, still, ("a",), (6,)).to_dataset()).verdicts is None
