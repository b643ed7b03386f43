"""Poses fitted to their bones: against a general optimiser, and with known truth."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from liftpose import Camera, Lifted, Poses, Skeleton
from liftpose.datasets import quadruped
from liftpose.geometry.bones import bone_lengths
from liftpose.postprocess import fit_bones, place
from liftpose.postprocess.rigid import STIFF

LEG = Skeleton(
    ["hip", "knee", "ankle", "toe", "tail"],
    bones=[("hip", "knee"), ("knee", "ankle"), ("ankle", "toe"), ("hip", "tail")],
    rigid=[("hip", "knee"), ("knee", "ankle"), ("ankle", "toe")],
)
LENGTHS = np.array([20.0, 15.0, 8.0])
CAMERA = Camera([[1200.0, 0, 640], [0, 1150, 500], [0, 0, 1]], t=[0, 0, 400.0])


def legs(frames=60, seed=0):
    """Poses whose rigid bones have constant lengths, the hip at the origin."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(frames, 3, 3)) + [2, 1, 0]
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    poses = np.zeros((frames, 5, 3))
    poses[:, 1:4] = np.cumsum(directions * LENGTHS[:, None], axis=1)
    poses[:, 4] = rng.normal(0, 20, (frames, 3))
    return poses


def as_lifted(poses, keys=("",), lengths=None, spread=None, **more):
    more = {"joints": LEG.joints, "frame": "world", "unit": "mm"} | more
    relative = np.array(poses, np.float32)
    relative[:, 0] = np.nan
    return Lifted(
        np.asarray(poses, np.float32),
        relative,
        keys,
        lengths or (len(poses),),
        spread=None if spread is None else np.asarray(spread, np.float32),
        **more,
    )


def shaken(poses, spread, seed=1):
    noise = np.random.default_rng(seed).normal(size=poses.shape) * spread
    noise[:, 0] = 0
    return poses + noise


SPREAD = np.array([0.0, 1.0, 2.0, 1.5, 3.0])[:, None] * [0.5, 0.7, 2.0]


def variation(lifted, skeleton=LEG):
    return bone_lengths(lifted.position, skeleton.rigid or skeleton.bones).std(axis=0)


def given(frames, spread=SPREAD):
    return np.broadcast_to(spread, (frames, *spread.shape))


@pytest.mark.parametrize("filmed", [False, True])
def test_it_is_the_least_squares_pose_that_a_general_optimiser_finds(filmed):
    poses = legs(6)
    lifted = as_lifted(shaken(poses, SPREAD), spread=given(6))
    root = np.array([30.0, -20.0, 100.0])
    points = CAMERA.project(poses + root) + np.random.default_rng(2).normal(0, 2, (6, 5, 2))
    points[2, 3] = np.nan
    more = {"camera": CAMERA, "poses_2d": points, "pixel_noise": 2.0} if filmed else {}
    known = {("hip", "knee"): 20.0, ("knee", "ankle"): 15.0, ("toe", "ankle"): 8.0}
    fitted = fit_bones(lifted, LEG, lengths=known, **more)
    for frame in range(6):

        def residuals(free, frame=frame):
            pose = np.vstack([np.zeros(3), free[3:].reshape(4, 3)])
            off = ((pose - lifted.position[frame]) / np.where(SPREAD > 0, SPREAD, 1)).ravel()
            long = bone_lengths(pose[None], LEG.rigid)[0]
            parts = [off, (long - LENGTHS) / (STIFF * LENGTHS)]
            if filmed:
                away = (CAMERA.project(pose + free[:3]) - points[frame]) / 2.0
                parts.append(away[np.isfinite(away)])
            return np.concatenate(parts)

        start = np.concatenate([root, lifted.position[frame, 1:].ravel()])
        best = least_squares(residuals, start, xtol=1e-12, ftol=1e-12)
        expected = best.x[3:].reshape(4, 3)
        np.testing.assert_allclose(fitted.position[frame, 1:], expected, atol=0.02)
        free = best.jac if filmed else best.jac[:, 3:]
        spread = np.sqrt(np.diag(np.linalg.inv(free.T @ free)))[-12:].reshape(4, 3)
        np.testing.assert_allclose(fitted.spread[frame, 1:], spread, rtol=0.03)


