"""The two calls: what they take, what they leave in the folder, what they refuse."""

import json
import logging
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import filelock
import numpy as np
import pytest
import torch

import liftpose
from liftpose import main
from liftpose.lifter.augmentation import random_project
from liftpose.lifter.checkpoint import read_lifter
from liftpose.lifter.selection import Weights
from liftpose.lifter.training import ResidualLearner
from liftpose.plot import read_log_train
from liftpose.postprocess import load_test_results

ROOTS, SETS = [0, 3], [[1, 2], [4, 5]]
TARGETS, ANCHORS = [1, 2, 4, 5], [0, 0, 3, 3]


def animal(frames=200, seed=0, joints=7):
    rng = np.random.default_rng(seed)
    hidden = np.sin(np.linspace(0, 30, frames)[:, None] * rng.uniform(0.5, 1.5, 5) + seed)
    pose_3d = (hidden @ np.random.default_rng(1).normal(size=(5, joints * 3))).reshape(
        -1, joints, 3
    )
    pose_3d += np.linspace(0, 5, frames)[:, None, None]
    return pose_3d[..., :2] * 40 + 300 + rng.normal(size=(frames, joints, 2)), pose_3d


def data():
    (a2, a3), (b2, b3), (c2, c3) = (animal(n, seed) for n, seed in ((150, 0), (120, 1), (80, 2)))
    return {"a": a2, "b": b2}, {"c": c2}, {"a": a3, "b": b3}, {"c": c3}


def train(folder, given=None, keywords=None, **kwargs):
    main.train(
        *(given or data()),
        ROOTS,
        SETS,
        folder,
        training_kwargs={"epochs": 3, **kwargs},
        **(keywords or {}),
    )


def weights(folder, name="ckpt_last.pth.tar"):
    lifter = read_lifter(folder / name)[0]
    return {key: value.clone() for key, value in lifter.network.state_dict().items()}


def mpjpe(gt, pred):
    missed = (pred[:, TARGETS] - pred[:, ANCHORS]) - (gt[:, TARGETS] - gt[:, ANCHORS])
    return np.linalg.norm(missed, axis=-1).mean()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "out"
    train(folder)
    main.test(folder)
    return folder


def test_the_folder_holds_what_is_promised_and_nothing_else(trained):
    assert {path.name for path in trained.iterdir()} == {
        ".liftpose.lock",
        "ckpt_best.pth.tar",
        "ckpt_last.pth.tar",
        "evaluation.json",
        "members.txt",
        "model.lifter",
        "options.json",
        "stat_2d.pth.tar",
        "stat_3d.pth.tar",
        "test_2d.pth.tar",
        "test_3d.pth.tar",
        "test_results.pth.tar",
        "train_log.txt",
    }
    for path in trained.glob("*.pth.tar"):
        assert torch.load(path, weights_only=True)["version"] == 1


def test_results_are_in_the_frame_of_the_truth(trained):
    gt, pred, good = load_test_results(trained)
    np.testing.assert_array_equal(gt, data()[3]["c"])
    assert pred.shape == good.shape == gt.shape
    assert good.dtype == bool
    assert good[:, TARGETS].all()
    assert not good[:, [0, 3, 6]].any()
    np.testing.assert_allclose(pred[:, [0, 3]], gt[:, [0, 3]])
    assert np.isnan(pred[:, 6]).all()
    assert np.linalg.norm(pred - gt, axis=-1)[:, TARGETS].mean() < 0.3


def test_log_and_evaluation_agree_with_the_results(trained):
    gt, pred, _ = load_test_results(trained)
    evaluation = json.loads((trained / "evaluation.json").read_text())
    assert evaluation["mpjpe"]["liftpose"] == pytest.approx(mpjpe(gt, pred))
    per_joint = np.linalg.norm(pred - gt, axis=-1).mean(0)
    for joint in TARGETS:
        assert evaluation["mpjpe_per_joint"][str(joint)]["liftpose"] == pytest.approx(
            per_joint[joint]
        )
    assert set(evaluation["mpjpe"]) == {"liftpose", "ridge", "mean_pose"}
    assert evaluation["version"] == 1
    assert evaluation["split"]["test"]["frames"] == 80
    assert set(evaluation["versions"]) >= {"liftpose", "torch", "numpy"}
    epoch, lr, loss_train, loss_test, err_test = read_log_train(trained)
    assert epoch == [1, 2, 3]
    best = torch.load(trained / "ckpt_best.pth.tar", weights_only=True)["epoch"]
    assert err_test[best - 1] == pytest.approx(mpjpe(gt, pred), rel=1e-5)
    assert np.isfinite([lr, loss_train, loss_test]).all()
    assert (trained / "train_log.txt").read_text().splitlines()[0].split("\t") == [
        "epoch",
        "lr",
        "loss_train",
        "loss_test",
        "err_test",
    ]


