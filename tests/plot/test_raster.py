import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from liftpose.plot.raster import Box, Canvas, text_width

BLACK, RED, BLUE = (0, 0, 0, 1), (1, 0, 0, 1), (0, 0, 1, 1)
FINE = 8  # samples a side of a pixel


def ink(canvas):
    """How much of every pixel of a white canvas black covers."""
    return 1 - canvas.pixels[..., 0] / 255


def coverage(width, height, inside):
    """Share of every pixel for which `inside(x, y)` holds, by counting samples."""
    steps = (np.arange(FINE) + 0.5) / FINE - 0.5
    x = (np.arange(width)[:, None] + steps).ravel()
    y = (np.arange(height)[:, None] + steps).ravel()
    hit = inside(*np.meshgrid(x, y)).astype(float)
    return hit.reshape(height, FINE, width, FINE).mean(axis=(1, 3))


def distance(x, y, start, end):
    (ax, ay), (bx, by) = start, end
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
    along = np.clip(along, 0, 1)
    return np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))


def test_lines_cover_what_is_near_them():
    canvas = Canvas(60, 40)
    start, end, width = (10.3, 8.7), (47.2, 30.1), 5.0
    canvas.lines([[start, end]], BLACK, width)
    wanted = coverage(60, 40, lambda x, y: distance(x, y, start, end) <= width / 2)
    np.testing.assert_allclose(ink(canvas), wanted, atol=0.08)
    assert abs(ink(canvas).sum() - wanted.sum()) < 0.01 * wanted.sum()


def test_ellipses_and_discs_cover_their_inside():
    canvas = Canvas(80, 60)
    axes = np.array([[18.0, 4.0], [-6.0, 11.0]])
    canvas.ellipses([(40.4, 29.8)], [axes], BLACK)
    back = np.linalg.inv(axes)

    def inside(x, y):
        u = back[0, 0] * (x - 40.4) + back[0, 1] * (y - 29.8)
        v = back[1, 0] * (x - 40.4) + back[1, 1] * (y - 29.8)
        return u * u + v * v <= 1

    np.testing.assert_allclose(ink(canvas), coverage(80, 60, inside), atol=0.12)
    canvas.clear()
    canvas.discs([(20.0, 25.0)], 7.5, BLACK)
    wanted = coverage(80, 60, lambda x, y: np.hypot(x - 20, y - 25) <= 7.5)
    np.testing.assert_allclose(ink(canvas), wanted, atol=0.12)
    assert abs(ink(canvas).sum() - np.pi * 7.5**2) < 0.02 * np.pi * 7.5**2


def test_many_shapes_are_each_at_their_place_in_their_colour_and_width():
    canvas = Canvas(100, 100)
    segments = [[(10, y), (30, y)] for y in (20, 50, 80)]
    canvas.lines(segments, [RED, BLUE, BLACK], [1, 5, 9])
    for y, color in ((20, RED), (50, BLUE), (80, BLACK)):
        assert canvas.pixels[y, 20, :3].tolist() == [255 * part for part in color[:3]]
    thick = [int((canvas.pixels[y - 8 : y + 9, 20, 1] < 128).sum()) for y in (20, 50, 80)]
    assert thick == [1, 5, 9]
    canvas.discs([(60, 20), (60, 60)], [3, 12], [RED, BLUE])
    assert canvas.pixels[20, 66, :3].tolist() == [255, 255, 255]
    assert canvas.pixels[60, 70, :3].tolist() == [0, 0, 255]


def test_hollow_discs_are_rings_as_large_as_discs():
    canvas = Canvas(60, 30)
    canvas.discs([(15, 15), (45, 15)], 10, RED, hollow=[True, False], paper=(0, 1, 0, 1))
    assert canvas.pixels[15, 15, :3].tolist() == [0, 255, 0]
    assert canvas.pixels[15, 45, :3].tolist() == [255, 0, 0]
    ring = canvas.pixels[15, 15 + 8, :3]
    assert ring.tolist() == [255, 0, 0]
    reddish = (canvas.pixels[15, :, 2] < 128).nonzero()[0]
    left, right = reddish[reddish < 30], reddish[reddish > 30]
    assert np.ptp(left) == np.ptp(right)


def test_later_shapes_cover_and_opacity_mixes():
    canvas = Canvas(30, 30)
    canvas.lines([[(5, 15), (25, 15)], [(15, 5), (15, 25)]], [RED, BLUE], 5)
    assert canvas.pixels[15, 15, :3].tolist() == [0, 0, 255]
    canvas.discs([(15, 15)], 3, (1, 1, 0, 0.5))
    np.testing.assert_allclose(canvas.pixels[15, 15, :3], [128, 128, 128], atol=2)


