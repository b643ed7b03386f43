"""Pictures of a film, measured: sizes, places and what is left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftpose.plot.footage import Footage
from liftpose.plot.limbs import Limbs
from liftpose.plot.panels import part_shown
from liftpose.plot.shot import Shot
from liftpose.plot.stage import Reel, Stage, film
from liftpose.skeleton import Skeleton
from tests.plot.videos import film_square

RED, BLUE = (255, 0, 0), (0, 0, 255)
LEGS = Skeleton(["foot_l", "foot_r"], limbs=[0, 1], colors=[RED, BLUE], pairs=[(0, 1)], unit="mm")
BONE = Skeleton(["one", "other"], bones=[(0, 1)], limbs=[0, 0], colors=[RED], unit="mm")


def picture(pose, body=BONE, view=(0.0, 0.0), row=0, trail=0, size=(720, 720), **more):
    pose = np.asarray(pose, dtype=float)
    pose = pose[None] if pose.ndim == 2 else pose
    shot = Shot(pose, Limbs.of(body), 25.0, unit=body.unit, **more)
    rows = np.arange(len(pose))
    reel = Reel(rows, np.tile(view, (len(rows), 1)).astype(float), trail=trail, size=size)
    stage = Stage(shot, reel)
    for number in range(row + 1):
        canvas = stage.picture(number)
    return canvas.pixels[..., :3].astype(int)


def places_of(pixels, color, within=60):
    """Rows and columns of what is nearly of a colour, in the space of a film."""
    return np.nonzero(np.abs(pixels[64:600] - color).max(axis=2) < within)


def extent(places):
    return np.array([np.ptp(places[1]), np.ptp(places[0])]) + 1


def test_the_scale_bar_is_as_long_as_it_says():
    pixels = picture([[0, -10, 5], [0, 10, 5]])
    wide = extent(places_of(pixels, RED))[0] - 9.4  # the joints' own width
    # The bar is the broad dark line at the bottom.
    dark = (pixels[630:680].max(axis=2) < 60).sum(axis=1)
    bar = dark.max() - 3  # its round ends
    assert bar / wide == pytest.approx(2 / 20, rel=0.05)


def test_left_joints_are_rings_and_right_ones_full():
    pixels = picture([[0, -10, 5], [0, 10, 5]], LEGS)
    left, right = (
        np.array([places[0].mean() + 64, places[1].mean()]).round().astype(int)
        for places in (places_of(pixels, RED), places_of(pixels, BLUE))
    )
    assert pixels[tuple(left)].min() > 240
    assert np.abs(pixels[tuple(right)] - BLUE).max() < 30


@pytest.mark.parametrize(
    ("spread", "view", "wide", "high"),
    [
        ((0, 0, 2), (0, 0), 0, 2),
        ((0, 3, 0), (0, 0), 3, 0),
        ((0, 3, 0), (90, 0), 0, 0),
        ((4, 0, 0), (60, 0), 4 * np.sin(np.radians(60)), 0),
        ((4, 0, 0), (0, 30), 0, 4 * np.sin(np.radians(30))),
        ((2, 3, 1), (30, 0), np.hypot(2 * np.sin(np.pi / 6), 3 * np.cos(np.pi / 6)), 1),
    ],
)
def test_spread_is_as_wide_as_it_is_seen(spread, view, wide, high):
    axis = np.array([-np.sin(np.radians(view[0])), np.cos(np.radians(view[0])), 0])
    pose = np.stack([-10 * axis, 0 * axis, 10 * axis]) + [0, 0, 10]
    known = np.full((1, 3, 3), np.nan)
    known[0, 1] = spread
    alone = Skeleton(["one", "middle", "other"], limbs=[0, 2, 1], colors=[RED, BLUE, (0, 0, 0)])
    plain = picture(pose, alone, view, ground=0.0)
    pixels = picture(pose, alone, view, ground=0.0, spread=known)
    dots = [places_of(plain, color) for color in (RED, BLUE)]
    scale = abs(dots[1][1].mean() - dots[0][1].mean()) / 20
    changed = np.nonzero(np.abs(pixels - plain)[64:600].max(axis=2) > 8)
    if wide == high == 0:
        assert len(changed[0]) == 0
        return
    # Two deviations to each side.
    expected = 4 * scale * np.array([wide, high])
    np.testing.assert_allclose(extent(changed), expected, atol=8)


def test_a_trail_follows_where_the_joint_was():
    time = np.arange(20)
    pose = np.zeros((20, 2, 3))
    pose[:, 0, 1], pose[:, 0, 2] = time, 10
    alone = Skeleton(["one", "other"], limbs=[0, 1], colors=[RED, BLUE])
    pose[:, 1] = [0, 60, 0]
    plain, trailing = (picture(pose, alone, row=19, trail=trail) for trail in (0, 8))
    changed = np.nonzero(np.abs(plain - trailing)[64:600].max(axis=2) > 8)
    dot = places_of(plain, RED)
    assert abs(changed[0].mean() - dot[0].mean()) < 2
    assert changed[1].max() < dot[1].max()
    longer = picture(pose, alone, row=19, trail=16)
    reach = np.nonzero(np.abs(plain - longer)[64:600].max(axis=2) > 8)
    behind = [dot[1].mean() - each[1].min() for each in (changed, reach)]
    assert behind[1] / behind[0] == pytest.approx(2, rel=0.15)


def test_outliers_do_not_make_the_animal_small():
    pose = np.tile([[0.0, -10, 5], [0, 10, 5]], (300, 1, 1))
    usual = extent(places_of(picture(pose, row=10), RED))[0]
    pose[200, 0, 1] = -5000
    assert extent(places_of(picture(pose, row=10), RED))[0] == pytest.approx(usual, rel=0.1)


def test_the_ground_may_rise_with_the_animal():
    pose = np.tile([[0.0, -10, 5], [0, 10, 5]], (10, 1, 1))
    pose[:, :, 2] += np.arange(10)[:, None]
    pixels = [
        picture(pose, view=(20, 20), row=9, ground=ground) for ground in (pose[:, 0, 2] - 5, 0.0)
    ]
    assert (pixels[0] != pixels[1]).any()
    with pytest.raises(ValueError, match=r"ground needs shape \(10,\), got \(3,\)"):
        picture(pose, ground=np.zeros(3))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": np.zeros((1, 2, 3))}, r"image needs shape \(1, 2, 2\), got \(1, 2, 3\)"),
        ({"spread": np.zeros((2, 2, 3))}, r"spread needs shape \(1, 2, 3\)"),
        ({"faint": np.zeros(2)}, r"faint needs shape \(1, 2\), got \(2,\)"),
        ({"size": (63, 720)}, "two even numbers from 64"),
        ({"trail": -2}, "0 frames back or more; got -2"),
    ],
)
def test_what_does_not_fit_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        picture([[0.0, -10, 5], [0, 10, 5]], **change)


@given(
    size=st.tuples(st.integers(16, 4000), st.integers(16, 4000)),
    room=st.tuples(st.integers(32, 900), st.integers(32, 900)),
    seed=st.integers(0, 999),
)
def test_the_part_of_the_image_holds_the_animal_and_lies_in_it(size, room, seed):
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 1, (5, 4, 2)) * size * rng.uniform(0.05, 1)
    left, top, width, height = part_shown(size, points, room)
    assert min(left, top) >= 0
    assert left + width <= size[0]
    assert top + height <= size[1]
    assert (points.min(axis=(0, 1)) >= [left - 0.5, top - 0.5]).all()
    assert (points.max(axis=(0, 1)) <= [left + width + 0.5, top + height + 0.5]).all()
    if (left, top, width, height) != (0, 0, *size):
        assert width / height == pytest.approx(room[0] / room[1], rel=2 / min(width, height))


def test_motion_is_looked_for_between_pixels_only_where_there_is_video(tmp_path):
    shot = Shot(np.array([[[0.0, -10, 5], [0, 10, 5]]] * 3), Limbs.of(BONE), 25.0, unit="mm")
    reel = Reel(np.arange(3), np.zeros((3, 2)), size=(160, 80))
    film_square(tmp_path / "raw.mp4", 3)
    with Footage(tmp_path / "raw.mp4") as footage:
        film(tmp_path / "with.mp4", shot, reel, footage=footage)
    film(tmp_path / "without.mp4", shot, reel)
    # The encoder writes its settings into the film.
    assert b"subme=0" in (tmp_path / "without.mp4").read_bytes()
    assert b"subme=0" not in (tmp_path / "with.mp4").read_bytes()
