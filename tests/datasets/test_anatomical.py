"""Anatomical libraries: bones that keep their length, joints within limits, feet on the ground."""

import sys

import numpy as np
import pytest

from liftpose.datasets import library
from liftpose.datasets.anatomical import SPECIES, sample

FRAMES = 300


@pytest.fixture(scope="module", params=sorted(SPECIES))
def found(request):
    pytest.importorskip("mujoco", reason="the extra anatomy is not installed")
    pytest.importorskip("dm_control", reason="the extra anatomy is not installed")
    return request.param, library(request.param, FRAMES, seed=1)


@pytest.fixture(scope="module")
def model(found):
    from liftpose.datasets.anatomical.model import Model

    return Model(SPECIES[found[0]])


def test_bones_that_are_called_rigid_are(found):
    _, lib = found
    points = lib.poses.points
    rigid = np.array(lib.skeleton.rigid)
    lengths = np.linalg.norm(points[:, rigid[:, 0]] - points[:, rigid[:, 1]], axis=2)
    assert len(rigid) >= 11
    np.testing.assert_allclose(lengths.std(axis=0) / lengths.mean(axis=0), 0, atol=1e-9)
    moving = np.linalg.norm(points[:, 0] - points[:, -1], axis=1)
    assert moving.std() > 1e-3 * moving.mean()


def test_left_and_right_are_equally_long_and_on_their_sides(found):
    _, lib = found
    points, joints = lib.poses.points, lib.skeleton.joints
    bones = {frozenset((joints[a], joints[b])) for a, b in lib.skeleton.rigid}
    for bone in bones:
        other = frozenset(name.replace("left", "right") for name in bone)
        if other == bone or any("right" in name for name in bone):
            continue
        assert other in bones
        one, two = (
            np.linalg.norm(np.subtract(*(points[0, joints.index(end)] for end in ends)))
            for ends in (sorted(bone), sorted(other))
        )
        # The two sides of the fly's model were scanned, and differ by a few per cent.
        assert one == pytest.approx(two, rel=0.05)
    # Left, seen from an animal that faces x, is y.
    aside = [np.mean(points[:, a, 1] - points[:, b, 1]) for a, b in lib.skeleton.pairs]
    assert min(aside) > 0


def test_nothing_is_below_the_ground_and_feet_are_near_it(found):
    name, lib = found
    height = lib.poses.points[..., 2]
    assert height.min() >= -1e-9
    np.testing.assert_allclose(height.min(axis=1), 0, atol=1e-9)
    feet = [lib.skeleton.index(foot) for foot in SPECIES[name].feet]
    assert height[:, feet].max() < 0.5 * height.max(axis=1).mean()


def test_the_size_is_that_of_the_species(found):
    name, lib = found
    expected = {"mouse": (85, 85), "rat": (150, 260), "dog": (600, 1000), "fly": (2, 3.2)}
    low, high = expected[name]
    assert low - 1e-6 <= lib.length <= high + 1e-6


def test_motion_is_smooth(found):
    _, lib = found
    points = lib.poses.points / lib.length
    step = np.linalg.norm(np.diff(points, axis=0), axis=2)
    jerk = np.linalg.norm(np.diff(points, n=2, axis=0), axis=2)
    assert np.median(jerk) < 0.5 * np.median(step)
    assert jerk.max() < 0.06


def test_it_depends_on_the_seed_alone(found):
    name, lib = found
    again, other = library(name, FRAMES, seed=1), library(name, FRAMES, seed=2)
    np.testing.assert_array_equal(again.poses.points, lib.poses.points)
    assert np.abs(other.poses.points - lib.poses.points).max() > 0.01 * lib.length


@pytest.mark.parametrize("frames", [1, 2, 30])
def test_sequences_may_be_short(found, frames):
    assert np.isfinite(library(found[0], frames).poses.points).all()
    assert library(found[0], frames).poses.frames == frames


def test_what_it_says_of_itself(found):
    name, lib = found
    assert (lib.poses.unit, lib.poses.frame, lib.poses.fps) == ("mm", "world", 100.0)
    assert lib.poses.joints == lib.skeleton.joints
    assert lib.provenance["model"] == SPECIES[name].model
    assert {"license", "seed", "dm_control", "mujoco"} <= set(lib.provenance)


def test_angles_keep_within_the_limits(model):
    rng = np.random.default_rng(0)
    angles = model.angles(20 * rng.normal(size=(200, len(model.joints))))
    low, high = model._range.T
    assert (angles >= low).all()
    assert (angles <= high).all()
    assert (angles.min(axis=0) < low + 0.01 * (high - low)).all()


def test_rest_is_free_of_contacts_and_a_folded_animal_is_not(model):
    rest = model.at(model.angles(np.zeros((1, len(model.joints)))))
    assert not rest.touching.any()
    rng = np.random.default_rng(0)
    folded = model.at(model.angles(4 * rng.normal(size=(60, len(model.joints)))))
    assert folded.touching.mean() > 0.2


def test_sampled_poses_are_free_of_contacts(model, found, monkeypatch):
    """Every pose that is given was seen by the engine, and found free by it."""
    from liftpose.datasets.anatomical import sampling

    last = {}
    at = sampling.Model.at

    def watched(self, angles):
        answer = at(self, angles)
        for pose, touching in zip(np.round(_shape(answer.points), 6), answer.touching, strict=True):
            last[pose.tobytes()] = touching
        return answer

    monkeypatch.setattr(sampling.Model, "at", watched)
    sampled = sample(SPECIES[found[0]], 80, seed=3)
    scale = sampled.length / model.length
    keys = [pose.tobytes() for pose in np.round(_shape(sampled.points / scale), 6)]
    assert all(key in last for key in keys)
    assert not any(last[key] for key in keys)


def _shape(points):
    """Distances of all landmarks from the first, the second and the third (N, 3 L)."""
    apart = np.linalg.norm(points[:, :, None] - points[:, None, :3], axis=3)
    return np.ascontiguousarray(apart.reshape(len(points), -1)) + 0.0


@pytest.mark.parametrize("package", ["mujoco", "dm_control"])
def test_without_the_extra_the_error_says_what_to_do(package, monkeypatch):
    from liftpose.datasets.anatomical import model

    if package == "mujoco":
        monkeypatch.setitem(sys.modules, "mujoco", None)
    else:
        monkeypatch.setattr(model, "_engine", lambda: None)
        monkeypatch.setattr(model, "find_spec", lambda name: None)
    with pytest.raises(
        ModuleNotFoundError, match=r'liftpose\[anatomy\].*kind="simulated"'
    ) as error:
        library("mouse", 10)
    assert error.value.name == package


@pytest.mark.parametrize(("name", "joints"), [("mouse", 18), ("dog", 25), ("fly", 30)])
def test_the_simulated_animals_need_no_extra(name, joints, monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    lib = library(name, 20, seed=4, kind="simulated")
    assert lib.poses.points.shape == (20, joints, 3)
    assert (lib.kind, lib.length) == ("simulated", None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mouses", 5), "Did you mean 'mouse'"),
        (("mouse", 0), "frames is 0"),
        (("mouse", 5, -1), "seed is -1"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        library(*arguments)


def test_kinds_that_do_not_exist():
    with pytest.raises(ValueError, match="expected 'anatomical' or 'simulated'"):
        library("mouse", 5, kind="real")
    with pytest.raises(ValueError, match="no simulated rat"):
        library("rat", 5, kind="simulated")
