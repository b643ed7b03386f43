"""The benchmark of speed: what it measures of a lifter that is known to be slow."""

import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import speed
from liftpose import Lifter


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A lifter's file, and 2D to lift."""
    rng = np.random.default_rng(0)
    pose_3d = rng.normal(size=(200, 4, 3))
    folder = tmp_path_factory.mktemp("speed")
    lifter = Lifter(roots=[0], target_sets=[1, 2, 3], network="ridge")
    lifter.fit(pose_3d[..., :2], pose_3d).save(folder / "a.lifter")
    np.save(folder / "seen.npy", pose_3d[:, :, :2])
    return folder / "a.lifter", folder / "seen.npy"


def test_it_tells_how_long_a_slow_lifter_took(kept, monkeypatch):
    path, seen = kept
    lift, asked = Lifter.lift, []

    def slow(self, poses_2d):
        asked.append(poses_2d)
        time.sleep(0.02)
        return lift(self, poses_2d)

    monkeypatch.setattr(Lifter, "lift", slow)
    found = speed.measure(path, np.load(seen), 6000, 5)
    assert found["wall"] > 1e6 * 0.02 / 6000
    assert found["p99"] >= found["p50"] > 1e6 * 0.02
    assert found["p50_cpu"] < found["p50"]
    assert [len(poses) for poses in asked].count(6000) == 1 + speed.REPEATS
    assert [len(poses) for poses in asked].count(1) == 5
    np.testing.assert_array_equal(asked[-1], np.load(seen)[4:5])


def resident():
    """Resident set of this process now, in MB; its peak where that is all that is known."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return speed._peak()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return float(line.split()[1]) / 1024


def test_what_a_lifter_needs_beside_its_results_is_seen(kept, monkeypatch):
    path, seen = kept
    lift, held = Lifter.lift, []

    def hungry(self, poses_2d):
        if len(poses_2d) == 20_000:
            # Earlier tests may have held more: only what goes beyond their peak is seen.
            free = max(0, round(speed._peak() - resident()))
            held.append(np.ones((free + 60) * speed.MEGABYTE // 8))
        return lift(self, poses_2d)

    monkeypatch.setattr(Lifter, "lift", hungry)
    assert speed.measure(path, np.load(seen), 20_000, 1)["beside"] > 50


def test_a_fresh_process_has_the_threads_that_are_asked_for(kept):
    found = speed.in_fresh_process(*kept, threads=2, frames=3000, calls=3)
    assert set(found) == {"wall", "cpu", "p50", "p99", "p50_cpu", "beside"}
    with pytest.raises(RuntimeError, match=r"gone\.lifter failed"):
        speed.in_fresh_process(kept[0].with_name("gone.lifter"), kept[1], 1, 10, 1)


def test_the_table_has_a_row_for_each_lifter():
    part = {"wall": 5.0, "cpu": 4.0, "p50": 120.0, "p99": 300.0, "p50_cpu": 99.0, "beside": 7.0}
    two = {**part, "wall": 2.5}
    rows = {"fast": {(1, 10): {**part, "cpu": 6.0}, (1, 20): part, (2, 20): two}}
    assert speed.table(rows).splitlines()[2] == (
        "| fast | 200,000 | 400,000 | 200,000 | 6.00, 4.00 | 7, 7 | 120 (99), 300 | 200 |"
    )