def test_the_mean_pose_is_the_one_of_the_training_data(trained):
    train_3d, truth = data()[2], data()[3]["c"]
    both = np.concatenate(list(train_3d.values()))
    mean = (both[:, TARGETS] - both[:, ANCHORS]).mean(0)
    relative = truth[:, TARGETS] - truth[:, ANCHORS]
    evaluation = json.loads((trained / "evaluation.json").read_text())
    expected = np.linalg.norm(mean - relative, axis=-1).mean()
    assert evaluation["mpjpe"]["mean_pose"] == pytest.approx(expected)


def test_statistics_are_those_of_the_anchored_training_data(trained):
    train_2d, _, train_3d, _ = data()
    for name, poses, dims in (("stat_2d", train_2d, 2), ("stat_3d", train_3d, 3)):
        stat = torch.load(trained / f"{name}.pth.tar", weights_only=True)
        whole = np.concatenate(list(poses.values()))
        relative = whole[:, TARGETS] - whole[:, ANCHORS]
        mean = stat["mean"].numpy().reshape(-1, dims)
        np.testing.assert_allclose(mean[TARGETS], relative.mean(0))
        assert (mean[[0, 3, 6]] == 0).all()
        assert stat["roots"] == ROOTS
        assert stat["target_sets"] == SETS


def test_the_callers_data_are_not_changed(tmp_path):
    given = data()
    mask = {key: np.ones(v.shape, bool) for key, v in given[2].items()}
    mask["a"][3, 2] = False
    given[2]["b"][5, 1] = np.nan
    before = [{k: v.copy() for k, v in part.items()} for part in (*given, mask)]
    options = {"epochs": 1}
    main.train(*given, ROOTS, SETS, tmp_path / "out", mask, training_kwargs=options)
    main.test(tmp_path / "out", given[1], given[3])
    for part, copy in zip((*given, mask), before, strict=True):
        for key in part:
            np.testing.assert_array_equal(part[key], copy[key])
    assert options == {"epochs": 1}


def test_arrays_do_as_well_as_dicts_and_integers_as_well_as_floats(tmp_path):
    (a2, a3), (b2, b3) = animal(150), animal(80, seed=1)
    a2, b2 = a2.round().astype(np.int32), b2.round().astype(np.int32)
    main.train(a2, b2, a3, b3, ROOTS, SETS, tmp_path / "x", training_kwargs={"epochs": 2})
    floats = ({"x": a2.astype(float)}, {"y": b2.astype(float)}, {"x": a3}, {"y": b3})
    main.train(*floats, ROOTS, SETS, tmp_path / "y", training_kwargs={"epochs": 2})
    first, second = weights(tmp_path / "x"), weights(tmp_path / "y")
    assert all(torch.equal(first[name], second[name]) for name in first)
    main.test(tmp_path / "x")
    np.testing.assert_array_equal(load_test_results(tmp_path / "x")[0], b3)


@pytest.mark.parametrize("target_sets", [[1, 2, 4, 5], [[1, 2, 4, 5]], np.array([1, 2, 4, 5])])
def test_one_root_with_a_flat_or_a_nested_set(tmp_path, target_sets):
    main.train(*data(), [0], target_sets, tmp_path, training_kwargs={"network": "ridge"})
    assert read_lifter(tmp_path / "ckpt_best.pth.tar")[0].sets.sets == ((1, 2, 4, 5),)


def test_a_root_of_one_set_may_be_a_target_of_another(tmp_path):
    main.train(*data(), [0, 1], [[1, 2], [3, 4]], tmp_path, training_kwargs={"epochs": 2})
    main.test(tmp_path)
    gt, pred, good = load_test_results(tmp_path)
    assert good[:, 1:5].all()
    # Joint 3 stands on the true joint 1, whatever is predicted for joint 1 itself.
    assert np.linalg.norm(pred - gt, axis=-1)[:, 1:5].mean() < 0.3
    assert not np.allclose(pred[:, 1], gt[:, 1])


