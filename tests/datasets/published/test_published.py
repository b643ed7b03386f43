"""What all loaders give: parts of it, and what `liftpose.train` takes."""

import numpy as np
import pytest

import liftpose
from examples.stand_ins import MAKERS
from liftpose import datasets


@pytest.fixture(scope="module")
def rats(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rats")
    MAKERS["capture_rat"](folder, 40, np.random.default_rng(0))
    return datasets.capture_rat(folder)


def test_some_experiments_stay_with_all_that_is_theirs(rats):
    kept = rats.only([(3, 2), (0, 1)])
    assert kept.keys == kept.poses_3d.keys == ((3, 2), (0, 1))
    np.testing.assert_array_equal(kept.poses_2d.points[40:], rats.poses_2d.only((0, 1)).points)
    assert (kept.train, kept.test) == (((3, 2),), ((0, 1),))
    assert kept.cameras[3, 2] == rats.cameras[3, 2]
    assert set(kept.numbers) == set(kept.cameras) == set(kept.keys)
    with pytest.raises(ValueError, match=r"no experiment '\(9, 1\)'; there are '\(0, 1\)'"):
        rats.only([(9, 1)])
    with pytest.raises(ValueError, match="no experiment is named"):
        rats.only([])


def test_some_joints_stay_in_the_order_that_is_asked_for(rats):
    kept = rats.joints(["HipR", "SpineF", "HipL"])
    np.testing.assert_array_equal(kept.poses_3d.points, rats.poses_3d.points[:, [9, 3, 8]])
    np.testing.assert_array_equal(kept.poses_2d.points, rats.poses_2d.points[:, [9, 3, 8]])
    assert kept.skeleton.roots == (1,)
    assert kept.skeleton.joints == kept.poses_2d.joints == ("HipR", "SpineF", "HipL")


def test_the_division_can_be_another(rats):
    other = rats.divided(train=[(0, 1)], test=[(1, 2), (1, 1)])
    assert (other.train, other.test) == (((0, 1),), ((1, 2), (1, 1)))
    with pytest.raises(ValueError, match="both to train and to test on"):
        rats.divided(train=[(0, 1)], test=[(0, 1)])
    with pytest.raises(ValueError, match=r"one that the paper used to test.*divided\(train"):
        rats.divided(train=[(0, 1)], test=[]).to_train()


def test_3d_of_the_world_has_no_depth(rats):
    with pytest.raises(ValueError, match="no coordinate is depth"):
        rats.depth()


def test_the_number_of_everything_is_told(rats):
    assert repr(rats) == (
        "<CAPTURE: 8 experiments (6 to train on, 2 to test on), 320 frames, 20 joints>"
    )


def test_train_takes_what_it_is_given(rats, tmp_path):
    given = rats.to_train()
    assert given["train_2d"].keys == rats.train
    assert given["test_3d"].keys == rats.test
    liftpose.train(**given, out_dir=tmp_path, training_kwargs={"network": "ridge"})
    liftpose.test(tmp_path)
    truth, lifted, counts = liftpose.load_test_results(tmp_path)
    assert truth.shape == lifted.shape == (80, 20, 3)
    known = counts.all(axis=2)
    error = np.linalg.norm(truth - lifted, axis=2)[known].mean()
    reach = np.linalg.norm(truth - truth[:, 3:4], axis=2)
    assert error < 0.3 * reach[known & np.isfinite(reach)].mean()
