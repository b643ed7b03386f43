"""How fast poses are filmed, beside liftpose 0.22: same poses, same size, same trails, same call.

A simulated walking hexapod, of 30 joints, stands in the middle of a picture of 1440 x 1440 pixels,
which is what 0.22 makes of Matplotlib's square figure. Both film it with `plot_video_3d`, each in a
fresh process with all processors of the machine, by turns; the time is that of the call, to the
closed mp4. Medians are printed, with the range. 0.22 needs ``ffmpeg``. Each side is given the same
frames; a film of few pictures, and how much memory many take, are measured of ours alone.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.peer import peer_python
from benchmarks.report import write_section
from liftpose.datasets import hexapod

WORKER = Path(__file__).with_name("film_worker.py")
INCHES, DOTS, FPS = 4.8, 300, 25
TRAILS = (10, 0)
AT_LEAST = 20
"""How many times as many pictures a second as 0.22 the plan asks for, with trails."""
STRETCH = 300
"""Frames that are filmed, those in which the animal moves most; longer films go to and fro."""
PREVIEW, AT_MOST = 10, 2.0
"""Pictures of a first look, and the seconds it may take with Python's start and all imports."""
LENGTHS = (300, 3000)
ALLOWED = 1.1
"""How many times the memory of the shorter film may the longer take, to count as flat."""

Measured = dict[str, float]


def walk(frames: int) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Give poses around the origin, and what `plot_video_3d` needs to draw them.

    Parameters
    ----------
    frames : int
        How many.

    Returns
    -------
    poses : array, shape (N, 30, 3)
    settings : dict
        Plain values.
    """
    fly = hexapod(frames=10 * STRETCH, seed=0)
    whole = np.asarray(fly.pose_3d)
    whole = whole - whole.mean(axis=1, keepdims=True)
    moves = np.linalg.norm(np.diff(whole, axis=0), axis=-1).sum(axis=1)
    start = int(np.convolve(moves, np.ones(STRETCH - 1), "valid").argmax())
    poses = whole[start : start + STRETCH]
    to_and_fro = np.concatenate([poses, poses[::-1]])
    poses = to_and_fro[np.arange(frames) % len(to_and_fro)]
    reach = float(np.abs(poses).max())
    body = fly.skeleton
    look = {
        "bones": np.asarray(body.bones).tolist(),
        "limb_id": np.asarray(body.limbs).tolist(),
        "colors": np.asarray(body.colors).tolist(),
    }
    size = {"inches": INCHES, "dots": DOTS, "fps": FPS}
    return poses, {**size, "look": look, "limits": (-reach, reach)}


def film(
    python: Path, poses: NDArray[np.float64], settings: Mapping[str, Any], target: Path
) -> Measured:
    """Film in a process of its own.

    Parameters
    ----------
    python : pathlib.Path
        Its interpreter: whose `liftpose` it is.
    poses : array, shape (N, J, 3)
    settings : mapping
        As `walk` gives them, with ``trailing``.
    target : pathlib.Path
        The film.

    Returns
    -------
    dict of str to float
        ``seconds`` and ``cpu`` seconds of the call; ``whole`` and ``all_cpu``, those of the
        process from its start; ``peak``, MB, its processes together; ``size``, bytes.

    Raises
    ------
    RuntimeError
        It failed; with what it said.
    """
    task = target.with_suffix(".npz")
    np.savez(task, settings=np.array(json.dumps(dict(settings))), poses=poses)
    own = python == Path(sys.executable)
    keep = {key: value for key, value in os.environ.items() if own or key != "PYTHONPATH"}
    start = time.perf_counter()
    done = subprocess.run([python, WORKER, task, target], capture_output=True, text=True, env=keep)
    whole = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"filming with {python} failed:\n{done.stderr}")
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return {**found, "whole": whole, "size": target.stat().st_size}


def anew(source: Path, target: Path) -> int:
    """Compress a film again with x264's own default effort, and give its size.

    Parameters
    ----------
    source, target : pathlib.Path

    Returns
    -------
    int
        Bytes, at the same ``crf`` of 18.
    """
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        stream = made.add_stream("libx264", Fraction(FPS), {"crf": "18", "preset": "medium"})
        first = given.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, "yuv420p"
        for frame in given.decode(video=0):
            frame.pict_type = av.video.frame.PictureType.NONE
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    return target.stat().st_size


def table(rows: Mapping[int, Mapping[str, Sequence[Measured]]], frames: int) -> str:
    """Lay out what was measured of both.

    Parameters
    ----------
    rows : mapping of int to mapping
        By the length of the trails, then ``"ours"`` and ``"0.22"``: a measurement a repeat.
    frames : int
        Of each film.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "| trails | | pictures/s (range) | ours / 0.22 | CPU ms a picture | peak memory | film |",
        "|---|---|---|---|---|---|---|",
    ]
    for trail, sides in rows.items():
        rates = {side: [frames / one["seconds"] for one in found] for side, found in sides.items()}
        for side, found in sides.items():
            times = ""
            if side == "ours" and "0.22" in rates:
                times = f"{median(rates['ours']) / median(rates['0.22']):.1f} ×"
            lines.append(
                f"| {trail or 'none'} | {side} | {median(rates[side]):.1f} "
                f"({min(rates[side]):.1f}–{max(rates[side]):.1f}) | {times} | "
                f"{1e3 * median(one['cpu'] for one in found) / frames:.1f} | "
                f"{median(one['peak'] for one in found):.0f} MB | "
                f"{found[0]['size'] / 1e6:.2f} MB |"
            )
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Film on both sides, and print the table; 1 where a bar is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks film", description=__doc__)
    parser.add_argument("--frames", type=int, default=200, help="of a film of both")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without 0.22")
    parser.add_argument("--write", action="store_true", help="put it into docs/benchmarks.md")
    asked = parser.parse_args(argv)
    sides = {"ours": Path(sys.executable)}
    if not asked.alone:
        if shutil.which("ffmpeg") is None:
            parser.error("liftpose 0.22 needs ffmpeg, which is not here; --alone goes without.")
        sides["0.22"] = peer_python()
    poses, settings = walk(max(asked.frames, *LENGTHS))
    with tempfile.TemporaryDirectory() as name:
        folder, own = Path(name), Path(sys.executable)
        rows: dict[int, dict[str, list[Measured]]] = {
            trail: {side: [] for side in sides} for trail in TRAILS
        }
        for _ in range(asked.repeats):
            for trail, found in rows.items():
                for side, python in sides.items():
                    with_trail = {**settings, "trailing": trail or None}
                    one = film(python, poses[: asked.frames], with_trail, folder / f"{side}.mp4")
                    found[side].append(one)
                    print(trail, side, one, file=sys.stderr)
        with_trail = {**settings, "trailing": TRAILS[0]}
        looks = [
            film(own, poses[:PREVIEW], with_trail, folder / "look.mp4")
            for _ in range(asked.repeats)
        ]
        long = {
            count: film(own, poses[:count], with_trail, folder / f"{count}.mp4")
            for count in LENGTHS
        }
        again = anew(folder / f"{LENGTHS[0]}.mp4", folder / "again.mp4")
    text = f"{table(rows, asked.frames)}\n\n{_said(looks, long, again)}"
    print(text)
    if asked.write:
        write_section("film", text)
    return 0 if _holds(rows, looks, long) else 1


