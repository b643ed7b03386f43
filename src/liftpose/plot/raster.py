"""Lines, discs and words drawn straight into an array of pixels, for films.

Agg, the library that Matplotlib draws with, is called once a kind of shape and not once a shape, so
that hundreds of pictures a second come out, looking like Matplotlib's.

Places are pixels of the picture: `x` to the right, `y` down, the origin at the centre of the pixel
at the top on the left. Colours are red, green, blue and opacity, 0 to 1. A shape with a coordinate
that is not finite is left out. What is drawn later covers what was drawn before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from liftpose.plot.lettering import Stamp, advance, pieces, renderer, stamp
from liftpose.plot.lettering import text_width as text_width

FloatArray = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

_ROUND = np.linspace(0, 2 * np.pi, 48, endpoint=False)
_CIRCLE = Path(np.column_stack([np.cos(_ROUND), np.sin(_ROUND)])[[*range(48), 0]], closed=True)
_STROKE = Path(np.array([[0.0, 0.0], [1.0, 0.0]]))
_NONE = np.zeros((0, 4))
_ANCHORS = {"left": 0.0, "center": 0.5, "right": 1.0}
# Agg keeps places in 24 bits of 1/256 pixels; what is as far out as this is not seen anyhow.
_FAR = 30_000.0


class Box(NamedTuple):
    """A rectangle of pixels, ``pixels[top:bottom, left:right]``."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether no pixel is in it."""
        return self.left >= self.right or self.top >= self.bottom

    def joined(self, other: Box) -> Box:
        """Give the smallest box that holds both."""
        if self.empty or other.empty:
            return other if self.empty else self
        low = np.minimum(self[:2], other[:2])
        high = np.maximum(self[2:], other[2:])
        return Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


_NOWHERE = Box(0, 0, 0, 0)


