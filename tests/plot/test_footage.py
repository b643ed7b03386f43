"""Videos read picture by picture, held against what was written into them and against OpenCV."""

import io
import wave

import av
import cv2
import numpy as np
import pytest

from liftpose.plot.footage import Footage
from tests.plot.videos import centre_of, film_square, number_in, picture_of, square_in, turned

KINDS = {
    "steady.mp4": {},
    "varying.mp4": {"times": np.cumsum(np.random.default_rng(0).integers(1, 9, 40))},
    "varying.mkv": {"times": np.cumsum(np.random.default_rng(1).integers(1, 9, 40))},
    "out_of_turn.avi": {},
    "intra.avi": {"codec": "mjpeg", "kind": "yuvj420p"},
    "bare.h264": {},
    "grey_and_odd.mkv": {"codec": "ffv1", "kind": "gray", "size": (161, 97)},
    "one_key.mp4": {"gop": 1000},
}


@pytest.fixture(params=KINDS)
def video(request, tmp_path):
    return film_square(tmp_path / request.param, **KINDS[request.param])


def test_picture_i_is_the_ith_however_it_is_reached(video):
    with Footage(video) as footage:
        assert footage.frames == 40
        assert [number_in(each) for each in footage.pictures(range(40))] == list(range(40))
        there_and_back = np.random.default_rng(2).permutation(40).tolist()
        found = [number_in(each) for each in footage.pictures(there_and_back)]
        assert found == there_and_back
        assert [number_in(each) for each in footage.pictures([7, 7, 3])] == [7, 7, 3]
        assert [number_in(footage.picture(number)) for number in (39, 0)] == [39, 0]


def test_pictures_that_are_passed_over_change_no_other(video):
    with Footage(video) as footage:
        whole = list(footage.pictures(range(40)))
        for step in (2, 3, 7):
            for number, ours in enumerate(footage.pictures(range(1, 40, step))):
                np.testing.assert_array_equal(ours, whole[1 + step * number])
        first = [number_in(each) for each in footage.pictures([0, 10])]
        assert [*first, number_in(footage.picture(11))] == [0, 10, 11]


def test_pictures_are_those_that_opencv_counts(video):
    seen = cv2.VideoCapture(str(video))
    with Footage(video) as footage:
        for ours in footage.pictures(range(footage.frames)):
            there, theirs = seen.read()
            assert there
            assert np.abs(ours.astype(int) - theirs[..., ::-1]).mean() < 2
        assert not seen.read()[0]


def test_times_are_those_written_and_the_rate_is_their_mean(tmp_path):
    times = np.cumsum([3, 1, 1, 7, 2, 5])
    path = film_square(tmp_path / "a.mp4", 6, times=times, rate=100)
    with Footage(path) as footage:
        np.testing.assert_allclose(footage.times, (times - 3) / 100, atol=1e-6)
        assert footage.fps == pytest.approx(5 / 0.16, abs=1e-3)
    with Footage(film_square(tmp_path / "b.h264", 6)) as footage:
        np.testing.assert_allclose(footage.times, np.arange(6) / 25)


@pytest.mark.parametrize(
    "matrix",
    [(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)],
    ids=["0", "90", "180", "270"],
)
def test_pictures_are_turned_as_players_turn_them(matrix, tmp_path):
    path = turned(film_square(tmp_path / "a.mp4", 5), matrix)
    seen = cv2.VideoCapture(str(path))
    with Footage(path) as footage:
        for ours in footage.pictures(range(5)):
            theirs = seen.read()[1][..., ::-1]
            assert ours.shape == theirs.shape == (*footage.size[::-1], 3)
            assert np.abs(ours.astype(int) - theirs).mean() < 2


def test_a_mirrored_video_is_mirrored(tmp_path):
    path = turned(film_square(tmp_path / "a.mp4", 5), (-1, 0, 0, 1))
    with Footage(path) as footage:
        assert number_in(footage.picture(3)[:, ::-1]) == 3


def test_a_part_is_cut_out_and_resized_without_moving(tmp_path):
    with Footage(film_square(tmp_path / "a.mp4", 20)) as footage:
        (part,) = footage.pictures([9], box=(30, 0, 60, 40), size=(240, 160))
        np.testing.assert_allclose(
            (square_in(part) + 0.5) / 4 - 0.5 + [30, 0], centre_of(9), atol=0.2
        )
        (whole,) = footage.pictures([9], size=(80, 48))
        np.testing.assert_allclose((square_in(whole) + 0.5) * 2 - 0.5, centre_of(9), atol=0.6)
        assert part.shape == (160, 240, 3)


def test_a_turned_video_is_resized_as_it_is_shown(tmp_path):
    path = turned(film_square(tmp_path / "a.mp4", 5), (0, 1, -1, 0))
    with Footage(path) as footage:
        (small,) = footage.pictures([4], size=(48, 80))
        large = footage.picture(4)
        assert small.shape == (80, 48, 3)
        np.testing.assert_allclose(square_in(small) * 2, square_in(large), atol=1.5)


def test_what_is_no_whole_video_is_named(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    whole = film_square(tmp_path / "whole.mp4", 30).read_bytes()
    (tmp_path / "unfinished.mp4").write_bytes(whole[: len(whole) // 2])
    strange = whole.replace(b"avc1", b"zzzz")
    (tmp_path / "strange.mp4").write_bytes(strange)
    sound = tmp_path / "sound.wav"
    sound.write_bytes(a_tone())
    for name, words in (
        ("text.mp4", "text.mp4 is no video that can be read; perhaps copying"),
        ("unfinished.mp4", "unfinished.mp4 is no video that can be read"),
        ("strange.mp4", "strange.mp4: its format is not one that is decoded here; convert it"),
        ("sound.wav", "sound.wav holds no video"),
    ):
        with pytest.raises(ValueError, match=words):
            Footage(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        Footage(tmp_path / "missing.mp4")


def a_tone():
    held = io.BytesIO()
    with wave.open(held, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(1600))
    return held.getvalue()


def test_a_video_that_ends_early_is_cut_short(tmp_path):
    path = film_square(tmp_path / "a.mp4", 60, index_first=True)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(ValueError, match=r"a\.mp4 is cut short: of the 60 pictures"):
        Footage(path)


def test_a_picture_that_is_not_there_is_named(tmp_path):
    with Footage(film_square(tmp_path / "a.mp4", 5)) as footage:
        for number in (-1, 5):
            with pytest.raises(ValueError, match=rf"no picture {number}; it has 5, from 0 to 4"):
                footage.picture(number)
        assert repr(footage) == "<Footage: 5 pictures at 25 a second, 160 x 96 pixels>"


def test_a_damaged_picture_is_an_error_only_where_it_is_asked_for(tmp_path):
    path = film_square(tmp_path / "a.mkv", 40, codec="mjpeg", kind="yuvj420p")
    with av.open(str(path)) as film:
        spoilt = next(bytes(p) for i, p in enumerate(film.demux(video=0)) if i == 20)
    data = path.read_bytes()
    path.write_bytes(data.replace(spoilt, bytes(len(spoilt))))
    with Footage(path) as footage:
        assert [number_in(each) for each in footage.pictures([19, 21])] == [19, 21]
        with pytest.raises(ValueError, match="picture 20 of 40 cannot be decoded"):
            footage.picture(20)


def test_what_is_shown_is_what_was_drawn(tmp_path):
    path = film_square(tmp_path / "a.mkv", 3, codec="ffv1", kind="bgr0")
    with Footage(path) as footage:
        np.testing.assert_array_equal(footage.picture(2), picture_of(2))
