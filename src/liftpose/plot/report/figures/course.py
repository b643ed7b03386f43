"""The course of a training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from liftpose.plot.report.figures.elements import ACCENT, INK, MUTED, stroke, whole_ticks, with_axes
from liftpose.plot.report.findings import Shown


def training(
    epochs: Sequence[int],
    loss_train: Sequence[float],
    loss_test: Sequence[float],
    best: int | None = None,
    counts: bool = True,
) -> Shown:
    """Draw the losses of the training.

    Parameters
    ----------
    epochs : sequence of int
    loss_train, loss_test : sequence of float
        Of each epoch, standardised; NaN where there was none.
    best : int, optional
        The epoch that was taken.
    counts : bool
        Whether what was trained has any part in lifted poses.

    Returns
    -------
    Shown

    Examples
    --------
    >>> len(training([1, 2], [0.5, 0.4], [float("nan")] * 2).data)
    1
    """
    data = [
        {**stroke(list(epochs), values, name, color, 1.6), "mode": "lines+markers"}
        for name, values, color in (
            ("training data", loss_train, INK),
            ("test data (nothing was chosen on it)", loss_test, ACCENT),
        )
        if np.isfinite(values).any()
    ]
    layout = with_axes(
        xaxis={"title": {"text": "Epoch"}, **whole_ticks(max(epochs, default=1))},
        yaxis={"title": {"text": "Loss (standardised)"}},
    )
    caption = f"{len(epochs)} epochs."
    if not counts:
        caption += " Held-out frames gave the network no weight: it has no part in these poses."
    elif best is not None:
        layout["shapes"] = [
            {"type": "line", "x0": best, "x1": best, "yref": "paper", "y0": 0, "y1": 1}
            | {"line": {"color": MUTED, "width": 1, "dash": "dot"}}
        ]
        caption += f" The network of epoch {best} was taken: it was best on held-out frames."
    return Shown("training", "The course of the training", caption, data, layout, 300)
