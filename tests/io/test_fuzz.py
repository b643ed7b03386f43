"""Damaged files of every format: an error of ours, or poses; never a crash, never all memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from liftpose.io import formats, registry, write_poses
from liftpose.poses import Poses
from tests.io.real_files import FILES, FOLDER

WORKER = Path(__file__).with_name("fuzz_worker.py")
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
COUNT = int(os.environ.get("FUZZ", 0)) or (200 if THOROUGH else 12)
"""How many damaged copies of each file are read."""

pytestmark = [
    pytest.mark.hypothesis,
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc"),
]


def worker(path: Path, hints: dict, seed: int) -> None:
    run = subprocess.run(
        [
            sys.executable,
            os.fspath(WORKER),
            os.fspath(path),
            str(COUNT),
            str(seed),
            json.dumps(hints),
        ],
        capture_output=True,
        text=True,
    )
    last = run.stderr.splitlines()[-12:]
    assert run.returncode == 0, f"{path.name}: died ({run.returncode}) of damage {last}"
    assert json.loads(run.stdout.splitlines()[-1]) == []


@pytest.fixture
def seed(request) -> int:
    return int(request.config.getoption("--hypothesis-seed", default=None) or 0)


@pytest.mark.parametrize("real", FILES, ids=lambda real: real.path)
def test_damaged_files_of_trackers_are_refused(real, seed):
    if not FOLDER.exists():
        pytest.skip("the trackers' files are not here (LIFTPOSE_DATA names the folder)")
    worker(FOLDER / real.path, dict(real.hints), seed)


def written(folder: Path) -> list[Path]:
    """A small file of every format that can be written."""
    rows = np.random.default_rng(0).normal(size=(20, 3, 3))
    found = []
    for entry in formats():
        if not entry.writes or not entry.reads:
            continue
        dims = min(entry.writes)
        poses = Poses.from_experiments(
            rows[..., :dims],
            joints=["nose", "left paw", "tail"],
            confidence=np.full((20, 3), 0.5),
            fps=50,
            unit="px" if dims == 2 else "mm",
        )
        suffixes = registry._writers[entry.name].suffixes or entry.suffixes
        path = folder / f"{entry.name}{suffixes[0]}"
        found.append(write_poses(poses, path, format=entry.name))
    return found


@pytest.mark.parametrize("name", sorted(entry.name for entry in formats() if entry.writes))
def test_damaged_files_of_our_own_are_refused(name, seed, tmp_path):
    paths = {path.name.split(".")[0]: path for path in written(tmp_path)}
    if name not in paths:
        pytest.skip(f"{name} is written and not read")
    worker(paths[name], {"format": name}, seed)
