"""Which way animals look: against the way they were turned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftpose import Skeleton
from liftpose.datasets import hexapod, mouse, quadruped
from liftpose.plot.directions import facing, sides_of
from liftpose.plot.scene import from_side

BODY = Skeleton(["nose", "tail", "left_paw", "right_paw"])
# It looks along x, its left is towards y.
POSE = np.array([[4.0, 0, 3], [-5, 0, 2], [3, 1, 0], [2, -1, 0]])


def turned(pose, azimuth):
    angle = np.radians(azimuth)
    turn = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    return np.asarray(pose) @ np.transpose(turn)


@given(st.floats(-179, 179))
def test_left_and_right_say_which_way_it_looks(azimuth):
    found = facing(turned(POSE, azimuth), BODY)
    assert (found - azimuth + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


@given(st.floats(-179, 179))
def test_what_stands_upright_looks_across_its_width(azimuth):
    pose = turned([[0.1, 0, 9], [0, 0.1, 5], [0, 2, 6], [0, -2, 6]], azimuth)
    found = facing(pose, BODY)
    assert (found - azimuth + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("make", [hexapod, mouse, quadruped])
def test_simulated_animals_look_the_way_they_do(make):
    animal = make(frames=1, seed=3)
    pose = animal.poses_3d[0]
    front, rear = {
        hexapod: ("left_front_thorax_coxa", "left_hind_thorax_coxa"),
        mouse: ("neck", "tail_base"),
        quadruped: ("withers", "tail_base"),
    }[make]
    along = pose[animal.joints.index(front)] - pose[animal.joints.index(rear)]
    azimuth = np.degrees(np.arctan2(along[1], along[0]))
    off = (facing(pose, animal.skeleton) - azimuth + 180) % 360 - 180
    assert abs(off) < 20


def test_without_sides_the_longest_way_is_the_body():
    assert facing(turned(POSE, 30)) % 180 == pytest.approx(30, abs=6)
    assert facing(POSE[:1]) == 0
    assert facing(np.full((3, 3), np.nan)) == 0


@given(st.floats(-179, 179))
def test_above_and_beside_it_looks_to_the_right_and_in_front_at_the_viewer(azimuth):
    pose = turned(POSE, azimuth)
    views = sides_of(azimuth)
    x, y, z = POSE.T
    for name, expected in {"top": (x, y, z), "side": (x, z, -y), "front": (y, z, x)}.items():
        np.testing.assert_allclose(
            from_side(pose, *views[name]), np.stack(expected, 1), atol=1e-9, err_msg=name
        )
