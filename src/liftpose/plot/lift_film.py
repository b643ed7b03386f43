"""A film of a lift: the keypoints in the image, and beside them the pose they were lifted to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from liftpose.files import replacing
from liftpose.plot.encoding import as_rate, encode
from liftpose.plot.limbs import BoolArray, FloatArray, Limbs
from liftpose.plot.scene import TRUTH_COLOR, Bones, Scene, from_side, nice_length, with_shadow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from liftpose.skeleton import Skeleton

_SIZE = (12.8, 7.2)  # inches of 100 dots: 720p
_IMAGE, _SPACE = (0.02, 0.10, 0.4275, 0.76), (0.45, 0.06, 0.55, 0.85)
_INK = "0.2"
_MARGIN = 1.08
_SMOOTH = 0.25  # s: the picture follows the animal without its jitter
_SWING = 0.35  # share of the film in which the view leaves that of the camera


def film_lift(
    path: str | os.PathLike[str],
    poses_2d: npt.ArrayLike,
    lifted: npt.ArrayLike,
    skeleton: Skeleton,
    rate: float,
    *,
    truth: npt.ArrayLike | None = None,
    blind: npt.ArrayLike | None = None,
    begin: tuple[float, float] = (-60.0, 20.0),
    turn: float = 75.0,
    elevation: float = 16.0,
    slower: float = 1.0,
    fps: float = 25.0,
    on_frame: Callable[[int, int], None] | None = None,
) -> Path:
    """Film keypoints in the image, and beside them the 3D poses that they were lifted to.

    The view of the 3D begins at a side, such as that of the camera, and turns slowly away from
    it, so that the depth is seen. It follows the animal, over a grid on the ground.

    Parameters
    ----------
    path : path-like
        The film, an ``.mp4``; one that is there is replaced when the new one is complete.
    poses_2d : array, shape (N, J, 2), pixels
        What was lifted. NaN where a joint was not seen.
    lifted : array, shape (N, J, 3)
        Poses in an upright world, `z` up, with the ground at 0, where they are to be drawn. NaN
        is left out.
    skeleton : Skeleton
        Bones, limbs, colours and unit.
    rate : float
        Poses a second.
    truth : array, shape (N, J, 3), optional
        Drawn in grey behind the lifted poses.
    blind : array of bool, shape (N, J), optional
        Joints to be drawn faintly: those whose root was not seen, and had to be inferred.
    begin : pair of float, degrees
        Azimuth and elevation that the view begins at.
    turn : float, degrees
        How far the view turns around the animal.
    elevation : float, degrees
        Elevation that the view comes to.
    slower : float
        How many times slower than life the film is.
    fps : float
        Pictures a second.
    on_frame : callable, optional
        Called after every picture with how many there are, and how many there will be.

    Returns
    -------
    pathlib.Path
        The film: 1280 by 720 pixels, H.264 in yuv420p.

    Raises
    ------
    ValueError
        Poses that do not fit each other or the skeleton, no pose that can be drawn, a rate that
        is no number above 0, or a name that does not end in ``.mp4``.
    OSError
        The folder is not there or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from liftpose.skeleton import Skeleton
    >>> body = Skeleton(["hip", "knee", "foot"], bones=[(0, 1), (1, 2)], unit="mm")
    >>> leg = np.tile([[0.0, 0, 2], [1, 0, 1], [0, 0, 0]], (3, 1, 1))
    >>> film_lift(Path(tempfile.mkdtemp()) / "leg.mp4", leg[..., ::2], leg, body, rate=25).name
    'leg.mp4'
    """
    target = Path(path)
    if target.suffix.lower() != ".mp4":
        raise ValueError(f"the film is an mp4; its name needs to end in .mp4, got {str(target)!r}.")
    for name, value in (("rate", rate), ("slower", slower)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} needs a number above 0, got {value!r}.")
    pictures_a_second = as_rate(fps)
    poses = _Poses(skeleton, poses_2d, lifted, truth, blind)
    rows = np.arange(0, poses.count, rate / (slower * fps)).astype(int)
    views = _views(len(rows), begin, turn, elevation)
    stage = _Stage(poses, skeleton, rate, slower, rows, views)

    def pictures() -> Iterator[npt.NDArray[np.uint8]]:
        for number in range(1, len(rows) + 1):
            yield stage.picture(number - 1)
            if on_frame is not None:
                on_frame(number, len(rows))

    with replacing(target) as beside:
        encode(beside, pictures_a_second, pictures())
    return target


def _views(count: int, begin: tuple[float, float], turn: float, elevation: float) -> FloatArray:
    """Azimuth and elevation of every picture, shape (F, 2)."""
    way = np.linspace(0, 1, count)
    swing = np.clip(way / _SWING, 0, 1)
    eased = swing * swing * (3 - 2 * swing)
    return np.stack([begin[0] + turn * way, begin[1] + (elevation - begin[1]) * eased], axis=1)


class _Poses:
    """The caller's arrays, checked."""

    def __init__(self, skeleton: Skeleton, flat: Any, deep: Any, truth: Any, blind: Any):
        joints = len(skeleton.joints)
        self.flat = _as_poses("poses_2d", flat, (None, joints, 2))
        self.count = count = len(self.flat)
        if count == 0:
            raise ValueError("poses_2d has no frames; a film needs at least one.")
        self.deep = _as_poses("lifted", deep, (count, joints, 3))
        self.truth = None if truth is None else _as_poses("truth", truth, (count, joints, 3))
        self.blind: BoolArray = (
            np.zeros((count, joints), dtype=bool) if blind is None else np.asarray(blind, bool)
        )
        if self.blind.shape != (count, joints):
            raise ValueError(f"blind needs shape {(count, joints)}, got {self.blind.shape}.")
        for name, array in (("poses_2d", self.flat), ("lifted", self.body)):
            if not np.isfinite(array).all(axis=2).any():
                raise ValueError(f"{name} has no joint in any frame; there is nothing to film.")

    @property
    def body(self) -> FloatArray:
        """What the view follows."""
        return self.deep if self.truth is None else self.truth


