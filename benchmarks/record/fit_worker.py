"""Fit a lifter and then lift, in a process of its own: ``fit_worker.py FOLDER``.

FOLDER holds ``task.json`` and ``train.npz`` as `benchmarks.record.fitting` writes them. When the
lifter is fitted, ``fit.json`` is written there and a line is printed; only when a line has come
back are the 2D to be lifted read from ``lift.npz``. Nothing else of this project is imported here
than the package, so that no other data are at hand.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from liftpose import Camera, Lifter, Skeleton

WARM = 20
"""Calls before the first that is timed."""

ROUNDS = 3
"""Calls of which the median is told: other work on the machine slows some."""

Experiments = dict[str, NDArray[Any]]


def read_experiments(path: Path, names: Mapping[str, list[str]]) -> dict[str, Experiments]:
    """Read groups of experiments, whose arrays are numbered in the order of their names."""
    with np.load(path, allow_pickle=False) as stored:
        return {
            group: {name: stored[f"{group}/{number}"] for number, name in enumerate(experiments)}
            for group, experiments in names.items()
        }


def made_lifter(task: dict[str, Any]) -> Lifter:
    """Make a lifter of a skeleton, or else of roots and target sets."""
    for name, value in task["changes"].items():
        module, _, attribute = name.partition(":")
        found = import_module(module)
        if not hasattr(found, attribute):
            raise ValueError(f"changes: there is no {attribute!r} in {module}.")
        setattr(found, attribute, value)
    settings = {**task["settings"], "seed": task["seed"], "job": 1}
    if task["skeleton"] is not None:
        return Lifter(Skeleton.from_dict(task["skeleton"]), **settings)
    return Lifter(roots=task["roots"], target_sets=task["target_sets"], **settings)


def cpu_seconds() -> float:
    """CPU seconds of this process and of those that it has started."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def peak_megabytes() -> float:
    """Largest resident set of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # The other figure is on Linux at least that of the process that started this one.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) / 1024
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1024 * 1024 if sys.platform == "darwin" else 1024)


@contextmanager
def measured(into: dict[str, Any]) -> Iterator[None]:
    """Measure what a block takes, in CPU seconds and wall time."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    yield
    into["cpu_seconds"] = cpu_seconds() - cpu
    into["wall_seconds"] = time.perf_counter() - wall


def fitted(folder: Path, task: dict[str, Any]) -> Lifter:
    """Fit, and write what it cost."""
    data = read_experiments(folder / "train.npz", task["names"])
    camera = None if task["camera"] is None else Camera(**task["camera"])
    lifter = made_lifter(task)
    cost: dict[str, Any] = {"megabytes_before": peak_megabytes()}
    with measured(cost):
        lifter.fit(data["train_2d"], data["train_3d"], camera=camera)
    cost |= {"megabytes": peak_megabytes(), "torch": torch.__version__, "numpy": np.__version__}
    cost["choice"] = json.loads(json.dumps(lifter.choice, default=str))
    (folder / "fit.json").write_text(json.dumps(cost))
    return lifter


def speed(lifter: Lifter, points: NDArray[Any], frames: int) -> dict[str, Any]:
    """Measure how fast so many frames are lifted by one call: the median of a few."""
    many = np.resize(points, (frames, *points.shape[1:]))
    rounds: list[dict[str, Any]] = [{} for _ in range(ROUNDS)]
    for each in rounds:
        with measured(each):
            lifter.lift(many)
    middle = {key: median(each[key] for each in rounds) for key in rounds[0]}
    return {"frames": frames, "megabytes": peak_megabytes(), **middle}


def latency(lifter: Lifter, points: NDArray[Any], calls: int) -> dict[str, float]:
    """Measure how long a call takes that lifts one pose, in µs.

    Median and 99th percentile of wall times, and the mean of CPU seconds, which hardly depends on
    what else the machine is doing.
    """
    times, cpu = np.empty(WARM + calls), 0.0
    for call in range(len(times)):
        one = points[call % len(points)][None]
        if call == WARM:
            cpu = time.process_time()
        start = time.perf_counter()
        lifter.lift(one)
        times[call] = time.perf_counter() - start
    cpu = time.process_time() - cpu
    p50, p99 = np.percentile(1e6 * times[WARM:], [50, 99])
    return {"p50": float(p50), "p99": float(p99), "cpu": 1e6 * cpu / calls}


def main(name: str) -> None:
    """Fit, wait, lift."""
    folder = Path(name)
    # What the package may print is no word of ours.
    ours, sys.stdout = sys.stdout, sys.stderr
    task = json.loads((folder / "task.json").read_text())
    lifter = fitted(folder, task)
    print("fitted", file=ours, flush=True)
    asked = json.loads(sys.stdin.readline())
    points = read_experiments(folder / "lift.npz", {"points": asked["names"]})["points"]
    cost: dict[str, Any] = {}
    with measured(cost):
        lifted = lifter.lift(points)
    np.savez(folder / "lifted.npz", root_relative=lifted.root_relative)
    lifter.options = lifter.options.but(job=asked["threads"])
    everything = np.concatenate(list(points.values()))
    cost["speeds"] = [speed(lifter, everything, frames) for frames in asked["frames"]]
    if asked["calls"]:
        cost["latency"] = latency(lifter, everything, asked["calls"])
    (folder / "lift.json").write_text(json.dumps(cost))


if __name__ == "__main__":
    main(sys.argv[1])
