"""The tables of a report: by joint, by recording, and the frames that are worst."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from liftpose.plot.limbs import Limbs
from liftpose.plot.report.findings import Column, Mark, Row, Table, decimals, rounded
from liftpose.plot.report.still import hex_of
from liftpose.poses import Floats
from liftpose.reporting.gathered import LEVEL, UNUSUAL, Gathered, called

WORST = 12
"""Frames that are listed."""

_APART = 25  # frames: neighbours are nearly the same pose


def marks_of(of: Gathered) -> list[Mark]:
    """Colour and side of every joint.

    Parameters
    ----------
    of : Gathered

    Returns
    -------
    list of Mark, length J
    """
    limbs = Limbs.of(of.skeleton)
    colors = limbs.color_of(range(of.skeleton.joint_count))
    return [Mark(hex_of(color), bool(left)) for color, left in zip(colors, limbs.left, strict=True)]


def by_joint(of: Gathered) -> Table | None:
    """Tell of every target how far off it is, and how sure.

    Parameters
    ----------
    of : Gathered

    Returns
    -------
    Table or None
        None where nothing is known of any joint.
    """
    columns, values = _measured(of, lambda table: table.T, per_joint=True)
    if not columns:
        return None
    marks = marks_of(of)
    rows = [
        Row((of.skeleton.joints[joint], *(column[place] for column in values)), marks[joint])
        for place, joint in enumerate(of.targets)
    ]
    return Table(
        "joints",
        "Joint by joint",
        _caption(of, "Press a head to sort. Filled marks are joints of the right side or the "
                     "middle, rings of the left."),
        (Column("Joint"), *columns),
        tuple(rows),
    )  # fmt: skip


def by_recording(of: Gathered, frame_of: Callable[[int], int]) -> Table | None:
    """Tell of every recording how far off it is, and how sure.

    Parameters
    ----------
    of : Gathered
    frame_of : callable
        Frame of the player for a row.

    Returns
    -------
    Table or None
    """
    firsts = [first for _, first, _ in of.recordings]

    def parts(table: Floats) -> list[Floats]:
        return [table[first : first + count] for _, first, count in of.recordings]

    columns, values = _measured(of, parts, per_joint=False)
    said = of.verdicts or {}
    rows = []
    for place, (name, first) in enumerate(zip(of.keys, firsts, strict=True)):
        cells: list[str | float] = [called(name), float(of.lengths[place])]
        cells += [column[place] for column in values]
        if of.novelty is not None:
            cells.append(_unusual(parts(of.novelty)[place]))
        if said:
            verdict = said.get(name)
            cells.append("–" if verdict is None else " or ".join(verdict.named))
        rows.append(Row(tuple(cells), frame=frame_of(first)))
    heads = [Column("Recording"), Column("Frames", 0), *columns]
    heads += [Column("Unusual (%)", 1)] * (of.novelty is not None)
    heads += [Column("Verdict")] * bool(said)
    caption = "Press a name to see it in the player. Columns are those of the joints."
    return Table("recordings", "Recording by recording", caption, tuple(heads), tuple(rows))


def worst_frames(of: Gathered) -> list[tuple[int, float]]:
    """Give the frames with the largest errors, no two of them neighbours.

    Parameters
    ----------
    of : Gathered

    Returns
    -------
    list of (int, float)
        Row and mean error of its joints; without truth, row and mean spread.
    """
    values = of.frame_errors
    if values is None and of.deviation is not None:
        values = _root_mean_square(of.deviation)
    if values is None:
        return []
    order = np.argsort(np.where(np.isfinite(values), -values, np.inf), kind="stable")
    found: list[tuple[int, float]] = []
    for row in order[: 50 * WORST].tolist():
        if len(found) == WORST or not math.isfinite(values[row]):
            break
        if all(abs(row - other) >= _APART for other, _ in found):
            found.append((row, float(values[row])))
    return found


def worst_table(of: Gathered, frame_of: Callable[[int], int]) -> Table | None:
    """Tell of the frames with the largest errors which of their joints is worst.

    Parameters
    ----------
    of : Gathered
    frame_of : callable
        Frame of the player for a row.

    Returns
    -------
    Table or None
        None where no error is known.
    """
    errors = of.errors
    if errors is None:
        return None
    rows = []
    found = worst_frames(of)
    digits = decimals(found[0][1]) if found else 2
    marks = marks_of(of)
    for row, error in found:
        name, own = place_of(of, row)
        place = int(np.nanargmax(errors[row]))
        joint = of.targets[place]
        hidden = math.nan if of.hidden is None else float(of.hidden[row].sum())
        novelty = math.nan if of.novelty is None else float(of.novelty[row])
        cells = (f"{name}, {own:,}" if name else f"{own:,}", error, of.skeleton.joints[joint],
                 float(errors[row, place]), hidden, novelty)  # fmt: skip
        rows.append(Row(cells, marks[joint], frame_of(row)))
    columns = (
        Column("Frame"),
        Column(_with_unit("Mean error", of.unit), digits),
        Column("Worst joint"),
        Column(_with_unit("Its error", of.unit), digits),
        Column("Joints not seen", 0),
        Column("Novelty", 0),
    )
    caption = "Press a frame to see it in the player. Neighbours of a listed frame are left out."
    return Table("worst", "The worst frames", caption, columns, tuple(rows))


def place_of(of: Gathered, row: int) -> tuple[str, int]:
    """Name of the recording of a row, and the frame in it; no name where there is only one."""
    name, first = next(
        (name, first) for name, first, count in of.recordings if first <= row < first + count
    )
    return (name if len(of.keys) > 1 else ""), row - first


def _measured(
    of: Gathered, split: Callable[[Floats], object], per_joint: bool
) -> tuple[list[Column], list[list[float]]]:
    """Columns that tables by joint and by recording share, and their values."""

    def of_each(table: Floats, measure: Callable[[Floats], float]) -> list[float]:
        return [measure(part[np.isfinite(part)]) for part in split(table)]  # type: ignore[attr-defined]

    columns: list[Column] = []
    values: list[list[float]] = []

    def add(name: str, digits: int, found: list[float]) -> None:
        columns.append(Column(name, digits))
        values.append(found)

    errors = of.errors
    if errors is not None:
        digits = decimals(float(np.nanmean(errors))) if np.isfinite(errors).any() else 2
        add(_with_unit("Error", of.unit), digits, of_each(errors, _mean))
        add(_with_unit("95 % below", of.unit), digits, of_each(errors, _p95))
        for name, label in (("ridge", "Ridge"), ("mean_pose", "Mean pose")):
            if name in of.errors_beside:
                found = of_each(of.errors_beside[name], _mean)
                add(_with_unit(label, of.unit), digits, found)
        body = math.nan if of.evaluation is None else of.evaluation.body_length
        if math.isfinite(body) and body > 0:
            add("% of body", 1, [100 * value / body for value in values[0]])
    if of.deviation is not None:
        known = of.deviation[np.isfinite(of.deviation)]
        digits = decimals(float(known.mean())) if len(known) else 2
        add(_with_unit("Spread", of.unit), digits, of_each(of.deviation, _rms))
    inside = of.held(LEVEL, ball=True)
    if inside is not None:
        found = [100 * value for value in of_each(inside, _mean)]
        add(f"{100 * LEVEL:.0f} % bars hold (%)", 1, found)
    if of.hidden is not None:
        hidden = of.hidden[:, list(of.targets)] if per_joint else of.hidden
        found = [100 * value for value in of_each(hidden.astype(float), _mean)]
        add("Not seen (%)", 1, found)
    return columns, values


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else math.nan


def _p95(values: Floats) -> float:
    return float(np.percentile(values, 95)) if len(values) else math.nan


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.square(values).mean())) if len(values) else math.nan


def _unusual(novelty: Floats) -> float:
    return 100 * _mean((novelty[np.isfinite(novelty)] > UNUSUAL).astype(float))


def _root_mean_square(values: Floats) -> Floats:
    known = np.isfinite(values)
    number = known.sum(axis=1)
    total = np.where(known, values, 0) ** 2
    mean: Floats = np.sqrt(total.sum(axis=1) / np.maximum(number, 1))
    return np.where(number > 0, mean, np.nan)


def _caption(of: Gathered, first: str) -> str:
    said = [first]
    if of.errors is not None:
        which = "" if of.hidden is None else ", of joints that were seen"
        said.append(f"Errors are distances from the truth, both relative to their roots{which}.")
    if of.deviation is not None:
        said.append("Spread is the distance from the truth that the lifter expects.")
    if of.evaluation is not None and math.isfinite(of.evaluation.body_length):
        said.append(f"The body length is {rounded(of.evaluation.body_length)}"
                    f"{f' {of.unit}' if of.unit else ''}.")  # fmt: skip
    return " ".join(said)


def _with_unit(what: str, unit: str | None) -> str:
    return f"{what} ({unit})" if unit else what
