"""What the confidence of a tracker is worth: a threshold, and weighing what is above it.

Lifters of eight epochs learn the simulated animals from one camera, and lift animals that they did
not learn from. What the tracker loses, guesses or confuses is as `liftpose.datasets` has it.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import numpy as np

from benchmarks.report import write_section
from liftpose import Lifter, Poses
from liftpose.datasets import ANIMALS, Recording

THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6)
LEARNED, LIFTED = 6, 3  # animals
FRAMES = 300
SEEDS = 3
HOW = {"threshold": False, "and weighed": True}


def measure(animal: str) -> dict[str, list[float]]:
    """Error of unseen animals for each threshold, as a share of the mean pose's.

    Parameters
    ----------
    animal : str
        One of `liftpose.datasets.ANIMALS`.

    Returns
    -------
    dict of str to list of float
        For the threshold alone and for what is above it weighed; median over other animals.
    """
    found = {how: [[] for _ in THRESHOLDS] for how in HOW}  # type: dict[str, list[list[float]]]
    for seed in range(SEEDS):
        numbers = range(100 * seed, 100 * seed + LEARNED + LIFTED)
        made = {number: ANIMALS[animal](FRAMES, seed=number, animal=number) for number in numbers}
        known = {number: made[number] for number in numbers[:LEARNED]}
        new = {number: made[number] for number in numbers[LEARNED:]}
        for how, weighed in HOW.items():
            for shares, threshold in zip(found[how], THRESHOLDS, strict=True):
                shares.append(_share(known, new, threshold, weighed, seed))
    return {how: [median(shares) for shares in each] for how, each in found.items()}


def _share(
    known: Mapping[int, Recording],
    new: Mapping[int, Recording],
    threshold: float,
    weighed: bool,
    seed: int,
) -> float:
    some = next(iter(known.values()))
    targets, anchors = list(some.skeleton.sets.targets), list(some.skeleton.sets.anchors)
    truth = np.concatenate([one.poses_3d for one in new.values()])
    learned, lifted = (_flat(part, threshold, weighed) for part in (known, new))
    lifter = Lifter(some.skeleton, network="kernel", min_confidence=threshold, job=1, seed=seed)
    lifter.fit(learned, {n: one.poses_3d for n, one in known.items()}, camera=some.cameras[0])
    relative = truth[:, targets] - truth[:, anchors]
    ours, mean = (
        np.nanmean(np.linalg.norm(guess[:, : len(targets)] - relative, axis=-1))
        for guess in (lifter.relative(lifted), lifter.mean_pose(lifted))
    )
    return float(ours / mean)


def _flat(recordings: Mapping[int, Recording], threshold: float, weighed: bool) -> Poses:
    """Keypoints of the first camera, with what the tracker says of them, or without those below."""
    points = {number: one.pose_2d for number, one in recordings.items()}
    sure = {number: one.confidence[0] for number, one in recordings.items()}
    if weighed:
        return Poses.from_experiments(points, confidence=sure)
    least = {n: np.where((sure[n] < threshold)[..., None], np.nan, points[n]) for n in points}
    return Poses.from_experiments(least)


def table() -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| animal | | " + " | ".join(f"{threshold:g}" for threshold in THRESHOLDS) + " |"
    yield "|---" * (2 + len(THRESHOLDS)) + "|"
    for animal in ANIMALS:
        for how, shares in measure(animal).items():
            yield f"| {animal} | {how} | " + " | ".join(f"{share:.3f}" for share in shares) + " |"


def main(argv: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks confidence", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put it in docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    lines = []
    for line in table():
        print(line, flush=True)
        lines.append(line)
    if arguments.write:
        write_section("confidence", "\n".join(lines))
    return 0