def test_polylines_break_at_what_is_missing_and_overlap_once():
    canvas = Canvas(60, 30)
    path = np.array([(5, 15), (20, 15), (np.nan, 15), (40, 15), (55, 15)], float)
    canvas.polyline(path, (0, 0, 0, 0.5), 4)
    row = ink(canvas)[15]
    assert row[30] == 0
    np.testing.assert_allclose(row[[10, 50]], 0.5, atol=0.01)
    canvas.clear()
    canvas.polyline([(5, 5), (50, 25), (5, 25), (50, 5)], (0, 0, 0, 0.5), 4)
    assert ink(canvas).max() < 0.52


def test_what_is_not_finite_is_left_out():
    canvas = Canvas(30, 30)
    gone = np.nan
    canvas.lines([[(gone, 5), (25, 5)], [(5, 15), (25, 15)]], [BLACK, RED], 3)
    canvas.discs([(15, gone), (15, 25)], 2, BLUE)
    canvas.ellipses([(10, 10)], [[[gone, 0], [0, 4]]], BLACK)
    canvas.polyline([(gone, 1), (2, gone)], BLACK)
    assert canvas.pixels[15, 15, :3].tolist() == [255, 0, 0]
    assert canvas.pixels[25, 15, :3].tolist() == [0, 0, 255]
    assert (canvas.pixels[:12, :, :3] == 255).all()


def test_nothing_to_draw_changes_nothing():
    canvas = Canvas(20, 20)
    canvas.changes()
    canvas.lines(np.zeros((0, 2, 2)), np.zeros((0, 4)), 2)
    canvas.discs(np.zeros((0, 2)), 3, np.zeros((0, 4)))
    canvas.text("", 3, 3)
    assert canvas.changes().empty
    assert canvas.pixels.min() == 255


@pytest.mark.parametrize("seed", range(4))
def test_changes_hold_every_pixel_that_changed(seed):
    rng = np.random.default_rng(seed)
    canvas = Canvas(90, 70, rng.integers(0, 255, (70, 90, 3), dtype=np.uint8))
    assert canvas.changes() == Box(0, 0, 90, 70)
    for _ in range(6):
        before = canvas.pixels.copy()
        canvas.clear()
        middle = rng.uniform(-20, 110, 2)
        places = middle + rng.normal(scale=9, size=(3, 2))
        canvas.lines(places[[[0, 1], [1, 2]]], rng.uniform(size=(2, 4)), rng.uniform(0.5, 12, 2))
        canvas.discs(places, rng.uniform(0.2, 9), rng.uniform(size=(3, 4)), hollow=[1, 0, 1])
        canvas.ellipses(places, rng.normal(size=(3, 2, 2)) * 9, RED, BLUE, 3)
        canvas.polyline(places, BLACK, 6)
        canvas.text("42 gj", *places[0], size=14)
        canvas.image(np.zeros((5, 4, 3), np.uint8), *places[1].astype(int))
        box = canvas.changes()
        outside = np.ones((70, 90), bool)
        outside[box.top : box.bottom, box.left : box.right] = False
        np.testing.assert_array_equal(canvas.pixels[outside], before[outside])
    assert canvas.changes().empty


def test_clear_goes_back_to_the_background():
    background = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    canvas = Canvas(50, 40, background)
    canvas.lines([[(-30, -30), (100, 100)]], BLACK, 9)
    canvas.text("words 17", 3, 30, 20)
    assert (canvas.pixels[..., :3] != background).any()
    canvas.clear()
    np.testing.assert_array_equal(canvas.pixels[..., :3], background)
    assert (canvas.pixels[..., 3] == 255).all()


def test_images_are_cut_at_the_edges():
    picture = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    canvas = Canvas(20, 10)
    canvas.image(picture, -3, 7)
    np.testing.assert_array_equal(canvas.pixels[7:, :5, :3], picture[:3, 3:])
    assert (canvas.pixels[7:, 5:, :3] == 255).all()
    canvas.image(picture, 30, 30)
    with pytest.raises(ValueError, match=r"shape \(h, w, 3\) and uint8, got \(6, 8, 3\), float64"):
        canvas.image(picture / 255)


