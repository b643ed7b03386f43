"""The look that all figures share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

from matplotlib import rc_context, rc_params_from_file

INK, MUTED, LINE, PAPER, WASH = "#1b1e23", "#626a73", "#d9dde1", "#ffffff", "#f5f6f7"
"""Text; what stands behind it; grids; what is drawn on; and areas that are set off from it."""

ACCENT, WARN = "#0072b2", "#d55e00"
"""What is meant, and what is to be looked at."""


@contextmanager
def style() -> Iterator[None]:
    """Draw figures in the look of LiftPose for a while.

    Text stays text in vector files, and colours are told apart by the colour-blind. Make the
    figure, draw into it and save it within the context; Matplotlib's settings are afterwards what
    they were. It works as a decorator, too.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> with style():
    ...     ax = Figure().add_subplot()
    >>> ax.spines["top"].get_visible()
    False
    """
    with as_file(files("liftpose.plot") / "liftpose.mplstyle") as sheet:
        look = rc_params_from_file(sheet, use_default_template=False)
    with rc_context(look):
        yield
