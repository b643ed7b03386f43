"""What comes of triangulation, and what is doubtful about it."""

import math
import warnings
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

# Below it the depth is eleven times less sure than what lies across.
_NARROW = 5.0  # degrees
# Of the animal's size in the image. In four real rigs no camera is above 1.4 %; where two cameras
# were taken for each other, one is above this in four of five cases, if there are three or more.
_ASTRAY = 0.05


@dataclass(frozen=True, eq=False)
class Triangulated:
    """Points in the world, and how well every camera agrees with them.

    Parameters
    ----------
    points : array, shape (N, J, 3), float64, unit of the cameras' world
        NaN where fewer than two cameras saw a joint, and where the point would lie behind a camera
        that it was found from.
    errors : array, shape (C, N, J), float64, pixels
        Distance of each pixel from where the point is shown, also of pixels that were left out;
        NaN where a camera did not see the joint or there is no point.
    used : array, shape (C, N, J), bool
        Whether the point was found from this camera.
    angles : array, shape (N, J), float64, degrees
        Greatest angle between two of the rays that a point was found from.
    behind : int
        How many points are NaN for lying behind a camera.
    behind_each : tuple of int, length C
        How many of them lie behind each camera.
    noise : float, pixels
        Standard deviation of one coordinate of the pixels that were used, robustly estimated; NaN
        where no point had three cameras.
    cameras : tuple of str
        Names, in the order of the first axis.
    """

    points: Floats
    errors: Floats
    used: Bools
    angles: Floats
    behind: int
    behind_each: tuple[int, ...]
    noise: float
    cameras: tuple[str, ...]

    @property
    def camera_count(self) -> npt.NDArray[np.int64]:
        """From how many cameras each point was found, shape (N, J)."""
        return np.asarray(self.used.sum(axis=0))

    @property
    def reprojection_error(self) -> Floats:
        """Root mean square of the errors of the pixels that were used, shape (N, J), pixels."""
        return root_mean_square(self.errors, self.used)


def root_mean_square(errors: npt.NDArray[np.floating], used: Bools) -> Floats:
    """Put the errors of several cameras into one of each point.

    Parameters
    ----------
    errors : array, shape (C, N, J), pixels
        NaN where there is none.
    used : array, shape (C, N, J), bool
        Which of them count.

    Returns
    -------
    array, shape (N, J), pixels
        NaN where none counts.

    Examples
    --------
    >>> root_mean_square(np.array([[[3.0]], [[4.0]]]), np.array([[[True]], [[False]]]))
    array([[3.]])
    """
    square = np.where(used, np.nan_to_num(errors) ** 2, 0.0).sum(axis=0)
    number = used.sum(axis=0)
    return np.where(number > 0, np.sqrt(square / np.maximum(number, 1)), np.nan)


def warn_of_doubts(found: Triangulated, pixels: Floats) -> None:
    """Warn of points that are not to be trusted; see `liftpose.triangulate`.

    Parameters
    ----------
    found : Triangulated
        Of C cameras, N frames and J joints.
    pixels : array, shape (C, N, J, 2), pixels
        What it was found from.

    Examples
    --------
    >>> nothing = np.full((1, 1, 3), np.nan)
    >>> unseen = np.full((2, 1, 1), np.nan)
    >>> found = Triangulated(nothing, unseen, unseen > 0, unseen[0], 0, (0, 0), np.nan, ("a", "b"))
    >>> warn_of_doubts(found, np.full((2, 1, 1, 2), np.nan))
    """
    if found.behind:
        each = {n: k for n, k in zip(found.cameras, found.behind_each, strict=True) if k}
        warnings.warn(
            f"{found.behind} of {found.angles.size} points would lie behind a camera that saw "
            f"them, and are NaN: "
            f"{', '.join(f'{count} behind camera {name!r}' for name, count in each.items())}. Do "
            f"these pixels belong to these cameras?",
            stacklevel=3,
        )
    for name, errors, seen in zip(found.cameras, found.errors, pixels, strict=True):
        size, known = size_in_image(seen), np.isfinite(errors)
        if known.any() and (off := float(np.median(errors[known]))) > _ASTRAY * size > 0:
            warnings.warn(
                f"camera {name!r} sees the joints {off:.0f} px (the median) from where they are "
                f"put, {100 * off / size:.0f} % of the animal's size in its image: do its pixels "
                f"and its calibration belong together, and was its video cropped or resized?",
                stacklevel=3,
            )
    number = found.used.sum(axis=0)
    known = number >= 2
    if not known.any():
        return
    if np.median(number[known]) < 3:
        share = (number[known] == 2).mean()
        warnings.warn(
            f"{100 * share:.0f} % of the points were found from two cameras only: nothing shows "
            f"where one of the two is wrong.",
            stacklevel=3,
        )
    middle = float(np.nanmedian(found.angles[known]))
    if middle < _NARROW:
        warnings.warn(
            f"the rays of the cameras meet at {middle:.2g} degrees (the median): too small a "
            f"baseline, so that depth is about {1 / math.sin(math.radians(max(middle, 1e-3))):.0f} "
            f"times less sure than what lies across.",
            stacklevel=3,
        )


def size_in_image(pixels: Floats) -> float:
    """Tell how large an animal is in an image.

    Parameters
    ----------
    pixels : array, shape (N, J, 2), pixels
        NaN where a joint was not seen.

    Returns
    -------
    float, pixels
        Diagonal of the box around the joints of a frame, the median; 0 of none.

    Examples
    --------
    >>> size_in_image(np.array([[[0.0, 0.0], [3.0, 4.0]]]))
    5.0
    """
    seen: Bools = np.asarray(np.isfinite(pixels).all(axis=2))
    several = seen.sum(axis=1) >= 2
    if not several.any():
        return 0.0
    some, apart = pixels[several], seen[several, :, None]
    high = np.where(apart, some, -np.inf).max(axis=1)
    low = np.where(apart, some, np.inf).min(axis=1)
    return float(np.median(np.linalg.norm(high - low, axis=1)))