@pytest.mark.parametrize("with_spread", [False, True])
def test_lengths_stop_varying_and_errors_shrink(with_spread):
    poses = legs(300)
    noise = SPREAD if with_spread else np.ones((5, 3)) * [[0], [1], [1], [1], [1]]
    lifted = as_lifted(shaken(poses, noise), spread=given(300) if with_spread else None)
    fitted = fit_bones(lifted, LEG)
    assert (variation(fitted) < 0.02 * variation(lifted)).all()
    errors = [
        np.linalg.norm(one.position - poses, axis=2)[:, 1:4].mean() for one in (fitted, lifted)
    ]
    assert errors[0] < 0.93 * errors[1]
    assert (fitted.spread is not None) == with_spread


def test_the_spread_is_that_of_the_error():
    poses = legs(2000)
    fitted = fit_bones(as_lifted(shaken(poses, SPREAD), spread=given(2000)), LEG)
    off = ((fitted.position - poses)[:, 1:] / fitted.spread[:, 1:]) ** 2
    assert 0.9 < np.sqrt(off.mean()) < 1.15
    assert (fitted.spread[:, 1:4] < SPREAD[1:4] * 1.001).all()


def test_what_is_least_sure_moves_first():
    lifted = as_lifted(shaken(legs(200), SPREAD), spread=given(200))
    moves = np.abs(fit_bones(lifted, LEG).position - lifted.position).mean(0)
    assert (moves[1:4, 2] > 1.5 * moves[1:4, 0]).all()
    assert moves[0].max() == 0
    assert moves[4].max() < 0.2


def test_the_2d_makes_it_better():
    poses = legs(300)
    root = np.random.default_rng(5).normal(0, 20, (300, 1, 3))
    points = CAMERA.project(poses + root) + np.random.default_rng(2).normal(0, 0.5, (300, 5, 2))
    noise = np.where(np.arange(5)[:, None] > 0, 1.5, 0.0) * np.ones(3)
    lifted = as_lifted(shaken(poses, noise), spread=given(300, noise))
    errors = {
        name: np.linalg.norm(fit_bones(lifted, LEG, **more).position - poses, axis=2).mean()
        for name, more in {
            "bones": {},
            "both": {"camera": CAMERA, "poses_2d": points, "pixel_noise": 0.5},
        }.items()
    }
    assert errors["both"] < 0.8 * errors["bones"]


def test_a_placed_animal_goes_where_its_2d_says():
    poses = legs(100)
    root = np.random.default_rng(5).normal(0, 20, (100, 1, 3))
    points = CAMERA.project(poses + root)
    lifted = as_lifted(shaken(poses, 0.5))
    there = place(lifted, points, CAMERA).lifted
    fitted = fit_bones(there, LEG, CAMERA, points, pixel_noise=0.2)
    before, after = (np.abs(one.position - poses - root).mean() for one in (there, fitted))
    assert after < 0.8 * before
    assert np.nanmax(np.abs(CAMERA.project(fitted.position) - points)) < 1.5
    np.testing.assert_allclose(
        fitted.root_relative[:, 1:], (fitted.position - fitted.position[:, :1])[:, 1:], atol=1e-3
    )


def test_each_animal_has_lengths_of_its_own():
    poses = np.concatenate([legs(50), 1.2 * legs(50, seed=2), legs(50, seed=3)])
    keys, lengths = ("a", "b", "c"), (50, 50, 50)
    lifted = as_lifted(shaken(poses, 0.3), keys, lengths, individuals=("ann", "bob", "ann"))
    step = json.loads(fit_bones(lifted, LEG).provenance["postprocessed"])[0]
    one, other, again = np.array(step["lengths"])
    assert step["pairs"] == [["hip", "knee"], ["knee", "ankle"], ["ankle", "toe"]]
    np.testing.assert_array_equal(one, again)
    np.testing.assert_allclose(one, LENGTHS, rtol=0.03)
    np.testing.assert_allclose(other, 1.2 * LENGTHS, rtol=0.03)
    alone = fit_bones(replace(lifted, individuals=None), LEG)
    first, _, last = json.loads(alone.provenance["postprocessed"])[0]["lengths"]
    assert first != last


