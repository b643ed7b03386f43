"""Bone lengths and retargeting against slow twins that walk frame by frame."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liftpose.geometry.bones import (
    bone_length_shifts,
    bone_lengths,
    bone_order,
    tree_edges,
    with_bone_lengths,
)

Library = Callable[[Any], Any]
Array = Any
both_libraries = pytest.mark.parametrize("library", [np.asarray, torch.asarray])

TREE = [[1, 4], [2], [3], [], [5], [], [7], []]
BONES = [(0, 1), (2, 1), (2, 3), (0, 4), (5, 4), (6, 7)]


def random_poses(seed: int, frames: int = 5, joints: int = 8, missing: float = 0.15) -> Array:
    rng = np.random.default_rng(seed)
    poses = rng.normal(size=(frames, joints, 3)) * 10
    poses[rng.random((frames, joints)) < missing] = np.nan
    poses[rng.random((frames, joints, 3)) < missing / 3] = np.nan
    return poses


def retarget_slowly(poses: Array, lengths: Array) -> Array:
    moved = poses.copy()

    def subtree(joint: int) -> list[int]:
        return [joint, *(below for child in TREE[joint] for below in subtree(child))]

    for frame in range(len(poses)):
        for (a, b), length in zip(BONES, lengths[frame], strict=True):
            near, far = (a, b) if b in TREE[a] else (b, a)
            vector = poses[frame, far] - poses[frame, near]
            size = np.linalg.norm(vector)
            if np.isnan(size) or size == 0 or np.isnan(length):
                continue
            for joint in subtree(far):
                moved[frame, joint] += vector / size * (length - size)
    return moved


@both_libraries
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_lengths_are_norms(library: Library, seed: int) -> None:
    poses = random_poses(seed)
    expected = [[np.linalg.norm(pose[a] - pose[b]) for a, b in BONES] for pose in poses]
    found = bone_lengths(library(poses), BONES)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12)
    assert np.isnan(expected).any() or not np.isnan(poses).any()


@both_libraries
def test_infinite_coordinates_are_not_seen(library: Library) -> None:
    poses = np.full((1, 3, 3), np.inf)
    poses[0, 2] = 0
    assert np.isnan(np.asarray(bone_lengths(library(poses), [(0, 1), (1, 2)]))).all()


@both_libraries
def test_bones_may_be_an_array_and_may_be_none(library: Library) -> None:
    poses = library(random_poses(3, missing=0.0))
    np.testing.assert_array_equal(
        np.asarray(bone_lengths(poses, np.asarray(BONES))), np.asarray(bone_lengths(poses, BONES))
    )
    assert bone_lengths(poses, []).shape == (5, 0)


@both_libraries
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), missing=st.sampled_from([0.0, 0.15, 0.6]))
def test_retargeting_is_the_slow_walk(library: Library, seed: int, missing: float) -> None:
    poses = random_poses(seed, missing=missing)
    rng = np.random.default_rng(seed)
    poses[0, 2] = poses[0, 1]
    lengths = rng.uniform(0, 20, (5, len(BONES)))
    lengths[rng.random(lengths.shape) < 0.1] = np.nan
    before = poses.copy()
    moved = np.asarray(with_bone_lengths(library(poses), TREE, BONES, library(lengths)))
    np.testing.assert_allclose(moved, retarget_slowly(poses, lengths), atol=1e-10)
    np.testing.assert_array_equal(poses, before)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_lengths_are_new_and_directions_old(seed: int) -> None:
    poses = random_poses(seed, missing=0.0)
    lengths = np.random.default_rng(seed).uniform(0.1, 20, len(BONES))
    moved = with_bone_lengths(poses, TREE, BONES, lengths)
    np.testing.assert_allclose(
        bone_lengths(moved, BONES), np.broadcast_to(lengths, (5, len(BONES))), rtol=1e-9
    )
    for a, b in BONES:
        old, new = poses[:, b] - poses[:, a], moved[:, b] - moved[:, a]
        np.testing.assert_allclose(
            old / np.linalg.norm(old, axis=-1, keepdims=True),
            new / np.linalg.norm(new, axis=-1, keepdims=True),
            atol=1e-9,
        )
    np.testing.assert_array_equal(moved[:, [0, 6]], poses[:, [0, 6]])


@both_libraries
def test_unseen_joint_passes_the_shift_on(library: Library) -> None:
    poses = np.asarray([[[0.0, 0, 0], [1, 0, 0], [np.nan, 0, 0], [3, 0, 0]]])
    chain = [[1], [2], [3], []]
    bones = [(0, 1), (1, 2), (2, 3)]
    shifts = bone_length_shifts(library(poses), chain, bones, library(np.asarray([5.0, 7.0, 9.0])))
    np.testing.assert_allclose(np.asarray(shifts)[0], [[0, 0, 0], [4, 0, 0], [4, 0, 0], [4, 0, 0]])


@both_libraries
def test_bone_without_length_keeps_its_offset(library: Library) -> None:
    poses = np.asarray([[[0.0, 0], [2, 0], [2, 0], [2, 1]]])
    moved = with_bone_lengths(
        library(poses), [[1], [2], [3], []], [(0, 1), (1, 2)], library(np.asarray([3.0, 8.0]))
    )
    np.testing.assert_allclose(np.asarray(moved), [[[0, 0], [3, 0], [3, 0], [3, 1]]])


@both_libraries
def test_dtype_is_kept(library: Library) -> None:
    poses = library(random_poses(1, missing=0.0).astype(np.float32))
    moved = with_bone_lengths(poses, TREE, BONES, library(np.ones(len(BONES))))
    assert moved.dtype == poses.dtype
    assert bone_lengths(poses, BONES).dtype == poses.dtype


def test_edges_run_from_the_roots_outwards() -> None:
    edges = tree_edges(TREE)
    assert {frozenset(edge) for edge in edges} == {frozenset(bone) for bone in BONES}
    reached = {0, 6}
    for near, far in edges:
        assert near in reached
        reached.add(far)
    assert [BONES[i] for i in bone_order(TREE, BONES) if i is not None] != BONES
    assert {frozenset(BONES[i]) if i is not None else None for i in bone_order(TREE, BONES)} == {
        frozenset(edge) for edge in edges
    }


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([[1], [0]], r"joints \[0, 1\].*ring"),
        ([[], [2], [1]], r"joints \[1, 2\].*ring"),
        ([[0]], "ring"),
        ([[2], [2], []], "joint 2 hangs on joint 0 and on joint 1"),
        ([[3], [], []], "joint 3 is not one of the 3"),
        ([[-1], [], []], "joint -1"),
        ([[1.5], []], "whole numbers"),
    ],
)
def test_what_is_no_tree_is_refused(tree: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tree_edges(tree)


def test_wrong_bones_are_named() -> None:
    poses = random_poses(0)
    with pytest.raises(ValueError, match=r"bone 1.*joint 9"):
        bone_lengths(poses, [(0, 1), (1, 9)])
    with pytest.raises(ValueError, match="bone 0 must be a pair"):
        bone_lengths(poses, [(0, 1, 2)])
    with pytest.raises(ValueError, match="bone 0 joins joints 1 and 3"):
        bone_order(TREE, [(1, 3)])
    with pytest.raises(ValueError, match="bones 0 and 1 both join"):
        bone_order(TREE, [(0, 1), (1, 0)])


def test_wrong_shapes_and_lengths_are_named() -> None:
    poses = random_poses(0)
    with pytest.raises(ValueError, match=r"\(6,\) or \(5, 6\).*\(4,\)"):
        with_bone_lengths(poses, TREE, BONES, np.ones(4))
    with pytest.raises(ValueError, match="negative"):
        with_bone_lengths(poses, TREE, BONES, np.full(6, -1.0))
    with pytest.raises(ValueError, match="2 entries and the poses have 8"):
        with_bone_lengths(poses, [[1], []], [(0, 1)], np.ones(1))
    with pytest.raises(ValueError, match=r"\(N, J, D\)"):
        with_bone_lengths(poses[0], TREE, BONES, np.ones(6))
