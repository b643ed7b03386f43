"""A film of 3D poses."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from mpl_toolkits.mplot3d.art3d import Line3DCollection

from liftpose.files import replacing
from liftpose.plot.encoding import as_rate, encode
from liftpose.plot.limbs import BoolArray, FloatArray, Limbs, check_joints, seen_joints
from liftpose.plot.pose import (
    add_legend,
    frame_points,
    hide_tick_labels,
    require_3d,
    target_and_prediction,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import Axes3D

DEFAULT_NAME = "LP3D_prediction.mp4"
_BLOCK = 4096  # frames looked at together when the limits are sought
_TRAIL_ALPHA = (0.04, 0.6)


def plot_video_3d(
    fig: Figure,
    ax: Axes3D,
    n: int,
    par: Mapping[str, Any],
    pred: npt.ArrayLike | None = None,
    tar: npt.ArrayLike | None = None,
    good_keypts: npt.ArrayLike | None = None,
    trailing: int | None = None,
    trailing_keypts: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None,
    fps: float = 10,
    name: str | os.PathLike[str] | None = DEFAULT_NAME,
    *,
    dpi: float | None = None,
    on_frame: Callable[[int, int], None] | None = None,
) -> Path:
    """Film predicted 3D poses, their targets, or both.

    The figure is filmed with all that is in it, the poses drawn as by `plot_pose_3d`. The view and
    the limits of the axes are those the caller has set; limits that were not set are chosen to
    hold the poses of all `n` frames. A unit is as long on all three axes. The poses are taken out
    of the axes at the end.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure to film.
    ax : mpl_toolkits.mplot3d.Axes3D
        Axes of `fig` to draw the poses into.
    n : int
        Number of frames to film, from the first.
    par : mapping
        As read from a ``params.yaml``. ``par["vis"]["bones"]`` is needed; ``limb_id``, one limb a
        joint, and ``colors``, one triple from 0 to 255 a limb, may be left out.
    pred, tar : array, shape (N, J, 3), any unit, or None
        Predictions and targets, `n` frames or more. One of them may be None.
    good_keypts : array, shape (N, J, 3) or (N, J), bool-like, optional
        Joints of the targets with a false or NaN entry are left out, with their bones. The
        predictions are drawn whatever it says.
    trailing : int, optional
        Frames that the fading tail of a joint reaches back. The tails follow the predictions, or
        the targets where there are no predictions.
    trailing_keypts : sequence of int, optional
        Joints that have a tail; None for all.
    fps : float
        Frames a second.
    name : path-like, optional
        The film, an ``.mp4`` file: H.264 in yuv420p, which every player shows. A file of that name
        is replaced once the new film is complete. None means ``LP3D_prediction.mp4``.
    dpi : float, optional
        Dots per inch of the film; the figure's own where it is left out. An odd width or height
        loses its last column or row.
    on_frame : callable, optional
        Called before every picture but the first with how many there are, and how many there will
        be.

    Returns
    -------
    pathlib.Path
        The film.

    Raises
    ------
    FileNotFoundError, PermissionError
        The folder of the film does not exist or cannot be written to.
    TypeError
        `ax` is not three-dimensional, or a count or a joint index is no integer.
    ValueError
        Too few frames, or shapes, bones, limbs, colours and joints that do not fit together.

    Examples
    --------
    >>> import tempfile
    >>> from matplotlib.figure import Figure
    >>> fig = Figure(figsize=(1, 1))
    >>> ax = fig.add_subplot(projection="3d")
    >>> poses = np.random.default_rng(0).normal(size=(2, 3, 3))
    >>> film = plot_video_3d(fig, ax, n=2, par={"vis": {"bones": [[0, 1], [1, 2]]}}, pred=poses,
    ...                      name=Path(tempfile.mkdtemp()) / "poses.mp4")
    >>> film.name
    'poses.mp4'
    """
    require_3d(ax)
    if ax.figure.canvas is not fig.canvas:
        raise ValueError("ax needs to be one of the axes of fig, the figure that is filmed.")
    poses = _Poses.resolve(n, pred, tar, good_keypts)
    limbs = _limbs_of(par, poses.joint_count)
    trail = _resolve_trail(trailing, trailing_keypts, poses.joint_count)
    rate = as_rate(fps)
    target = _as_target(name)
    hide_tick_labels(ax)
    _set_limits(ax, poses)
    with (
        replacing(target) as beside,
        _agg_canvas(fig, dpi) as canvas,
        _Scene(canvas, ax, poses, limbs, trail) as scene,
    ):
        encode(beside, rate, _pictures(scene, poses.count, on_frame))
    return target


def _pictures(
    scene: _Scene, count: int, on_frame: Callable[[int, int], None] | None
) -> Iterator[Any]:
    for frame in range(count):
        if on_frame is not None and frame:
            on_frame(frame, count)
        yield scene.picture(frame)


@dataclass(frozen=True)
class _Poses:
    """The caller's arrays, of which one frame at a time is turned into floats."""

    count: int
    joint_count: int
    prediction: npt.NDArray[Any] | None
    target: npt.NDArray[Any] | None
    good: npt.NDArray[Any] | None

    @classmethod
    def resolve(cls, n: int, pred: Any, tar: Any, good_keypts: Any) -> _Poses:
        count = operator.index(n)
        given = {
            key: np.asarray(value)
            for key, value in (("pred", pred), ("tar", tar))
            if value is not None
        }
        if not given:
            raise ValueError("plot_video_3d needs pred, tar or both; both are None.")
        for key, array in given.items():
            if array.ndim != 3 or array.shape[2] != 3:
                raise ValueError(f"{key} needs shape (N, J, 3), got {array.shape}.")
            if not 1 <= count <= len(array):
                raise ValueError(
                    f"n is {count}, but {key} has {len(array)} frames; n needs to be from 1 to "
                    f"{len(array)}."
                )
        joints = {key: array.shape[1] for key, array in given.items()}
        if len(set(joints.values())) > 1:
            raise ValueError(f"pred has {joints['pred']} joints and tar has {joints['tar']}.")
        joint_count = next(iter(joints.values()))
        good = None if good_keypts is None else np.asarray(good_keypts)
        if good is not None and (
            good.shape[1:] not in ((joint_count, 3), (joint_count,)) or len(good) < count
        ):
            raise ValueError(
                f"good_keypts needs shape (N, {joint_count}, 3) or (N, {joint_count}) with N of "
                f"{count} or more, got {good.shape}."
            )
        return cls(count, joint_count, given.get("pred"), given.get("tar"), good)

    def targets(self, frames: slice) -> tuple[FloatArray, BoolArray] | None:
        if self.target is None:
            return None
        poses = np.asarray(self.target[frames], dtype=float)
        mask = None if self.good is None else self.good[frames]
        return poses, seen_joints(mask, poses.shape) & np.isfinite(poses).all(axis=-1)

    def predictions(self, frames: slice) -> tuple[FloatArray, BoolArray] | None:
        if self.prediction is None:
            return None
        poses = np.asarray(self.prediction[frames], dtype=float)
        return poses, np.isfinite(poses).all(axis=-1)


