"""Files of poses, and folders of runs, become figures."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from liftpose.files import replacing
from liftpose.io.hints import Hints
from liftpose.io.lifted import read_lifted
from liftpose.io.paths import new_file
from liftpose.lifter.checkpoint import OPTIONS
from liftpose.lifter.published import is_published
from liftpose.lifter.skeletons import read_skeleton
from liftpose.names import closest, listed
from liftpose.plot import (
    hidden_joints,
    plot_angles,
    plot_calibration,
    plot_error_over_time,
    plot_log_train,
    plot_pose_2d,
    plot_pose_3d,
    plot_reliability,
    plot_risk_coverage,
    plot_views,
    read_log_train,
    violin_plot,
)
from liftpose.plot.angles import A_COLUMN as ANGLES_A_COLUMN
from liftpose.plot.angles import MOST_PANELS
from liftpose.plot.limbs import Limbs
from liftpose.plot.sheet import WIDTH, Panel, draw_sheet
from liftpose.plot.styling import style
from liftpose.plot.upright import upright
from liftpose.poses import Floats, Poses
from liftpose.postprocess.angles import JointAngles, holds_angles, joint_angles
from liftpose.postprocess.outcome import Outcome, judge_outcome, read_outcome, was_tested
from liftpose.skeleton import Skeleton
from liftpose.terminal import unheard

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OF_RUNS = {
    "errors": "errors of every joint",
    "time": "errors over time",
    "training": "the training",
    "calibration": "how often error bars hold",
    "occlusion": "errors against hidden joints",
    "risk": "errors of the surest",
}
"""Kinds of figures of a run, and what they show."""

OF_POSES = {
    "poses": "poses",
    "views": "3D poses from several sides",
    "angles": "angles over time",
}
"""Kinds of figures of a file."""

_USUAL = ("errors", "time", "training")
_OF_TRUST = ("calibration", "occlusion", "risk")

PANELS, VIEWED = 6, 3
"""Frames that are drawn where nobody says which: of poses, and from several sides."""

_DPI = 150

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
    kinds: Sequence[str] = (),
    skeleton: PathLike | None = None,
    frames: Sequence[int] = (),
    at: Sequence[str] = (),
    hints: Hints | None = None,
    overwrite: bool = False,
    on_progress: Callable[[float, float, str], None] | None = None,
) -> Picture:
    """Draw poses or angles of a file, or what a run's test and its training say.

    Parameters
    ----------
    source : path-like
        A pose file of any format, 2D or 3D; a table of angles that `liftpose angles` wrote; or the
        folder of a run, of `liftpose` 0.22 too.
    out : path-like
        The figure, of any kind that Matplotlib writes: ``.png``, ``.pdf``, ``.svg``.
    kinds : sequence of str
        Of a run those of `OF_RUNS`, all on one sheet; by default errors, time and training. Of 3D
        poses ``"views"`` draws them from several sides, and ``"angles"`` angles at the joints.
    skeleton : path-like, optional
        Of poses: a skeleton file, or a lifter, whose bones are drawn; by default that of the
        lifter they are from, and where that is not known, joints alone.
    frames : sequence of int
        Rows, from 0; by default six (from several sides three), evenly taken from those in which
        most is seen.
    at : sequence of str
        Of angles: triples of joints, such as ``"hip,knee,ankle"``; by default all.
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
        A kind of figure that cannot be written or that the source does not give, joints that do
        not fit it, or frames that are not there; names the file.
    FileExistsError
        `out` is there already.
    """
    file, target = Path(source), _figure_file(out, overwrite)
    say = on_progress or unheard
    say(0, 10, "reading")
    shown: tuple[int, ...] = ()
    with style():
        if (file / OPTIONS).is_file() or (file.is_dir() and is_published(file)):
            figure, text = _of_run(file, _kinds(kinds, OF_RUNS, file))
        elif _kind_of_file(kinds, file) == "angles":
            figure, text = _of_angles(*_angles(file, skeleton, at), file)
        else:
            poses, body = _matched((hints or Hints()).of_use(file).read(file), skeleton)
            say(3, 10, "drawing")
            views = _kind_of_file(kinds, file) == "views"
            shown = _rows(poses, frames, file, VIEWED if views else PANELS)
            figure = (_of_views if views else _of_poses)(poses, body, shown)
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
    return read_skeleton(path)


def _matched(poses: Poses, skeleton: PathLike | None) -> tuple[Poses, Skeleton]:
    """Poses with the joints of a skeleton: that asked for, or that of the lifter they are from."""
    own = poses.provenance.get("skeleton") if skeleton is None else None
    if own is not None:
        carried = Skeleton.from_dict(json.loads(own))
        if poses.joints in (None, carried.joints) and poses.joint_count == carried.joint_count:
            return poses, carried
    body = _body(skeleton, poses.joints, poses.joint_count)
    return (poses if skeleton is None else poses.matched(body.joints)), body


def _joined(body: Skeleton) -> str:
    return "" if body.bones else "; joints only, since no bones are known (--skeleton)"


def _check_row(row: int, count: int, file: Path) -> None:
    if not 0 <= row < count:
        raise ValueError(f"{file} has no frame {row}; it has {count:,}, from 0 to {count - 1}.")


def _rows(poses: Poses, asked: Sequence[int], file: Path, most: int) -> tuple[int, ...]:
    """Rows to draw: those asked for, or some that are well seen."""
    for row in asked:
        _check_row(row, poses.frames, file)
    if asked:
        return tuple(asked)
    seen = np.isfinite(poses.points).all(2).sum(1)
    if not seen.any():
        raise ValueError(f"{file}: nothing is seen in any frame.")
    good = np.flatnonzero(seen >= np.quantile(seen[seen > 0], 0.5))
    chosen = np.linspace(0, len(good) - 1, min(most, len(good))).astype(int)
    return tuple(int(row) for row in np.unique(good[chosen]))


def _of_poses(poses: Poses, body: Skeleton, rows: Sequence[int]) -> Figure:
    across = min(3, len(rows))
    down = math.ceil(len(rows) / across)
    figure = Figure(figsize=(4 * across, 3.6 * down), layout="constrained")
    points = poses.points if poses.dims == 2 else upright(poses.points, poses.frame)
    for place, row in enumerate(rows):
        deep = {"projection": "3d"} if poses.dims == 3 else {}
        ax: Any = figure.add_subplot(down, across, place + 1, **deep)
        if poses.dims == 3:
            plot_pose_3d(ax, pred=points[row], axes=True, skeleton=body)
            # As many numbers as lie side by side at any length of the axes.
            for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
                axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        else:
            plot_pose_2d(ax, points[row], normalize=False, skeleton=body)
        ax.set_title(_name_of(poses, row))
    if poses.unit and poses.dims == 3:
        figure.supxlabel(f"in {poses.unit}", fontsize="small")
    return figure


def _of_views(poses: Poses, body: Skeleton, rows: Sequence[int]) -> Figure:
    if poses.dims != 3:
        raise ValueError("these are 2D poses; only 3D ones can be seen from several sides.")
    points = upright(poses.points, poses.frame)

    def draw(row: int, ax: Axes) -> None:
        plot_views(ax, points[row], body, unit=poses.unit, legend=row == rows[0])
        ax.set_title(_name_of(poses, row), pad=14)

    return draw_sheet([Panel(partial(draw, row), height=3.0) for row in rows])


def _name_of(poses: Poses, row: int) -> str:
    number = int(poses.experiment[row])
    who = poses.individuals[number] if poses.individuals else poses.keys[number]
    own = row - sum(poses.lengths[:number])
    return f"frame {own}" if len(poses.keys) == 1 else f"{who}, frame {own}"


def _kinds(asked: Sequence[str], known: dict[str, str], file: Path) -> list[str]:
    for kind in asked:
        if kind in known:
            continue
        if kind in OF_RUNS:
            raise ValueError(f"{kind!r} is a figure of a run, and {file} is not the folder of one.")
        if kind in OF_POSES:
            raise ValueError(f"{kind!r} is a figure of poses, and {file} is the folder of a run.")
        raise ValueError(f"there is no figure {kind!r}.{closest(kind, known)}")
    return list(dict.fromkeys(asked))


def _kind_of_file(asked: Sequence[str], file: Path) -> str:
    table = holds_angles(file)
    kinds = _kinds(asked, OF_POSES, file)
    if len(kinds) > 1:
        raise ValueError(f"{file}: {listed(kinds)} are figures of their own; ask for one.")
    if table and kinds and kinds != ["angles"]:
        raise ValueError(f"{file} is a table of angles, and holds no poses.")
    return kinds[0] if kinds else "angles" if table else "poses"


def _of_run(folder: Path, asked: list[str]) -> tuple[Figure, str]:
    """What a test and a training say: what is asked for, or what is there of the usual."""
    kinds = asked or list(_USUAL)
    try:
        epoch, _, loss_train, loss_test, _ = read_log_train(folder)
    except FileNotFoundError:
        epoch, loss_train, loss_test = [], [], []
    there = {"training": bool(len(epoch))} | dict.fromkeys(
        ("errors", "time", *_OF_TRUST), was_tested(folder)
    )
    lacking = [kind for kind in kinds if not there[kind]]
    if (asked and lacking) or len(lacking) == len(kinds):
        raise ValueError(
            f"{folder} has nothing to draw of {listed(lacking)}: no network was trained, or "
            f"nothing was tested. `liftpose evaluate {folder}` tests."
        )
    kinds = [kind for kind in kinds if there[kind]]
    found = None
    if set(kinds) - {"training"}:
        found = (judge_outcome if set(kinds) & set(_OF_TRUST) else read_outcome)(folder)
    panels = [
        Panel(lambda ax: plot_log_train(ax, loss_train, loss_test, epoch), height=2.8)
        if found is None or kind == "training"
        else _panel(kind, found)
        for kind in kinds
    ]
    words = [OF_RUNS[kind] for kind in kinds]
    return draw_sheet(panels), " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _panel(kind: str, found: Outcome) -> Panel:
    """The panel of a kind that a test tells of."""
    spread = found.spread
    whole = None if spread is None else np.sqrt(np.square(spread).sum(axis=2))
    if kind == "errors":
        names = [name.replace("_", " ") for name in found.joints]
        body = {"body_length": found.body_length, "units": found.unit}
        pair = {"test_3d_gt": found.truth, "test_3d_pred": found.prediction}
        return Panel(lambda ax: violin_plot(ax, **pair, joints_name=names, **body), height=3.8)
    if kind == "time":
        about: dict[str, Any] = {"body_length": found.body_length, "unit": found.unit}
        about |= {"names": found.keys if len(found.keys) > 1 else None, "spread": whole}
        return Panel(lambda ax: plot_error_over_time(ax, found.errors, found.lengths, **about))
    if spread is None or whole is None or found.seen is None:
        raise ValueError(f"{kind} needs the spread of what was tested.")
    if kind == "calibration":
        axes = ("x", "y", "z") if spread.shape[2] == 3 else ("depth",)
        three = found.truth, found.prediction, spread, found.bars, found.lengths
        return Panel(lambda ax: plot_calibration(ax, *three, coordinates=axes), wide=False)
    if kind == "risk":
        return Panel(
            lambda ax: plot_risk_coverage(ax, found.errors, whole, unit=found.unit), wide=False
        )
    hidden = hidden_joints(np.where(found.seen[..., None], 0.0, np.nan))
    return Panel(
        lambda ax: plot_reliability(ax, found.errors, hidden, spread, unit=found.unit), wide=False
    )


def _angles(
    file: Path, skeleton: PathLike | None, at: Sequence[str]
) -> tuple[JointAngles, Floats | None]:
    """Angles of a table, or of 3D poses; and their colours, where limbs are known."""
    triples = [tuple(name.strip() for name in triple.split(",")) for triple in at]
    if holds_angles(file):
        found = JointAngles.from_csv(file)
        return (_chosen(found, triples, file) if triples else found), None
    lifted = read_lifted(file)
    body = lifted.skeleton if skeleton is None else None
    if body is None:
        body = _body(skeleton, lifted.joints, lifted.joint_count)
    if not body.bones and not triples:
        raise ValueError(
            f"{file} does not say which joints are joined; name its lifter or its skeleton "
            "(--skeleton), or the joints of each angle (--at)."
        )
    found = joint_angles(lifted, body, triples or None)
    at_joints = [body.index(name) for name in found.middles or ()]
    return found, Limbs.of(body).color_of(at_joints)


def _chosen(found: JointAngles, triples: Sequence[Sequence[str]], file: Path) -> JointAngles:
    wanted = tuple("-".join(triple) for triple in triples)
    for name in wanted:
        if name not in found.names:
            raise ValueError(f"{file} has no angle {name!r}.{closest(name, found.names)}")
    columns = [found.names.index(name) for name in wanted]
    spread = None if found.spread is None else found.spread[:, columns]
    return replace(found, names=wanted, values=found.values[:, columns], spread=spread)


def _of_angles(found: JointAngles, colors: Floats | None, file: Path) -> tuple[Figure, str]:
    count = len(found.names)
    if count > MOST_PANELS:
        raise ValueError(
            f"{file} has {count} angles, of which {MOST_PANELS} fit into a figure; name those to "
            "draw (--at)."
        )
    across = -(-count // ANGLES_A_COLUMN)
    figure = Figure(
        figsize=(WIDTH * max(2, across) / 3, 0.7 + 0.95 * -(-count // across)), layout="constrained"
    )
    plot_angles(
        figure.add_subplot(),
        found.values,
        found.names,
        found.lengths,
        spread=found.spread,
        fps=found.fps,
        columns=across,
        colors=colors,
    )
    return figure, f"{count} angles over {found.frames:,} frames"
