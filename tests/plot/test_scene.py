"""Views of a pose: against rotations made otherwise, and what is drawn where."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy.spatial.transform import Rotation

from liftpose.plot.limbs import Limbs
from liftpose.plot.scene import Bones, Scene, from_side, nice_length, with_shadow

LIMBS = Limbs.resolve(3, [(0, 1), (1, 2)], [0, 0, 1], [(255, 0, 0), (0, 0, 255)])
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


def test_joints_that_are_not_known_are_left_out_with_their_bones():
    bones = Bones(Figure().add_subplot(), LIMBS)
    pose = LEG[:, ::2].copy()
    bones.move(pose)
    assert drawn(bones) == [[[0, 2], [1, 1]], [[1, 1], [0, 0]]]
    pose[2] = np.nan
    bones.move(pose)
    assert drawn(bones) == [[[0, 2], [1, 1]]]
    assert len(bones.dots.get_offsets()) == 2


def test_faint_joints_make_their_bones_faint():
    bones = Bones(Figure().add_subplot(), LIMBS)
    bones.move(LEG[:, ::2], faint=np.array([False, False, True]))
    assert bones.lines.get_color()[0, 3] == 1
    assert bones.lines.get_color()[1, 3] == bones.dots.get_facecolors()[2, 3] < 0.5


def test_what_is_nearer_is_drawn_last_and_broader():
    bones = Bones(Figure().add_subplot(), LIMBS)
    bones.move(np.array([[0.0, 0, 9], [1, 0, 5], [2, 0, -9]]), near=1.0)
    assert drawn(bones) == [[[1, 0], [2, 0]], [[0, 0], [1, 0]]]
    far, near = bones.lines.get_linewidths()
    assert far < near


def test_a_scene_has_one_scale_in_both_directions_and_a_bar_of_the_length_it_names():
    figure = Figure(figsize=(6, 3))
    ax = figure.add_axes((0, 0, 1, 1))
    scene = Scene(ax, LIMBS, span=8.0)
    scene.add_scale_bar("mm")
    (low, high), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert (high - low, top - bottom) == pytest.approx((8, 4))
    (bar,) = ax.lines
    assert ax.texts[0].get_text() == "1 mm"
    assert np.ptp(bar.get_xdata()) == pytest.approx(1)


def test_a_scene_shows_pose_truth_and_shadow_around_the_centre():
    ax = Figure(figsize=(6, 3)).add_axes((0, 0, 1, 1))
    scene = Scene(ax, LIMBS, span=8.0)
    centre = np.array([0.0, 0, 1])
    scene.show(LEG, LEG + [0, 0, 1], centre, azimuth=-90, elevation=0)
    grid, shadow, truth, bones, _ = scene.artists
    expected = {
        "bones": [[[0, 1], [1, 0]], [[1, 0], [0, -1]]],
        "truth": [[[0, 2], [1, 1]], [[1, 1], [0, 0]]],
        "shadow": [[[0, -1], [1, -1]], [[1, -1], [0, -1]]],
    }
    for name, artist in (("bones", bones), ("truth", truth), ("shadow", shadow)):
        found = np.array(artist.get_segments())
        np.testing.assert_allclose(found, expected[name], atol=1e-12, err_msg=name)
    assert np.allclose(np.array(grid.get_segments())[..., 1], -1)  # the ground, seen from its side
    scene.show(LEG, None, centre, azimuth=-90, elevation=0)
    assert truth.get_segments() == []
