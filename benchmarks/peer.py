"""Predictions of liftpose 0.22, run in an environment of its own and kept.

0.22 is trained by its own `train` with its defaults, which is 30 epochs, and tested by its own
`test` and `load_test_results`. One thread and no loader processes are used, so that CPU seconds
can be compared. Environments and runs are kept in ``.benchmarks/`` in the project; the variable
``LIFTPOSE_PEER_PYTHON`` may name an interpreter that has liftpose 0.22 already.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import recordings
from benchmarks.worker import run_worker

VERSION = "0.22"
EPOCHS = 30
TORCH = "torch==2.13.0"
# What 0.22 imports and does not declare.
PACKAGES = ("numpy", "scipy", "tqdm", "pandas", "matplotlib", "seaborn", "networkx")
PROJECT = Path(__file__).resolve().parents[1]
KEPT = PROJECT / ".benchmarks"
WORKER = Path(__file__).with_name("peer_worker.py")

Experiments = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class PeerRun:
    """What one training of liftpose 0.22 gave, as its own `load_test_results` returns it.

    Parameters
    ----------
    truth, best, last : dict of array, shape (N, J, 3), float32
        Given poses of the test experiments, and those predicted after the epoch of least test
        loss (0.22's ``ckpt_best``, which is picked on these very data) and after the last epoch.
    good : dict of bool array
        0.22's mask of what was predicted: (N, J, 3), or (N, J) if it lifts to depth only.
    alone : array, shape (N, J, 3), or None
        Predictions for `lift_2d`, lifted without any 3D.
    best_epoch, last_epoch : int
        Counted from 1.
    cpu_seconds, wall_seconds : float
        What the call of `train` took, its tests after every epoch included.
    folder : Path
        The `out_dir` of the training.
    """

    truth: dict[str, NDArray[np.float32]]
    best: dict[str, NDArray[np.float32]]
    last: dict[str, NDArray[np.float32]]
    good: dict[str, NDArray[np.bool_]]
    alone: NDArray[np.float32] | None
    best_epoch: int
    last_epoch: int
    cpu_seconds: float
    wall_seconds: float
    folder: Path


def run_peer(
    groups: Mapping[str, Experiments],
    roots: Sequence[int],
    target_sets: Sequence[Sequence[int]],
    seed: int = 0,
    epochs: int = EPOCHS,
    norm_2d: bool = False,
    fresh: bool = False,
) -> PeerRun:
    """Train and test liftpose 0.22, or fetch what an earlier run with the same input gave.

    Parameters
    ----------
    groups : dict of dict of array
        The experiments that its `train` takes: ``"train_2d"``, ``"train_3d"``, ``"test_2d"``,
        ``"test_3d"``, and ``"train_keypts"``, ``"test_keypts"`` if wanted. Under ``"lift_2d"``
        2D poses that are to be lifted without 3D. Names of experiments are strings.
    roots : sequence of int
        Root joint of each target set.
    target_sets : sequence of sequence of int
        Joints to be predicted relative to each root.
    seed : int
        Set after 0.22 has set all seeds to 0 on import.
    epochs : int
        Number of epochs.
    norm_2d : bool
        Whether 0.22 scales 2D poses to unit norm.
    fresh : bool
        Whether to run it again although there is a result.

    Returns
    -------
    PeerRun
        Its predictions and cost.

    Raises
    ------
    RuntimeError
        If 0.22 fails; the message names the log.
    """
    settings = {
        "version": VERSION,
        "seed": seed,
        "epochs": epochs,
        "norm_2d": norm_2d,
        "roots": [int(root) for root in roots],
        "target_sets": [[int(joint) for joint in joints] for joints in target_sets],
        "names": {group: list(experiments) for group, experiments in groups.items()},
    }
    arrays = {
        f"{group}/{number}": np.ascontiguousarray(array)
        for group, experiments in groups.items()
        for number, array in enumerate(experiments.values())
    }
    folder = KEPT / "peer" / _fingerprint(settings, arrays)
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        run_worker(peer_python(), WORKER, settings, arrays, folder, f"liftpose {VERSION}")
    return _read_run(folder, groups["test_2d"])


def run_peer_on(recording: recordings.Recording, seed: int = 0, fresh: bool = False) -> PeerRun:
    """Train and test liftpose 0.22 with its defaults on one recording.

    Parameters
    ----------
    recording : Recording
        Training and test data.
    seed : int
        Seed of the training.
    fresh : bool
        Whether to run it again although there is a result.

    Returns
    -------
    PeerRun
        Its predictions and cost.
    """
    groups = {
        "train_2d": recording.train_2d,
        "test_2d": recording.test_2d,
        "train_3d": recording.train_3d,
        "test_3d": recording.test_3d,
    }
    return run_peer(groups, recording.roots, recording.target_sets, seed=seed, fresh=fresh)


def peer_python() -> Path:
    """Return an interpreter that has liftpose 0.22, and make its environment if need be.

    Returns
    -------
    Path
        ``LIFTPOSE_PEER_PYTHON`` if that is set, otherwise the one in ``.benchmarks/``.
    """
    given = os.environ.get("LIFTPOSE_PEER_PYTHON")
    if given:
        return Path(given)
    folder = KEPT / f"liftpose-{VERSION}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"
    if not complete.exists():
        print(f"making an environment for liftpose {VERSION} in {folder}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        constraints = PROJECT / "constraints.txt"
        torch = ["torch", "-c", str(constraints)] if constraints.is_file() else [TORCH]
        wanted = [f"liftpose=={VERSION}", *PACKAGES, *torch]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
        complete.touch()
    return python


def has_peer() -> bool:
    """Whether the environment of liftpose 0.22 has been made here already."""
    return (KEPT / f"liftpose-{VERSION}" / "complete").exists()


def main(argv: Sequence[str]) -> int:
    """Train 0.22 on the recordings that are named, or on all, and print its errors.

    Parameters
    ----------
    argv : sequence of str
        Command line arguments.

    Returns
    -------
    int
        Exit status.
    """
    known = [*(f"fly{camera}" for camera in range(6)), "dog"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks peer", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument("--seeds", type=int, default=3, help="number of trainings of each")
    parser.add_argument("--fresh", action="store_true", help="run again what is there already")
    options = parser.parse_args(argv)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"there is no recording {unknown[0]!r}")
    print("recording  seed  best (epoch)  last (epoch)  CPU s  wall s   folder")
    for name in options.names or known:
        recording = recordings.dog() if name == "dog" else recordings.fly_walk(int(name[3:]))
        for seed in range(options.seeds):
            run = run_peer_on(recording, seed, options.fresh)
            best, last = (mean_error(recording, run, which) for which in ("best", "last"))
            print(
                f"{name:<9} {seed:>5} {best:>7.4f} ({run.best_epoch:>2}) "
                f"{last:>8.4f} ({run.last_epoch:>2}) {run.cpu_seconds:>8.1f} "
                f"{run.wall_seconds:>7.1f}   {run.folder.name}",
                flush=True,
            )
    return 0


def mean_error(recording: recordings.Recording, run: PeerRun, epoch: str) -> float:
    """Return the mean distance of the predicted targets from the truth.

    Parameters
    ----------
    recording : Recording
        What 0.22 was trained on.
    run : PeerRun
        What it predicted.
    epoch : {"best", "last"}
        Which of its predictions.

    Returns
    -------
    float
        Mean over frames and targets, in the unit of the recording. Roots stand at the truth.
    """
    targets = [joint for joints in recording.target_sets for joint in joints]
    predicted: dict[str, NDArray[np.float32]] = getattr(run, epoch)
    difference = np.concatenate(
        [predicted[name][:, targets] - truth[:, targets] for name, truth in run.truth.items()]
    )
    return float(np.linalg.norm(difference, axis=-1).mean())


def _fingerprint(settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(WORKER.read_bytes())
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for key, array in sorted(arrays.items()):
        digest.update(f"{key} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _read_run(folder: Path, test_2d: Experiments) -> PeerRun:
    summary = json.loads((folder / "result.json").read_text())
    with np.load(folder / "result.npz", allow_pickle=False) as stored:
        arrays = dict(stored)
    ends = np.cumsum([len(points) for points in test_2d.values()])[:-1]
    split = {
        key: dict(zip(test_2d, np.split(arrays[key], ends), strict=True))
        for key in ("truth", "best", "last", "good")
    }
    return PeerRun(
        **split,
        alone=arrays.get("alone"),
        best_epoch=summary["best_epoch"],
        last_epoch=summary["last_epoch"],
        cpu_seconds=summary["cpu_seconds"],
        wall_seconds=summary["wall_seconds"],
        folder=folder,
    )
