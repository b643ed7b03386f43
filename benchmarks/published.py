"""Are folders that liftpose 0.22 trained read to its own numbers?

0.22 is trained for a few epochs on small random data with several roots, a root that is a target
as well, joints in no set, missing points and masks, and on a real fly. What
`liftpose.lifter.published` reads from each folder is compared with what 0.22 itself returned,
where that has a number. Differences are relative to the largest coordinate compared.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks import peer, recordings
from benchmarks.report import write_section
from liftpose import load_test_results, test
from liftpose.lifter.published import (
    read_published,
    read_published_results,
    read_published_test_data,
)
from liftpose.lifter.published_files import load

TOLERANCE = 1e-5
EPOCHS = 5
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Case:
    """Data on which 0.22 is trained and read."""

    name: str
    groups: dict[str, Arrays]
    roots: list[int]
    target_sets: list[list[int]]
    norm_2d: bool = False
    epochs: int = EPOCHS


def main(argv: Sequence[str]) -> int:
    """Compare all cases and print a table.

    Parameters
    ----------
    argv : sequence of str
        Command line arguments.

    Returns
    -------
    int
        1 if a difference exceeds the tolerance, otherwise 0.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks published", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="train 0.22 again")
    parser.add_argument("--write", action="store_true", help="note it in docs/benchmarks.md")
    options = parser.parse_args(argv)
    by_what: dict[str, tuple[int, float]] = {}
    print(f"{'case':<34} {'what':<28} {'coordinates':>11}  max relative difference")
    worst = 0.0
    for case in cases():
        run = peer.run_peer(
            case.groups,
            case.roots,
            case.target_sets,
            epochs=case.epochs,
            norm_2d=case.norm_2d,
            fresh=options.fresh,
        )
        for what, ours, theirs in compared(case, run):
            count, difference = relative_difference(ours, theirs)
            worst = max(worst, difference)
            before = by_what.get(what, (0, 0.0))
            by_what[what] = before[0] + count, max(before[1], difference)
            print(f"{case.name:<34} {what:<28} {count:>11}  {difference:.1e}", flush=True)
    passed = worst <= TOLERANCE
    if options.write:
        head = ["| what is read, over all cases | coordinates | worst relative difference |"]
        lines = [f"| {what} | {n} | {d:.1e} |" for what, (n, d) in by_what.items()]
        write_section("published", "\n".join([*head, "|---|---|---|", *lines]))
    print(f"worst {worst:.1e}, allowed {TOLERANCE:.0e}: {'passed' if passed else 'FAILED'}")
    return 0 if passed else 1


def cases() -> Iterator[Case]:
    """Yield all cases; the fly only where its recording is.

    Yields
    ------
    Case
        Data and settings.
    """
    roots, sets = [0, 4], [[1, 2, 4], [5, 6]]
    for norm_2d in (False, True):
        for out_dim in (3, 1):
            name = f"random, {out_dim}D out{', unit norm' if norm_2d else ''}"
            yield Case(name, random_groups(out_dim, np.float64), roots, sets, norm_2d)
    yield Case("random, float32", random_groups(3, np.float32), roots, sets)
    yield Case("random, one set", random_groups(3, np.float64), [0], [[1, 2, 3, 5, 6, 7]])
    try:
        fly = recordings.fly_walk(0)
    except FileNotFoundError as error:
        print(f"without the fly: {error}")
        return
    groups: dict[str, Arrays] = {
        "train_2d": {**fly.train_2d},
        "test_2d": {**fly.test_2d},
        "train_3d": {**fly.train_3d},
        "test_3d": {**fly.test_3d},
        "lift_2d": {**fly.test_2d},
    }
    for norm_2d in (False, True):
        name = f"fly, camera 0{', unit norm' if norm_2d else ''}"
        yield Case(name, groups, fly.roots, fly.target_sets, norm_2d)


def random_groups(out_dim: int, dtype: type[np.floating[Any]]) -> dict[str, Arrays]:
    """Make random experiments with missing points and masks.

    Parameters
    ----------
    out_dim : {1, 3}
        Coordinates of the 3D poses.
    dtype : numpy dtype
        Of all poses.

    Returns
    -------
    dict of dict of array
        As `benchmarks.peer.run_peer` takes them, of 9 joints.
    """
    rng = np.random.default_rng(7)
    mixing = rng.normal(size=(27, 18))
    groups: dict[str, Arrays] = {}
    for part, frames in (("train", {"one": 300, "two": 150}), ("test", {"b": 70, "a": 40})):
        poses = {name: rng.normal(2, 1, (count, 27)) for name, count in frames.items()}
        points = {name: 300 + 20 * pose @ mixing for name, pose in poses.items()}
        groups[f"{part}_2d"] = {
            name: _with_holes(rng, rows.reshape(-1, 9, 2)).astype(dtype)
            for name, rows in points.items()
        }
        groups[f"{part}_3d"] = {
            name: _with_holes(rng, rows.reshape(-1, 9, 3)[..., -out_dim:]).astype(dtype)
            for name, rows in poses.items()
        }
        groups[f"{part}_keypts"] = {
            name: np.repeat(rng.random((count, 9, 1)) > 0.1, out_dim, axis=2)
            for name, count in frames.items()
        }
    groups["lift_2d"] = groups["test_2d"]
    return groups