def _as_poses(name: str, values: Any, shape: tuple[int | None, ...]) -> FloatArray:
    array = np.asarray(values, dtype=float)
    wanted = tuple(
        got if want is None else want
        for want, got in zip(shape, (*array.shape, *[0] * len(shape)), strict=False)
    )
    if array.shape != wanted:
        said = ", ".join("N" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} needs shape ({said}), got {array.shape}.")
    return np.where(np.isfinite(array).all(axis=-1, keepdims=True), array, np.nan)


class _Stage:
    """The picture with its two halves; all that stands still is drawn once."""

    def __init__(
        self,
        poses: _Poses,
        skeleton: Skeleton,
        rate: float,
        slower: float,
        rows: npt.NDArray[np.intp],
        views: FloatArray,
    ):
        limbs = Limbs.resolve(
            len(skeleton.joints), skeleton.bones, skeleton.limbs or None, skeleton.colors or None
        )
        self._poses, self._rate, self._slower = poses, rate, slower
        self._rows, self._views = rows, views
        figure = Figure(figsize=_SIZE, dpi=100, facecolor="white")
        # The drawing methods of the canvas carry no types.
        self._canvas: Any = FigureCanvasAgg(figure)
        self._image = _Image(figure.add_axes(_IMAGE), limbs, poses.flat, rate)
        self._centres = _smooth(_middle(with_shadow(poses.body)), rate)
        space = figure.add_axes(_SPACE)
        self._scene = Scene(space, limbs, self._span(space))
        self._scene.add_scale_bar(skeleton.unit)
        self._clock = figure.text(_IMAGE[0], 0.038, "", fontsize=13, color=_INK)
        self._count = figure.text(
            _IMAGE[0] + _IMAGE[2], 0.038, "", fontsize=13, color=_INK, ha="right"
        )
        self._write(figure)
        self._moving = [*self._image.artists, *self._scene.artists, self._clock, self._count]
        for artist in self._moving:
            artist.set_animated(True)
        self._background: Any = None

    def _span(self, ax: Axes) -> float:
        """Width of the scene that holds the animal in every picture."""
        box = ax.get_window_extent()
        around = with_shadow(self._poses.body) - self._centres[:, None]
        seen = np.array(
            [
                from_side(around[row], *view)
                for row, view in zip(self._rows, self._views, strict=True)
            ]
        )
        reach = np.nanmax(np.abs(seen[..., :2]), axis=(0, 1))
        return float(2 * _MARGIN * max(reach[0], reach[1] * box.width / box.height)) or 1.0

    def _write(self, figure: Figure) -> None:
        middle = _IMAGE[0] + _IMAGE[2] / 2
        title: dict[str, Any] = {"ha": "center", "fontsize": 20, "color": _INK}
        figure.text(middle, 0.91, "Keypoints of one camera", **title)
        figure.text(_SPACE[0] + _SPACE[2] / 2, 0.91, "Lifted to 3D", **title)
        entries = [(Line2D([], [], color=_INK, lw=2.6, marker="o", ms=4.5), "lifted")]
        if self._poses.blind.any():
            faint = Line2D([], [], color=_INK, lw=2.6, marker="o", ms=4.5, alpha=0.25)
            entries.append((faint, "lifted, root not seen"))
        if self._poses.truth is not None:
            entries.append((Line2D([], [], color=TRUTH_COLOR, lw=5.5), "truth"))
        figure.legend(
            *zip(*entries, strict=True),
            loc="lower right",
            bbox_to_anchor=(0.985, 0.012),
            ncols=len(entries),
            frameon=False,
            fontsize=13,
            labelcolor=_INK,
        )

    def picture(self, number: int) -> npt.NDArray[np.uint8]:
        """Give a picture, shape (height, width, 4)."""
        poses, row = self._poses, self._rows[number]
        azimuth, elevation = self._views[number]
        self._image.show(row)
        self._scene.show(
            poses.deep[row],
            None if poses.truth is None else poses.truth[row],
            self._centres[row],
            azimuth,
            elevation,
            poses.blind[row],
        )
        pace = "" if self._slower == 1 else f"  ({self._slower:g} times slower)"
        self._clock.set_text(f"{row / self._rate:.2f} s{pace}")
        seen = int(np.isfinite(poses.flat[row, :, 0]).sum())
        self._count.set_text(f"{seen} of {poses.flat.shape[1]} joints seen")
        if self._background is None:
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self._canvas.figure.bbox)
        self._canvas.restore_region(self._background)
        renderer = self._canvas.get_renderer()
        for artist in self._moving:
            artist.draw(renderer)
        return np.asarray(self._canvas.buffer_rgba())


