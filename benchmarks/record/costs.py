"""What lifting costs: poses a second, the time of one, and how both grow with the frames.

Lifters of the simulated hexapod, of 30 joints, that were told skeleton and camera. A fresh process
for each number of threads; end to end is from an array of pixels to the `Lifted` of all frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.record.cases import CASES
from benchmarks.record.fitting import How, Lifting, RunError, Training, fit_and_lift
from benchmarks.record.methods import Method

CASE = "sim_hexapod"
FRAMES = (10_000, 100_000, 400_000)
TOLD = FRAMES[1]
"""The number of frames whose speed stands in the table."""
CALLS = 3000
THREADS = (1, 2)
LINEAR = 1.25
"""How many times the seconds of a frame among few may one among many cost, to count as linear."""


@dataclass(frozen=True)
class Costs:
    """What was measured of lifting.

    Parameters
    ----------
    found : dict of (str, int) to dict
        By method and number of threads: ``speeds`` and ``latency`` as the worker gives them.
    failed : dict of str to str
        What failed, and how.
    """

    found: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def poses_per_second(self, method: str, threads: int = 2, frames: int = TOLD) -> float:
        """Give the speed of a call that lifts so many frames; NaN where it was not measured."""
        for speed in self.found.get((method, threads), {}).get("speeds", []):
            if speed["frames"] == frames:
                return float(frames / speed["wall_seconds"])
        return float("nan")

    def latency(self, method: str, which: str, threads: int = 2) -> float:
        """Give the time of a call that lifts one pose, in µs; NaN where it was not measured."""
        found = self.found.get((method, threads), {}).get("latency", {})
        return float(found.get(which, "nan"))

    def growth(self, method: str, threads: int = 1) -> float:
        """Give CPU seconds of a frame among most frames over those of one among fewer."""
        each = {
            speed["frames"]: speed["cpu_seconds"] / speed["frames"]
            for speed in self.found.get((method, threads), {}).get("speeds", [])
        }
        nan = float("nan")
        return float(each.get(FRAMES[-1], nan) / each.get(FRAMES[-2], nan))


def measured_costs(methods: Sequence[Method], how: How, tell: Callable[[str], None]) -> Costs:
    """Measure what lifting costs.

    Parameters
    ----------
    methods : sequence of Method
        Of which those of ours.
    how : How
        What of earlier runs is used.
    tell : callable
        Is given a line for each.

    Returns
    -------
    Costs
    """
    case, costs = CASES[CASE](), Costs()
    for method in methods:
        if method.kind != "ours":
            continue
        for threads in THREADS:
            try:
                outcome = fit_and_lift(
                    Training.of(case, method.given),
                    case.recording.test_2d,
                    method,
                    0,
                    how,
                    Lifting(FRAMES, CALLS, threads),
                )
            except RunError as error:
                costs.failed[f"{method.name}, {threads} threads"] = str(error)
                continue
            costs.found[method.name, threads] = outcome.lift
            tell(
                f"{method.name}, {threads} threads: "
                f"{costs.poses_per_second(method.name, threads):,.0f} poses/s, one in "
                f"{costs.latency(method.name, 'p50', threads):.0f} µs"
            )
    return costs
