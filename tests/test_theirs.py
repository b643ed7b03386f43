"""`test` in a folder that liftpose 0.22 trained, whose layout is written here by hand."""

import json

import numpy as np
import pytest
import torch

from liftpose import load_test_results, main
from liftpose.lifter.members.martinez import Martinez

ROOTS, SETS, JOINTS = [0, 3], [[1, 2], [4, 5]], 7
TARGETS, ANCHORS = [1, 2, 4, 5], [0, 0, 3, 3]


def columns(dims):
    return (np.array(TARGETS)[:, None] * dims + np.arange(dims)).ravel()


def anchored(poses):
    offset = np.zeros_like(poses)
    for root, members in zip(ROOTS, SETS, strict=True):
        offset[:, [root, *members]] += poses[:, [root]]
    return (poses - offset).reshape(len(poses), -1), offset.reshape(len(poses), -1)


@pytest.fixture
def theirs(tmp_path):
    """Folder, network, and the numbers that 0.22 would give, worked out step by step."""
    rng = np.random.default_rng(0)
    pose_2d, pose_3d = rng.normal(size=(30, JOINTS, 2)) * 50, rng.normal(size=(30, JOINTS, 3))
    network = Martinez(8, 12, linear_size=16, generator=torch.Generator().manual_seed(0)).eval()
    flat = {}
    for dims, poses in ((2, pose_2d), (3, pose_3d)):
        relative, offset = anchored(poses)
        flat[dims] = (relative, relative.mean(0), relative.std(0), offset)
    for dims in (2, 3):
        relative, mean, std, offset = flat[dims]
        with np.errstate(invalid="ignore"):
            rows = np.nan_to_num((relative - mean) / std)[:, columns(dims)]
        stat = {
            "mean": mean,
            "std": std,
            "offset": {"fly": offset},
            f"targets_{dims}d": columns(dims),
        }
        if dims == 2:
            stat |= {"in_dim": 2, "roots": ROOTS, "target_sets": SETS}
            stored = [{"fly": rows}, {"fly": pose_2d}]
            inputs = rows
        else:
            mask = np.ones(rows.shape, dtype=bool)
            stat |= {"out_dim": 3, "input_size": 8, "output_size": 12}
            stored = [{"fly": rows}, {"fly": mask}, {"fly": pose_3d}]
        torch.save(stat, tmp_path / f"stat_{dims}d.pth.tar")
        torch.save(stored, tmp_path / f"test_{dims}d.pth.tar")
        torch.save(stored, tmp_path / f"train_{dims}d.pth.tar")
    checkpoint = {"epoch": 3, "lr": 1e-3, "step": 9, "err": 0.5, "optimizer": {}}
    torch.save(checkpoint | {"state_dict": network.state_dict()}, tmp_path / "ckpt_best.pth.tar")
    with torch.no_grad():
        outputs = network(torch.from_numpy(inputs).float()).numpy()
    _, mean, std, offset = flat[3]
    expected = np.full((30, JOINTS * 3), np.nan)
    expected[:, columns(3)] = outputs * std[columns(3)] + mean[columns(3)] + offset[:, columns(3)]
    return tmp_path, pose_2d, pose_3d, expected.reshape(30, JOINTS, 3)


def test_their_model_scores_the_data_it_was_given(theirs):
    folder, _, pose_3d, expected = theirs
    main.test(folder)
    gt, pred, good = load_test_results(folder)
    np.testing.assert_array_equal(gt, pose_3d)
    np.testing.assert_allclose(pred[:, TARGETS], expected[:, TARGETS], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(pred[:, ROOTS], pose_3d[:, ROOTS])
    assert np.isnan(pred[:, 6]).all()
    assert good[:, TARGETS].all()
    assert good.sum() == 30 * 12
    evaluation = json.loads((folder / "evaluation.json").read_text())
    distance = np.linalg.norm(pred - gt, axis=-1)[:, TARGETS].mean()
    assert evaluation["mpjpe"] == {"liftpose": pytest.approx(distance)}


def test_their_model_lifts_new_data(theirs):
    folder, pose_2d, pose_3d, expected = theirs
    main.test(folder, {"new": pose_2d[10:]}, {"new": pose_3d[10:]})
    gt, pred, _ = load_test_results(folder)
    np.testing.assert_array_equal(gt, pose_3d[10:])
    np.testing.assert_allclose(pred[:, TARGETS], expected[10:, TARGETS], rtol=1e-5, atol=1e-5)
    main.test(folder, pose_2d)
    _, pred, _ = load_test_results(folder)
    relative = expected[:, TARGETS] - pose_3d[:, ANCHORS]
    np.testing.assert_allclose(pred[:, TARGETS] - pred[:, ANCHORS], relative, atol=1e-5)
    # The second root stands where it stood in their first test frame.
    still = np.broadcast_to(pose_3d[0, 3] - pose_3d[0, 0], (30, 3))
    np.testing.assert_allclose(pred[:, 3] - pred[:, 0], still)


def test_their_files_are_left_as_they_were(theirs):
    folder = theirs[0]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    main.test(folder)
    assert all((folder / name).read_bytes() == content for name, content in before.items())
    with pytest.raises(ValueError, match="test_2d has 6 joints"):
        main.test(folder, theirs[1][:, :6])


def test_frames_in_which_nothing_was_seen_are_nan(theirs):
    folder, pose_2d, pose_3d, _ = theirs
    pose_2d[4] = np.nan
    main.test(folder, pose_2d, pose_3d)
    _, pred, good = load_test_results(folder)
    assert np.isnan(pred[4]).all()
    assert not good[4].any()
    assert np.isfinite(pred[5, :6]).all()
