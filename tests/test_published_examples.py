"""The examples of published data sets run from a folder of data to a figure."""

import importlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from examples.from_data_to_figure import run
from examples.stand_ins import MAKERS, recorded_fly
from liftpose.datasets import tethered_fly
from liftpose.params import read_params
from liftpose.postprocess.evaluation import read_evaluation

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("name", MAKERS)
def test_data_becomes_a_figure(name, tmp_path, monkeypatch, capsys):
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    MAKERS[name](data, 60, np.random.default_rng(0))
    example = importlib.import_module(f"examples.{name}.run")
    settings = read_params(EXAMPLES / name / "params.toml")
    assert settings.options["seed"] == 0
    # What takes long in the example is left out here.
    (tmp_path / "params.toml").write_text('[data]\n[training]\nnetwork = "ridge"\n')
    monkeypatch.setattr(sys, "argv", ["run.py", str(data), "-o", str(out)])
    run(str(tmp_path / "run.py"), example.load)
    picture = imread(out / "figure.png")
    assert picture.shape[:2] == (552, 1320)
    assert (picture[..., :3].min(axis=2) < 0.9).mean() > 0.02
    found = example.load(data)
    frames = sum(found.poses_2d.only(key).frames for key in found.test)
    assert read_evaluation(out).frames == frames
    assert f"{frames:,} frames" in capsys.readouterr().out
    assert (EXAMPLES / name / "README.md").is_file()


def test_other_experiments_can_be_trained_on(tmp_path, monkeypatch, capsys):
    MAKERS["capture_rat"](tmp_path, 40, np.random.default_rng(0))
    shutil.rmtree(tmp_path / "data_3d_e0")
    (tmp_path / "params.toml").write_text('[data]\n[training]\nnetwork = "ridge"\n')
    example = importlib.import_module("examples.capture_rat.run")
    given = ["run.py", str(tmp_path), "-o", str(tmp_path / "out"), "--train", "(2", "--test", "(3"]
    monkeypatch.setattr(sys, "argv", given)
    run(str(tmp_path / "run.py"), example.load)
    assert "1 to train on, 1 to test on" in capsys.readouterr().out


def test_a_real_recording_is_written_as_deepfly3d_has_it(tmp_path):
    numbers = [0, 1, 2, 4, 5, 6]
    rng = np.random.default_rng(0)
    angles = np.radians([10, 50, 90, 200, 240, 280])
    R = np.stack(
        [[[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]] for a in angles]
    )
    K, t = np.diag([9e3, 9e3, 1]) + np.eye(3, k=2) * 300, np.asarray([0.0, 0.0, 99.0])
    deep = rng.normal(size=(5, 30, 3))
    apart = np.einsum("cij,nkj->cnki", R, deep) + t
    flat = np.einsum("ij,cnkj->cnki", K, apart)
    flat = flat[..., :2] / flat[..., 2:]
    flat[:3, :, 15:] = flat[3:, :, :15] = np.nan
    many = {"K": np.stack([K] * 6), "R": R, "t": np.stack([t] * 6)}
    np.savez(tmp_path / "fly.npz", pose3d=deep, pose2d=flat, camera_ids=numbers, **many)
    recorded_fly(tmp_path / "Fly1.pkl", tmp_path / "fly.npz")
    found = tethered_fly(tmp_path)
    assert max(found.reprojection().values()) < 1e-6
    np.testing.assert_allclose(found.poses_3d.only(("Fly1", 5)).points[:, 19:34], deep[:, 15:])
    np.testing.assert_allclose(found.poses_2d.only(("Fly1", 2)).points[:, :15], flat[2, :, :15])
