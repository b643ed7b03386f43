"""What a run's test found: the same numbers as its evaluation, and those of 0.22's folders."""

from dataclasses import replace

import numpy as np
import pytest

from liftpose.datasets import hexapod
from liftpose.main import test as score
from liftpose.main import train
from liftpose.postprocess.evaluation import read_evaluation
from liftpose.postprocess.outcome import judge_outcome, lift_again, read_outcome, was_tested
from tests.lifter.test_published import make_folder, save_results


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A tested run, and what it was tested on: not all of it known."""
    folder = tmp_path_factory.mktemp("run")
    one, other, new = (hexapod(frames=150, seed=seed, animal=1) for seed in (1, 2, 3))
    flat, mask = {"a": new.pose_2d[:90], "b": new.pose_2d[90:]}, np.ones((150, 30, 3), bool)
    mask[20:40, 3:9] = False
    parts = {"a": slice(0, 90), "b": slice(90, 150)}
    train(
        {"x": one.pose_2d, "y": other.pose_2d},
        flat,
        {"x": one.pose_3d, "y": other.pose_3d},
        {key: new.pose_3d[part] for key, part in parts.items()},
        out_dir=folder,
        skeleton=one.skeleton,
        test_keypts={key: mask[part] for key, part in parts.items()},
        training_kwargs={"network": "ridge"},
    )
    assert not was_tested(folder)
    score(folder)
    return folder, np.concatenate(list(flat.values()))


def test_errors_are_those_of_the_evaluation(run):
    folder, flat = run
    assert was_tested(folder)
    said = read_evaluation(folder)
    for found in (read_outcome(folder), judge_outcome(folder)):
        assert (found.keys, found.lengths, found.unit) == (("a", "b"), (90, 60), "mm")
        assert np.nanmean(found.errors) == pytest.approx(said.mpjpe["liftpose"], rel=1e-5)
        for joint, name in enumerate(found.joints):
            mean = np.nanmean(found.errors[:, joint])
            assert mean == pytest.approx(said.per_joint[name]["liftpose"], rel=1e-4)
        # Of six that do not count one is a root, and the sixth a target of it.
        assert np.isnan(found.errors[25]).sum() == 6
        assert found.body_length == pytest.approx(said.body_length)
    assert read_outcome(folder).spread is None
    judged = judge_outcome(folder)
    np.testing.assert_array_equal(judged.seen, np.isfinite(flat).all(axis=2))
    assert np.isfinite(judged.spread).all()
    assert judged.bars.blocks > 0


def test_a_test_that_the_lifter_does_not_repeat_is_told(run):
    folder, flat = run
    found = read_outcome(folder)
    assert (found.tested is not None, found.lifted) == (True, None)
    again = lift_again(found)
    np.testing.assert_array_equal(again.tested.poses_2d.points, flat)
    assert again.lifted.novelty is not None
    flipped = replace(found.tested.poses_2d, points=flat * [1, -1])
    for other in (
        replace(found, tested=None),
        replace(found, prediction=found.prediction + 0.1),
        replace(found, tested=replace(found.tested, poses_2d=flipped)),
    ):
        with pytest.raises(ValueError, match=r"of other data .* or with other cameras"):
            lift_again(other)


def test_a_folder_of_0_22_tells_its_errors(tmp_path):
    folder = make_folder(tmp_path, out_dim=1)
    assert not was_tested(tmp_path)
    truth, prediction, good = save_results(folder)
    assert was_tested(tmp_path)
    found = read_outcome(tmp_path)
    slow = {
        joint: [
            np.linalg.norm(a - b)
            for a, b, counts in zip(truth[:, j], prediction[:, j], good[:, j], strict=True)
            if counts.all() and np.isfinite(a - b).all()
        ]
        for j, joint in enumerate(map(str, range(truth.shape[1])))
    }
    for joint, errors in zip(found.joints, found.errors.T, strict=True):
        np.testing.assert_allclose(errors[np.isfinite(errors)], slow[joint], rtol=1e-5)
    assert found.lengths == (len(truth),)
    with pytest.raises(ValueError, match=r"0\.22, whose lifters have no error bars"):
        judge_outcome(tmp_path)


def test_what_was_not_tested_is_said(tmp_path):
    make_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"call liftpose\.main\.test first"):
        read_outcome(tmp_path)
