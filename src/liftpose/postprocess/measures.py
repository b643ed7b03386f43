"""How lifted poses move and look in the image, and how far their error bars can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from liftpose import metrics
from liftpose.geometry.camera import Camera
from liftpose.lifter.lifter import Lifter
from liftpose.metrics import CoverageInterval, RiskCoverage
from liftpose.poses import Bars, Floats, Lifted, Poses
from liftpose.postprocess.results import Model, Truth

LEVELS = (0.5, 0.9)
"""Probabilities of the intervals and balls whose coverage is measured."""
CURVE_POINTS = 100
"""A curve has as many points as there are frames; so many are kept, evenly."""


@dataclass(frozen=True)
class Held:
    """How the error bars of one level fared.

    Parameters
    ----------
    interval : CoverageInterval
        Share of coordinates whose interval holds the truth.
    ball : CoverageInterval
        Share of joints whose ball holds it.
    interval_score : float
        See `liftpose.metrics.interval_score`; in the unit of the poses, less is better.
    """

    interval: CoverageInterval
    ball: CoverageInterval
    interval_score: float


@dataclass(frozen=True)
class Ordering:
    """How well spread tells good predictions from bad ones.

    Parameters
    ----------
    aurc, oracle_aurc, unordered, oracle_share : float
        See `liftpose.metrics.RiskCoverage`.
    known, unknown : int
        How many values were put in order, and how many left out.
    coverage, risk, oracle : tuple of float
        The curve, at evenly spaced places.
    """

    aurc: float
    oracle_aurc: float
    unordered: float
    oracle_share: float
    known: int
    unknown: int
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    oracle: tuple[float, ...]

    @classmethod
    def of(cls, found: RiskCoverage) -> Ordering:
        """Keep of a curve what is written and printed."""
        known = len(found.risk)
        number = min(known, CURVE_POINTS)
        kept = np.arange(1, number + 1) * known // max(1, number) - 1
        return cls(
            found.aurc,
            found.oracle_aurc,
            found.unordered,
            found.oracle_share,
            known,
            found.unknown,
            *(tuple(line[kept].tolist()) for line in (found.coverage, found.risk, found.oracle)),
        )


@dataclass(frozen=True)
class Trust:
    """How far the spread of lifted targets can be trusted.

    Parameters
    ----------
    bars : dict of float to Held
        By their level.
    frames, joints : Ordering
        Of frames, by the mean error of their targets; and of single targets.
    """

    bars: dict[float, Held]
    frames: Ordering
    joints: Ordering

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "levels": {str(level): asdict(bars) for level, bars in self.bars.items()},
            "ordering_frames": asdict(self.frames),
            "ordering_joints": asdict(self.joints),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Trust:
        """Read what `as_dict` gave, null standing for what is not known."""
        bars = {
            float(level): Held(
                CoverageInterval(**_known(found["interval"])),
                CoverageInterval(**_known(found["ball"])),
                _number(found["interval_score"]),
            )
            for level, found in values["levels"].items()
        }
        frames, joints = (
            Ordering(**_known(values[which])) for which in ("ordering_frames", "ordering_joints")
        )
        return cls(bars, frames, joints)


@dataclass(frozen=True)
class Measures:
    """What is measured of predictions beside their distance from the truth.

    Parameters
    ----------
    velocity_error, acceleration_error : dict of str to float
        Of ``liftpose``, ``ridge`` and ``mean_pose``, in the unit of the poses per frame, and per
        frame squared.
    reprojection_error : dict of str to float, or None
        In pixels: of the same, with roots where the truth has them, and of the ``truth`` itself.
        None where no camera is known.
    trust : Trust or None
        None where the lifter gives no spread.
    """

    velocity_error: dict[str, float]
    acceleration_error: dict[str, float]
    reprojection_error: dict[str, float] | None = None
    trust: Trust | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "velocity_error": self.velocity_error,
            "acceleration_error": self.acceleration_error,
            "reprojection_error": self.reprojection_error,
            "trust": None if self.trust is None else self.trust.as_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Measures:
        """Read what `as_dict` gave, null standing for what is not known."""
        # Evaluations that were written before there were such measures have none of them.
        reprojection, trust = values.get("reprojection_error"), values.get("trust")
        return cls(
            _known(values.get("velocity_error", {})),
            _known(values.get("acceleration_error", {})),
            None if reprojection is None else _known(reprojection),
            None if trust is None else Trust.from_dict(trust),
        )


def measure(
    model: Model, truth: Truth, found: Mapping[str, Floats], camera: Any = None
) -> Measures:
    """Measure predictions in time and in the image, and their error bars.

    Parameters
    ----------
    model : Lifter, or one read from a folder of 0.22
        What lifted.
    truth : Truth
        What it is scored against.
    found : dict of str to array, shape (N, T + R, D)
        Joints relative to their anchors; see `guesses`.
    camera : as in `liftpose.Lifter.lift`, optional
        What filmed the 2D.

    Returns
    -------
    Measures
    """
    count, lengths = len(truth.sets.targets), truth.poses_3d.lengths
    cameras = _cameras(model, truth.poses_2d, camera)
    lifted = lifted_with_spread(model, truth.poses_2d, cameras)
    targets = {name: relative[:, :count] for name, relative in found.items()}

    def in_time(metric: Any) -> dict[str, float]:
        return {
            name: float(metric(truth.relative, guess, lengths=lengths))
            for name, guess in targets.items()
        }

    reprojected = None
    if cameras is not None and truth.poses_3d.dims == 3:
        reprojected = _reprojected(model, truth, found, cameras)
    trust = None
    if lifted is not None:
        of_targets = np.asarray(lifted.spread, np.float64)[:, list(truth.sets.targets)]
        trust = trusted(truth.relative, targets["liftpose"], of_targets, lengths, lifted.bars)
    return Measures(
        in_time(metrics.velocity_error), in_time(metrics.acceleration_error), reprojected, trust
    )


def trusted(
    truth: Floats,
    prediction: Floats,
    spread: Floats,
    lengths: Sequence[int] | None = None,
    widths: Bars | None = None,
) -> Trust:
    """Judge the error bars of predictions.

    Parameters
    ----------
    truth, prediction, spread : array, shape (N, J, D)
        Positions, and one standard deviation of each coordinate. NaN where not known.
    lengths : sequence of int, optional
        Frames of each recording, one after another.
    widths : Bars, optional
        How many spreads wide error bars are; of levels that it does not tell of, nothing is
        measured. None: as wide as those of normal distributions.

    Returns
    -------
    Trust
    """
    blocks = metrics.time_blocks((len(truth),) if lengths is None else lengths)
    held = {}
    for level in LEVELS if widths is None else (one for one in LEVELS if one <= widths.highest):
        if widths is None:
            ends = metrics.normal_interval(prediction, spread, level)
            radius = metrics.ball_radius(spread, level)
        else:
            half = widths.of_interval(level) * spread
            ends = prediction - half, prediction + half
            radius = widths.of_ball(level) * np.sqrt(np.square(spread).sum(axis=2))
        held[level] = Held(
            metrics.coverage_interval(metrics.in_interval(truth, *ends), blocks),
            metrics.coverage_interval(metrics.in_ball(truth, prediction, radius), blocks),
            float(metrics.interval_score(truth, *ends, level)),
        )
    errors, square = metrics.joint_errors(truth, prediction), (spread**2).sum(axis=2)
    known = np.isfinite(errors) & np.isfinite(square)
    number = known.sum(axis=1)
    # A frame without a known joint has neither an error nor a spread, so that it is left out.
    frame_errors, frame_squares = (
        np.where(number > 0, np.where(known, values, 0).sum(axis=1) / np.maximum(number, 1), np.nan)
        for values in (errors, square)
    )
    return Trust(
        held,
        Ordering.of(metrics.risk_coverage(frame_errors, np.sqrt(frame_squares))),
        Ordering.of(metrics.risk_coverage(errors, np.sqrt(square))),
    )


def lifted_with_spread(
    model: Model, poses_2d: Poses, cameras: Mapping[Any, Camera] | None = None
) -> Lifted | None:
    """Lift poses, if there is a spread of their joints.

    Parameters
    ----------
    model : Lifter, or one read from a folder of 0.22
        Those of 0.22 have none.
    poses_2d : Poses
        What is lifted.
    cameras : mapping of key to Camera, optional
        What filmed each experiment.

    Returns
    -------
    Lifted or None
        None where the lifter gives no spread.
    """
    if not isinstance(model, Lifter):
        return None

    def lifted(poses: Poses) -> Lifted:
        # Whoever lifted them before was told of what the lens does not reach.
        return model.lift(poses, cameras, on_unreached=lambda lost: None)

    # One frame tells whether there is any, so that nothing is lifted twice for nothing.
    return None if lifted(poses_2d.part(0, 1)).spread is None else lifted(poses_2d)


def _cameras(model: Model, poses_2d: Poses, camera: Any) -> dict[Any, Camera] | None:
    if not isinstance(model, Lifter) or model.views is None:
        return None
    return dict(zip(poses_2d.keys, model.views.of(poses_2d.keys, camera), strict=True))


def _reprojected(
    model: Model, truth: Truth, found: Mapping[str, Floats], cameras: Mapping[Any, Camera]
) -> dict[str, float]:
    """Errors in the image of targets that count, and of the same joints of the truth."""
    results = {name: truth.results(relative) for name, relative in found.items()}
    counted = np.all(results["liftpose"].good_keypts, axis=2, keepdims=True)
    points = np.where(counted, truth.poses_2d.points, np.nan)
    placed = {name: result.pred for name, result in results.items()}
    placed["truth"] = truth.poses_3d.given
    frame = (model.frame if isinstance(model, Lifter) else None) or "world"
    return {
        name: float(
            metrics.reprojection_error(
                points,
                np.asarray(poses, np.float64),
                [cameras[key] for key in truth.poses_2d.keys],
                lengths=truth.poses_2d.lengths,
                frame=frame,
            )
        )
        for name, poses in placed.items()
    }


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _number(value) for name, value in values.items()}


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return float("nan") if value is None else value