def compared(case: Case, run: peer.PeerRun) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """Yield what was read and what 0.22 gave, NaN where it has no number of its own.

    Parameters
    ----------
    case : Case
        What 0.22 was trained on.
    run : PeerRun
        What it gave.

    Yields
    ------
    tuple of str, array, array
        What is compared, ours, theirs.
    """
    truth, good = _stacked(run.truth), _stacked(run.good)
    out_dim = next(iter(case.groups["test_3d"].values())).shape[-1]
    in_sets = sorted({*case.roots, *(joint for joints in case.target_sets for joint in joints)})
    gt, pred, good_keypts = read_published_results(run.folder)
    yield "results, truth", gt[:, in_sets], truth[:, in_sets]
    yield "results, prediction", pred[:, in_sets], _stacked(run.best)[:, in_sets]
    yield "results, mask", good_keypts[..., -1] * 1.0, good.reshape(*good.shape[:2], -1)[..., -1]
    points = _stacked(case.groups["test_2d"])
    offset = root_sums(_stacked(case.groups["test_3d"]), case)
    epochs: tuple[Literal["best", "last"], ...] = ("best", "last")
    for epoch in epochs:
        model = read_published(run.folder, epoch=epoch)
        if (model.norm_2d, model.epoch) != (case.norm_2d, getattr(run, f"{epoch}_epoch")):
            raise RuntimeError(f"{case.name}: norm_2d or the {epoch} epoch was read wrongly.")
        theirs = np.where(good_keypts, _stacked(getattr(run, epoch)), np.nan)[..., -out_dim:]
        yield f"predict, {epoch}", model.predict(points), theirs - offset
    yield "test(folder), prediction", tested(run.folder, case, good), _counted(run.best, case, good)
    alone = run.folder / "alone"
    stats = [load(alone / f"returned_{dims}d.pth.tar") for dims in (2, 3)]
    assert run.alone is not None
    yield (
        "results without 3D",
        read_published_results(alone, *stats)[1][:, in_sets],
        (run.alone[:, in_sets]),
    )
    model = read_published(run.folder)
    ours = model.predict(_stacked(case.groups["lift_2d"])) + model.root_offset
    targets = sorted({joint for joints in case.target_sets for joint in joints})
    yield "predict + root_offset", ours[:, targets], run.alone[:, targets, -out_dim:]
    test_2d, test_3d, _ = read_published_test_data(run.folder)
    yield "test data, 2D", _stacked(test_2d), points
    yield "test data, 3D", _stacked(test_3d), _stacked(case.groups["test_3d"])


def tested(folder: Path, case: Case, good: NDArray[Any]) -> NDArray[Any]:
    """Return what our own `test` predicts with the network of a folder of 0.22.

    Parameters
    ----------
    folder : Path
        Of 0.22; a copy of it is tested in.
    case : Case
        Roots and target sets.
    good : bool array
        0.22's mask.

    Returns
    -------
    array, shape (N, J, 3)
        NaN where 0.22 has no prediction of its own.
    """
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(
            folder, Path(place) / "theirs", ignore=shutil.ignore_patterns("alone")
        )
        (copy / "test_results.pth.tar").unlink()
        test(copy)
        _, prediction, _ = load_test_results(copy)
    return _counted({"": prediction}, case, good)


def _counted(experiments: Arrays, case: Case, good: NDArray[Any]) -> NDArray[Any]:
    """Predictions of targets that are no roots and that count."""
    poses = _stacked(experiments)
    targets = {joint for joints in case.target_sets for joint in joints} - set(case.roots)
    kept = np.isin(np.arange(poses.shape[1]), sorted(targets))[:, None]
    good = good.reshape(*good.shape[:2], -1).all(-1, keepdims=True)
    # Beside a depth 0.22 puts 2D points of its own where none was seen; ours stay NaN.
    out_dim = next(iter(case.groups["test_3d"].values())).shape[-1]
    return np.where(kept & good, poses, np.nan)[..., -out_dim:]


def root_sums(poses: NDArray[Any], case: Case) -> NDArray[np.float64]:
    """Return what 0.22 subtracts from each joint: the sum of the roots of its sets.

    Parameters
    ----------
    poses : array, shape (N, J, D)
        3D poses.
    case : Case
        Roots and target sets.

    Returns
    -------
    array, shape (N, J, D)
        NaN for joints that are no targets.
    """
    sums = np.full(poses.shape, np.nan)
    for joint in {joint for joints in case.target_sets for joint in joints}:
        roots = [
            root
            for root, joints in zip(case.roots, case.target_sets, strict=True)
            if joint == root or joint in joints
        ]
        sums[:, joint] = poses[:, roots].sum(axis=1)
    return sums


def relative_difference(ours: NDArray[Any], theirs: NDArray[Any]) -> tuple[int, float]:
    """Return how many numbers were compared and their largest relative difference.

    Parameters
    ----------
    ours, theirs : array
        Of one shape. Compared where `theirs` is a number; infinite if `ours` is none there.

    Returns
    -------
    tuple of int, float
        Count, and the largest difference over the largest magnitude of `theirs`.
    """
    known = np.isfinite(theirs)
    difference = np.abs(ours[known] - theirs[known]) / np.abs(theirs[known]).max()
    return int(known.sum()), float(np.nan_to_num(difference, nan=np.inf).max())


def _with_holes(rng: np.random.Generator, poses: NDArray[Any]) -> NDArray[Any]:
    missing = rng.random(poses.shape[:2]) < 0.03
    return np.where(missing[..., None], np.nan, poses)


def _stacked(experiments: Arrays) -> NDArray[Any]:
    return np.concatenate(list(experiments.values()))
