"""A pose that stands on the ground, seen from any side, beside the truth.

Everything is projected without perspective here and drawn in plain axes: a unit is as long
everywhere in the picture, a scale bar holds for all of it, and a film of it is drawn quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.collections import LineCollection

from liftpose.geometry.camera import Camera
from liftpose.plot.limbs import BoolArray, FloatArray, Limbs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRUTH_COLOR = "0.74"
_SHADOW_COLOR = (0.86, 0.86, 0.87, 1.0)
_GRID_GRAY, _GRID_ALPHA = 0.55, 0.55
_CELLS, _PIECES = 9, 18
_BLIND_ALPHA = 0.22
_BONE, _TRUTH, _SHADOW = 2.6, 5.5, 3.0  # points


def from_side(points: npt.ArrayLike, azimuth: float, elevation: float) -> FloatArray:
    """Turn points of an upright world to what is seen from a side.

    Parameters
    ----------
    points : array, shape (..., 3)
        `z` up.
    azimuth, elevation : float, degrees
        Where one looks from: the direction from `x` towards `y`, and above the ground.

    Returns
    -------
    array, shape (..., 3)
        To the right, up, and towards who looks, in the same unit.

    Examples
    --------
    >>> from_side([0, 1, 2], azimuth=0, elevation=0).tolist()
    [1.0, 2.0, 0.0]
    """
    turned: FloatArray = np.asarray(points, dtype=float) @ axes_of_view(azimuth, elevation).T
    return turned


def axes_of_view(azimuth: npt.ArrayLike, elevation: npt.ArrayLike) -> FloatArray:
    """Give the directions to the right, up, and towards who looks.

    Parameters
    ----------
    azimuth, elevation : float or array, shape (F,), degrees
        See `from_side`.

    Returns
    -------
    array, shape (3, 3) or (F, 3, 3)
        One a row.

    Examples
    --------
    >>> (axes_of_view(0, 0) @ [0, 1, 2]).tolist()
    [1.0, 2.0, 0.0]
    """
    around, above = np.broadcast_arrays(np.radians(azimuth), np.radians(elevation))
    x, y, level, up = np.cos(around), np.sin(around), np.cos(above), np.sin(above)
    rows = [[-y, x, 0 * x], [-up * x, -up * y, level], [level * x, level * y, up]]
    # The lists come first, so that the pictures do.
    axes: FloatArray = np.moveaxis(np.array(rows), (0, 1), (-2, -1))
    return axes


def nice_length(about: float) -> float:
    """Give 1, 2 or 5 times a power of ten, the largest that is not above a length.

    Parameters
    ----------
    about : float
        Above 0, any unit.

    Returns
    -------
    float

    Examples
    --------
    >>> nice_length(0.73), nice_length(48)
    (0.5, 20.0)
    """
    power = 10.0 ** np.floor(np.log10(about))
    return float(power * max(step for step in (1, 2, 5) if step * power <= about * (1 + 1e-9)))


def with_shadow(poses: npt.ArrayLike, ground: float = 0.0) -> FloatArray:
    """Add to every joint the point on the ground below it.

    Parameters
    ----------
    poses : array, shape (..., J, 3)
        `z` up.
    ground : float
        Its height.

    Returns
    -------
    array, shape (..., 2 * J, 3)

    Examples
    --------
    >>> with_shadow([[1.0, 2.0, 3.0]]).tolist()
    [[1.0, 2.0, 3.0], [1.0, 2.0, 0.0]]
    """
    joints = np.asarray(poses, dtype=float)
    below = joints * [1.0, 1.0, 0.0] + [0.0, 0.0, ground]
    return np.concatenate([joints, below], axis=-2)


def ground_lines(
    centre: FloatArray, cell: float, ground: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Give a grid on the ground that fades away from the middle.

    Parameters
    ----------
    centre : array, shape (3,)
        The middle.
    cell : float
        From line to line.
    ground : float
        Its height.

    Returns
    -------
    pieces : array, shape (G, 2, 3)
        Of the lines, their ends.
    alpha : array, shape (G,)
        How strong they are.

    Examples
    --------
    >>> pieces, alpha = ground_lines(np.zeros(3), cell=10.0)
    >>> float(np.abs(pieces).max()), bool(alpha.max() <= 1)
    (40.0, True)
    """
    middle = np.round(centre[:2] / cell) * cell
    reach = _CELLS // 2 * cell
    across = np.arange(-(_CELLS // 2), _CELLS // 2 + 1) * cell
    along = np.linspace(-reach, reach, _PIECES + 1)
    ends = np.stack([along[:-1], along[1:]], axis=1)
    pieces = np.empty((len(across), _PIECES, 2, 2))
    pieces[..., 0], pieces[..., 1] = across[:, None, None], ends
    both = np.concatenate([pieces.reshape(-1, 2, 2), pieces[..., ::-1].reshape(-1, 2, 2)])
    both += middle
    far = np.linalg.norm(both.mean(axis=1) - centre[:2], axis=1) / (0.92 * reach)
    alpha = _GRID_ALPHA * np.clip(1 - far, 0, 1)
    return np.pad(both, ((0, 0), (0, 0), (0, 1)), constant_values=ground), alpha


class Bones:
    """The bones and joints of a pose as flat artists that can be moved.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What to draw into.
    limbs : Limbs
        Bones and colours.
    width : float
        Of a bone, points.
    """

    def __init__(self, ax: Axes, limbs: Limbs, width: float = _BONE):
        self._limbs, self._width = limbs, width
        self._colors = np.ones((len(limbs.limb_id), 4))
        self._colors[:, :3] = limbs.color_of(np.arange(len(limbs.limb_id)))
        # What moves collections is typed more narrowly than it works.
        self.lines: Any = LineCollection([], capstyle="round", zorder=4)
        ax.add_collection(self.lines, autolim=False)
        self.dots: Any = ax.scatter([], [], s=(width + 1.6) ** 2, linewidths=0, zorder=5)

    def move(self, pose: FloatArray, faint: BoolArray | None = None, near: float = 0.0) -> None:
        """Draw another pose.

        Parameters
        ----------
        pose : array, shape (J, 2) or (J, 3)
            In the coordinates of the axes; what is nearer is drawn broader and last. Joints with
            NaN are left out, with their bones.
        faint : array of bool, shape (J,), optional
            Joints that are drawn faintly, with their bones.
        near : float
            How near counts as much nearer; 0 for a flat pose.
        """
        colors = self._colors.copy()
        if faint is not None:
            colors[faint, 3] = _BLIND_ALPHA
        seen = np.asarray(np.isfinite(pose).all(axis=1))
        bones = self._limbs.bones
        bones = bones[seen[bones].all(axis=1)]
        depth = pose[bones, 2].mean(axis=1) if near else np.zeros(len(bones))
        order = np.argsort(depth, kind="stable")
        bones, depth = bones[order], depth[order]
        of_bones = colors[bones[:, 0]]
        of_bones[:, 3] = colors[bones, 3].min(axis=1)
        self.lines.set_segments(pose[bones, :2])
        self.lines.set_color(of_bones)
        self.lines.set_linewidths(self._width * (1 + 0.35 * np.clip(depth / (near or 1), -1, 1)))
        self.dots.set_offsets(pose[seen, :2])
        self.dots.set_facecolors(colors[seen])

    @property
    def artists(self) -> list[Any]:
        """What to draw, from back to front."""
        return [self.lines, self.dots]


class Scene:
    """A pose on the ground, its shadow, and the truth behind it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What to draw into; its frame is taken away.
    limbs : Limbs
        Bones and colours.
    span : float
        Width of the picture, in the unit of the poses.
    ground : float
        Height of the ground.
    """

    def __init__(self, ax: Axes, limbs: Limbs, span: float, ground: float = 0.0):
        box = ax.get_window_extent()
        self.ax, self._limbs, self._span, self._ground = ax, limbs, span, ground
        height = span * box.height / box.width
        ax.set(xlim=(-span / 2, span / 2), ylim=(-height / 2, height / 2))
        ax.set_axis_off()
        self._cell = nice_length(span / 5)
        self._grid = self._layer(0.8, 1)
        self._shadow = self._layer(_SHADOW, 2, colors=[_SHADOW_COLOR])
        self._truth = self._layer(_TRUTH, 3, colors=TRUTH_COLOR)
        self._pose = Bones(ax, limbs)

    def _layer(self, width: float, zorder: int, **style: Any) -> Any:
        lines = LineCollection([], linewidths=width, capstyle="round", zorder=zorder, **style)
        self.ax.add_collection(lines, autolim=False)
        return lines

    @property
    def artists(self) -> list[Any]:
        """What to draw, from back to front."""
        return [self._grid, self._shadow, self._truth, *self._pose.artists]

    def show(
        self,
        pose: FloatArray,
        truth: FloatArray | None,
        centre: FloatArray,
        azimuth: float,
        elevation: float,
        blind: BoolArray | None = None,
    ) -> None:
        """Draw a moment.

        Parameters
        ----------
        pose, truth : array, shape (J, 3)
            `z` up. NaN where a joint is not known.
        centre : array, shape (3,)
            What is in the middle of the picture.
        azimuth, elevation : float, degrees
            Where one looks from, see `from_side`.
        blind : array of bool, shape (J,), optional
            Joints of the pose that are drawn faintly.
        """

        def seen(points: FloatArray) -> FloatArray:
            return from_side(points - centre, azimuth, elevation)

        bones = self._limbs.bones
        self._pose.move(seen(pose), blind, self._span / 4)
        below = with_shadow(pose, self._ground)[len(pose) :]
        self._shadow.set_segments(_whole(seen(below)[bones, :2]))
        self._truth.set_segments([] if truth is None else _whole(seen(truth)[bones, :2]))
        grid, alpha = ground_lines(centre, self._cell, self._ground)
        self._grid.set_segments(seen(grid)[..., :2])
        self._grid.set_color(np.column_stack([np.full((len(alpha), 3), _GRID_GRAY), alpha]))

    def add_scale_bar(self, unit: str | None) -> None:
        """Draw a bar of a round length with its length, at the bottom on the left.

        Parameters
        ----------
        unit : str or None
            Of the poses.
        """
        length = nice_length(self._span / 5)
        (left, _), (bottom, top) = self.ax.get_xlim(), self.ax.get_ylim()
        x, y = left + 0.04 * self._span, bottom + 0.05 * (top - bottom)
        self.ax.plot([x, x + length], [y, y], color="0.25", linewidth=2.5, solid_capstyle="butt")
        self.ax.annotate(
            f"{length:g} {unit}" if unit else f"{length:g}",
            (x + length / 2, y),
            (0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=11,
            color="0.25",
        )


def _whole(segments: FloatArray) -> FloatArray:
    return segments[np.isfinite(segments).all(axis=(1, 2))]


def looks_from(camera: Camera) -> tuple[float, float]:
    """Azimuth and elevation of where a camera stands, seen from what it looks at, in degrees.

    Parameters
    ----------
    camera : Camera
        Its image upright: `x` of the image is level.

    Returns
    -------
    tuple of float
        The azimuth from `x` towards `y`, and the elevation above the ground.

    Examples
    --------
    >>> above = Camera(K=np.eye(3), R=[[1, 0, 0], [0, -1, 0], [0, 0, -1]], t=[0, 0, 5])
    >>> looks_from(above)
    (-90.0, 90.0)
    """
    right, _, forward = np.asarray(camera.R)
    azimuth = np.degrees(np.arctan2(-right[0], right[1]))
    return float(azimuth), float(np.degrees(np.arcsin(np.clip(-forward[2], -1, 1))))