def test_lengths_are_robust_and_prefer_frames_that_are_sure():
    poses = legs(200)
    values = poses.copy()
    values[:60, 1] += 50
    step = json.loads(fit_bones(as_lifted(values), LEG).provenance["postprocessed"])[0]
    assert abs(step["lengths"][0][0] - 20) < 0.5
    values[:120, 1] += 50
    spread = np.ones(values.shape)
    spread[:120, 1] = 30
    found = fit_bones(as_lifted(values, spread=spread), LEG).provenance["postprocessed"]
    assert abs(json.loads(found)[0]["lengths"][0][0] - 20) < 0.5


def test_what_is_missing_stays_missing():
    values = shaken(legs(), 0.5)
    values[3, 2] = values[:, 3] = values[10] = np.nan
    fitted = fit_bones(as_lifted(values), LEG)
    np.testing.assert_array_equal(np.isnan(fitted.position), np.isnan(values.astype(np.float32)))
    step = json.loads(fitted.provenance["postprocessed"])[0]
    assert step["lengths"][0][2] is None
    assert step["not_settled"] == 0


def test_two_joints_in_one_place_have_no_distance():
    values = legs()
    values[:, 2] = values[:, 1]
    fitted = fit_bones(as_lifted(shaken(values, 0.0)), LEG)
    assert json.loads(fitted.provenance["postprocessed"])[0]["lengths"][0][1] is None
    assert np.isfinite(fitted.position).all()


def test_bones_of_a_real_skeleton_of_an_animal_that_walks():
    animal = quadruped(frames=200, seed=1)
    poses = animal.poses_3d - animal.poses_3d[:, :1]
    lifted = as_lifted(shaken(poses, 3.0), joints=animal.joints)
    fitted = fit_bones(lifted, animal.skeleton)
    assert (variation(fitted, animal.skeleton) < 0.02 * variation(lifted, animal.skeleton)).all()
    mixed = animal.skeleton.subset(animal.joints[::-1])
    np.testing.assert_allclose(fit_bones(lifted, mixed).position, fitted.position, atol=0.05)


BARE = Skeleton(LEG.joints)
LOOSE = Skeleton(LEG.joints, bones=LEG.bones, rigid=[])


@pytest.mark.parametrize(
    ("skeleton", "more", "words"),
    [
        (BARE, {}, "the skeleton has no bones; name the bones"),
        (LOOSE, {}, "an empty list of rigid distances"),
        (LEG, {"camera": CAMERA}, "camera is given without poses_2d"),
        (LEG, {"poses_2d": np.zeros((60, 5, 2))}, "poses_2d is given without camera"),
        (LEG, {"pixel_noise": 0}, "pixel_noise is 0"),
        (LEG, {"lengths": {("hip", "tail"): 3}}, "have no constant distance in the skeleton"),
        (LEG, {"lengths": {("hip", "kne"): 3}}, "has no joint 'kne'. Did you mean 'knee'"),
        (LEG, {"lengths": {("hip", "knee"): -3}}, "expected a length above 0"),
        (LEG, {"lengths": {"hip": 3}}, "'hip' is no pair of joints"),
        (LEG, {"camera": CAMERA, "poses_2d": np.zeros((9, 5, 2))}, "poses_2d has 9 frames"),
        (Skeleton(["hip", "paw"], bones=[(0, 1)]), {}, "a joint 'paw' that was not lifted"),
    ],
)
def test_what_makes_no_sense_is_refused(skeleton, more, words):
    with pytest.raises(ValueError, match=words):
        fit_bones(as_lifted(legs()), skeleton, **more)


def test_lifted_poses_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"lifted has 2 frames; fitting bones needs 3"):
        fit_bones(as_lifted(legs(2)), LEG)
    with pytest.raises(ValueError, match="depth only"):
        fit_bones(as_lifted(legs()[..., 2:]), LEG)
    with pytest.raises(ValueError, match="has 5 joints and lifted has 4 without names"):
        fit_bones(as_lifted(legs()[:, :4], joints=None), LEG)
    with pytest.raises(TypeError, match="skeleton is a list; expected a Skeleton"):
        fit_bones(as_lifted(legs()), [(0, 1)])
    with pytest.raises(TypeError, match="lengths is a list"):
        fit_bones(as_lifted(legs()), LEG, lengths=[1.0])
    flat = Poses.from_experiments(np.zeros((60, 5, 2)))
    with pytest.raises(ValueError, match="which frame it is in"):
        fit_bones(as_lifted(legs(), frame=None), LEG, CAMERA, flat)
