"""The figures of a demo: a pose, the errors, and the course of the training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from liftpose.files import replacing
from liftpose.plot import OKABE_ITO, plot_log_train, read_log_train, violin_plot
from liftpose.plot.limbs import Limbs
from liftpose.plot.scene import TRUTH_COLOR, Scene, from_side, with_shadow
from liftpose.postprocess import load_test_results
from liftpose.postprocess.evaluation import Evaluation
from liftpose.skeleton import Skeleton

Floats = npt.NDArray[Any]

_DPI = 150
_GUESSES = (
    ("liftpose", "LiftPose", "o"),
    ("ridge", "linear map (ridge)", "D"),
    ("mean_pose", "mean pose", "s"),
)
_SIDE_ELEVATION = 8.0  # degrees: enough to see the ground


def draw_pose(
    path: Path, lifted: Floats, truth: Floats, skeleton: Skeleton, camera: tuple[float, float]
) -> Path:
    """Draw a lifted pose over the true one, from three sides.

    Parameters
    ----------
    path : pathlib.Path
        The picture.
    lifted, truth : array, shape (J, 3)
        `z` up, the ground at 0.
    skeleton : Skeleton
        Bones, limbs, colours and unit.
    camera : pair of float, degrees
        Azimuth and elevation of the camera.

    Returns
    -------
    pathlib.Path
    """
    figure = Figure(figsize=(11, 4))
    limbs = Limbs.resolve(
        len(skeleton.joints), skeleton.bones, skeleton.limbs or None, skeleton.colors or None
    )
    side = _across(truth)
    views = {
        "as the camera sees it": camera,
        "from the side": (side, _SIDE_ELEVATION),
        "along the body": (side + 90, _SIDE_ELEVATION),
    }
    whole = with_shadow(truth)
    centre = (np.nanmin(whole, axis=0) + np.nanmax(whole, axis=0)) / 2
    axes = [figure.add_axes((number / 3 + 0.005, 0.13, 0.323, 0.75)) for number in range(3)]
    box = axes[0].get_window_extent()
    around = np.concatenate([whole, lifted]) - centre
    seen = [from_side(around, *view) for view in views.values()]
    reach = np.nanmax(np.abs(seen), axis=(0, 1))
    span = float(2.15 * max(reach[0], reach[1] * box.width / box.height)) or 1.0
    for ax, (title, view) in zip(axes, views.items(), strict=True):
        scene = Scene(ax, limbs, span)
        scene.show(lifted, truth, centre, *view)
        scene.add_scale_bar(skeleton.unit)
        left, _, width, _ = ax.get_position().bounds
        figure.text(left + width / 2, 0.92, title, ha="center", fontsize=13)
    handles = [
        Line2D([], [], color="0.2", linewidth=2.6, marker="o", markersize=4.5, label="lifted"),
        Line2D([], [], color=TRUTH_COLOR, linewidth=5.5, label="truth"),
    ]
    figure.legend(handles=handles, loc="lower center", ncols=2, frameon=False, fontsize=12)
    return _save(figure, path)


def _across(pose: Floats) -> float:
    """Azimuth from which a pose is seen at its longest, degrees."""
    ground = pose[np.isfinite(pose).all(axis=1), :2]
    x, y = np.linalg.svd(ground - ground.mean(axis=0))[2][0]
    return float(np.degrees(np.arctan2(y, x))) - 90


def draw_joints(path: Path, errors: Evaluation) -> Path:
    """Draw the mean error of every joint beside those of the two simple guesses.

    Parameters
    ----------
    path : pathlib.Path
        The picture.
    errors : Evaluation
        What to draw.

    Returns
    -------
    pathlib.Path
    """
    joints = list(errors.per_joint)
    places = np.arange(len(joints))
    figure = Figure(figsize=(7, 1.5 + 0.235 * len(joints)), layout="constrained")
    ax = figure.add_subplot()
    values: dict[str, Any] = {
        name: [errors.per_joint[joint][name] for joint in joints] for name, *_ in _GUESSES
    }
    ax.hlines(places, values["liftpose"], values["mean_pose"], color="0.88", linewidth=1.5)
    for above, (name, label, marker) in enumerate(_GUESSES):
        shade = tuple(channel / 255 for channel in OKABE_ITO[above])
        style: dict[str, Any] = {"color": shade, "markersize": 5.5, "zorder": 5 - above}
        ax.plot(values[name], places, marker, label=label, **style)
    ax.set_yticks(places, [joint.replace("_", " ") for joint in joints])
    ax.set_ylim(len(joints) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"Mean error ({errors.unit})" if errors.unit else "Mean error")
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="0.92")
    ax.set_axisbelow(True)
    ax.spines[["top", "right", "left"]].set_visible(False)
    share: Any = 100 / errors.body_length
    percent: Any = ax.secondary_xaxis(
        "top", functions=(lambda length: length * share, lambda part: part / share)
    )
    percent.set_xlabel("% of body length")
    percent.spines["top"].set_color("0.7")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return _save(figure, path)


def draw_errors(path: Path, folder: Path, errors: Evaluation, joints: Sequence[str]) -> Path:
    """Draw how the errors of every joint are distributed.

    Parameters
    ----------
    path : pathlib.Path
        The picture.
    folder : pathlib.Path
        Of the run that was tested.
    errors : Evaluation
        Unit and body length.
    joints : sequence of str, length J
        Names.

    Returns
    -------
    pathlib.Path
    """
    truth, prediction, counts = load_test_results(folder)
    figure = Figure(figsize=(2 + 0.36 * len(errors.per_joint), 4.8), layout="constrained")
    violin_plot(
        figure.add_subplot(),
        test_3d_gt=truth,
        test_3d_pred=prediction,
        test_keypoints=counts,
        joints_name=[joint.replace("_", " ") for joint in joints],
        body_length=errors.body_length,
        units=errors.unit,
    )
    return _save(figure, path)


def draw_training(path: Path, folder: Path) -> Path:
    """Draw the course of a training.

    Parameters
    ----------
    path : pathlib.Path
        The picture.
    folder : pathlib.Path
        Of the run.

    Returns
    -------
    pathlib.Path
    """
    epoch, _, loss_train, loss_test, _ = read_log_train(folder)
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    plot_log_train(figure.add_subplot(), loss_train, loss_test, epoch)
    return _save(figure, path)


def _save(figure: Figure, path: Path) -> Path:
    with replacing(path) as beside:
        figure.savefig(beside, dpi=_DPI)
    return path
