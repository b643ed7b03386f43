"""Videos made for tests: a bright square whose place says which picture it is."""

import struct
from fractions import Fraction

import av
import numpy as np

SIZE = (160, 96)
SIDE = 8
_STEP, _ROW = 4, 32  # pixels to the right from picture to picture; pictures in a row


def centre_of(number):
    """Centre of the square in a picture, (..., 2), pixels."""
    number = np.asarray(number)
    corner = np.stack([8 + _STEP * (number % _ROW), 8 + 16 * (number // _ROW)], axis=-1)
    return corner + (SIDE - 1) / 2


def picture_of(number, size=SIZE):
    """A picture, (height, width, 3)."""
    picture = np.full((size[1], size[0], 3), 30, np.uint8)
    x, y = (centre_of(number) - (SIDE - 1) / 2).astype(int)
    picture[y : y + SIDE, x : x + SIDE] = 230
    return picture


def square_in(picture):
    """Centre of what is bright in a picture, pixels."""
    y, x = np.nonzero(picture.mean(axis=2) > 140)
    return np.array([x.mean(), y.mean()])


def number_in(picture):
    """Which picture it is."""
    x, y = square_in(picture) - (SIDE - 1) / 2 - 8
    return round(x / _STEP) + _ROW * round(y / 16)


def film_square(
    path,
    count=40,
    *,
    codec="libx264",
    kind="yuv420p",
    times=None,
    gop=12,
    size=SIZE,
    rate=25,
    index_first=False,
):
    """Write a video of `count` pictures, at `times` in frames of the rate if they are given."""
    options = {"bf": "2", "qp": "12"} if codec == "libx264" else {}
    with av.open(str(path), "w", options={"movflags": "faststart"} if index_first else {}) as film:
        stream = film.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = size
        stream.pix_fmt, stream.gop_size = kind, gop
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture_of(number, size), format="rgb24")
            frame = frame.reformat(format=kind)
            frame.pts = number if times is None else int(times[number])
            frame.time_base = Fraction(1, rate)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def turned(path, matrix):
    """Let players of an mp4 turn its pictures: a, b, c, d of the matrix in its track header."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (int(value * 65536) for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path
