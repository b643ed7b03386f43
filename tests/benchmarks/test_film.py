"""The benchmark of films: what it measures, and when it says that a bar is not held."""

import sys
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks import film

SETTINGS = {
    "inches": 1,
    "dots": 60,
    "fps": 25,
    "limits": (-1, 1),
    "trailing": 2,
    "look": {"bones": [[0, 1]], "limb_id": [0, 0], "colors": [[0, 0, 200]]},
}


def test_it_films_in_a_process_of_its_own_and_tells_what_that_took(tmp_path):
    poses = np.random.default_rng(0).uniform(-1, 1, (4, 2, 3))
    found = film.film(Path(sys.executable), poses, SETTINGS, tmp_path / "a.mp4")
    assert 0 < found["seconds"] < found["whole"]
    assert 0 < found["cpu"] < found["all_cpu"]
    assert 20 < found["peak"] < 1000
    assert found["size"] == (tmp_path / "a.mp4").stat().st_size
    with av.open(str(tmp_path / "a.mp4")) as made:
        assert made.streams.video[0].frames == 4
        assert made.streams.video[0].width == 60
    size = film.anew(tmp_path / "a.mp4", tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as made:
        assert len(list(made.decode(video=0))) == 4
    assert size == (tmp_path / "b.mp4").stat().st_size
    with pytest.raises(RuntimeError, match="filming with .* failed"):
        film.film(Path(sys.executable), poses[..., :2], SETTINGS, tmp_path / "c.mp4")


def test_poses_to_film_move_and_go_on_without_a_jump():
    poses, settings = film.walk(700)
    assert poses.shape == (700, 30, 3)
    steps = np.linalg.norm(np.diff(poses, axis=0), axis=-1).max(axis=1)
    assert steps[299] == steps[599] == 0  # where it turns back
    assert np.median(steps) > 0.05
    assert np.abs(poses).max() <= settings["limits"][1]


def one(seconds, peak=100.0):
    times = {"seconds": seconds, "cpu": 2.0, "whole": seconds, "all_cpu": 0.8}
    return {**times, "peak": peak, "size": 250_000}


def test_the_table_and_the_bars(capsys):
    rows = {10: {"ours": [one(2.0), one(1.0), one(4.0)], "0.22": [one(50.0)]}}
    lines = film.table(rows, 100).splitlines()
    assert lines[2] == "| 10 | ours | 50.0 (25.0–100.0) | 25.0 × | 20.0 | 100 MB | 0.25 MB |"
    assert lines[3] == "| 10 | 0.22 | 2.0 (2.0–2.0) |  | 20.0 | 100 MB | 0.25 MB |"
    long = {300: one(1.0), 3000: one(9.0, 105.0)}
    assert film._holds(rows, [one(1.0), one(1.5), one(9.0)], long)
    assert not film._holds({10: {**rows[10], "0.22": [one(39.0)]}}, [one(1.0)], long)
    assert "19.5 times as fast as 0.22, below 20" in capsys.readouterr().err
    assert not film._holds(rows, [one(2.1)], long)
    assert not film._holds(rows, [one(1.0)], {**long, 3000: one(9.0, 120.0)})
    assert "memory grows from 100 to 120 MB" in capsys.readouterr().err
    said = film._said([one(1.0), one(3.0), one(2.0)], long, 200_000).splitlines()
    assert said[0].endswith(
        "took 100 MB of memory and 105 MB at most, and 300 and 333 pictures a second were made."
    )
    assert "is there 2.00 s after Python was started (1.00–3.00 s)" in said[1]
    assert "of which 0.80 s are CPU time; at most 2 s" in said[1]
    assert said[2].startswith("- 300 pictures take 0.25 MB; compressed again")
    assert said[2].endswith("0.20 MB.")
