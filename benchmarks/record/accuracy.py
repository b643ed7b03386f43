"""Every method on every case: errors and costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer import run_peer_on
from benchmarks.record.cases import CASES, Case
from benchmarks.record.fitting import How, Outcome, RunError, Training, fit_and_lift
from benchmarks.record.floor import noise_floor
from benchmarks.record.fmpose import run_fmpose
from benchmarks.record.measures import Measures, body_length, measure
from benchmarks.record.methods import Method
from benchmarks.record.plain import PLAIN, relative_to_roots

FMPOSE_CASES = ("dog", "mouse34")
"""Its training takes many minutes: an animal of the kind that it was made for, and a mouse."""


@dataclass(frozen=True)
class Scored:
    """One training of one method on one case.

    Parameters
    ----------
    seed : int
        Of the training.
    measures : Measures
        Errors on the test data.
    cpu_seconds, wall_seconds : float
        To train.
    megabytes : float
        Largest resident set until the training ended; NaN where it was not measured.
    poses_per_second : float
        Lifted end to end by one thread, by wall time; NaN where it was not measured.
    p50, p99 : float
        Of a call that lifts one pose, µs; NaN where they were not measured.
    """

    seed: int
    measures: Measures
    cpu_seconds: float
    wall_seconds: float
    megabytes: float = float("nan")
    poses_per_second: float = float("nan")
    p50: float = float("nan")
    p99: float = float("nan")


@dataclass(frozen=True)
class Row:
    """What was measured on one case.

    Parameters
    ----------
    name, group, split, unit : str
        As of the `Case` and its recording.
    barred : bool
        Whether bars hold for it.
    train_frames, test_frames, joints : int
        How many there are.
    body : float
        Length of the body, in the unit.
    floor : float
        See `benchmarks.record.floor`; NaN where it was not measured.
    scored : dict of str to list of Scored
        By the name of the method, one a seed.
    failed : dict of str to str
        What failed, and how.
    """

    name: str
    group: str
    split: str
    unit: str
    barred: bool
    train_frames: int
    test_frames: int
    joints: int
    body: float
    floor: float
    scored: dict[str, list[Scored]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def values(self, method: str, what: str = "mpjpe") -> list[float]:
        """Give one number of a method for each seed: of `Measures`, or else of `Scored`."""
        return [
            getattr(one.measures if hasattr(one.measures, what) else one, what)
            for one in self.scored.get(method, [])
        ]

    def median(self, method: str, what: str = "mpjpe") -> float:
        """Give the median over the seeds; NaN where there is none."""
        found = self.values(method, what)
        return float(median(found)) if found else float("nan")

    def ratio(self, method: str, to: str = "ridge", what: str = "mpjpe") -> float:
        """Give the median of one method divided by that of another."""
        return self.median(method, what) / self.median(to, what)


def measured(
    names: Iterable[str], methods: Sequence[Method], how: How, tell: Callable[[str], None]
) -> list[Row]:
    """Run methods on cases.

    Parameters
    ----------
    names : iterable of str
        Of `CASES`.
    methods : sequence of Method
        What is run.
    how : How
        Seeds, and what of earlier runs is used.
    tell : callable
        Is given a line for each case when it is done.

    Returns
    -------
    list of Row
        In the order of the names.
    """

    def one(name: str) -> Row:
        start = time.perf_counter()
        row = _row(CASES[name](), methods, how)
        ratios = " ".join(
            f"{method.name} {row.ratio(method.name):.3f}"
            for method in methods
            if method.name in row.scored and method.name != "ridge"
        )
        failed = f" FAILED: {', '.join(row.failed)}" if row.failed else ""
        seconds = time.perf_counter() - start
        tell(
            f"{name}: ridge {row.median('ridge'):.4g} {row.unit}, floor {row.floor:.4g}; × ridge: "
            f"{ratios}{failed} ({seconds:.0f} s)"
        )
        return row

    # In this thread where one is enough, which is what an interrupt stops.
    if how.jobs == 1:
        return [one(name) for name in names]
    with ThreadPoolExecutor(how.jobs) as pool:
        return list(pool.map(one, names))


def _row(case: Case, methods: Sequence[Method], how: How) -> Row:
    one = case.recording
    row = Row(
        case.name,
        case.group,
        case.split,
        one.unit,
        case.barred,
        case.train_frames,
        sum(map(len, one.test_2d.values())),
        len(one.joints),
        body_length(case),
        float("nan"),
    )
    for method in methods:
        for seed in range(min(method.seeds, how.seeds)):
            try:
                outcome = _outcome(case, method, seed, how)
                if outcome is not None:
                    row.scored.setdefault(method.name, []).append(_scored(case, seed, outcome))
            # One that fails is no reason to lose the others: it is said by name.
            except Exception as error:
                row.failed[f"{method.name}, seed {seed}"] = _said(error)
    try:
        floor = noise_floor(case, how)
    except Exception as error:
        row.failed["floor"] = _said(error)
        return row
    return replace(row, floor=floor)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"


def _outcome(case: Case, method: Method, seed: int, how: How) -> Outcome | None:
    """Run a method; None where it has nothing to do with a case."""
    one = case.recording
    if method.kind == "ours":
        return fit_and_lift(Training.of(case, method.given), one.test_2d, method, seed, how)
    if method.kind == "plain":
        start, wall = time.thread_time(), time.perf_counter()
        found = PLAIN[method.name](Training.of(case, given=False), one.test_2d, seed)
        cost = time.thread_time() - start, time.perf_counter() - wall
        return _of_others(case, found, *cost)
    if method.kind == "peer":
        fresh = how.fresh and method.name == "peer-best"  # both are of one training
        run = run_peer_on(one, seed, fresh)
        placed = run.best if method.name == "peer-best" else run.last
        return _of_others(
            case,
            {
                name: relative_to_roots(poses, one.roots, one.target_sets)
                for name, poses in placed.items()
            },
            run.cpu_seconds,
            run.wall_seconds,
        )
    if case.name not in FMPOSE_CASES:
        return None
    fmpose = run_fmpose(case, seed, how.fresh)
    return _of_others(case, fmpose.prediction, fmpose.cpu_seconds, fmpose.wall_seconds)


def _of_others(
    case: Case, prediction: Mapping[str, NDArray[np.floating]], cpu: float, wall: float
) -> Outcome:
    cost: dict[str, Any] = {"cpu_seconds": cpu, "wall_seconds": wall}
    return Outcome({name: prediction[name] for name in case.recording.test_2d}, cost, {})


def _scored(case: Case, seed: int, outcome: Outcome) -> Scored:
    speeds = outcome.lift.get("speeds", [])
    unknown = float("nan")
    return Scored(
        seed,
        measure(case, outcome.prediction),
        outcome.fit["cpu_seconds"],
        outcome.fit["wall_seconds"],
        outcome.fit.get("megabytes", unknown),
        speeds[-1]["frames"] / speeds[-1]["wall_seconds"] if speeds else unknown,
        outcome.lift.get("latency", {}).get("p50", unknown),
        outcome.lift.get("latency", {}).get("p99", unknown),
    )
