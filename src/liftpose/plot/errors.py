"""How large the errors of a prediction are, joint by joint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.patches import Patch
from matplotlib.textpath import TextPath

from liftpose.metrics import joint_errors
from liftpose.plot.axes import labelled, percent_axis, quiet
from liftpose.plot.limbs import FloatArray, seen_joints
from liftpose.plot.styling import INK, PAPER
from liftpose.skeleton.colors import OKABE_ITO

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

_OVERALL = "overall"
_DRAWN_SHARE = 0.95  # the share of a joint's errors that 0.22 drew as well
_LABEL_SIZE, _SMALLEST_LABEL_SIZE = 9.0, 6.0  # points
_GROUP_WIDTH = 0.84  # of the distance between two joints


class Violins(NamedTuple):
    """What `violin_plot` drew.

    Parameters
    ----------
    names : list of str, length V
        The joints from left to right.
    bodies : list of lists of matplotlib.collections.PolyCollection
        The violins: one list a prediction, one violin a joint that has errors.
    medians : list of matplotlib.lines.Line2D
        The dots at the medians, one line a prediction.
    quartiles : list of matplotlib.collections.LineCollection
        The bars from the first to the third quartile, one collection a prediction.
    percent_axis : matplotlib SecondaryAxis or None
        The right axis, in % of the body length.
    legend : matplotlib.legend.Legend or None
    """

    names: list[str]
    bodies: list[list[PolyCollection]]
    medians: list[Line2D]
    quartiles: list[LineCollection]
    percent_axis: Any | None
    legend: Legend | None


def violin_plot(
    ax: Axes,
    gt: npt.ArrayLike | None = None,
    pred: npt.ArrayLike | list[npt.ArrayLike] | None = None,
    good_keypts: npt.ArrayLike | None = None,
    name: Sequence[str] | None = None,
    body_length: float | None = None,
    units: str | None = None,
    ylim: Sequence[float] | None = None,
    order: Sequence[str] | None = None,
    hue_names: Sequence[str] | None = None,
    overall: bool = True,
    *,
    test_3d_gt: npt.ArrayLike | None = None,
    test_3d_pred: npt.ArrayLike | list[npt.ArrayLike] | None = None,
    test_keypoints: npt.ArrayLike | None = None,
    joints_name: Sequence[str] | None = None,
) -> Violins:
    """Draw how the errors of every joint are distributed over the frames.

    The error of a joint in a frame is the Euclidean distance from prediction to truth, in the unit
    of the poses (version 0.22 of the original package drew the mean absolute difference of the
    coordinates, which is smaller by about half). A dot marks the median and a bar the quartiles of
    all errors. A violin ends at the 95 % quantile of its errors, because the few largest would
    squeeze all the others.

    A joint is left out, with its name, if it has no error in any frame, or if its error is exactly
    0 in every frame: that is a root, which is given and not predicted.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into.
    gt, test_3d_gt : array, shape (N, J, 3)
        The truth, under either name. NaN where a joint was not seen.
    pred, test_3d_pred : array, shape (N, J, 3), or list of such arrays
        The prediction, or several to be drawn side by side, in the unit of the truth.
    good_keypts, test_keypoints : array, shape (N, J, 3) or (N, J), bool-like, optional
        A joint is left out of the frames in which one of its entries is false or NaN.
    name, joints_name : sequence of str, length J
        Name of each joint.
    body_length : float, optional
        In the unit of the poses. Adds a right axis in % of it.
    units : str, optional
        Unit of the poses, for the label.
    ylim : pair of float, optional
        Limits of the error axis.
    order : sequence of str, optional
        Names of the joints to draw, from left to right. May hold ``"overall"``.
    hue_names : sequence of str, optional
        Name of each prediction, for the legend.
    overall : bool
        Add a violin of the errors of all joints together, also of those that `order` does not
        name. It comes last unless `order` says otherwise.

    Returns
    -------
    Violins
        The artists drawn.

    Raises
    ------
    TypeError
        One argument was given under both of its names, or one that is needed under neither.
    ValueError
        Shapes or names do not fit together, or there is no error to draw.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> truth = np.zeros((50, 2, 3))
    >>> prediction = truth + np.linspace(0.1, 1, 100).reshape(50, 2, 1)
    >>> drawn = violin_plot(Figure().add_subplot(), test_3d_gt=truth, test_3d_pred=prediction,
    ...                     joints_name=["knee", "claw"], units="mm")
    >>> drawn.names
    ['knee', 'claw', 'overall']
    """
    truth = _either("gt", gt, "test_3d_gt", test_3d_gt)
    predictions = _either("pred", pred, "test_3d_pred", test_3d_pred)
    mask = _either("good_keypts", good_keypts, "test_keypoints", test_keypoints, needed=False)
    names = _as_names(_either("name", name, "joints_name", joints_name), "joints_name")
    errors = _joint_errors(truth, predictions, mask, names)
    labels = [f"prediction {number + 1}" for number in range(len(errors))]
    if hue_names is not None:
        labels = _as_names(hue_names, "hue_names")
        if len(labels) != len(errors):
            raise ValueError(f"hue_names has {len(labels)} names for {len(errors)} predictions.")
    groups = _groups(errors, names, order, overall)
    bodies, medians, quartiles = _draw(ax, groups, overall_last=overall)
    _label_joints(ax, list(groups))
    ax.set_ylabel(labelled("Error", units or "unitless"))
    ax.set_ylim(*((0, None) if ylim is None else ylim))
    right = None if body_length is None else percent_axis(ax, body_length)
    key = None
    if hue_names is not None or len(errors) > 1:
        handles = [Patch(color=_color(n), label=label) for n, label in enumerate(labels)]
        key = ax.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=min(len(handles), 3),
            frameon=False,
        )
    return Violins(list(groups), bodies, medians, quartiles, right, key)


def _either(name: str, value: Any, twin_name: str, twin: Any, needed: bool = True) -> Any:
    if value is not None and twin is not None:
        raise TypeError(f"{name} and {twin_name} are two names of one argument; give one of them.")
    if needed and value is None and twin is None:
        raise TypeError(f"violin_plot needs {twin_name} (or {name}, its name in version 0.22).")
    return twin if value is None else value


def _as_names(names: Sequence[str], what: str) -> list[str]:
    if isinstance(names, str):
        raise TypeError(f"{what} needs a list of names, got the one name {names!r}.")
    return [str(entry) for entry in names]


def _joint_errors(truth: Any, predictions: Any, mask: Any, names: list[str]) -> list[FloatArray]:
    """Distance from each prediction to the truth, (N, J) each; NaN where there is none."""
    target = np.asarray(truth, dtype=float)
    if target.ndim != 3 or target.shape[2] != 3:
        raise ValueError(f"test_3d_gt needs shape (N, J, 3), got {target.shape}.")
    if len(names) != target.shape[1]:
        raise ValueError(
            f"joints_name has {len(names)} names, but the poses have {target.shape[1]} joints. "
            "Name every joint, in the order of the poses, roots and unused joints too."
        )
    good = seen_joints(mask, target.shape)
    several = predictions if isinstance(predictions, list | tuple) else [predictions]
    if not several:
        raise ValueError("test_3d_pred is an empty list; give at least one prediction.")
    errors = []
    for number, entry in enumerate(several, start=1):
        prediction = np.asarray(entry, dtype=float)
        if prediction.shape != target.shape:
            raise ValueError(
                f"prediction {number} has shape {prediction.shape}, but the truth has "
                f"{target.shape}."
            )
        errors.append(np.where(good, joint_errors(target, prediction), np.nan))
    return errors


def _groups(
    errors: list[FloatArray], names: list[str], order: Sequence[str] | None, overall: bool
) -> dict[str, list[FloatArray]]:
    """Finite errors of each prediction under the name of each violin, from left to right."""
    titles = [*names, _OVERALL] if overall else names
    twice = sorted({title for title in titles if titles.count(title) > 1})
    if twice:
        raise ValueError(f"joints_name needs a name of its own for each joint; twice: {twice}.")
    wanted = names if order is None else _as_names(order, "order")
    unknown = [title for title in wanted if title not in titles]
    if unknown:
        raise ValueError(f"order names {unknown}, which is not among the joints {titles}.")
    if overall and _OVERALL not in wanted:
        wanted = [*wanted, _OVERALL]
    # NaN > 0 is False: a joint needs one frame with an error other than 0.
    drawn = np.any([(error > 0).any(axis=0) for error in errors], axis=0)
    columns = {title: [joint] for joint, title in enumerate(names) if drawn[joint]}
    if columns and overall:
        columns[_OVERALL] = [joint for joint in range(len(names)) if drawn[joint]]
    groups = {
        title: [_finite(error[:, columns[title]]) for error in errors]
        for title in wanted
        if title in columns
    }
    if not groups:
        raise ValueError(
            f"no error to draw for the joints {wanted}: in every frame each is NaN in truth or "
            "prediction, ruled out by test_keypoints, or exactly 0 (as that of a root)."
        )
    return groups


def _finite(values: FloatArray) -> FloatArray:
    return values[np.isfinite(values)]


def _color(number: int) -> tuple[float, float, float]:
    red, green, blue = OKABE_ITO[number % len(OKABE_ITO)]
    return red / 255, green / 255, blue / 255


def _draw(
    ax: Axes, groups: dict[str, list[FloatArray]], overall_last: bool
) -> tuple[list[list[PolyCollection]], list[Line2D], list[LineCollection]]:
    positions = np.arange(len(groups), dtype=float)
    if overall_last and len(groups) > 1 and list(groups)[-1] == _OVERALL:
        positions[-1] += 0.5
    ax.set_xticks(positions, list(groups))
    ax.set_xlim(positions[0] - 0.6, positions[-1] + 0.6)
    count = len(next(iter(groups.values())))
    width = _GROUP_WIDTH / count
    bodies, medians, quartiles = [], [], []
    for number in range(count):
        places = positions + (number - (count - 1) / 2) * width
        filled = [
            (place, group[number])
            for place, group in zip(places, groups.values(), strict=True)
            if group[number].size
        ]
        bodies.append([_draw_body(ax, x, errors, 0.47 * width, number) for x, errors in filled])
        where = [x for x, _ in filled]
        low, middle, high = (
            np.array([np.quantile(errors, [0.25, 0.5, 0.75]) for _, errors in filled])
            .reshape(-1, 3)
            .T
        )
        quartiles.append(ax.vlines(where, low, high, color=INK, linewidth=2.4, zorder=3))
        medians += ax.plot(
            where, middle, "o", color=PAPER, markeredgecolor=INK, markersize=3.6, zorder=4
        )
    return bodies, medians, quartiles


def _draw_body(ax: Axes, x: float, errors: FloatArray, half: float, number: int) -> PolyCollection:
    heights, density = _density(errors)
    return ax.fill_betweenx(
        heights,
        x - half * density,
        x + half * density,
        facecolor=(*_color(number), 0.55),
        edgecolor=_color(number),
        linewidth=1,
        zorder=2,
    )


def _density(errors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Heights from the smallest error to the 95 % quantile, and the density there, at most 1.

    A Gaussian kernel of Silverman's width, 0.9 min(σ, IQR / 1.34) n^(-1/5), over a histogram: its
    cost does not grow with the square of the frames.
    """
    end = float(np.quantile(errors, _DRAWN_SHARE))
    heights = np.linspace(errors.min(), end, 160)
    low, high = np.quantile(errors, [0.25, 0.75])
    spread = min(errors.std(), (high - low) / 1.34) or errors.std()
    width = 0.9 * spread * errors.size**-0.2
    reach = end + 4 * width
    # A spread of rounding errors only is no spread: such a violin is one flat line.
    if width <= 1e-12 * abs(end):
        return heights, np.ones_like(heights)
    counts, edges = np.histogram(errors, bins=1024, range=(heights[0], reach))
    distance = (heights[:, None] - (edges[:-1] + edges[1:]) / 2) / width
    density = np.exp(-(distance**2) / 2) @ counts
    return heights, density / density.max()


