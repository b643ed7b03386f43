"""Whether error bars hold as often as they say."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from liftpose.metrics import CoverageInterval, ball_radius, counted_interval, time_blocks
from liftpose.metrics.trust import check_spread
from liftpose.plot.axes import quiet
from liftpose.plot.course import check_lengths
from liftpose.plot.limbs import FloatArray
from liftpose.plot.styling import ACCENT, INK, LINE, MUTED, WARN
from liftpose.poses.bars import LEVELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

    from liftpose.poses import Bars

_DASHES = ((0, (1, 1.2)), (0, (4, 1.5)), (0, (4, 1.2, 1, 1.2)))


class Held(NamedTuple):
    """How often error bars of some levels held the truth.

    Parameters
    ----------
    levels : array, shape (L,)
        What they were to hold.
    interval, ball : tuple of CoverageInterval, length L
        Of single coordinates, and of joints.
    coordinates : array, shape (L, D)
        Share of the intervals along each coordinate.
    """

    levels: FloatArray
    interval: tuple[CoverageInterval, ...]
    ball: tuple[CoverageInterval, ...]
    coordinates: FloatArray


class DrawnCalibration(NamedTuple):
    """What a calibration plot consists of.

    Parameters
    ----------
    held : Held
        The numbers drawn.
    lines : list of matplotlib.lines.Line2D
        Of balls, of intervals, and of the intervals along each coordinate.
    bands : list of matplotlib.collections.PolyCollection
        Where the shares of balls and of intervals are likely to be on endless data.
    legend : matplotlib.legend.Legend
    """

    held: Held
    lines: list[Line2D]
    bands: list[PolyCollection]
    legend: Legend


def bars_held(
    truth: npt.ArrayLike,
    prediction: npt.ArrayLike,
    spread: npt.ArrayLike,
    bars: Bars | None = None,
    lengths: Sequence[int] | None = None,
    levels: Sequence[float] | None = None,
) -> Held:
    """Count how often error bars of several levels hold the truth.

    Parameters
    ----------
    truth, prediction, spread : array, shape (N, J, D)
        Positions, and one standard deviation of each coordinate. NaN where not known.
    bars : Bars, optional
        How many spreads wide error bars are; by default as wide as those of normal distributions.
    lengths : sequence of int, optional
        Frames of each recording, one after another. Whole recordings, or blocks of time where
        there are fewer than ten, are what is taken for independent.
    levels : sequence of float, optional
        Probabilities; by default all that `bars` tell of.

    Returns
    -------
    Held

    Raises
    ------
    ValueError
        Other shapes, a negative spread, nothing that is known in all three, or a level that the
        bars do not tell of.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=(4000, 1, 3))
    >>> held = bars_held(truth, 0 * truth, 0 * truth + 1, levels=[0.5, 0.9])
    >>> np.round([one.share for one in held.ball], 1).tolist()
    [0.5, 0.9]
    """
    off, sure = _known(truth, prediction, spread)
    asked = _levels(levels, bars)
    blocks = time_blocks(check_lengths(lengths, len(off)))
    apart, whole = np.sqrt((off**2).sum(2)), np.sqrt((sure**2).sum(2))
    joints, dims = np.isfinite(apart).sum(axis=1), off.shape[2]
    unknown = apart.size - int(joints.sum())
    intervals, balls, along = [], [], []
    for level in asked:
        if bars is None:
            half, radius = _normal(level) * sure, ball_radius(sure, level)
        else:
            half, radius = bars.of_interval(level) * sure, bars.of_ball(level) * whole
        # What is NaN is in no bar, so that hits can be counted as they are.
        within = (off <= half).sum(axis=1)
        hits = within.sum(axis=1)
        intervals.append(counted_interval(hits, dims * joints, blocks, dims * unknown))
        balls.append(counted_interval((apart <= radius).sum(axis=1), joints, blocks, unknown))
        along.append(within.sum(axis=0) / joints.sum())
    return Held(np.array(asked), tuple(intervals), tuple(balls), np.array(along))


def plot_calibration(
    ax: Axes,
    truth: npt.ArrayLike,
    prediction: npt.ArrayLike,
    spread: npt.ArrayLike,
    bars: Bars | None = None,
    lengths: Sequence[int] | None = None,
    levels: Sequence[float] | None = None,
    *,
    coordinates: Sequence[str] = ("x", "y", "z"),
) -> DrawnCalibration:
    """Draw how often error bars hold the truth against how often they should.

    On the diagonal bars are as wide as they say; below it they are too narrow, above it too wide.
    Bands are 95 % intervals of the shares, of recordings (or, where there are few, of blocks of
    time) as independent trials; where there is one block alone, there is no band.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into; they become square.
    truth, prediction, spread, bars, lengths, levels
        As of `bars_held`.
    coordinates : sequence of str
        Names of the D coordinates.

    Returns
    -------
    DrawnCalibration

    Raises
    ------
    ValueError
        As `bars_held`, or too few names of coordinates.

    References
    ----------
    A. Niculescu-Mizil and R. Caruana, "Predicting good probabilities with supervised learning",
    ICML 2005 (reliability diagrams); V. Kuleshov, N. Fenner and S. Ermon, "Accurate uncertainties
    for deep learning using calibrated regression", ICML 2018 (of intervals).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=(400, 5, 3))
    >>> drawn = plot_calibration(Figure().add_subplot(), truth, 0 * truth, 0 * truth + 1)
    >>> [line.get_label() for line in drawn.lines]
    ['joints (balls)', 'coordinates', 'along x', 'along y', 'along z']
    """
    held = bars_held(truth, prediction, spread, bars, lengths, levels)
    dims = held.coordinates.shape[1]
    if len(coordinates) < dims:
        raise ValueError(f"coordinates names {list(coordinates)}; the poses have {dims} of them.")
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
    _say_sides(ax)
    lines: list[Line2D] = []
    bands: list[PolyCollection] = []
    series = (
        ("joints (balls)", held.ball, ACCENT, "o", ACCENT),
        ("coordinates", held.interval, WARN, "s", "white"),
    )
    for name, shares, color, marker, face in series:
        if shares[0].blocks > 1:
            low, high = ([getattr(one, end) for one in shares] for end in ("lower", "upper"))
            bands.append(
                ax.fill_between(held.levels, low, high, color=color, alpha=0.16, linewidth=0)
            )
        lines += ax.plot(
            held.levels,
            [one.share for one in shares],
            color=color,
            linewidth=1.4,
            marker=marker,
            markersize=3.4,
            markerfacecolor=face,
            label=name,
            zorder=4,
        )
    if dims > 1:
        for number, name in enumerate(coordinates[:dims]):
            lines += ax.plot(
                held.levels,
                held.coordinates[:, number],
                color=INK,
                linewidth=0.8,
                linestyle=_DASHES[number % len(_DASHES)],
                label=f"along {name}",
                zorder=3,
            )
    _set_axes(ax)
    key = ax.legend(
        handles=lines,
        loc="lower right",
        bbox_to_anchor=(1, 0.08),
        frameon=False,
        fontsize="small",
        handlelength=2.2,
        labelspacing=0.25,
    )
    return DrawnCalibration(held, lines, bands, key)


def _known(
    truth: npt.ArrayLike, prediction: npt.ArrayLike, spread: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """How far off each coordinate is, and how sure it was; NaN where a joint lacks any of them."""
    at, guess, sure = (np.asarray(table, dtype=float) for table in (truth, prediction, spread))
    for name, table in (("prediction", guess), ("spread", sure)):
        if table.shape != at.shape or at.ndim != 3:
            raise ValueError(
                f"truth, prediction and spread need one shape (N, J, D); truth has {at.shape} and "
                f"{name} {table.shape}."
            )
    check_spread(np, sure)
    known = np.isfinite(at).all(2) & np.isfinite(guess).all(2) & ~np.isnan(sure).any(2)
    if not known.any():
        raise ValueError(
            "no joint has a truth, a prediction and a spread in any frame: nothing tells whether "
            "error bars hold. Give the truth of some frames, and poses of a lifter with a spread."
        )
    return np.where(known[..., None], np.abs(guess - at), np.nan), sure


def _levels(levels: Sequence[float] | None, bars: Bars | None) -> list[float]:
    if levels is not None:
        asked = [float(level) for level in levels]
        if not asked or not all(0 < level < 1 for level in asked):
            raise ValueError(f"levels is {list(levels)}; expected probabilities between 0 and 1.")
        return asked
    highest = LEVELS[-1] if bars is None else bars.highest
    if not highest:
        raise ValueError(
            "these error bars were measured on no block of frames, and tell of no level; fit the "
            "lifter on more frames."
        )
    return [level for level in LEVELS if level <= highest]


def _normal(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _say_sides(ax: Axes) -> None:
    for words, place, side in (("too wide", 0.03, "left"), ("too narrow", 0.97, "right")):
        ax.annotate(
            words,
            (place, 0.95 if side == "left" else 0.03),
            fontsize="small",
            fontstyle="italic",
            color=MUTED,
            horizontalalignment=side,
        )


def _set_axes(ax: Axes) -> None:
    ticks = np.linspace(0, 1, 5)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", anchor="S", xticks=ticks, yticks=ticks)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    quiet(ax, "both")
    ax.grid(color=LINE, linewidth=0.5)
    ax.set_xlabel("Level of the error bars")
    ax.set_ylabel("Share that holds the truth")
