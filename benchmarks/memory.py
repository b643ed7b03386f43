"""Peak memory of ``liftpose lift`` from file to file, for few frames and for many.

A walking hexapod's 2D (30 joints) is written to netCDF again and again until the file is long
enough, and lifted by the command in a process of its own, whose largest resident set the
operating system reports.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import write_section
from liftpose import Lifter
from liftpose.datasets import hexapod
from liftpose.io import open_poses, writing
from liftpose.poses import Poses

FRAMES = (10_000, 100_000, 1_000_000)
PIECE = 10_000
ALLOWED = 1.25
"""How many times the memory of the least may the most take, to count as flat."""


@dataclass(frozen=True)
class Row:
    """One lift: frames, seconds in all, and the largest resident set in MB."""

    frames: int
    seconds: float
    peak: float


def make_files(folder: Path) -> dict[int, Path]:
    """Write a lifter, and a file of 2D for each number of frames.

    Parameters
    ----------
    folder : pathlib.Path
        Where to.

    Returns
    -------
    dict of int to pathlib.Path
        The files by their numbers of frames. The lifter is ``fly.lifter``.
    """
    fly = hexapod(frames=PIECE, seed=0, animal=0)
    lifter = Lifter(fly.skeleton, epochs=3)
    lifter.fit(fly.pose_2d, fly.pose_3d).save(folder / "fly.lifter")
    piece = Poses.from_experiments(fly.pose_2d, joints=fly.joints, fps=fly.fps, unit="px")
    files = {frames: folder / f"walk_{frames}.nc" for frames in FRAMES}
    for frames, path in files.items():
        with writing(path) as file:
            for _ in range(frames // PIECE):
                file.append(piece)
    return files


def lift(model: Path, source: Path, frames: int) -> Row:
    """Lift a file with the command, and measure.

    Parameters
    ----------
    model, source : pathlib.Path
        Lifter and 2D.
    frames : int
        How many there are.

    Returns
    -------
    Row

    Raises
    ------
    RuntimeError
        The command failed, or another number of frames came out.
    """
    target = source.with_name("lifted.nc")
    command = [sys.executable, "-m", "liftpose", "lift", model, source, "-o", target, "--quiet"]
    start = time.perf_counter()
    process = subprocess.Popen([*map(str, command), "--overwrite"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"liftpose lift failed with status {process.returncode}.")
    with open_poses(target) as poses:
        if poses.about.frames != frames:
            raise RuntimeError(f"{poses.about.frames} frames came out of {frames}.")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Row(frames, seconds, kilobytes / 1024)


def main(argv: Sequence[str]) -> int:
    """Print the table; exit with 1 where memory grows with the frames."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table in docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            lift(folder / "fly.lifter", source, frames)
            for frames, source in make_files(folder).items()
        ]
    lines = ["| frames | peak memory | seconds | frames/s |", "|---|---|---|---|"]
    lines += [
        f"| {row.frames:,} | {row.peak:.0f} MB | {row.seconds:.1f} "
        f"| {row.frames / row.seconds:,.0f} |"
        for row in rows
    ]
    table = "\n".join(lines)
    print(table)
    if arguments.write:
        write_section("memory", table)
    peaks = [row.peak for row in rows]
    return int(max(peaks) > ALLOWED * min(peaks))
