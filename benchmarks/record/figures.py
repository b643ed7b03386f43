"""The record as pictures: errors by recording, errors against CPU seconds, cost by size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.record.accuracy import Row
from benchmarks.record.bars import MEAN, WORST, geometric_mean, over_recordings
from benchmarks.record.methods import EFFORTS, Method
from benchmarks.report import PAGE
from liftpose.files import replacing

IMAGES = PAGE.parent / "images"
ERRORS, SECONDS, SCALING = (
    IMAGES / f"record-{name}.png" for name in ("errors", "seconds", "scaling")
)

INK, GRAY, PALE, RULE = "#1d1d1d", "#6f6f6f", "#b9bdc2", "#e3e5e8"
FAST, DEFAULT, BEST = "#7fb3e0", "#2f7cc4", "#0d3f78"
PEER, OTHER = "#c0392b", "#c98a1b"
DPI = 150
LANE = 0.13
"""How far ours stand above the line of a recording, and the others below."""
RANGED = ("best", "default", "peer-best")
"""Methods whose range over cameras and seeds is drawn: that of all would be a thicket."""


@dataclass(frozen=True)
class Look:
    """How a method is drawn: marker, colour, size in points, and whether it is filled."""

    marker: str
    color: str
    size: float = 6.5
    filled: bool = True
    order: int = 3

    def style(self) -> dict[str, Any]:
        """Give it as matplotlib takes it."""
        return {
            "marker": self.marker,
            "markersize": self.size,
            "markerfacecolor": self.color if self.filled else "white",
            "markeredgecolor": "white" if self.filled else self.color,
            "markeredgewidth": 0.6 if self.filled else 1.4,
            "linestyle": "none",
            "zorder": self.order,
        }


LOOKS = {
    "mean": Look("X", PALE, 6.5),
    "nearest": Look("P", PALE, 6.5),
    "martinez": Look("D", OTHER, 5.0),
    "fmpose": Look("^", "#5b8c4a", 6.5, order=4),
    "peer-last": Look("o", PEER, 5.5, filled=False),
    "peer-best": Look("o", PEER, 6.5),
    "fast": Look("o", FAST, 7.0, order=5),
    "default": Look("o", DEFAULT, 8.0, order=6),
    "best": Look("o", BEST, 10.0, order=7),
}
"""Those that are drawn, from behind to before."""

RECORDINGS = {
    "fly_walk": "fly, walks (6 cameras)",
    "fly_groom": "fly, grooms (6)",
    "fly_walk_to_groom": "fly, another animal (6)",
    "fly_eks": "fly, two points a leg (3)",
    "paws": "mouse paws (2)",
    "dog": "dog",
    "mouse34": "mouse, 34 joints",
    "mouse22": "mouse, 22 joints",
    "arm": "mouse arm",
    "sim_hexapod": "simulated hexapod",
    "sim_quadruped": "simulated quadruped",
    "sim_mouse": "simulated mouse",
}


def draw(rows: Sequence[Row], methods: Sequence[Method]) -> list[Path]:
    """Draw the errors, and the errors against the CPU seconds.

    Parameters
    ----------
    rows : sequence of Row
        What was measured.
    methods : sequence of Method
        With their labels.

    Returns
    -------
    list of pathlib.Path
        The pictures, in ``docs/images/``.
    """
    labels = {one.name: one.label for one in methods if one.name in LOOKS}
    return [
        _written(errors(rows, labels), ERRORS),
        _written(seconds(rows, labels), SECONDS),
    ]


def draw_scaling(found: Mapping[str, Sequence[Mapping[str, float]]], unit: str) -> Path:
    """Draw what a fit costs by the size of the library.

    Parameters
    ----------
    found : dict of str to sequence of dict
        For each effort ``frames``, ``cpu_seconds``, ``megabytes`` and ``mpjpe`` of each library.
    unit : str
        Of the errors.

    Returns
    -------
    pathlib.Path
        The picture, in ``docs/images/``.
    """
    return _written(scaling(found, unit), SCALING)


def _written(figure: Figure, path: Path) -> Path:
    with replacing(path) as beside:
        figure.savefig(beside, dpi=DPI)
    plt.close(figure)
    return path


def errors(rows: Sequence[Row], labels: Mapping[str, str]) -> Figure:
    """Draw a row a recording, and a dot a method: its error as a multiple of ridge.

    Ours stand a little above the others; lines are the range over cameras and seeds.

    Parameters
    ----------
    rows : sequence of Row
        What was measured; those with a bar are shown.
    labels : dict of str to str
        Methods, and what they are called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = [row for row in rows if row.barred]
    groups = [group for group in RECORDINGS if any(row.group == group for row in rows)]
    shown = [name for name in LOOKS if name in labels and any(name in row.scored for row in rows)]
    height = 0.42 * (len(groups) + 1) + 1.95
    figure = plt.figure(figsize=(8.6, height))
    axes = figure.add_axes((0.235, 0.62 / height, 0.745, 1 - 1.95 / height))
    heights = {group: len(groups) - place for place, group in enumerate(groups)}
    for group, y in heights.items():
        axes.axhline(y, color=RULE, linewidth=0.8, zorder=0)
        for name in shown:
            _dot(axes, y, [row for row in rows if row.group == group], name)
    _means(axes, rows, shown)
    axes.set_yticks(
        [*heights.values(), 0], [*(RECORDINGS[group] for group in groups), "geometric mean"]
    )
    axes.get_yticklabels()[-1].set_fontweight("bold")
    _ratio_axis(axes.set_xscale, axes.xaxis, axes.get_xlim())
    axes.set_ylim(-0.75, len(groups) + 0.6)
    _limits(axes, len(groups) + 0.68)
    axes.set_xlabel("error as a multiple of ridge's: to the left is better", color=INK)
    axes.tick_params(axis="y", length=0)
    _plain(axes)
    _legend(figure, axes, {name: labels[name] for name in reversed(shown)}, 1 - 0.42 / height)
    figure.text(
        0.235,
        1 - 0.27 / height,
        "How far off, beside a linear map",
        fontsize=12,
        weight="bold",
        color=INK,
    )
    return figure


