"""How fast a lifter lifts: many poses, and one; and that cost and memory keep to the frames.

Lifters of the simulated hexapod, of 30 joints, told skeleton and camera, fitted on the 10,000
training frames of the record and asked for its test frames again and again. Each number is from a
fresh process that has loaded the lifter from its file; end to end is from an array of pixels to the
`Lifted` of all frames. Where something else keeps a processor busy, compare CPU time: microseconds
of a wall clock then tell of the machine. What liftpose 0.22 needs stands in ``record``.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import liftpose
from benchmarks.record.cases import CASES
from liftpose import Lifter

CASE = "sim_hexapod"
LIFTERS: dict[str, dict[str, str]] = {
    "ridge": {"network": "ridge"},
    "fast": {"effort": "fast"},
    "default": {"effort": "default"},
    "best": {"effort": "best"},
}
AT_LEAST = {"fast": 200_000, "default": 100_000, "best": 20_000}
"""Poses a second that the record asks for, with two threads on two free processors."""
AT_MOST = {"fast": 200, "default": 200}
"""Microseconds that it asks for one pose, in the middle."""
FRAMES = (10_000, 50_000, 200_000)
CALLS = 1000
REPEATS = 3
MEGABYTE = 2**20


def measure(path: Path, seen: np.ndarray, frames: int, calls: int) -> dict[str, float]:
    """Lift with a lifter from a file, in this process.

    Parameters
    ----------
    path : pathlib.Path
        Of the lifter.
    seen : array, shape (N, J, 2)
        Frames that are lifted, again and again.
    frames : int
        How many in one call.
    calls : int
        How many calls of one pose.

    Returns
    -------
    dict of str to float
        ``wall`` and ``cpu``, µs of a pose, the least of several calls; ``p50``, ``p99`` and
        ``p50_cpu``, µs of one pose by itself; ``beside``, MB that the process grew by beyond its
        results while it lifted them all.
    """
    lifter = liftpose.load(path)
    # Nothing larger than what is lifted may have been held before, or memory would not show.
    many = np.empty((frames, *seen.shape[1:]), np.float32)
    for first in range(0, frames, len(seen)):
        many[first : first + len(seen)] = seen[: frames - first]
    lifter.lift(many[:5000])
    before = _peak()
    result = lifter.lift(many)
    kept = (result.position.nbytes + result.root_relative.nbytes) / MEGABYTE
    beside = _peak() - before - kept
    walls, cpus = [], []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        lifter.lift(many)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    single, own = [], []
    for call in range(calls):
        one = seen[call % len(seen)][None]
        wall, cpu = time.perf_counter(), time.thread_time()
        lifter.lift(one)
        single.append(time.perf_counter() - wall)
        own.append(time.thread_time() - cpu)
    return {
        "wall": 1e6 * min(walls) / frames,
        "cpu": 1e6 * min(cpus) / frames,
        "p50": 1e6 * float(np.median(single)),
        "p99": 1e6 * float(np.percentile(single, 99)),
        "p50_cpu": 1e6 * float(np.median(own)),
        "beside": beside,
    }


def _peak() -> float:
    """Largest resident set of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # What `getrusage` gives begins with that of the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(kilobytes / (1024 * 1024 if sys.platform == "darwin" else 1024))


def in_fresh_process(
    path: Path, seen: Path, threads: int, frames: int, calls: int
) -> dict[str, Any]:
    """Call `measure` in a process of its own, with so many threads.

    Raises
    ------
    RuntimeError
        It failed; with what it said.
    """
    asked = [str(part) for part in (path, seen, threads, frames, calls)]
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", *asked],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
    )
    if found.returncode:
        raise RuntimeError(f"lifting with {path.name} failed:\n{found.stderr}")
    measured: dict[str, Any] = json.loads(found.stdout)
    return measured


def table(rows: Mapping[str, Mapping[tuple[int, int], Mapping[str, float]]]) -> str:
    """Lay out what was measured.

    Parameters
    ----------
    rows : mapping of str to mapping of (int, int) to mapping
        By lifter, then by number of threads and of frames: what `measure` gave.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "| lifter | poses/s, 1 thread | 2 threads | at least | CPU µs a pose, by frames | "
        "MB beside the results, by frames | one pose, µs: p50 (CPU), p99 | at most |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in rows.items():
        most = max(frames for _, frames in found)
        one, two = found[1, most], found[2, most]
        growth = sorted((frames, part) for (threads, frames), part in found.items() if threads == 1)
        least = f"{AT_LEAST[name]:,}" if name in AT_LEAST else ""
        limit = str(AT_MOST.get(name, ""))
        lines.append(
            f"| {name} | {1e6 / one['wall']:,.0f} | {1e6 / two['wall']:,.0f} | {least} | "
            + ", ".join(f"{part['cpu']:.2f}" for _, part in growth)
            + " | "
            + ", ".join(f"{part['beside']:.0f}" for _, part in growth)
            + f" | {two['p50']:.0f} ({two['p50_cpu']:.0f}), {two['p99']:.0f} | {limit} |"
        )
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Fit the lifters, measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed", description=__doc__)
    parser.add_argument("--lifters", nargs="+", choices=LIFTERS, default=list(LIFTERS))
    parser.add_argument("--frames", nargs="+", type=int, default=FRAMES, help="in one call")
    parser.add_argument("--calls", type=int, default=CALLS, help="of one pose each")
    arguments = parser.parse_args(argv)
    case = CASES[CASE]()
    given = case.recording.train_2d, case.recording.train_3d, case.camera
    rows: dict[str, dict[tuple[int, int], dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as name:
        seen = Path(name) / "seen.npy"
        np.save(seen, np.concatenate(list(case.recording.test_2d.values())))
        for lifter in arguments.lifters:
            path = Path(name) / f"{lifter}.lifter"
            begun = time.process_time()
            Lifter(case.skeleton, **LIFTERS[lifter]).fit(*given).save(path)
            print(f"{lifter}: fitted in {time.process_time() - begun:.1f} CPU s", file=sys.stderr)
            wanted = [(1, frames) for frames in arguments.frames] + [(2, max(arguments.frames))]
            rows[lifter] = {
                (threads, frames): in_fresh_process(path, seen, threads, frames, arguments.calls)
                for threads, frames in wanted
            }
    print(f"Frames in one call: {', '.join(f'{frames:,}' for frames in arguments.frames)}.\n")
    print(table(rows))
    return 0


if __name__ == "__main__":
    # The process that `in_fresh_process` starts.
    lifter_path, seen_path, *counts = sys.argv[1:]
    thread_count, frame_count, call_count = map(int, counts)
    torch.set_num_threads(thread_count)
    json.dump(measure(Path(lifter_path), np.load(seen_path), frame_count, call_count), sys.stdout)
