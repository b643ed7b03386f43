"""How a bone fit is measured and set: on held-out frames, each fold by what the others tell."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from liftpose.lifter.bone_measuring import CAUTIONS, SLACKS, STRENGTHS, Choice, Guess, fit_bones
from liftpose.lifter.normalization import Anchoring
from liftpose.lifter.sight import Sight
from liftpose.skeleton.target_sets import TargetSets

K = np.array([[800.0, 0.0, 320.0], [0.0, 800.0, 240.0], [0.0, 0.0, 1.0]])
BONES = [(0, 1), (1, 2), (0, 3), (3, 4), (0, 5), (5, 6)]
LENGTHS = np.array([1.0, 0.8, 0.9, 0.7, 1.1, 0.6])
ANCHORING = Anchoring(TargetSets.resolve([0], [[1, 2, 3, 4, 5, 6]], 7))
UPSIDE_DOWN = np.diag([-1.0, -1.0, 1.0])


def bodies(frames, seed, size=1.0):
    """Three limbs of two bones, each of which keeps its length and points well into the depth."""
    rng = np.random.default_rng(seed)
    rest = np.random.default_rng(3).normal(size=(len(BONES), 3)) * [1, 1, 0] + [0, 0, 1.2]
    turns = Rotation.from_rotvec(rng.normal(size=(frames * len(BONES), 3)) * 0.35)
    along = turns.apply(np.tile(rest / np.linalg.norm(rest, axis=1)[:, None], (frames, 1)))
    bones = along.reshape(frames, len(BONES), 3) * LENGTHS[:, None] * size
    pose = np.zeros((frames, 7, 3))
    for number, (near, far) in enumerate(BONES):
        pose[:, far] = pose[:, near] + bones[:, number]
    return pose + rng.uniform(-1, 1, (frames, 1, 3)) * [2, 1.5, 1] + [0, 0, 9]


def guess(frames=150, seed=0, off=(0.03, 0.03, 0.3), size=1.0, noise=0.5):
    """What a lifter says whose depth is poor, of a pose that is seen half a pixel off."""
    pose = bodies(frames, seed, size)
    rng = np.random.default_rng(100 + seed)
    image = (pose @ K.T)[..., :2] / pose[..., 2:] + rng.normal(size=(frames, 7, 2)) * noise
    pose, image = torch.from_numpy(pose), torch.from_numpy(image)
    said = ANCHORING.relative(pose) + torch.from_numpy(rng.normal(size=(frames, 6, 3)) * off)
    return Guess(said, image, pose)


def folds(**about):
    return [guess(seed=seed, **about) for seed in range(4)]


def fitted(guesses, sight=None, bones=BONES, **more):
    found = fit_bones(guesses, sight or Sight.given(K), ANCHORING, bones, 1.0, **more)
    return None if found is None else (found.fit, found.choice)


def missed(relative, space):
    """Mean distance of all joints."""
    return float((relative - ANCHORING.relative(space)).norm(dim=2).mean())


def share_left(fit, new):
    return missed(fit.refine(new.relative, new.image), new.space) / missed(new.relative, new.space)


def test_bones_that_keep_their_length_tell_the_depth():
    new = guess(400, seed=77)
    fit, choice = fitted(folds())
    assert choice.strength > 0.5
    assert choice.slack is not None
    left = share_left(fit, new)
    assert left < 0.45
    # What was promised on held-out frames holds on new ones.
    assert choice.share == pytest.approx(left, abs=0.04)
    flat, plain = fitted(folds(), bones=())
    assert plain.slack is None
    assert left < 0.75 * share_left(flat, new)


def test_lengths_are_those_of_the_bones():
    fit, _ = fitted(folds())
    np.testing.assert_allclose(fit.lengths, LENGTHS, rtol=1e-5)
    # Bones that are rigid are no stiffer than the least that is allowed.
    assert (fit.spread > 0.002 * fit.lengths).all()


def test_what_bones_vary_is_measured():
    rng = np.random.default_rng(0)
    guesses = folds(noise=0.0)
    for number, part in enumerate(guesses):
        sizes = torch.from_numpy(rng.normal(1, 0.1, (150, 1, 1)))
        root = part.space[:, :1]
        guesses[number] = replace(part, space=root + (part.space - root) * sizes)
    fit, choice = fitted(guesses, settings=Choice(0.1, 1.0, 1.0, 1.0))
    assert choice.slack == 1.0
    np.testing.assert_allclose(fit.spread / fit.lengths, 0.1, rtol=0.15)


def test_errors_and_noise_are_measured():
    guesses = folds(off=(0.1, 0.1, 0.4), noise=8.0)
    fit, _ = fitted(guesses, settings=Choice(CAUTIONS[0], 1.0, 1.0, 1.0))
    both = torch.linalg.inv(fit.precision.double())
    lifter = torch.linalg.solve(fit.precision.double(), fit.gain.double().T)
    spread = lifter.diagonal().sqrt().reshape(3, 6).mean(1)
    np.testing.assert_allclose(spread, [0.1, 0.1, 0.4], rtol=0.1)
    # Eight pixels of 800 at nine units, of a joint and of the root that it is relative to.
    of_image = (both - lifter).diagonal().reshape(3, 6)
    assert of_image[2].abs().max() < 1e-3
    expected = 8 / 800 * 9 * 2**0.5
    np.testing.assert_allclose(of_image[:2].mean().sqrt(), expected, rtol=0.25)
    assert fit.noise == pytest.approx(expected, rel=0.25)


@pytest.mark.parametrize("wrong", ["camera", "2D"])
def test_poses_stay_where_camera_or_2d_have_nothing_to_do_with_them(wrong):
    # Like those of all maps that were penalised, these poses are too small rather than too large:
    # where they are not, to make them smaller helps, whatever the 2D says.
    guesses = [replace(part, relative=0.9 * part.relative) for part in folds()]
    sight, bones = Sight.given(K), BONES
    if wrong == "camera":
        sight = replace(sight, turn=torch.from_numpy(UPSIDE_DOWN))
    else:
        # Bones would help all the same: without the 2D they have their lengths.
        others, bones = torch.from_numpy(np.random.default_rng(0).permutation(150)), ()
        guesses = [replace(part, image=part.image[others]) for part in guesses]
    fit, choice = fitted(guesses, sight, bones)
    new = guess(50, seed=9)
    assert choice.strength == 0
    assert choice.share == choice.kept == 1
    assert torch.equal(fit.refine(new.relative, new.image), new.relative)


def test_a_fold_is_judged_with_what_the_others_tell():
    # An animal of another size in each fold, which the others do not know.
    sizes = [1.0, 1.1, 1.2, 1.35]
    guesses = [guess(seed=seed, size=size) for seed, size in enumerate(sizes)]
    _, choice = fitted(guesses)
    errors = []
    for number, held in enumerate(guesses):
        fit, _ = fitted(guesses[:number] + guesses[number + 1 :], settings=choice)
        fit = replace(fit, strength=choice.strength)
        moved = fit.refine(held.relative, held.image)
        errors.append((missed(moved, held.space), missed(held.relative, held.space)))
    after, before = np.array(errors).T
    assert choice.share == pytest.approx(np.mean(after / before), rel=1e-6)
    assert choice.kept == pytest.approx(after.sum() / before.sum(), rel=1e-6)
    _, of_one_size = fitted(folds())
    assert choice.share > of_one_size.share + 0.05


def test_of_all_settings_the_one_is_taken_that_leaves_least():
    guesses = folds(off=(0.05, 0.05, 0.2), noise=4.0)
    _, choice = fitted(guesses)
    tried = {
        (caution, slack): fitted(guesses, settings=Choice(caution, slack, 1.0, 1.0))[1]
        for caution in CAUTIONS
        for slack in SLACKS
    }
    best = min(tried, key=lambda setting: tried[setting].share)
    assert (choice.caution, choice.slack) == best
    assert choice == tried[best]
    assert choice.strength in STRENGTHS


def test_settings_that_are_given_are_kept_and_the_strength_is_chosen_anew():
    settings = Choice(0.3, 3.0, 0.25, 0.9)
    fit, choice = fitted(folds(), settings=settings)
    assert (choice.caution, choice.slack) == (0.3, 3.0)
    assert choice.strength == fit.strength > 0.25
    stiff, _ = fitted(folds(), settings=replace(settings, slack=1.0))
    torch.testing.assert_close(fit.spread, 3 * stiff.spread)
    without, _ = fitted(folds(), settings=replace(settings, slack=None))
    assert len(without.lengths) == len(without.body.bones) == 0


def test_frames_that_are_not_complete_are_not_measured_on_but_judged_on():
    guesses, holed = folds(), folds()
    for part in holed:
        part.image[::3, 2] = torch.nan
        part.space[1::3, 4] = torch.nan
    fit, choice = fitted(holed)
    whole = [Guess(p.relative[2::3], p.image[2::3], p.space[2::3]) for p in guesses]
    expected, _ = fitted(whole, settings=choice)
    torch.testing.assert_close(fit.lengths, expected.lengths)
    torch.testing.assert_close(fit.precision, expected.precision)
    assert choice.strength > 0.5


@pytest.mark.parametrize("count", [0, 1, 6])
def test_too_few_frames_are_not_measured_on(count):
    assert fitted(folds()) is not None
    few = [Guess(p.relative[:count], p.image[:count], p.space[:count]) for p in folds()]
    assert fitted(few) is None
    assert fitted(folds()[:1]) is None


def test_steps_are_passed_on():
    fit, _ = fitted(folds(), steps=1)
    assert fit.steps == 1
