import os
from fractions import Fraction

import av
import numpy as np
import pytest

from liftpose.files import replacing
from liftpose.plot import encoding
from liftpose.plot.encoding import as_rate, encode
from liftpose.plot.raster import Box, Canvas

RATE = Fraction(25)


def decoded(film, format="rgb24"):
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format=format) for frame in container.decode(video=0)]


def turned(pixels):
    """A picture as video, all of it turned at once."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgba")
    return frame.reformat(format="yuv420p", dst_colorspace=1).to_ndarray()


def balls(canvas, count, seed=0):
    """Pictures of discs that wander, sometimes out of the picture."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        canvas.clear()
        places = rng.uniform(-5, [canvas.width + 5, canvas.height + 5], (2, 2))
        canvas.discs(places, rng.uniform(1, 9, 2), [(1, 0, 0, 1), (0, 0.4, 0.8, 1)])
        yield canvas


def test_only_the_change_is_turned_and_the_whole_is_right(tmp_path, monkeypatch):
    """What the encoder is given is, byte for byte, each whole picture turned by itself."""
    rng = np.random.default_rng(1)
    canvas = Canvas(202, 150, rng.integers(0, 255, (150, 202, 3), dtype=np.uint8))
    given, pictures, parts = [], [], []
    add, paint = encoding._Film.add, encoding._Film._paint

    def adding(self, number, pixels, changed):
        add(self, number, pixels, changed)
        given.append(self._frame.to_ndarray())
        pictures.append(pixels.copy())

    def painting(self, part, box):
        parts.append(part.shape[0] * part.shape[1])
        paint(self, part, box)

    monkeypatch.setattr(encoding._Film, "add", adding)
    monkeypatch.setattr(encoding._Film, "_paint", painting)

    def near():
        for x, y in rng.uniform(0, [202, 150], (25, 2)):
            canvas.clear()
            canvas.discs([(x, y)], 5, (1, 0, 0, 1))
            yield canvas

    encode(tmp_path / "a.mp4", RATE, near())
    for found, pixels in zip(given, pictures, strict=True):
        wanted = turned(pixels)
        # swscale dithers by the place in what it is given.
        assert np.abs(found.astype(int) - wanted).max() <= 1
    assert parts[0] == 202 * 150
    assert min(parts[1:]) < 0.3 * 202 * 150


def test_films_of_canvases_and_of_arrays_are_the_same(tmp_path):
    encode(tmp_path / "a.mp4", RATE, balls(Canvas(100, 80), 12))
    encode(tmp_path / "b.mp4", RATE, (c.pixels for c in balls(Canvas(100, 80), 12)))
    for one, other in zip(decoded(tmp_path / "a.mp4"), decoded(tmp_path / "b.mp4"), strict=True):
        assert np.abs(one.astype(int) - other).mean() < 0.2


def test_canvases_may_take_turns_and_be_used_again(tmp_path):
    one, other = Canvas(60, 60), Canvas(60, 60)
    one.discs([(20, 20)], 8, (1, 0, 0, 1))
    other.discs([(40, 40)], 8, (0, 0, 1, 1))
    for name in ("a.mp4", "b.mp4"):
        encode(tmp_path / name, RATE, [one, other, one, one])
        pictures = np.array(decoded(tmp_path / name)).astype(int)
        for picture, red in zip(pictures, (True, False, True, True), strict=True):
            assert (np.ptp(picture[20, 20]) > 200) == red
            assert (np.ptp(picture[40, 40]) > 200) != red


def test_what_fails_in_the_drawing_is_not_blamed_on_the_film(tmp_path):
    def pictures():
        yield from balls(Canvas(32, 32), 2)
        with av.open(str(tmp_path / "nowhere.mp4")):
            pass

    with pytest.raises(FileNotFoundError) as caught:
        encode(tmp_path / "a.mp4", RATE, pictures())
    assert "nowhere.mp4" in str(caught.value)
    assert "could not be written" not in str(caught.value)


@pytest.mark.parametrize("count", [1, 2, 250, 251])
def test_every_picture_is_there_in_order_over_key_frames(tmp_path, count):
    """Each picture shows its number in bits; a key frame comes every 250 pictures."""
    canvas = Canvas(96, 16)

    def numbered():
        for number in range(count):
            canvas.clear()
            for bit in range(9):
                if number >> bit & 1:
                    canvas.discs([(8 + 10 * bit, 8)], 4, (0, 0, 0, 1))
            yield canvas

    encode(tmp_path / "a.mp4", RATE, numbered())
    pictures = np.array(decoded(tmp_path / "a.mp4"))
    bits = pictures[:, 8, 8:96:10, 0] < 128
    assert (bits * 2 ** np.arange(9)).sum(axis=1).tolist() == list(range(count))
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.frames == count
        assert stream.average_rate == RATE
        keys = [packet.is_keyframe for packet in container.demux(stream) if packet.size]
    assert sum(keys) >= 1 + (count > 250)


