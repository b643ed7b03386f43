"""What a threshold on the tracker's confidence costs or gains, on the simulated animals."""

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.report import write_section
from liftpose import Lifter, Poses
from liftpose.datasets import ANIMALS, Recording

THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6)
LEARNED, LIFTED = range(1, 7), range(20, 23)
FRAMES, EPOCHS = 800, 8


def measure(animal: str) -> list[float]:
    """Error of unseen animals for each threshold, as a share of the mean pose's.

    Parameters
    ----------
    animal : str
        One of `liftpose.datasets.ANIMALS`.

    Returns
    -------
    list of float
    """
    known = {number: ANIMALS[animal](FRAMES, seed=number, animal=number) for number in LEARNED}
    new = {number: ANIMALS[animal](FRAMES, seed=number, animal=number) for number in LIFTED}
    some = next(iter(known.values()))
    truth = np.concatenate([one.poses_3d for one in new.values()])
    targets, anchors = list(some.skeleton.sets.targets), list(some.skeleton.sets.anchors)
    relative = truth[:, targets] - truth[:, anchors]
    shares = []
    for threshold in THRESHOLDS:
        lifter = Lifter(some.skeleton, epochs=EPOCHS, min_confidence=threshold, job=1)
        lifter.fit(
            flat(known), {n: one.poses_3d for n, one in known.items()}, camera=some.cameras[0]
        )
        guesses = lifter.relative(flat(new)), lifter.mean_pose(flat(new))
        ours, mean = (
            np.nanmean(np.linalg.norm(guess[:, : len(targets)] - relative, axis=-1))
            for guess in guesses
        )
        shares.append(float(ours / mean))
    return shares


def flat(recordings: dict[int, Recording]) -> Poses:
    """Keypoints of the first camera, with what the tracker says of them."""
    return Poses.from_experiments(
        {number: one.pose_2d for number, one in recordings.items()},
        confidence={number: one.confidence[0] for number, one in recordings.items()},
    )


def table() -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| animal | " + " | ".join(f"{threshold:g}" for threshold in THRESHOLDS) + " |"
    yield "|---" * (1 + len(THRESHOLDS)) + "|"
    for animal in ANIMALS:
        yield f"| {animal} | " + " | ".join(f"{share:.3f}" for share in measure(animal)) + " |"


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
