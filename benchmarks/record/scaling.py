"""What a fit costs by the size of its library: CPU seconds, peak memory, and the error it leaves.

Libraries are simulated hexapods of 500 frames each, through the camera of the case `sim_hexapod`,
whose test animals are in none of them. From `UNIQUE` frames on, animals come back, a little larger
or smaller and with new noise in their 2D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.record.cases import CASES, NOISE, Case
from benchmarks.record.figures import draw_scaling
from benchmarks.record.fitting import How, Lifting, RunError, Training, fit_and_lift
from benchmarks.record.measures import measure
from benchmarks.record.methods import METHODS
from benchmarks.record.tables import number
from benchmarks.report import write_section
from liftpose.datasets import simulated

Floats = NDArray[np.float32]

SIZES = (1_000, 10_000, 100_000, 1_000_000)
FRAMES = 500
UNIQUE = 100_000
LARGER = 0.05
"""Largest change of size of an animal that comes back, as a share."""

FIRST = 1000
"""Number of the first animal: far from those of the test."""


def library(frames: int, case: Case) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Simulate a library.

    Parameters
    ----------
    frames : int
        How many, a multiple of `FRAMES`.
    case : Case
        The hexapod, with the camera that films it.

    Returns
    -------
    poses_2d, poses_3d : dict of array, shape (N, J, 2) and (N, J, 3), float32
        An experiment an animal.

    Raises
    ------
    ValueError
        If so many frames are no whole number of animals.
    """
    if frames % FRAMES or frames < FRAMES:
        raise ValueError(f"a library has {frames} frames; expected a multiple of {FRAMES}.")
    poses_2d, poses_3d = {}, {}
    made = min(frames, UNIQUE) // FRAMES
    for number_ in range(made):
        poses = simulated.hexapod(FRAMES, seed=FIRST + number_, animal=FIRST + number_).poses_3d
        for again in range(number_, frames // FRAMES, made):
            rng = np.random.default_rng(FIRST + again)
            size = 1.0 if again == number_ else rng.uniform(1 - LARGER, 1 + LARGER)
            there = size * poses
            pixels = np.asarray(case.camera.project(there))
            noise = rng.normal(0, NOISE, pixels.shape)
            poses_2d[f"animal {again}"] = (pixels + noise).astype(np.float32)
            poses_3d[f"animal {again}"] = there.astype(np.float32)
    return poses_2d, poses_3d


def run(efforts: Sequence[str], sizes: Sequence[int], how: How, write: bool) -> int:
    """Fit each effort to libraries of each size, and print what it took.

    Parameters
    ----------
    efforts : sequence of str
        Of ours.
    sizes : sequence of int
        Frames of each library.
    how : How
        What of earlier runs is used.
    write : bool
        Whether table and picture go to ``docs/``.

    Returns
    -------
    int
        Exit status: 1 where something failed.
    """
    case = CASES["sim_hexapod"]()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ("ridge", *efforts)}
    failed = {}
    for frames in sizes:
        poses = library(frames, case)
        for name in found:
            try:
                one = _fit(case, name, poses, frames, how)
            except RunError as error:
                failed[f"{name}, {frames:,} frames"] = str(error)
                print(f"FAILED: {name}, {frames:,} frames: {error}", flush=True)
                continue
            found[name].append(one)
            print(
                f"{name}, {frames:,} frames: {one['cpu_seconds']:.2f} CPU s, "
                f"{one['megabytes']:.0f} MB, {one['mpjpe']:.4f} {case.recording.unit}",
                flush=True,
            )
    text = "\n".join(table(found, sizes, case.recording.unit))
    print(f"\n{text}")
    if write:
        write_section("record-scaling", text)
        print(f"drawn: {draw_scaling(found, case.recording.unit)}")
    return int(bool(failed))


def _fit(
    case: Case, name: str, poses: tuple[dict[str, Floats], dict[str, Floats]], frames: int, how: How
) -> dict[str, float]:
    method = next(method for method in METHODS if method.name == name)
    training = replace(Training.of(case, method.given), train_2d=poses[0], train_3d=poses[1])
    outcome = fit_and_lift(
        training,
        case.recording.test_2d,
        method,
        0,
        how,
        Lifting((), 0),
    )
    return {
        "frames": frames,
        "cpu_seconds": outcome.fit["cpu_seconds"],
        "wall_seconds": outcome.fit["wall_seconds"],
        "megabytes": outcome.fit["megabytes"],
        "mpjpe": measure(case, outcome.prediction).mpjpe,
    }


def table(found: dict[str, list[dict[str, float]]], sizes: Sequence[int], unit: str) -> list[str]:
    """Give what was measured as Markdown: a row a size, an effort a column.

    Parameters
    ----------
    found : dict of str to list of dict
        As `_fit` gives it, by the effort.
    sizes : sequence of int
        Frames of each library.
    unit : str
        Of the errors.

    Returns
    -------
    list of str
    """
    lines = [
        f"| frames | {' | '.join(found)} |",
        "|---:" * (1 + len(found)) + "|",
    ]
    for frames in sizes:
        cells = []
        for each in found.values():
            here: list[dict[str, Any]] = [one for one in each if one["frames"] == frames]
            cells += [
                f"{number(one['cpu_seconds'])} s, {one['megabytes']:,.0f} MB, "
                f"{number(one['mpjpe'])} {unit}"
                for one in here
            ] or ["failed"]
        lines.append(f"| {frames:,} | {' | '.join(cells)} |")
    return lines
