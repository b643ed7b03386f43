"""Error bars against the truth of recordings that no lifter saw.

Lifters of the default effort learn with skeleton and camera, and lift the test data of the record.
Shares are of coordinates within their interval and of joints within their ball, each with the 95 %
interval of a binomial of as many trials as there are independent blocks (`coverage_interval`);
blocks are 50 frames long, the gap that parts training from test data. Bars are of recordings with
five such blocks of test data, and of animals like those that were learned from: several, or the
same. Across animals, where one animal was learned from and another is lifted, coverage is reported
as it is, and after `recalibrate` with some frames of the other animal, evenly spaced over what was
filmed of it, on all frames but these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean, median

import numpy as np
from numpy.typing import NDArray

from benchmarks.record.cases import FEWEST, GAP
from benchmarks.trust import HOLDS, MISSED
from benchmarks.trust._fitted import NAMES, SEEDS, case_of, fitted, test_of
from liftpose import Lifted, Lifter, metrics, recalibrate

Floats = NDArray[np.float64]

LEVELS = (0.5, 0.9)
BLOCKS = 5
LABELLED = 30
HIDDEN = 0.2

ACROSS = ("fly_walk_to_groom0", "mouse34")
"""One animal was learned from, and another is lifted."""

MEAN_90, EACH_90, MEAN_50 = (0.88, 0.92), (0.85, 0.95), (0.45, 0.55)
ORDERED = 0.5


@dataclass(frozen=True)
class Row:
    """What error bars of one case are worth, with one seed.

    Parameters
    ----------
    interval, ball : dict of float to CoverageInterval
        By level.
    frames, joints : float
        What ordering frames, or single joints, by spread gains of what the truth would gain.
    hidden, seen : float
        Coverage of the 90 % ball of joints that were hidden, and of the others of those frames.
    wider : float
        Median radius of hidden joints, as a share of the same joints' when they are seen.
    """

    interval: dict[float, metrics.CoverageInterval]
    ball: dict[float, metrics.CoverageInterval]
    frames: float
    joints: float
    hidden: float
    seen: float
    wider: float


def blocks_of(lengths: list[int]) -> NDArray[np.int64]:
    """Number the blocks of `GAP` frames, or of what is left of an experiment, of all frames."""
    numbers: list[NDArray[np.int64]] = []
    first = 0
    for length in lengths:
        count = max(1, length // GAP)
        numbers.append(first + np.arange(length) * count // length)
        first += count
    return np.concatenate(numbers)


def covered(
    lifted: Lifted, truth: Floats, level: float, blocks: NDArray[np.int64]
) -> tuple[metrics.CoverageInterval, metrics.CoverageInterval]:
    """Give the share of intervals, and of balls, that hold the truth.

    Parameters
    ----------
    lifted : Lifted
        N frames.
    truth : array, shape (N, J, 3)
        Targets relative to their roots.
    level : float
        Of the error bars.
    blocks : array of int, shape (N,)
        Of each frame.

    Returns
    -------
    interval, ball : CoverageInterval
    """
    guess = np.asarray(lifted.root_relative, np.float64)
    ends = (np.asarray(part, np.float64) for part in lifted.interval(level))
    radius = np.asarray(lifted.radius(level), np.float64)
    return (
        metrics.coverage_interval(metrics.in_interval(truth, *ends), blocks),
        metrics.coverage_interval(metrics.in_ball(truth, guess, radius), blocks),
    )


def measured(name: str, seed: int) -> Row:
    """Measure the error bars of one case.

    Parameters
    ----------
    name : str
        Of the case.
    seed : int
        Of lifter, and of what is hidden.

    Returns
    -------
    Row
    """
    lifter = fitted(case_of(name), seed)
    seen, truth, lengths = test_of(name)
    blocks, lifted = blocks_of(lengths), lifter.lift(seen)
    pairs = {level: covered(lifted, truth, level, blocks) for level in LEVELS}
    errors = np.linalg.norm(lifted.root_relative - truth, axis=2)
    square = np.square(np.asarray(lifted.spread, np.float64)).sum(2)
    square[np.isnan(errors)] = np.nan
    order = metrics.oracle_share(np.nanmean(errors, 1), np.sqrt(np.nanmean(square, 1)))
    hidden = np.random.default_rng(seed).random(seen.shape[:2]) < HIDDEN
    holed = lifter.lift(np.where(hidden[..., None], np.nan, seen))
    radius = holed.radius(0.9)
    apart = np.linalg.norm(holed.root_relative - truth, axis=2)
    known = np.isfinite(apart)
    inside = apart <= radius
    return Row(
        {level: pair[0] for level, pair in pairs.items()},
        {level: pair[1] for level, pair in pairs.items()},
        float(order),
        float(metrics.oracle_share(errors, np.sqrt(square))),
        float(inside[known & hidden].mean()),
        float(inside[known & ~hidden].mean()),
        float(np.median(radius[known & hidden] / lifted.radius(0.9)[known & hidden])),
    )


def labelled(lifter: Lifter, name: str) -> tuple[float, float]:
    """Coverage of the 90 % ball on test data but for some frames, and recalibrated with these.

    Parameters
    ----------
    lifter : Lifter
        Of the case.
    name : str
        Of the case.

    Returns
    -------
    before, after : float
    """
    seen, truth, _ = test_of(name)
    some = np.linspace(0, len(seen) - 1, LABELLED).astype(int)
    others = np.setdiff1d(np.arange(len(seen)), some)
    deep = np.where(np.isnan(truth), 0.0, truth)  # the roots; other joints play no part
    again = recalibrate(lifter, seen[some], deep[some])
    shares = []
    for one in (lifter, again):
        lifted = one.lift(seen[others])
        guess, radius = (np.float64(part) for part in (lifted.root_relative, lifted.radius(0.9)))
        inside = metrics.in_ball(truth[others], guess, radius)
        shares.append(float(np.nanmean(inside)))
    return shares[0], shares[1]


def lines() -> Iterator[str]:
    """Yield the figures as Markdown, and last whether the bars are met.

    Yields
    ------
    str

    Raises
    ------
    FileNotFoundError
        A recording is not there.
    """
    yield (
        "| recording | blocks | 90 %: interval | ball | 50 %: interval | ball "
        "| ordering frames | joints | hidden: ball | seen beside | hidden, × as wide |"
    )
    yield "|" + "---|" * 11
    rows: dict[str, list[Row]] = {}
    for name in NAMES:
        rows[name] = [measured(name, seed) for seed in range(SEEDS)]
        yield _line(name, rows[name])
    yield ""
    for name in ACROSS:
        pairs = [labelled(fitted(case_of(name), seed), name) for seed in range(SEEDS)]
        before, after = (median(values) for values in zip(*pairs, strict=True))
        yield (
            f"- {name}: 90 % ball {before:.1%}; recalibrated with {LABELLED} labelled frames "
            f"{after:.1%}."
        )
    yield ""
    yield from verdict(rows)


def _share(rows: list[Row], kind: str, level: float) -> float:
    return median(getattr(row, kind)[level].share for row in rows)


def _line(name: str, rows: list[Row]) -> str:
    cells = [name + (", across animals" if name in ACROSS else ""), str(_blocks(name))]
    for level in reversed(LEVELS):
        for kind in ("interval", "ball"):
            middle = sorted(rows, key=lambda row: getattr(row, kind)[level].share)[len(rows) // 2]
            found = getattr(middle, kind)[level]
            cells.append(f"{found.share:.1%} ({found.lower:.0%}–{found.upper:.0%})")
    cells += [f"{median(getattr(row, what) for row in rows):.2f}" for what in ("frames", "joints")]
    cells += [f"{median(getattr(row, what) for row in rows):.1%}" for what in ("hidden", "seen")]
    return "| " + " | ".join([*cells, f"{median(row.wider for row in rows):.2f}"]) + " |"


def _blocks(name: str) -> int:
    return int(blocks_of(test_of(name)[2])[-1]) + 1


def verdict(rows: dict[str, list[Row]]) -> Iterator[str]:
    """Say for each bar whether it holds.

    Parameters
    ----------
    rows : dict of str to list of Row
        Of each case, by seed.

    Yields
    ------
    str
    """
    alike = [name for name in rows if name not in ACROSS and case_of(name).train_frames >= FEWEST]
    long = [name for name in alike if _blocks(name) >= BLOCKS]
    for level, (low, high) in ((0.9, MEAN_90), (0.5, MEAN_50)):
        for kind in ("interval", "ball"):
            share = mean(_share(rows[name], kind, level) for name in alike)
            met = HOLDS if low <= share <= high else MISSED
            yield (
                f"- {level:.0%} {kind}, mean of {len(alike)} recordings: {share:.1%}; "
                f"{low:.0%}–{high:.0%}: {met}."
            )
    low, high = EACH_90
    for kind in ("interval", "ball"):
        shares = {name: _share(rows[name], kind, 0.9) for name in long}
        out = [name for name, share in shares.items() if not low <= share <= high]
        met = f"{MISSED} on {', '.join(out)}" if out else HOLDS
        each = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
        bar = f"{low:.0%}–{high:.0%}"
        yield f"- 90 % {kind} of each of at least {BLOCKS} blocks: {each}; {bar}: {met}."
    shares = {name: median(row.frames for row in rows[name]) for name in long}
    out = [name for name, share in shares.items() if share < ORDERED]
    met = f"{MISSED} on {', '.join(out)}" if out else HOLDS
    yield f"- ordering frames by spread gains half of what the truth would: {met}."
    out = [name for name in rows if median(row.wider for row in rows[name]) <= 1]
    met = f"{MISSED} on {', '.join(out)}" if out else HOLDS
    yield f"- hidden joints have wider bars than the same joints seen: {met}."
