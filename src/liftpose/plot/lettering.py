"""Letters as stamps: drawn once by Matplotlib, and laid on pictures as often as wanted."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

_DOTS = 72  # an inch: Agg's points are pixels then
_STAMPS = 4096  # kept; the least used go first


def text_width(words: str, size: float = 16.0, *, bold: bool = False) -> float:
    """Give the length of a line of text as `Canvas.text` writes it.

    Parameters
    ----------
    words : str
    size : float, pixels
        Of the letters.
    bold : bool

    Returns
    -------
    float
        Pixels.

    Examples
    --------
    >>> text_width("frame 11") == text_width("frame 99")
    True
    """
    return sum(advance(piece, float(size), bold) for piece in pieces(words))


def pieces(words: str) -> list[str]:
    """Take a line apart into digits, one by one, and what stands between them.

    Parameters
    ----------
    words : str

    Returns
    -------
    list of str

    Examples
    --------
    >>> pieces("frame 12 of 40")
    ['frame ', '1', '2', ' of ', '4', '0']
    """
    return re.findall(r"[0-9]|[^0-9]+", words)


class Stamp(NamedTuple):
    """Letters to be laid on a picture.

    Parameters
    ----------
    alpha : array, shape (h, w), float32
        How much of each pixel ink covers.
    left, above : int
        Pixels from the first of them to where the pen stands, to the right and down.
    """

    alpha: npt.NDArray[np.float32]
    left: int
    above: int


def renderer(width: int, height: int) -> Any:
    """Make what draws with Agg, of which a point is a pixel.

    Parameters
    ----------
    width, height : int, pixels

    Returns
    -------
    matplotlib.backends.backend_agg.RendererAgg
    """
    make: Any = RendererAgg  # which carries no types
    return make(width, height, _DOTS)


def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")


@lru_cache(_STAMPS)
def advance(piece: str, size: float, bold: bool) -> float:
    """Say how far the pen moves; of a space, too, which leaves no ink.

    Parameters
    ----------
    piece : str
    size : float, pixels
    bold : bool

    Returns
    -------
    float
        Pixels.
    """
    measure = renderer(1, 1).get_text_width_height_descent
    whole, ends = (measure(text, _font(size, bold), False)[0] for text in (f"|{piece}|", "||"))
    return float(whole - ends)


@lru_cache(_STAMPS)
def stamp(piece: str, size: float, bold: bool) -> Stamp:
    """Draw some letters, once: they are kept.

    Parameters
    ----------
    piece : str
    size : float, pixels
    bold : bool

    Returns
    -------
    Stamp
    """
    room = math.ceil(size)
    wide = math.ceil(advance(piece, size, bold)) + 2 * room
    agg = renderer(wide, 3 * room)
    agg.draw_text(agg.new_gc(), room, 2 * room, piece, _font(size, bold), 0)
    alpha = np.asarray(agg.buffer_rgba())[..., 3].astype(np.float32) / np.float32(255)
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Stamp(alpha[:0, :0], 0, 0)
    top, left = rows[0], columns[0]
    inked = alpha[top : rows[-1] + 1, left : columns[-1] + 1].copy()
    return Stamp(inked, int(room - left), int(2 * room - top))
