"""A film of 3D poses."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liftpose.files import replacing
from liftpose.plot.encoding import as_rate, encode
from liftpose.plot.limbs import BoolArray, FloatArray, Limbs, check_joints, seen_joints
from liftpose.plot.pose import (
    clear_walls,
    frame_points,
    hide_tick_labels,
    require_3d,
)
from liftpose.plot.raster import Canvas
from liftpose.plot.still import Still, Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import Axes3D

    from liftpose.skeleton import Skeleton

DEFAULT_NAME = "LP3D_prediction.mp4"
_BLOCK = 4096  # frames looked at together when the limits are sought
_AT_ONCE = 256  # frames projected together
_TRAIL_ALPHA, _TRAIL_WIDTH = (0.04, 0.6), 2  # points


def plot_video_3d(
    fig: Figure,
    ax: Axes3D,
    n: int,
    par: Mapping[str, Any] | None,
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
    skeleton: Skeleton | None = None,
) -> Path:
    """Film predicted 3D poses, their targets, or both.

    The figure is filmed with all that is in it, the poses drawn as by `plot_pose_3d`. The view and
    the limits of the axes are those the caller has set; limits that were not set are chosen to
    hold the poses of all `n` frames. A unit is as long on all three axes. Walls of the axes that
    nobody coloured are taken away. The poses are taken out of the axes at the end.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure to film.
    ax : mpl_toolkits.mplot3d.Axes3D
        Axes of `fig` to draw the poses into.
    n : int
        Number of frames to film, from the first.
    par : mapping or None
        As read from a ``params.yaml``. ``par["vis"]["bones"]`` is needed; ``limb_id``, one limb a
        joint, and ``colors``, one triple from 0 to 255 a limb, may be left out. None where a
        `skeleton` is given.
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
    skeleton : Skeleton, optional
        Bones, limbs and colours, in place of `par`; joints of its left side are drawn hollow.

    Returns
    -------
    pathlib.Path
        The film.

    Raises
    ------
    FileNotFoundError, PermissionError
        The folder of the film does not exist or cannot be written to.
    TypeError
        `ax` is not three-dimensional, a count or a joint index is no integer, or both `par` and
        `skeleton` were given.
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
    limbs = _limbs_of(par, skeleton, poses.joint_count)
    trail = _resolve_trail(trailing, trailing_keypts, poses.joint_count)
    rate = as_rate(fps)
    target = _as_target(name)
    clear_walls(ax)
    hide_tick_labels(ax)
    _set_limits(ax, poses)
    has = {"target": poses.target is not None, "prediction": poses.prediction is not None}
    still = Still.draw(fig, ax, dpi, limbs, **has)
    scene = _Scene(still, poses, limbs, trail)
    with replacing(target) as beside:
        encode(beside, rate, _pictures(scene, poses.count, on_frame))
    return target


def _pictures(
    scene: _Scene, count: int, on_frame: Callable[[int, int], None] | None
) -> Iterator[Canvas]:
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
            if array.ndim != 3 or array.shape[2] != 3 or not array.shape[1]:
                raise ValueError(
                    f"{key} needs shape (N, J, 3), with a joint or more, got {array.shape}."
                )
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


def _limbs_of(par: Mapping[str, Any] | None, skeleton: Skeleton | None, joint_count: int) -> Limbs:
    if skeleton is not None:
        if par is not None:
            raise TypeError("par came beside a skeleton, which says the same; pass par=None.")
        return Limbs.fitting(skeleton, joint_count)
    try:
        look = (par or {})["vis"]
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


class _Scene:
    """The canvas with poses that move from frame to frame over the picture of the figure."""

    def __init__(self, still: Still, poses: _Poses, limbs: Limbs, trail: _Trail | None) -> None:
        height, width = still.picture.shape[:2]
        self._canvas = Canvas(width, height, still.picture)
        self._canvas.clip(still.window)
        self._still, self._poses, self._trail = still, poses, trail
        self._limbs, numbers = limbs, limbs.limb_id[limbs.bones[:, 0]]
        self._bones = {number: limbs.bones[numbers == number] for number in np.unique(numbers)}
        self._colors = np.ones((poses.joint_count, 4))
        self._colors[:, :3] = limbs.color_of(np.arange(poses.joint_count))
        self._first, self._placed = 0, dict[str, FloatArray]()

    def picture(self, frame: int) -> Canvas:
        """Canvas with a frame; the same one every time. Frames come one after the other."""
        self._canvas.clear()
        placed = self._around(frame)
        now = frame - self._first
        if self._trail is not None:
            path = placed["target" if self._still.prediction is None else "prediction"]
            self._draw_tails(self._trail, path[max(0, now - self._trail.length) : now + 1])
        for name, style in (("target", self._still.target), ("prediction", self._still.prediction)):
            if style is not None:
                self._draw_pose(placed[name][now], style)
        return self._canvas

    def _around(self, frame: int) -> dict[str, FloatArray]:
        """Where the joints of a block of frames lie that holds this one and its tails."""
        held = len(next(iter(self._placed.values()), ()))
        if not self._first <= frame < self._first + held:
            self._first = max(0, frame - (self._trail.length if self._trail else 0))
            frames = slice(self._first, min(frame + _AT_ONCE, self._poses.count))
            found = {
                "target": self._poses.targets(frames),
                "prediction": self._poses.predictions(frames),
            }
            self._placed = {
                name: self._still.pixels(np.where(part[1][..., None], part[0], np.nan))
                for name, part in found.items()
                if part is not None
            }
        return self._placed

    def _draw_tails(self, trail: _Trail, path: FloatArray) -> None:
        if len(path) < 2:
            return
        steps = np.stack([path[:-1, trail.joints], path[1:, trail.joints]], axis=2)
        colors = np.tile(self._colors[trail.joints], (len(steps), 1, 1))
        # The newest piece is as strong while the tail is still growing.
        colors[..., 3] = np.linspace(*_TRAIL_ALPHA, trail.length)[-len(steps) :, None]
        width = self._still.dot * _TRAIL_WIDTH
        self._canvas.lines(steps.reshape(-1, 2, 2), colors.reshape(-1, 4), width, ends="butt")

    def _draw_pose(self, pose: FloatArray, style: Style) -> None:
        colors = self._colors * [1, 1, 1, style.alpha]
        seen = np.asarray(np.isfinite(pose).all(axis=1))
        for number, bones in self._bones.items():
            shown = bones[seen[bones].all(axis=1)]
            path = np.full((len(shown), 3, 2), np.nan)
            path[:, :2] = pose[shown]
            ink = (*self._limbs.colors[number], style.alpha)
            self._canvas.polyline(path.reshape(-1, 2), ink, style.width, style.dashes)
        self._canvas.discs(
            pose,
            style.radius,
            colors,
            hollow=self._limbs.left | style.hollow,
            paper=style.paper,
            ring=style.ring,
        )
