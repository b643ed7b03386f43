"""The bars of the record: what has to hold, what came out, and whether it holds.

A recording that several cameras saw counts once: the geometric mean over its cameras is taken
first, and then that over the recordings. Where the noise floor is at least `NEAR` of the ridge's
error, only the bar for the worst holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.record.accuracy import Row
from benchmarks.record.costs import Costs
from benchmarks.record.floor import NEAR
from benchmarks.record.methods import EFFORTS

MISSED = "**missed**"

MEAN = {"fast": 0.95, "default": 0.85, "best": 0.75}
WORST = {"fast": 1.05, "default": 1.05, "best": 1.05}
MEAN_WITHOUT = {"default": 0.90, "best": 0.80}
WORST_WITHOUT = {"default": 1.10, "best": 1.10}
MEAN_PEER_BEST = {"default": 0.6, "best": 0.5}
MEAN_PEER_LAST = {"default": 0.5, "best": 0.45}
FIT_SECONDS = {"fast": 1.0, "default": 15.0, "best": 60.0}
POSES_PER_SECOND = {"fast": 200_000.0, "default": 100_000.0, "best": 20_000.0}
LATENCY = {"fast": 200.0, "default": 200.0}

FITTED = "sim_hexapod"
"""The case whose CPU seconds have a bar: 10,000 poses."""


@dataclass(frozen=True)
class Bar:
    """One bar of one effort.

    Parameters
    ----------
    what : str
        What is measured.
    effort : str
        Of `EFFORTS`.
    value : float
        What came out; NaN where it was not measured.
    bar : float or None
        What is asked for; None where it is only told.
    least : bool
        Whether the bar is a least value, not a largest.
    note : str
        Which case it was, or of how many.
    """

    what: str
    effort: str
    value: float
    bar: float | None
    least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether it holds; None where there is no bar or no value."""
        if self.bar is None or math.isnan(self.value):
            return None
        return self.value >= self.bar if self.least else self.value <= self.bar


def exempt(row: Row) -> bool:
    """Tell whether the noise floor is so near the ridge that only the worst-case bar applies."""
    return row.floor >= NEAR * row.median("ridge")


def geometric_mean(values: Iterable[float]) -> float:
    """Give the geometric mean; NaN of nothing.

    Examples
    --------
    >>> geometric_mean([0.5, 2.0])
    1.0
    """
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else float("nan")


def over_recordings(
    rows: Sequence[Row], method: str, to: str = "ridge", what: str = "mpjpe"
) -> dict[str, float]:
    """Give a ratio for each recording: the geometric mean over its cameras.

    Parameters
    ----------
    rows : sequence of Row
        What was measured.
    method, to : str
        Names of methods.
    what : str
        Of `Measures`.

    Returns
    -------
    dict of str to float
        By the group; of rows that have a bar for the mean and both methods, only.
    """
    found: dict[str, list[float]] = {}
    for row in rows:
        ratio = row.ratio(method, to, what)
        if row.barred and not exempt(row) and not math.isnan(ratio):
            found.setdefault(row.group, []).append(ratio)
    return {group: geometric_mean(ratios) for group, ratios in found.items()}


def checked(rows: Sequence[Row], costs: Costs) -> list[Bar]:
    """Hold what was measured against what is asked for.

    Parameters
    ----------
    rows : sequence of Row
        Errors and seconds.
    costs : Costs
        Of lifting.

    Returns
    -------
    list of Bar
        One after another as they stand in the table, each for all efforts.
    """
    return [
        *_accuracy(rows, "", MEAN, WORST),
        *_accuracy(rows, "-without", MEAN_WITHOUT, WORST_WITHOUT),
        *_beside(rows, "peer-best", "geometric mean, × 0.22's best epoch", MEAN_PEER_BEST),
        *_beside(rows, "peer-last", "geometric mean, × 0.22's last epoch", MEAN_PEER_LAST),
        *(
            Bar(
                "CPU s to fit, hexapod, 10,000 poses",
                effort,
                next((r.median(effort, "cpu_seconds") for r in rows if r.name == FITTED), math.nan),
                FIT_SECONDS[effort],
            )
            for effort in EFFORTS
        ),
        *(
            Bar(
                "poses/s lifted, J = 30, two threads",
                effort,
                costs.poses_per_second(effort),
                POSES_PER_SECOND[effort],
                least=True,
            )
            for effort in EFFORTS
        ),
        *(
            Bar("one pose, p50, µs", effort, costs.latency(effort, "p50"), LATENCY.get(effort))
            for effort in EFFORTS
        ),
    ]


def _accuracy(
    rows: Sequence[Row], suffix: str, mean: dict[str, float], worst: dict[str, float]
) -> list[Bar]:
    told = ", skeleton and camera given" if not suffix else ", without skeleton and camera"
    found = []
    for effort in mean:
        ratios = over_recordings(rows, effort + suffix)
        found.append(
            Bar(
                f"geometric mean, × ridge{told}",
                effort,
                geometric_mean(ratios.values()),
                mean[effort],
                note=f"{len(ratios)} recordings{_failures(rows, effort + suffix)}",
            )
        )
    for effort in worst:
        each = {row.name: row.ratio(effort + suffix) for row in rows if row.barred}
        each = {name: ratio for name, ratio in each.items() if not math.isnan(ratio)}
        name = max(each, key=each.__getitem__, default="")
        found.append(
            Bar(
                f"worst, × ridge{told}",
                effort,
                each.get(name, math.nan),
                worst[effort],
                note=f"{name}{_failures(rows, effort + suffix)}",
            )
        )
    return found


def _beside(rows: Sequence[Row], peer: str, what: str, asked: dict[str, float]) -> list[Bar]:
    found = []
    for effort, bar in asked.items():
        ratios = over_recordings(rows, effort, peer)
        note = f"{len(ratios)} recordings{_failures(rows, effort, peer)}"
        found.append(Bar(what, effort, geometric_mean(ratios.values()), bar, note=note))
    return found


def _failures(rows: Sequence[Row], *methods: str) -> str:
    failed = [
        what
        for row in rows
        if row.barred
        for what in row.failed
        if what.rpartition(", ")[0] in methods
    ]
    return f", {len(failed)} failed" if failed else ""
