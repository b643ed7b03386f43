"""Pictures to film: H.264 in an mp4, which every player shows.

The next pictures are drawn while x264's own threads compress those before. Of each picture, only
what changed is turned into the colours of video: most of a film of poses stands still.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.plot.raster import Box, Canvas, Pixels

_BT709, _NARROW_RANGE = 1, 1  # FFmpeg's numbers
_CODEC = "libx264"
# Measured on films of poses, 1440 x 1440 pixels, ms of CPU and kB a picture: this 5.7 and 4.1; with
# motion finer than a pixel 7.6 and 3.4; "medium" 17 and 3.7, "superfast" 6.0 and 8.2, "ultrafast"
# 3.2 and 18.
_DRAWN = {"preset": "veryfast", "crf": "18", "x264-params": "subme=0"}
_RECORDED = {"preset": "veryfast", "crf": "18"}
_MOST_THREADS = 8  # each holds some pictures
_LARGEST = 16384  # pixels each way, of H.264 in x264
# Changed parts are given one of few sizes, for each of which swscale sets itself up anew.
_GRID = 32
_BORDER = 4  # pixels around a part that its colours are mixed with


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


def encode(
    path: Path,
    rate: Fraction,
    pictures: Iterable[npt.NDArray[np.uint8] | Canvas],
    *,
    recorded: bool = False,
) -> None:
    """Write pictures to a film.

    The film is written in place; what calls it writes beside and renames, see `files.replacing`.

    Parameters
    ----------
    path : pathlib.Path
        The mp4. H.264 in yuv420p.
    rate : fractions.Fraction
        Pictures a second.
    pictures : iterable of array, shape (height, width, 4), uint8, or of Canvas
        All of one size; an odd width or height loses its last column or row. Each is done with
        when the next is asked for, so it may be the same array or canvas again. Of a canvas, only
        what changed since the picture before is looked at, which is faster.
    recorded : bool
        Pictures hold those of a camera. Motion is looked for between pixels then, which takes
        longer and makes such films smaller.

    Raises
    ------
    OSError
        The film cannot be written: a full disk, a folder that is not there.
    RuntimeError
        PyAV was built without the encoder.
    ValueError
        There is no picture, or one of another size than the first.

    Examples
    --------
    >>> import tempfile
    >>> canvas = Canvas(64, 64)
    >>> def pictures():
    ...     for frame in range(10):
    ...         canvas.clear()
    ...         canvas.discs([[6 * frame, 32]], 5, (0, 0, 1, 1))
    ...         yield canvas
    >>> film = Path(tempfile.mkdtemp()) / "ball.mp4"
    >>> encode(film, as_rate(25), pictures())
    >>> film.stat().st_size > 1000
    True
    """
    import av

    with _explained(path):
        container = av.open(str(path), mode="w", format="mp4", options={"movflags": "faststart"})
    try:
        _fill(container, path, rate, pictures, recorded)
    except BaseException:
        # What went wrong is said already.
        with suppress(av.error.FFmpegError):
            container.close()
        raise
    with _explained(path):
        container.close()


def _fill(
    container: Any,
    path: Path,
    rate: Fraction,
    pictures: Iterable[npt.NDArray[np.uint8] | Canvas],
    recorded: bool,
) -> None:
    film: _Film | None = None
    size, last = None, None
    for number, picture in enumerate(pictures):
        pixels, changed = _looked_at(picture, last)
        last = picture
        if film is None:
            size = pixels.shape
            film = _Film(_stream(container, rate, recorded), rate, *_even(pixels))
        elif pixels.shape != size:
            raise ValueError(
                f"picture {number} has shape {pixels.shape}, and the first has {size}; all "
                "pictures of a film need one size."
            )
        with _explained(path):
            film.add(number, pixels, changed)
    if film is None:
        raise ValueError("there are no pictures; a film needs at least one.")
    with _explained(path):
        film.finish()


def _looked_at(
    picture: npt.NDArray[np.uint8] | Canvas, last: npt.NDArray[np.uint8] | Canvas | None
) -> tuple[Pixels, Box]:
    """Pixels of a picture, and where they are others than in the last one."""
    pixels = picture.pixels if isinstance(picture, Canvas) else picture
    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
        raise ValueError(
            f"pictures need shape (height, width, 4) and uint8, got {pixels.shape}, {pixels.dtype}."
        )
    changed = Box(0, 0, pixels.shape[1], pixels.shape[0])
    if isinstance(picture, Canvas):
        since = picture.changes()
        # Another film, or another canvas, may have looked at the changes before.
        changed = since if picture is last else changed
    return pixels, changed


def _even(pixels: Pixels) -> tuple[int, int]:
    """Width and height that yuv420p can have, which halves the resolution of colour."""
    height, width = (length // 2 * 2 for length in pixels.shape[:2])
    if not (2 <= width <= _LARGEST and 2 <= height <= _LARGEST):
        raise ValueError(
            f"pictures of {pixels.shape[1]} by {pixels.shape[0]} pixels; a film needs 2 to "
            f"{_LARGEST} each way."
        )
    return width, height


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say of which file the trouble is that FFmpeg has with the disk."""
    import av

    try:
        yield
    except av.error.FFmpegError as error:
        if not isinstance(error, OSError) or not error.errno:
            raise
        raise OSError(
            error.errno,
            f"the film could not be written: {os.strerror(error.errno)}. Make room, or write "
            "it elsewhere",
            str(path),
        ) from error


