"""What lifting gives, cut and told about."""

from dataclasses import replace

import numpy as np
import pytest

from liftpose import Lifted, Lifter, Poses, Skeleton


def lifted(**more):
    position = np.arange(5 * 2 * 3, dtype=np.float32).reshape(5, 2, 3)
    position[1] = np.nan
    return Lifted(
        position, position - 1, ("a", "b"), (2, 3), joints=("hip", "knee"), unit="mm", **more
    )


def test_one_experiment_is_cut_out_with_all_that_belongs_to_it():
    whole = lifted(
        spread=np.ones((5, 2, 3), np.float32),
        novelty=np.arange(5, dtype=np.float32),
        confidence=np.zeros((5, 2), np.float32),
        individuals=("ann", "bob"),
        provenance={"lifter": "abc"},
    )
    alone = whole.only("b")
    np.testing.assert_array_equal(alone.position, whole.position[2:])
    np.testing.assert_array_equal(alone.root_relative, whole.root_relative[2:])
    np.testing.assert_array_equal(alone.novelty, [2, 3, 4])
    assert alone.spread.shape == (3, 2, 3)
    assert alone.confidence.shape == (3, 2)
    assert (alone.keys, alone.lengths, alone.individuals) == (("b",), (3,), ("bob",))
    assert (alone.unit, alone.provenance) == ("mm", {"lifter": "abc"})
    with pytest.raises(KeyError, match="there are"):
        whole.only("c")


def test_frames_in_which_nothing_was_seen_are_counted():
    assert lifted().blind == 1
    text = "<Lifted: 5 frames, 1 of them blind, 2 joints, 2 experiments in mm"
    assert repr(lifted()) == f"{text}>"
    assert repr(lifted(spread=np.ones((5, 2, 3), np.float32))) == f"{text}, with spread>"


@pytest.mark.parametrize("shape", [(5, 2), (4, 2, 3), (5, 2, 1)])
def test_a_spread_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"spread has the shape .* position \(5, 2, 3\)"):
        lifted(spread=np.ones(shape, np.float32))


def test_poses_of_any_origin_become_lifted_ones():
    deep = Poses.from_experiments({"a": np.ones((4, 2, 3))}, joints=("hip", "knee"), fps=50)
    taken = Lifted.from_poses(deep)
    np.testing.assert_array_equal(taken.position, deep.points)
    assert np.isnan(taken.root_relative).all()
    assert (taken.keys, taken.joints, taken.fps, taken.spread) == (("a",), deep.joints, 50, None)
    with pytest.raises(ValueError, match="expected 3D"):
        Lifted.from_poses(Poses.from_experiments(np.ones((4, 2, 2))))


def test_lifted_poses_know_the_skeleton_of_their_lifter():
    leg = Skeleton(["hip", "knee", "toe"], bones=[(0, 1), (1, 2)], roots=["hip"])
    rng = np.random.default_rng(0)
    deep = rng.normal(size=(60, 3, 3))
    lifter = Lifter(leg, network="ridge").fit(deep[..., :2], deep)
    lifted = lifter.lift(deep[..., :2])
    assert lifted.skeleton == lifter.skeleton
    assert Lifted.from_dataset(lifted.to_dataset()).skeleton == lifter.skeleton
    assert replace(lifted, joints=("a", "b", "c")).skeleton is None
    assert replace(lifted, provenance={}).skeleton is None
