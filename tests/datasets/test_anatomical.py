"""Anatomical libraries: bones that keep their length, joints within limits, feet on the ground."""

import sys

import numpy as np
import pytest

from liftpose.datasets import library
from liftpose.datasets.anatomical import SPECIES, sample
from liftpose.datasets.anatomical.sampling import FRAMES_EACH

FRAMES = 2400


@pytest.fixture(scope="module", params=sorted(SPECIES))
def found(request):
    pytest.importorskip("mujoco", reason="the extra anatomy is not installed")
    pytest.importorskip("dm_control", reason="the extra anatomy is not installed")
    return request.param, library(request.param, FRAMES, seed=1)


@pytest.fixture(scope="module")
def model(found):
    from liftpose.datasets.anatomical import Model

    return Model(SPECIES[found[0]])


def animals(lib):
    """Poses of each animal (N, J, 3), in body lengths, and what it does."""
    start = 0
    for key in lib.poses.keys:
        points = lib.poses.only(key).points
        yield points / lib.length, np.array(lib.doing[start : start + len(points)])
        start += len(points)


def test_bones_that_are_called_rigid_are(found):
    _, lib = found
    points = next(animals(lib))[0]
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


def test_animals_are_built_differently(found):
    _, lib = found
    rigid = np.array(lib.skeleton.rigid)
    lengths = np.array(
        [
            np.linalg.norm(points[0, rigid[:, 0]] - points[0, rigid[:, 1]], axis=1)
            for points, _ in animals(lib)
        ]
    )
    assert len(lengths) == -(-FRAMES // FRAMES_EACH)
    spread = lengths.std(axis=0) / lengths.mean(axis=0)
    assert 0.02 < np.median(spread) < 0.15
    assert spread.max() < 0.4


def feet_of(name, lib, points):
    return points[:, [lib.skeleton.index(foot) for foot in SPECIES[name].feet], 2]


def test_nothing_is_below_the_ground_and_feet_stand_on_it(found):
    name, lib = found
    for points, doing in animals(lib):
        np.testing.assert_allclose(points[..., 2].min(axis=1), 0, atol=1e-9)
        feet = feet_of(name, lib, points)
        standing = np.isin(doing, ["stand", "crouch", "sniff"])
        # Twice the longest change from one behaviour to the next.
        settled = np.convolve(standing, np.ones(121), mode="same") >= 121
        if settled.any():
            assert np.quantile(feet[settled], 0.95) < 0.08
        assert np.median(feet.min(axis=1)) < 0.06


def test_they_do_everything_that_they_are_said_to_do(found):
    name, _ = found
    lib = library(name, 6000, seed=2)
    assert set(lib.doing) == set(SPECIES[name].behaviours)
    assert len(lib.doing) == lib.poses.frames


def values(lib, kind, value):
    """Some number of every frame in which animals do one thing, but for its beginning."""
    found = []
    for points, doing in animals(lib):
        inside = np.convolve(doing == kind, np.ones(81), mode="same") >= 81
        found.append(value(points)[inside])
    return np.concatenate(found)


@pytest.fixture(scope="module")
def rodent():
    pytest.importorskip("mujoco", reason="the extra anatomy is not installed")
    return library("mouse", 9000, seed=3)


def at(lib, points, *names):
    return points[:, [lib.skeleton.index(name) for name in names]].mean(axis=1)


def test_rearing_lifts_the_trunk_and_grooming_brings_paws_to_the_face(rodent):
    def rises(points):
        shoulders = at(rodent, points, "left_shoulder", "right_shoulder")
        return shoulders[:, 2] - at(rodent, points, "left_hip", "right_hip")[:, 2]

    def to_cheek(points):
        paw, cheek = at(rodent, points, "left_front_paw"), at(rodent, points, "nose", "left_ear")
        return np.linalg.norm(paw - cheek, axis=1)

    def paws(points):
        return at(rodent, points, "left_front_paw", "right_front_paw")[:, 2]

    assert np.median(values(rodent, "rear", rises)) > 0.25
    assert abs(np.median(values(rodent, "stand", rises))) < 0.08
    assert np.median(values(rodent, "rear", paws)) > 0.2
    grooms, stands = values(rodent, "groom", to_cheek), values(rodent, "stand", to_cheek)
    assert np.median(grooms) < 0.3 * np.median(stands)
    # It strokes: some five times a second over a tenth of its length.
    strokes, holds = (np.median(np.abs(np.diff(moves))) for moves in (grooms, stands))
    assert strokes > 0.004 > 3 * holds


def test_a_trot_moves_diagonal_feet_together_and_a_walk_does_not():
    pytest.importorskip("mujoco", reason="the extra anatomy is not installed")
    lib = library("dog", 9000, seed=4)

    def ahead(points):
        feet = [
            at(lib, points, f"{side}_{paw}_paw")[:, 0]
            for side, paw in (("left", "front"), ("right", "hind"), ("left", "hind"))
        ]
        return np.stack(feet, axis=1)

    diagonal, same_side = (
        {
            kind: np.corrcoef(np.diff(values(lib, kind, ahead), axis=0).T)[0, other]
            for kind in ("trot", "walk")
        }
        for other in (1, 2)
    )
    assert diagonal["trot"] > 0.6
    assert same_side["trot"] < -0.3
    assert diagonal["walk"] < 0.5


def test_a_tripod_moves_three_feet_together():
    pytest.importorskip("mujoco", reason="the extra anatomy is not installed")
    lib = library("fly", 4000, seed=5)
    feet = [lib.skeleton.index(name) for name in SPECIES["fly"].feet]
    moves = np.diff(values(lib, "tripod", lambda points: points[:, feet, 0]), axis=0)
    together = np.corrcoef(moves.T)
    # In the order of the feet: left front, mid, hind, right front, mid, hind.
    one, other = [0, 2, 4], [1, 3, 5]
    assert min(together[a, b] for part in (one, other) for a in part for b in part) > 0.3
    assert max(together[a, b] for a in one for b in other) < 0


def test_the_size_is_that_of_the_species(found):
    name, lib = found
    expected = {"mouse": (85, 85), "rat": (150, 260), "dog": (600, 1000), "fly": (2, 3.2)}
    low, high = expected[name]
    assert low - 1e-6 <= lib.length <= high + 1e-6


def test_motion_is_smooth(found):
    _, lib = found
    for points, _ in animals(lib):
        step = np.linalg.norm(np.diff(points, axis=0), axis=2)
        jerk = np.linalg.norm(np.diff(points, n=2, axis=0), axis=2)
        assert np.median(jerk) < 0.5 * np.median(step)
        assert jerk.max() < 0.07


def test_it_depends_on_the_seed_alone(found):
    name, _ = found
    lib = library(name, 600, seed=1)
    again, other = library(name, 600, seed=1), library(name, 600, seed=2)
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
    low, high = model.limits.low, model.limits.high
    for animal in sample(model, 600, seed=6):
        assert (animal.angles >= low).all()
        assert (animal.angles <= high).all()
        # They use what they have: some joints come near to their limits.
        share = (animal.angles - low) / (high - low)
        assert share.max() > 0.8


def test_rest_is_free_of_contacts_and_a_folded_animal_is_not(model):
    rest = model.limits.angles(np.zeros((1, len(model.joints))))
    assert not model.touching(rest, model.places, model.length).any()
    rng = np.random.default_rng(0)
    folded = model.limits.angles(4 * rng.normal(size=(60, len(model.joints))))
    assert model.touching(folded, model.places, model.length).mean() > 0.2


def test_sampled_poses_are_free_of_contacts(model):
    for animal in sample(model, 600, seed=3):
        one = animal.individual
        assert not model.touching(animal.angles, one.places, one.length).any()


def test_points_are_those_of_the_angles(model):
    """What is given is the animal that was checked, turned and moved."""
    animal = sample(model, 60, seed=3)[0]
    posed = animal.individual.tree.pose(animal.angles)
    landmarks = zip(model.landmark_bodies, animal.individual.offsets, strict=True)
    inside = np.stack([posed.point(int(body), offset).T for body, offset in landmarks], axis=1)
    unit = animal.points[0, 0] - animal.points[0, 5]
    scale = np.linalg.norm(unit) / np.linalg.norm(inside[0, 0] - inside[0, 5])
    np.testing.assert_allclose(distances(animal.points), scale * distances(inside), rtol=1e-9)


def distances(points):
    """Of all landmarks from the first three (N, L, 3)."""
    return np.linalg.norm(points[:, :, None] - points[:, None, :3], axis=3)


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
