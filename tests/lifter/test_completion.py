"""Joints that were not seen are put where the others say, by the formula solved frame by frame."""

import numpy as np
import pytest
import torch

from liftpose.lifter.completion import FEWEST, Completion

JOINTS = 6
USED = [0, 1, 2, 4, 5]


def poses(frames, seed=0, place=40.0):
    """2D of a body of three freedoms that moves about the image, in pixels."""
    rng, of_body = np.random.default_rng(seed), np.random.default_rng(7)
    mixing = of_body.normal(size=(3, 2 * JOINTS)) * 20
    rest = of_body.normal(size=2 * JOINTS) * 40
    points = (rest + rng.normal(size=(frames, 3)) @ mixing).reshape(frames, JOINTS, 2)
    points += rng.normal(size=points.shape)
    return points + rng.normal(size=(frames, 1, 2)) * place + [300, 200]


def holed(points, share, seed=1):
    hidden = np.random.default_rng(seed).random(points.shape[:2]) < share
    return np.where(hidden[..., None], np.nan, points)


def fitted(points, placed=True):
    return Completion.fit(torch.from_numpy(points), USED, placed)


def conditional(completion, frame):
    """The expected coordinates of a frame, with the blocks of the covariance written out."""
    flat = frame[USED].ravel()
    seen = np.isfinite(flat)
    mean, covariance = completion.mean.numpy(), completion.covariance.numpy()
    across = covariance[np.ix_(~seen, seen)]
    within = covariance[np.ix_(seen, seen)]
    flat[~seen] = mean[~seen] + across @ np.linalg.inv(within) @ (flat[seen] - mean[seen])
    return flat.reshape(-1, 2)


@pytest.mark.parametrize("placed", [True, False])
def test_each_frame_is_the_conditional_mean(placed):
    completion, seen = fitted(poses(500), placed), holed(poses(700, 3), 0.3)
    found = completion.complete(torch.from_numpy(seen)).numpy()
    enough = np.isfinite(seen[:, USED]).all(2).sum(1) >= FEWEST
    assert 0 < (~enough).sum() < 60
    for frame, whole in zip(seen[enough], found[enough], strict=True):
        np.testing.assert_allclose(whole[USED], conditional(completion, frame.copy()), atol=1e-6)
    np.testing.assert_array_equal(found[~enough], seen[~enough])
    assert np.array_equal(found[np.isfinite(seen)], seen[np.isfinite(seen)])


def test_a_joint_that_plays_no_part_is_neither_asked_nor_filled():
    completion, seen = fitted(poses(500)), poses(3, 3)
    seen[:, 3] = np.nan
    given = torch.from_numpy(seen)
    assert completion.complete(given) is given
    seen[0, 1] = np.nan
    found = completion.complete(torch.from_numpy(seen))
    assert found[0, 1].isfinite().all()
    assert found[:, 3].isnan().all()


def test_hidden_joints_are_found_from_a_body_that_moves_together():
    whole = poses(400, 5)
    seen = whole.copy()
    seen[:, 2] = np.nan
    found = fitted(poses(500)).complete(torch.from_numpy(seen)).numpy()
    error = np.linalg.norm(found[:, 2] - whole[:, 2], axis=1).mean()
    mean = np.linalg.norm(whole[:, 2] - poses(500)[:, 2].mean(0), axis=1).mean()
    # Noise is 1 px a coordinate, of the joint itself and of those it is had from.
    assert error < 3 < mean / 10


def test_an_animal_elsewhere_in_the_image_is_completed_as_well():
    train, whole = poses(500, place=0.5), poses(300, 5, place=0.5)
    seen = whole.copy()
    seen[:, 2] = np.nan
    here, there = torch.from_numpy(seen), torch.from_numpy(seen + [900.0, -500.0])
    moved = fitted(train, placed=False)
    errors = [
        np.linalg.norm(found[:, 2] - whole[:, 2], axis=1).mean()
        for found in (
            moved.complete(here).numpy(),
            moved.complete(there).numpy() - [900.0, -500.0],
            fitted(train).complete(there).numpy() - [900.0, -500.0],
        )
    ]
    assert errors[1] < 1.2 * errors[0] < errors[2] / 10


def test_gaps_in_the_training_poses_hardly_matter():
    whole = poses(3000)
    complete, gaps = fitted(whole), fitted(holed(whole, 0.2))
    assert (
        gaps.mean - complete.mean
    ).abs().max() < 0.1 * complete.covariance.diagonal().sqrt().min()
    spread = complete.covariance.diagonal().sqrt()
    off = (gaps.covariance - complete.covariance) / torch.outer(spread, spread)
    assert off.abs().max() < 0.03


def test_gaps_where_a_joint_is_far_out_do_not_bias_it():
    """Seldom seen on the right: the mean of what was seen is wrong, the likeliest mean is not."""
    whole = poses(4000)
    away = whole[:, 1, 0] - whole[:, 0, 0]
    seen = whole.copy()
    seen[away > np.median(away), 1] = np.nan
    true, found = fitted(whole), fitted(seen)
    naive = np.nanmean(seen[:, 1, 0]) - whole[:, 1, 0].mean()
    assert abs(float(found.mean[2] - true.mean[2])) < 0.1 * abs(naive)


def test_two_are_enough_and_one_is_not():
    completion = fitted(poses(500))
    seen = np.full((2, JOINTS, 2), np.nan)
    seen[0, 0], seen[1, [0, 4]] = poses(1)[0, 0], poses(1)[0, [0, 4]]
    found = completion.complete(torch.from_numpy(seen))
    assert found[0, 1:].isnan().all()
    assert found[1, USED].isfinite().all()


@pytest.mark.parametrize("place", [40.0, 0.5])
def test_the_doubt_of_a_hidden_joint_is_how_far_off_it_is(place):
    completion, whole = fitted(poses(2000, place=place)), poses(3000, 5, place=place)
    seen = holed(whole, 0.3)
    given = torch.from_numpy(seen)
    rows, left = completion.left(given)
    doubt = torch.zeros(given.shape[:2], dtype=torch.float64)
    doubt[rows[:, None], USED] = left.diagonal(dim1=1, dim2=2).unflatten(1, (-1, 2)).mean(2)
    assert (doubt[given.isfinite().all(2)] == 0).all()
    hidden = np.isnan(seen).all(2)
    hidden[:, 3] = False
    hidden &= (np.isfinite(seen[:, USED]).all(2).sum(1) >= FEWEST)[:, None]
    off = (completion.complete(given).numpy() - whole)[hidden]
    square = (off**2).mean(1) / doubt.numpy()[hidden]
    # What is added to every variance makes it a little larger than it has to be.
    assert 0.8 < square.mean() < 1.05
    assert len(completion.left(torch.from_numpy(whole))[0]) == 0


def test_a_state_gives_the_same_again():
    completion, seen = fitted(poses(500)), torch.from_numpy(holed(poses(50, 3), 0.3))
    again = Completion.from_state(completion.state())
    assert torch.equal(again.complete(seen).nan_to_num(), completion.complete(seen).nan_to_num())
