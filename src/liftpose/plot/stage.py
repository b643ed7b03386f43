"""A film of poses: what stands on the screen, and where."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from liftpose.files import replacing
from liftpose.plot.encoding import as_rate, encode
from liftpose.plot.footage import Footage
from liftpose.plot.limbs import FloatArray
from liftpose.plot.panels import INK, LINE, MUTED, TRUTH, ImageHalf, SpaceHalf
from liftpose.plot.raster import Box, Canvas, text_width
from liftpose.plot.shot import Shot

HEIGHT = 720
"""Rows of a film of which all sizes are given."""

SIZE = (1440, HEIGHT)
SMALLEST = 64

_HEAD, _FOOT, _EDGE = 64, 56, 24  # pixels at 720 rows
_IMAGE_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Reel:
    """How a shot is filmed.

    Parameters
    ----------
    rows : array of int, shape (F,)
        Row that each picture shows.
    views : array, shape (F, 2), degrees
        Azimuth and elevation that each picture is seen from.
    fps : float
        Pictures a second.
    slower : float
        How many times slower than life that is; for the caption.
    trail : int
        Rows that the trails of joints reach back.
    size : (int, int), pixels
        Width and height of the film.
    zoom : bool
        Whether only the part of the video is shown in which the animal is.

    Raises
    ------
    ValueError
        A size that is too small or odd, or a trail below 0.

    Examples
    --------
    >>> Reel(np.arange(3), np.zeros((3, 2))).seconds
    0.12
    """

    rows: npt.NDArray[np.intp]
    views: FloatArray
    fps: float = 25.0
    slower: float = 1.0
    trail: int = 0
    size: tuple[int, int] = SIZE
    zoom: bool = True

    def __post_init__(self) -> None:
        if any(length < SMALLEST or length % 2 for length in self.size):
            raise ValueError(
                f"the size of a film is two even numbers from {SMALLEST}, such as 1440,720; got "
                f"{self.size[0]},{self.size[1]}."
            )
        if self.trail < 0:
            raise ValueError(f"a trail reaches 0 frames back or more; got {self.trail}.")

    @property
    def seconds(self) -> float:
        """How long the film is."""
        return len(self.rows) / self.fps


def film(
    path: str | os.PathLike[str],
    shot: Shot,
    reel: Reel,
    *,
    footage: Footage | None = None,
    offset: int = 0,
    on_frame: Callable[[int, int], None] | None = None,
) -> Path:
    """Film poses: the camera's image on the left, the pose in space on the right.

    Parameters
    ----------
    path : path-like
        The film, an ``.mp4``; one that is there is replaced when the new one is complete.
    shot : Shot
        What is filmed. Without `image`, `reprojected` and video, space takes all of the picture.
    reel : Reel
        How it is filmed.
    footage : Footage, optional
        The video of the camera.
    offset : int
        Picture of the video that belongs to row 0 of the shot.
    on_frame : callable, optional
        Called after every picture with how many there are, and how many there will be.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        A name that does not end in ``.mp4``, or a picture that the video does not have.
    OSError
        The folder is not there or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from liftpose.plot.limbs import Limbs
    >>> from liftpose.skeleton import Skeleton
    >>> leg = Limbs.of(Skeleton(["hip", "knee"], bones=[(0, 1)]))
    >>> shot = Shot(np.array([[[0.0, 0, 2], [1, 0, 0]]] * 3), leg, rate=25.0)
    >>> reel = Reel(np.arange(3), np.full((3, 2), 20.0), size=(128, 128))
    >>> film(Path(tempfile.mkdtemp()) / "leg.mp4", shot, reel).name
    'leg.mp4'
    """
    target = Path(path)
    if target.suffix.lower() != ".mp4":
        raise ValueError(f"the film is an mp4; its name needs to end in .mp4, got {str(target)!r}.")
    rate = as_rate(reel.fps)
    stage = Stage(shot, reel, footage, offset)

    def pictures() -> Iterator[Canvas]:
        for number in range(len(reel.rows)):
            yield stage.picture(number)
            if on_frame is not None:
                on_frame(number + 1, len(reel.rows))

    with replacing(target) as beside:
        encode(beside, rate, pictures(), recorded=footage is not None)
    return target


class Stage:
    """The picture with its halves; all that stands still is drawn once.

    Parameters
    ----------
    shot, reel, footage, offset
        See `film`.
    """

    def __init__(self, shot: Shot, reel: Reel, footage: Footage | None = None, offset: int = 0):
        self._shot, self._reel = shot, reel
        width, height = reel.size
        self._scale = k = height / HEIGHT
        head, foot, edge = round(_HEAD * k), height - round(_FOOT * k), round(_EDGE * k)
        flat = footage is not None or shot.image is not None or shot.reprojected is not None
        middle = round(_IMAGE_SHARE * width) if flat else 0
        still = Canvas(width, height)
        self._left: ImageHalf | None = None
        if flat:
            place = Box(edge, head, middle, foot)
            self._left = ImageHalf(place, shot, reel.rows, k, footage, offset, reel.zoom)
        self._right = SpaceHalf(
            Box(middle, head, width, foot), shot, reel.rows, reel.views, reel.trail, k
        )
        self._edge, self._middle, self._base = edge, middle, height - round(20 * k)
        self._draw_still(still, footage is not None)
        self._canvas = Canvas(width, height, still.pixels)

    def _draw_still(self, still: Canvas, filmed: bool) -> None:
        k, shot, line = self._scale, self._shot, 40 * self._scale
        if self._left is not None:
            left, top, right, bottom = self._left.place
            frame = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) - 0.5
            still.lines(np.stack([frame, np.roll(frame, -1, axis=0)], axis=1), LINE, 2 * k)
            said = "Video" if filmed else "Keypoints of one camera"
            still.text(said, self._edge, line, 22 * k, INK)
            both = shot.image is not None and shot.reprojected is not None
            parts = [shot.title, "dots tracked, bones lifted" if both else ""]
            begin = self._edge + text_width(said, 22 * k) + 14 * k
            words = shortened("   ".join(filter(None, parts)), self._middle - begin, 15 * k)
            still.text(words, begin, line, 15 * k, MUTED)
            still.text("Lifted to 3D", self._middle + 24 * k, line, 22 * k, INK)
        else:
            room = still.width - 2 * self._edge
            words = shortened(shot.title or "Lifted to 3D", room, 22 * k)
            still.text(words, self._edge, line, 22 * k, INK)
        self._right.draw_scale_bar(still)
        self._draw_legend(still)

    def _draw_legend(self, still: Canvas) -> None:
        """Say what is drawn how, from the right to the left."""
        k, shot, color = self._scale, self._shot, np.array(MUTED)
        x, y = float(still.width - self._edge), float(self._base)
        entries: list[tuple[str, FloatArray, float, bool | None]] = []
        if shot.truth is not None:
            entries.append(("truth", np.array(TRUTH), 7.2, None))
        if (shot.faint is not None and shot.faint.any()) or (
            shot.unsure is not None and shot.unsure.any()
        ):
            entries.append(("not seen", color * [1, 1, 1, 0.3], 3.6, False))
        if shot.limbs.left.any():
            entries += [("right", color, 3.6, False), ("left", color, 3.6, True)]
        for words, ink, width, hollow in entries:
            x -= text_width(words, 15 * k)
            still.text(words, x, y, 15 * k, INK)
            x -= 10 * k
            ends = np.array([[x - 26 * k, y - 5 * k], [x, y - 5 * k]])
            still.lines(ends[None], ink, width * k)
            if hollow is not None:
                still.discs(ends.mean(axis=0)[None], 5 * k, ink, hollow=[hollow], ring=0.5)
            x -= 26 * k + 26 * k

    def picture(self, number: int) -> Canvas:
        """Draw a picture of the film; pictures are drawn in their order.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        Canvas
            The same every time.
        """
        canvas, row = self._canvas, int(self._reel.rows[number])
        canvas.clear()
        self._right.show(canvas, number)
        if self._left is not None:
            self._left.show(canvas, number)
        self._caption(canvas, row)
        return canvas

    def _caption(self, canvas: Canvas, row: int) -> None:
        k, shot, slower = self._scale, self._shot, self._reel.slower
        pace = "" if slower == 1 else f"   {slower:g} times slower"
        words = f"frame {row + shot.first}   {(row + shot.first) / shot.rate:.2f} s{pace}"
        canvas.text(words, self._edge, self._base, 15 * k, INK)
        if shot.image is not None and self._left is not None:
            seen = int(np.isfinite(shot.image[row, :, 0]).sum())
            words = f"{seen} of {shot.image.shape[1]} joints seen"
            canvas.text(words, self._middle, self._base, 15 * k, MUTED, anchor="right")


def shortened(words: str, room: float, size: float) -> str:
    """Cut off what has no room on a line.

    Parameters
    ----------
    words : str
    room : float, pixels
    size : float, pixels
        Of the letters.

    Returns
    -------
    str
        All of the words, or as many letters as fit, and an ellipsis.

    Examples
    --------
    >>> shortened("walk", 200, 15), shortened("a very long name of a file", 90, 15)
    ('walk', 'a very lon…')
    """
    if text_width(words, size) <= room:
        return words
    kept = (words[:count].rstrip() + "…" for count in range(len(words) - 1, -1, -1))
    return next((each for each in kept if text_width(each, size) <= room), "")
