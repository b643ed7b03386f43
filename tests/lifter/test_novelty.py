"""What is said of 2D: of frames, and of recordings with and without mistakes in them."""

import warnings

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scipy.stats import kstest

import liftpose
from liftpose import Lifter, Poses, Skeleton
from liftpose.datasets import mouse, quadruped
from liftpose.lifter.mistakes import Flip, Reordering, exchange, likeliest_order
from liftpose.lifter.novelty import FEWEST, SAMPLE
from liftpose.lifter.shapes import Statistics, shapes_of
from liftpose.poses.verdict import (
    ELSEWHERE,
    FLIPPED,
    LIKE,
    MISTAKES,
    MOST,
    MOSTLY,
    REORDERED,
    RESCALED,
    SHORT,
    SWAPPED,
    UNLIKE,
    Verdict,
)

FRAMES = 200
HEIGHT = 1024


def seen(animal, frames=FRAMES):
    """2D of another mouse, every joint seen."""
    made = mouse(frames=frames, seed=animal, animal=animal)
    noise = np.random.default_rng(animal).normal(size=(frames, len(made.joints), 2))
    return np.asarray(made.cameras[0].project(made.poses_3d)) + noise


@pytest.fixture(scope="module")
def known():
    return [mouse(frames=FRAMES, seed=number, animal=number) for number in range(6)]


@pytest.fixture(scope="module")
def lifter(known):
    assert known[0].cameras[0].size[1] == HEIGHT
    return Lifter(known[0].skeleton, network="kernel", job=1).fit(
        {number: seen(number) for number in range(len(known))},
        {number: animal.poses_3d for number, animal in enumerate(known)},
        camera=known[0].cameras[0],
    )


def exchanged(points, joints):
    order = [
        joints.index(name.replace("left", "-").replace("right", "left").replace("-", "right"))
        for name in joints
    ]
    assert order != sorted(order)
    return points[:, order]


def turned(animal, axis):
    """The same mouse, seen by a camera that is turned about it by a right angle."""
    made = mouse(frames=FRAMES, seed=animal, animal=animal)
    camera = made.cameras[0]
    middle = made.poses_3d.mean((0, 1))
    over = Rotation.from_euler(axis, 90, degrees=True).as_matrix() @ camera.R
    shown = ((made.poses_3d - middle) @ over.T + camera.R @ middle + camera.t) @ camera.K.T
    return shown[..., :2] / shown[..., 2:]


MADE = {
    FLIPPED: [lambda points, _: points * [1, -1] + [0, HEIGHT - 1]],
    SWAPPED: [exchanged],
    REORDERED: [
        lambda points, _: points[:, ::-1],
        lambda points, _: points[:, np.random.default_rng(3).permutation(points.shape[1])],
    ],
    RESCALED: [
        lambda points, _: points / 2,
        lambda points, _: points / 1000,
        lambda points, _: points / 1280,
    ],
}


@pytest.mark.parametrize("animal", [11, 12])
@pytest.mark.parametrize("name", MADE)
def test_each_mistake_is_named(lifter, known, name, animal):
    for change in MADE[name]:
        made = change(seen(animal), known[0].joints)
        verdict = lifter.verdicts({"new": made})["new"]
        assert verdict.name == name
        assert verdict.flagged
        assert verdict.mistake
        assert verdict.score > 1
        with pytest.warns(UserWarning, match=f"experiment 'new' of poses_2d: {name}"):
            lifted = lifter.lift({"new": made})
        assert lifted.verdict() == verdict


@pytest.mark.parametrize("axis", "xyz")
@pytest.mark.parametrize("animal", [11, 12])
def test_another_camera_is_named(lifter, animal, axis):
    verdict = lifter.verdicts(turned(animal, axis)).popitem()[1]
    assert verdict.named == (ELSEWHERE,)
    assert verdict.mistake


@pytest.mark.parametrize("animal", range(10, 16))
def test_a_clean_recording_of_another_animal_is_not_flagged(lifter, animal):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lifted = lifter.lift({"new": seen(animal)})
    assert lifted.verdict("new").name == LIKE
    assert not lifted.verdict("new").flagged
    assert lifted.verdict().score < 1
    assert lifted.verdict().sentence == "Nothing is amiss."


