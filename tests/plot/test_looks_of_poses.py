"""Figures of poses look as they did when somebody looked at them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose import Skeleton
from liftpose.datasets import hexapod, mouse, quadruped
from liftpose.plot import (
    plot_on_frame,
    plot_pose_2d,
    plot_pose_3d,
    plot_pose_spread,
    plot_skeleton,
    plot_views,
    style,
)
from tests.plot.looks import assert_looks

WALK, GROOM, TROT = (make(frames=8, seed=2, animal=2) for make in (hexapod, mouse, quadruped))


def off(pose, share=0.02):
    """A pose that misses another by a share of its size."""
    noise = np.random.default_rng(0).normal(0, share, pose.shape)
    return pose + np.ptp(pose, axis=0).max() * noise


def spread_of(pose):
    """Standard deviations that differ by joint and axis."""
    return np.ptp(pose, axis=0).max() * np.random.default_rng(1).uniform(0.01, 0.06, pose.shape)


def flat():
    figure = Figure(figsize=(4, 3), layout="constrained")
    pose = TROT.points_2d[2][5]
    plot_pose_2d(figure.add_subplot(), pose, normalize=False, skeleton=TROT.skeleton)
    return figure


def over_a_frame():
    figure = Figure(figsize=(6, 2.6), layout="constrained")
    whole, cut = figure.subplots(1, 2)
    pose = TROT.points_2d[2][5]
    pose = pose - np.nanmin(pose, axis=0) + 80
    frame = np.full((400, 700), 150, np.uint8)
    frame[120:260, 200:420] = 90
    sure = np.linspace(0, 1, len(pose))
    plot_on_frame(whole, frame, pose, TROT.skeleton, margin=None)
    plot_on_frame(cut, frame, pose, TROT.skeleton, confidence=sure)
    return figure


def deep():
    figure = Figure(figsize=(4, 4))
    ax = figure.add_subplot(projection="3d")
    pose = WALK.poses_3d[3]
    plot_pose_3d(ax, pred=off(pose), tar=pose, skeleton=WALK.skeleton, legend=True, axes=True)
    return figure


def with_spread():
    figure = Figure(figsize=(4, 4))
    pose = WALK.poses_3d[3]
    ax = figure.add_subplot(projection="3d")
    plot_pose_spread(ax, off(pose), spread_of(pose), WALK.skeleton, truth=pose)
    return figure


def from_sides():
    figure = Figure(figsize=(7, 2.2), layout="constrained")
    pose = GROOM.poses_3d[3]
    spread = spread_of(pose)
    plot_views(figure.add_subplot(), off(pose), GROOM.skeleton, truth=pose, spread=spread)
    return figure


def from_chosen_sides():
    figure = Figure(figsize=(7, 2.6), layout="constrained")
    pose = TROT.poses_3d[3]
    views = {"oblique": (-40.0, 30.0), "low": (20.0, 8.0), "level": (60.0, 0.0)}
    plot_views(figure.add_subplot(), pose, TROT.skeleton, views=views, ground=0.0)
    return figure


def diagram():
    figure = Figure(figsize=(5, 4))
    plot_skeleton(figure.add_axes((0, 0, 1, 1)), WALK.skeleton)
    return figure


def diagram_of_a_pose():
    figure = Figure(figsize=(5, 3))
    plot_skeleton(figure.add_axes((0, 0, 1, 1)), TROT.skeleton, TROT.poses_3d[3])
    return figure


def joints_alone():
    figure = Figure(figsize=(6, 2), layout="constrained")
    left, right = figure.subplots(1, 2)
    pose = GROOM.poses_3d[3].copy()
    pose[4:6] = np.nan
    plot_views(left, pose)
    plot_skeleton(right, Skeleton([f"point_{number}" for number in range(9)]))
    return figure


FIGURES = {
    "pose-2d": flat,
    "pose-on-frame": over_a_frame,
    "pose-3d": deep,
    "pose-spread": with_spread,
    "pose-views": from_sides,
    "pose-views-chosen": from_chosen_sides,
    "skeleton": diagram,
    "skeleton-of-a-pose": diagram_of_a_pose,
    "joints-alone": joints_alone,
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_looks_as_it_did(name):
    with style():
        assert_looks(FIGURES[name](), name)
