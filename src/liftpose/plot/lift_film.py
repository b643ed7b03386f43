"""A film of a lift, from arrays: the keypoints in the image, and beside them the lifted pose."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liftpose.plot.encoding import as_rate
from liftpose.plot.limbs import FloatArray, Limbs
from liftpose.plot.shot import Shot
from liftpose.plot.stage import Reel, film

if TYPE_CHECKING:
    from liftpose.skeleton import Skeleton

_SWING = 0.35  # share of the film in which the view leaves that of the camera


def film_lift(
    path: str | os.PathLike[str],
    poses_2d: npt.ArrayLike,
    lifted: npt.ArrayLike,
    skeleton: Skeleton,
    rate: float,
    *,
    truth: npt.ArrayLike | None = None,
    blind: npt.ArrayLike | None = None,
    begin: tuple[float, float] = (-60.0, 20.0),
    turn: float = 75.0,
    elevation: float = 16.0,
    slower: float = 1.0,
    fps: float = 25.0,
    trail: int = 0,
    title: str = "",
    on_frame: Callable[[int, int], None] | None = None,
) -> Path:
    """Film keypoints in the image, and beside them the 3D poses that they were lifted to.

    The view of the 3D begins at a side, such as that of the camera, and turns slowly away from
    it, so that the depth is seen. It follows the animal, over a grid on the ground.

    Parameters
    ----------
    path : path-like
        The film, an ``.mp4``; one that is there is replaced when the new one is complete.
    poses_2d : array, shape (N, J, 2), pixels
        What was lifted. NaN where a joint was not seen.
    lifted : array, shape (N, J, 3)
        Poses in an upright world, `z` up, with the ground at 0, where they are to be drawn. NaN
        is left out.
    skeleton : Skeleton
        Bones, limbs, colours and unit.
    rate : float
        Poses a second.
    truth : array, shape (N, J, 3), optional
        Drawn in grey behind the lifted poses.
    blind : array of bool, shape (N, J), optional
        Joints to be drawn faintly: those whose root was not seen, and had to be inferred.
    begin : pair of float, degrees
        Azimuth and elevation that the view begins at.
    turn : float, degrees
        How far the view turns around the animal.
    elevation : float, degrees
        Elevation that the view comes to.
    slower : float
        How many times slower than life the film is.
    fps : float
        Pictures a second.
    trail : int
        Frames that the fading trails of the ends of limbs reach back.
    title : str
        What is filmed.
    on_frame : callable, optional
        Called after every picture with how many there are, and how many there will be.

    Returns
    -------
    pathlib.Path
        The film: 1440 by 720 pixels, H.264 in yuv420p.

    Raises
    ------
    ValueError
        Poses that do not fit each other or the skeleton, no pose that can be drawn, a rate that
        is no number above 0, or a name that does not end in ``.mp4``.
    OSError
        The folder is not there or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from liftpose.skeleton import Skeleton
    >>> body = Skeleton(["hip", "knee", "foot"], bones=[(0, 1), (1, 2)], unit="mm")
    >>> leg = np.tile([[0.0, 0, 2], [1, 0, 1], [0, 0, 0]], (3, 1, 1))
    >>> film_lift(Path(tempfile.mkdtemp()) / "leg.mp4", leg[..., ::2], leg, body, rate=25).name
    'leg.mp4'
    """
    as_rate(fps)
    if not (np.isfinite(slower) and slower > 0):
        raise ValueError(f"slower needs a number above 0, got {slower!r}.")
    flat = _as_poses("poses_2d", poses_2d, (None, len(skeleton.joints), 2))
    count = len(flat)
    if count == 0:
        raise ValueError("poses_2d has no frames; a film needs at least one.")
    for name, array, dims in (("lifted", lifted, 3), ("truth", truth, 3)):
        if array is not None:
            _as_poses(name, array, (count, len(skeleton.joints), dims))
    if not np.isfinite(flat).all(axis=2).any():
        raise ValueError("poses_2d has no joint in any frame; there is nothing to film.")
    faint: Any = None if blind is None else np.asarray(blind, dtype=bool)
    if faint is not None and faint.shape != flat.shape[:2]:
        raise ValueError(f"blind needs shape {flat.shape[:2]}, got {faint.shape}.")
    shot = Shot(
        np.asarray(lifted, dtype=float),
        Limbs.of(skeleton),
        rate,
        image=flat,
        truth=None if truth is None else np.asarray(truth, dtype=float),
        faint=faint,
        unit=skeleton.unit,
        title=title,
        ground=0.0,
    )
    rows = np.arange(0, count, rate / (slower * fps)).astype(int)
    views = _views(len(rows), begin, turn, elevation)
    reel = Reel(rows, views, fps=fps, slower=slower, trail=trail)
    return film(path, shot, reel, on_frame=on_frame)


def _views(count: int, begin: tuple[float, float], turn: float, elevation: float) -> FloatArray:
    """Azimuth and elevation of every picture, shape (F, 2)."""
    way = np.linspace(0, 1, count)
    swing = np.clip(way / _SWING, 0, 1)
    eased = swing * swing * (3 - 2 * swing)
    return np.stack([begin[0] + turn * way, begin[1] + (elevation - begin[1]) * eased], axis=1)


def _as_poses(name: str, values: Any, shape: tuple[int | None, ...]) -> FloatArray:
    array = np.asarray(values, dtype=float)
    wanted = tuple(
        got if want is None else want
        for want, got in zip(shape, (*array.shape, *[0] * len(shape)), strict=False)
    )
    if array.shape != wanted:
        said = ", ".join("N" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} needs shape ({said}), got {array.shape}.")
    return array
