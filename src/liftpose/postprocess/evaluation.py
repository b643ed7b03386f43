"""The errors of a test as a table: joint by joint, beside ridge and mean pose."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.files import replacing
from liftpose.io.paths import new_file
from liftpose.lifter.checkpoint import BEST, RunFolder, read_lifter
from liftpose.lifter.published import is_published
from liftpose.postprocess import results
from liftpose.postprocess.measure_tables import decimals, measure_tables, number
from liftpose.postprocess.measures import Measures
from liftpose.postprocess.results import body_length
from liftpose.terminal import columns, plain


@dataclass(frozen=True)
class Evaluation:
    """Errors of a lifter, of its ridge and of the mean pose, in the unit of the truth.

    Parameters
    ----------
    mpjpe : dict of str to float
        Mean distance of the targets from the truth, both relative to their roots: of
        ``liftpose``, ``ridge`` and ``mean_pose``.
    pa_mpjpe : dict of str to float
        The same of all joints, after the best rotation, translation and scale of each frame.
    per_joint : dict of str to dict of str to float
        As in `mpjpe`, for each target by its name.
    unit : str or None
        Of all errors.
    body_length : float
        Median over the frames of the largest distance between two joints of the true pose; NaN
        where nothing is known of it.
    frames : int or None
        How many were tested on.
    rotated : float or None
        Degrees, where one rotation of all frames would halve the error.
    measures : Measures
        Errors of motion and in the image, and what error bars are worth.
    """

    mpjpe: dict[str, float]
    pa_mpjpe: dict[str, float]
    per_joint: dict[str, dict[str, float]]
    unit: str | None
    body_length: float
    frames: int | None
    rotated: float | None
    measures: Measures = field(default_factory=lambda: Measures({}, {}))

    def percent(self, error: float) -> float:
        """Give an error in per cent of the body length."""
        return 100 * error / self.body_length

    def rows(self) -> list[tuple[str, ...]]:
        """Give a table: a head, a row for each target, the mean, and the mean when aligned."""
        names = [name for name in ("liftpose", "ridge", "mean_pose") if name in self.mpjpe]
        known = bool(np.isfinite(self.body_length))
        unit = f" ({self.unit})" if self.unit else ""
        heads = [name.replace("_", " ") + unit for name in names]
        lines = [
            *self.per_joint.items(),
            ("all targets (MPJPE)", self.mpjpe),
            ("after alignment (PA-MPJPE)", self.pa_mpjpe),
        ]
        # As many decimals as give the mean three digits, in every row, so that the eye compares.
        digits = decimals(self.mpjpe["liftpose"])
        table = [("joint", *heads, *(["% of body"] * known))]
        for label, errors in lines:
            values = [number(errors.get(name, np.nan), digits) for name in names]
            share = [number(self.percent(errors.get("liftpose", np.nan)), 1)] * known
            table.append((label, *values, *share))
        return table

    def __str__(self) -> str:
        known = bool(np.isfinite(self.body_length))
        unit = f" {self.unit}" if self.unit else ""
        frames = f"{self.frames:,} frames" if self.frames else ""
        body = f"body length {self.body_length:.3g}{unit}" if known else ""
        foot = "; ".join(filter(None, (frames, body)))
        whole = columns(self.rows()) + (f"\n{foot}." if foot else "")
        return "\n\n".join([whole, *measure_tables(self.measures, self.unit)])

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "unit": self.unit,
            "frames": self.frames,
            "body_length": self.body_length,
            "mpjpe": self.mpjpe,
            "pa_mpjpe": self.pa_mpjpe,
            "mpjpe_per_joint": self.per_joint,
            "one_rotation_degrees": self.rotated,
            **self.measures.as_dict(),
        }

    def write(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write everything as JSON; what is not known is null.

        Parameters
        ----------
        path : path-like
            The file. Its folder must exist.
        overwrite : bool
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        OSError
            A file is there and `overwrite` is not set, or it cannot be written.
        """
        target = new_file(path, overwrite)
        with replacing(target) as beside:
            text = json.dumps(plain(self.as_dict()), indent=2, allow_nan=False)
            beside.write_text(text + "\n", encoding="utf-8")
        return target


def read_evaluation(folder: str | os.PathLike[str]) -> Evaluation:
    """Read the errors that `liftpose.main.test` found in a folder.

    Parameters
    ----------
    folder : path-like
        Of a run, or one that liftpose 0.22 trained.

    Returns
    -------
    Evaluation

    Raises
    ------
    FileNotFoundError
        Nothing was scored there.
    """
    path = Path(folder)
    content = results.read_evaluation(path)
    errors = content["mpjpe_per_joint"]
    joints, unit, length = list(errors), None, float("nan")
    if not is_published(path):
        lifter, _ = read_lifter(path / BEST)
        joints = [lifter.skeleton_known.joints[int(joint)] for joint in errors]
        unit, truth = lifter.unit, RunFolder(path).read_tests()[1]
        length = length if truth is None else body_length(truth.points)
    return Evaluation(
        _errors(content["mpjpe"]),
        _errors(content["pa_mpjpe"]),
        {name: _errors(found) for name, found in zip(joints, errors.values(), strict=True)},
        unit,
        length,
        content["split"]["test"]["frames"],
        content["split"]["one_rotation_degrees"],
        Measures.from_dict(content),
    )


def _errors(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: _known(value) for name, value in values.items()}


def _known(value: float | None) -> float:
    return float("nan") if value is None else value