def test_depth_alone_stands_beside_the_2d(tmp_path):
    train_2d, test_2d, train_3d, test_3d = data()
    depth = [{k: v[..., 2:] for k, v in part.items()} for part in (train_3d, test_3d)]
    main.train(train_2d, test_2d, *depth, ROOTS, SETS, tmp_path, training_kwargs={"epochs": 2})
    main.test(tmp_path)
    gt, pred, good = load_test_results(tmp_path)
    np.testing.assert_array_equal(gt[..., :2], test_2d["c"])
    np.testing.assert_array_equal(pred[:, TARGETS, :2], test_2d["c"][:, TARGETS])
    np.testing.assert_array_equal(gt[..., 2], test_3d["c"][..., 2])
    assert np.abs(pred - gt)[:, TARGETS, 2].mean() < 0.3
    assert good[:, TARGETS].all()
    main.test(tmp_path, test_2d)
    assert load_test_results(tmp_path)[1].shape == gt.shape


def test_new_data_replace_the_results_and_without_truth_are_only_predicted(tmp_path, trained):
    folder = tmp_path / "out"
    shutil.copytree(trained, folder)
    new_2d, new_3d = animal(30, seed=5)
    main.test(folder, new_2d, new_3d)
    gt, scored, _ = load_test_results(folder)
    np.testing.assert_array_equal(gt, new_3d)
    assert json.loads((folder / "evaluation.json").read_text())["split"]["test"]["frames"] == 30
    main.test(folder, {"fly": new_2d})
    gt, pred, good = load_test_results(folder)
    assert np.isnan(gt).all()
    assert not good.any()
    assert (pred[:, 0] == 0).all()
    relative = pred[:, TARGETS] - pred[:, ANCHORS]
    np.testing.assert_allclose(relative, scored[:, TARGETS] - scored[:, ANCHORS], atol=1e-9)
    assert not (folder / "evaluation.json").exists()
    main.test(folder)
    np.testing.assert_array_equal(load_test_results(folder)[0], data()[3]["c"])


def test_row_i_is_always_frame_i(tmp_path):
    given = data()
    given[0]["a"][4] = np.nan
    given[2]["b"][6] = np.nan
    given[1]["c"][10] = np.nan
    given[3]["c"][20] = np.nan
    train(tmp_path, given)
    assert read_lifter(tmp_path / "ckpt_best.pth.tar")[0].choice["left_out"] == 2
    main.test(tmp_path)
    gt, pred, good = load_test_results(tmp_path)
    np.testing.assert_array_equal(gt, given[3]["c"])
    assert np.isnan(pred[10]).all()
    assert not good[[10, 20]].any()
    assert good[[9, 11, 19, 21]][:, TARGETS].all()
    assert np.isfinite(pred[20, :6]).all()


def test_masked_truth_is_given_back_and_does_not_count(tmp_path):
    given = data()
    mask = np.ones(given[3]["c"].shape, bool)
    mask[:40, 2] = False
    given[3]["c"][:40, 2] += 1000
    train(tmp_path, given, {"test_keypts": {"c": mask}})
    main.test(tmp_path)
    gt, _, good = load_test_results(tmp_path)
    np.testing.assert_array_equal(gt, given[3]["c"])
    np.testing.assert_array_equal(good[:, TARGETS], mask[:, TARGETS])
    evaluation = json.loads((tmp_path / "evaluation.json").read_text())
    assert evaluation["mpjpe"]["liftpose"] < 1
    main.test(tmp_path, given[1], given[3], {"c": mask})
    again = json.loads((tmp_path / "evaluation.json").read_text())
    assert again["mpjpe"] == evaluation["mpjpe"]
    main.test(tmp_path, given[1], given[3])
    assert json.loads((tmp_path / "evaluation.json").read_text())["mpjpe"]["liftpose"] > 50


def test_experiments_are_matched_by_name(tmp_path, trained):
    folder = tmp_path / "out"
    shutil.copytree(trained, folder)
    (a2, a3), (b2, b3) = animal(20, 5), animal(30, 6)
    main.test(folder, {"a": a2, "b": b2}, {"b": b3, "a": a3})
    gt, pred, _ = load_test_results(folder)
    np.testing.assert_array_equal(gt, np.concatenate([b3, a3]))
    assert mpjpe(gt, pred) < 0.5