class Canvas:
    """A picture to draw on, over a background that stays.

    Parameters
    ----------
    width, height : int, pixels
        Of the picture.
    background : array, shape (height, width, 3) or (height, width, 4), uint8, optional
        What `clear` goes back to, taken to be opaque; white where it is left out.

    Attributes
    ----------
    pixels : array, shape (height, width, 4), uint8
        The picture, red, green, blue and 255; the same array all the time.

    Raises
    ------
    ValueError
        A size below 1, or a background of another size.

    Examples
    --------
    >>> canvas = Canvas(40, 20)
    >>> canvas.lines([[[5, 10], [35, 10]]], colors=(1, 0, 0, 1), widths=3)
    >>> canvas.pixels[10, 20].tolist(), canvas.pixels[2, 20].tolist()
    ([255, 0, 0, 255], [255, 255, 255, 255])
    >>> canvas.clear()
    >>> int(canvas.pixels.min())
    255
    """

    def __init__(self, width: int, height: int, background: npt.ArrayLike | None = None):
        if width < 1 or height < 1:
            raise ValueError(f"a picture needs 1 pixel or more each way, got {width} by {height}.")
        self.width, self.height = int(width), int(height)
        self._renderer = renderer(self.width, self.height)
        self._gc: Any = self._renderer.new_gc()
        self._gc.set_capstyle("round")
        self._gc.set_joinstyle("round")
        self._gc.set_snap(False)
        # Agg counts `y` from below, and from the edge of a pixel.
        self._turn = np.diag([1.0, -1.0, 1.0])
        self._place = np.array([[1, 0, 0.5], [0, -1, self.height - 0.5], [0, 0, 1]])
        self.pixels: Pixels = np.asarray(self._renderer.buffer_rgba())
        self._background = self._as_background(background)
        self.pixels[...] = self._background
        self._whole = Box(0, 0, self.width, self.height)
        self._drawn, self._changed, self._window = _NOWHERE, self._whole, self._whole

    def _as_background(self, given: npt.ArrayLike | None) -> Pixels:
        whole = np.full((self.height, self.width, 4), 255, dtype=np.uint8)
        if given is not None:
            array = np.asarray(given)
            if array.shape[:2] != whole.shape[:2] or array.shape[2:] not in ((3,), (4,)):
                raise ValueError(
                    f"the background needs shape ({self.height}, {self.width}, 3 or 4), got "
                    f"{array.shape}."
                )
            whole[..., :3] = array[..., :3]
        return whole

    def clear(self) -> None:
        """Take away all that was drawn since the last time."""
        left, top, right, bottom = self._drawn
        self.pixels[top:bottom, left:right] = self._background[top:bottom, left:right]
        self._changed = self._changed.joined(self._drawn)
        self._drawn = _NOWHERE

    def clip(self, box: Box | None) -> None:
        """Draw within a rectangle only, from now on.

        Parameters
        ----------
        box : Box or None
            None is all of the picture again.
        """
        self._window = self._whole
        if box is not None:
            self._window = self._cut(*box)
        left, top, right, bottom = self._window
        bounds = (left, self.height - bottom, max(right - left, 0), max(bottom - top, 0))
        self._gc.set_clip_rectangle(Bbox.from_bounds(*bounds))

    def changes(self) -> Box:
        """Say where the picture may differ from what it was at the last call.

        Returns
        -------
        Box
            All of the picture at the first call.
        """
        changed, self._changed = self._changed, _NOWHERE
        return changed

    def lines(
        self,
        segments: npt.ArrayLike,
        colors: npt.ArrayLike,
        widths: npt.ArrayLike = 1.0,
        *,
        ends: str = "round",
    ) -> None:
        """Draw straight lines.

        Parameters
        ----------
        segments : array, shape (S, 2, 2), pixels
            Both ends of each.
        colors : array, shape (S, 4) or (4,)
        widths : array, shape (S,), or float, pixels
        ends : {"round", "butt"}
            Lines of a colour that lets through, one after the other, have no knots where they
            meet if they end "butt", where they begin and end.

        Raises
        ------
        ValueError
            No such ends, or segments of another shape.
        """
        if ends not in ("round", "butt"):
            raise ValueError(f"ends needs to be 'round' or 'butt', got {ends!r}.")
        places = _shaped(segments, (-1, 2, 2))
        turned = np.zeros((len(places), 3, 3))
        turned[:, :2, 0] = places[:, 1] - places[:, 0]
        turned[:, 2, 2] = 1.0
        wide = _each(widths, len(places))
        reach = (np.abs(places[:, 1] - places[:, 0]) + wide[:, None]) / 2
        middle = places.mean(axis=1)
        self._gc.set_capstyle(ends)
        self._shapes(_STROKE, turned, places[:, 0], None, colors, wide, middle, reach)
        self._gc.set_capstyle("round")

    def polyline(
        self,
        points: npt.ArrayLike,
        color: npt.ArrayLike,
        width: float = 1.0,
        dashes: Sequence[float] = (),
    ) -> None:
        """Draw one line through points, broken where one is not finite.

        Where it crosses itself, a colour that lets through is laid on once only.

        Parameters
        ----------
        points : array, shape (P, 2), pixels
        color : array, shape (4,)
        width : float, pixels
        dashes : sequence of float, pixels
            Length of a dash, of the gap after it, and so on; none for a whole line.
        """
        path = _shaped(points, (-1, 2))
        seen = np.asarray(np.isfinite(path).all(axis=1))
        if not seen.any():
            return
        self._touch(path[seen].min(axis=0) - width / 2, path[seen].max(axis=0) + width / 2)
        shown = np.clip(np.where(seen[:, None], path, np.nan), -_FAR, _FAR)
        ink, wide = _colors(color, 1), np.array([float(width)])
        pattern = list(dashes) or None
        self._gc.set_capstyle("butt" if pattern else "round")
        self._draw(Path(shown), self._turn[None], np.zeros((1, 2)), None, ink, wide, pattern)
        self._gc.set_capstyle("round")

    def discs(
        self,
        centres: npt.ArrayLike,
        radii: npt.ArrayLike,
        colors: npt.ArrayLike,
        *,
        hollow: npt.ArrayLike | None = None,
        paper: npt.ArrayLike = (1.0, 1.0, 1.0, 1.0),
        ring: float = 0.36,
    ) -> None:
        """Draw discs, those of a mask as rings.

        Parameters
        ----------
        centres : array, shape (P, 2), pixels
        radii : array, shape (P,), or float, pixels
            To the outer edge, of discs and of rings.
        colors : array, shape (P, 4) or (4,)
        hollow : array of bool, shape (P,), optional
            Which are rings, filled with paper.
        paper : array, shape (4,)
            Colour inside of rings.
        ring : float
            Width of a ring, as a share of its radius.
        """
        middle = _shaped(centres, (-1, 2))
        size, inks = _each(radii, len(middle)), _colors(colors, len(middle))
        open_ = np.zeros(len(middle), bool) if hollow is None else np.asarray(hollow, dtype=bool)
        wide = np.where(open_, ring * size, 0.0)
        fill = np.where(open_[:, None], np.asarray(paper, dtype=float), inks)
        edge = np.where(open_[:, None], inks, 0.0)
        turned = np.zeros((len(middle), 3, 3))
        turned[:, 0, 0] = turned[:, 1, 1] = size - wide / 2
        turned[:, 2, 2] = 1.0
        reach = np.repeat(size[:, None], 2, axis=1)
        self._shapes(_CIRCLE, turned, middle, fill, edge, wide, middle, reach)

    def ellipses(
        self,
        centres: npt.ArrayLike,
        axes: npt.ArrayLike,
        fill: npt.ArrayLike,
        edge: npt.ArrayLike = (0.0, 0.0, 0.0, 0.0),
        widths: npt.ArrayLike = 0.0,
    ) -> None:
        """Draw ellipses, such as those of spread.

        Parameters
        ----------
        centres : array, shape (P, 2), pixels
        axes : array, shape (P, 2, 2), pixels
            Columns are two conjugate half axes: the ellipse is ``centre + axes @ (cos, sin)``.
            With ``axes @ axes.T`` a covariance, that of one standard deviation.
        fill, edge : array, shape (P, 4) or (4,)
        widths : array, shape (P,), or float, pixels
            Of the edges.
        """
        middle, halves = _shaped(centres, (-1, 2)), _shaped(axes, (-1, 2, 2))
        turned = np.zeros((len(middle), 3, 3))
        turned[:, :2, :2] = halves
        turned[:, 2, 2] = 1.0
        wide = _each(widths, len(middle))
        reach = np.linalg.norm(halves, axis=2) + wide[:, None] / 2
        self._shapes(_CIRCLE, turned, middle, fill, edge, wide, middle, reach)

    def image(self, rgb: npt.ArrayLike, x: int = 0, y: int = 0) -> None:
        """Lay a picture on the canvas, pixel by pixel.

        Parameters
        ----------
        rgb : array, shape (h, w, 3), uint8
        x, y : int, pixels
            Where its first pixel comes to lie; what is outside of the canvas is cut off.
        """
        picture = np.asarray(rgb)
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise ValueError(
                f"an image needs shape (h, w, 3) and uint8, got {picture.shape}, {picture.dtype}."
            )
        box = self._cut(x, y, x + picture.shape[1], y + picture.shape[0])
        if box.empty:
            return
        part = picture[box.top - y : box.bottom - y, box.left - x : box.right - x]
        self.pixels[box.top : box.bottom, box.left : box.right, :3] = part
        self._note(box)

    def text(
        self,
        words: str,
        x: float,
        y: float,
        size: float = 16.0,
        color: npt.ArrayLike = (0.106, 0.118, 0.137, 1.0),
        *,
        anchor: str = "left",
        bold: bool = False,
    ) -> None:
        """Write one line.

        Every digit is drawn once and kept, and so is every word between digits, so that counters
        cost nothing. DejaVu Sans, whose digits are all of one width.

        Parameters
        ----------
        words : str
        x, y : float, pixels
            Where the base line begins; see `anchor`.
        size : float, pixels
            Of the letters.
        color : array, shape (4,)
        anchor : {"left", "center", "right"}
            Which part of the line stands at `x`.
        bold : bool

        Raises
        ------
        ValueError
            No such anchor.
        """
        if anchor not in _ANCHORS:
            raise ValueError(f"anchor needs to be one of {', '.join(_ANCHORS)}, got {anchor!r}.")
        ink = np.asarray(color, dtype=float)
        left = x - _ANCHORS[anchor] * text_width(words, size, bold=bold)
        for piece in pieces(words):
            self._stamp(stamp(piece, float(size), bold), left, y, ink)
            left += advance(piece, float(size), bold)

    def _stamp(self, stamp: Stamp, x: float, y: float, ink: FloatArray) -> None:
        left, top = round(x) - stamp.left, round(y) - stamp.above
        high, wide = stamp.alpha.shape
        box = self._cut(left, top, left + wide, top + high)
        if box.empty:
            return
        alpha = stamp.alpha[box.top - top : box.bottom - top, box.left - left : box.right - left]
        alpha = alpha[..., None] * np.float32(ink[3])
        under = self.pixels[box.top : box.bottom, box.left : box.right, :3]
        under[...] = under + alpha * (255 * ink[:3].astype(np.float32) - under) + np.float32(0.5)
        self._note(box)

    def _shapes(
        self,
        path: Path,
        turned: FloatArray,
        places: FloatArray,
        fill: npt.ArrayLike | None,
        edge: npt.ArrayLike,
        widths: FloatArray,
        middle: FloatArray,
        reach: FloatArray,
    ) -> None:
        """Draw one path again and again; leave out what is not finite or out of the picture."""
        limit = np.array([self.width, self.height])
        with np.errstate(invalid="ignore"):
            low, high = middle - reach, middle + reach
            shown = ((high >= -1) & (low <= limit) & (np.abs(high - low) < _FAR)).all(axis=1)
        if not shown.any():
            return
        self._touch(low[shown].min(axis=0), high[shown].max(axis=0))
        inks = _colors(edge, len(places))[shown]
        fills = None if fill is None else _colors(fill, len(places))[shown]
        self._draw(path, self._turn @ turned[shown], places[shown], fills, inks, widths[shown])

    def _draw(
        self,
        path: Path,
        turned: FloatArray,
        places: FloatArray,
        fill: FloatArray | None,
        edge: FloatArray,
        widths: FloatArray,
        dashes: list[float] | None = None,
    ) -> None:
        """Let Agg draw a path, turned and then moved, as often as there are places."""
        self._renderer.draw_path_collection(
            self._gc,
            np.eye(3),
            [path],
            turned,
            places,
            self._place,
            _NONE if fill is None else fill,
            edge,
            widths,
            [(0, dashes)],
            [True],
            [None],
            "screen",
        )

    def _touch(self, low: FloatArray, high: FloatArray) -> None:
        """Note that shapes reach so far; a pixel is softened beyond the edge of a shape."""
        first, last = np.floor(low).astype(int) - 1, np.ceil(high).astype(int) + 3
        self._note(self._cut(first[0], first[1], last[0], last[1]))

    def _cut(self, left: int, top: int, right: int, bottom: int) -> Box:
        window = self._window
        return Box(
            max(int(left), window.left),
            max(int(top), window.top),
            min(int(right), window.right),
            min(int(bottom), window.bottom),
        )

    def _note(self, box: Box) -> None:
        self._drawn = self._drawn.joined(box)
        self._changed = self._changed.joined(box)


def _shaped(values: npt.ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    array = np.asarray(values, dtype=float)
    if array.size == 0:
        return np.zeros((0, *shape[1:]))
    if array.ndim != len(shape) or array.shape[1:] != shape[1:]:
        wanted = ", ".join("N" if length < 0 else str(length) for length in shape)
        raise ValueError(f"expected shape ({wanted}), got {array.shape}.")
    return array


def _each(values: npt.ArrayLike, count: int) -> FloatArray:
    return np.array(np.broadcast_to(np.asarray(values, dtype=float), (count,)))


def _colors(values: npt.ArrayLike, count: int) -> FloatArray:
    return np.array(np.broadcast_to(np.asarray(values, dtype=float), (count, 4)))
