"""Every setting of building a library, once, with its meaning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from liftpose.names import listed

DROPS = ("refuse", "mend", "ignore")
NETWORKS = ("kernel", "ridge")


@dataclass(frozen=True)
class BuildOptions:
    """Settings of building a library from several cameras.

    Raises
    ------
    ValueError
        A value outside its range.

    Examples
    --------
    >>> BuildOptions(fill_gaps=3).fill_gaps
    3
    """

    min_confidence: float = 0.3
    """Least likelihood; a joint below it counts as not seen by that camera."""
    max_jump: float = 10.0
    """A joint that leaves the median of five frames by more than this many times its usual distance
    from it, and by more than a tenth of the animal, in 2D or 3D, jumped, and counts as not seen;
    `inf` keeps all."""
    fill_gaps: int = 0
    """Gaps of at most so many frames are filled on a straight line in the 2D; 0 invents nothing."""
    offsets: Mapping[str, int] = field(default_factory=dict)
    """Frame offsets that are known, by camera: its frame i + offset belongs to frame i of the first
    camera. All others are found."""
    max_offset: int = 100
    """Frames up to which an offset is looked for."""
    drops: str = "refuse"
    """What to do where a camera lost frames: `refuse`, `mend` (follow the frames; those of which it
    is not told on which side they are do not count), or `ignore` (keep the offset of the start)."""
    max_disagreement: float = 0.05
    """Share of the animal's size in the image by which cameras may disagree, the median; above it
    files, cameras or calibration do not belong together. In four real rigs no camera is above
    0.014."""
    max_error: float = 4.0
    """A joint of which the pixels would need this many times the noise of the recording to be as
    far from its 3D as they are has none."""
    max_error_px: float = math.inf
    """The same as a length in pixels; the smaller of the two counts."""
    min_cameras: int = 2
    """A joint found from fewer cameras has no 3D."""
    lift_with: str = "kernel"
    """Lifter by which single cameras are compared: `kernel`, or `ridge` (faster)."""
    lift_frames: int = 400
    """Frames that it learns from; 0 leaves the comparison out."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("min_confidence", 0.0, 1.0),
            ("max_jump", 0.0, math.inf),
            ("fill_gaps", 0, math.inf),
            ("max_offset", 0, math.inf),
            ("max_disagreement", 0.0, math.inf),
            ("max_error", 0.0, math.inf),
            ("max_error_px", 0.0, math.inf),
            ("min_cameras", 2, math.inf),
            ("lift_frames", 0, math.inf),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}; expected {low:g} to {high:g}.")
        for name, known in (("drops", DROPS), ("lift_with", NETWORKS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected {listed(known)}.")
