"""Pictures to film: H.264 in an mp4, which every player shows."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_BT709, _NARROW_RANGE = 1, 1  # FFmpeg's numbers


def as_rate(fps: float) -> Fraction:
    """Check a number of frames a second.

    Parameters
    ----------
    fps : float
        Above 0.

    Returns
    -------
    fractions.Fraction

    Raises
    ------
    ValueError
        It is no such number, or so small that a film cannot have it.

    Examples
    --------
    >>> as_rate(12.5)
    Fraction(25, 2)
    """
    if not (np.isfinite(fps) and fps > 0):
        raise ValueError(f"fps needs a number above 0, got {fps!r}.")
    rate = Fraction(float(fps)).limit_denominator(1001)
    if rate == 0:
        raise ValueError(f"fps is {fps!r}; the slowest film has 1 frame in 1001 s.")
    return rate


def encode(path: Path, rate: Fraction, pictures: Iterable[npt.NDArray[np.uint8]]) -> None:
    """Write pictures to a film.

    Parameters
    ----------
    path : pathlib.Path
        The mp4. H.264 in yuv420p.
    rate : fractions.Fraction
        Pictures a second.
    pictures : iterable of array, shape (height, width, 4), uint8
        All of one size; an odd width or height loses its last column or row. Each is done with
        when the next is asked for.
    """
    import av

    options = {"movflags": "faststart"}
    with av.open(str(path), mode="w", format="mp4", options=options) as film:
        stream: Any = film.add_stream("libx264", rate=rate, options={"crf": "18"})
        stream.pix_fmt = "yuv420p"
        # Written down, so that no player has to guess the colours from the size of the picture.
        stream.colorspace = stream.color_primaries = stream.color_trc = _BT709
        stream.color_range = _NARROW_RANGE
        for number, picture in enumerate(pictures):
            # yuv420p halves the resolution of colour, so it knows even sizes only.
            height, width = (length // 2 * 2 for length in picture.shape[:2])
            if number == 0:
                stream.width, stream.height = width, height
            even = np.ascontiguousarray(picture[:height, :width])
            frame = av.VideoFrame.from_ndarray(even, format="rgba").reformat(
                format="yuv420p", dst_colorspace=_BT709
            )
            frame.pts, frame.time_base = number, 1 / rate
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
