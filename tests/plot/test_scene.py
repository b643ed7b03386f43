"""Views of a pose: against rotations made otherwise, and what is drawn where."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from liftpose.plot.scene import from_side, nice_length, with_shadow

LEG = np.array([[0.0, 0.0, 2.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
angles = st.floats(-180, 180)


@given(angles, st.floats(-90, 90))
def test_a_view_is_the_rotation_that_brings_the_viewer_to_the_front(azimuth, elevation):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(4, 3))
    # Turn the viewer to the direction of -y, then tip the world towards it; x stays to the right.
    turn = Rotation.from_euler("z", -90 - azimuth, degrees=True)
    tip = Rotation.from_euler("x", elevation, degrees=True)
    x, y, z = (tip * turn).apply(points).T
    np.testing.assert_allclose(from_side(points, azimuth, elevation), np.stack([x, z, -y], 1))


def test_from_above_the_picture_is_the_plan():
    seen = from_side([[1.0, 2.0, 3.0]], azimuth=-90, elevation=90)
    np.testing.assert_allclose(seen, [[1, 2, 3]], atol=1e-12)


@given(st.floats(1e-6, 1e6))
def test_a_nice_length_is_the_largest_that_is_not_above(about):
    found = nice_length(about)
    assert found <= about * (1 + 1e-6)
    assert about / found < 2.5 * (1 + 1e-6)
    assert f"{found:e}"[0] in "125"


def test_shadows_lie_on_the_ground():
    both = with_shadow(LEG, ground=-1)
    np.testing.assert_array_equal(both[:3], LEG)
    np.testing.assert_array_equal(both[3:, :2], LEG[:, :2])
    assert (both[3:, 2] == -1).all()


def drawn(bones):
    return [segment.tolist() for segment in bones.lines.get_segments()]
