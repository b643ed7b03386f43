"""The figure of a library: how far off and how often missing each camera is, and which to keep."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from liftpose.files import replacing
from liftpose.io.filmed import FilmedLibrary
from liftpose.library.building.report import Report
from liftpose.plot import OKABE_ITO

_DPI = 150
_BINS = 120  # points of a line over time
_INK, _GREY = "0.2", "0.55"
_MOST_JOINTS = 40  # rows that can still be read


def draw_library(path: Path, library: FilmedLibrary, report: Report) -> Path:
    """Draw the report of a library.

    Left, joint by joint and camera by camera, how far the pixels are from where the 3D is shown
    and how often they are not seen; right the same distance over time, and the error of each
    single camera as the one to keep.

    Parameters
    ----------
    path : pathlib.Path
        The picture.
    library : FilmedLibrary
    report : Report
        Of its building.

    Returns
    -------
    pathlib.Path
    """
    joints, cameras = len(library.skeleton.joints), len(library.names)
    figure = Figure(
        figsize=(6.2 + 0.75 * cameras, max(4.4, 1.7 + 0.2 * min(joints, _MOST_JOINTS))),
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08),
    )
    wide = 0.36 * cameras + 0.55
    grid = figure.add_gridspec(2, 3, width_ratios=(wide, wide, 4.0), height_ratios=(1.1, 1.0))
    left, middle = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[:, 1])
    _errors_of_joints(figure, left, library)
    _missing_of_joints(figure, middle, library)
    _over_time(figure.add_subplot(grid[0, 2]), library)
    _alone(figure.add_subplot(grid[1, 2]), library, report)
    with replacing(path) as beside:
        figure.savefig(beside, dpi=_DPI, format="png")
    return path


def _color(number: int) -> tuple[float, ...]:
    return tuple(channel / 255 for channel in OKABE_ITO[number % len(OKABE_ITO)])


def _errors_of_joints(figure: Figure, ax: Axes, library: FilmedLibrary) -> None:
    values = np.full((len(library.skeleton.joints), len(library.names)), np.nan)
    for place in range(len(library.names)):
        for joint in range(len(values)):
            used = library.errors[place, library.used[place, :, joint], joint]
            if len(used):
                values[joint, place] = np.median(used)
    top = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    _map(figure, ax, library, values, top, "reprojection error\n(px, median)", "YlOrBr", ".1f")
    _name_rows(ax, library.skeleton.joints)


def _missing_of_joints(figure: Figure, ax: Axes, library: FilmedLibrary) -> None:
    seen = np.isfinite(library.pixels).all(axis=-1)
    values = 100 * (1 - seen.mean(axis=1)).T
    top = max(10.0, float(values.max()))
    _map(figure, ax, library, values, top, "not seen\n(% of frames)", "PuBu", ".0f")
    ax.set_yticks([])


def _map(
    figure: Figure,
    ax: Axes,
    library: FilmedLibrary,
    values: Any,
    top: float,
    title: str,
    colors: str,
    digits: str,
) -> None:
    image = ax.imshow(values, aspect="auto", cmap=colors, vmin=0, vmax=top or 1.0)
    ax.set_title(title, fontsize=9.5, color=_INK)
    ax.set_xticks(range(len(library.names)), library.names, rotation=45, ha="right", fontsize=8)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if len(values) <= _MOST_JOINTS:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                dark = value > 0.6 * (top or 1.0)
                ax.text(
                    column,
                    row,
                    f"{value:{digits}}",
                    ha="center",
                    va="center",
                    fontsize=6.5,
                    color="white" if dark else _INK,
                )
    else:
        figure.colorbar(image, ax=ax, location="bottom", shrink=0.8)


def _name_rows(ax: Axes, joints: tuple[str, ...]) -> None:
    if len(joints) <= _MOST_JOINTS:
        ax.set_yticks(range(len(joints)), [name.replace("_", " ") for name in joints], fontsize=7.5)
    else:
        ax.set_ylabel(f"{len(joints)} joints")
        ax.set_yticks([])


def _over_time(ax: Axes, library: FilmedLibrary) -> None:
    rate = library.poses.fps
    edges = np.linspace(0, library.poses.frames, min(_BINS, library.poses.frames) + 1).astype(int)
    middle = (edges[:-1] + edges[1:] - 1) / 2 / (rate or 1.0)
    for place, name in enumerate(library.names):
        line = np.full(len(middle), np.nan)
        for number, (start, stop) in enumerate(pairwise(edges)):
            rows = slice(start, stop)
            used = library.errors[place, rows][library.used[place, rows]]
            line[number] = np.median(used) if len(used) else np.nan
        ax.plot(middle, line, color=_color(place), linewidth=1.3, label=name)
    ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    ax.set_xlabel("time (s)" if rate else "frame", fontsize=9)
    ax.set_ylabel("reprojection error (px)", fontsize=9)
    starts = np.cumsum([0, *library.poses.lengths[:-1]])[1:] / (rate or 1.0)
    for start in starts:
        ax.axvline(start, color="0.8", linewidth=0.8, zorder=0)
    _plain(ax, "y")
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=min(len(library.names), 4),
        frameon=False,
        fontsize=8,
        handlelength=1.2,
        columnspacing=1.2,
    )


def _alone(ax: Axes, library: FilmedLibrary, report: Report) -> None:
    found = report.singles
    if not found.errors:
        ax.axis("off")
        ax.text(0.0, 0.9, "single cameras were not compared", color=_GREY, fontsize=9)
        return
    names = list(found.errors)
    places = np.arange(len(names))
    values = [found.errors[name] for name in names]
    shades = [_color(library.names.index(name)) for name in names]
    ax.barh(places, values, height=0.62, color=shades)
    for place, value in zip(places, values, strict=True):
        share = 100 * value / found.body_length
        ax.annotate(
            f"{value:.3g}  ({share:.1f} %)",
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=_INK,
        )
    ax.set_yticks(places, names, fontsize=8.5)
    ax.set_ylim(len(names) - 0.45, -0.55)
    ax.set_xlim(0, 1.45 * max(values))
    unit = f"{report.unit}; " if report.unit else ""
    ax.set_xlabel(f"held-out error of each alone ({unit}% of body length)", fontsize=9)
    ax.set_title(
        f"camera to keep: {names[0]}   (always the mean pose: {found.mean_pose:.3g})",
        fontsize=9.5,
        color=_INK,
        loc="left",
    )
    _plain(ax, "x")
    ax.tick_params(axis="y", length=0)


def _plain(ax: Axes, axis: Any) -> None:
    ax.grid(axis=axis, color="0.92")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8, colors=_INK)
