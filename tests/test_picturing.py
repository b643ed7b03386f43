"""Figures of files: what they show, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from liftpose import Skeleton
from liftpose.io import write_poses
from liftpose.main import train
from liftpose.picturing import plot_file, upright
from liftpose.poses import Poses

JOINTS = ("hip", "knee", "foot")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    deep = rng.normal(size=(40, 3, 3))
    deep[10:20] = np.nan
    about = {"joints": JOINTS, "fps": 100}
    write_poses(Poses.from_experiments(deep, unit="mm", **about), "deep.nc")
    write_poses(Poses.from_experiments(deep[..., :2] * 100, unit="px", **about), "flat.nc")
    Skeleton(JOINTS, bones=[(0, 1), (1, 2)], unit="mm").write("leg.toml")
    return tmp_path


@pytest.mark.parametrize("name", ["deep.nc", "flat.nc"])
def test_well_seen_frames_are_drawn_where_nobody_says_which(folder, name):
    done = plot_file(name, "poses.png", skeleton="leg.toml")
    assert len(done.frames) == 6
    assert not set(done.frames) & set(range(10, 20))
    assert (folder / "poses.png").read_bytes().startswith(b"\x89PNG")
    assert plot_file(name, "two.svg", skeleton="leg.toml", frames=[3, 30]).frames == (3, 30)
    text = (folder / "two.svg").read_text()
    assert "frame 3" in text
    assert "frame 30" in text


def test_image_y_points_down_and_camera_depth_goes_back(folder, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "matplotlib.figure.Figure.savefig", lambda figure, *a, **k: shown.append(figure)
    )
    plot_file("flat.nc", "a.png", skeleton="leg.toml", frames=[0])
    low, high = shown[0].axes[0].get_ylim()
    assert low > high
    pose = np.array([[[1.0, 2.0, 3.0]]])
    np.testing.assert_array_equal(upright(pose, "camera"), [[[1, 3, -2]]])
    np.testing.assert_array_equal(upright(pose, "world"), pose)


def test_joints_that_nothing_joins_are_drawn_alone(folder):
    Skeleton(JOINTS).write("bare.toml")
    for known in ({}, {"skeleton": "bare.toml"}):
        done = plot_file("deep.nc", "a.png", frames=[3], overwrite=True, **known)
        assert "joints only, since no bones are known (--skeleton)" in done.text
    alone = plt.imread("a.png")
    plot_file("deep.nc", "b.png", frames=[3], skeleton="leg.toml")
    assert (plt.imread("b.png") != alone).any(2).sum() > 1000
    assert (alone[..., :3].max(2) - alone[..., :3].min(2) > 0.3).sum() > 100


def test_what_cannot_be_drawn_is_refused_and_leaves_nothing(folder):
    write_poses(Poses.from_experiments(np.full((4, 3, 3), np.nan), joints=JOINTS), "blind.nc")
    before = sorted(folder.iterdir())
    leg = {"skeleton": "leg.toml"}
    for make, words in (
        (lambda: plot_file("deep.nc", "a.docx", **leg), "a.docx: no figure is written like that"),
        (lambda: plot_file("deep.nc", "a.png", frames=[40], **leg), "no frame 40"),
        (lambda: plot_file("blind.nc", "a.png", **leg), "blind.nc: nothing is seen"),
    ):
        with pytest.raises(ValueError, match=words):
            make()
    with pytest.raises(FileExistsError):
        plot_file("deep.nc", "deep.nc", **leg)
    assert sorted(folder.iterdir()) == before


def test_a_run_shows_its_errors_and_its_training(folder, monkeypatch):
    rng = np.random.default_rng(0)
    deep = rng.normal(size=(200, 3, 3))
    options = {"epochs": 1, "network": "residual"}
    train(deep[..., :2], None, deep, None, [0], [1, 2], folder / "run", training_kwargs=options)
    done = plot_file("run", "run.png")
    assert done.text == "the training"
    from liftpose.main import test

    test(folder / "run", deep[..., :2], deep)
    done = plot_file("run", "tested.png")
    assert done.text == "errors of every joint, errors over time and the training"
