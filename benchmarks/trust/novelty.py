"""What is said of recordings with a mistake in them, and of clean ones.

Lifters (without networks, which novelty does not look at) learn with skeleton and camera, and judge
blocks of about 75 frames of the test data: as they are, and with what users do wrong. **Flipped**:
y becomes height - 1 - y. **Swapped**: the names of left and right are exchanged, where there are
both. **Order**: the joints at random, reversed, and two limbs exchanged. **Scale**: half, twice, a
thousandth, and by the width of the image. **Camera**: real 2D come from the other cameras of the
rig; where the camera is simulated, it stands a quarter of a circle further or a third back, and 30
degrees higher. A calibrated camera whose image is too small for what it is given says so itself,
with what to do, when the 2D are twice as large: that counts as named.

A cell holds the AUROC of the worst of its mistakes, and the share of their blocks that are named.
The last is of cameras that stand as high as before: around an animal that turns every way, they see
what the training camera saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from benchmarks.record.cases import CASES, NOISE, Case
from benchmarks.recordings import DOG_DISTANCE
from benchmarks.trust import HOLDS, MISSED
from benchmarks.trust._fitted import NAMES, SEEDS
from benchmarks.trust.hidden import FEWEST, limbs
from liftpose import Lifter
from liftpose.poses.verdict import ELSEWHERE, FLIPPED, REORDERED, RESCALED, SWAPPED
from liftpose.skeleton.sides import pairs_by_name

Floats = NDArray[np.float64]

BLOCK = 75
LEAST_AUROC, LEAST_NAMED = 0.98, 0.9
FLY_HEIGHT, FLY_WIDTH = 480, 960
HIGHER = 30.0  # degrees
TURNS = (90.0, -120.0)
LEVEL = "camera as high"

GROUPS = {
    FLIPPED: ("flipped",),
    SWAPPED: ("swapped",),
    REORDERED: ("at random", "reversed", "limbs"),
    RESCALED: ("half", "twice", "thousandth", "by width"),
    ELSEWHERE: ("camera",),
}


@dataclass(frozen=True)
class Said:
    """What was said of the blocks of one mistake: scores, and whether it was named."""

    scores: Floats
    named: Floats


def corrupted(case: Case, lifter: Lifter, seed: int) -> Iterator[tuple[str, dict[Any, Floats]]]:
    """Yield each mistake with the test 2D that it was made in."""
    one = case.recording
    clean = {key: np.asarray(points, np.float64) for key, points in one.test_2d.items()}
    rng, count = np.random.default_rng(seed), len(one.joints)
    flies = case.group.startswith(("fly_walk", "fly_groom"))
    height, width = (FLY_HEIGHT, FLY_WIDTH) if flies else _image(case)
    used = sorted({*one.roots, *(joint for part in one.target_sets for joint in part)})

    def each(change: Any) -> dict[Any, Floats]:
        return {key: change(points) for key, points in clean.items()}

    yield "clean", clean
    turned = np.array([1.0, -1.0])
    yield "flipped", each(lambda points: points * turned + [0, height - 1])
    for name, order in _orders(case, lifter, used, rng, count):
        yield name, each(lambda points, order=order: points[:, order])
    for name, factor in {
        "half": 0.5,
        "twice": 2,
        "thousandth": 1e-3,
        "by width": 1 / width,
    }.items():
        yield name, each(lambda points, factor=factor: points * factor)
    yield from _elsewhere(case, rng)


def _image(case: Case) -> tuple[float, float]:
    """Height and width of the image; where nobody knows them, the axis is in its middle."""
    if case.camera.size is not None:
        return case.camera.size[1], case.camera.size[0]
    across, down = case.camera.K[:2, 2]
    return 2 * down + 1, 2 * across + 1 if across else 1280.0


def _orders(
    case: Case, lifter: Lifter, used: list[int], rng: Any, count: int
) -> Iterator[tuple[str, Any]]:
    pairs = [pair for pair in pairs_by_name(case.recording.joints) if {*pair} <= {*used}]
    order = np.arange(count)
    for left, right in pairs:
        order[[left, right]] = right, left
    if pairs:
        yield "swapped", order.copy()
    for name, shuffled in (("at random", rng.permutation(used)), ("reversed", used[::-1])):
        order = np.arange(count)
        order[used] = shuffled
        yield name, order
    chains = limbs(case.recording.bones, used)
    alike = [(a, b) for a, b in combinations(chains, 2) if len(a) == len(b)]
    if alike:
        first, second = alike[rng.integers(len(alike))]
        order = np.arange(count)
        order[[*first, *second]] = [*second, *first]
        yield "limbs", order


def _elsewhere(case: Case, rng: Any) -> Iterator[tuple[str, dict[Any, Floats]]]:
    """Yield the test data as other cameras see them."""
    one = case.recording
    if case.real:
        name, own = case.name[:-1], int(case.name[-1])
        for camera in range(6):
            if camera != own and f"{name}{camera}" in CASES:
                other = CASES[f"{name}{camera}"]().recording
                yield "camera", {key: np.asarray(p, np.float64) for key, p in other.test_2d.items()}
        return
    for higher, name in ((HIGHER, "camera"), (0.0, LEVEL)):
        for turn in TURNS:
            seen = {
                key: _filmed(case, poses, turn, higher)
                + rng.normal(0, NOISE, (*poses.shape[:2], 2))
                for key, poses in one.test_3d.items()
            }
            yield name, seen


def _filmed(case: Case, poses: Floats, turn: float, higher: float) -> Floats:
    """Film poses from another side, as far away and in the middle of the room, or of the image."""
    up = np.eye(3)[1 if case.group == "dog" else 2]
    whole = np.concatenate(list(case.recording.test_3d.values()))
    middle = np.nanmean(whole, axis=(0, 1))
    ahead = case.camera.R @ middle + case.camera.t
    if case.group == "dog":
        hips = case.recording.joints.index("Hips")
        middle, ahead = poses[:, [hips]], np.array([0, 0, DOG_DISTANCE])
    around = Rotation.from_rotvec(np.radians(turn) * up).as_matrix()
    over = Rotation.from_euler("x", higher, degrees=True).as_matrix()
    there = (poses - middle) @ (over @ case.camera.R @ around).T + ahead
    shown = there @ case.camera.K.T
    return np.asarray(shown[..., :2] / shown[..., 2:])


def measured(name: str, seed: int) -> dict[str, Said]:
    """Fit a lifter of a case, and let it judge what mistakes were made in.

    Parameters
    ----------
    name : str
        Of the case.
    seed : int
        Of lifter and mistakes.

    Returns
    -------
    dict of str to Said
        By mistake, ``"clean"`` among them.
    """
    case = CASES[name]()
    one = case.recording
    lifter = Lifter(case.skeleton, seed=seed, job=1, network="kernel")
    lifter.fit(one.train_2d, one.train_3d, case.camera)
    right = {mistake: group for group, mistakes in GROUPS.items() for mistake in mistakes}
    found: dict[str, list[tuple[float, bool]]] = {}
    for mistake, seen in corrupted(case, lifter, seed):
        expected = right.get(mistake, ELSEWHERE)
        for points in seen.values():
            for block in np.array_split(points, max(1, round(len(points) / BLOCK))):
                found.setdefault(mistake, []).append(_said(lifter, block, mistake, expected))
    return {
        mistake: Said(*(np.array(values, float) for values in zip(*said, strict=True)))
        for mistake, said in found.items()
    }


def _said(lifter: Lifter, block: Floats, mistake: str, expected: str) -> tuple[float, bool]:
    try:
        (verdict,) = lifter.verdicts(block).values()
    except ValueError as error:
        if "cropped or resized" not in str(error):
            raise
        return np.inf, expected == RESCALED
    return verdict.score, not verdict.flagged if mistake == "clean" else expected in verdict.named


def auroc(scores: Floats, clean: Floats) -> float:
    """Share of pairs of a mistake and a clean block in which the mistake has the higher score."""
    above = scores[:, None] > clean[None]
    return float((above + 0.5 * (scores[:, None] == clean[None])).mean())


def lines(names: Sequence[str] = NAMES) -> Iterator[str]:
    """Yield the tables, and last whether the bars are met."""
    yield f"| recording | clean, flagged | {' | '.join(GROUPS)} | {LEVEL} | bars |"
    yield "|---" * (len(GROUPS) + 4) + "|"
    named: dict[str, list[float]] = {group: [] for group in GROUPS}
    for name in names:
        runs = [measured(name, seed) for seed in range(SEEDS)]
        cells, held = [], True
        flagged = [int((run["clean"].named == 0).sum()) for run in runs]
        held &= median(flagged) == 0
        few = len(CASES[name]().skeleton.joints) < FEWEST
        for group, mistakes in (*GROUPS.items(), (LEVEL, (LEVEL,))):
            both = [_of_group(run, mistakes) for run in runs]
            if None in both:
                cells.append("–")
                continue
            area, share = (median(values) for values in zip(*both, strict=True))  # type: ignore[arg-type]
            cells.append(f"{area:.3f}, {share:.0%}")
            if group in named:
                held &= area >= LEAST_AUROC
                if not few:
                    named[group].append(share)
        of = len(runs[0]["clean"].scores)
        bars = f"{len(CASES[name]().skeleton.joints)} joints: no bar" if few else _met(held)
        yield f"| {name} | {median(flagged):g} of {of} | {' | '.join(cells)} | {bars} |"
    yield ""
    for group, shares in named.items():
        mean = float(np.mean(shares))
        met = _met(mean >= LEAST_NAMED)
        yield f"- {group}: named in {mean:.1%}, at least {LEAST_NAMED:.0%}: {met}."


def _of_group(run: dict[str, Said], mistakes: Sequence[str]) -> tuple[float, float] | None:
    """AUROC of the worst of some mistakes, and the share of the blocks of all that are named."""
    there = [run[mistake] for mistake in mistakes if mistake in run]
    if not there:
        return None
    area = min(auroc(said.scores, run["clean"].scores) for said in there)
    return area, float(np.mean([said.named.mean() for said in there]))


def _met(held: bool) -> str:
    return HOLDS if held else MISSED
