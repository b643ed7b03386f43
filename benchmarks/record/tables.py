"""The record as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmarks.record.accuracy import Row
from benchmarks.record.bars import MISSED, Bar, exempt, geometric_mean, over_recordings
from benchmarks.record.costs import FRAMES, LINEAR, TOLD, Costs
from benchmarks.record.measures import PCK_SHARE
from benchmarks.record.methods import EFFORTS, Method

NONE = "–"
FLOORED = "≈"
BOLD = {"fast", "default", "best"}


def number(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, or a dash for none.

    Examples
    --------
    >>> number(0.091234), number(1234.5), number(float("nan"))
    ('0.0912', '1230', '–')
    """
    if math.isnan(value):
        return NONE
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, decimals):.{max(0, decimals)}f}"


def count(value: float) -> str:
    """Write a large number with three significant digits and commas, or a dash for none.

    Examples
    --------
    >>> count(123456.0)
    '123,000'
    """
    return NONE if math.isnan(value) else f"{float(f'{value:.3g}'):,.0f}"


def accuracy(rows: Sequence[Row], methods: Sequence[Method]) -> Iterator[str]:
    """Yield the main table: a row a case, every method as a multiple of ridge.

    Parameters
    ----------
    rows : sequence of Row
        What was measured.
    methods : sequence of Method
        The columns; ridge stands first, as a length.

    Yields
    ------
    str
        Medians over the seeds, and in brackets the range of our efforts where it is wider than
        the last digit; a row a recording follows for those that several cameras saw.
    """
    shown = [one for one in methods if one.name != "ridge" and _is_there(one.name, rows)]
    heads = [f"**{one.label}**" if one.name in BOLD else one.label for one in shown]
    yield _line("recording (training/test frames)", "ridge", "floor", *heads)
    yield "|---" + "|---:" * (2 + len(shown)) + "|"
    for row in rows:
        mark = f" {FLOORED}" if exempt(row) else ""
        yield _line(
            f"{row.name} ({row.train_frames:,}/{row.test_frames:,})",
            f"{number(row.median('ridge'))} {_unit(row.unit)}".strip(),
            f"{number(row.floor / row.median('ridge'), 2)}{mark}",
            *(_cell(row, one.name) for one in shown),
        )
    barred = [row for row in rows if row.barred and not exempt(row)]
    means = []
    for one in shown:
        ratios = over_recordings(rows, one.name)
        mean = number(geometric_mean(ratios.values()))
        means.append(mean if len(ratios) == len({row.group for row in barred}) else f"({mean})")
    yield _line("**geometric mean**", "", "", *(f"**{mean}**" for mean in means))


def _is_there(name: str, rows: Sequence[Row]) -> bool:
    return any(name in row.scored for row in rows)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _unit(unit: str) -> str:
    """Give a unit without what is said of it in brackets."""
    short = unit.partition(" (")[0]
    return "" if short == "arbitrary" else short


def _cell(row: Row, method: str) -> str:
    values = [value / row.median("ridge") for value in row.values(method)]
    if not values:
        failed = any(name.startswith(f"{method}, ") for name in row.failed)
        return "failed" if failed else NONE
    middle, low, high = (number(one) for one in (row.ratio(method), min(values), max(values)))
    middle = f"**{middle}**" if method in BOLD else middle
    return middle if low == high else f"{middle} ({low}–{high})"


def bars(found: Sequence[Bar]) -> Iterator[str]:
    """Yield the table of the bars: what came out, what was asked, and whether it holds.

    Parameters
    ----------
    found : sequence of Bar
        As `benchmarks.record.bars.checked` gives them.

    Yields
    ------
    str
    """
    yield _line("", *(f"`{effort}`" for effort in EFFORTS))
    yield "|---" * (1 + len(EFFORTS)) + "|"
    for what in dict.fromkeys(bar.what for bar in found):
        row = {bar.effort: bar for bar in found if bar.what == what}
        yield _line(what, *(_held(row.get(effort)) for effort in EFFORTS))


