"""The bars of trust, and what they are measured with."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import trust
from benchmarks.record.cases import animal
from benchmarks.trust import hidden as joints
from benchmarks.trust.time import BARS, JUDGED, METHODS, Errors, Row, verdict
from liftpose import Lifted, Lifter


@pytest.fixture(scope="module")
def case():
    return animal("mouse", animals=1, frames=60, test_animals=2)


def as_lifted(case, noise=0.0):
    one = case.recording
    truth = np.concatenate(list(one.test_3d.values()))
    pose = truth - truth[:, [one.roots[0]]]
    shaken = pose + np.random.default_rng(0).normal(0, noise, pose.shape) * (pose != 0)
    relative = shaken.copy()
    relative[:, one.roots] = np.nan
    lengths = tuple(map(len, one.test_3d.values()))
    return Lifted(shaken, relative, tuple(one.test_3d), lengths, one.joints, frame="world")


def test_parts_are_found_by_being_there(capsys):
    assert "time" in trust.parts()
    with pytest.raises(SystemExit):
        trust.main(["--only", "nothing"])
    assert "time" in capsys.readouterr().err


def test_the_truth_has_no_errors_and_bones_of_one_length(case):
    errors = Errors.of(case, as_lifted(case))
    assert max(errors.mpjpe, errors.velocity, errors.lengths) < 1e-6


def test_every_method_is_measured_against_the_plain(case):
    lifted = as_lifted(case, 2.0)
    plain = Errors.of(case, lifted)
    seen = {
        key: np.asarray(case.camera.project(poses)) for key, poses in case.recording.test_3d.items()
    }
    shares = {
        name: Errors.of(case, change(case, lifted, seen, 1.0)).over(plain)
        for name, change in METHODS.items()
    }
    assert all(share["mpjpe"] < 1 for share in shares.values())
    assert shares["smooth"]["velocity"] < 0.7
    assert shares[JUDGED]["lengths"] < 0.05
    assert shares["smooth"]["lengths"] > 0.2


@pytest.mark.parametrize("what", BARS)
def test_a_bar_that_is_missed_says_so(what):
    good = {name: 0.9 * bar for name, bar in BARS.items()}
    row = Row(Errors(1.0, 1.0, 1.0), {JUDGED: good})
    assert not [line for line in verdict({"dog": row, "rat": row}) if trust.MISSED in line]
    bad = replace(row, shares={JUDGED: good | {what: 1.1 * BARS[what]}})
    lines = [line for line in verdict({"dog": row, "rat": bad}) if trust.MISSED in line]
    assert len(lines) == 1
    assert f"rat {1.1 * BARS[what]:.3f}" in lines[0]


@pytest.fixture(scope="module")
def scene():
    case = animal("mouse", animals=4, frames=200, test_animals=1)
    one = case.recording
    seen, truth = (np.concatenate(list(part.values())) for part in (one.test_2d, one.test_3d))
    used = sorted({*one.roots, *(joint for part in one.target_sets for joint in part)})
    lifter = Lifter(case.skeleton, network="ridge").fit(one.train_2d, one.train_3d, case.camera)
    return joints.Scene(case, lifter, seen, truth, used)


def test_a_limb_is_found_once_and_is_no_body():
    bones = [(0, 1), (1, 2), (2, 3), (2, 4), (4, 5), (6, 7), (7, 8), (8, 9)]
    assert joints.limbs(bones, range(10)) == [[0, 1], [5, 4], [6, 7, 8, 9]]
    assert joints.limbs([(0, 1), (1, 2)], range(3)) == []


def test_one_in_five_is_hidden_and_two_are_left(scene):
    hidden = joints.scattered(scene, 0)
    assert hidden[:, scene.used].mean() == pytest.approx(joints.SHARE, abs=0.02)
    few = replace(scene, used=scene.used[:3])
    assert (~joints.scattered(few, 0)[:, few.used]).sum(1).min() == 2


def test_errors_are_of_what_is_seen_and_of_all(scene):
    one = scene.case.recording
    exact = scene.truth - scene.truth[:, one.roots]
    hidden = np.zeros(scene.seen.shape[:2], bool)
    assert scene.errors(exact, hidden).tolist() == [0, 0]
    off, target = exact.copy(), one.target_sets[0][0]
    off[:, target] += [3.0, 4.0, 0.0]
    hidden[:, target] = True
    np.testing.assert_allclose(scene.errors(off, hidden), [0, 5 / len(one.target_sets[0])])
    hidden[:, one.roots] = True
    assert np.isnan(scene.errors(off, hidden)[0])


def test_the_closed_form_is_regression_where_nothing_is_hidden(scene):
    """The conditional mean of a normal distribution is ordinary least squares."""
    one = scene.case.recording
    hidden = np.zeros(scene.seen.shape[:2], bool)
    found = scene.lifted("normal", hidden)
    train, poses = (np.concatenate(list(part.values())) for part in (one.train_2d, one.train_3d))
    flat = [points[:, scene.used].reshape(len(points), -1) for points in (train, scene.seen)]
    known, asked = (np.c_[np.ones(len(points)), points] for points in flat)
    target = one.target_sets[0][1]
    weights = np.linalg.lstsq(known, poses[:, target] - poses[:, one.roots[0]], rcond=None)[0]
    size = np.linalg.norm(found[:, target], axis=1).mean()
    assert np.linalg.norm(found[:, target] - asked @ weights, axis=1).mean() < 0.05 * size


def test_hidden_joints_cost_less_with_what_the_others_tell_than_with_the_mean(scene):
    hidden = joints.scattered(scene, 0)
    ours, mean = (scene.errors(scene.lifted(how, hidden), hidden)[1] for how in ("ours", "mean"))
    assert ours < 0.9 * mean
    gap = np.zeros_like(hidden)
    gap[5::10, scene.used[1]] = True
    whole = scene.errors(scene.lifted("ours", np.zeros_like(hidden)), gap)[1]
    assert scene.errors(scene.lifted("in time", gap), gap)[1] == pytest.approx(whole, rel=0.05)


@pytest.mark.parametrize(
    ("kind", "method", "which", "value", "words"),
    [
        ("scattered", "ours", 0, 1.21, "one in five hidden, seen targets, × whole"),
        ("scattered", "ours", 1, 1.41, "one in five hidden, all targets, × whole"),
        ("limb", "ours", 0, 1.11, "a limb hidden, other limbs, × whole"),
        ("limb", "normal", 1, 1.01, "a limb hidden, all targets, × the normal"),
    ],
)
def test_a_bar_on_hidden_joints_that_is_missed_says_so(kind, method, which, value, words):
    shares = {how: np.array([1.05, 1.05]) for how in joints.METHODS}
    shares |= {"normal": np.array([1.5, 1.5])}
    wrong = {how: share.copy() for how, share in shares.items()}
    wrong[method][which] = value
    good = joints.Row(12, 3, 1.0, shares, shares)
    bad = replace(good, **{kind: wrong})
    assert not any(trust.MISSED in line for line in joints.verdict({"dog": good}))
    missed = [line for line in joints.verdict({"dog": bad}) if trust.MISSED in line]
    assert len(missed) == 1
    assert words in missed[0]
    assert list(joints.verdict({"few": replace(bad, joints=4)})) == []
