"""The figures of a demo: a pose, the errors, and the course of the training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from liftpose.files import replacing
from liftpose.plot import (
    OKABE_ITO,
    plot_log_train,
    plot_views,
    read_log_train,
    style,
    violin_plot,
)
from liftpose.plot.directions import facing
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
    looks = facing(truth, skeleton)
    views = {
        "as the camera sees it": camera,
        "from the side": (looks - 90, _SIDE_ELEVATION),
        "along the body": (looks, _SIDE_ELEVATION),
    }
    with style():
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        plot_views(figure.add_subplot(), lifted, skeleton, truth=truth, views=views, ground=0.0)
        return _save(figure, path)


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