def test_words_look_like_matplotlibs():
    canvas = Canvas(300, 60)
    canvas.text("Frame 1203 of 8,000", 12, 40, 22, BLACK)
    figure = Figure(figsize=(3, 0.6), dpi=100, facecolor="white")
    figure.text(12.5 / 300, 19.5 / 60, "Frame 1203 of 8,000", fontsize=22 * 0.72, color="black")
    drawn = FigureCanvasAgg(figure)
    drawn.draw()
    theirs = 1 - np.asarray(drawn.buffer_rgba())[..., 0] / 255
    # The same letters at the same places, though some may be a pixel apart.
    assert abs(ink(canvas).sum() / theirs.sum() - 1) < 0.05
    ours, other = (np.array(np.nonzero(part > 0.5)) for part in (ink(canvas), theirs))
    np.testing.assert_allclose(ours.min(axis=1), other.min(axis=1), atol=1)
    np.testing.assert_allclose(ours.max(axis=1), other.max(axis=1), atol=3)


def test_words_stand_where_they_are_anchored():
    for anchor, x in (("left", 20), ("center", 100), ("right", 180)):
        canvas = Canvas(200, 40)
        canvas.text("Hamburg", x, 30, 20, BLACK, anchor=anchor)
        columns = np.flatnonzero(ink(canvas).any(axis=0))
        share = {"left": 0, "center": 0.5, "right": 1}[anchor]
        start = x - share * text_width("Hamburg", 20)
        assert abs(columns[0] - start) < 4
        assert abs(columns[-1] - (start + text_width("Hamburg", 20))) < 4
    with pytest.raises(ValueError, match=r"left, center, right, got 'middle'"):
        canvas.text("x", 0, 0, anchor="middle")


def test_text_is_mixed_with_what_is_under_it():
    canvas = Canvas(60, 40, np.full((40, 60, 3), [0, 100, 0], np.uint8))
    canvas.text("■", 10, 30, 30, (1, 1, 1, 0.5))
    assert [128, 178, 128] in canvas.pixels[..., :3].reshape(-1, 3).tolist()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="1 pixel or more"):
        Canvas(0, 5)
    with pytest.raises(ValueError, match=r"shape \(4, 6, 3 or 4\), got \(6, 4, 3\)"):
        Canvas(6, 4, np.zeros((6, 4, 3)))
    with pytest.raises(ValueError, match=r"expected shape \(N, 2, 2\), got \(2, 2\)"):
        Canvas(6, 4).lines([[0, 0], [1, 1]], BLACK)


def test_dashes_are_as_long_as_asked():
    canvas = Canvas(100, 20)
    canvas.polyline([(-0.5, 10), (99.5, 10)], BLACK, 4, dashes=(12, 8))
    dark = ink(canvas)[10] > 0.5
    edges = np.flatnonzero(np.diff(dark.astype(int))) + 1
    assert edges.tolist() == [12, 20, 32, 40, 52, 60, 72, 80, 92]
    canvas.lines([[(50, 3), (50, 3.5)]], BLACK, 6)
    assert ink(canvas)[1, 50] > 0.5  # ends are round again


def test_clip_keeps_everything_within():
    canvas = Canvas(60, 40)
    canvas.changes()
    canvas.clip(Box(10, 5, 30, 25))
    canvas.lines([[(0, 0), (60, 40)]], RED, 9)
    canvas.discs([(30, 15)], 10, BLUE)
    canvas.polyline([(0, 24), (60, 24)], BLACK, 5)
    canvas.text("wide words", 0, 20, 12)
    canvas.image(np.zeros((40, 8, 3), np.uint8), 5, 0)
    outside = np.ones((40, 60), bool)
    outside[5:25, 10:30] = False
    assert (canvas.pixels[outside] == 255).all()
    assert (canvas.pixels[5:25, 10:30] != 255).any(axis=2).sum() > 200
    assert canvas.changes() == Box(10, 5, 30, 25)
    canvas.clip(None)
    canvas.discs([(50, 30)], 4, BLUE)
    assert canvas.pixels[30, 50].tolist() == [0, 0, 255, 255]


def test_lines_that_end_butt_have_no_knots_where_they_meet():
    canvas = Canvas(60, 30)
    pieces = [[(5, 15), (29.5, 15)], [(29.5, 15), (55, 15)]]
    canvas.lines(pieces, (0, 0, 0, 0.5), 6, ends="butt")
    np.testing.assert_allclose(ink(canvas)[15, 8:52], 0.5, atol=0.01)
    canvas.clear()
    canvas.lines(pieces, (0, 0, 0, 0.5), 6)
    assert ink(canvas)[15, 29] > 0.7
    with pytest.raises(ValueError, match="'round' or 'butt', got 'square'"):
        canvas.lines(pieces, BLACK, ends="square")
