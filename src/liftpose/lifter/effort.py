"""How much time a lifter may take, to be fitted and to lift."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Settings that trade seconds for accuracy.

    Parameters
    ----------
    landmarks : int
        Of the kernel, at most.
    lengths : tuple of float
        Length scales of the kernel that are tried, as shares of the median distance of two poses.
    learns_metric : bool
        Whether the kernel learns in which directions poses are unlike.
    mirrors : bool
        Whether mirror images are learned from where that is worthwhile.
    networks : bool
        Whether networks are trained.
    width, blocks : int
        Units of a layer of theirs, and residual blocks.
    frames : int or None
        Frames that a network learns from in an epoch at most, drawn anew each time; None is all.
    steps : int
        Steps of the bone fit; 0 is none.
    """

    landmarks: int
    lengths: tuple[float, ...]
    learns_metric: bool
    mirrors: bool
    networks: bool
    width: int
    blocks: int
    frames: int | None
    steps: int


EFFORTS = {
    "fast": Effort(300, (1.0,), False, False, False, 64, 1, 2000, 0),
    "default": Effort(1000, (0.7, 1.0, 1.5), True, True, True, 64, 1, 2000, 1),
    "best": Effort(2000, (0.7, 1.0, 1.5), True, True, True, 128, 2, None, 2),
}
