"""A pose over the picture that it was found in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from liftpose.plot.flat import FlatPose, draw_flat
from liftpose.plot.limbs import FloatArray, Limbs, as_pose
from liftpose.plot.styling import PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from liftpose.skeleton import Skeleton

_FAINTEST = 0.12  # how opaque a joint is that the tracker has no confidence in
_LEAST = 8.0  # pixels around an animal at the least


class DrawnOnFrame(NamedTuple):
    """What `plot_on_frame` drew.

    Parameters
    ----------
    image : matplotlib.image.AxesImage
        The part of the frame that is shown.
    pose : FlatPose
    """

    image: AxesImage
    pose: FlatPose


def plot_on_frame(
    ax: Axes,
    frame: npt.ArrayLike,
    pose: npt.ArrayLike,
    skeleton: Skeleton | None = None,
    *,
    confidence: npt.ArrayLike | None = None,
    margin: float | None = 0.25,
) -> DrawnOnFrame:
    """Draw a 2D pose over the frame of the video that it was found in.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into.
    frame : array, shape (height, width) or (height, width, 3 or 4)
        The picture, grey or in colours: uint8, or float from 0 to 1.
    pose : array, shape (J, 2), pixels
        The origin is the centre of the top-left pixel. NaN where a joint was not seen.
    skeleton : Skeleton, optional
        Bones, limbs, colours and sides; without one, joints alone.
    confidence : array, shape (J,), optional
        Of the tracker, 0 to 1: how opaque a joint is; a bone as its fainter end. NaN counts as 1.
    margin : float or None
        What is shown around the animal, in its longer side. None shows the whole frame.

    Returns
    -------
    DrawnOnFrame

    Raises
    ------
    ValueError
        A frame or a pose of another shape, values out of their range, or a skeleton of another
        number of joints.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> frame = np.full((120, 160), 90, dtype=np.uint8)
    >>> drawn = plot_on_frame(Figure().add_subplot(), frame, [[50, 60], [70, 60]], margin=0.5)
    >>> drawn.image.get_extent()
    [39.5, 80.5, 70.5, 49.5]
    """
    picture = _as_frame(frame)
    at = as_pose(pose, 2, "pose")
    limbs = Limbs.fitting(skeleton, len(at))
    alpha = _as_alpha(confidence, len(at))
    left, right, low, high = _window(at, picture.shape[:2], margin)
    part = picture[low:high, left:right]
    # Only what is shown goes into the file; its pixels stay what they were.
    image = ax.imshow(
        part,
        extent=(left - 0.5, right - 0.5, high - 0.5, low - 0.5),
        cmap="gray",
        vmin=0,
        vmax=255 if part.dtype == np.uint8 else 1,
        interpolation="none",
        zorder=0,
    )
    ax.set(xlim=(left - 0.5, right - 0.5), ylim=(high - 0.5, low - 0.5), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return DrawnOnFrame(image, draw_flat(ax, limbs, at, alpha=alpha, casing=PAPER, zorder=3))


def _as_frame(frame: npt.ArrayLike) -> npt.NDArray[np.uint8] | FloatArray:
    picture = np.asarray(frame)
    if not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (3, 4))):
        raise ValueError(
            f"frame needs shape (height, width) or (height, width, 3), got {picture.shape}."
        )
    if not picture.size:
        raise ValueError(f"frame has no pixels: its shape is {picture.shape}.")
    if picture.dtype == np.uint8:
        return picture
    if picture.dtype.kind != "f" or not ((picture >= 0) & (picture <= 1)).all():
        raise ValueError(
            f"frame needs uint8, or floats from 0 to 1, got {picture.dtype} from {picture.min()} "
            f"to {picture.max()}."
        )
    return picture


def _as_alpha(confidence: npt.ArrayLike | None, joint_count: int) -> FloatArray | None:
    if confidence is None:
        return None
    sure = np.array(confidence, dtype=float)
    if sure.shape != (joint_count,):
        raise ValueError(f"confidence needs shape ({joint_count},), one a joint, got {sure.shape}.")
    sure = np.where(np.isnan(sure), 1.0, sure)
    if not ((sure >= 0) & (sure <= 1)).all():
        joint = int(np.flatnonzero((sure < 0) | (sure > 1))[0])
        raise ValueError(f"confidence of joint {joint} is {sure[joint]}; expected 0 to 1.")
    return _FAINTEST + (1 - _FAINTEST) * sure


def _window(
    pose: FloatArray, shape: tuple[int, ...], margin: float | None
) -> tuple[int, int, int, int]:
    """First and last column, and first and last row, of what is shown; the last not included."""
    height, width = shape
    seen = pose[np.isfinite(pose).all(axis=1)]
    if margin is not None and not (np.isfinite(margin) and margin >= 0):
        raise ValueError(f"margin needs a number that is not below 0, or None, got {margin!r}.")
    inside = ((seen >= -0.5) & (seen < [width - 0.5, height - 0.5])).all(axis=1)
    if margin is None or not inside.any():
        return 0, width, 0, height
    low, high = seen[inside].min(axis=0), seen[inside].max(axis=0)
    around = max(margin * float((high - low).max()), _LEAST if margin else 0.0)
    first = np.maximum(np.floor(low - around + 0.5), 0).astype(int)
    last = np.minimum(np.floor(high + around + 0.5) + 1, [width, height]).astype(int)
    return int(first[0]), int(last[0]), int(first[1]), int(last[1])
