"""Fits of ours, each in a process of its own that has nothing but the training data.

The 2D to be lifted are written for it when it says that it is fitted; the 3D of the test never
leave this process. What came out is kept in ``.benchmarks/record/runs/``, by the data, the
settings and the hash of the package's code.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.record.cases import Case
from benchmarks.record.methods import SEEDS, Method
from benchmarks.record.sources import KEPT_HERE, Code
from liftpose import Camera

WORKER = Path(__file__).with_name("fit_worker.py")

Experiments = Mapping[str, NDArray[Any]]


class RunError(RuntimeError):
    """A run that failed; its message is for a list of what is missing."""


@dataclass(frozen=True)
class How:
    """How a run is done.

    Parameters
    ----------
    code : Code
        The package that is measured.
    seeds : int
        At most so many trainings of what has seeds.
    fresh : bool
        Whether what is kept is run again.
    earlier : tuple of str
        Methods of which results of other code will do, where there is none of this.
    jobs : int
        Cases that are worked on at a time.
    kept : pathlib.Path
        Where results of ours are kept.
    worker : pathlib.Path
        Script that fits and lifts.
    """

    code: Code
    seeds: int = SEEDS
    fresh: bool = False
    earlier: tuple[str, ...] = ()
    jobs: int = 1
    kept: Path = KEPT_HERE
    worker: Path = WORKER


@dataclass(frozen=True, eq=False)
class Training:
    """Everything that a fit is given.

    Parameters
    ----------
    train_2d, train_3d : dict of array, shape (N, J, 2) and (N, J, 3)
        What is learned from.
    roots : list of int
        Root joint of each target set.
    target_sets : list of list of int
        Joints to be predicted relative to each root.
    skeleton : dict or None
        As `Skeleton.as_dict` gives it, where it may be known.
    camera : Camera or None
        What filmed it, where it may be known.
    """

    train_2d: Experiments
    train_3d: Experiments
    roots: list[int]
    target_sets: list[list[int]]
    skeleton: dict[str, Any] | None = None
    camera: Camera | None = None

    @classmethod
    def of(cls, case: Case, given: bool) -> Training:
        """Take the training data of a case, with skeleton and camera where they are `given`."""
        one = case.recording
        bare = cls(one.train_2d, one.train_3d, list(one.roots), [list(s) for s in one.target_sets])
        if not given:
            return bare
        return replace(bare, skeleton=case.skeleton.as_dict(), camera=case.camera)


@dataclass(frozen=True)
class Lifting:
    """What is measured of the lifting.

    Parameters
    ----------
    frames : tuple of int
        For each of these, so many frames are lifted by one call, and that is timed.
    calls : int
        Calls with one pose each that are timed.
    threads : int
        With how many.
    """

    frames: tuple[int, ...] = (10_000,)
    calls: int = 500
    threads: int = 1


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a method gave, and what it cost.

    Parameters
    ----------
    prediction : dict of array, shape (N, J, 3)
        Each target relative to its own root, in the frame of the 3D learned from; NaN elsewhere.
    fit, lift : dict
        ``cpu_seconds`` and ``wall_seconds``; of ours also ``megabytes``, and of lifting
        ``speeds`` and ``latency``.
    """

    prediction: dict[str, NDArray[Any]]
    fit: dict[str, Any]
    lift: dict[str, Any]


def fit_and_lift(
    training: Training,
    points: Experiments,
    method: Method,
    seed: int,
    how: How,
    lifting: Lifting | None = None,
) -> Outcome:
    """Fit to training data and lift other 2D, or fetch what an earlier run gave.

    Parameters
    ----------
    training : Training
        What is learned from.
    points : dict of array, shape (N, J, 2)
        What is lifted, once the fit is done.
    method : Method
        One of ours.
    seed : int
        Of the fit.
    how : How
        The code that does it, and what of earlier runs is used.
    lifting : Lifting, optional
        What is measured of the lifting.

    Returns
    -------
    Outcome

    Raises
    ------
    RunError
        If it fails; the message has the last line of its log and the folder where it lies.
    """
    lifting = lifting or Lifting()
    task = _task(training, method, seed)
    arrays = _numbered({"train_2d": training.train_2d, "train_3d": training.train_3d})
    ahead = {"names": list(points), "frames": lifting.frames, "calls": lifting.calls}
    ahead["threads"] = lifting.threads
    lifted = _numbered({"points": points})
    folder = how.kept / "runs" / _fingerprint([task, ahead], {**arrays, **lifted}, how.worker)
    done = folder / how.code.version
    if how.fresh:
        shutil.rmtree(done, ignore_errors=True)
    elif method.name in how.earlier and not done.exists() and folder.exists():
        others = [path for path in folder.iterdir() if (path / "lift.json").is_file()]
        done = max(others, key=lambda path: path.stat().st_mtime, default=done)
    if not done.exists():
        _run(task, arrays, ahead, lifted, done, how)
    return _read(done, points)