def _dot(axes: Axes, y: float, rows: Sequence[Row], name: str) -> None:
    """Draw one method on one recording."""
    ratios = _ratios(rows, name)
    if not ratios:
        return
    look, everything = LOOKS[name], [value for one in ratios for value in one]
    y += LANE if name in EFFORTS else -LANE
    if name in RANGED and len(everything) > 1:
        ends = [min(everything), max(everything)]
        axes.plot(ends, [y, y], color=look.color, linewidth=1.3, alpha=0.55, zorder=2)
    axes.plot(geometric_mean([_median(one) for one in ratios]), y, **look.style())


def _limits(axes: Axes, top: float) -> None:
    """Draw ridge itself, and what the worst may be."""
    worst = max(WORST.values())
    axes.axvline(1, color=INK, linewidth=1, zorder=1)
    axes.axvline(worst, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    words: dict[str, Any] = {"va": "bottom", "fontsize": 8.5, "color": INK}
    axes.text(0.99, top, "ridge", ha="right", **words)
    axes.text(worst * 1.01, top, f"{worst:g}: the worst may be", ha="left", **words)


def _legend(figure: Figure, axes: Axes, labels: Mapping[str, str], top: float) -> None:
    handles = [
        axes.plot([], [], label=label, **LOOKS[name].style())[0] for name, label in labels.items()
    ]
    bar: dict[str, Any] = {
        "marker": "|",
        "markersize": 11,
        "markeredgewidth": 2,
        "linestyle": "none",
    }
    handles += axes.plot([], [], color=GRAY, label="what the mean may be", **bar)
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.225, top),
        ncols=5,
        frameon=False,
        fontsize=8.5,
        handletextpad=0.1,
        columnspacing=1.2,
    )