def test_camera_keys_of_numpy(tmp_path):
    pose_2d, pose_3d = animal(60)
    keys = [("fly", np.int64(0)), (np.int32(2), "fly"), np.float64(1.5), "last"]
    given = [dict.fromkeys(keys, pose) for pose in (pose_2d, pose_2d, pose_3d, pose_3d)]
    train(tmp_path, given)
    main.test(tmp_path)
    stored = torch.load(tmp_path / "test_results.pth.tar", weights_only=True)
    assert stored["keys"] == [("fly", 0), (2, "fly"), 1.5, "last"]
    assert stored["lengths"] == [60] * 4


# Continuing a run


@pytest.mark.parametrize("settings", [{}, {"linear_size": 16, "num_stage": 1}, {"noise": 2.0}])
def test_a_resumed_run_ends_as_one_that_was_never_stopped(tmp_path, settings):
    train(tmp_path / "whole", **settings | {"epochs": 5})
    train(tmp_path / "parts", **settings | {"epochs": 2})
    train(
        tmp_path / "parts", **settings | {"epochs": 5, "resume": True, "load": "ckpt_last.pth.tar"}
    )
    for name in ("ckpt_last.pth.tar", "ckpt_best.pth.tar"):
        whole, parts = weights(tmp_path / "whole", name), weights(tmp_path / "parts", name)
        assert whole.keys() == parts.keys()
        assert all(torch.equal(whole[key], parts[key]) for key in whole), name
    logs = [(tmp_path / name / "train_log.txt").read_text() for name in ("whole", "parts")]
    assert logs[0] == logs[1]


def test_resuming_without_a_name_takes_the_last_checkpoint(tmp_path):
    train(tmp_path, epochs=2)
    train(tmp_path, epochs=3, resume=True)
    assert read_log_train(tmp_path)[0] == [1, 2, 3]


def test_a_run_can_be_continued_in_another_folder(tmp_path):
    train(tmp_path / "first", epochs=2)
    train(
        tmp_path / "second", epochs=3, resume=True, load=str(tmp_path / "first/ckpt_last.pth.tar")
    )
    train(tmp_path / "whole", epochs=3)
    whole, second = weights(tmp_path / "whole"), weights(tmp_path / "second")
    assert all(torch.equal(whole[key], second[key]) for key in whole)
    assert read_log_train(tmp_path / "second")[0] == [1, 2, 3]
    main.test(tmp_path / "second")


def test_a_resumed_run_keeps_its_own_options_where_an_earlier_epoch_stays_the_best(
    tmp_path, monkeypatch
):
    train(tmp_path, epochs=2)
    worse = Weights({"kernel": 0.0, "network": 0.0}, 9.0, 9.0, 1.0)
    monkeypatch.setattr(ResidualLearner, "judge", lambda *_: (worse, {}))
    train(tmp_path, epochs=3, resume=True)
    lifter = liftpose.load(tmp_path / "model.lifter")
    assert lifter.choice["epoch"] <= 2
    assert lifter.options.epochs == 3


def test_a_run_that_was_killed_between_log_and_checkpoint_resumes(tmp_path):
    train(tmp_path / "whole", epochs=4)
    train(tmp_path / "cut", epochs=2)
    with (tmp_path / "cut/train_log.txt").open("a") as log:
        log.write("3\t0.001\t9\t9\t9\n")
    train(tmp_path / "cut", epochs=4, resume=True)
    assert (tmp_path / "cut/train_log.txt").read_text() == (
        tmp_path / "whole/train_log.txt"
    ).read_text()


def test_when_nothing_is_left_a_warning_names_both_numbers(tmp_path):
    train(tmp_path, epochs=3)
    before = (tmp_path / "ckpt_last.pth.tar").read_bytes()
    with pytest.warns(UserWarning, match="has 3 epochs, and epochs=2 is the total"):
        train(tmp_path, epochs=2, resume=True, load="ckpt_last.pth.tar")
    assert (tmp_path / "ckpt_last.pth.tar").read_bytes() == before
    main.test(tmp_path)


def test_loading_without_resuming_begins_a_new_run_from_those_weights(tmp_path):
    train(tmp_path / "first", epochs=3)
    train(tmp_path / "second", epochs=1, load=str(tmp_path / "first/ckpt_last.pth.tar"), lr=1e-12)
    first, second = weights(tmp_path / "first"), weights(tmp_path / "second")
    fresh = tmp_path / "fresh"
    train(fresh, epochs=1, lr=1e-12)
    for key in first:
        torch.testing.assert_close(first[key], second[key], rtol=1e-5, atol=1e-6)
    assert not torch.allclose(weights(fresh)["leave"], first["leave"])
    assert read_log_train(tmp_path / "second")[0] == [1]


