"""Film poses with `liftpose.plot.plot_video_3d`, ours or 0.22's: ``film_worker.py TASK FILM``.

TASK is an .npz file as `benchmarks.film` writes it. What it took is printed as JSON. Nothing of
this project is imported here but the one function, whose signature both have.
"""

import importlib
import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def peak() -> float:
    """Largest resident sets of this process and of the largest that it started, in MB."""
    status = Path("/proc/self/status")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    if status.is_file():
        # What `getrusage` gives begins with that of the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        own = float(line.split()[1]) / 1024
    return own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit


def cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def main(task: str, film: str) -> None:
    """Film the poses of a task, and print seconds, CPU seconds and memory."""
    # 0.22 names two lines of its legend where it draws one.
    warnings.simplefilter("ignore")
    with np.load(task, allow_pickle=False) as stored:
        settings: dict[str, Any] = json.loads(str(stored["settings"]))
        poses = stored["poses"]
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    # 0.22 uses it and does not import it.
    importlib.import_module("matplotlib.animation")
    plt: Any = importlib.import_module("matplotlib.pyplot")
    plot_video_3d = importlib.import_module("liftpose.plot").plot_video_3d
    inches, dots = settings["inches"], settings["dots"]
    fig = plt.figure(figsize=(inches, inches), dpi=dots)
    ax = fig.add_subplot(projection="3d")
    low, high = settings["limits"]
    ax.set(xlim=(low, high), ylim=(low, high), zlim=(low, high))
    start, before = time.perf_counter(), cpu_seconds()
    plot_video_3d(
        fig,
        ax,
        len(poses),
        {"vis": settings["look"]},
        poses,
        trailing=settings["trailing"],
        fps=settings["fps"],
        name=film,
    )
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - before
    found = {"seconds": seconds, "cpu": cpu, "all_cpu": cpu_seconds(), "peak": peak()}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