@pytest.mark.parametrize("size", [(33, 47), (2, 2), (3, 2), (640, 2)])
def test_odd_and_small_pictures(tmp_path, size):
    width, height = size
    encode(tmp_path / "a.mp4", RATE, balls(Canvas(width, height), 3))
    for picture in decoded(tmp_path / "a.mp4"):
        assert picture.shape == (height // 2 * 2, width // 2 * 2, 3)


def test_players_can_begin_before_they_have_all_of_it(tmp_path):
    encode(tmp_path / "a.mp4", RATE, balls(Canvas(64, 64), 5))
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")
    with av.open(str(tmp_path / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, context.profile) == ("h264", "yuv420p", "High")


def test_pictures_of_a_camera_come_out_smaller_when_it_is_said(tmp_path):
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 255, (20, 20, 3)).repeat(16, axis=0).repeat(16, axis=1)
    steps = np.arange(0, 12, 0.3)
    at = [(np.arange(240) + step) % 300 for step in steps]
    low = [np.floor(x).astype(int) for x in at]
    pans = [
        coarse[:240, a] * (1 - (x - a))[:, None] + coarse[:240, a + 1] * (x - a)[:, None]
        for x, a in zip(at, low, strict=True)
    ]
    pictures = [
        np.dstack([pan.astype(np.uint8), np.full((240, 240), 255, np.uint8)]) for pan in pans
    ]
    encode(tmp_path / "a.mp4", RATE, pictures)
    encode(tmp_path / "b.mp4", RATE, pictures, recorded=True)
    assert (tmp_path / "b.mp4").stat().st_size < 0.9 * (tmp_path / "a.mp4").stat().st_size


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ([], "no pictures"),
        ([np.zeros((4, 4, 3), np.uint8)], r"\(height, width, 4\) and uint8, got \(4, 4, 3\)"),
        ([np.zeros((4, 4, 4))], "got .* float64"),
        ([np.zeros((1, 9, 4), np.uint8)], "pictures of 9 by 1 pixels; a film needs 2 to"),
        (
            [np.zeros((4, 4, 4), np.uint8), np.zeros((4, 6, 4), np.uint8)],
            r"picture 1 has shape \(4, 6, 4\), and the first has \(4, 4, 4\)",
        ),
    ],
)
def test_bad_pictures_are_named(tmp_path, pictures, message):
    with pytest.raises(ValueError, match=message):
        encode(tmp_path / "a.mp4", RATE, pictures)


def test_missing_encoder_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "_CODEC", "libx999")
    with pytest.raises(RuntimeError, match="encoder libx999, which this PyAV .* pip install"):
        encode(tmp_path / "a.mp4", RATE, balls(Canvas(16, 16), 2))


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="film could not be written: No such file"):
        encode(tmp_path / "nowhere" / "a.mp4", RATE, balls(Canvas(16, 16), 2))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is full")
def test_full_disk_is_explained():
    with pytest.raises(OSError, match="could not be written: No space left on device.*/dev/full"):
        encode("/dev/full", RATE, balls(Canvas(320, 320), 60))


@pytest.fixture
def small_files():
    """No file may be longer than 30 kB, as on a disk that fills up."""
    resource = pytest.importorskip("resource", reason="Windows has no limit of the size of files")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_disk_that_fills_up_leaves_the_old_film(tmp_path, small_files):
    film = tmp_path / "a.mp4"
    film.write_bytes(b"old")
    canvas = Canvas(320, 320, np.random.default_rng(0).integers(0, 255, (320, 320, 3)))
    with pytest.raises(OSError, match="could not be written"), replacing(film) as beside:
        encode(beside, RATE, balls(canvas, 60))
    assert film.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_interruption_leaves_the_old_film(tmp_path):
    film = tmp_path / "a.mp4"
    film.write_bytes(b"old")

    def pictures():
        yield from balls(Canvas(64, 64), 40)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), replacing(film) as beside:
        encode(beside, RATE, pictures())
    assert film.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_parts_are_even_within_the_picture_and_of_few_sizes():
    sizes = set()
    for left in range(0, 100, 7):
        for wide in range(1, 110, 9):
            box = encoding._snapped(Box(left, 3, min(left + wide, 101), 12), 100, 64)
            assert all(edge % 2 == 0 for edge in box)
            assert 0 <= box.left <= left
            assert min(left + wide, 100) <= box.right <= 100
            sizes.add(box.right - box.left)
    assert len(sizes) <= 5


def test_rates():
    assert as_rate(29.97) == Fraction(2997, 100)
    with pytest.raises(ValueError, match="slowest film has 1 frame in 1001 s"):
        as_rate(1e-4)
