"""Several figures on one sheet: wide ones below each other, others side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 11.0
"""Inches of a sheet."""

_SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class Panel:
    """A figure that is drawn into axes.

    Parameters
    ----------
    draw : callable
        Called with the axes.
    height : float
        In inches.
    wide : bool
        Whether it takes the whole width of a sheet.
    """

    draw: Callable[[Axes], Any]
    height: float = 3.6
    wide: bool = True


def draw_sheet(panels: Sequence[Panel]) -> Figure:
    """Draw panels on one sheet, in their order.

    Parameters
    ----------
    panels : sequence of Panel
        Wide ones have a row each, narrow ones that follow each other share rows of up to three.

    Returns
    -------
    matplotlib.figure.Figure
        As wide as `WIDTH`; narrower where no panel is wide and no row full.

    Raises
    ------
    ValueError
        No panel.

    Examples
    --------
    >>> three = [Panel(lambda ax: ax.plot([1, 2])), *[Panel(lambda ax: None, wide=False)] * 2]
    >>> [len(part.axes) for part in draw_sheet(three).subfigs]
    [1, 2]
    """
    rows = _rows(panels)
    if not rows:
        raise ValueError("there is no panel to draw.")
    most = max(_SIDE_BY_SIDE if row[0].wide else len(row) for row in rows)
    heights = [max(panel.height for panel in row) for row in rows]
    figure = Figure(figsize=(WIDTH * most / _SIDE_BY_SIDE, sum(heights)), layout="constrained")
    parts: Any = figure.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, row in zip(parts, rows, strict=True):
        # A row that is not full keeps its panels as large as those of a full one.
        across = 1 if row[0].wide else most
        for place, panel in enumerate(row):
            panel.draw(part.add_subplot(1, across, place + 1))
    return figure


def _rows(panels: Sequence[Panel]) -> list[list[Panel]]:
    rows: list[list[Panel]] = []
    for wide, group in groupby(panels, lambda panel: panel.wide):
        some = list(group)
        each = 1 if wide else _SIDE_BY_SIDE
        rows += [some[first : first + each] for first in range(0, len(some), each)]
    return rows