def _held(bar: Bar | None) -> str:
    if bar is None or math.isnan(bar.value):
        return NONE
    large = bar.value >= 1000
    value = count(bar.value) if large else number(bar.value)
    note = f" ({bar.note})" if bar.note else ""
    if bar.bar is None:
        return f"{value}{note}"
    sign = "≥" if bar.least else "≤"
    asked = f"{bar.bar:,.0f}" if large or bar.bar >= 100 else f"{bar.bar:g}"
    return f"{value}{note}; {sign} {asked}: {'holds' if bar.holds else MISSED}"


def other_measures(rows: Sequence[Row], methods: Sequence[Method]) -> Iterator[str]:
    """Yield the other measures: a row a recording, medians of its cameras and seeds.

    Parameters
    ----------
    rows : sequence of Row
        What was measured.
    methods : sequence of Method
        In the order in which they stand in a cell.

    Yields
    ------
    str
    """
    shown = [one for one in methods if _is_there(one.name, rows)]
    yield "In each cell: " + " · ".join(one.label for one in shown) + "."
    yield ""
    share = f"PCK at {100 * PCK_SHARE:g} % of the body, %"
    yield _line("recording", "MPJPE", "PA-MPJPE", "N-MPJPE", share, "bone length", "velocity")
    yield "|---" * 7 + "|"
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        cells = []
        for what in ("mpjpe", "pa_mpjpe", "n_mpjpe", "pck", "bone", "velocity"):
            factor = 100 if what == "pck" else 1
            each = [_middle([row.median(one.name, what) for row in members]) for one in shown]
            cells.append(" · ".join(number(factor * value) for value in each))
        unit = _unit(members[0].unit)
        yield _line(f"{group}, {unit}" if unit else group, *cells)


def _middle(values: Sequence[float]) -> float:
    known = sorted(value for value in values if not math.isnan(value))
    if not known:
        return float("nan")
    half = len(known) // 2
    return known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2


def training_costs(rows: Sequence[Row], methods: Sequence[Method]) -> Iterator[str]:
    """Yield CPU seconds to train: a row a recording, medians of its cameras and seeds.

    Parameters
    ----------
    rows : sequence of Row
        What was measured.
    methods : sequence of Method
        The columns.

    Yields
    ------
    str
        With the peak memory of those of ours in brackets, MB.
    """
    shown = [one for one in methods if _is_there(one.name, rows)]
    yield _line("recording (training frames)", *(one.label for one in shown))
    yield "|---" + "|---:" * len(shown) + "|"
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        cells = []
        for one in shown:
            cpu, memory = (
                _middle([row.median(one.name, what) for row in members])
                for what in ("cpu_seconds", "megabytes")
            )
            cells.append(number(cpu) + ("" if math.isnan(memory) else f" ({memory:,.0f} MB)"))
        yield _line(f"{group} ({members[0].train_frames:,})", *cells)


def lifting_costs(costs: Costs, methods: Sequence[Method]) -> Iterator[str]:
    """Yield what lifting costs.

    Parameters
    ----------
    costs : Costs
        What was measured.
    methods : sequence of Method
        The rows.

    Yields
    ------
    str
    """
    yield _line(
        f"{TOLD:,} poses of 30 joints",
        "poses/s, one thread",
        "two threads",
        "one pose: p50 / p99, µs, one thread",
        "two threads",
        "CPU, µs",
        f"cost of a frame among {FRAMES[-1]:,}, × among {FRAMES[-2]:,}",
    )
    yield "|---" + "|---:" * 6 + "|"
    for one in methods:
        if (one.name, 1) not in costs.found and (one.name, 2) not in costs.found:
            continue
        latencies = [
            f"{number(costs.latency(one.name, 'p50', threads))} / "
            f"{number(costs.latency(one.name, 'p99', threads))}"
            for threads in (1, 2)
        ]
        growth = costs.growth(one.name)
        linear = "" if math.isnan(growth) else ", linear" if growth <= LINEAR else f", {MISSED}"
        yield _line(
            one.label,
            *(count(costs.poses_per_second(one.name, threads)) for threads in (1, 2)),
            *latencies,
            number(costs.latency(one.name, "cpu", 1)),
            f"{number(growth)}{linear}",
        )
