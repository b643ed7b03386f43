"""Pictures that were looked at, and figures held against them.

A baseline is stored only after somebody opened it: `LOOKED_AT=write pytest ...` writes those that
are missing or differ, beside the tests, to be opened before they are committed.
"""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

BASELINES = Path(__file__).with_name("looked_at")
_DPI = 50
_CELL = 4  # pixels: text that moves by less is the same picture
_TOLERANCE = 0.05  # of black to white, in the cell that differs most


def assert_looks(figure, name):
    """Hold a figure against the picture of that name."""
    drawn = as_picture(figure)
    path = BASELINES / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    if os.environ.get("LOOKED_AT") == "write" and (
        not path.exists() or difference(drawn, stored(path)) > _TOLERANCE
    ):
        Image.fromarray(drawn).quantize(64, Image.Quantize.FASTOCTREE).save(path, optimize=True)
    assert path.exists(), f"{path} is missing; run with LOOKED_AT=write, and look at it"
    off = difference(drawn, stored(path))
    assert off <= _TOLERANCE, f"{name} differs from {path} by {off:.3f} in some place"


def as_picture(figure):
    """Pixels of a figure, (height, width, 3), at few dots an inch: baselines are to be small."""
    canvas, held = FigureCanvasAgg(figure), BytesIO()
    canvas.print_figure(held, dpi=_DPI, facecolor="white")
    return np.asarray(Image.open(held).convert("RGB"))


def stored(path):
    """Pixels of a picture that was looked at."""
    return np.asarray(Image.open(path).convert("RGB"))


def difference(one, other):
    """The largest difference of two pictures in a cell of pixels, 0 to 1; 1 of other sizes."""
    if one.shape != other.shape:
        return 1.0
    return float(np.abs(cells(one) - cells(other)).max())


def cells(picture):
    """Mean grey of cells of pixels."""
    grey = picture.mean(axis=2) / 255
    height, width = (length // _CELL * _CELL for length in grey.shape)
    blocks = grey[:height, :width].reshape(height // _CELL, _CELL, width // _CELL, _CELL)
    return blocks.mean(axis=(1, 3))