def _limbs_of(par: Mapping[str, Any], joint_count: int) -> Limbs:
    try:
        look = par["vis"]
        bones = look["bones"]
    except (KeyError, TypeError):
        raise ValueError(
            "par needs par['vis']['bones'], as a params.yaml gives it: pairs of joints, such as "
            "{'vis': {'bones': [[0, 1], [1, 2]]}}."
        ) from None
    return Limbs.resolve(joint_count, bones, look.get("limb_id"), look.get("colors"))


@dataclass(frozen=True)
class _Trail:
    length: int
    joints: npt.NDArray[np.intp]


def _resolve_trail(length: int | None, joints: Any, joint_count: int) -> _Trail | None:
    numbers = np.arange(joint_count)
    if joints is not None:
        try:
            numbers = np.array([operator.index(joint) for joint in joints], dtype=np.intp)
        except TypeError:
            raise TypeError(f"trailing_keypts needs joint indices, got {joints!r}.") from None
    check_joints(numbers, joint_count, "trailing_keypts")
    if length is None:
        return None
    length = operator.index(length)
    if length < 0:
        raise ValueError(f"trailing needs a number of frames, 0 or more, got {length}.")
    return _Trail(length, numbers) if length else None


def _as_target(name: str | os.PathLike[str] | None) -> Path:
    target = Path(DEFAULT_NAME if name is None else name)
    if target.suffix.lower() != ".mp4":
        raise ValueError(f"the film is an mp4; its name needs to end in .mp4, got {str(target)!r}.")
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; name the file of the film.")
    return target


