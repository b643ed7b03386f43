"""Angles at joints: against rotations that are known, and slopes against differences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from liftpose.geometry.angles import bend_angle_slopes, bend_angles


@settings(max_examples=50)
@given(angle=st.floats(0, 180), seed=st.integers(0, 1000))
def test_an_angle_that_was_bent_is_measured(angle, seed):
    rng = np.random.default_rng(seed)
    arm, axis = np.array([3.0, 0, 0]), np.array([0, 0, 1.0])
    bent = 0.5 * Rotation.from_rotvec(axis * angle, degrees=True).apply(arm)
    pose = Rotation.random(random_state=seed).apply([arm, [0, 0, 0], bent]) + rng.normal(size=3)
    found = bend_angles(pose[None], [(0, 1, 2), (2, 1, 0)])
    np.testing.assert_allclose(found, angle, atol=1e-6)


def test_angles_of_a_hundred_thousandth_of_a_degree_are_told_from_none():
    pose = np.array([[[1.0, 0, 0], [0, 0, 0], [1.0, 1e-7, 0]]])
    np.testing.assert_allclose(bend_angles(pose, [(0, 1, 2)]), np.degrees(1e-7), rtol=1e-6)


def test_slopes_are_those_of_differences():
    rng = np.random.default_rng(0)
    poses, triples = rng.normal(size=(20, 5, 3)), [(0, 1, 2), (4, 2, 3)]
    slopes = bend_angle_slopes(poses, triples)
    step = 1e-6
    for number, triple in enumerate(triples):
        for end, joint in enumerate(triple):
            for axis in range(3):
                more, less = poses.copy(), poses.copy()
                more[:, joint, axis] += step
                less[:, joint, axis] -= step
                change = bend_angles(more, triples) - bend_angles(less, triples)
                np.testing.assert_allclose(
                    slopes[:, number, end, axis],
                    change[:, number] / (2 * step),
                    rtol=1e-4,
                    atol=1e-5,
                )


def test_what_is_not_there_has_no_angle():
    pose = np.array([[[1.0, 0, 0], [0, 0, 0], [0, 1, 0]]]).repeat(4, 0)
    pose[1, 2, 0], pose[2, 0] = np.nan, pose[2, 1]
    pose[3, 2] = [-2, 0, 0]
    np.testing.assert_array_equal(bend_angles(pose, [(0, 1, 2)])[:, 0], [90, np.nan, np.nan, 180])
    gone = np.isnan(bend_angle_slopes(pose, [(0, 1, 2)])).any((1, 2, 3))
    np.testing.assert_array_equal(gone, [False, True, True, True])


def test_torch_is_taken_and_given_back():
    poses = np.random.default_rng(0).normal(size=(4, 3, 3))
    for function in (bend_angles, bend_angle_slopes):
        found = function(torch.from_numpy(poses), [(0, 1, 2)])
        assert isinstance(found, torch.Tensor)
        np.testing.assert_allclose(found.numpy(), function(poses, [(0, 1, 2)]))


def test_whole_numbers_and_no_triples_are_fine():
    assert bend_angles(np.eye(3, dtype=int)[None], [(0, 1, 2)]).dtype == np.float64
    assert bend_angles(np.zeros((4, 3, 3)), []).shape == (4, 0)


@pytest.mark.parametrize(
    ("triple", "words"),
    [
        ((0, 1), "triple 0 must be three joints"),
        ((0, 1, 3), "triple 0: joint 3 is not one of the 3 joints"),
        ((0, 1, 0), "names a joint twice"),
        ((0, 1, "a"), "whole numbers"),
    ],
)
def test_triples_that_are_none_are_refused(triple, words):
    with pytest.raises(ValueError, match=words):
        bend_angles(np.zeros((4, 3, 3)), [triple])


def test_flat_poses_are_refused():
    with pytest.raises(ValueError, match=r"shape \(N, J, 3\)"):
        bend_angles(np.zeros((4, 3, 2)), [(0, 1, 2)])
