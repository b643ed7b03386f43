"""What came of lifting a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liftpose.poses import Key, Swap, Verdict
from liftpose.poses.swaps import said


@dataclass(frozen=True)
class LiftSummary:
    """What came of lifting a file.

    Parameters
    ----------
    source, path : pathlib.Path
        The 2D, and the 3D that was written.
    frames : int
        In both.
    seconds : float
        From opening one to closing the other.
    blind : int
        Frames in which too little was seen, and which are NaN.
    missing : dict of str to float
        Share of the frames in which each joint was not seen in 2D, or too unsurely.
    unplaced : int, optional
        Where poses were put at their place, frames that have none.
    off_floor : int, optional
        Where they were put on a floor, how many of those do not stand on it.
    verdicts : mapping of Key to Verdict
        What is said of each experiment; empty where the lifter cannot tell.
    swaps : sequence of Swap
        Frames where two individuals seem to swap their identities in the 2D.
    """

    source: Path
    path: Path
    frames: int
    seconds: float
    blind: int
    missing: dict[str, float]
    unplaced: int | None = None
    off_floor: int | None = None
    verdicts: Mapping[Key, Verdict] = field(default_factory=dict)
    swaps: Sequence[Swap] = ()

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / max(self.seconds, 1e-9)

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "status": "lifted",
            "source": os.fspath(self.source),
            "path": os.fspath(self.path),
            "frames": self.frames,
            "seconds": self.seconds,
            "blind_frames": self.blind,
            "missing": self.missing,
            "unplaced_frames": self.unplaced,
            "off_floor_frames": self.off_floor,
            "verdicts": [
                {"experiment": key, **verdict.as_dict()} for key, verdict in self.verdicts.items()
            ],
            "swaps": [swap.as_dict() for swap in self.swaps],
        }

    @property
    def warnings(self) -> list[str]:
        """What there is to say of swaps, and of experiments that are not like the training data."""
        unlike = [
            f"{self.source}{f', experiment {key!r}' if key else ''}: {verdict}"
            for key, verdict in self.verdicts.items()
            if verdict.amiss
        ]
        return unlike + ([f"{self.source}: {said(self.swaps)}"] if self.swaps else [])

    def __str__(self) -> str:
        blind = f", {self.blind:,} of them blind" if self.blind else ""
        if self.unplaced:
            off = f" ({self.off_floor:,} off the floor)" if self.off_floor else ""
            blind += f", {self.unplaced:,} without a place{off}"
        return (
            f"{self.path}: {self.frames:,} frames{blind}, in {self.seconds:.1f} s "
            f"({self.rate:,.0f} frames/s)"
        )
