"""What is gathered becomes what a page shows: the player's track, figures, tables and words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.plot.limbs import Limbs
from liftpose.plot.report import Findings, Section, Shown, Table, figures
from liftpose.plot.report.findings import in_words, rounded
from liftpose.plot.track import Track, bar_of
from liftpose.plot.upright import upright
from liftpose.poses import Floats
from liftpose.postprocess.angles import joint_angles
from liftpose.reporting.gathered import LEVEL, Gathered, mean_known
from liftpose.reporting.methods import (
    citation,
    members_table,
    methods,
    network_counts,
    provenance,
)
from liftpose.reporting.tables import (
    by_joint,
    by_recording,
    marks_of,
    place_of,
    worst_frames,
    worst_table,
)
from liftpose.reporting.viewing_angle import directions
from liftpose.reporting.words import Headline
from liftpose.terminal import plain

Rows = npt.NDArray[np.intp]

MOST = 330_000
"""Frames times joints that a page has room for; of more, every second or third is shown, ..."""

_FEWEST = 20  # frames of a group: of fewer, a mean tells little


def findings(of: Gathered, title: str, rows: Rows) -> Findings:
    """Make of all that is known what a page shows.

    Parameters
    ----------
    of : Gathered
    title : str
    rows : array of int
        The frames that the player shows, rising; see `kept_rows`.

    Returns
    -------
    Findings
    """
    at = np.maximum(np.searchsorted(rows, np.arange(of.frames), side="right") - 1, 0)

    def frame_of(row: int) -> int:
        return int(at[row])

    headline = Headline(of)
    return Findings(
        title,
        headline.answer(),
        headline.facts(),
        headline.advice(),
        track(of, title, rows, frame_of),
        {
            "where": _where(of, at, frame_of),
            "believe": _believe(of, at),
            "done": _done(of),
        },
        provenance(of),
        methods(of),
        citation(),
        _numbers(of, headline),
        (*of.unknown, *_left_out(of, rows)),
    )


def kept_rows(of: Gathered, frames: tuple[int, int | None] | None, most: int = MOST) -> Rows:
    """Choose the frames that the player shows: all that there is room for.

    Parameters
    ----------
    of : Gathered
    frames : tuple of int and int or None, optional
        First and last frame that are wanted; by default all.
    most : int
        Frames times joints that there is room for.

    Returns
    -------
    array of int
        Of each recording every first, second or third ... frame.

    Raises
    ------
    ValueError
        Frames that are not there.
    """
    first, last = frames or (0, None)
    end = of.frames - 1 if last is None else last
    if not 0 <= first <= end < of.frames:
        raise ValueError(
            f"{of.source} has the frames 0 to {of.frames - 1:,}; asked for {first} to {end}."
        )
    wanted = (end - first + 1) * max(1, of.skeleton.joint_count)
    step = max(1, math.ceil(wanted / most))
    return np.concatenate(
        [
            np.arange(max(begin, first), min(begin + count, end + 1), step)
            for _, begin, count in of.recordings
        ]
    ).astype(np.intp)


def track(of: Gathered, title: str, rows: Rows, frame_of: Callable[[int], int]) -> Track:
    """Give what the player shows.

    Parameters
    ----------
    of : Gathered
    title : str
    rows : array of int
        The frames that are shown.
    frame_of : callable
        Frame of the player for a row.

    Returns
    -------
    Track
    """
    layers = {"pose": upright(of.pose, of.frame)}
    if of.truth is not None:
        layers["truth"] = upright(of.truth, of.frame)
    if of.spread is not None:
        layers["spread"] = np.abs(upright(np.asarray(of.spread, np.float64), of.frame))
    if of.image is not None:
        layers["image"] = of.image
        shown = _reprojected(of)
        if shown is not None:
            layers["reprojected"] = shown
    unit = of.unit or ""
    lines: dict[str, tuple[str, str, Floats]] = {}
    if of.frame_errors is not None:
        lines["error"] = ("error", unit, of.frame_errors[rows])
    if of.deviation is not None:
        lines["spread"] = ("spread", unit, mean_known(of.deviation, 1)[rows])
    if of.novelty is not None:
        lines["novelty"] = ("novelty", "percentile", np.asarray(of.novelty, np.float64)[rows])
    firsts = [begin for _, begin, _ in of.recordings]
    number = np.searchsorted(firsts, rows, side="right") - 1
    there, starts, counts = np.unique(number, return_index=True, return_counts=True)
    step, (bar, label) = _step(rows), bar_of(of.bars)
    return Track(
        {name: values[rows] for name, values in layers.items()},
        of.skeleton.joints,
        Limbs.of(of.skeleton),
        of.unit,
        None if of.fps is None else of.fps / step,
        tuple(
            (of.recordings[one][0], int(start), int(count))
            for one, start, count in zip(there, starts, counts, strict=True)
        ),
        _image_size(of),
        lines,
        tuple((frame_of(row), text) for row, text in _worst(of) if rows[0] <= row <= rows[-1]),
        title,
        bar,
        label,
        every=step,
        begins=tuple(int(rows[start]) for start in starts),
        skipped=tuple(
            int(rows[start]) - firsts[one] for one, start in zip(there, starts, strict=True)
        ),
        rows=of.frames,
    )


def _reprojected(of: Gathered) -> Floats | None:
    if of.cameras is None or (of.lifted is not None and of.lifted.position.shape[2] != 3):
        return None
    parts = [
        np.asarray(camera.project(of.pose[first : first + count], frame=of.frame or "world"))
        for camera, (_, first, count) in zip(of.cameras, of.recordings, strict=True)
    ]
    return np.concatenate(parts)


def _image_size(of: Gathered) -> tuple[int, int] | None:
    sizes = {camera.size for camera in of.cameras or ()}
    size = sizes.pop() if len(sizes) == 1 else None
    return None if size is None else (int(size[0]), int(size[1]))


def _worst(of: Gathered) -> list[tuple[int, str]]:
    unit = f" {of.unit}" if of.unit else ""
    what = "off" if of.errors is not None else "unsure"
    found = []
    for row, value in worst_frames(of):
        name, own = place_of(of, row)
        text = f"{rounded(value)}{unit} {what}, {f'{name}, ' if name else ''}frame {own:,}"
        if of.errors is not None:
            joint = of.targets[int(np.nanargmax(of.errors[row]))]
            text += f", most at {in_words(of.skeleton.joints[joint])}"
        found.append((row, text))
    return found


def _where(of: Gathered, at: Rows, frame_of: Callable[[int], int]) -> Section:
    shown: list[Shown] = []
    marks = marks_of(of)
    if of.errors is not None and of.frame_errors is not None:
        found = of.evaluation
        beside = {
            label: mean_known(of.errors_beside[name], 0).tolist()
            for name, label in (("ridge", "linear map (ridge)"), ("mean_pose", "mean pose"))
            if name in of.errors_beside
        }
        shown.append(
            figures.error_per_joint(
                of.errors,
                [of.skeleton.joints[joint] for joint in of.targets],
                [marks[joint] for joint in of.targets],
                of.unit,
                math.nan if found is None else found.body_length,
                beside,
            )
        )
        shown.append(
            figures.error_over_time(of.frame_errors, of.recordings, of.unit, _worst(of), at)
        )
        around = directions(of)
        if around is not None:
            drawn = figures.viewpoints(*around, of.frame_errors, of.unit)
            shown += [] if drawn is None else [drawn]
    angles = _angles(of, at)
    shown += [] if angles is None else [angles]
    tables = (by_joint(of), by_recording(of, frame_of), worst_table(of, frame_of))
    text: tuple[str, ...] = ()
    if of.errors is None:
        text = (
            "Where these poses are bad is not known without the truth. Where their lifter is least "
            "sure, the spread tells, if there is one.",
        )
    return Section(text, tuple(shown), tuple(table for table in tables if table is not None))


def _angles(of: Gathered, at: Rows) -> Shown | None:
    if of.lifted is None or of.lifted.position.shape[2] != 3 or of.frames < 3:
        return None
    try:
        found = joint_angles(replace(of.lifted, spread=None), of.skeleton)
    except ValueError:
        return None  # no two bones meet: there is no angle
    marks = marks_of(of)
    middles = [of.skeleton.index(name) for name in _middles(of, found.names)]
    colors = [marks[joint].color for joint in middles]
    names = [
        middle if middles.count(joint) == 1 else name
        for middle, joint, name in zip(
            (of.skeleton.joints[joint] for joint in middles), middles, found.names, strict=True
        )
    ]
    return figures.angles(found.values, names, colors, at)


def _middles(of: Gathered, names: tuple[str, ...]) -> list[str]:
    """The joint at which each angle is; names of joints may have dashes themselves."""
    joints = set(of.skeleton.joints)
    found = []
    for name in names:
        parts = name.split("-")
        cuts = ((one, two) for one in range(1, len(parts)) for two in range(one + 1, len(parts)))
        found.append(
            next(
                middle
                for one, two in cuts
                if {
                    "-".join(parts[:one]),
                    (middle := "-".join(parts[one:two])),
                    "-".join(parts[two:]),
                }
                <= joints
            )
        )
    return found


def _believe(of: Gathered, at: Rows) -> Section:
    shown: list[Shown] = []
    levels, balls = of.coverage(ball=True)
    if levels:
        shown.append(figures.calibration(levels, of.coverage(ball=False)[1], balls))
    hidden = _by_hidden(of)
    if hidden is not None:
        shown.append(hidden)
    if of.novelty is not None:
        novelty = np.asarray(of.novelty, np.float64)
        shown.append(figures.novelty_over_time(novelty, of.recordings, at))
    text = []
    found = of.evaluation
    if found is not None and found.measures.trust is not None:
        gains = found.measures.trust.joints.oracle_share
        if math.isfinite(gains):
            text.append(
                f"Leaving out joints by their spread gains {100 * gains:.0f} % of what leaving "
                "them out by their true error would gain."
            )
    for verdict in (of.verdicts or {}).values():
        if verdict.amiss and str(verdict) not in text:
            text.append(str(verdict))
    if not shown:
        text.append("Nothing is known that would tell where to believe these poses.")
    return Section(tuple(text), tuple(shown))


def _by_hidden(of: Gathered) -> Shown | None:
    """Errors of frames by how many joints were not seen; None where that is not known."""
    if of.hidden is None or of.all_errors is None:
        return None
    hidden = of.hidden[:, list(of.targets)]
    count = hidden.sum(axis=1)
    groups = [number for number in np.unique(count).tolist() if (count == number).sum() >= _FEWEST]
    if not groups:
        return None
    errors, deviation = of.all_errors, of.deviation

    def mean(values: Floats) -> float:
        known = values[np.isfinite(values)]
        return float(known.mean()) if len(known) else math.nan

    seen, unseen, expected, frames = [], [], [], []
    for number in groups:
        rows = count == number
        frames.append(int(rows.sum()))
        seen.append(mean(np.where(hidden[rows], np.nan, errors[rows])))
        unseen.append(mean(np.where(hidden[rows], errors[rows], np.nan)))
        # Of a normal distribution in three dimensions the mean distance is less than the root
        # of the mean square, by this factor.
        share = math.sqrt(8 / (3 * math.pi))
        expected.append(math.nan if deviation is None else share * mean(deviation[rows]))
    return figures.reliability(groups, frames, seen, unseen, expected, of.unit)


def _done(of: Gathered) -> Section:
    shown: tuple[Shown, ...] = ()
    epochs, loss_train, loss_test = of.training
    if epochs:
        best = None if of.lifter is None else of.lifter.choice.get("epoch")
        counts = of.lifter is None or network_counts(of.lifter)
        shown = (figures.training(epochs, loss_train, loss_test, best, counts),)
    table: Table | None = None if of.lifter is None else members_table(of.lifter)
    return Section((), shown, () if table is None else (table,))


def _left_out(of: Gathered, rows: Rows) -> tuple[str, ...]:
    if len(rows) == of.frames:
        return ()
    step = _step(rows)
    every = "every frame" if step == 1 else f"one frame in {step}"
    return (
        f"The player shows {every} from {rows[0]:,} to {rows[-1]:,}, since a page that is sent by "
        "mail has no room for more; numbers, tables and figures are of all frames. `liftpose view` "
        "shows all.",
    )


def _step(rows: Rows) -> int:
    """How far apart frames are that are shown: from one recording to the next it may be less."""
    return int(np.diff(rows).max(initial=1))


def _numbers(of: Gathered, headline: Headline) -> dict[str, Any]:
    found = of.evaluation
    held = headline.covered
    return {
        "evaluation": None if found is None else plain(found.as_dict()),
        "percent_of_body_length": headline.percent,
        "coverage": None if held is None else {"level": LEVEL, "share": held.share},
        "unusual_frames": headline.unusual,
        "verdicts": {str(key): verdict.as_dict() for key, verdict in (of.verdicts or {}).items()},
    }