class _Image:
    """The keypoints in the image, which follows the animal over a lattice of pixels."""

    def __init__(self, ax: Axes, limbs: Limbs, poses: FloatArray, rate: float):
        self._ax, self._poses = ax, poses
        self._centres = _smooth(_middle(poses), rate)
        box = ax.get_window_extent()
        self._half = np.array([1.0, box.height / box.width])
        reach = np.nanmax(np.abs(poses - self._centres[:, None]), axis=(0, 1))
        self._half *= _MARGIN * max(np.max(reach / self._half), 1e-9)
        self._step = nice_length(self._half[0] / 2)
        self._lattice = LineCollection([], colors="0.9", linewidths=1, zorder=1)
        ax.add_collection(self._lattice, autolim=False)
        self._bones = Bones(ax, limbs)
        ax.set(xticks=[], yticks=[], facecolor="0.965")
        for spine in ax.spines.values():
            spine.set_color("0.7")

    @property
    def artists(self) -> list[Any]:
        return [self._lattice, *self._bones.artists]

    def show(self, row: int) -> None:
        low, high = self._centres[row] - self._half, self._centres[row] + self._half
        self._ax.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]))
        first, last = np.ceil(low / self._step), np.floor(high / self._step)
        x, y = (np.arange(a, b + 1) * self._step for a, b in zip(first, last, strict=True))
        upright = [[(place, low[1]), (place, high[1])] for place in x]
        self._lattice.set_segments(upright + [[(low[0], place), (high[0], place)] for place in y])
        self._bones.move(self._poses[row])


def _smooth(path: FloatArray, rate: float) -> FloatArray:
    """The path (N, D) without its jitter; gaps are bridged."""
    frames = np.arange(len(path))
    whole = np.empty_like(path)
    for axis, values in enumerate(path.T):
        known = np.isfinite(values)
        whole[:, axis] = np.interp(frames, frames[known], values[known])
    reach = max(1, round(2 * _SMOOTH * rate))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (reach / 2)) ** 2)
    padded = np.pad(whole, ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, weights / weights.sum(), "valid") for column in padded.T]
    return np.stack(columns, axis=1)


def _middle(poses: FloatArray) -> FloatArray:
    """Middle (N, D) of the box around each pose; NaN where nothing is known of it."""
    known = np.isfinite(poses)
    low = np.where(known, poses, np.inf).min(axis=1)
    high = np.where(known, poses, -np.inf).max(axis=1)
    middle: FloatArray = np.where(known.any(axis=1), low + high, np.nan) / 2
    return middle
