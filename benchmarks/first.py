"""Ours beside ridge, the mean pose and liftpose 0.22, each trained on the same frames.

Both sides are called as a user calls them (`train`, `test`, `load_test_results`), with their
defaults, on one thread. Errors are the mean distance of the targets from the truth, both relative
to their roots. CPU seconds are those of the call of `train`, its tests after every epoch included.
"""

import argparse
import json
import resource
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import recordings
from benchmarks.peer import mean_error, run_peer_on
from benchmarks.report import write_section
from liftpose import load_test_results, test, train

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Row:
    """Errors of one recording, in its unit, one value a seed.

    Parameters
    ----------
    name, unit : str
        Of the recording.
    train_frames, test_frames : int
        How many there are.
    ours, ridge, mean_pose, peer_best, peer_last : list of float
        Mean distances. `peer_best` is of the epoch that 0.22 itself picks on the test data.
    ours_cpu, peer_cpu : list of float
        CPU seconds to train.
    """

    name: str
    unit: str
    train_frames: int
    test_frames: int
    ours: list[float]
    ridge: list[float]
    mean_pose: list[float]
    peer_best: list[float]
    peer_last: list[float]
    ours_cpu: list[float]
    peer_cpu: list[float]

    @property
    def holds(self) -> bool:
        """Whether ours is below 0.22 (at either epoch) and not above ridge, in every seed."""
        return all(
            ours < min(best, last) and ours <= ridge
            for ours, best, last, ridge in zip(
                self.ours, self.peer_best, self.peer_last, self.ridge, strict=True
            )
        )


def measure(recording: recordings.Recording, seeds: Sequence[int], fresh: bool) -> Row:
    """Train and test both sides on one recording.

    Parameters
    ----------
    recording : Recording
        With its split.
    seeds : sequence of int
        Of training.
    fresh : bool
        Whether to run 0.22 again although its results are kept.

    Returns
    -------
    Row
    """
    ours = [_ours(recording, seed) for seed in seeds]
    peers = [run_peer_on(recording, seed, fresh) for seed in seeds]
    return Row(
        recording.name,
        recording.unit,
        sum(map(len, recording.train_2d.values())),
        sum(map(len, recording.test_2d.values())),
        [run["liftpose"] for run in ours],
        [run["ridge"] for run in ours],
        [run["mean_pose"] for run in ours],
        [mean_error(recording, run, "best") for run in peers],
        [mean_error(recording, run, "last") for run in peers],
        [run["cpu"] for run in ours],
        [run.cpu_seconds for run in peers],
    )


def _ours(recording: recordings.Recording, seed: int) -> dict[str, float]:
    parts = (recording.train_2d, recording.test_2d, recording.train_3d, recording.test_3d)
    with tempfile.TemporaryDirectory() as folder:
        start = _cpu_seconds()
        train(
            *parts,
            recording.roots,
            recording.target_sets,
            folder,
            training_kwargs={"seed": seed, "job": 1},
        )
        cpu = _cpu_seconds() - start
        test(folder)
        scores = json.loads((Path(folder) / "evaluation.json").read_text())["mpjpe"]
        truth, prediction, _ = load_test_results(folder)
    again = _distance(recording, truth, prediction)
    if not np.isclose(again, scores["liftpose"], rtol=1e-6):
        raise RuntimeError(f"{recording.name}: {again} from the poses, {scores} as evaluated.")
    return {**scores, "cpu": cpu}


def _distance(recording: recordings.Recording, truth: np.ndarray, guess: np.ndarray) -> float:
    errors = [
        (guess[:, targets] - guess[:, [root]]) - (truth[:, targets] - truth[:, [root]])
        for root, targets in zip(recording.roots, recording.target_sets, strict=True)
    ]
    return float(np.linalg.norm(np.concatenate(errors, axis=1), axis=-1).mean())


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table of medians over the seeds.

    Parameters
    ----------
    rows : sequence of Row
        One a recording.

    Yields
    ------
    str
    """
    yield (
        "| recording (train/test frames) | mean pose | ridge | 0.22, best epoch | 0.22, last | "
        "**ours** (range) | ours / ridge | ours / 0.22 | CPU s: ours | 0.22 | ratio |"
    )
    yield "|---" * 11 + "|"
    for row in rows:
        ours, ridge = median(row.ours), median(row.ridge)
        peer = min(median(row.peer_best), median(row.peer_last))
        cpu, peer_cpu = median(row.ours_cpu), median(row.peer_cpu)
        yield (
            f"| {row.name}, {row.unit} ({row.train_frames}/{row.test_frames}) "
            f"| {median(row.mean_pose):.4f} | {ridge:.4f} | {median(row.peer_best):.4f} "
            f"| {median(row.peer_last):.4f} "
            f"| **{ours:.4f}** ({min(row.ours):.4f}–{max(row.ours):.4f}) | {ours / ridge:.3f} "
            f"| {ours / peer:.3f} | {cpu:.1f} | {peer_cpu:.0f} | {peer_cpu / cpu:.1f} × |"
        )


def main(argv: Sequence[str]) -> int:
    """Print the table; exit with 1 where ours is not below 0.22, or is above ridge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks first", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="run 0.22 again, keep nothing")
    parser.add_argument("--write", action="store_true", help="put the table in docs/benchmarks.md")
    parser.add_argument("--only", help="one recording, such as fly0 or dog")
    arguments = parser.parse_args(argv)
    if arguments.write and arguments.only:
        parser.error("--write is for the whole table, without --only")
    makers = {f"fly{c}": (lambda c=c: recordings.fly_walk(c)) for c in range(6)}
    makers["dog"] = recordings.dog
    rows = []
    for name, maker in makers.items():
        if arguments.only in (None, name):
            rows.append(measure(maker(), SEEDS, arguments.fresh))
            print("\n".join(table(rows) if len(rows) == 1 else list(table(rows))[-1:]), flush=True)
    failed = [row.name for row in rows if not row.holds]
    verdict = (
        f"Not below 0.22, or above ridge, in some seed: {', '.join(failed)}."
        if failed
        else "In every recording and every seed, ours is below 0.22 (both epochs) and not above "
        "ridge."
    )
    print(f"\n{verdict}")
    if arguments.write:
        write_section("first", "\n".join([*table(rows), "", verdict]))
    return 1 if failed else 0
