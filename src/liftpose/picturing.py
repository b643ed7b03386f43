"""Files of poses, and folders of runs, become figures."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from liftpose.files import replacing
from liftpose.io.hints import Hints
from liftpose.io.paths import new_file
from liftpose.lifter.checkpoint import EVALUATION, OPTIONS, RESULTS, load
from liftpose.plot import (
    plot_log_train,
    plot_pose_2d,
    plot_pose_3d,
    read_log_train,
    violin_plot,
)
from liftpose.plot.upright import upright
from liftpose.poses import Poses
from liftpose.postprocess import load_test_results
from liftpose.postprocess.evaluation import read_evaluation
from liftpose.skeleton import Skeleton
from liftpose.terminal import unheard

PANELS = 6
"""Frames that are drawn where nobody says which."""

_DPI = 150
_LIFTERS = (".lifter", ".safetensors")

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Picture:
    """A figure that was made.

    Parameters
    ----------
    source, path : pathlib.Path
        What is shown, and the picture.
    text : str
        What it shows, for people.
    frames : tuple of int
        Rows that are shown; empty where it is no poses.
    """

    source: Path
    path: Path
    text: str
    frames: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        where = {"source": os.fspath(self.source), "path": os.fspath(self.path)}
        return {**where, "frames": list(self.frames)}

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def plot_file(
    source: PathLike,
    out: PathLike,
    *,
    skeleton: PathLike | None = None,
    frames: Sequence[int] = (),
    hints: Hints | None = None,
    overwrite: bool = False,
    on_progress: Callable[[float, float, str], None] | None = None,
) -> Picture:
    """Draw some poses of a file, or the errors and the training of a run.

    Parameters
    ----------
    source : path-like
        A pose file of any format, 2D or 3D; or the folder of a run.
    out : path-like
        The figure, of any kind that Matplotlib writes: ``.png``, ``.pdf``, ``.svg``.
    skeleton : path-like, optional
        Of poses: a skeleton file, or a lifter, whose bones are drawn; without one, joints alone.
    frames : sequence of int
        Rows, from 0; by default six, evenly taken from those in which most is seen.
    hints : Hints, optional
        What only the user knows of a pose file.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with how much is done, of how much, and what is going on.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        A kind of figure that cannot be written, joints that do not fit it, or frames
        that are not there; names the file.
    FileExistsError
        `out` is there already.
    """
    file, target = Path(source), _figure_file(out, overwrite)
    say = on_progress or unheard
    say(0, 10, "reading")
    if (file / OPTIONS).is_file():
        figure, text = _of_run(file)
        shown: tuple[int, ...] = ()
    else:
        poses, body = _matched((hints or Hints()).of_use(file).read(file), skeleton)
        say(3, 10, "drawing")
        shown = _rows(poses, frames, file)
        figure = _of_poses(poses, body, shown)
        text = f"frames {', '.join(map(str, shown))}{_joined(body)}"
    say(6, 10, "writing")
    with replacing(target) as beside:
        figure.savefig(beside, dpi=_DPI)
    say(10, 10, "")
    return Picture(file, target, text, shown)


def _figure_file(out: PathLike, overwrite: bool) -> Path:
    target = new_file(out, overwrite)
    known = Figure().canvas.get_supported_filetypes()
    if target.suffix.lower().removeprefix(".") not in known:
        raise ValueError(
            f"{target}: no figure is written like that; name a file that ends in "
            f"{', '.join(f'.{kind}' for kind in sorted(known))}."
        )
    return target


def _body(path: PathLike | None, joints: Sequence[str] | None, count: int) -> Skeleton:
    """The skeleton that is named; without one, joints that nothing joins."""
    if path is None:
        return Skeleton.unnamed(count) if joints is None else Skeleton(joints)
    file = Path(path)
    if file.is_dir() or file.suffix in _LIFTERS or file.name.endswith(".pth.tar"):
        return load(file).skeleton_known
    return Skeleton.read(file)


def _matched(poses: Poses, skeleton: PathLike | None) -> tuple[Poses, Skeleton]:
    body = _body(skeleton, poses.joints, poses.joint_count)
    return (poses if skeleton is None else poses.matched(body.joints)), body


def _joined(body: Skeleton) -> str:
    return "" if body.bones else "; joints only, since no bones are known (--skeleton)"


def _check_row(row: int, count: int, file: Path) -> None:
    if not 0 <= row < count:
        raise ValueError(f"{file} has no frame {row}; it has {count:,}, from 0 to {count - 1}.")


def _rows(poses: Poses, asked: Sequence[int], file: Path) -> tuple[int, ...]:
    """Rows to draw: those asked for, or some that are well seen."""
    for row in asked:
        _check_row(row, poses.frames, file)
    if asked:
        return tuple(asked)
    seen = np.isfinite(poses.points).all(2).sum(1)
    if not seen.any():
        raise ValueError(f"{file}: nothing is seen in any frame.")
    good = np.flatnonzero(seen >= np.quantile(seen[seen > 0], 0.5))
    chosen = np.linspace(0, len(good) - 1, min(PANELS, len(good))).astype(int)
    return tuple(int(row) for row in np.unique(good[chosen]))


def _of_poses(poses: Poses, body: Skeleton, rows: Sequence[int]) -> Figure:
    across = min(3, len(rows))
    down = math.ceil(len(rows) / across)
    figure = Figure(figsize=(4 * across, 3.6 * down), layout="constrained")
    points = poses.points if poses.dims == 2 else upright(poses.points, poses.frame)
    look: dict[str, Any] = {"limb_id": body.limbs or None, "colors": body.colors or None}
    for place, row in enumerate(rows):
        deep = {"projection": "3d"} if poses.dims == 3 else {}
        ax: Any = figure.add_subplot(down, across, place + 1, **deep)
        if poses.dims == 3:
            plot_pose_3d(ax, body.bones, points[row], axes=True, **look)
        else:
            plot_pose_2d(ax, points[row], body.bones, normalize=False, **look)
        ax.set_title(_name_of(poses, row))
    if poses.unit and poses.dims == 3:
        figure.supxlabel(f"in {poses.unit}", fontsize="small")
    return figure


def _name_of(poses: Poses, row: int) -> str:
    number = int(poses.experiment[row])
    who = poses.individuals[number] if poses.individuals else poses.keys[number]
    own = row - sum(poses.lengths[:number])
    return f"frame {own}" if len(poses.keys) == 1 else f"{who}, frame {own}"


def _of_run(folder: Path) -> tuple[Figure, str]:
    """The errors of a run where it was tested, and the course of its training."""
    epoch, _, loss_train, loss_test, _ = read_log_train(folder)
    tested = (folder / RESULTS).is_file() and (folder / EVALUATION).is_file()
    if not tested and not len(epoch):
        raise ValueError(
            f"{folder} has nothing to draw: no network was trained, and nothing was tested. "
            f"`liftpose evaluate {folder}` tests."
        )
    rows = int(tested) + int(len(epoch) > 0)
    figure = Figure(figsize=(14, 4.6 * rows), layout="constrained")
    if tested:
        errors = read_evaluation(folder)
        truth, prediction, counts = load_test_results(folder)
        violin_plot(
            figure.add_subplot(rows, 1, 1),
            test_3d_gt=truth,
            test_3d_pred=prediction,
            test_keypoints=counts,
            joints_name=[name.replace("_", " ") for name in load(folder).skeleton_known.joints],
            body_length=errors.body_length if errors.body_length > 0 else None,
            units=errors.unit,
        )
    if len(epoch):
        ax = figure.add_subplot(rows, 1, rows)
        plot_log_train(ax, loss_train, loss_test, epoch)
    parts = ["errors of every joint"] * tested + ["the training"] * bool(len(epoch))
    return figure, " and ".join(parts)
