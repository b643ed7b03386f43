"""Angles over time, and how sure they are."""

import csv

import numpy as np
import pytest

from liftpose import Lifted, Skeleton
from liftpose.postprocess import joint_angles

LEG = Skeleton(
    ["hip", "knee", "toe", "tail", "chest"],
    bones=[("hip", "knee"), ("knee", "toe"), ("tail", "hip"), ("hip", "chest")],
    roots=["hip"],
)


def lifted(frames=6, keys=("",), lengths=None, **more):
    position = np.random.default_rng(0).normal(0, 10, (frames, 5, 3)).astype(np.float32)
    more = {"joints": LEG.joints, **more}
    return Lifted(position, position, keys, lengths or (frames,), **more)


def angle(a, b, c):
    one, other = a - b, c - b
    return np.degrees(np.arccos(one @ other / np.linalg.norm(one) / np.linalg.norm(other)))


def test_every_two_bones_that_meet_have_an_angle_named_from_the_root():
    poses = lifted()
    found = joint_angles(poses, LEG)
    assert found.names == (
        "knee-hip-tail", "knee-hip-chest", "tail-hip-chest", "hip-knee-toe"
    )  # fmt: skip
    for number, triple in enumerate([(1, 0, 3), (1, 0, 4), (3, 0, 4), (0, 1, 2)]):
        expected = [angle(*frame[list(triple)].astype(float)) for frame in poses.position]
        np.testing.assert_allclose(found.values[:, number], expected, atol=1e-4)
    assert found.spread is None


def test_joints_in_a_ring_and_apart_from_the_roots_have_angles():
    ring = Skeleton(
        list("abcxyz"), bones=[*map(tuple, ("ab", "bc", "ca", "xy", "yz"))], roots=["a"]
    )
    still = np.random.default_rng(0).normal(size=(3, 6, 3))
    names = joint_angles(Lifted(still, still, ("",), (3,), ring.joints), ring).names
    assert set(names) == {"b-a-c", "a-b-c", "a-c-b", "x-y-z"}


def test_triples_are_taken_by_name_and_number_in_any_order_of_joints():
    poses = lifted()
    found = joint_angles(poses, LEG, [("tail", "chest", "toe"), (0, 1, 2)])
    assert found.names == ("tail-chest-toe", "hip-knee-toe")
    turned = joint_angles(poses, LEG.subset(LEG.joints[::-1]), [("tail", "chest", "toe")])
    np.testing.assert_array_equal(turned.values[:, 0], found.values[:, 0])


def test_the_spread_is_that_of_many_noisy_poses():
    rng = np.random.default_rng(1)
    pose = np.array([[0.0, 0, 0], [20, 5, 0], [25, -20, 5], [-30, 10, 0], [30, 0, 20]])
    spread = rng.uniform(0.1, 0.6, (5, 3))
    noisy = (pose + rng.normal(size=(20000, 5, 3)) * spread).astype(np.float32)
    wide = np.broadcast_to(spread, noisy.shape).astype(np.float32)
    found = joint_angles(Lifted(noisy, noisy, ("",), (20000,), LEG.joints, spread=wide), LEG)
    np.testing.assert_allclose(np.median(found.spread, axis=0), found.values.std(0), rtol=0.05)


def test_an_origin_without_spread_counts_for_nothing():
    spread = np.ones((6, 5, 3), np.float32)
    spread[:, 0], exact = np.nan, spread.copy()
    exact[:, 0] = 0
    found, expected = (joint_angles(lifted(spread=one), LEG) for one in (spread, exact))
    np.testing.assert_array_equal(found.spread, expected.spread)
    assert np.isfinite(found.spread).all()


def test_a_table_has_a_row_for_every_frame_of_every_experiment(tmp_path):
    spread = np.full((6, 5, 3), 0.1, np.float32)
    poses = lifted(keys=("a", ("b", 1)), lengths=(2, 4), spread=spread, fps=50.0)
    poses.position[3, 2] = np.nan
    found = joint_angles(poses, LEG)
    with found.to_csv(tmp_path / "angles.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == ["0", "1", "0", "1", "2", "3"]
    assert [row["experiment"] for row in rows] == ["a"] * 2 + ["('b', 1)"] * 4
    assert rows[4]["time"] == "0.04"
    assert rows[3]["hip-knee-toe"] == rows[3]["hip-knee-toe_sd"] == ""
    assert float(rows[5]["hip-knee-toe"]) == pytest.approx(found.values[5, 3], abs=1e-4)
    assert float(rows[5]["hip-knee-toe_sd"]) == pytest.approx(found.spread[5, 3], abs=1e-4)
    with pytest.raises(FileExistsError, match=r"angles\.csv exists"):
        found.to_csv(tmp_path / "angles.csv")
    found.to_csv(tmp_path / "angles.csv", overwrite=True)


@pytest.mark.parametrize(
    ("skeleton", "triples", "words"),
    [
        (Skeleton(LEG.joints), None, "the skeleton has no bones"),
        (Skeleton(LEG.joints, bones=[(0, 1), (2, 3)]), None, "no two bones that meet"),
        (LEG, [("hip", "kne", "toe")], "no joint 'kne'. Did you mean 'knee'"),
        (LEG, [("hip", "knee")], "is no triple of joints"),
        (LEG, ["hip"], "is no triple of joints"),
        (LEG, [("hip", "knee", "hip")], "names a joint twice"),
        (LEG, [], "triples is empty"),
    ],
)
def test_what_makes_no_sense_is_refused(skeleton, triples, words):
    with pytest.raises(ValueError, match=words):
        joint_angles(lifted(), skeleton, triples)


def test_lifted_poses_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="lifted has 2 frames; measuring angles needs 3"):
        joint_angles(lifted(2), LEG)
    with pytest.raises(TypeError, match="skeleton is a str"):
        joint_angles(lifted(), "leg")
    depth = np.zeros((4, 5, 1), np.float32)
    with pytest.raises(ValueError, match="depth only"):
        joint_angles(Lifted(depth, depth, ("",), (4,), LEG.joints), LEG)
