"""The course of a training: reading its log and drawing its losses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from liftpose.plot.axes import quiet
from liftpose.skeleton.colors import OKABE_ITO

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_COLUMNS = ("epoch", "lr", "loss_train", "loss_test", "err_test")


class _Layout(NamedTuple):
    file: str
    columns: tuple[str, ...]


# Version 0.22 wrote no test error, ended every cell with a tab and called its file otherwise.
_LAYOUTS = (_Layout("train_log.txt", _COLUMNS), _Layout("log_train.txt", _COLUMNS[:4]))


def read_log_train(
    out_dir: str | os.PathLike[str],
) -> tuple[list[int], list[float], list[float], list[float], list[float]]:
    r"""Read the log that a training left in its output folder.

    Parameters
    ----------
    out_dir : path-like
        Folder that was given to ``train``. Its ``train_log.txt`` is read; where there is none,
        the ``log_train.txt`` of version 0.22 of the original package.

    Returns
    -------
    epoch : list of int
    lr : list of float
        Learning rate of each epoch.
    loss_train, loss_test : list of float
        Loss on the training and on the test data; NaN where there was none.
    err_test : list of float
        Error on the test data, in the unit of the training's 3D poses; NaN in every epoch of a log
        of version 0.22, which did not keep it.

    Raises
    ------
    FileNotFoundError
        The folder holds neither log.
    ValueError
        The log is malformed; the message names the line and what was expected there.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> text = "epoch\tlr\tloss_train\tloss_test\terr_test\n1\t0.001\t0.5\t0.6\t1.5\n"
    >>> _ = (folder / "train_log.txt").write_text(text)
    >>> epoch, lr, loss_train, loss_test, err_test = read_log_train(folder)
    >>> epoch, loss_test
    ([1], [0.6])
    """
    layout, lines = _read_lines(Path(out_dir))
    path = Path(out_dir) / layout.file
    header = tuple(_cells(lines[0])) if lines else ()
    if header != layout.columns:
        raise ValueError(
            f"{path}, line 1: expected the tab-separated header {' '.join(layout.columns)!r}, "
            f"got {' '.join(header)!r}."
        )
    rows = [
        _parse_row(path, number, line, layout.columns)
        for number, line in enumerate(lines[1:], start=2)
        if line.strip()
    ]
    missing = [float("nan")] * (len(_COLUMNS) - len(layout.columns))
    table = [[*row, *missing] for row in rows]
    epoch, lr, loss_train, loss_test, err_test = (
        [row[column] for row in table] for column in range(len(_COLUMNS))
    )
    return [int(number) for number in epoch], lr, loss_train, loss_test, err_test


def _read_lines(out_dir: Path) -> tuple[_Layout, list[str]]:
    for layout in _LAYOUTS:
        try:
            return layout, (out_dir / layout.file).read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except UnicodeDecodeError as error:
            raise ValueError(f"{out_dir / layout.file} is not a text file: {error}.") from None
    raise FileNotFoundError(
        f"no training log in {str(out_dir)!r}: expected {_LAYOUTS[0].file!r}, or "
        f"{_LAYOUTS[1].file!r} of version 0.22. Give the out_dir of a training."
    )


def _cells(line: str) -> list[str]:
    return line.removesuffix("\t").split("\t")


def _parse_row(path: Path, number: int, line: str, columns: tuple[str, ...]) -> list[float]:
    cells = _cells(line)
    if len(cells) != len(columns):
        raise ValueError(
            f"{path}, line {number}: expected {len(columns)} tab-separated numbers "
            f"({', '.join(columns)}), got {len(cells)}: {line!r}."
        )
    values = []
    for column, cell in zip(columns, cells, strict=True):
        try:
            values.append(float(cell))
        except ValueError:
            raise ValueError(
                f"{path}, line {number}: expected a number for {column}, got {cell!r}."
            ) from None
    if not values[0].is_integer():
        raise ValueError(
            f"{path}, line {number}: expected a whole number for epoch, got {cells[0]!r}."
        )
    return values


def plot_log_train(
    ax: Axes,
    loss_train: Sequence[float],
    loss_test: Sequence[float],
    epoch: Sequence[float] | None = None,
    *,
    epochs: Sequence[float] | None = None,
) -> list[Line2D]:
    """Draw the training and the test loss of every epoch.

    The loss axis is logarithmic where the losses are positive and span more than a factor of ten;
    otherwise the last epochs of a good training would be one flat line.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into.
    loss_train, loss_test : sequence of float, length E
        Loss of each epoch. NaN is a gap; a curve of nothing but NaN (no truth to test on) is left
        out, of the legend as well.
    epoch : sequence of int, length E
        The number of each epoch. `epochs`, as the code of 0.22 calls it, means the same.

    Returns
    -------
    list of matplotlib.lines.Line2D
        The curves drawn, training first.

    Raises
    ------
    ValueError
        The three are not of one length.
    TypeError
        Neither or both of `epoch` and `epochs` are given.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().add_subplot()
    >>> [curve.get_label() for curve in plot_log_train(ax, [1.0, 0.5], [1.1, 0.7], [1, 2])]
    ['train', 'test']
    """
    if (epoch is None) == (epochs is None):
        raise TypeError("give the numbers of the epochs once, as epoch= (or as 0.22's epochs=).")
    numbers = np.array(epochs if epoch is None else epoch, dtype=float)
    losses = {
        "train": np.array(loss_train, dtype=float),
        "test": np.array(loss_test, dtype=float),
    }
    shapes = [numbers.shape, *(loss.shape for loss in losses.values())]
    if len(set(shapes)) != 1 or numbers.ndim != 1:
        raise ValueError(
            "epoch, loss_train and loss_test need one value an epoch each, got "
            f"shapes {shapes[0]}, {shapes[1]} and {shapes[2]}."
        )
    curves = [
        _draw_curve(ax, numbers, loss, name, color)
        for (name, loss), color in zip(losses.items(), OKABE_ITO, strict=False)
        if np.isfinite(loss).any()
    ]
    _label_axes(ax, np.concatenate(list(losses.values())))
    if curves:
        ax.legend(frameon=False)
    return curves


def _draw_curve(
    ax: Axes,
    epochs: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    loss: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    name: str,
    color: tuple[int, int, int],
) -> Line2D:
    seen = np.pad(np.isfinite(loss), 1)
    alone = np.flatnonzero(seen[1:-1] & ~seen[:-2] & ~seen[2:])
    # A single epoch between two gaps makes no line, so it is drawn as a dot.
    (curve,) = ax.plot(
        epochs,
        loss,
        color=tuple(channel / 255 for channel in color),
        linewidth=1.8,
        marker="o" if alone.size else None,
        markersize=4,
        markevery=alone.tolist() if alone.size else None,
        label=name,
    )
    return curve


def _label_axes(ax: Axes, losses: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    finite = losses[np.isfinite(losses)]
    if finite.size and 0 < 10 * finite.min() < finite.max():
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
        # Powers of ten alone are too few numbers over two decades.
        if finite.max() < 100 * finite.min():
            ax.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
            ax.yaxis.set_minor_formatter("{x:g}")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    quiet(ax)