def _set_limits(ax: Axes3D, poses: _Poses) -> None:
    """Set the limits that the caller left to matplotlib, and make units equally long."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for start in range(0, poses.count, _BLOCK):
        frames = slice(start, min(start + _BLOCK, poses.count))
        for block in (poses.targets(frames), poses.predictions(frames)):
            if block is not None and block[1].any():
                points = block[0][block[1]]
                low = np.minimum(low, points.min(axis=0))
                high = np.maximum(high, points.max(axis=0))
    corners = np.stack([low, high])
    frame_points(ax, corners[np.isfinite(corners).all(axis=1)])


@contextmanager
def _agg_canvas(fig: Figure, dpi: float | None) -> Iterator[FigureCanvasAgg]:
    """Draw `fig` in memory for a while, whatever window it belongs to."""
    canvas, own_dpi = fig.canvas, fig.dpi
    try:
        agg = FigureCanvasAgg(fig)
        fig.set_dpi(own_dpi if dpi is None else dpi)
        yield agg
    finally:
        fig.set_dpi(own_dpi)
        fig.set_canvas(canvas)


class _Scene:
    """The figure with poses that move from frame to frame.

    All that stands still is drawn once and kept as a picture; a frame costs that picture's copy
    and the few lines of the poses.
    """

    def __init__(
        self,
        canvas: FigureCanvasAgg,
        ax: Axes3D,
        poses: _Poses,
        limbs: Limbs,
        trail: _Trail | None,
    ) -> None:
        # The drawing methods of the canvas carry no types.
        self._canvas: Any = canvas
        self._poses, self._limbs, self._trail = poses, limbs, trail
        has = {"target": poses.target is not None, "prediction": poses.prediction is not None}
        self._old_legend = ax.get_legend()
        self._legend = add_legend(ax, **has)
        self._target, self._prediction = target_and_prediction(ax, limbs, **has)
        self._tails = Line3DCollection(np.empty((0, 2, 3)), linewidths=2, capstyle="round")
        ax.add_collection(self._tails, autolim=False)
        drawn = [drawn for drawn in (self._target, self._prediction) if drawn is not None]
        self._artists = [self._tails, *(line for pose in drawn for line in pose.lines)]
        for artist in self._artists:
            artist.set_animated(True)
        self._ax = ax
        self._background: Any = None

    def __enter__(self) -> _Scene:
        return self

    def __exit__(self, *_: object) -> None:
        for artist in [*self._artists, self._legend]:
            artist.remove()
        self._ax.legend_ = self._old_legend

    def picture(self, frame: int) -> npt.NDArray[np.uint8]:
        """Picture of a frame, shape (height, width, 4)."""
        now = slice(frame, frame + 1)
        target, prediction = self._poses.targets(now), self._poses.predictions(now)
        if self._target is not None and target is not None:
            self._target.move(target[0][0], target[1][0])
        if self._prediction is not None and prediction is not None:
            self._prediction.move(prediction[0][0], prediction[1][0])
        if self._trail is not None:
            self._draw_tails(self._trail, frame)
        if self._background is None:
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self._canvas.figure.bbox)
        self._canvas.restore_region(self._background)
        renderer = self._canvas.get_renderer()
        self._tails.do_3d_projection()
        for artist in self._artists:
            artist.draw(renderer)
        return np.asarray(self._canvas.buffer_rgba())

    def _draw_tails(self, trail: _Trail, frame: int) -> None:
        frames = slice(max(0, frame - trail.length), frame + 1)
        block = self._poses.predictions(frames) or self._poses.targets(frames)
        if block is None:
            return
        poses, seen = block[0][:, trail.joints], block[1][:, trail.joints]
        steps = np.stack([poses[:-1], poses[1:]], axis=2)
        shown = seen[:-1] & seen[1:]
        colors = np.empty((*shown.shape, 4))
        colors[..., :3] = self._limbs.color_of(trail.joints)
        alphas = np.linspace(*_TRAIL_ALPHA, trail.length)[trail.length - len(steps) :]
        colors[..., 3] = alphas[:, None]
        self._tails.set_segments(steps[shown])
        self._tails.set_color(colors[shown])
