"""Tables of what is measured beside the errors of joints."""

from __future__ import annotations

import numpy as np

from liftpose.metrics import CoverageInterval
from liftpose.postprocess.measures import Measures, Ordering, Trust
from liftpose.terminal import columns

_NAMES = ("liftpose", "ridge", "mean_pose", "truth")


def measure_tables(measures: Measures, unit: str | None) -> list[str]:
    """Give tables of errors of motion and in the image, and of error bars, as far as known.

    Parameters
    ----------
    measures : Measures
        What to show.
    unit : str or None
        Of the poses.

    Returns
    -------
    list of str
        One a table.
    """
    tables = []
    if measures.velocity_error or measures.reprojection_error:
        tables.append(columns(_motion_rows(measures, unit)) + _misplaced(measures))
    if measures.trust is not None:
        tables.append(_trust_text(measures.trust, unit))
    return tables


def decimals(value: float) -> int:
    """Give the number of decimals that leaves a value three digits."""
    if not np.isfinite(value) or value <= 0:
        return 3
    return max(0, 2 - int(np.floor(np.log10(value))))


def number(value: float, places: int) -> str:
    """Write a number with so many decimals, a dash where it is not known."""
    return f"{value:.{places}f}" if np.isfinite(value) else "–"


def _motion_rows(measures: Measures, unit: str | None) -> list[tuple[str, ...]]:
    of = f"{unit}/" if unit else "per "
    lines = [
        (f"velocity error ({of}frame)", measures.velocity_error),
        (f"acceleration error ({of}frame²)", measures.acceleration_error),
        ("reprojection error (px)", measures.reprojection_error or {}),
    ]
    names = [name for name in _NAMES if any(name in errors for _, errors in lines)]
    rows = [("in time and image", *(name.replace("_", " ") for name in names))]
    for label, errors in lines:
        if errors:
            places = decimals(errors.get("liftpose", np.nan))
            rows.append((label, *(number(errors.get(name, np.nan), places) for name in names)))
    return rows


def _misplaced(measures: Measures) -> str:
    """A line where the true poses are not where the camera sees them, else nothing."""
    errors = measures.reprojection_error or {}
    # At its place, the truth is off by the error of the 2D; the mean pose by that of a whole pose.
    if not errors.get("truth", 0) > errors.get("mean_pose", np.inf) / 2:
        return ""
    return (
        f"\nThe truth itself is {errors['truth']:,.0f} px from its 2D: it is not at its place, or "
        "another camera filmed it."
    )


def _trust_text(trust: Trust, unit: str | None) -> str:
    unit = f" {unit}" if unit else ""
    scores = [bars.interval_score for bars in trust.bars.values()]
    table = columns(
        [
            ("error bars", *(f"{100 * level:.0f} %" for level in trust.bars)),
            ("interval holds the truth", *(str(bars.interval) for bars in trust.bars.values())),
            ("ball holds the truth", *(str(bars.ball) for bars in trust.bars.values())),
            (f"interval score{f' ({unit.strip()})' if unit else ''}",
             *(number(score, decimals(score)) for score in scores)),
        ]
    )  # fmt: skip
    some = next(iter(trust.bars.values())).ball
    return "\n".join(
        (
            table,
            _brackets(some),
            _ordered("frames", trust.frames, unit),
            _ordered("joints", trust.joints, unit),
        )
    )


def _brackets(found: CoverageInterval) -> str:
    left = ""
    if found.unknown:
        left = f"; {found.unknown:,} positions without truth or spread are left out"
    return (
        f"In brackets the 95 % interval of the coverage, by {found.blocks} blocks of time or "
        f"recordings{left}."
    )


def _ordered(what: str, order: Ordering, unit: str) -> str:
    if np.isnan(order.oracle_share):
        return f"Ordering {what} by spread: no two errors to order."
    places = decimals(order.aurc)
    mean, ours, best = (
        number(value, places) + unit for value in (order.unordered, order.aurc, order.oracle_aurc)
    )
    return (
        f"Ordering {what} by spread gains {100 * order.oracle_share:.0f} % of what ordering by "
        f"true error gains (AURC {ours}; by error {best}, unordered {mean})."
    )