def test_a_recording_most_of_whose_frames_are_unusual_is_not_like_the_training_data(lifter):
    # Of the twelve mice from 10 on, this one alone does what the six of the training hardly did.
    points = seen(20)
    lifted = lifter.lift({"new": points})
    unusual = lifted.novelty > 99
    verdict = lifted.verdict()
    assert verdict.share == pytest.approx(unusual.mean()) == pytest.approx(0.68, abs=0.05)
    assert verdict.name == MOSTLY
    assert verdict.amiss
    assert not verdict.flagged  # nothing is beyond its limit
    assert verdict.score < 1
    assert "Nothing is amiss" not in str(verdict)
    few = np.concatenate([points[unusual][:40], points[~unusual][:45]])
    (some,) = lifter.verdicts(few).values()
    assert (some.name, some.amiss) == (LIKE, False)
    assert 0.4 < some.share < MOST
    assert "Nothing is amiss." not in str(some)
    assert "look at the unusual frames" in some.sentence


def test_a_mistake_is_named_however_many_frames_are_unusual(lifter):
    (verdict,) = lifter.verdicts(seen(20) * [1, -1] + [0, HEIGHT - 1]).values()
    assert verdict.share > MOST
    assert verdict.name == FLIPPED


def test_frames_with_joints_missing_are_judged_on_the_others(lifter):
    points = seen(11)
    hidden = np.random.default_rng(0).random(points.shape[:2]) < 0.15
    holed = np.where(hidden[..., None], np.nan, points)
    holed[3] = np.nan
    lifted = lifter.lift({"new": holed})
    assert lifted.verdict().name == LIKE
    assert np.isnan(lifted.novelty[3])
    assert np.isfinite(np.delete(lifted.novelty, 3)).all()
    flipped = holed * [1, -1] + [0, HEIGHT - 1]
    assert lifter.verdicts(flipped).popitem()[1].name == FLIPPED


def test_percentiles_of_held_out_frames_are_uniform(known):
    """Of blocks of one long recording: what comes after it is like what was held out of it."""
    made = quadruped(frames=3000, seed=1)
    rng = np.random.default_rng(0)
    points = np.asarray(made.cameras[0].project(made.poses_3d))
    points = (points + rng.normal(size=points.shape))[rng.permutation(3000)]
    space = made.poses_3d[rng.permutation(3000)]
    lifter = Lifter(made.skeleton, network="ridge").fit(points[:2000], space[:2000])
    scores = lifter.lift(points[2000:], judge=False).novelty
    assert scores.min() >= 0
    assert scores.max() <= 100
    assert scores.dtype == np.float32
    assert kstest(scores / 100, "uniform").statistic < 0.06


def test_a_frame_has_its_score_wherever_it_stands(lifter):
    points = seen(11)
    whole = lifter.lift(points, judge=False).novelty
    assert np.ptp(whole) > 5
    order = np.random.default_rng(0).permutation(FRAMES)
    shuffled = lifter.lift(points[order], judge=False).novelty
    np.testing.assert_allclose(shuffled, whole[order], atol=1e-3)
    alone = [lifter.lift(points[[row]]).novelty[0] for row in (0, 50, 199)]
    np.testing.assert_allclose(alone, whole[[0, 50, 199]], atol=1e-3)
    odd = points.copy()
    odd[7] = odd[7, ::-1]
    scores = lifter.lift(odd, judge=False).novelty
    assert scores[7] == 100
    np.testing.assert_allclose(np.delete(scores, 7), np.delete(whole, 7), atol=1e-3)


def test_a_saved_lifter_says_the_same(lifter, tmp_path):
    again = liftpose.load(lifter.save(tmp_path / "mouse.lifter"))
    assert again.digest == lifter.digest
    points = {"a": seen(11), "b": seen(12)[:, ::-1]}
    assert again.verdicts(points) == lifter.verdicts(points)
    ours, theirs = (one.lift(points["a"]).novelty for one in (lifter, again))
    np.testing.assert_array_equal(ours, theirs)


def test_an_older_lifter_says_what_to_do(lifter):
    state = lifter.state()
    del state["novelty"]
    older = Lifter.from_state(state)
    lifted = older.lift(seen(11)[:, ::-1])
    assert lifted.novelty is None
    assert lifted.verdicts is None
    assert lifted.spread is not None
    with pytest.raises(ValueError, match="Fit it again"):
        lifted.verdict()
    with pytest.raises(ValueError, match="Fit it again"):
        older.verdicts(seen(11))


def test_too_few_frames_give_no_verdict(lifter):
    lifted = lifter.lift({"short": seen(11)[: FEWEST - 1, ::-1]})
    assert lifted.verdict().name == SHORT
    assert not lifted.verdict().flagged
    empty = np.full((FRAMES, 18, 2), np.nan)
    assert lifter.verdicts({"empty": empty, "new": seen(11)})["empty"].name == SHORT


