"""Unsure joints are pulled to where the others expect them, as far as confidence tells anything."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import liftpose
from liftpose import Lifter, Skeleton
from liftpose.lifter.completion import Completion
from liftpose.lifter.weighing import Weighing

JOINTS = 6
USED = [0, 1, 2, 4, 5]


def poses(frames, seed=0):
    """2D of a body of three freedoms that moves about the image, in pixels."""
    rng, of_body = np.random.default_rng(seed), np.random.default_rng(7)
    mixing = of_body.normal(size=(3, 2 * JOINTS)) * 20
    points = of_body.normal(size=2 * JOINTS) * 40 + rng.normal(size=(frames, 3)) @ mixing
    points = points.reshape(frames, JOINTS, 2) + rng.normal(size=(frames, JOINTS, 2))
    return points + rng.normal(size=(frames, 1, 2)) * 40 + [300, 200]


def tracked(frames, seed=0, noise=25.0):
    """As a tracker has it that is wrong as often as its confidence says."""
    rng, exact = np.random.default_rng(100 + seed), poses(frames, seed)
    unsure = rng.random(exact.shape[:2]) < 0.3
    confidence = np.where(unsure, rng.uniform(0.2, 0.9, unsure.shape), 0.95)
    wrong = rng.random(exact.shape[:2]) > confidence / 0.95
    return exact, exact + noise * wrong[..., None] * rng.normal(size=exact.shape), confidence


def fitted(points, confidence, **settings):
    return Weighing.fit(torch.from_numpy(points), torch.from_numpy(confidence), USED, **settings)


def test_each_frame_is_what_the_formula_written_out_gives():
    _, seen, confidence = tracked(400)
    weighing = fitted(seen, confidence)
    holed = seen[:40].copy()
    holed[::3, 1] = np.nan
    holed[0] = np.nan
    mean, covariance = (getattr(weighing.completion, n).numpy() for n in ("mean", "covariance"))
    alone = (1 / np.diagonal(np.linalg.inv(covariance))).reshape(-1, 2).mean(1)
    assert weighing.typical == pytest.approx(0.95)
    weighing = replace(weighing, strength=0.7)
    found = weighing.weigh(torch.from_numpy(holed), torch.from_numpy(confidence[:40])).numpy()
    np.testing.assert_array_equal(found[0], holed[0])
    for frame, sure, whole in zip(holed[1:], confidence[1:40], found[1:], strict=True):
        flat, share = frame[USED].ravel(), np.minimum(sure[USED] / 0.95, 1)
        known = np.isfinite(flat)
        noise = weighing.strength * np.diag(np.repeat(alone * (1 - share) / share, 2)[known])
        within = covariance[np.ix_(known, known)]
        flat[known] = mean[known] + within @ np.linalg.inv(within + noise) @ (flat - mean)[known]
        np.testing.assert_allclose(whole[USED].ravel(), flat, atol=1e-6)
    np.testing.assert_array_equal(found[:, 3], holed[:, 3])


@pytest.mark.parametrize(("share", "least", "most"), [(0.5, 0.3, 0.7), (0.25, 0.15, 0.4)])
def test_the_strength_is_that_of_the_noise(share, least, most):
    """Noise as the rule has it, times a share, on unsure joints of poses without any."""
    exact, rng = poses(4000), np.random.default_rng(1)
    unsure = rng.random(exact.shape[:2]) < 0.1
    confidence = np.where(unsure, 0.5, 1.0)
    clean = Weighing(Completion.fit(torch.from_numpy(exact), USED, False), 1.0)
    variance = np.insert(clean._alone.numpy(), 3, 0.0)
    noise = np.sqrt(share * variance * unsure)[..., None] * rng.normal(size=exact.shape)
    assert least < fitted(exact + noise, confidence).strength < most
    assert fitted(*tracked(4000)[1:]).strength == 1.0


def test_unsure_joints_come_nearer_to_where_they_are():
    weighing = fitted(*tracked(1500)[1:])
    exact, seen, confidence = tracked(500, seed=1)
    found = weighing.weigh(torch.from_numpy(seen), torch.from_numpy(confidence)).numpy()
    unsure = confidence < 0.95
    unsure[:, 3] = False
    before, after = (np.sqrt(np.square(points - exact)[unsure].mean()) for points in (seen, found))
    assert after < 0.6 * before
    np.testing.assert_array_equal(found[confidence == 0.95], seen[confidence == 0.95])


def test_a_sure_frame_and_one_without_confidence_stay():
    weighing = fitted(*tracked(400)[1:])
    given = torch.from_numpy(poses(5))
    for sure in (0.96, 1.0, np.nan):
        assert weighing.weigh(given, torch.full(given.shape[:2], sure)) is given


def test_confidence_that_tells_nothing_does_not_weigh():
    exact, _, confidence = tracked(1500)
    assert fitted(exact, confidence) is None
    for value in (1.0, 0.4, np.nan, 0.0):
        assert fitted(exact, np.full(exact.shape[:2], value)) is None
    assert fitted(np.full_like(exact, np.nan), confidence) is None


def test_the_size_of_a_pose_does_not_matter_where_it_means_nothing():
    _, seen, confidence = tracked(800)
    weighing = fitted(seen, confidence, sizeless=True)
    given, sure = torch.from_numpy(seen[:30]), torch.from_numpy(confidence[:30])
    found = weighing.weigh(given, sure)
    assert (found - given).abs().max() > 5
    torch.testing.assert_close(weighing.weigh(3 * given, sure), 3 * found)


SKELETON = Skeleton([*"abcdef"], roots=["a"], target_sets=[[*"bcdef"]])


def animals(seed):
    exact, seen, confidence = tracked(600, seed)
    depth = (exact - exact[:, :1]).reshape(len(exact), -1)
    mixing = np.random.default_rng(3).normal(size=(2 * JOINTS, JOINTS)) * 0.3
    return seen, confidence, np.concatenate([exact, (depth @ mixing)[..., None]], 2)


@pytest.mark.parametrize("network", ["kernel", "ridge"])
def test_a_lifter_errs_less_and_keeps_what_it_learned(network, tmp_path):
    seen, confidence, truth = animals(0)
    weighed = Lifter(SKELETON, network=network).fit(seen, truth, confidence=confidence)
    plain = Lifter(SKELETON, network=network).fit(seen, truth)
    assert plain.weighing is None
    new, sure, deep = animals(1)
    true = deep - deep[:, :1]
    errors = [
        np.linalg.norm(lifted.position - true, axis=2)[:, 1:].mean()
        for lifted in (weighed.lift(new, confidence=sure), plain.lift(new), weighed.lift(new))
    ]
    assert errors[0] < 0.8 * min(errors[1:])
    # A lifter that learned without confidence has no use for it, but for the threshold.
    found = plain.lift(new, confidence=np.maximum(sure, 0.1)).position
    np.testing.assert_array_equal(found, plain.lift(new).position)
    again = liftpose.load(weighed.save(tmp_path / "a.lifter"))
    for rows in (slice(0, 50), slice(7, 8)):
        expected = weighed.lift(new[rows], confidence=sure[rows]).position
        np.testing.assert_array_equal(
            again.lift(new[rows], confidence=sure[rows]).position, expected
        )


def test_validation_poses_are_weighed_as_well():
    seen, confidence, truth = animals(0)
    lifter = Lifter(SKELETON, network="ridge").fit(seen, truth, confidence=confidence)
    new, sure, deep = animals(1)
    poses = liftpose.Poses.from_experiments(new, confidence=sure)
    inside, _ = lifter.in_view(poses, liftpose.Poses.from_experiments(deep))
    expected = lifter.weighing.weigh(torch.from_numpy(new), torch.from_numpy(sure)).numpy()
    np.testing.assert_allclose(inside.points, expected, atol=1e-3)
    assert np.abs(inside.points - new).max() > 5
