"""What a page with a player weighs, how soon it is there, and what playing costs.

A simulated animal of 30 joints, lifted with some error, is put into one page with its truth, its
error bars and its keypoints in the image. A real browser, without a window, opens it and plays.
Needs selenium, and Chromium with its driver.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.datasets import hexapod
from liftpose.plot.embedding import packed_script, player_page, web_text
from liftpose.plot.limbs import Limbs
from liftpose.plot.track import LAYERS, Track, encode_chunk

MOST_BYTES = 8e6
"""Of a page of 10,000 frames of 30 joints, with the library that draws its figures."""

MOST_MS = 4.0
"""Of scripts for one picture while it plays."""

_OPEN = """
const done = arguments[0];
const wait = () => window.player
  ? player.ready.then(() => done(performance.now()))
  : setTimeout(wait, 5);
wait();
"""
_PLAY = """
const [toggles, seconds, done] = arguments;
for (const name of ["ghost", "trails", "spread"]) player.toggle(name, toggles.includes(name));
let pictures = 0;
player.on("frame", () => pictures++);
const begin = performance.now();
player.play();
setTimeout(() => {
  player.pause();
  done([player.scriptMs, (1000 * pictures) / (performance.now() - begin)]);
}, 1000 * seconds);
"""


def simulated(frames: int) -> Track:
    """Simulate an animal that was lifted with some error.

    Parameters
    ----------
    frames : int

    Returns
    -------
    Track
        With every layer but the reprojection. Errors are independent from frame to frame, which
        is the hardest for whoever packs them.
    """
    animal = hexapod(frames=frames, seed=0)
    rng = np.random.default_rng(0)
    truth = animal.poses_3d
    spread = 0.04 * rng.uniform(0.8, 1.2, truth.shape)
    pose = truth + spread * rng.standard_normal(truth.shape)
    error = np.linalg.norm(pose - truth, axis=2).mean(axis=1)
    return Track(
        {"pose": pose, "truth": truth, "spread": spread, "image": animal.pose_2d},
        animal.joints,
        Limbs.of(animal.skeleton),
        unit=animal.unit,
        fps=animal.fps,
        lines={"error": ("error", animal.unit, error)},
        title="simulated hexapod",
    )


@contextmanager
def browser(folder: str) -> Iterator[Any]:
    """Start Chromium without a window.

    Parameters
    ----------
    folder : str
        For what it writes.

    Yields
    ------
    selenium.webdriver.Chrome

    Raises
    ------
    FileNotFoundError
        Something that is needed is not there; says what.
    """
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError as error:
        raise FileNotFoundError("this needs selenium: pip install selenium") from error
    program = shutil.which("chromium") or shutil.which("google-chrome")
    drives = shutil.which("chromedriver")
    if program is None or drives is None:
        raise FileNotFoundError("this needs chromium and chromedriver on the path.")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
    drawn = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--window-size=1280,900")
    for flag in (*flags, *drawn, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(executable_path=drives))
    driver.set_script_timeout(120)
    try:
        yield driver
    finally:
        driver.quit()


def weights(track: Track, page: str) -> dict[str, int]:
    """Say how many bytes each part of a page takes.

    Parameters
    ----------
    track : Track
    page : str

    Returns
    -------
    dict of str to int
    """
    found = {"page with the player": len(page.encode())}
    found["  three"] = len(packed_script("three", web_text("vendor/three.min.js")))
    for name in track.order:
        rows = (slice(first, first + 2048) for first in range(0, track.frames, 2048))
        parts = (encode_chunk({name: track.layers[name][each]}, [name]) for each in rows)
        found[f"  {name} ({LAYERS[name]} coordinates)"] = sum(
            -(-len(part) // 3) * 4 for part in parts
        )
    plotly = len(packed_script("plotly", web_text("vendor/plotly-basic.min.js")))
    found["with plotly's basic bundle"] = found["page with the player"] + plotly
    return found


def main(argv: Sequence[str]) -> int:
    """Print weights and times; exit with 1 where a bar is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks page", description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="to play, of each kind")
    asked = parser.parse_args(argv)
    track = simulated(asked.frames)
    start = time.perf_counter()
    page = player_page(track)
    made = time.perf_counter() - start
    print(f"{track.frames:,} frames of {len(track.joints)} joints; made in {made:.2f} s")
    found = weights(track, page)
    for name, size in found.items():
        print(f"{name:<34}{size / 1e6:8.2f} MB")
    with tempfile.TemporaryDirectory() as folder, browser(folder) as driver:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        driver.get(file.as_uri())
        print(f"{'first frame drawn after':<34}{driver.execute_async_script(_OPEN) / 1e3:8.2f} s")
        slowest = 0.0
        for toggles in ([], ["ghost", "trails", "spread"]):
            spent, rate = driver.execute_async_script(_PLAY, toggles, asked.seconds)
            words = f"playing{', with ' + ', '.join(toggles) if toggles else ''}"
            print(f"{words:<34}{spent:8.2f} ms of scripts a picture, {rate:.0f} pictures/s")
            slowest = max(slowest, spent)
    heavy = asked.frames <= 10_000 and max(found.values()) >= MOST_BYTES
    print(f"bars: under {MOST_BYTES / 1e6:g} MB: {'no' if heavy else 'yes'};", end=" ")
    print(f"under {MOST_MS:g} ms: {'yes' if slowest < MOST_MS else 'no'}")
    return int(heavy or slowest >= MOST_MS)