def _label_joints(ax: Axes, names: list[str]) -> None:
    quiet(ax)
    ax.tick_params(axis="x", length=0)
    figure: Any = ax.get_figure()
    points = 72 / figure.dpi
    slot = ax.bbox.width * points / (len(names) + 0.7)
    longest = max(TextPath((0, 0), name or " ", size=1).get_extents().width for name in names)
    if longest * _LABEL_SIZE < 0.9 * slot:
        ax.tick_params(axis="x", labelsize=_LABEL_SIZE)
        return
    # Slanted labels lie side by side at slot / √2, and reach as far down as they are long / √2.
    sizes = [_LABEL_SIZE, 0.8 * slot / np.sqrt(2)]
    if figure.get_layout_engine() is None:
        sizes.append((ax.bbox.y0 * points - 8) * np.sqrt(2) / (longest + 0.7))
    size = max(min(sizes), _SMALLEST_LABEL_SIZE)
    ax.tick_params(axis="x", labelsize=size)
    # Of so many joints that their names would lie on each other, every so-manieth is named.
    each = math.ceil(_SMALLEST_LABEL_SIZE / max(0.8 * slot / np.sqrt(2), 1e-9))
    if each > 1:
        places = ax.get_xticks()
        ax.set_xticks(places[::each], names[::each])
    for label in ax.get_xticklabels():
        label.set(rotation=45, horizontalalignment="right", rotation_mode="anchor")
