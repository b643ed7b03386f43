"""Where one image has several poses: what ten draws are worth, and what the 2D tells of them.

Lifters draw ten whole poses of each test frame. Beside the error of the lifted pose stands that of
the draw nearest to the truth, found with the truth, and that of the aggregate, found without. In
viewpoints that were never calibrated, lifters learn from 3D poses alone (see
`benchmarks.cameras.viewpoints`), and see test frames from nine directions within the range; errors
are P-MPJPE there, and MPJPE in the frame of the camera. Only the aggregate is told the focal length
of the camera. In the recordings of the record, cameras are known to the lifters, and errors are
MPJPE of the targets from their roots.

Draws that are as plausible as the truth are as far from each other as from the truth.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.cameras import viewpoints
from benchmarks.record.cases import CASES, Case
from benchmarks.trust import HOLDS, MISSED
from benchmarks.trust._fitted import NAMES, fitted
from liftpose import Camera, Lifted
from liftpose.geometry.alignment import align
from liftpose.postprocess import aggregate

Floats = NDArray[np.float64]
Measure = Callable[[Floats], Floats]
"""From poses (N, J, 3) to the mean error of each frame, (N,)."""

SEEDS = 3
COUNT = 10
BEST, MOST = 0.9, 1.01
DIRECTIONS = tuple(itertools.product((-viewpoints.RANGE, 0, viewpoints.RANGE), repeat=2))
FOCAL = viewpoints.FOCAL_LENGTH
FILMED = Camera(K=[[FOCAL, 0, 0], [0, FOCAL, 0], [0, 0, 1]])


@dataclass(frozen=True)
class Found:
    """What came of it, of one lifter by one measure.

    Parameters
    ----------
    lifted : float
        Error of the lifted pose.
    best, one, aggregate : float
        Error of the draw nearest to the truth, of any draw, and of the aggregate, as shares.
    apart : float
        How far draws are from each other, as a share of how far they are from the truth.
    """

    lifted: float
    best: float
    one: float
    aggregate: float
    apart: float

    @classmethod
    def of(cls, lifted: Lifted, joined: Lifted, truth: Floats, measure: Measure) -> Found:
        """Measure what was lifted, drawn and aggregated of some frames.

        Parameters
        ----------
        lifted, joined : Lifted
            With hypotheses, and aggregated.
        truth : array, shape (N, J, 3)
            Relative to the first root.
        measure : callable
        """
        assert lifted.hypotheses is not None
        drawn = lifted.hypotheses.astype(np.float64)
        plain = float(np.nanmean(measure(lifted.position)))
        each = np.array([measure(one) for one in drawn])
        pairs = itertools.combinations(range(len(drawn)), 2)
        between = np.mean([_distance(drawn[a], drawn[b]) for a, b in pairs])
        off = np.mean([_distance(one, truth) for one in drawn])
        return cls(
            plain,
            float(np.nanmean(each.min(0))) / plain,
            float(np.nanmean(each)) / plain,
            float(np.nanmean(measure(joined.position))) / plain,
            float(between / off),
        )


def _distance(one: Floats, other: Floats) -> float:
    """Mean distance of whole poses, over the frames in which all that is known of both is."""
    known = np.isfinite(one) & np.isfinite(other)
    return float(np.sqrt((np.where(known, one - other, 0.0) ** 2).sum((1, 2))).mean())


def of_viewpoints(library: viewpoints.Library, seed: int) -> dict[str, Found]:
    """Measure a lifter of unknown viewpoints.

    Parameters
    ----------
    library : Library
    seed : int

    Returns
    -------
    dict of str to Found
        By measure.
    """
    lifter = viewpoints.unknown_camera(library, seed=seed)
    some = {key: pose[:: viewpoints.SHOWN] for key, pose in library.test.items()}
    flat, deep = {}, {}
    for elevation, azimuth in DIRECTIONS:
        one, truth = viewpoints.filmed(library, some, azimuth, elevation)
        flat |= {f"{key} {elevation} {azimuth}": part for key, part in one.items()}
        deep |= {f"{key} {elevation} {azimuth}": part for key, part in truth.items()}
    lifted = replace(lifter.lift(flat, hypotheses=COUNT), frame="camera")
    joined = aggregate(lifted, flat, FILMED)
    true = np.concatenate(list(deep.values()))
    true = true - true[:, library.roots[:1]]
    targets = [joint for part in library.target_sets for joint in part]

    def aligned(poses: Floats) -> Floats:
        return _off(align(poses.astype(np.float64), true), true)

    def plain(poses: Floats) -> Floats:
        return _off(poses[:, targets], true[:, targets])

    measures = {"P-MPJPE": aligned, "MPJPE": plain}
    return {name: Found.of(lifted, joined, true, one) for name, one in measures.items()}


def of_case(case: Case, seed: int) -> Found:
    """Measure a lifter of the default effort that learned with skeleton and camera.

    Parameters
    ----------
    case : Case
    seed : int

    Returns
    -------
    Found
    """
    one = case.recording
    lifter = fitted(case, seed)
    lifted = lifter.lift(one.test_2d, case.camera, hypotheses=COUNT)
    joined = aggregate(lifted, one.test_2d, case.camera)
    truth = np.concatenate([one.test_3d[key] for key in lifted.keys]).astype(np.float64)
    anchors = {
        joint: root
        for root, targets in zip(one.roots, one.target_sets, strict=True)
        for joint in targets
    }
    joints, roots = list(anchors), list(anchors.values())
    true = truth[:, joints] - truth[:, roots]

    def relative(poses: Floats) -> Floats:
        return _off(poses[:, joints] - poses[:, roots], true)

    return Found.of(lifted, joined, truth - truth[:, one.roots[:1]], relative)


def _off(poses: Floats, truth: Floats) -> Floats:
    distance = np.linalg.norm(poses - truth, axis=2)
    known = np.isfinite(distance)
    total: Floats = np.where(known, distance, 0.0).sum(1)
    return np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan)


def lines(names: Sequence[str] = NAMES) -> Iterator[str]:
    """Yield the tables, and last whether the bars are met.

    Parameters
    ----------
    names : sequence of str
        Cases of the record.

    Yields
    ------
    str
    """
    yield (
        "| unknown viewpoint | measure | lifted pose | best of 10, at most 0.9 | any draw "
        "| draws apart / from the truth | aggregate, at most 1.01 |"
    )
    yield "|---" * 7 + "|"
    for library in (viewpoints.dog(), viewpoints.mouse34()):
        runs = [of_viewpoints(library, seed) for seed in range(SEEDS)]
        for name in runs[0]:
            found = _median([run[name] for run in runs])
            best = f"{found.best:.3f}"
            if name == "P-MPJPE":
                best += f", {HOLDS if found.best <= BEST else MISSED}"
            yield (
                f"| {library.name} | {name} | {found.lifted:.4g} {library.unit} | {best} | "
                f"{found.one:.2f} | {found.apart:.2f} | {_joined(found, True)} |"
            )
    yield ""
    yield (
        "| known camera | MPJPE of the lifted pose | best of 10 | any draw "
        "| draws apart / from the truth | aggregate, at most 1.01 |"
    )
    yield "|---" * 6 + "|"
    for case_name in names:
        case = CASES[case_name]()
        found = _median([of_case(case, seed) for seed in range(SEEDS)])
        yield (
            f"| {case_name} | {found.lifted:.4g} {case.recording.unit} | {found.best:.3f} | "
            f"{found.one:.2f} | {found.apart:.2f} | {_joined(found, case.barred)} |"
        )


def _joined(found: Found, barred: bool) -> str:
    said = (HOLDS if found.aggregate <= MOST else MISSED) if barred else "no bar"
    return f"{found.aggregate:.4f}, {said}"


def _median(runs: Sequence[Found]) -> Found:
    names = ("lifted", "best", "one", "aggregate", "apart")
    return Found(*(median(getattr(run, name) for run in runs) for name in names))
