"""How errors grow with what was not seen, and whether the lifter knows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.patches import Patch

from liftpose.metrics import RiskCoverage, risk_coverage
from liftpose.plot.axes import labelled, quiet, size_of
from liftpose.plot.limbs import FloatArray
from liftpose.plot.styling import ACCENT, INK, MUTED, PAPER, WARN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

_GROUPS = 8
_KEY_POINTS = 52.0
_POINTS = 1000  # of a curve that has as many as there are errors


class Groups(NamedTuple):
    """Errors of joints, put into groups by something else.

    Parameters
    ----------
    names : list of str, length G
        Of the groups: a value, or from where to where.
    counts : array of int, shape (G,)
        Errors in each.
    rms : array, shape (G,)
        Root of the mean square error.
    quartiles : array, shape (G, 2)
        First and third quartile of the errors.
    expected : array, shape (G,), or None
        Root of the mean square that the spread tells of, of the joints whose spread is known.
    """

    names: list[str]
    counts: npt.NDArray[np.intp]
    rms: FloatArray
    quartiles: FloatArray
    expected: FloatArray | None


class DrawnReliability(NamedTuple):
    """What a figure of errors against what was seen consists of.

    Parameters
    ----------
    groups : Groups
        The numbers drawn.
    measured : matplotlib.lines.Line2D
        Through the root mean square errors.
    quartiles : matplotlib.collections.LineCollection
    expected : matplotlib.lines.Line2D or None
        Through what the spread tells of.
    counts : list of matplotlib.text.Annotation
        How many errors are in each group.
    legend : matplotlib.legend.Legend
    """

    groups: Groups
    measured: Line2D
    quartiles: LineCollection
    expected: Line2D | None
    counts: list[Annotation]
    legend: Legend


def grouped_errors(
    error: npt.ArrayLike,
    against: npt.ArrayLike,
    spread: npt.ArrayLike | None = None,
    groups: int = _GROUPS,
) -> Groups:
    """Put errors of joints into groups by how much was seen, or anything else.

    Parameters
    ----------
    error : array, shape (N, J)
        See `liftpose.metrics.joint_errors`; NaN where not known.
    against : array, shape (N,) or (N, J)
        One number a frame, such as how many joints were not seen in it, or one a joint, such as a
        tracker's confidence. NaN leaves out.
    spread : array, shape (N, J, D), optional
        One standard deviation of each coordinate.
    groups : int
        Where `against` has more different values: how many groups of about equally many errors.

    Returns
    -------
    Groups

    Raises
    ------
    ValueError
        Shapes that do not fit, fewer than one group, or no error that can be put into any.

    Examples
    --------
    >>> found = grouped_errors([[3.0, 4.0], [1.0, np.nan]], against=[2, 0])
    >>> found.names, found.counts.tolist(), found.rms.round(2).tolist()
    (['0', '2'], [1, 2], [1.0, 3.54])
    """
    errors, values = np.asarray(error, dtype=float), np.asarray(against, dtype=float)
    if errors.ndim != 2:
        raise ValueError(f"error needs shape (N, J), one value a joint; got {errors.shape}.")
    if values.shape not in (errors.shape, errors.shape[:1]):
        raise ValueError(
            f"against has shape {values.shape}; expected {errors.shape[:1]}, one value a frame, "
            f"or {errors.shape}, one a joint."
        )
    if groups < 1:
        raise ValueError(f"groups is {groups}; expected one or more.")
    square = None
    if spread is not None:
        table = np.asarray(spread, dtype=float)
        if table.ndim != 3 or table.shape[:2] != errors.shape:
            raise ValueError(
                f"spread has shape {table.shape}; expected one value for each coordinate of the "
                f"joints, {errors.shape} of which there are errors."
            )
        square = (table**2).sum(axis=2)
    values = np.broadcast_to(values if values.ndim == 2 else values[:, None], errors.shape)
    known = np.isfinite(errors) & np.isfinite(values)
    if not known.any():
        raise ValueError("no error to draw: error or against is NaN wherever the other is known.")
    names, number = _numbered(values[known], groups)
    of_groups = [errors[known][number == one] for one in range(len(names))]
    expected = None
    if square is not None:
        inside = square[known]
        expected = np.array(
            [_root_mean(inside[(number == one) & np.isfinite(inside)]) for one in range(len(names))]
        )
    return Groups(
        names,
        np.array([len(some) for some in of_groups]),
        np.array([_root_mean(some**2) for some in of_groups]),
        np.array([np.quantile(some, [0.25, 0.75]) for some in of_groups]),
        expected,
    )


def plot_reliability(
    ax: Axes,
    error: npt.ArrayLike,
    against: npt.ArrayLike,
    spread: npt.ArrayLike | None = None,
    *,
    label: str = "Joints not seen in the frame",
    unit: str | None = None,
    groups: int = _GROUPS,
) -> DrawnReliability:
    """Draw errors of joints against how much was seen, and what the lifter expected of them.

    Filled dots are root mean square errors, and bars reach from the first quartile of the errors
    to the third. Hollow squares are root mean square spreads: where spread is honest they lie on
    the dots. Under each group stands how many errors are in it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into.
    error, against, spread, groups
        As of `grouped_errors`.
    label : str
        What `against` is.
    unit : str, optional
        Of the errors, for the label.

    Returns
    -------
    DrawnReliability

    Raises
    ------
    ValueError
        As `grouped_errors`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> hidden = np.repeat([0, 1, 2], 50)
    >>> errors = np.tile(1.0 + hidden[:, None], 4)
    >>> drawn = plot_reliability(Figure().add_subplot(), errors, hidden, unit="mm")
    >>> drawn.groups.rms.tolist()
    [1.0, 2.0, 3.0]
    """
    found = grouped_errors(error, against, spread, groups)
    x = np.arange(len(found.names), dtype=float)
    shift = 0.0 if found.expected is None else 0.1
    bars = ax.vlines(x - shift, *found.quartiles.T, color=ACCENT, alpha=0.35, linewidth=5)
    bars.set_capstyle("butt")
    (measured,) = ax.plot(
        x - shift, found.rms, "o-", color=ACCENT, linewidth=1.3, markersize=5, label="measured, RMS"
    )
    expected = None
    if found.expected is not None:
        (expected,) = ax.plot(
            x + shift,
            found.expected,
            "s",
            color=WARN,
            linestyle=(0, (4, 2)),
            linewidth=1.1,
            markersize=4.5,
            markerfacecolor=PAPER,
            label="expected, RMS spread",
        )
    quiet(ax)
    ax.set_xticks(x, found.names)
    ax.set_xlim(-0.6, len(x) - 0.4)
    tops = [found.quartiles, found.rms, *([] if expected is None else [found.expected])]
    top = max(float(np.nanmax(one)) for one in tops) or 1.0  # type: ignore[arg-type]
    # The key stands over the bars, which grow from left to right under it.
    ax.set_ylim(0, top / (1 - min(0.5, _KEY_POINTS / size_of(ax)[1])))
    ax.set_xlabel(label)
    ax.set_ylabel(labelled("Error of a joint", unit))
    counts = [
        ax.annotate(
            _counted(count, place == 0),
            xy=(place, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 2),
            textcoords="offset points",
            horizontalalignment="center",
            fontsize="x-small",
            color=MUTED,
            annotation_clip=False,
        )
        for place, count in zip(x, found.counts.tolist(), strict=True)
    ]
    half = Patch(color=ACCENT, alpha=0.35, label="middle half of the errors")
    handles = [measured, half, *([] if expected is None else [expected])]
    key = ax.legend(handles=handles, loc="upper left", frameon=False, fontsize="small")
    return DrawnReliability(found, measured, bars, expected, counts, key)


class DrawnRisk(NamedTuple):
    """What a figure of risk against coverage consists of.

    Parameters
    ----------
    found : RiskCoverage
        All numbers, of which some are drawn where there are many.
    risk, oracle, unordered : matplotlib.lines.Line2D
        Ordered by spread, by the errors themselves, and by nothing.
    legend : matplotlib.legend.Legend
    """

    found: RiskCoverage
    risk: Line2D
    oracle: Line2D
    unordered: Line2D
    legend: Legend


def plot_risk_coverage(
    ax: Axes,
    error: npt.ArrayLike,
    spread: npt.ArrayLike,
    *,
    unit: str | None = None,
    what: str = "joints",
) -> DrawnRisk:
    """Draw the mean error of what is kept while the unsurest are left out.

    A spread that knows which poses are bad follows the oracle, which leaves out by the true
    errors; one that knows nothing follows the level line.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into.
    error, spread : array, any one shape
        See `liftpose.metrics.risk_coverage`.
    unit : str, optional
        Of the errors, for the label.
    what : str
        Of what there is an error each.

    Returns
    -------
    DrawnRisk

    Raises
    ------
    ValueError
        Shapes that differ, or nothing is known in both.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> errors = np.arange(1.0, 6.0)
    >>> plot_risk_coverage(Figure().add_subplot(), errors, errors).found.oracle_share
    1.0
    """
    found = risk_coverage(np.asarray(error, dtype=float), np.asarray(spread, dtype=float))
    known = len(found.risk)
    if not known:
        raise ValueError("no error to draw: error or spread is NaN wherever the other is known.")
    kept = np.unique(np.linspace(0, known - 1, min(known, _POINTS)).astype(int))
    share = found.coverage[kept]
    level = ax.axhline(
        found.unordered, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)), label="in no order"
    )
    (best,) = ax.plot(
        share, found.oracle[kept], color=INK, lw=1.0, ls=(0, (1, 1.2)), label="by the error itself"
    )
    (risk,) = ax.plot(share, found.risk[kept], color=ACCENT, lw=1.6, label="by spread")
    gained = found.oracle_share
    if np.isfinite(gained):
        risk.set_label(f"by spread: {100 * gained:.0f} % of what is to be gained")
    quiet(ax)
    ax.set_xlim(0, 1)
    # The first few kept are so few that their mean says nothing.
    steady = kept + 1 >= 0.01 * known
    ax.set_ylim(0, 1.12 * max(found.unordered, float(found.risk[kept][steady].max())) or 1)
    ax.xaxis.set_major_formatter(lambda part, _: f"{100 * part:.0f} %")
    ax.set_xlabel(f"Share of {what} kept, the surest first")
    ax.set_ylabel(labelled("Mean error of what is kept", unit))
    key = ax.legend(handles=[level, risk, best], loc="lower right", frameon=False, fontsize="small")
    return DrawnRisk(found, risk, best, level, key)


def _numbered(values: FloatArray, most: int) -> tuple[list[str], npt.NDArray[np.intp]]:
    """Names of groups, and the group of each value."""
    distinct = np.unique(values)
    if len(distinct) <= most:
        return [f"{value:g}" for value in distinct], np.searchsorted(distinct, values)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, most + 1)))
    number = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    filled, number = np.unique(number, return_inverse=True)
    names = [_range(values[number == place]) for place in range(len(filled))]
    return names, number


def _range(values: FloatArray) -> str:
    low, high = (f"{value:.3g}" for value in (values.min(), values.max()))
    return low if low == high else f"{low}–{high}"


def _root_mean(squares: FloatArray) -> float:
    return float(np.sqrt(squares.mean())) if squares.size else float("nan")


def _counted(count: int, first: bool) -> str:
    number = f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"
    return f"n = {number}" if first else number


def hidden_joints(poses_2d: npt.ArrayLike, joints: Sequence[int] | None = None) -> FloatArray:
    """Count the joints of each frame that were not seen.

    Parameters
    ----------
    poses_2d : array, shape (N, J, 2)
        What was lifted; NaN where not seen.
    joints : sequence of int, optional
        Which are looked at; by default those that were seen in any frame at all.

    Returns
    -------
    array, shape (N,)

    Examples
    --------
    >>> flat = np.zeros((2, 3, 2))
    >>> flat[1, :2] = np.nan
    >>> hidden_joints(flat).tolist()
    [0.0, 2.0]
    """
    seen = np.isfinite(np.asarray(poses_2d, dtype=float)).all(axis=2)
    columns = np.flatnonzero(seen.any(axis=0)) if joints is None else list(joints)
    hidden: FloatArray = (~seen[:, columns]).sum(axis=1).astype(float)
    return hidden