def _ratios(rows: Sequence[Row], method: str) -> list[list[float]]:
    """Give a list for each row that has the method: its seeds as multiples of ridge."""
    each = [[value / row.median("ridge") for value in row.values(method)] for row in rows]
    return [one for one in each if one]


def _median(values: Sequence[float]) -> float:
    return float(np.median(values))


def _means(axes: Axes, rows: Sequence[Row], shown: Sequence[str]) -> None:
    """Draw the last row: geometric means, and what is asked of them."""
    axes.axhspan(-0.5, 0.5, color="#f3f5f8", zorder=-1)
    full = {row.group for row in rows}
    for name in shown:
        ratios = over_recordings(rows, name)
        # Of a method that was run on two recordings there is no mean to stand beside the others.
        if len(ratios) < len(full) / 2:
            continue
        mean = geometric_mean(ratios.values())
        axes.plot(mean, LANE if name in EFFORTS else -LANE, **LOOKS[name].style())
    for effort in EFFORTS:
        if effort in shown:
            bar, color = MEAN[effort], LOOKS[effort].color
            axes.plot([bar, bar], [-0.42, 0.42], color=color, linewidth=2, zorder=2)


def _ratio_axis(set_scale: Callable[..., Any], axis: Any, limits: tuple[float, float]) -> None:
    """Make an axis logarithmic, with ticks that read as factors."""
    set_scale("log")
    ticks = [0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 8, 12, 20]
    axis.set_major_locator(FixedLocator([t for t in ticks if limits[0] <= t <= limits[1]]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} ×"))


def _plain(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.tick_params(colors=INK, labelsize=9)


def seconds(rows: Sequence[Row], labels: Mapping[str, str]) -> Figure:
    """Draw the error against the CPU seconds of training, both as geometric means.

    Parameters
    ----------
    rows : sequence of Row
        What was measured; those with a bar are shown, each as a small dot.
    labels : dict of str to str
        Methods, and what they are called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = [row for row in rows if row.barred]
    # The mean pose and the nearest frame are not trained.
    trained = [name for name in ("ridge", *LOOKS) if name not in ("mean", "nearest")]
    trained = [name for name in trained if any(name in row.scored for row in rows)]
    looks = {"ridge": Look("s", INK, 6.5), **LOOKS}
    figure, axes = plt.subplots(figsize=(8.6, 5.0))
    figure.subplots_adjust(left=0.085, right=0.97, top=0.885, bottom=0.12)
    means = {}
    for name in trained:
        has = [row for row in rows if name in row.scored]
        points = [(row.median(name, "cpu_seconds"), row.ratio(name)) for row in has]
        axes.plot(*np.transpose(points), "o", color=looks[name].color, markersize=3, alpha=0.3)
        means[name] = _center(has, points)
        look = {**looks[name].style(), "markersize": looks[name].size + 2, "zorder": 8}
        axes.plot(*means[name], **look)
        few = len({row.group for row in has})
        full = len({row.group for row in rows})
        said = {"ridge": "ridge", **labels}[name]
        _label(axes, name, said if few == full else f"{said}\n({few} recordings)", means[name])
    path = [means[effort] for effort in EFFORTS if effort in means]
    axes.plot(*np.transpose(path or [(np.nan, np.nan)]), color=DEFAULT, linewidth=1.5, zorder=5)
    axes.set_xscale("log")
    axes.margins(x=0.09, y=0.07)
    _ratio_axis(axes.set_yscale, axes.yaxis, axes.get_ylim())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} s"))
    axes.axhline(1, color=INK, linewidth=0.8, zorder=1)
    axes.set_xlabel("CPU seconds to train (one thread)", color=INK)
    axes.set_ylabel("error as a multiple of ridge's", color=INK)
    _plain(axes)
    axes.grid(color=RULE, linewidth=0.6, zorder=0)
    head: dict[str, Any] = {"fontsize": 12, "weight": "bold", "color": INK}
    figure.text(0.085, 0.93, "What accuracy costs to train", **head)
    words = "large: geometric mean over recordings; small: each camera of each"
    figure.text(0.97, 0.932, words, fontsize=8.5, color=GRAY, ha="right")
    return figure


def _center(rows: Sequence[Row], points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Give geometric means of both: over the cameras of a recording first."""
    groups = dict.fromkeys(row.group for row in rows)
    each = [
        [point for row, point in zip(rows, points, strict=True) if row.group == group]
        for group in groups
    ]
    cpu, error = (
        geometric_mean(geometric_mean(point[axis] for point in members) for members in each)
        for axis in (0, 1)
    )
    return cpu, error


def _label(axes: Axes, name: str, words: str, at: tuple[float, float]) -> None:
    # The networks stand close together, and so may our efforts.
    aside = {
        "peer-best": ((10, -11), "left"),
        "peer-last": ((10, 4), "left"),
        "martinez": ((-9, -3), "right"),
        "fmpose": ((0, 9), "center"),
        "best": ((11, -4), "left"),
    }
    offset, side = aside.get(name, ((0, -19 if name in EFFORTS else 9), "center"))
    text = axes.annotate(
        words,
        at,
        xytext=offset,
        textcoords="offset points",
        ha=side,
        fontsize=9.5,
        weight="bold" if name in EFFORTS else "normal",
        color=INK if name == "ridge" else LOOKS[name].color,
        zorder=9,
    )
    text.set_path_effects([withStroke(linewidth=3, foreground="white")])


def scaling(found: Mapping[str, Sequence[Mapping[str, float]]], unit: str) -> Figure:
    """Draw CPU seconds, peak memory and error against the frames that are learned from.

    Parameters
    ----------
    found : dict of str to sequence of dict
        As for `draw_scaling`.
    unit : str
        Of the errors.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, panels = plt.subplots(1, 3, figsize=(10.2, 3.6))
    figure.subplots_adjust(left=0.055, right=0.985, top=0.82, bottom=0.15, wspace=0.22)
    colors = {effort: LOOKS[effort].color for effort in EFFORTS} | {"ridge": GRAY}
    heads = {
        "cpu_seconds": "CPU seconds to fit",
        "megabytes": "peak memory, MB",
        "mpjpe": f"error on unseen animals, {unit}",
    }
    for axes, (what, head) in zip(panels, heads.items(), strict=True):
        for name, each in found.items():
            known = [one for one in each if not math.isnan(one[what])]
            if not known:
                continue
            x, y = ([one[key] for one in known] for key in ("frames", what))
            axes.plot(x, y, "o-", color=colors[name], markersize=5, linewidth=1.6, label=name)
        axes.set_xscale("log")
        if what == "mpjpe":
            axes.set_ylim(bottom=0)
        else:
            axes.set_yscale("log")
            axes.yaxis.set_minor_formatter(FuncFormatter(_few))
        axes.set_title(head, fontsize=10, loc="left", color=INK)
        axes.xaxis.set_major_formatter(FuncFormatter(_frames))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        _plain(axes)
        axes.tick_params(axis="y", which="minor", labelsize=8, colors=GRAY)
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_xlabel("frames learned from", fontsize=9, color=INK)
    panels[0].legend(frameon=False, fontsize=9, loc="upper left")
    figure.text(
        0.055, 0.92, "How a fit grows with its library", fontsize=12, weight="bold", color=INK
    )
    return figure


def _frames(value: float, _: int) -> str:
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k"


def _few(value: float, _: int) -> str:
    """Label only the 2 and the 5 between decades."""
    leading = value / 10 ** math.floor(math.log10(value))
    return f"{value:,g}" if round(leading) in (2, 5) else ""
