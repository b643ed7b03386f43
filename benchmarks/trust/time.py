"""Lifted poses made better in time and in anatomy: smoothing, and bones that keep their lengths.

Lifters of the default effort learn with skeleton and camera, and lift the test data of the record
twice: as they are, and with Gaussian noise of `EXTRA` pixels more in every coordinate of the 2D.
What is lifted is smoothed and fitted with the settings that stand where nothing is said, but for
the noise of the 2D, which `fit_bones` is told where it uses them. Errors are
those of the record; the variation of lengths is the standard deviation of a bone's length over its
mean, of each experiment, averaged over the bones of the skeleton.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.record.bars import geometric_mean
from benchmarks.record.cases import CASES, NOISE, Case
from benchmarks.record.measures import measure
from benchmarks.trust import HOLDS, MISSED
from benchmarks.trust._fitted import fitted
from liftpose import Lifted
from liftpose.geometry.bones import bone_lengths
from liftpose.postprocess import fit_bones, smooth

EXTRA = 3.0  # pixels, standard deviation of each coordinate
SEEDS = 3

# In these, bones are rigid, and the truth has no noise of its own.
BARRED = ("sim_hexapod", "sim_quadruped", "sim_mouse", "dog")
TOLD = {
    "mouse34": ("mouse34",),
    "fly_walk, 6 cameras": tuple(f"fly_walk{camera}" for camera in range(6)),
    "fly_groom, 6 cameras": tuple(f"fly_groom{camera}" for camera in range(6)),
}

BARS = {"mpjpe": 1.0, "velocity": 0.7, "lengths": 0.2}
JUDGED = "smooth, fit_bones"

Experiments = Mapping[str, np.ndarray]

METHODS: dict[str, Callable[[Case, Lifted, Experiments, float], Lifted]] = {
    "savgol": lambda case, lifted, *_: smooth(lifted, "savgol"),
    "smooth, causal": lambda case, lifted, *_: smooth(lifted, causal=True),
    "smooth": lambda case, lifted, *_: smooth(lifted),
    "fit_bones": lambda case, lifted, *_: fit_bones(lifted, case.skeleton),
    "fit_bones, 2D": lambda case, lifted, seen, noise: fit_bones(
        lifted, case.skeleton, case.camera, seen, pixel_noise=noise
    ),
    JUDGED: lambda case, lifted, *_: fit_bones(smooth(lifted), case.skeleton),
}


@dataclass(frozen=True)
class Errors:
    """How far lifted poses are off.

    Parameters
    ----------
    mpjpe, velocity : float
        See `benchmarks.record.measures.Measures`.
    lengths : float
        Variation of the lengths of bones, a share.
    """

    mpjpe: float
    velocity: float
    lengths: float

    @classmethod
    def of(cls, case: Case, lifted: Lifted) -> Errors:
        """Measure what was lifted of the test data."""
        poses = {key: lifted.only(key) for key in lifted.keys}
        found = measure(case, {key: one.root_relative for key, one in poses.items()})
        shares = []
        for one in poses.values():
            lengths = bone_lengths(one.position.astype(np.float64), case.recording.bones)
            shares.append(np.nanmean(np.nanstd(lengths, axis=0) / np.nanmean(lengths, axis=0)))
        return cls(found.mpjpe, found.velocity, float(np.mean(shares)))

    def over(self, other: Errors) -> dict[str, float]:
        """Give each as a share of another's."""
        return {name: getattr(self, name) / getattr(other, name) for name in BARS}


@dataclass(frozen=True)
class Row:
    """What one case came to, the median of the seeds.

    Parameters
    ----------
    plain : Errors
        As it was lifted.
    shares : dict of str to dict of str to float
        For each method, what is left of each error.
    """

    plain: Errors
    shares: dict[str, dict[str, float]]


def measured(name: str) -> dict[float, Row]:
    """Fit lifters of a case, and improve what they lift, by the noise that is added.

    Parameters
    ----------
    name : str
        Of the case.

    Returns
    -------
    dict of float to Row
    """
    case = CASES[name]()
    one = case.recording
    runs: dict[float, list[tuple[Errors, dict[str, dict[str, float]]]]] = {0.0: [], EXTRA: []}
    for seed in range(SEEDS):
        lifter = fitted(case, seed)
        for extra, found in runs.items():
            rng = np.random.default_rng(100 + seed)
            seen = {
                key: points + extra * rng.normal(size=points.shape)
                for key, points in one.test_2d.items()
            }
            # Of real detections, the first part is a guess.
            noise = float(np.hypot(NOISE, extra))
            lifted = lifter.lift(seen, camera=case.camera)
            plain = Errors.of(case, lifted)
            better = {
                method: Errors.of(case, change(case, lifted, seen, noise)).over(plain)
                for method, change in METHODS.items()
            }
            found.append((plain, better))
    return {extra: _median(found) for extra, found in runs.items()}


def _median(runs: list[tuple[Errors, dict[str, dict[str, float]]]]) -> Row:
    plain = Errors(*(median(getattr(one, name) for one, _ in runs) for name in BARS))
    shares = {
        method: {what: median(better[method][what] for _, better in runs) for what in BARS}
        for method in METHODS
    }
    return Row(plain, shares)


def _over_cameras(rows: list[dict[float, Row]]) -> dict[float, Row]:
    """Geometric means, as the record has them."""
    found = {}
    for extra in rows[0]:
        each = [row[extra] for row in rows]
        plain = (geometric_mean(getattr(row.plain, name) for row in each) for name in BARS)
        shares = {
            method: {what: geometric_mean(r.shares[method][what] for r in each) for what in BARS}
            for method in METHODS
        }
        found[extra] = Row(Errors(*plain), shares)
    return found


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
    cases = {**{name: (name,) for name in BARRED}, **TOLD}
    yield (
        "| recording, noise added | as lifted: MPJPE, velocity error, lengths | "
        f"{' | '.join(METHODS)} |"
    )
    yield "|---" * (2 + len(METHODS)) + "|"
    barred: dict[str, Row] = {}
    for name, several in cases.items():
        rows = [measured(one) for one in several]
        found = rows[0] if len(rows) == 1 else _over_cameras(rows)
        unit = CASES[several[0]]().recording.unit
        for extra, row in found.items():
            yield _line(f"{name}, {extra:g} px", unit, row)
        if name in BARRED:
            barred[name] = found[EXTRA]
    yield ""
    yield from verdict(barred)


def _line(name: str, unit: str, row: Row) -> str:
    plain = row.plain
    cells = [f"{plain.mpjpe:.3g}, {plain.velocity:.3g} {unit}, {plain.lengths:.1%}"]
    for method, shares in row.shares.items():
        cell = ", ".join(f"{shares[what]:.2f}" for what in BARS)
        cells.append(f"**{cell}**" if method == JUDGED else cell)
    return f"| {name} | {' | '.join(cells)} |"


def verdict(rows: Mapping[str, Row]) -> Iterator[str]:
    """Say for each bar whether it holds.

    Parameters
    ----------
    rows : mapping of str to Row
        Of the cases with a bar, with noise added.

    Yields
    ------
    str
    """
    names = {"mpjpe": "MPJPE", "velocity": "velocity error", "lengths": "variation of lengths"}
    for what, bar in BARS.items():
        left = {name: row.shares[JUDGED][what] for name, row in rows.items()}
        worst = max(left, key=left.__getitem__)
        each = ", ".join(f"{name} {share:.3f}" for name, share in left.items())
        met = HOLDS if left[worst] <= bar else MISSED
        yield f"- {names[what]} after {JUDGED}, × as lifted: {each}; at most {bar:g}: {met}."
