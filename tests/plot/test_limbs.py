"""Limbs are told apart by all eyes and in grey: against simulated colour blindness and lightness.

Colour blindness is simulated with the matrices of Machado, Oliveira and Fernandes (2009) for
severity 1, which act on linear light. How far colours are apart is their distance in OKLab
(Ottosson 2020), times 100; how bright they print is L* of CIE 1976.
"""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from liftpose import Skeleton
from liftpose.datasets import hexapod, mouse, quadruped
from liftpose.datasets.anatomical.landmarks import fly_skeleton, mammal_skeleton
from liftpose.datasets.published.prism import FLY, MOUSE
from liftpose.plot.limbs import Limbs
from liftpose.skeleton.colors import LEFT_AND_RIGHT, MIDLINE, OKABE_ITO
from liftpose.skeleton.sides import pairs_of

EYES = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
TO_CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]
SKELETONS = {
    **{name: Skeleton.named(name) for name in Skeleton.shipped()},
    **{make.__name__: make(frames=2).skeleton for make in (hexapod, mouse, quadruped)},
    "mammal": mammal_skeleton(),
    "fly": fly_skeleton(),
    "prism fly": FLY,
    "prism mouse": MOUSE,
}
NOTICED = 5  # just noticeable is 2; limbs of thin lines need more
SIDES = 14  # between anything on the left and anything on the right
IN_GREY = 12  # of L*, between left and right


def linear(colors):
    """Light of colours from 0 to 1."""
    colors = np.asarray(colors, dtype=float)
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def seen(colors, eyes):
    """Coordinates in which distance is difference, as some eyes see them."""
    light = np.clip(linear(colors) @ np.transpose(EYES[eyes]), 0, 1)
    return 100 * np.cbrt(light @ np.transpose(TO_CONES)) @ np.transpose(TO_LAB)


def lightness(colors):
    """L* of CIE 1976, 0 to 100."""
    light = linear(colors) @ [0.2126, 0.7152, 0.0722]
    return np.where(light > 216 / 24389, 116 * np.cbrt(light) - 16, light * 24389 / 27)


def sides(skeleton):
    """Limbs of the left alone, and of the right alone."""
    limbs = Limbs.of(skeleton).limb_id
    ends = limbs[np.array(pairs_of(skeleton))]
    left, right = ({*side.tolist()} for side in ends.T)
    return left - right, right - left


def test_white_and_black_are_measured_rightly():
    ends = [[0, 0, 0], [1, 1, 1]]
    np.testing.assert_allclose(lightness(ends), [0, 100], atol=1e-6)
    for eyes in EYES:
        np.testing.assert_allclose(seen(ends, eyes), [[0, 0, 0], [100, 0, 0]], atol=0.05)


@pytest.mark.parametrize("name", [name for name in SKELETONS if name != "fly-leg15"])
def test_left_and_right_are_told_apart(name):
    skeleton = SKELETONS[name]
    colors, (left, right) = Limbs.of(skeleton).colors, sides(skeleton)
    assert left
    assert right
    bright = lightness(colors)
    for one, other in product(left, right):
        assert bright[other] - bright[one] >= IN_GREY, (one, other)
    for eyes in EYES:
        at = seen(colors, eyes)
        for one, other in product(left, right):
            assert np.linalg.norm(at[one] - at[other]) >= SIDES, (eyes, one, other)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("name", SKELETONS)
def test_limbs_are_told_apart(name, eyes):
    limbs = Limbs.of(SKELETONS[name])
    at = seen(limbs.colors[np.unique(limbs.limb_id)], eyes)
    shades = limbs.colors[np.unique(limbs.limb_id)]
    for one, other in combinations(range(len(at)), 2):
        if (shades[one] != shades[other]).any():
            assert np.linalg.norm(at[one] - at[other]) >= NOTICED, (one, other)


def legged(pairs):
    """A body of four joints in line, and pairs of legs, whose colours nobody chose."""
    names = [f"{side}_{number}" for number in range(pairs) for side in ("left", "right")]
    return Skeleton(
        ["head", "chest", *names], limbs=[0, 1, *range(2, 2 + len(names))], bones=[(0, 1)]
    )


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("pairs", [1, 2, 3, 4])
def test_colours_that_are_chosen_are_told_apart(pairs, eyes):
    colors = Limbs.of(legged(pairs)).colors
    at = seen(colors, eyes)
    apart = np.linalg.norm(at[:, None] - at, axis=2) + 99 * np.eye(len(at))
    assert apart.min() >= (9 if pairs < 4 else 6)
    assert apart[2::2, 3::2].min() >= 20
    bright = lightness(colors)
    assert bright[3::2].min() - bright[2::2].max() >= 20


def test_a_pair_of_limbs_shares_its_hue():
    colors = np.round(255 * Limbs.of(legged(5)).colors).astype(int)
    body, legs = colors[:2], colors[2:].reshape(5, 2, 3)
    np.testing.assert_array_equal(body, MIDLINE)
    np.testing.assert_array_equal(legs[:4], LEFT_AND_RIGHT)
    np.testing.assert_array_equal(legs[4], LEFT_AND_RIGHT[0])


def test_pairs_are_found_in_any_order_of_limbs():
    body = Skeleton(
        ["right_paw", "right_ear", "left_ear", "left_paw", "nose", "right_horn"],
        limbs=[0, 1, 2, 3, 4, 5],
        pairs=[("left_ear", "right_ear"), ("left_paw", "right_paw"), ("nose", "right_horn")],
    )
    colors = [tuple(color) for color in np.round(255 * Limbs.of(body).colors).astype(int)]
    (left_ear, right_ear), (left_paw, right_paw), (nose, horn) = LEFT_AND_RIGHT[:3]
    assert colors == [right_paw, right_ear, left_ear, left_paw, nose, horn]


def test_a_limb_with_joints_of_both_sides_is_grey():
    body = Skeleton(["left_ear", "right_ear", "left_paw", "right_paw"], limbs=[0, 0, 1, 2])
    colors = np.round(255 * Limbs.of(body).colors).astype(int)
    np.testing.assert_array_equal(colors, [MIDLINE[0], *LEFT_AND_RIGHT[0]])


def test_limbs_without_sides_take_the_palette_in_turn():
    body = Skeleton(["a", "b", "c"], limbs=[0, 1, 2])
    np.testing.assert_allclose(255 * Limbs.of(body).colors, OKABE_ITO[:3])


def test_sides_are_limbs_where_none_are_named():
    names = ["left_paw", "right_paw", "chest"]
    bones = [(2, 0), (2, 1)]
    np.testing.assert_array_equal(Limbs.of(Skeleton(names, bones=bones)).limb_id, [0, 1, 2])
    # Joints that nothing joins are of one colour: their rings tell the sides apart.
    alone = Limbs.of(Skeleton(names))
    np.testing.assert_array_equal(alone.limb_id, 0)
    assert alone.left.tolist() == [True, False, False]


@pytest.mark.parametrize("name", ["hexapod", "mouse", "quadruped", "mammal", "fly"])
def test_simulated_animals_have_the_colours_that_would_be_chosen_for_them(name):
    body = SKELETONS[name]
    chosen = Limbs.of(replace(body, colors=()))
    np.testing.assert_allclose(255 * chosen.colors, body.colors)


def test_colours_of_a_skeleton_stay():
    body = Skeleton(["left_paw", "right_paw"], limbs=[0, 1], colors=[(1, 2, 3), (4, 5, 6)])
    np.testing.assert_allclose(255 * Limbs.of(body).colors, [(1, 2, 3), (4, 5, 6)])