def test_a_verdict_looks_at_some_frames_only(lifter):
    points = np.concatenate([seen(11)] * 4)
    some = Poses.from_experiments(points).sampled(SAMPLE)
    assert some.lengths == (SAMPLE,)
    np.testing.assert_array_equal(some.points[[0, -1]], points[[0, -1]])
    assert lifter.verdicts(points) == lifter.verdicts(some)


def test_experiments_are_judged_by_themselves(lifter):
    both = {"good": seen(11), "bad": seen(12)[:, ::-1]}
    with pytest.warns(UserWarning, match="'bad'") as said:
        lifted = lifter.lift(both)
    assert len(said) == 1
    assert {key: one.name for key, one in lifted.verdicts.items()} == {
        "good": LIKE,
        "bad": REORDERED,
    }
    assert lifted.only("good").verdict().name == LIKE
    with pytest.raises(ValueError, match="name one"):
        lifted.verdict()
    with pytest.raises(KeyError, match="'other'"):
        lifted.verdict("other")


def test_the_order_of_joints_is_found(known):
    learned = np.concatenate([seen(number) for number in range(6)])
    joints = torch.arange(learned.shape[1])
    shapes = Statistics.of(learned, joints).shapes(1e-4, 0.1)
    points = seen(2)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(joints))
        found = likeliest_order(shapes, points[:, order])
        np.testing.assert_array_equal(order[found], np.arange(len(joints)))
    assert likeliest_order(shapes, np.full_like(points, np.nan)) is None


def test_unlikeness_is_the_distance_of_mahalanobis():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(400, 5, 2)) @ rng.normal(size=(2, 2)) + rng.normal(size=(5, 2)) * 3
    shapes = Statistics.of(points, torch.arange(5)).shapes(1e-3, 0.1)
    flat, _ = shapes_of(points)
    covariance = np.cov(flat, rowvar=False, bias=True)
    covariance += 1e-3 * np.trace(covariance) / 10 * np.eye(10)
    off = flat - flat.mean(0)
    slow = [one @ np.linalg.solve(covariance, one) / 10 for one in off]
    unlike, _ = shapes.measure(points)
    np.testing.assert_allclose(np.exp(unlike), slow, rtol=1e-6)
    moved, larger = shapes.measure(points * 3 + 70)
    np.testing.assert_allclose(moved, unlike, atol=1e-6)
    np.testing.assert_allclose(larger - shapes.measure(points)[1], np.log(3), atol=1e-9)


def test_corrections_undo_what_was_done(known):
    points = seen(1)
    flipped = points * [1, -1] + [0, HEIGHT - 1]
    np.testing.assert_allclose(Flip((HEIGHT - 1) / 2, 0)(flipped), points)
    back = Flip(None, points[..., 1].mean())(flipped)
    np.testing.assert_allclose(back, points)
    sides = exchange(known[0].skeleton, torch.arange(points.shape[1]))
    wrong = exchanged(points, known[0].joints)
    np.testing.assert_array_equal(Reordering(sides)(wrong), points)
    unsided = Skeleton.unnamed(points.shape[1])
    assert exchange(unsided, torch.arange(points.shape[1])) is None


@pytest.mark.parametrize("name", [*MISTAKES, LIKE, MOSTLY, UNLIKE, SHORT])
def test_a_verdict_goes_through_plain_values(name):
    verdict = Verdict(name, 2.5, 0.4, (ELSEWHERE,), {"shape": 2.5})
    assert Verdict.from_dict(verdict.as_dict()) == verdict
    assert name in str(verdict)
    assert ELSEWHERE in str(verdict)
    assert "40%" in str(verdict)


def test_a_joint_that_is_never_seen_keeps_nobody_from_lifting(lifter):
    points = seen(11)
    points[:, 3] = np.nan
    for given in (points, points[..., ::-1], points[:, ::-1]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lifted = lifter.lift({"new": given})
        assert np.isfinite(lifted.novelty).all()
        assert lifted.verdict().name


def test_a_lifter_of_few_frames_does_not_judge():
    """Of few frames, what is taught is mostly chance: clean recordings were said to be wrong."""
    rat, new = (quadruped(frames=200, seed=seed, animal=1) for seed in (1, 2))
    few = Lifter(rat.skeleton, network="ridge")
    few.fit(rat.pose_2d, rat.poses_3d, camera=rat.cameras[0])
    lifted = few.lift(new.pose_2d)
    assert lifted.novelty is None
    for ask in (lifted.verdict, lambda: few.verdicts(new.pose_2d)):
        with pytest.raises(ValueError, match="too few frames"):
            ask()
