"""How a film is made: every setting with its default and its meaning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liftpose.plot.limbs import FloatArray
from liftpose.plot.stage import SIZE, SMALLEST

PICTURES_A_SECOND = 25.0
"""Of films."""

PREVIEW_SECONDS, PREVIEW_PICTURES = 3.0, 15.0
"""How long a preview is at most, and its pictures a second: as many as two seconds of work give."""

_ELEVATION = 16.0  # degrees: enough to see the ground
_SETTLED = 4.0  # s in which the view leaves that of the camera
_UNKNOWN_VIEW = (-60.0, 20.0)


@dataclass(frozen=True)
class FilmOptions:
    """How a film is made.

    Parameters
    ----------
    first, last : int
        Rows to begin and to end with; by default all.
    slower : float
        How many times slower than life the film is.
    turn : float, optional
        Degrees a second that the view turns around the animal; by default 12, and 0 where `view`
        is given.
    view : (float, float), optional
        Azimuth and elevation, degrees, that the pose is seen from; by default first from where
        the camera is, then from lower.
    trail : int
        Frames that the fading trails of the ends of limbs reach back.
    spread : bool
        Whether one and two standard deviations are drawn around each joint.
    min_confidence : float
        Joints of less are drawn faintly.
    size : (int, int), optional
        Width and height, pixels; by default 1440 by 720, or 720 by 720 where only space is shown.
    whole : bool
        Show all of the video, and not the part of it in which the animal is.
    preview : bool
        At most three seconds, at half the size and 15 pictures a second.

    Raises
    ------
    ValueError
        A setting that makes no sense.

    Examples
    --------
    >>> FilmOptions(slower=4).rows(frames=1000, rate=100.0)[:4].tolist()
    [0, 1, 2, 3]
    """

    first: int = 0
    last: int | None = None
    slower: float = 1.0
    turn: float | None = None
    view: tuple[float, float] | None = None
    trail: int = 0
    spread: bool = False
    min_confidence: float = 0.1
    size: tuple[int, int] | None = None
    whole: bool = False
    preview: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.slower < math.inf:
            raise ValueError(f"slower is {self.slower}; expected a number above 0.")
        if self.trail < 0:
            raise ValueError(f"trail is {self.trail}; expected a number of frames, 0 or more.")
        if not 0 <= self.min_confidence <= 1:
            raise ValueError(f"min_confidence is {self.min_confidence}; expected 0 to 1.")
        for name, values in (("turn", (self.turn or 0.0,)), ("view", self.view or ())):
            if not all(math.isfinite(value) for value in values):
                raise ValueError(f"{name} is {getattr(self, name)}; expected degrees.")
        if self.view is not None and not -90 <= self.view[1] <= 90:
            raise ValueError(f"view is {self.view}; expected an elevation from -90 to 90 degrees.")

    @property
    def fps(self) -> float:
        """Pictures a second."""
        return PREVIEW_PICTURES if self.preview else PICTURES_A_SECOND

    def rows(self, frames: int, rate: float, name: str = "the file") -> npt.NDArray[np.intp]:
        """Give the row that each picture shows.

        Parameters
        ----------
        frames : int
            Of the poses.
        rate : float
            Of the poses, frames a second.
        name : str
            What errors call the poses.

        Returns
        -------
        array of int, shape (F,)

        Raises
        ------
        ValueError
            Frames that are not there.
        """
        end = frames - 1 if self.last is None else self.last
        for row in (self.first, end):
            if not 0 <= row < frames:
                raise ValueError(
                    f"{name} has no frame {row}; it has {frames:,}, from 0 to {frames - 1}."
                )
        if end < self.first:
            raise ValueError(
                f"frames {self.first}..{end} are none; expected the first before the last."
            )
        step = rate / self.slower / self.fps
        count = max(1, math.ceil((end - self.first + 1) / step))
        if self.preview:
            count = min(count, round(PREVIEW_SECONDS * self.fps))
        return np.minimum((self.first + step * np.arange(count)).astype(np.intp), end)

    def views(self, count: int, camera: tuple[float, float] | None) -> FloatArray:
        """Give where each picture is seen from.

        Parameters
        ----------
        count : int
            Pictures.
        camera : (float, float) or None
            Azimuth and elevation of the camera, degrees, where they are known.

        Returns
        -------
        array, shape (F, 2), degrees
        """
        turn = (12.0 if self.view is None else 0.0) if self.turn is None else self.turn
        seconds = np.arange(count) / self.fps
        azimuth, elevation = self.view or camera or _UNKNOWN_VIEW
        height = np.full(count, elevation)
        if self.view is None and camera is not None:
            way = np.clip(seconds / _SETTLED, 0, 1)
            height += (_ELEVATION - elevation) * way * way * (3 - 2 * way)
        return np.stack([azimuth + turn * seconds, height], axis=1)

    def pixels(self, flat: bool) -> tuple[int, int]:
        """Give the size of the film.

        Parameters
        ----------
        flat : bool
            Whether the camera's image is shown, too.

        Returns
        -------
        (int, int)
            Width and height, even.

        Raises
        ------
        ValueError
            A size that is too small.
        """
        width, height = self.size or (SIZE if flat else (SIZE[1], SIZE[1]))
        if min(width, height) < SMALLEST:
            raise ValueError(
                f"size is {width},{height}; expected two numbers from {SMALLEST}, such as 1440,720."
            )
        share = 2 if self.preview else 1
        return max(width // share // 2 * 2, SMALLEST), max(height // share // 2 * 2, SMALLEST)
