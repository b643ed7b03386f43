"""How soon ``liftpose view`` shows a frame of a recording of a million, and what it takes.

A walking hexapod's 3D (30 joints) with spread and novelty is written to netCDF again and again
until the file is long enough. Then the command is started in a process of its own, and its page is
opened in a browser that waits already; without a browser, what the page asks for before it draws
is asked for. Beside it, the whole file is read.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

import numpy as np

from benchmarks.report import write_section
from liftpose.datasets import hexapod
from liftpose.io import read_lifted, writing
from liftpose.poses import Lifted

FRAMES = (10_000, 1_000_000)
PIECE = 10_000
SEEKS = 9
LIMIT = 2.0
"""Seconds from the command to the first frame that must not be exceeded."""

_FLAGS = (
    *("--headless", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
)


@dataclass(frozen=True)
class Row:
    """One recording: seconds to the address, to the first frame, to a far one, to a whole read."""

    frames: int
    megabytes: float
    address: float
    first: float
    far: float
    whole: float
    peak: float


def make_file(folder: Path, frames: int) -> Path:
    """Write lifted poses of some frames.

    Parameters
    ----------
    folder : pathlib.Path
        Where to.
    frames : int
        How many; a multiple of `PIECE`.

    Returns
    -------
    pathlib.Path
    """
    fly = hexapod(frames=PIECE, seed=0, animal=0)
    position = fly.poses_3d.astype(np.float32)
    piece = Lifted(
        position,
        position,
        ("walk",),
        (PIECE,),
        joints=fly.joints,
        fps=fly.fps,
        unit="mm",
        frame="world",
        spread=np.abs(np.random.default_rng(0).normal(0.1, 0.02, position.shape)).astype("f4"),
        novelty=np.linspace(0, 100, PIECE, dtype=np.float32),
        provenance={"skeleton": fly.skeleton.as_json},
    )
    path = folder / f"lifted_{frames}.nc"
    with writing(path) as file:
        for _ in range(frames // PIECE):
            file.append(piece)
    return path


@contextmanager
def pages() -> Iterator[Any]:
    """Give a browser that is open, or None where there is none."""
    program, drives = shutil.which("chromium"), shutil.which("chromedriver")
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        program = None
    if program is None or drives is None:
        yield None
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = Service(executable_path=drives, log_output=subprocess.DEVNULL)
        driver = webdriver.Chrome(options=options, service=service)
        try:
            driver.get("about:blank")
            yield driver
        finally:
            driver.quit()


def measure(path: Path, frames: int, driver: Any) -> Row:
    """Start the command on a file, look at the first frame and at far ones, and end it.

    Parameters
    ----------
    path : pathlib.Path
        Lifted poses.
    frames : int
        How many there are.
    driver : selenium driver or None

    Returns
    -------
    Row

    Raises
    ------
    RuntimeError
        The command failed.
    """
    command = [sys.executable, "-m", "liftpose", "view", str(path), "--no-browser", "--quiet"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            address = time.perf_counter() - start
            if not re.match("http://", url):
                raise RuntimeError(f"liftpose view ended with status {process.wait()}.")
            _see(url, driver)
            first = time.perf_counter() - start
            far = [_far(url, frames, number, driver) for number in range(SEEKS)]
            held = _held(process.pid)
            process.send_signal(signal.SIGINT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            process.kill()  # does nothing where it has ended
    if process.returncode:
        raise RuntimeError(f"liftpose view ended with status {process.returncode}.")
    start = time.perf_counter()
    read_lifted(path)
    whole = time.perf_counter() - start
    kilobytes = held or usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    size = path.stat().st_size / 2**20
    return Row(frames, size, address, first, median(far), whole, kilobytes / 1024)


def _held(process: int) -> float:
    """Peak memory of a process in kB, 0 where the system does not tell it of one that runs.

    What it tells of one that has ended begins with that of the process that started it.
    """
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1])


def _see(url: str, driver: Any) -> None:
    if driver is None:
        for route in ("", "player.js", "vendor/three.min.js", "header.json", "chunk/0"):
            _get(f"{url}{route}")
        return
    driver.get(url)
    driver.set_script_timeout(60)
    driver.execute_async_script(
        "const done = arguments[0]; (async () => { while (!document.documentElement.dataset.ready)"
        " await new Promise((next) => setTimeout(next, 5)); done(); })();"
    )


def _get(address: str) -> bytes:
    with urlopen(address) as answer:
        found: bytes = answer.read()
    return found


def _far(url: str, frames: int, number: int, driver: Any) -> float:
    """Seconds until a frame far from those before is there."""
    frame = int(frames * ((0.37 + 0.618 * number) % 1))
    start = time.perf_counter()
    if driver is None:
        _get(f"{url}chunk/{frame // 2048}")
    else:
        driver.execute_async_script("window.player.seek(arguments[0]).then(arguments[1]);", frame)
    return time.perf_counter() - start


def main(argv: Sequence[str]) -> int:
    """Print the table; exit with 1 where the first frame is not there in time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks view", description=__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=FRAMES, help="of each recording")
    parser.add_argument("--write", action="store_true", help="put the table in docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name, pages() as driver:
        rows = []
        for frames in arguments.frames:
            path = make_file(Path(name), frames)
            rows.append(measure(path, frames, driver))
            path.unlink()
    lines = [
        "| frames | file | address | first frame | far frame | whole read | peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.frames:,} | {row.megabytes:,.0f} MB | {row.address:.2f} s | {row.first:.2f} s "
        f"| {row.far:.2f} s | {row.whole:.2f} s | {row.peak:.0f} MB |"
        for row in rows
    ]
    seen = "in a browser" if driver is not None else "without a browser: what a page asks for"
    table = "\n".join([*lines, "", f"First and far frame {seen}."])
    print(table)
    if arguments.write:
        write_section("view", table)
    return int(any(row.first > LIMIT for row in rows))
