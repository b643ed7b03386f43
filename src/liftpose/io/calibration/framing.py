"""Which part of the calibrated images videos show, and how large: said of all cameras, or of each.

A mapping says it by the names of cameras, and under the name `OTHERS` of those without their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from liftpose.geometry.camera import Camera
from liftpose.names import closest

Box = tuple[float, float, float, float]
Value = TypeVar("Value")

OTHERS = ""
"""Stands for every camera of which nothing is said by name."""


def framed(
    cameras: Mapping[str, Camera],
    crop: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    scale: Mapping[str, float] | float | None = None,
    *,
    known: Iterable[str] | None = None,
) -> dict[str, Camera]:
    """Give the cameras of videos that were cropped, and then resized.

    Parameters
    ----------
    cameras : mapping of str to Camera
        Of the whole images.
    crop : (float, float, float, float), or mapping of str to such, pixels, optional
        Left column, upper row, width and height of the part that the video shows: of all cameras,
        or by their names, with ``""`` for those that are not named.
    scale : float, or mapping of str to float, optional
        Pixels of the video per pixel of the calibrated image, or of the part of it.
    known : iterable of str, optional
        Names of cameras that may be spoken of, if more than those of `cameras`.

    Returns
    -------
    dict of str to Camera

    Raises
    ------
    ValueError
        Something said of a camera that there is not, a crop that is not four numbers or lies
        outside of the image, or a scale that is not positive.

    Examples
    --------
    >>> whole = Camera([[900, 0, 320], [0, 900, 240], [0, 0, 1]], size=(640, 480))
    >>> rig = framed({"left": whole, "top": whole}, {"top": (120, 40, 400, 400)}, 0.5)
    >>> {name: camera.size for name, camera in rig.items()}
    {'left': (320, 240), 'top': (200, 200)}
    """
    crops: Mapping[str, Sequence[float]] = (
        crop if isinstance(crop, Mapping) else {} if crop is None else {OTHERS: crop}
    )
    scales: Mapping[str, float] = (
        scale if isinstance(scale, Mapping) else {} if scale is None else {OTHERS: scale}
    )
    names = list(cameras if known is None else known)
    for what, said in (("crop", crops), ("scale", scales)):
        for name in said:
            if name not in names and name != OTHERS:
                raise ValueError(
                    f"{what}: the calibration has no camera {name!r}.{closest(name, names)}"
                )
    found = {}
    for name, camera in cameras.items():
        box = crops.get(name, crops.get(OTHERS))
        factor = scales.get(name, scales.get(OTHERS))
        if box is not None:
            if len(box) != 4:
                raise ValueError(
                    f"camera {name!r}: a crop is x, y, width and height; got {tuple(box)}."
                )
            camera = camera.crop(*box)
        found[name] = camera if factor is None else camera.resize(scale=factor)
    return found


def crops(words: str | Sequence[str] | None) -> dict[str, Box]:
    """Read crops as the command line has them.

    Parameters
    ----------
    words : str or sequence of str
        Each ``"x,y,width,height"``, or ``"NAME:x,y,width,height"`` of one camera.

    Returns
    -------
    dict of str to (float, float, float, float)
        By the names of cameras; under ``""`` that of the others.

    Raises
    ------
    ValueError
        Something else, or two of one camera.

    Examples
    --------
    >>> crops(["0,0,640,480", "top:120,40,400,400"])
    {'': (0.0, 0.0, 640.0, 480.0), 'top': (120.0, 40.0, 400.0, 400.0)}
    """
    return _said("--crop", words, _box, "x,y,width,height in pixels, such as 120,40,400,400")


def scales(words: float | str | Sequence[str] | None) -> dict[str, float]:
    """Read scales as the command line has them.

    Parameters
    ----------
    words : float, str or sequence of str
        Each ``"factor"``, or ``"NAME:factor"`` of one camera.

    Returns
    -------
    dict of str to float
        By the names of cameras; under ``""`` that of the others.

    Raises
    ------
    ValueError
        Something else, or two of one camera.

    Examples
    --------
    >>> scales("top:0.5")
    {'top': 0.5}
    """
    words = repr(words) if isinstance(words, int | float) else words
    return _said("--scale", words, float, "a number such as 0.5")


def _said(
    option: str, words: str | Sequence[str] | None, read: Callable[[str], Value], expected: str
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for word in [words] if isinstance(words, str) else words or ():
        # The last colon, since names may have one.
        name, colon, value = word.rpartition(":")
        if colon and not name:
            raise ValueError(f"{option} {word}: expected the name of a camera before the colon.")
        if name in found:
            of = f"camera {name!r}" if name else "all cameras"
            raise ValueError(f"{option} {word}: it is said twice of {of}.")
        try:
            found[name] = read(value)
        except ValueError:
            raise ValueError(
                f"{option} {word}: expected {expected}, or NAME: and that for one camera."
            ) from None
    return found


def _box(text: str) -> Box:
    x, y, width, height = map(float, text.split(","))
    return x, y, width, height
