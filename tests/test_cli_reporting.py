"""The verb `report`: what it prints and refuses."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from liftpose.cli import app
from liftpose.io import write_poses
from liftpose.poses import Lifted
from liftpose.terminal import Status


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def lifted(tmp_path):
    points = np.random.default_rng(0).normal(size=(40, 3, 3)).astype(np.float32)
    poses = Lifted(points, points, ("walk",), (40,), joints=("a", "b", "c"), unit="mm")
    return write_poses(poses, tmp_path / "lifted.nc")


def test_it_writes_a_page_and_says_so(lifted, tmp_path):
    out = tmp_path / "r.html"
    done = run("report", lifted, "-o", out, "--title", "My walk", "--frames", "5..9")
    assert done.exit_code == 0, done.stderr
    assert f"{out}: 40 frames, of which the player shows 5;" in done.stdout
    assert "<h1>My walk</h1>" in out.read_text(encoding="utf-8")


def test_it_gives_json(lifted, tmp_path):
    out = tmp_path / "r.html"
    said = json.loads(run("report", lifted, "-o", out, "--json", "--frames", "7").stdout)
    assert said["frames"] == 40
    assert said["frames_in_player"] == 1
    assert said["bytes"] == out.stat().st_size
    assert said["evaluation"] is None


def test_it_refuses_what_makes_no_sense(lifted, tmp_path):
    out = tmp_path / "r.html"
    assert run("report", lifted, "-o", out, "--frames", "a..b").exit_code == Status.USAGE
    out.write_text("mine")
    there = run("report", lifted, "-o", out)
    assert there.exit_code == Status.BAD_INPUT
    assert "--overwrite" in there.stderr
    assert run("report", lifted, "-o", out, "--overwrite").exit_code == Status.OK
    nowhere = run("report", tmp_path / "none.nc", "-o", tmp_path / "s.html")
    assert nowhere.exit_code == Status.BAD_INPUT
    assert "none.nc" in nowhere.stderr
    assert run("report", lifted, "-o", tmp_path / "no" / "s.html").exit_code == Status.BAD_INPUT