class _Film:
    """The video of a container, and the picture that it shows last."""

    def __init__(self, stream: Any, rate: Fraction, width: int, height: int):
        import av

        self._stream, self._rate = stream, rate
        self._width, self._height = width, height
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        # Written down, so that no player has to guess the colours from the size of the picture.
        stream.colorspace = stream.color_primaries = stream.color_trc = _BT709
        stream.color_range = _NARROW_RANGE
        stream.codec_context.thread_count = _threads()
        self._frame: Any = av.VideoFrame(width, height, "yuv420p")
        self._planes = [_as_array(plane) for plane in self._frame.planes]
        self._turn: Any = av.video.reformatter.VideoReformatter()

    def add(self, number: int, pixels: Pixels, changed: Box) -> None:
        """Compress a picture, of which this part is another than in the one before."""
        box = _snapped(changed, self._width, self._height)
        if not box.empty:
            self._paint(pixels[box.top : box.bottom, box.left : box.right], box)
        # x264 copies a picture before it comes back, so that one is enough.
        self._frame.pts, self._frame.time_base = number, 1 / self._rate
        self._stream.container.mux(self._stream.encode(self._frame))

    def _paint(self, part: Pixels, box: Box) -> None:
        import av

        high, wide = part.shape[:2]
        given: Any = av.VideoFrame(wide, high, "rgba")
        _as_array(given.planes[0], 4)[...] = part.reshape(high, 4 * wide)
        turned = self._turn.reformat(given, format="yuv420p", dst_colorspace=_BT709)
        # What lies at a seam was mixed with colours of the border only; it stays as it was.
        inside = Box(
            0 if box.left == 0 else _BORDER,
            0 if box.top == 0 else _BORDER,
            wide if box.right == self._width else wide - _BORDER,
            high if box.bottom == self._height else high - _BORDER,
        )
        for kept, plane, share in zip(self._planes, turned.planes, (1, 2, 2), strict=True):
            left, top, right, bottom = (edge // share for edge in inside)
            x, y = box.left // share, box.top // share
            new = _as_array(plane)[top:bottom, left:right]
            kept[y + top : y + bottom, x + left : x + right] = new

    def finish(self) -> None:
        """Compress what the encoder held back."""
        self._stream.container.mux(self._stream.encode())


def _threads() -> int:
    """How many pictures x264 works on at once: one more than processors, as one is drawn."""
    return min((os.cpu_count() or 1) + 1, _MOST_THREADS)


def _stream(container: Any, rate: Fraction, recorded: bool) -> Any:
    import av

    try:
        av.Codec(_CODEC, "w")
    except av.codec.codec.UnknownCodecError:
        raise RuntimeError(
            f"films need the H.264 encoder {_CODEC}, which this PyAV ({av.__version__}) was built "
            "without. The wheels on PyPI have it: pip install --force-reinstall av"
        ) from None
    return container.add_stream(_CODEC, rate=rate, options=dict(_RECORDED if recorded else _DRAWN))


def _as_array(plane: Any, channels: int = 1) -> npt.NDArray[np.uint8]:
    """Bytes (height, width * channels) of a plane, to read and to write."""
    lines = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size]
    return lines.reshape(plane.height, plane.line_size)[:, : channels * plane.width]


def _snapped(box: Box, width: int, height: int) -> Box:
    """Widen a box by the border and to the grid, within an even picture."""
    if box.empty:
        return box
    left, right = _span(box.left, box.right, width)
    top, bottom = _span(box.top, box.bottom, height)
    return Box(left, top, right, bottom)


def _span(low: int, high: int, limit: int) -> tuple[int, int]:
    low = max(0, (low - _BORDER) // 2 * 2)
    length = -(-(min(high, limit) + _BORDER - low) // _GRID) * _GRID
    low = max(0, min(low, limit - length))
    return low, min(low + length, limit)
