"""The film of a lift: read back, and its pictures looked at."""

import av
import numpy as np
import pytest

from liftpose.plot import film_lift
from liftpose.skeleton import Skeleton

RED, BLUE = (255, 0, 0), (0, 0, 255)
SKELETON = Skeleton(
    ["hip", "knee", "foot", "tail"],
    bones=[(0, 1), (1, 2), (3, 0)],
    limbs=[0, 0, 0, 1],
    colors=[RED, BLUE],
    unit="mm",
)


@pytest.fixture
def walk():
    """2D and 3D of a leg that walks for a second."""
    time = np.arange(50) / 50
    body = np.array([[0.0, 0, 2], [1, 0, 1], [0, 0, 0], [-1.5, 0.5, 2]])
    deep = body + np.stack([3 * time, time, 0 * time], axis=1)[:, None]
    deep[:, 1, 2] += 0.3 * np.sin(9 * time)
    return 100 + 40 * deep[..., [0, 2]] * [1, -1], deep


def pictures(path):
    with av.open(str(path)) as film:
        (stream,) = film.streams
        context = stream.codec_context
        about = (context.name, context.pix_fmt, float(stream.average_rate))
        return about, [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode()]


def share_of(picture, color, half):
    """Share of a half of the picture that is nearly of a colour."""
    middle = picture.shape[1] // 2
    part = picture[:, :middle] if half == "left" else picture[:, middle:]
    return (np.abs(part - color).max(axis=2) < 60).mean()


def test_the_film_is_h264_of_720_rows_and_as_long_as_it_should_be(walk, tmp_path):
    path = film_lift(tmp_path / "walk.mp4", *walk, SKELETON, 50, slower=2, fps=10)
    about, frames = pictures(path)
    assert about == ("h264", "yuv420p", 10.0)
    assert len(frames) == 20
    assert {frame.shape for frame in frames} == {(720, 1440, 3)}
    assert [entry.name for entry in tmp_path.iterdir()] == ["walk.mp4"]


def test_both_halves_show_the_animal_in_its_colours(walk, tmp_path):
    _, frames = pictures(film_lift(tmp_path / "walk.mp4", *walk, SKELETON, 50, fps=10))
    for half in ("left", "right"):
        assert share_of(frames[3], RED, half) > 1e-3
        assert share_of(frames[3], BLUE, half) > 5e-4


def test_what_was_not_seen_is_missing_from_the_image_and_still_lifted(walk, tmp_path):
    flat, deep = walk
    flat[:, 3] = np.nan
    _, frames = pictures(film_lift(tmp_path / "walk.mp4", flat, deep, SKELETON, 50, fps=10))
    assert share_of(frames[3], BLUE, "left") == 0
    assert share_of(frames[3], BLUE, "right") > 5e-4


def test_a_blind_limb_is_faint(walk, tmp_path):
    blind = np.zeros(walk[1].shape[:2], dtype=bool)
    blind[:, 3] = True
    path = film_lift(tmp_path / "walk.mp4", *walk, SKELETON, 50, fps=10, blind=blind)
    assert share_of(pictures(path)[1][3], BLUE, "right") == 0


def test_the_truth_stands_behind_in_grey(walk, tmp_path):
    flat, deep = walk
    plain, beside = (
        pictures(film_lift(tmp_path / "walk.mp4", flat, deep, SKELETON, 50, fps=10, **more))[1][3]
        for more in ({}, {"truth": deep + [0, 0, 0.4]})
    )
    gray = (189, 189, 189)
    assert share_of(beside, gray, "right") > share_of(plain, gray, "right") + 2e-3


def test_a_lift_of_nan_is_a_picture_without_it(walk, tmp_path):
    flat, deep = walk
    truth = deep.copy()
    deep[:25] = np.nan
    path = film_lift(tmp_path / "walk.mp4", flat, deep, SKELETON, 50, fps=10, truth=truth)
    _, frames = pictures(path)
    assert share_of(frames[2], RED, "right") == 0
    assert share_of(frames[8], RED, "right") > 1e-3


def test_every_picture_is_told_of(walk, tmp_path):
    told = []
    film_lift(
        tmp_path / "walk.mp4", *walk, SKELETON, 50, fps=5, on_frame=lambda *done: told.append(done)
    )
    assert told == [(number, 5) for number in range(1, 6)]


def test_an_interrupted_film_leaves_the_earlier_one(walk, tmp_path):
    path = tmp_path / "walk.mp4"
    path.write_bytes(b"earlier")

    def stop(done, whole):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        film_lift(path, *walk, SKELETON, 50, fps=5, on_frame=stop)
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"path": "walk.gif"}, r"needs to end in \.mp4, got 'walk\.gif'"),
        ({"rate": 0}, "rate needs a number above 0, got 0"),
        ({"slower": np.nan}, "slower needs a number above 0"),
        ({"fps": -1}, "fps needs a number above 0"),
        ({"poses_2d": np.ones((3, 2, 2))}, r"poses_2d needs shape \(N, 4, 2\), got \(3, 2, 2\)"),
        ({"poses_2d": np.ones((0, 4, 2))}, "no frames"),
        ({"lifted": np.ones((49, 4, 3))}, r"lifted needs shape \(50, 4, 3\), got \(49, 4, 3\)"),
        ({"truth": np.ones((50, 4))}, r"truth needs shape \(50, 4, 3\), got \(50, 4\)"),
        ({"blind": np.ones(50, bool)}, r"blind needs shape \(50, 4\), got \(50,\)"),
        ({"poses_2d": np.full((50, 4, 2), np.nan)}, "poses_2d has no joint in any frame"),
        ({"lifted": np.full((50, 4, 3), np.nan)}, "pose has no joint in any frame"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_written(change, words, walk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {
        "path": "walk.mp4",
        "poses_2d": walk[0],
        "lifted": walk[1],
        "skeleton": SKELETON,
        "rate": 50,
    }
    with pytest.raises(ValueError, match=words):
        film_lift(**given | change)
    assert list(tmp_path.iterdir()) == []
