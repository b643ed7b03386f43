"""One pose as a picture, in 3D or in the image.

NaN means not seen: a joint of which a coordinate is not finite, or which `good_keypts` rules out,
is left out together with its bones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib import rcParams
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from liftpose.plot.drawn import DrawnPose, seen_of
from liftpose.plot.limbs import FloatArray, Limbs, as_pose, seen_joints

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from mpl_toolkits.mplot3d import Axes3D

    from liftpose.skeleton import Skeleton

PREDICTION_NAME = "LiftPose prediction"
TARGET_NAME = "Ground truth"
_LEGEND_GRAY = "0.25"


class DrawnPoses(NamedTuple):
    """What `plot_pose_3d` drew; None for what it did not."""

    prediction: DrawnPose | None
    target: DrawnPose | None
    legend: Legend | None


def target_and_prediction(
    ax: Axes3D, limbs: Limbs, *, target: bool, prediction: bool
) -> tuple[DrawnPose | None, DrawnPose | None]:
    """Prepare the lines of a target, solid, and of a prediction, dashed if there is a target.

    Parameters
    ----------
    ax : Axes3D
    limbs : Limbs
    target, prediction : bool
        Which of the two there is.

    Returns
    -------
    drawn_target, drawn_prediction : DrawnPose or None
        Empty until they are moved to a pose.
    """
    if not target:
        return None, DrawnPose(ax, limbs, 3, **_SOLID) if prediction else None
    if not prediction:
        return DrawnPose(ax, limbs, 3, **_SOLID), None
    dashed = _FILLED if limbs.left.any() else _DASHED
    return DrawnPose(ax, limbs, 3, **_BEHIND), DrawnPose(ax, limbs, 3, **dashed)


_SOLID: dict[str, Any] = {
    "linewidth": 2.2,
    "marker": "o",
    "markersize": 3.5,
    "solid_capstyle": "round",
}
# A target under a prediction of the same colour is paler and broader, so that both are seen
# where they lie on each other.
_BEHIND: dict[str, Any] = {**_SOLID, "linewidth": 3.2, "alpha": 0.45, "markersize": 4}
_DASHED: dict[str, Any] = {
    "linewidth": 1.6,
    "linestyle": "--",
    "marker": "o",
    "markersize": 3.5,
    "markerfacecolor": "white",
}
# Hollow says left where sides are known, and prediction where they are not.
_FILLED: dict[str, Any] = {**_DASHED, "markerfacecolor": None}


def add_legend(ax: Axes3D, *, target: bool, prediction: bool, sided: bool = False) -> Legend:
    """Name the line styles of prediction and target above the axes.

    Parameters
    ----------
    ax : Axes3D
    target, prediction : bool
        Which of the two are drawn.
    sided : bool
        Joints of the left side are hollow.

    Returns
    -------
    matplotlib.legend.Legend
    """
    styles = []
    if prediction:
        dashed = _FILLED if sided else _DASHED
        styles.append((dashed if target else _SOLID, PREDICTION_NAME))
    if target:
        styles.append((_BEHIND if prediction else _SOLID, TARGET_NAME))
    handles = [Line2D([], [], color=_LEGEND_GRAY, label=name, **style) for style, name in styles]
    legend: Legend = ax.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.99),
        frameon=False,
        borderaxespad=0,
        handlelength=2.6,
    )
    return legend


def hide_tick_labels(ax: Axes3D) -> None:
    """Take the numbers off the three axes and leave their grid.

    Parameters
    ----------
    ax : Axes3D
    """
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_ticklabels([])


def require_3d(ax: Any) -> None:
    """Raise TypeError unless the axes are three-dimensional.

    Parameters
    ----------
    ax : matplotlib axes
    """
    if not hasattr(ax, "get_zlim"):
        raise TypeError(
            f"ax needs three dimensions, got {type(ax).__name__}; make it with "
            "fig.add_subplot(projection='3d')."
        )


def plot_pose_3d(
    ax: Axes3D,
    bones: Sequence[Sequence[int]] | npt.NDArray[np.integer[Any]] | None = None,
    pred: npt.ArrayLike | None = None,
    tar: npt.ArrayLike | None = None,
    limb_id: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None,
    colors: Sequence[Sequence[float]] | npt.NDArray[Any] | None = None,
    good_keypts: npt.ArrayLike | None = None,
    show_pred_always: bool = False,
    show_gt_always: bool = False,
    normalize: bool = False,
    legend: bool = False,
    axes: bool = False,
    *,
    skeleton: Skeleton | None = None,
) -> DrawnPoses:
    """Draw a predicted 3D pose, its target, or both.

    Both are drawn in the colours of their limbs: the target as solid lines, the prediction as
    dashed lines over it, or solid where there is no target. A unit is as long on all three axes;
    limits that were set explicitly before stay as they are. Walls of the axes that nobody coloured
    are taken away.

    Parameters
    ----------
    ax : mpl_toolkits.mplot3d.Axes3D
        Axes to draw into, from ``fig.add_subplot(projection="3d")``.
    bones : sequence of pairs of int, shape (B, 2), optional
        Joints at the two ends of each bone. Left out: joints alone.
    pred, tar : array, shape (J, 3), any unit, or None
        Prediction and target. One of them may be None.
    limb_id : sequence of int, length J, optional
        Limb of each joint, counted from 0. A bone has the colour of its first joint's limb.
    colors : sequence of triples, 0 to 255, optional
        Red, green and blue of each limb. Left out: `OKABE_ITO` by limb, or one colour where
        `limb_id` is left out too.
    good_keypts : array, shape (J, 3) or (J,), bool-like, optional
        Joints with a false or NaN entry are left out, with their bones.
    show_pred_always, show_gt_always : bool
        Draw the prediction or the target whatever `good_keypts` says.
    normalize : bool
        Move both so that the median of the prediction's joints (of the target's, where there is
        no prediction) is the origin.
    legend : bool
        Say which lines are the prediction and which the target.
    axes : bool
        Show the numbers on the axes.
    skeleton : Skeleton, optional
        Bones, limbs and colours, in place of the three arguments; joints of its left side are
        drawn hollow.

    Returns
    -------
    DrawnPoses
        The lines of prediction and target and the legend, None for what was not drawn.

    Raises
    ------
    TypeError
        `ax` is not three-dimensional, a joint index is no integer, or both a skeleton and
        its parts were given.
    ValueError
        Neither pose was given, or shapes, bones, limbs and colours do not fit together.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().add_subplot(projection="3d")
    >>> leg = [[0, 0, 0], [1, 0, 1], [2, 0, 0]]
    >>> drawn = plot_pose_3d(ax, bones=[[0, 1], [1, 2]], pred=leg)
    >>> len(drawn.prediction.lines), drawn.target is None
    (1, True)
    """
    require_3d(ax)
    target = None if tar is None else as_pose(tar, 3, "tar")
    prediction = None if pred is None else as_pose(pred, 3, "pred")
    given = [pose for pose in (prediction, target) if pose is not None]
    if not given:
        raise ValueError("plot_pose_3d needs pred, tar or both; both are None.")
    if given[0].shape != given[-1].shape:
        raise ValueError(f"pred has {len(given[0])} joints and tar has {len(given[-1])}.")
    limbs = _as_limbs(len(given[0]), bones, limb_id, colors, skeleton)
    good = seen_joints(good_keypts, given[0].shape)
    if normalize:
        center = _median(given[0])
        target, prediction = (None if p is None else p - center for p in (target, prediction))
    shown = [
        (pose, seen_of(pose, good | always))
        for pose, always in ((target, show_gt_always), (prediction, show_pred_always))
        if pose is not None
    ]
    frame_points(ax, np.concatenate([pose[seen] for pose, seen in shown]))
    has = {"target": target is not None, "prediction": prediction is not None}
    drawn_target, drawn_prediction = target_and_prediction(ax, limbs, **has)
    lines = [drawn for drawn in (drawn_target, drawn_prediction) if drawn is not None]
    for drawn, (pose, seen) in zip(lines, shown, strict=True):
        drawn.move(pose, seen)
    if not axes:
        hide_tick_labels(ax)
    key = add_legend(ax, **has, sided=bool(limbs.left.any())) if legend else None
    return DrawnPoses(drawn_prediction, drawn_target, key)


def _as_limbs(
    joint_count: int, bones: Any, limb_id: Any, colors: Any, skeleton: Skeleton | None
) -> Limbs:
    if skeleton is None:
        return Limbs.resolve(joint_count, () if bones is None else bones, limb_id, colors)
    parts = {"bones": bones, "limb_id": limb_id, "colors": colors}
    twice = [name for name, value in parts.items() if value is not None]
    if twice:
        raise TypeError(f"{', '.join(twice)} came beside a skeleton, which says that; give one.")
    return Limbs.fitting(skeleton, joint_count)


def clear_walls(ax: Axes3D) -> None:
    """Take the grey off the three walls, where nobody has given them a colour of their own.

    Parameters
    ----------
    ax : Axes3D
    """
    colors = (
        rcParams["axes3d.xaxis.panecolor"],
        rcParams["axes3d.yaxis.panecolor"],
        rcParams["axes3d.zaxis.panecolor"],
    )
    for axis, untouched in zip((ax.xaxis, ax.yaxis, ax.zaxis), colors, strict=True):
        if axis.pane.get_facecolor() == to_rgba(untouched):
            axis.set_pane_color((1.0, 1.0, 1.0, 0.0))


def _median(pose: FloatArray) -> FloatArray:
    seen = pose[np.isfinite(pose).all(axis=1)]
    return np.median(seen, axis=0) if len(seen) else np.zeros(pose.shape[1])


def frame_points(ax: Axes3D, points: FloatArray) -> None:
    """Widen the limits that the caller left to matplotlib, and make units equally long.

    Walls behind the grid that nobody has coloured are taken away. Call it before the points are
    drawn: what is in the axes already stays within the limits.

    Parameters
    ----------
    ax : Axes3D
    points : array, shape (P, 3)
        What is to lie within the limits.
    """
    if len(points):
        ax.auto_scale_xyz(*points.T, had_data=ax.has_data())
    ax.set_aspect("equal", adjustable="box")
    clear_walls(ax)
    spans = [abs(high - low) for low, high in (ax.get_xlim(), ax.get_ylim(), ax.get_zlim())]
    _thin_out([ax.xaxis, ax.yaxis, ax.zaxis], spans)


def _thin_out(axes: list[Any], spans: list[float]) -> None:
    """Give short axes few numbers, which would run into each other."""
    for axis, span in zip(axes, spans, strict=True):
        if isinstance(axis.get_major_locator(), MaxNLocator):
            count = max(1, round(7 * span / max(spans)))
            axis.set_major_locator(MaxNLocator(count, steps=[1, 2, 5, 10], min_n_ticks=1))


def plot_pose_2d(
    ax: Axes,
    tar: npt.ArrayLike,
    bones: Sequence[Sequence[int]] | npt.NDArray[np.integer[Any]] | None = None,
    normalize: bool = True,
    limb_id: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None,
    colors: Sequence[Sequence[float]] | npt.NDArray[Any] | None = None,
    good_keypts: npt.ArrayLike | None = None,
    *,
    skeleton: Skeleton | None = None,
) -> DrawnPose:
    """Draw a 2D pose as it looks in the video: y down, pixels square.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into. They may show the image already; leave `normalize` False then.
    tar : array, shape (J, 2), pixels
        The pose. NaN where a joint was not seen.
    bones : sequence of pairs of int, shape (B, 2), optional
        Joints at the two ends of each bone. Left out: joints alone.
    normalize : bool
        Move the pose so that the median of its joints is the origin.
    limb_id : sequence of int, length J, optional
        Limb of each joint, counted from 0. A bone has the colour of its first joint's limb.
    colors : sequence of triples, 0 to 255, optional
        Red, green and blue of each limb. Left out: `OKABE_ITO` by limb, or one colour where
        `limb_id` is left out too.
    good_keypts : array, shape (J, 2) or (J,), bool-like, optional
        Joints with a false or NaN entry are left out, with their bones.
    skeleton : Skeleton, optional
        Bones, limbs and colours, in place of the three arguments; joints of its left side are
        drawn hollow.

    Returns
    -------
    DrawnPose
        The lines of the pose.

    Raises
    ------
    TypeError
        A joint index is no integer, or both a skeleton and its parts were given.
    ValueError
        Shapes, bones, limbs and colours do not fit together.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().add_subplot()
    >>> drawn = plot_pose_2d(ax, [[10, 20], [30, 40]], bones=[[0, 1]], normalize=False)
    >>> drawn.lines[0].get_ydata()[:2].tolist(), bool(ax.yaxis_inverted())
    ([20.0, 40.0], True)
    """
    pose = as_pose(tar, 2, "tar")
    limbs = _as_limbs(len(pose), bones, limb_id, colors, skeleton)
    good = seen_joints(good_keypts, pose.shape)
    if normalize:
        pose = pose - _median(pose)
    drawn = DrawnPose(ax, limbs, 2, **_SOLID)
    drawn.move(pose, good)
    points = pose[seen_of(pose, good)]
    if len(points):
        ax.update_datalim(points)
        ax.autoscale_view()
    if not ax.yaxis_inverted():
        ax.invert_yaxis()
    ax.set_aspect("equal", adjustable="box")
    _thin_out([ax.xaxis, ax.yaxis], [abs(b - a) for a, b in (ax.get_xlim(), ax.get_ylim())])
    ax.set_xlabel("x (px)")
    ax.set_ylabel("y (px)")
    return drawn
