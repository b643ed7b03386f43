"""How long it takes until LiftPose answers: wall time of fresh processes.

Each statement is run in a process of its own, all of them in turn, round after round, so that
what else the machine is doing falls on all alike. Compiled files are there before the first round.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.peer import has_peer, peer_python
from benchmarks.report import write_section

ROUNDS = 25
LIMITS = {"import liftpose": 0.1, "liftpose --help": 0.3}
"""Seconds that must not be exceeded, Python's own start included."""


def commands() -> dict[str, list[str]]:
    """Give what is measured: processes by name.

    Returns
    -------
    dict of str to list of str
        That of liftpose 0.22 only where there is an interpreter that has it: the variable
        ``LIFTPOSE_PEER_PYTHON`` names it, or another benchmark has made its environment.
    """
    script = shutil.which("liftpose", path=str(Path(sys.executable).parent))
    if script is None:
        raise FileNotFoundError("the command liftpose is not installed beside this Python.")
    found = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import liftpose": [sys.executable, "-c", "import liftpose"],
        "liftpose --help": [script, "--help"],
        "import liftpose.main": [sys.executable, "-c", "import liftpose.main"],
    }
    if os.environ.get("LIFTPOSE_PEER_PYTHON") or has_peer():
        found["import liftpose.main (0.22)"] = [str(peer_python()), "-c", "import liftpose.main"]
    return found


def seconds(command: Sequence[str]) -> float:
    """Measure the wall time of one process.

    Parameters
    ----------
    command : sequence of str
        What to run; it must succeed.

    Returns
    -------
    float
    """
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        return time.perf_counter() - start


def main(argv: Sequence[str]) -> int:
    """Print the times; exit with 1 where one is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="processes of each")
    parser.add_argument("--write", action="store_true", help="put the table in docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    known = commands()
    for command in known.values():
        seconds(command)
    times: dict[str, list[float]] = {name: [] for name in known}
    for _ in range(arguments.rounds):
        for name, command in known.items():
            times[name].append(seconds(command))
    lines = ["| | median | range | at most |", "|---|---|---|---|"]
    for name, found in times.items():
        limit = f"{LIMITS[name]} s" if name in LIMITS else ""
        lines.append(
            f"| `{name}` | {median(found):.3f} s | {min(found):.3f}–{max(found):.3f} s | {limit} |"
        )
    table = "\n".join(lines)
    print(table)
    if arguments.write:
        write_section("startup", table)
    return int(any(median(times[name]) >= limit for name, limit in LIMITS.items()))
