"""What hidden joints cost: one in five at random, or a whole limb, roots included.

Lifters of the default effort learn from complete 2D, with skeleton and camera, and lift test frames
of which joints are hidden. Beside them, with the same joints hidden: the conditional mean of one
normal distribution over the 2D (pixels of all joints) and the 3D (targets relative to their roots)
of the training frames; ours with the training mean in place of what is hidden; and ours after
interpolation in time, which looks at other frames, and for which a limb that is never seen leaves
nothing to do. Errors are mean distances of the targets from the truth, both relative to their
roots, of all targets or of those that are seen with their roots; here as shares of the error of
ours with nothing hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.record.cases import CASES, Case
from benchmarks.trust import HOLDS, MISSED
from benchmarks.trust._fitted import NAMES, SEEDS, fitted
from liftpose import Lifter

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 8  # joints from which on a bar holds: of three or four, one is too much to be missed
SHARE = 0.2
MOST_SEEN, MOST_ALL, MOST_OTHERS = 1.2, 1.4, 1.1
TINY = 1e-6  # of the mean variance of the 2D, added so that it can be inverted
METHODS = ("ours", "normal", "mean", "in time")


@dataclass(frozen=True, eq=False)
class Scene:
    """Test frames of a case, its lifter, and what it is compared with.

    Parameters
    ----------
    case : Case
        The recording.
    lifter : Lifter
        That learned its training frames.
    seen : array, shape (N, J, 2), pixels
        Of all test frames.
    truth : array, shape (N, J, 3)
        Of the same.
    used : list of int
        Joints that play a part.
    """

    case: Case
    lifter: Lifter
    seen: Floats
    truth: Floats
    used: list[int]

    @classmethod
    def of(cls, case: Case, seed: int) -> Scene:
        """Fit a lifter of the default effort on the training frames of a case."""
        one = case.recording
        seen, truth = (np.concatenate(list(p.values())) for p in (one.test_2d, one.test_3d))
        used = sorted({*one.roots, *(joint for part in one.target_sets for joint in part)})
        return cls(
            case, fitted(case, seed), seen.astype(np.float64), truth.astype(np.float64), used
        )

    def errors(self, relative: Floats, hidden: Mask) -> Floats:
        """Mean error of the targets that are seen with their roots, and of all.

        Parameters
        ----------
        relative : array, shape (N, J, 3)
            Poses, each joint relative to its root.
        hidden : bool array, shape (N, J)
            Which joints were.

        Returns
        -------
        array, shape (2,)
            In the unit of the truth; the first is NaN where no target is seen with its root.
        """
        far, shown = [], []
        one = self.case.recording
        for root, targets in zip(one.roots, one.target_sets, strict=True):
            true = self.truth[:, targets] - self.truth[:, [root]]
            far.append(np.linalg.norm(relative[:, targets] - true, axis=2))
            shown.append(~(hidden[:, targets] | hidden[:, [root]]))
        distance, known = np.concatenate(far, 1), np.concatenate(shown, 1)
        known &= np.isfinite(distance)
        seen = distance[known].mean() if known.any() else np.nan
        return np.array([seen, np.nanmean(distance)])

    def lifted(self, method: str, hidden: Mask) -> Floats:
        """Lift the frames with joints hidden.

        Parameters
        ----------
        method : str
            One of `METHODS`.
        hidden : bool array, shape (N, J)
            Which joints.

        Returns
        -------
        array, shape (N, J, 3)
            Each joint relative to its root.
        """
        holed = np.where(hidden[..., None], np.nan, self.seen)
        if method == "normal":
            return self._conditional(holed)
        lifter = self.lifter
        if method == "mean":
            lifter = lifter.with_members(lifter.members, lifter.weights, lifter.bone_fit)
            lifter.normalization = replace(lifter.normalization, completion=None)
        if method == "in time":
            holed = self._interpolated(holed)
        return np.asarray(lifter.lift(holed, judge=False).root_relative, np.float64)

    def _interpolated(self, holed: Floats) -> Floats:
        filled, lengths = holed.copy(), map(len, self.case.recording.test_2d.values())
        start = 0
        for length in lengths:
            part, time = filled[start : start + length], np.arange(length)
            for joint in self.used:
                known = np.isfinite(part[:, joint, 0])
                for axis in range(2) if known.any() else ():
                    part[:, joint, axis] = np.interp(time, time[known], part[known, joint, axis])
            start += length
        return filled

    def _conditional(self, holed: Floats) -> Floats:
        one = self.case.recording
        points, poses = (np.concatenate(list(p.values())) for p in (one.train_2d, one.train_3d))
        sets = list(zip(one.roots, one.target_sets, strict=True))
        targets = [joint for _, members in sets for joint in members]
        anchors = [root for root, members in sets for _ in members]
        flat = points[:, self.used].reshape(len(points), -1).astype(np.float64)
        deep = (poses[:, targets] - poses[:, anchors]).reshape(len(poses), -1)
        good = np.isfinite(flat).all(1) & np.isfinite(deep).all(1)
        both = np.concatenate([flat[good], deep[good]], 1)
        mean, size = both.mean(0), flat.shape[1]
        covariance = np.cov(both, rowvar=False, bias=True)
        covariance[:size, :size] += TINY * np.trace(covariance[:size, :size]) / size * np.eye(size)
        found = np.full(self.truth.shape, np.nan)
        frames = holed[:, self.used].reshape(len(holed), -1)
        patterns, which = np.unique(np.isfinite(frames), axis=0, return_inverse=True)
        for number, known in enumerate(patterns):
            rows = np.flatnonzero(which.ravel() == number)
            inner = np.flatnonzero(known)
            gain = np.linalg.solve(covariance[np.ix_(inner, inner)], covariance[inner][:, size:])
            said = mean[size:] + (frames[np.ix_(rows, inner)] - mean[inner]) @ gain
            found[np.ix_(rows, targets)] = said.reshape(len(rows), -1, 3)
        return found


def limbs(bones: Sequence[Sequence[int]], used: Sequence[int]) -> list[list[int]]:
    """Give the chains of two joints and more from a free end to where they leave the body.

    Parameters
    ----------
    bones : sequence of pairs of int
        Joints at their ends.
    used : sequence of int
        Joints that play a part.

    Returns
    -------
    list of list of int
        Each from its free end on. Of a chain with two free ends there is one; what is more than
        half of the joints is none.

    Examples
    --------
    >>> limbs([(0, 1), (1, 2), (2, 3), (2, 4), (4, 5), (6, 7), (7, 8)], range(9))
    [[0, 1], [5, 4], [6, 7, 8]]
    """
    neighbours: dict[int, list[int]] = {joint: [] for joint in used}
    for a, b in bones:
        if a in neighbours and b in neighbours:
            neighbours[int(a)].append(int(b))
            neighbours[int(b)].append(int(a))
    found: dict[frozenset[int], list[int]] = {}
    for end in (joint for joint in used if len(neighbours[joint]) == 1):
        limb, ahead = [end], neighbours[end]
        while len(ahead) == 1 and len(neighbours[ahead[0]]) <= 2:
            limb.append(ahead[0])
            ahead = [joint for joint in neighbours[limb[-1]] if joint not in limb]
        if 2 <= len(limb) <= len(used) // 2:
            found.setdefault(frozenset(limb), limb)
    return list(found.values())


def scattered(scene: Scene, seed: int) -> Mask:
    """Hide joints at random, but for two in each frame.

    Parameters
    ----------
    scene : Scene
        Whose.
    seed : int
        Of the draw.

    Returns
    -------
    bool array, shape (N, J)
        True where hidden.
    """
    rng = np.random.default_rng(seed)
    hidden = np.zeros(scene.seen.shape[:2], bool)
    drawn = rng.random((len(scene.seen), len(scene.used)))
    least = np.sort(drawn, 1)[:, -2:].min(1, keepdims=True)
    hidden[:, scene.used] = (drawn < SHARE) & (drawn < least)
    return hidden


@dataclass(frozen=True)
class Row:
    """What one case came to.

    Parameters
    ----------
    joints : int
        That play a part.
    limbs : int
        That were hidden in turn.
    whole : float
        MPJPE with nothing hidden, median of the seeds.
    scattered, limb : dict of str to array, shape (2,)
        For each method the error of the seen targets and of all, as a share of `whole`, median of
        the seeds; with a limb hidden the mean over the limbs, of the seen targets over those that
        leave a root.
    """

    joints: int
    limbs: int
    whole: float
    scattered: Mapping[str, Floats]
    limb: Mapping[str, Floats]


def measured(name: str) -> Row:
    """Fit the lifters of a case, and hide joints from them.

    Parameters
    ----------
    name : str
        Of the case.

    Returns
    -------
    Row
    """
    whole: list[float] = []
    shares: list[dict[str, Floats]] = []
    limb_shares: list[dict[str, Floats]] = []
    for seed in range(SEEDS):
        scene = Scene.of(CASES[name](), seed)
        nothing = np.zeros(scene.seen.shape[:2], bool)
        whole.append(float(scene.errors(scene.lifted("ours", nothing), nothing)[1]))
        hidden = scattered(scene, seed)
        shares.append(
            {m: scene.errors(scene.lifted(m, hidden), hidden) / whole[-1] for m in METHODS}
        )
        chains = limbs(scene.case.recording.bones, scene.used)
        if chains:
            limb_shares.append({m: _over(scene, chains, m) / whole[-1] for m in METHODS[:3]})
    return Row(len(scene.used), len(chains), median(whole), _median(shares), _median(limb_shares))


def _over(scene: Scene, chains: Sequence[Sequence[int]], method: str) -> Floats:
    found = []
    for limb in chains:
        hidden = np.zeros(scene.seen.shape[:2], bool)
        hidden[:, limb] = True
        found.append(scene.errors(scene.lifted(method, hidden), hidden))
    # Where a limb has the only root, no target is seen with it.
    return np.nanmean(found, axis=0)


def _median(shares: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    methods = shares[0] if shares else ()
    return {method: np.median([one[method] for one in shares], axis=0) for method in methods}


def lines(names: Sequence[str] = NAMES) -> Iterator[str]:
    """Yield the figures as Markdown, and last whether the bars are met.

    Parameters
    ----------
    names : sequence of str
        Of the cases.

    Yields
    ------
    str

    Raises
    ------
    FileNotFoundError
        A recording is not there.
    """
    rows = {}
    yield "| one in five hidden | whole, MPJPE | seen: " + _heads(METHODS) + " |"
    yield "|---" * (2 + 2 * len(METHODS)) + "|"
    for name in names:
        rows[name] = measured(name)
        yield f"| {name} | {rows[name].whole:.4g} | {_cells(rows[name].scattered)} |"
    yield ""
    yield "| one limb hidden | limbs | other limbs: " + _heads(METHODS[:3]) + " |"
    yield "|---" * (2 + 2 * len(METHODS[:3])) + "|"
    for name, row in rows.items():
        if row.limbs:
            yield f"| {name} | {row.limbs} | {_cells(row.limb)} |"
    yield ""
    yield from verdict(rows)


def _heads(methods: Sequence[str]) -> str:
    return " | ".join([*methods, f"all: {methods[0]}", *methods[1:]])


def _cells(shares: Mapping[str, Floats]) -> str:
    return " | ".join(f"{one[which]:.3f}" for which in (0, 1) for one in shares.values())


def verdict(rows: Mapping[str, Row]) -> Iterator[str]:
    """Say for each bar whether it holds.

    Parameters
    ----------
    rows : mapping of str to Row
        Of the cases.

    Yields
    ------
    str
    """
    barred = {name: row for name, row in rows.items() if row.joints >= FEWEST}
    with_limbs = {name: row for name, row in barred.items() if row.limbs}
    bars = (
        ("one in five hidden, seen targets", barred, "scattered", 0, MOST_SEEN),
        ("one in five hidden, all targets", barred, "scattered", 1, MOST_ALL),
        ("a limb hidden, other limbs", with_limbs, "limb", 0, MOST_OTHERS),
        ("a limb hidden, all targets", with_limbs, "limb", 1, None),
    )
    for what, those, kind, which, most in bars:
        if not those:
            continue
        shares = {name: getattr(row, kind) for name, row in those.items()}
        ours = {name: share["ours"][which] for name, share in shares.items()}
        over = {
            name: share["ours"][which] / share["normal"][which] for name, share in shares.items()
        }
        if most is not None:
            yield _judged(f"{what}, × whole", ours, most)
        yield _judged(f"{what}, × the normal distribution's", over, 1.0)


def _judged(what: str, shares: Mapping[str, float], most: float) -> str:
    shares = {name: share for name, share in shares.items() if np.isfinite(share)}
    worst = max(shares, key=shares.__getitem__)
    over = [f"{name} {share:.3f}" for name, share in shares.items() if share > most]
    met = HOLDS if not over else f"{MISSED} ({', '.join(over)})"
    return f"- {what}: at most {shares[worst]:.3f} ({worst}); bar {most:g}: {met}."