def _said(looks: Sequence[Measured], long: Mapping[int, Measured], again: int) -> str:
    waits = [one["whole"] for one in looks]
    short, whole = (long[count] for count in LENGTHS)
    few, many = LENGTHS
    return "\n".join(
        [
            f"- Films of {few:,} and of {many:,} pictures took {short['peak']:.0f} MB of memory "
            f"and {whole['peak']:.0f} MB at most, and {few / short['seconds']:.0f} and "
            f"{many / whole['seconds']:.0f} pictures a second were made.",
            f"- A film of {PREVIEW} pictures is there {median(waits):.2f} s after Python was "
            f"started ({min(waits):.2f}–{max(waits):.2f} s), all imports included, of which "
            f"{median(one['all_cpu'] for one in looks):.2f} s are CPU time; at most "
            f"{AT_MOST:g} s.",
            f"- {few} pictures take {short['size'] / 1e6:.2f} MB; compressed again with x264's "
            f"medium effort at the same `crf` of 18, {again / 1e6:.2f} MB.",
        ]
    )


def _holds(
    rows: Mapping[int, Mapping[str, Sequence[Measured]]],
    looks: Sequence[Measured],
    long: Mapping[int, Measured],
) -> bool:
    """Whether the bars are held; says of each that is not."""
    sides = rows[TRAILS[0]]
    wrong = []
    if "0.22" in sides:
        ours, theirs = (median(one["seconds"] for one in sides[side]) for side in ("ours", "0.22"))
        if theirs < AT_LEAST * ours:
            wrong.append(f"{theirs / ours:.1f} times as fast as 0.22, below {AT_LEAST}")
    wait = median(one["whole"] for one in looks)
    if wait > AT_MOST:
        wrong.append(f"a first look takes {wait:.2f} s, above {AT_MOST:g}")
    short, whole = (long[count]["peak"] for count in LENGTHS)
    if whole > ALLOWED * short:
        wrong.append(f"memory grows from {short:.0f} to {whole:.0f} MB")
    for one in wrong:
        print(one, file=sys.stderr)
    return not wrong
