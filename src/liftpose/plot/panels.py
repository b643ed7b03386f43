"""The two halves of a film: the camera's image, and the pose in space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from liftpose.plot.footage import Box as Part
from liftpose.plot.footage import Footage, Picture
from liftpose.plot.limbs import BoolArray, FloatArray, Limbs
from liftpose.plot.raster import Box, Canvas
from liftpose.plot.scene import axes_of_view, ground_lines, nice_length, with_shadow
from liftpose.plot.shot import Shot, middle_of, smoothed

Color = tuple[float, float, float, float]
Rows = npt.NDArray[np.intp]

INK: Color = (0.106, 0.118, 0.137, 1.0)
MUTED: Color = (0.384, 0.416, 0.451, 1.0)
LINE: Color = (0.851, 0.867, 0.882, 1.0)
WASH: Color = (0.961, 0.965, 0.969, 1.0)
TRUTH: Color = (0.74, 0.74, 0.74, 1.0)

_SHADOW: Color = (0.86, 0.86, 0.87, 1.0)
_GRID_GRAY = 0.55
_LOW = float(np.sin(np.radians(8.0)))  # from which height on the grid is seen as it is
_HALO: Color = (1.0, 1.0, 1.0, 0.6)
_FAINT = 0.25
_MARGIN = 1.1
_SAMPLE = 2000  # pictures that stand for all
_REACHED = 98.0  # percent of the pictures that the whole animal has to be in
_BONE, _TRUTH_WIDTH, _SHADOW_WIDTH, _JOINT = 3.6, 7.2, 4.0, 4.7  # pixels at 720 rows
_CROWD = 40  # joints from which on they are drawn smaller
_NEARER = 0.35  # how much broader what is near is than what is in the middle
_TRAIL, _TRAIL_WIDTH = (0.04, 0.6), 2.2
_SPREADS = ((2.0, 0.10), (1.0, 0.16))  # standard deviations, and how strong
_AROUND = 0.35  # of the animal's extent, left free about it in the image
_MOST_OF = 0.75  # of the image: an animal that takes so much of it is shown in all of it
_LARGEST = 6.0  # pixels of the film for one of the image


class Half(Protocol):
    """One of the two halves of a film."""

    def show(self, canvas: Canvas, number: int) -> None:
        """Draw a picture of the film, into its part of the canvas."""


class Strokes:
    """Bones and joints of one size, in the colours of their limbs, left joints hollow.

    Parameters
    ----------
    limbs : Limbs
    scale : float
        Pixels for one at 720 rows.
    """

    def __init__(self, limbs: Limbs, scale: float):
        count = len(limbs.limb_id)
        crowd = min(1.0, float(np.sqrt(_CROWD / max(count, 1))))
        self.bones, self._left = limbs.bones, limbs.left
        self.size = scale * max(crowd, 0.3)
        self._colors = np.ones((count, 4))
        self._colors[:, :3] = limbs.color_of(np.arange(count))

    def colors(self, faint: BoolArray | None) -> FloatArray:
        """Give the colour of every joint, shape (J, 4)."""
        colors = self._colors.copy()
        if faint is not None:
            colors[faint, 3] = _FAINT
        return colors

    def draw_bones(
        self,
        canvas: Canvas,
        places: FloatArray,
        faint: BoolArray | None = None,
        depth: FloatArray | None = None,
        halo: bool = False,
    ) -> None:
        """Draw bones between places (J, 2); what is nearer, -1 to 1, is broader and comes last."""
        bones = self.bones[np.isfinite(places[self.bones]).all(axis=(1, 2))]
        near = np.zeros(len(bones)) if depth is None else depth[bones].mean(axis=1)
        order = np.argsort(near, kind="stable")
        bones, near = bones[order], near[order]
        widths = _BONE * self.size * (1 + _NEARER * np.clip(near, -1, 1))
        of_joints = self.colors(faint)
        colors = of_joints[bones[:, 0]]
        colors[:, 3] = of_joints[bones, 3].min(axis=1)
        if halo:
            under = np.tile(_HALO, (len(bones), 1))
            under[:, 3] *= colors[:, 3]
            canvas.lines(places[bones], under, widths + 2.4 * self.size)
        canvas.lines(places[bones], colors, widths)

    def draw_joints(
        self,
        canvas: Canvas,
        places: FloatArray,
        faint: BoolArray | None = None,
        depth: FloatArray | None = None,
        halo: bool = False,
    ) -> None:
        """Draw joints at places (J, 2)."""
        near = np.zeros(len(places)) if depth is None else np.nan_to_num(depth)
        radii = _JOINT * self.size * (1 + _NEARER * np.clip(near, -1, 1))
        colors, order = self.colors(faint), np.argsort(near, kind="stable")
        if halo:
            canvas.discs(places, radii + 1.3 * self.size, np.array(_HALO) * [1, 1, 1, 1])
        canvas.discs(places[order], radii[order], colors[order], hollow=self._left[order], ring=0.5)


class SpaceHalf:
    """The pose on the ground, its shadow, trails and spread, and the truth behind it.

    Parameters
    ----------
    place : Box
        Part of the canvas.
    shot : Shot
        What is filmed.
    rows : array of int, shape (F,)
        Row of each picture.
    views : array, shape (F, 2), degrees
        Azimuth and elevation of each picture.
    trail : int
        Rows that the trails reach back.
    scale : float
        Pixels for one at 720 rows.
    """

    def __init__(
        self, place: Box, shot: Shot, rows: Rows, views: FloatArray, trail: int, scale: float
    ):
        self._shot, self._rows, self._trail, self._scale = shot, rows, trail, scale
        self._axes = axes_of_view(views[:, 0], views[:, 1])
        self._level = np.sin(np.radians(views[:, 1]))
        self._ground = np.asarray(shot.ground, dtype=float)
        self._place = place
        self._centres = smoothed(middle_of(_over(shot.body, self._ground)), shot.rate)
        self._pixels, self._middle = self._framed()
        width = place.right - place.left
        self._cell = nice_length(width / self._pixels / 5)
        self._strokes = Strokes(shot.limbs, scale)
        self._trailing = _ends(shot.limbs)

    def _framed(self) -> tuple[float, FloatArray]:
        """Pixels of a unit, and where the centre comes to lie, to fill the place but for outliers.

        The centre stays in the middle from side to side, or the animal would seem to sway.
        """
        shown = np.unique(np.linspace(0, len(self._rows) - 1, _SAMPLE).astype(int))
        rows = self._rows[shown]
        around = _over(self._shot.body[rows], self._ground[rows]) - self._centres[rows][:, None]
        seen = (around @ self._axes[shown].swapaxes(1, 2))[..., :2]
        known = np.isfinite(seen)
        high = np.percentile(np.where(known, seen, 0).max(axis=1), _REACHED, axis=0)
        low = np.percentile(np.where(known, seen, 0).min(axis=1), 100 - _REACHED, axis=0)
        sizes = _MARGIN * np.array([2 * max(high[0], -low[0]), high[1] - low[1]])
        place = self._place
        room = np.array([place.right - place.left, place.bottom - place.top])
        scales = room[sizes > 0] / sizes[sizes > 0]
        pixels = float(scales.min()) if len(scales) else float(room.min())
        middle = np.array([place.left + place.right, place.top + place.bottom]) / 2
        return pixels, middle + np.array([0.0, pixels * (high[1] + low[1]) / 2])

    def draw_scale_bar(self, canvas: Canvas) -> None:
        """Draw a bar of a round length, with its length."""
        length = nice_length((self._place.right - self._place.left) / self._pixels / 5)
        wide, k = length * self._pixels, self._scale
        x, y = self._place.left + 24 * k, self._place.bottom - 16 * k
        canvas.lines([[[x, y], [x + wide, y]]], INK, 3 * k)
        unit = self._shot.unit
        words = f"{length:g} {unit}" if unit else f"{length:g}"
        canvas.text(words, x + wide / 2, y - 9 * k, 16 * k, INK, anchor="center")

    def show(self, canvas: Canvas, number: int) -> None:
        """Draw a picture of the film."""
        shot, row, k = self._shot, self._rows[number], self._scale
        axes, centre, ground = self._axes[number], self._centres[row], float(self._ground[row])

        def seen(points: FloatArray) -> FloatArray:
            turned = (points - centre) @ axes.T
            places: FloatArray = self._middle + turned[..., :2] * [self._pixels, -self._pixels]
            return places

        if self._level[number] > 0:
            pieces, alpha = ground_lines(centre, self._cell, ground)
            # Seen from near the ground, its lines would lie on each other and be a black bar.
            alpha = alpha * min(1.0, self._level[number] / _LOW)
            gray = np.column_stack([np.full((len(alpha), 3), _GRID_GRAY), alpha])
            canvas.lines(seen(pieces)[alpha > 0], gray[alpha > 0], 1.1 * k)
        pose, bones = shot.pose[row], shot.limbs.bones
        below = with_shadow(pose, ground)[len(pose) :]
        if self._level[number] > 0:
            canvas.lines(seen(below)[bones], _SHADOW, _SHADOW_WIDTH * k)
        if shot.truth is not None:
            canvas.lines(seen(shot.truth[row])[bones], TRUTH, _TRUTH_WIDTH * k)
            if not len(bones):
                canvas.discs(seen(shot.truth[row]), 2 * _JOINT * self._strokes.size, TRUTH)
        self._draw_trails(canvas, row, seen)
        faint = None if shot.faint is None else shot.faint[row]
        if shot.spread is not None:
            self._draw_spread(canvas, seen(pose), shot.spread[row], axes)
        depth = (pose - centre) @ axes[2] * self._pixels / (self._middle[1] / 2)
        self._strokes.draw_bones(canvas, seen(pose), faint, depth)
        self._strokes.draw_joints(canvas, seen(pose), faint, depth)

    def _draw_trails(self, canvas: Canvas, row: int, seen: Seen) -> None:
        begin = max(0, row - self._trail)
        steps = row - begin
        if not steps:
            return
        path = seen(self._shot.pose[begin : row + 1][:, self._trailing])
        pieces = np.stack([path[:-1], path[1:]], axis=2)
        colors = np.ones((*pieces.shape[:2], 4))
        colors[..., :3] = self._shot.limbs.color_of(self._trailing)
        colors[..., 3] = np.linspace(*_TRAIL, self._trail + 1)[-steps:, None]
        width = _TRAIL_WIDTH * self._strokes.size
        canvas.lines(pieces.reshape(-1, 2, 2), colors.reshape(-1, 4), width)

    def _draw_spread(
        self, canvas: Canvas, places: FloatArray, spread: FloatArray, axes: FloatArray
    ) -> None:
        """Ellipses that the covariance of each joint is seen as."""
        known = np.isfinite(spread).all(axis=1) & np.isfinite(places).all(axis=1)
        known &= (spread > 0).any(axis=1)
        flat = axes[:2] * [[1], [-1]] * self._pixels
        halves = flat * spread[known][:, None]
        colors = self._strokes.colors(None)[known]
        covariance = halves @ halves.swapaxes(1, 2)
        values, vectors = np.linalg.eigh(covariance)
        # What is known exactly from one side would be an ellipse without any area.
        conjugate = vectors * np.sqrt(np.maximum(values, 1.0))[:, None]
        for deviations, strength in _SPREADS:
            colors[:, 3] = strength
            canvas.ellipses(places[known], deviations * conjugate, colors)


def _over(poses: FloatArray, ground: FloatArray) -> FloatArray:
    """Poses with the points below them, each on the ground of its row."""
    level = ground[:, None, None] * np.array([0.0, 0.0, 1.0])
    return np.asarray(with_shadow(poses - level) + level, dtype=float)


class Seen(Protocol):
    """Where points of space are in the picture."""

    def __call__(self, points: FloatArray, /) -> FloatArray:
        """Project points."""


def _ends(limbs: Limbs) -> Rows:
    """Joints that end a limb, such as feet; all of them where there are none."""
    count = len(limbs.limb_id)
    met = np.bincount(limbs.bones.ravel(), minlength=count)
    ends = np.flatnonzero(met == 1)
    return ends if len(ends) else np.arange(count)


class ImageHalf:
    """The camera's image with the keypoints on it, or the keypoints alone.

    Dots are what the tracker saw. Bones join where the camera sees the 3D pose, if that is known,
    and else the dots.

    Parameters
    ----------
    place : Box
        Part of the canvas.
    shot : Shot
        With `image`, `reprojected` or neither.
    rows : array of int, shape (F,)
        Row of each picture.
    scale : float
        Pixels for one at 720 rows.
    footage : Footage, optional
        The video; without one the keypoints are followed over a lattice of pixels.
    offset : int
        Picture of the video that belongs to row 0.
    zoom : bool
        Whether the part of the image is shown in which the animal ever is, or all of it.
    """

    def __init__(
        self,
        place: Box,
        shot: Shot,
        rows: Rows,
        scale: float,
        footage: Footage | None = None,
        offset: int = 0,
        zoom: bool = True,
    ):
        self._shot, self._rows, self._scale = shot, rows, scale
        self._strokes = Strokes(shot.limbs, scale)
        self._pictures: Iterator[Picture] | None = None
        room = (place.right - place.left, place.bottom - place.top)
        known = shot.image if shot.image is not None else shot.reprojected
        if footage is None:
            assert known is not None
            self._centres = smoothed(middle_of(known), shot.rate)
            away = np.abs(known - self._centres[:, None])
            reach = np.where(np.isfinite(away), away, 0).max(axis=1)
            wide, high = np.maximum(np.percentile(reach, _REACHED, axis=0) * _MARGIN, 1e-9)
            self._pixels = float(min(room[0] / wide, room[1] / high) / 2)
            size = room
        else:
            part = part_shown(footage.size, known if zoom else None, room)
            self._pixels = min(room[0] / part[2], room[1] / part[3])
            size = (
                max(1, min(room[0], round(part[2] * self._pixels))),
                max(1, min(room[1], round(part[3] * self._pixels))),
            )
            self._corner = np.array(part[:2], dtype=float)
            numbers = (int(row) + offset for row in rows)
            self._pictures = footage.pictures(numbers, part, size)
        left, top = place.left + (room[0] - size[0]) // 2, place.top + (room[1] - size[1]) // 2
        self.place = Box(left, top, left + size[0], top + size[1])
        paper = np.full((size[1], size[0], 3), np.round(255 * np.array(WASH[:3])), dtype=np.uint8)
        self._canvas = Canvas(*size, paper)

    def show(self, canvas: Canvas, number: int) -> None:
        """Draw a picture of the film."""
        own, row = self._canvas, self._rows[number]
        own.clear()
        if self._pictures is None:
            corner = self._centres[row] - np.array([own.width, own.height]) / 2 / self._pixels
            self._draw_lattice(corner)
        else:
            own.image(next(self._pictures))
            corner = self._corner - 0.5
        shift = corner * self._pixels + (0.5 if self._pictures is not None else 0.0)
        self._draw(own, row, shift)
        canvas.image(own.pixels[..., :3], self.place.left, self.place.top)

    def _draw(self, own: Canvas, row: int, shift: FloatArray) -> None:
        shot, halo = self._shot, self._pictures is not None
        dots = None if shot.image is None else shot.image[row] * self._pixels - shift
        bones = dots if shot.reprojected is None else shot.reprojected[row] * self._pixels - shift
        unsure = None if shot.unsure is None else shot.unsure[row]
        if bones is not None:
            of_dots = unsure if shot.reprojected is None else None
            self._strokes.draw_bones(own, bones, of_dots, halo=halo)
        if dots is not None:
            self._strokes.draw_joints(own, dots, unsure, halo=halo)

    def _draw_lattice(self, corner: FloatArray) -> None:
        own = self._canvas
        size = np.array([own.width, own.height])
        step = nice_length(size[0] / self._pixels / 4)
        lines = []
        for axis in (0, 1):
            low, high = corner[axis], corner[axis] + size[axis] / self._pixels
            at = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
            ends = np.zeros((len(at), 2, 2))
            ends[..., axis] = ((at - low) * self._pixels)[:, None]
            ends[:, 1, 1 - axis] = size[1 - axis]
            lines.append(ends)
        own.lines(np.concatenate(lines), LINE, 1.2 * self._scale)


def part_shown(size: tuple[int, int], points: FloatArray | None, room: tuple[int, int]) -> Part:
    """Choose the part of an image that holds the animal at all times.

    Parameters
    ----------
    size : (int, int)
        Width and height of the image.
    points : array, shape (N, J, 2), pixels, or None
        Where the animal is; without that all of the image is shown.
    room : (int, int), pixels
        Width and height that there are for it.

    Returns
    -------
    (int, int, int, int)
        Left column, upper row, width and height.

    Examples
    --------
    >>> part_shown((1000, 800), np.array([[[400.0, 300.0], [500.0, 400.0]]]), (300, 300))
    (365, 265, 170, 170)
    >>> part_shown((1000, 800), None, (300, 300))
    (0, 0, 1000, 800)
    """
    whole = (0, 0, *size)
    if points is None:
        return whole
    known = points[np.isfinite(points).all(axis=2)]
    if not len(known):
        return whole
    # The odd joint that the tracker put elsewhere does not count.
    low, high = np.percentile(known, [0.5, 99.5], axis=0) if len(known) > 400 else _box(known)
    extent = (high - low) * (1 + 2 * _AROUND) if len(known) > 1 else np.array([40.0, 40.0])
    share = max(extent[0] / room[0], extent[1] / room[1], 1 / _LARGEST)
    wanted = np.array(room) * share
    if (wanted >= _MOST_OF * np.array(size)).any():
        return whole
    width, height = np.ceil(wanted - 1e-9).astype(int)
    corner = np.round((low + high) / 2 - wanted / 2)
    left, top = np.clip(corner, 0, np.array(size) - [width, height]).astype(int)
    return int(left), int(top), int(width), int(height)


def _box(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    return points.min(axis=0), points.max(axis=0)