def _task(training: Training, method: Method, seed: int) -> dict[str, Any]:
    camera = None
    if training.camera is not None:
        one = training.camera
        camera = {key: np.asarray(getattr(one, key)).tolist() for key in ("K", "R", "t", "dist")}
    return {
        "settings": dict(method.settings),
        "changes": dict(method.changes),
        "seed": seed,
        "roots": [int(root) for root in training.roots],
        "target_sets": [[int(joint) for joint in joints] for joints in training.target_sets],
        "skeleton": training.skeleton,
        "camera": camera,
        "names": {"train_2d": list(training.train_2d), "train_3d": list(training.train_3d)},
    }


def _numbered(groups: Mapping[str, Experiments]) -> dict[str, NDArray[Any]]:
    return {
        f"{group}/{number}": np.ascontiguousarray(array)
        for group, experiments in groups.items()
        for number, array in enumerate(experiments.values())
    }


def _fingerprint(settings: Any, arrays: Mapping[str, NDArray[Any]], worker: Path) -> str:
    digest = hashlib.sha256(worker.read_bytes())
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for key, array in sorted(arrays.items()):
        digest.update(f"{key} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _run(
    task: dict[str, Any],
    arrays: dict[str, NDArray[Any]],
    ahead: dict[str, Any],
    lifted: dict[str, NDArray[Any]],
    done: Path,
    how: How,
) -> None:
    """Run the worker in a folder beside, which gets its name when everything is there."""
    done.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f"{done.name}.part-", dir=done.parent))
    try:
        status = _worked(part, task, arrays, ahead, lifted, how)
    except BaseException:
        # Stopped halfway: the data in there may be large.
        shutil.rmtree(part)
        raise
    if status or not (part / "lift.json").is_file():
        failed = done.with_name(f"{done.name}.failed")
        shutil.rmtree(failed, ignore_errors=True)
        part.rename(failed)
        lines = (failed / "worker.log").read_text().strip().splitlines() or ["it said nothing"]
        raise RunError(f"{lines[-1]} (status {status}; log in {failed})")
    if done.exists():
        shutil.rmtree(part)
    else:
        part.rename(done)


def _worked(
    part: Path,
    task: dict[str, Any],
    arrays: dict[str, NDArray[Any]],
    ahead: dict[str, Any],
    lifted: dict[str, NDArray[Any]],
    how: How,
) -> int:
    """Let the worker fit, then give it the 2D to lift; give its status."""
    (part / "task.json").write_text(json.dumps(task))
    np.savez(part / "train.npz", **arrays)  # type: ignore[arg-type]
    with _started(part, how, ahead["threads"]) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() == b"fitted":
            np.savez(part / "lift.npz", **lifted)  # type: ignore[arg-type]
            process.stdin.write(json.dumps(ahead).encode() + b"\n")
            process.stdin.flush()
    for name in ("train.npz", "lift.npz"):
        (part / name).unlink(missing_ok=True)
    return process.returncode


@contextmanager
def _started(part: Path, how: How, threads: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start the worker, and wait for its end when the block is left."""
    environment = {key: value for key, value in os.environ.items() if key != "LIFTPOSE_DATA"}
    environment |= {"PYTHONPATH": str(how.code.folder), "MPLBACKEND": "Agg"}
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(threads)
    log: IO[bytes]
    with (part / "worker.log").open("wb") as log:
        # Isolated from its own folder (-P), whose modules have names of the standard library.
        process = subprocess.Popen(
            [sys.executable, "-P", how.worker, part],
            cwd=part,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            with process:
                yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _read(done: Path, points: Experiments) -> Outcome:
    fit, lift = (json.loads((done / name).read_text()) for name in ("fit.json", "lift.json"))
    with np.load(done / "lifted.npz", allow_pickle=False) as stored:
        everything = stored["root_relative"]
    ends = np.cumsum([len(array) for array in points.values()])[:-1]
    prediction = dict(zip(points, np.split(everything, ends), strict=True))
    return Outcome(prediction, fit, lift)
