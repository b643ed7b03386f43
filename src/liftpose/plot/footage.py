"""Videos, picture by picture: picture i is the i-th that a player shows, whatever its time.

Trackers count pictures, so poses and pictures are matched by number and never by time, which makes
videos of a variable frame rate as exact as others.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]

# Those that write down when each picture is shown. Others leave it to be guessed, often wrongly
# where pictures are not stored in the order in which they are shown.
_TIMED = ("mov", "matroska")
_DISPLAY_MATRIX = "DISPLAYMATRIX"


@dataclass(frozen=True)
class _Index:
    """When each picture is shown, and those that can be decoded without others before them."""

    stamps: tuple[int, ...]
    keys: tuple[int, ...]
    exact: bool
    """Whether a decoded picture is known by its stamp; else pictures are counted from the first."""


class Footage:
    """A video that is open.

    Parameters
    ----------
    path : path-like
        Of any kind that FFmpeg decodes.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        There is nothing that can be read.
    ValueError
        No video, a video that is cut short, or one in a format that is not decoded here.

    Notes
    -----
    MP4, MOV, MKV and WebM say when each picture is shown, so that any can be reached from the key
    picture before it. In other files, such as AVI, this holds where no picture is stored out of
    turn; otherwise they are counted from the first, which takes longer and is as exact.

    Examples
    --------
    >>> import tempfile
    >>> from liftpose.plot.encoding import as_rate, encode
    >>> path = Path(tempfile.mkdtemp()) / "walk.mp4"
    >>> encode(path, as_rate(25), [np.full((32, 48, 4), shade, np.uint8) for shade in (0, 200)])
    >>> with Footage(path) as footage:
    ...     footage.frames, footage.size, footage.fps, footage.picture(1).shape
    (2, (48, 32), 25.0, (32, 48, 3))
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._container: Any = None
        self._stream: Any = None
        self._decoded: Iterator[Any] | None = None
        self._next = 0
        self._wanted: frozenset[int] | None = None
        try:
            self._open()
            self._index = self._indexed()
            self._reset()
            first = self._frame(0)
        except BaseException:
            self.close()
            raise
        self._turn = _turn_of(first)
        width, height = first.width, first.height
        self.size: tuple[int, int] = (height, width) if self._turn[0] else (width, height)
        """Width and height of the pictures as they are shown."""

    @property
    def frames(self) -> int:
        """Number of pictures."""
        return len(self._index.stamps)

    @property
    def fps(self) -> float | None:
        """Pictures a second, on average; None where the file does not say when they are shown."""
        times = self.times
        if len(times) > 1 and times[-1] > times[0]:
            return round(float((len(times) - 1) / (times[-1] - times[0])), 3)
        rate = self._stream.average_rate
        return None if rate is None else float(rate)

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """When each picture is shown, shape (frames,), seconds from the first.

        Evenly spaced where the file does not say.
        """
        if self._index.exact:
            stamps = np.asarray(self._index.stamps, dtype=np.float64)
            seconds: npt.NDArray[np.float64] = (stamps - stamps[0]) * float(self._stream.time_base)
            return seconds
        rate = self._stream.average_rate or self._stream.base_rate or 25
        return np.arange(self.frames) / float(rate)

    def picture(self, number: int) -> Picture:
        """Decode one picture.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        array, shape (height, width, 3), uint8
            Red, green and blue, turned as it is to be shown.

        Raises
        ------
        ValueError
            There is no such picture, or it cannot be decoded.
        """
        return next(self.pictures([number]))

    def pictures(
        self,
        numbers: Iterable[int],
        box: Box | None = None,
        size: tuple[int, int] | None = None,
    ) -> Iterator[Picture]:
        """Decode pictures one after another.

        Parameters
        ----------
        numbers : iterable of int
            From 0, in any order; quickest where they rise. The same may come again. All are taken
            in at once.
        box : (int, int, int, int), pixels, optional
            Left column, upper row, width and height of the part that is wanted.
        size : (int, int), pixels, optional
            Width and height that it is resized to.

        Yields
        ------
        array, shape (height, width, 3), uint8

        Raises
        ------
        ValueError
            There is no such picture, or it cannot be decoded.
        """
        asked = tuple(numbers)
        # What was passed over for the pictures asked for before may be wanted now.
        self._wanted, self._decoded = self._stamps_of(asked), None
        last, picture = -1, None
        for number in asked:
            if not 0 <= number < self.frames:
                raise ValueError(
                    f"{self.path} has no picture {number}; it has {self.frames:,}, from 0 to "
                    f"{self.frames - 1}."
                )
            if picture is None or number != last:
                picture, last = self._shown(self._frame(number), box, size), number
            yield picture

    def _stamps_of(self, numbers: tuple[int, ...]) -> frozenset[int] | None:
        """When the pictures are shown that are wanted; None where only counting tells them."""
        if not self._index.exact:
            return None
        known = self._index.stamps
        return frozenset(known[number] for number in numbers if 0 <= number < len(known))

    def close(self) -> None:
        """Let go of the file."""
        self._decoded = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, what: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        rate = "" if self.fps is None else f" at {self.fps:g} a second"
        return f"<Footage: {self.frames:,} pictures{rate}, {self.size[0]} x {self.size[1]} pixels>"

    def _open(self) -> None:
        import av

        self.close()
        try:
            self._container = av.open(os.fspath(self.path))
        except av.error.InvalidDataError:
            raise ValueError(
                f"{self.path} is no video that can be read; perhaps copying or recording it was "
                "interrupted."
            ) from None
        if not self._container.streams.video:
            raise ValueError(f"{self.path} holds no video.")
        self._stream = self._container.streams.video[0]
        if self._stream.codec_context is None:
            raise ValueError(
                f"{self.path}: its format is not one that is decoded here; convert it, such as "
                "with `ffmpeg -i IN -c:v libx264 OUT.mp4`."
            )
        self._stream.thread_type = "AUTO"

    def _indexed(self) -> _Index:
        """Find all pictures without decoding them, where that can be done."""
        stream = self._stream
        told = [
            (packet.pts, bool(packet.is_keyframe), bool(packet.is_discard))
            for packet in self._packets()
            if packet.size
        ]
        if len(told) < stream.frames and self._container.format.name.startswith("mov"):
            raise ValueError(
                f"{self.path} is cut short: of the {stream.frames:,} pictures that it should "
                f"have, {len(told):,} are there."
            )
        if not told:
            raise ValueError(f"{self.path} holds no pictures.")
        stamps = [stamp for stamp, _, dropped in told if not dropped]
        known = all(stamp is not None for stamp in stamps) and len(set(stamps)) == len(stamps)
        timed = self._container.format.name.startswith(_TIMED)
        if known and (timed or self._is_stored_in_turn(stamps)):
            ordered = sorted(stamps)
            places = {stamp: place for place, stamp in enumerate(ordered)}
            keys = [places[stamp] for stamp, key, dropped in told if key and not dropped]
            return _Index(tuple(ordered), tuple(sorted({0, *keys})), exact=True)
        self._reset()
        return _Index(tuple(range(sum(1 for _ in self._decode()))), (0,), exact=False)

    def _is_stored_in_turn(self, stamps: list[int]) -> bool:
        in_turn = all(early < late for early, late in pairwise(stamps))
        return in_turn and not self._stream.codec_context.has_b_frames

    def _packets(self) -> Iterator[Any]:
        import av

        # What is missing at the end of a file is missed where the pictures are counted.
        with suppress(av.error.InvalidDataError):
            yield from self._container.demux(self._stream)

    def _reset(self) -> None:
        """Begin again with the first picture."""
        self._open()
        self._decoded, self._next = self._decode(), 0

    def _decode(self) -> Iterator[Any]:
        import av

        context = self._stream.codec_context
        for packet in self._packets():
            if self._wanted is not None:
                # What nobody wants, and no other picture needs, need not be decoded.
                context.skip_frame = "DEFAULT" if packet.pts in self._wanted else "NONREF"
            # A damaged picture is missed only if it is asked for.
            with suppress(av.error.InvalidDataError):
                yield from packet.decode()

    def _frame(self, number: int) -> Any:
        """Decode forward to a picture, from the last one or from a key picture before it."""
        keys = self._index.keys
        place = bisect_right(keys, number) - 1
        if self._decoded is None or number < self._next or self._next < keys[place]:
            self._seek(keys[place])
        while (frame := self._reached(number)) is None:
            # What follows a key picture may yet need what was before it, and be left out.
            place -= 1
            if place < 0:
                raise ValueError(
                    f"{self.path}: picture {number} of {self.frames:,} cannot be decoded; the "
                    "file is damaged."
                )
            self._seek(keys[place])
        return frame

    def _reached(self, number: int) -> Any:
        for frame in self._decoded or ():
            here = self._number_of(frame)
            if here == number:
                return frame
            if here is not None and here > number:
                break
        return None

    def _seek(self, key: int) -> None:
        if key == 0 or not self._index.exact:
            self._reset()
            return
        self._container.seek(self._index.stamps[key], stream=self._stream, backward=True)
        self._decoded = self._decode()
        self._next = key

    def _number_of(self, frame: Any) -> int | None:
        """Which picture a decoded one is, and so which comes next."""
        if not self._index.exact:
            self._next += 1
            return self._next - 1
        stamps = self._index.stamps
        place = bisect_right(stamps, frame.pts) - 1 if frame.pts is not None else -1
        if place < 0 or stamps[place] != frame.pts:
            return None
        self._next = place + 1
        return place

    def _shown(self, frame: Any, box: Box | None, size: tuple[int, int] | None) -> Picture:
        import av

        whole = (0, 0, *self.size)
        part = whole if box is None else box
        if size is None or tuple(part) == whole:
            stored = None if size is None else size[::-1] if self._turn[0] else size
            return _upright(_rgb(frame, stored), self._turn)
        left, top, width, height = part
        cut = _upright(_rgb(frame, None), self._turn)[top : top + height, left : left + width]
        again = av.VideoFrame.from_ndarray(np.ascontiguousarray(cut), format="rgb24")
        return _rgb(again, size)


def _rgb(frame: Any, size: tuple[int, int] | None) -> Picture:
    width, height = (frame.width, frame.height) if size is None else size
    # Areas are averaged where a picture becomes smaller: nothing of a thin leg is skipped.
    way = "AREA" if width < frame.width else "BICUBIC"
    shown = frame.reformat(width=width, height=height, format="rgb24", interpolation=way)
    return np.asarray(shown.to_ndarray(), dtype=np.uint8)


def _turn_of(frame: Any) -> tuple[bool, bool, bool]:
    """How a picture is turned to be shown: columns for rows, then right for left, up for down."""
    for entry in frame.side_data:
        if entry.type.name == _DISPLAY_MATRIX:
            a, b, _, c, d, *_ = np.frombuffer(bytes(entry), dtype=np.int32).tolist()
            return (True, c < 0, b < 0) if abs(b) > abs(a) else (False, a < 0, d < 0)
    return False, False, False


def _upright(picture: Picture, turn: tuple[bool, bool, bool]) -> Picture:
    swapped, mirrored, upside_down = turn
    picture = picture.swapaxes(0, 1) if swapped else picture
    picture = picture[:, ::-1] if mirrored else picture
    return picture[::-1] if upside_down else picture
