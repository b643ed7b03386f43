"""Roots and target sets, as users write them."""

import numpy as np
import pytest

from liftpose.skeleton import TargetSets


def test_a_flat_list_means_one_set():
    assert TargetSets.resolve([0], [1, 2], 3) == TargetSets.resolve([0], [[1, 2]], 3)
    assert TargetSets.resolve(np.array([0]), np.array([1, 2]), 3).sets == ((1, 2),)


def test_targets_are_in_the_order_of_the_joints_with_their_own_roots():
    sets = TargetSets.resolve([4, 0], [[5, 2], [3, 1]], 8)
    assert sets.targets == (1, 2, 3, 5)
    assert sets.anchors == (0, 4, 0, 4)
    assert sets.further_roots == (0,)
    assert sets.unused == (6, 7)


def test_a_root_may_be_a_target_of_another_set():
    sets = TargetSets.resolve([0, 1], [[1, 2], [3, 4]], 5)
    assert sets.targets == (1, 2, 3, 4)
    assert sets.anchors == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("roots", "target_sets", "words"),
    [
        ([], [], "roots is empty"),
        ([0, 1], [[2]], "2 roots but 1 target sets"),
        ([0], [[1], [2]], "1 roots but 2 target sets"),
        ([0, 1], [2, 3], "one flat list, but there are 2 roots"),
        ([0], [[]], "target set of root 0 is empty"),
        ([0], [], "1 roots but 0 target sets"),
        ([0], [[1, 5]], "joint 5 does not exist: the poses have 5 joints, 0 to 4"),
        ([-1], [[1]], "joint -1 does not exist"),
        ([0], [[0, 1]], "root 0 is in its own target set"),
        ([0], [[1, 1]], "joint 1 is in two target sets"),
        ([0, 1], [[2, 3], [3]], "joint 3 is in two target sets"),
    ],
)
def test_sets_that_make_no_sense(roots, target_sets, words):
    with pytest.raises(ValueError, match=words):
        TargetSets.resolve(roots, target_sets, 5)


@pytest.mark.parametrize(
    ("roots", "target_sets"),
    [(0, [1]), ([0], 1), ([0.0], [[1]]), ([0], [["1"]]), ([True], [[2]]), ("0", [[1]])],
)
def test_what_is_no_list_of_integers(roots, target_sets):
    with pytest.raises(TypeError, match="expected"):
        TargetSets.resolve(roots, target_sets, 5)