def test_a_new_run_leaves_nothing_of_an_old_one(tmp_path):
    train(tmp_path, epochs=4)
    main.test(tmp_path)
    train(tmp_path, epochs=1)
    assert read_log_train(tmp_path)[0] == [1]
    with pytest.raises(FileNotFoundError, match="call liftpose.main.test first"):
        load_test_results(tmp_path)


def test_a_killed_run_leaves_whole_files_and_resumes(tmp_path):
    script = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
import importlib.util
spec = importlib.util.spec_from_file_location("t", {__file__!r})
t = importlib.util.module_from_spec(spec); spec.loader.exec_module(t)
from pathlib import Path
t.train(Path({str(tmp_path / "cut")!r}), epochs=400)
"""
    run = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 120
    log = tmp_path / "cut/train_log.txt"
    while time.monotonic() < deadline and (
        not log.exists() or len(log.read_text().splitlines()) < 4
    ):
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    for path in (tmp_path / "cut").glob("*.pth.tar"):
        if not path.name.startswith("."):
            torch.load(path, weights_only=True)
    done = torch.load(tmp_path / "cut/ckpt_last.pth.tar", weights_only=True)["epoch"]
    train(tmp_path / "cut", epochs=done + 1, resume=True)
    train(tmp_path / "whole", epochs=done + 1)
    cut, whole = weights(tmp_path / "cut"), weights(tmp_path / "whole")
    assert all(torch.equal(cut[key], whole[key]) for key in whole)


# Options


@pytest.mark.parametrize(
    ("base", "changed"),
    [
        ({}, {"epochs": 2}),
        ({}, {"batch_size": 16}),
        ({}, {"lr": 1e-2}),
        ({}, {"seed": 1}),
        ({}, {"noise": 5.0}),
        ({"linear_size": 8}, {"linear_size": 12}),
        ({"linear_size": 8}, {"num_stage": 1}),
        ({"linear_size": 8}, {"dropout": 0.1}),
        ({"linear_size": 8}, {"drop_input": 0.3}),
        ({"linear_size": 8}, {"lr_decay": 3}),
        ({"linear_size": 8, "lr_decay": 3}, {"lr_gamma": 0.2}),
        ({"linear_size": 512}, {"max_norm": False}),
        ({"linear_size": 8}, {"lr": 1e-2}),
        ({"linear_size": 8}, {"noise": 5.0}),
    ],
)
def test_every_option_of_training_does_something(tmp_path, base, changed):
    train(tmp_path / "base", **base)
    train(tmp_path / "again", **base)
    train(tmp_path / "changed", **base | changed)
    first, again, other = (weights(tmp_path / name) for name in ("base", "again", "changed"))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(name not in other or not torch.equal(first[name], other[name]) for name in first)


def test_test_and_predict_do_not_train(tmp_path):
    train(tmp_path, epochs=2)
    before = (tmp_path / "ckpt_last.pth.tar").read_bytes()
    options = (tmp_path / "options.json").read_bytes()
    train(tmp_path, test=True)
    assert (tmp_path / "options.json").read_bytes() == options
    gt, scored, good = load_test_results(tmp_path)
    assert good.any()
    assert (tmp_path / "evaluation.json").exists()
    train(tmp_path, predict=True)
    gt, pred, good = load_test_results(tmp_path)
    assert np.isnan(gt).all()
    relative = pred[:, TARGETS] - pred[:, ANCHORS]
    np.testing.assert_allclose(relative, scored[:, TARGETS] - scored[:, ANCHORS], atol=1e-9)
    assert not (tmp_path / "evaluation.json").exists()
    assert (tmp_path / "ckpt_last.pth.tar").read_bytes() == before
    train(tmp_path, test=True, load="ckpt_last.pth.tar")
    assert (tmp_path / "evaluation.json").exists()


def test_procrustes_scores_after_alignment(tmp_path):
    train(tmp_path / "plain", epochs=2)
    train(tmp_path / "aligned", epochs=2, procrustes=True)
    plain, aligned = (read_log_train(tmp_path / name)[4] for name in ("plain", "aligned"))
    assert (np.array(aligned) < np.array(plain)).all()
    main.test(tmp_path / "aligned")
    evaluation = json.loads((tmp_path / "aligned/evaluation.json").read_text())
    best = torch.load(tmp_path / "aligned/ckpt_best.pth.tar", weights_only=True)["epoch"]
    assert evaluation["pa_mpjpe"]["liftpose"] == pytest.approx(aligned[best - 1], rel=1e-4)
    assert evaluation["split"]["score"] == "pa_mpjpe"


def test_the_best_checkpoint_is_not_chosen_on_the_test_data(tmp_path):
    given = data()
    train(tmp_path / "honest", given, epochs=6)
    shuffled = {"c": np.random.default_rng(0).permutation(given[3]["c"])}
    train(tmp_path / "other", (given[0], given[1], given[2], shuffled), epochs=6)
    first, second = (weights(tmp_path / n, "ckpt_best.pth.tar") for n in ("honest", "other"))
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_selecting_the_published_network_is_logged(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "liftpose"):
        train(tmp_path, linear_size=16, epochs=1)
    assert "network martinez" in caplog.text
    assert "linear_size" in caplog.text


def test_training_without_test_data(tmp_path):
    train_2d, test_2d, train_3d, test_3d = data()
    train(tmp_path, (train_2d, None, train_3d, None))
    assert np.isnan(read_log_train(tmp_path)[4]).all()
    with pytest.raises(ValueError, match="no test data were given"):
        main.test(tmp_path)
    elsewhere = {"test": True, "load": str(tmp_path / "ckpt_best.pth.tar")}
    with pytest.raises(ValueError, match="no test data were given"):
        train(tmp_path / "x", (train_2d, None, train_3d, None), **elsewhere)
    assert not (tmp_path / "x").exists()
    main.test(tmp_path, test_2d, test_3d)
    train(tmp_path, (train_2d, test_2d, train_3d, None))
    main.test(tmp_path)
    assert np.isnan(load_test_results(tmp_path)[0]).all()


def test_the_same_thing_twice_is_an_error(tmp_path):
    noise = []
    for keywords, words in (
        ({"output_folder": "a", "ouput_folder": "b"}, "as output_folder and as ouput_folder"),
        ({"out_dir": "out", "output_folder": "out"}, "as out_dir and as output_folder"),
        ({"augmentation": noise, "aug": noise}, "as augmentation and as aug"),
        ({"out_dir": "a", "training_kwargs": {"data_dir": "b"}}, "given twice, differently"),
    ):
        with pytest.raises(ValueError, match=words):
            main.train(*data(), ROOTS, SETS, **keywords)


@pytest.mark.parametrize("name", ["output_folder", "ouput_folder"])
def test_the_folder_by_its_other_names(tmp_path, name):
    options = {"network": "ridge"}
    main.train(*data(), ROOTS, SETS, training_kwargs=options, **{name: tmp_path / "here"})
    assert (tmp_path / "here/ckpt_best.pth.tar").exists()


def test_a_test_set_in_another_frame_is_noticed(tmp_path, caplog):
    _, pose_3d = animal(200)
    pose_2d = pose_3d[..., :2]
    turned = pose_3d @ np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]).T
    project = [random_project({0: [[-5, 5]] * 3}, "zyx")]
    train(tmp_path, (None, pose_2d, pose_3d, pose_3d), {"aug": project}, network="ridge")
    main.test(tmp_path)
    assert "stands in another frame" not in caplog.text
    main.test(tmp_path, pose_2d, turned)
    assert "one rotation of 90.0 degrees" in caplog.text.replace("89.9", "90.0")
    evaluation = json.loads((tmp_path / "evaluation.json").read_text())
    assert evaluation["split"]["one_rotation_degrees"] == pytest.approx(90, abs=3)
    assert evaluation["pa_mpjpe"]["liftpose"] < 0.3 * evaluation["mpjpe"]["liftpose"]


# Bad input


def nan_joint(poses, joint):
    return {k: np.where(np.arange(7)[:, None] == joint, np.nan, v) for k, v in poses.items()}


def infinite(poses):
    poses = {k: v.copy() for k, v in poses.items()}
    poses["a"][3, 2, 0] = np.inf
    return poses


BAD = {
    "frames differ": (
        lambda d: (d[0], d[1], d[2] | {"a": d[2]["a"][:-1]}, d[3]),
        "'a': train_2d has 150 frames and train_3d has 149",
    ),
    "joints differ": (
        lambda d: (d[0], d[1], {k: v[:, :6] for k, v in d[2].items()}, d[3]),
        "train_2d has 7 joints and train_3d has 6",
    ),
    "test joints differ": (
        lambda d: (d[0], {"c": d[1]["c"][:, :6]}, d[2], {"c": d[3]["c"][:, :6]}),
        "test_2d has 6 joints; the lifter's skeleton has 7",
    ),
    "test frames differ": (
        lambda d: (d[0], d[1], d[2], {"c": d[3]["c"][1:]}),
        "'c': test_2d has 80 frames and test_3d has 79",
    ),
    "2D has three coordinates": (
        lambda d: (d[2], d[1], d[2], d[3]),
        "train_2d, experiment 'a': shape is",
    ),
    "3D has two coordinates": (
        lambda d: (d[0], d[1], d[0], d[3]),
        "train_3d, experiment 'a': shape is",
    ),
    "test 3D is depth only": (
        lambda d: (d[0], d[1], d[2], {"c": d[3]["c"][..., :1]}),
        "test_3d, experiment 'c': shape is",
    ),
    "experiment in one only": (
        lambda d: (d[0], d[1], {"a": d[2]["a"]}, d[3]),
        "'b' is in train_2d but not in train_3d",
    ),
    "array and dict": (lambda d: (d[0]["a"], d[1], d[2], d[3]), "the unnamed array"),
    "empty": (lambda d: (d[0] | {"a": d[0]["a"][:0]}, d[1], d[2], d[3]), "nothing in it"),
    "no experiments": (lambda d: ({}, d[1], d[2], d[3]), "train_2d is an empty dict"),
    "infinities": (
        lambda d: (infinite(d[0]), d[1], d[2], d[3]),
        "train_2d, experiment 'a': frame 3, joint 2 is infinite",
    ),
    "root never seen in 2D": (
        lambda d: (nan_joint(d[0], 3), d[1], d[2], d[3]),
        "root 3 is never seen in the training 2D",
    ),
    "root never seen in 3D": (
        lambda d: (d[0], d[1], nan_joint(d[2], 0), d[3]),
        "root 0 is never seen in the training 3D",
    ),
    "target never seen": (
        lambda d: (d[0], d[1], nan_joint(d[2], 5), d[3]),
        "target 5 is never seen",
    ),
    "no 2D": (lambda d: (None, d[1], d[2], d[3]), "there is no training 2D"),
    "truth without 2D": (
        lambda d: (d[0], None, d[2], d[3]),
        "test_3d and test_keypts are given without test_2d",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_poses_are_named_and_nothing_is_written(tmp_path, case):
    change, words = BAD[case]
    with pytest.raises(ValueError, match=words):
        train(tmp_path / "out", change(data()))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("roots", "target_sets", "words"),
    [
        ([0, 3], [[1, 2]], "2 roots but 1 target sets"),
        ([0], [[1, 9]], "joint 9 does not exist"),
        ([0, 3], [[1, 2], [2, 5]], "joint 2 is in two target sets"),
        ([0], [[0, 1]], "root 0 is in its own target set"),
    ],
)
def test_bad_sets_are_named_and_nothing_is_written(tmp_path, roots, target_sets, words):
    with pytest.raises(ValueError, match=words):
        main.train(*data(), roots, target_sets, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bad_options_write_nothing(tmp_path):
    for options, words in (
        ({"epoch": 3}, "Did you mean 'epochs'"),
        ({"device": "cuda:99"}, "device is 'cuda:99'|invalid device"),
        ({"dropout": 2.0}, "dropout is 2.0"),
    ):
        with pytest.raises((ValueError, RuntimeError), match=words):
            main.train(*data(), ROOTS, SETS, tmp_path / "out", training_kwargs=options)
    with pytest.raises(TypeError, match="training_kwargs is a tuple"):
        main.train(*data(), ROOTS, SETS, tmp_path / "out", training_kwargs=({"epochs": 3},))
    assert not (tmp_path / "out").exists()


def test_bad_new_data_leave_the_old_results(tmp_path, trained):
    folder = tmp_path / "out"
    shutil.copytree(trained, folder)
    before = (folder / "test_results.pth.tar").read_bytes()
    new_2d, new_3d = animal(20, 5)
    for arguments, words in (
        ((new_2d[:, :5],), "test_2d has 5 joints"),
        ((new_2d, new_3d[:-1]), "20 frames and test_3d has 19"),
        ((None, new_3d), "without test_2d"),
        ((new_2d, None, np.ones(new_3d.shape, bool)), "test_keypts is given without test_3d"),
        ((new_2d, new_3d[..., :1]), "test_3d: shape is"),
    ):
        with pytest.raises(ValueError, match=words):
            main.test(folder, *arguments)
    assert (folder / "test_results.pth.tar").read_bytes() == before
    with pytest.raises(ValueError, match="norm_2d=True, but the lifter"):
        main.test(folder, new_2d, norm_2d=True)


def test_folders_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere"):
        main.test(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        main.test(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        load_test_results(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"has no test_results\.pth\.tar"):
        load_test_results(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(ValueError, match="cannot write to the folder"):
            train(folder)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "foreign", "newer"])
def test_damaged_checkpoints_are_named(tmp_path, trained, damage):
    folder = tmp_path / "out"
    shutil.copytree(trained, folder)
    path = folder / "ckpt_best.pth.tar"
    whole = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_text("hello")
    elif damage == "foreign":
        torch.save({"state_dict": {}}, path)
    else:
        torch.save({**torch.load(path, weights_only=True), "version": 99}, path)
    with pytest.raises(ValueError, match=r"ckpt_best\.pth\.tar"):
        main.test(folder)


def test_checkpoints_of_another_skeleton_or_network(tmp_path):
    train(tmp_path / "first", epochs=1)
    load = {"load": str(tmp_path / "first/ckpt_last.pth.tar")}
    with pytest.raises(ValueError, match="of another skeleton: 7 joints, roots .0, 3."):
        main.train(*data(), [0], [[1, 2]], tmp_path / "x", training_kwargs=load)
    with pytest.raises(ValueError, match="holds the network 'residual'.*'martinez'"):
        train(tmp_path / "x", **load, linear_size=8)
    with pytest.raises(FileNotFoundError, match="there is no checkpoint gone"):
        train(tmp_path / "x", load="gone")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint ckpt_last"):
        train(tmp_path / "x", resume=True)
    assert not (tmp_path / "x").exists()


def test_going_on_with_what_does_not_fit(tmp_path):
    given = data()
    train(tmp_path, given, epochs=2)
    with pytest.warns(UserWarning, match="resumed on other training data"):
        train(tmp_path, (given[0], given[1], {k: v * 2 for k, v in given[2].items()}, given[3]),
              epochs=3, resume=True)  # fmt: skip
    with pytest.raises(ValueError, match="norm_2d=False, which holds"):
        train(tmp_path, given, {"norm_2d": True}, epochs=4, resume=True)
    short = [{k: v[:2] for k, v in part.items()} for part in given]
    with pytest.raises(ValueError, match="has 4 networks, one a fold"):
        train(tmp_path, short, epochs=4, resume=True)
    assert read_log_train(tmp_path)[0] == [1, 2, 3]


def test_the_published_network_needs_two_frames_a_batch(tmp_path):
    given = data()
    one = ({"a": given[0]["a"][:1]}, given[1], {"a": given[2]["a"][:1]}, given[3])
    with pytest.raises(ValueError, match="needs at least 2 frames"):
        train(tmp_path / "x", one, linear_size=8)
    with pytest.raises(ValueError, match="batch_size is 1"):
        train(tmp_path / "x", given, linear_size=8, batch_size=1)
    assert not (tmp_path / "x").exists()


def test_what_was_trained_on_a_gpu_lifts_without_one(tmp_path, trained):
    folder = tmp_path / "out"
    shutil.copytree(trained, folder)
    expected = load_test_results(folder)[1]
    path = folder / "ckpt_best.pth.tar"
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["lifter"]["options"]["device"] = "cuda:77"
    torch.save(checkpoint, path)
    main.test(folder)
    np.testing.assert_allclose(load_test_results(folder)[1], expected, rtol=1e-4, atol=1e-5)


def test_two_runs_in_one_folder(tmp_path):
    train(tmp_path, epochs=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with filelock.FileLock(tmp_path / ".liftpose.lock"):
        with pytest.raises(ValueError, match="another run is writing to"):
            train(tmp_path, epochs=1)
        with pytest.raises(ValueError, match="another run is writing to"):
            main.test(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    train(tmp_path, epochs=1)
