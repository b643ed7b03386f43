"""What lifting gives, cut and told about."""

import numpy as np
import pytest

from liftpose import Lifted


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
    assert repr(lifted()) == "<Lifted: 5 frames, 1 of them blind, 2 joints, 2 experiments in mm>"
