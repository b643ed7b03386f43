"""What came of building a library, as a table and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.geometry.synchrony import Timing
from liftpose.geometry.triangulation import Triangulated
from liftpose.io.filmed import FilmedLibrary
from liftpose.library.building.footage import Footage
from liftpose.library.building.singles import Singles
from liftpose.library.building.timing import changes, unconnected
from liftpose.terminal import columns


@dataclass(frozen=True)
class CameraReport:
    """What came of one camera.

    Parameters
    ----------
    name : str
    file : pathlib.Path
    frames : int
        Of its file.
    offset, low, high : int
        Its frame i + offset belongs to frame i of the first camera; from low to high the data do
        not tell.
    not_seen, unsure, jumped, filled : float
        Shares of the joints of all its frames: that the tracker did not give, or that were left
        out for low likelihood or a jump, or filled in.
    error : float, pixels
        Median distance of the pixels that were used from where the 3D is shown.
    left_out : float
        Share of the pixels that do not agree with the others.
    alone : float
        Error of a quick lifter that has this camera only, in the unit of the library; NaN where
        there is none.
    """

    name: str
    file: Path
    frames: int
    offset: int
    low: int
    high: int
    not_seen: float
    unsure: float
    jumped: float
    filled: float
    error: float
    left_out: float
    alone: float

    def offset_text(self, first: bool) -> str:
        """Write the offset, with what it may be as well."""
        if first:
            return "first"
        sure = self.low == self.high
        here = f"{self.offset:+d}" if self.offset else "0"
        return here if sure else f"{here} ({self.low} to {self.high})"


@dataclass(frozen=True)
class Report:
    """What came of building a library.

    Parameters
    ----------
    cameras : tuple of CameraReport
    frames, joints : int
        Rows and joints of the 3D.
    missing : float
        Share of it that is not known.
    noise : float, pixels
        Standard deviation of a coordinate of the pixels.
    lost : dict of str to int
        Joints without 3D for their reprojection error, too few cameras, or a jump.
    axes, scale : str
        What was done.
    unit : str or None
    singles : Singles
        Each camera as if it were the only one.
    notes : tuple of str
        What else has to be known.
    """

    cameras: tuple[CameraReport, ...]
    frames: int
    joints: int
    missing: float
    noise: float
    lost: dict[str, int]
    axes: str
    scale: str
    unit: str | None
    singles: Singles
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        cameras = [{**vars(camera), "file": str(camera.file)} for camera in self.cameras]
        return {**vars(self), "cameras": cameras, "singles": vars(self.singles)}

    def __str__(self) -> str:
        lost = ", ".join(
            f"{count:,} for {why}" for why, count in zip(_WHY, self.lost.values(), strict=True)
        )
        noise = f"{self.noise:.2f} px" if np.isfinite(self.noise) else "not known"
        return "\n".join(
            [
                f"{self.frames:,} frames of {self.joints} joints"
                f"{f' in {self.unit}' if self.unit else ', unit not known (say it with unit=)'}, "
                f"{100 * self.missing:.1f} % without 3D (taken out: {lost})",
                f"noise of the pixels: {noise}; axes: {self.axes}; scale: {self.scale}",
                columns(self._rows()),
                *self._about_singles(),
                *(f"note: {note}." for note in self.notes),
            ]
        )

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [_HEAD]
        length = self.singles.body_length
        for number, camera in enumerate(self.cameras):
            shares = (camera.not_seen, camera.unsure, camera.jumped, camera.left_out)
            alone = "-"
            if np.isfinite(camera.alone):
                alone = f"{camera.alone:.3g} ({100 * camera.alone / length:.1f} %)"
            rows.append(
                (
                    camera.name,
                    camera.offset_text(number == 0),
                    *(f"{100 * share:.1f} %" for share in shares),
                    f"{camera.error:.2f}",
                    alone,
                )
            )
        return rows

    def _about_singles(self) -> list[str]:
        found = self.singles
        if not found.errors:
            return ["alone: not measured (too few frames, or none asked for)"]
        length, unit = found.body_length, f" {self.unit}" if self.unit else ""
        lines = [
            f"alone: mean error{f' in{unit}' if unit else ''} (% of the body length, "
            f"{length:.4g}{unit}) of a quick lifter from that camera, on {found.tested:,} held-out "
            f"frames after {found.trained:,}; the mean pose has {found.mean_pose:.3g} "
            f"({100 * found.mean_pose / length:.1f} %)",
            f"camera to keep: {next(iter(found.errors))}",
        ]
        return lines + [
            f"{name} cannot be lifted from: {why}" for name, why in found.failed.items()
        ]


_HEAD = ("camera", "offset", "not seen", "unsure", "jumped", "left out", "px off", "alone")
_WHY = ("their reprojection error", "too few cameras", "jumping")


def reported(
    library: FilmedLibrary,
    footage: Footage,
    timings: Mapping[str, Timing],
    found: Triangulated,
    lost: Mapping[str, int],
    singles: Singles,
) -> Report:
    """Put together what came of building a library.

    Parameters
    ----------
    library : FilmedLibrary
        As it is.
    footage, timings, found, lost, singles
        What came of each step.

    Returns
    -------
    Report
    """
    typical = library.typical_errors()
    cameras = []
    for place, view in enumerate(footage.views):
        joints = max(view.given[..., 0].size, 1)
        seen = np.isfinite(view.given).all(axis=2).sum()
        timing, known = timings[view.name], np.isfinite(library.errors[place])
        cameras.append(
            CameraReport(
                view.name,
                view.file,
                view.frames,
                timing.offset,
                timing.low,
                timing.high,
                float(1 - seen / joints),
                view.unsure / joints,
                view.jumped / joints,
                view.filled / joints,
                typical[view.name],
                float((known & ~library.used[place]).sum() / max(known.sum(), 1)),
                singles.errors.get(view.name, float("nan")),
            )
        )
    about = library.about[library.poses.keys[0]]
    return Report(
        tuple(cameras),
        library.poses.frames,
        library.poses.joint_count,
        float(np.isnan(library.poses.points[..., 0]).mean()),
        found.noise,
        dict(lost),
        about["axes"],
        about["scale"],
        library.poses.unit,
        singles,
        tuple(_notes(footage, timings)),
    )


def _notes(footage: Footage, timings: Mapping[str, Timing]) -> list[str]:
    notes = changes(timings)
    first = footage.views[0]
    for view in footage.views[1:]:
        timing = timings[view.name]
        if timing.offset and np.isfinite(timing.at_zero):
            notes.append(
                f"camera {view.name!r} is shifted by {timing.offset:+d} frames: it disagrees by "
                f"{timing.at_offset:.2f} px with that, and by {timing.at_zero:.2f} px without"
            )
        if view.frames != first.frames:
            notes.append(
                f"{view.file} has {view.frames:,} frames, and {first.file} {first.frames:,}"
            )
    groups = unconnected(footage)
    if len(groups) > 1:
        said = " and ".join(", ".join(group) for group in groups)
        notes.append(f"the cameras {said} never see a joint together: no offset between them shows")
    return notes
