"""Mirror images are poses as the camera would show them, and are learned from where that pays."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

import liftpose
from liftpose import Camera, Lifter, Skeleton
from liftpose.lifter.augmentation import add_noise, physical, random_project
from liftpose.lifter.batch import Batch
from liftpose.lifter.mirroring import mirrored_folds, partners, with_mirrored
from liftpose.lifter.selection import Fold, Folds
from liftpose.lifter.sight import Sight

K = [[900.0, 0.0, 350.0], [0.0, 900.0, 210.0], [0.0, 0.0, 1.0]]
CAMERA = Camera(K)
NAMES = ["hip", "knee_L", "foot_L", "knee_R", "foot_R", "head"]
BONES = [("hip", "knee_L"), ("knee_L", "foot_L"), ("hip", "knee_R"), ("knee_R", "foot_R")]
BONES.append(("hip", "head"))
ANIMAL = Skeleton(NAMES, BONES, roots=["hip"])
SWAPPED = [0, 3, 4, 1, 2, 5]


def walking(frames, seed, side=None):
    """An animal whose left is like its right, or that moves one leg of its own accord only."""
    rng = np.random.default_rng(seed)
    angles = rng.normal(size=(frames, 4)) * 0.7
    if side == "left":
        angles[:, 2:] = 0.3 * angles[:, :2] ** 2 - 0.8 * angles[:, :2]
    # How deep a leg reaches depends on how it looks, and on the other leg.
    bend = angles @ np.array([[1, 0.4], [0.8, -0.5], [0.4, 1], [-0.5, 0.8]]) / 2
    bend += rng.normal(size=(frames, 2)) * 0.3
    pose = np.zeros((frames, 6, 3))
    for leg, sign in enumerate((-1, 1)):
        first, second = angles[:, 2 * leg], angles[:, 2 * leg + 1]
        knee = np.stack([sign * (0.5 + 0.2 * first), 0.8 + 0.2 * second, bend[:, leg]], 1)
        pose[:, 1 + 2 * leg] = knee
        foot = np.stack([sign * 0.2 * second, 0.7 + 0 * first, bend[:, 1 - leg] ** 2], 1)
        pose[:, 2 + 2 * leg] = knee + foot
    pose[:, 5] = np.stack([0 * bend[:, 0], -0.9 + 0 * bend[:, 0], bend.sum(1)], 1)
    pose += np.array([0.0, 0.0, 12.0])
    return CAMERA.project(pose) + rng.normal(size=(frames, 6, 2)) * 0.3, pose


def error(lifter, side=None):
    seen, pose = walking(500, 77, side)
    relative = pose - pose[:, :1]
    return np.linalg.norm(lifter.lift(seen).position - relative, axis=2).mean()


def batch(seen, pose):
    return Batch(
        torch.from_numpy(seen),
        torch.from_numpy(pose),
        torch.ones(pose.shape, dtype=torch.bool),
        torch.zeros(len(pose), dtype=torch.int64),
        ("one",),
        (0,),
        ((1, 2, 3, 4, 5),),
    )


def posed(frames, seed):
    """Poses anywhere before the camera, and the reflection in the upright mirror through them."""
    pose = np.random.default_rng(seed).normal(size=(frames, 6, 3)) + [0.9, -0.3, 8.0]
    seen = CAMERA.project(pose)
    across = ((seen - CAMERA.K[:2, 2]) @ np.linalg.inv(CAMERA.K[:2, :2]).T)[..., 0].mean()
    normal = np.array([1, 0, -across]) / np.hypot(1, across)
    return seen, pose, np.eye(3) - 2 * np.outer(normal, normal)


def test_the_image_is_what_the_camera_shows_of_the_mirrored_animal():
    seen, pose, mirror = posed(20, 0)
    data = with_mirrored(batch(seen, pose), partners(ANIMAL), Sight.given(K))
    other = pose[:, SWAPPED] @ mirror
    np.testing.assert_allclose(data.pose_3d[20:], other, atol=1e-12)
    np.testing.assert_allclose(data.pose_2d[20:], CAMERA.project(other), atol=1e-9)
    assert np.array_equal(data.pose_2d[:20], seen)
    # The animals are where they were, not on the other side of the image.
    middle, image = (np.median(data.pose_2d[rows, :, 0]) for rows in (slice(20), slice(20, None)))
    assert abs(middle - image) < 0.1 * np.std(seen[..., 0]) < abs(middle - K[0][2])


def test_3d_of_another_direction_is_mirrored_in_that_of_the_camera():
    seen, pose, mirror = posed(20, 1)
    turn = Rotation.from_rotvec([0.3, -1.1, 0.5]).as_matrix()
    sight = Sight(torch.tensor(K).double(), torch.from_numpy(turn))
    data = with_mirrored(batch(seen, pose @ turn), partners(ANIMAL), sight)
    found = data.pose_3d[20:].numpy() @ turn.T
    np.testing.assert_allclose(found, pose[:, SWAPPED] @ mirror, atol=1e-12)


def test_what_is_not_seen_or_does_not_count_goes_to_the_other_side():
    seen, pose = walking(4, 0)
    seen[1, 2], pose[2, 1] = np.nan, np.nan
    given = batch(seen, pose)
    given.counts[3, 4] = False
    data = with_mirrored(given, partners(ANIMAL), Sight.given(K))
    assert data.pose_2d[4:, :, 0].isnan().nonzero().tolist() == [[1, 4]]
    assert data.pose_3d[4:, :, 0].isnan().nonzero().tolist() == [[2, 3]]
    assert (~data.counts[4:, :, 0]).nonzero().tolist() == [[3, 2]]


def test_no_fold_learns_from_an_image_of_what_it_holds_out():
    rows = np.arange(12)
    folds = Folds(tuple(Fold(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3)), "blocks")
    for before, fold in zip(folds.folds, mirrored_folds(folds, 12).folds, strict=True):
        assert set(fold.held % 12) == set(before.held)
        assert set(fold.train % 12) == set(before.train)
        assert len(fold.train) == 2 * len(before.train)
        assert len(fold.held) == 2 * len(before.held)


@pytest.mark.parametrize(
    ("skeleton", "wanted"),
    [
        (ANIMAL, SWAPPED),
        (Skeleton(["a", "b", "c"], roots=["a"], pairs=[("c", "b")]), [0, 2, 1]),
        (Skeleton(["a", "b", "c"], roots=["a"]), None),
        # A paw that is not lifted cannot be the image of one that is.
        (Skeleton(["a", "paw_L", "paw_R"], roots=["a"], target_sets=[["paw_L"]]), None),
        # Sides of joints that play no part do not matter.
        (
            Skeleton(["a", "b_l", "b_r", "ear_l", "ear_r"], roots=["a"], target_sets=[[1, 2]]),
            [0, 2, 1, 3, 4],
        ),
    ],
)
def test_partners(skeleton, wanted):
    order = partners(skeleton)
    assert (None if order is None else order.tolist()) == wanted


@pytest.mark.parametrize("camera", [CAMERA, None], ids=["camera", "no camera"])
def test_it_is_chosen_for_an_animal_whose_left_is_like_its_right_and_helps(camera):
    seen, pose = walking(60, 0)
    with_images, without = (
        Lifter(ANIMAL, epochs=1, job=1, mirror=mirror).fit(seen, pose, camera)
        for mirror in (True, False)
    )
    assert with_images.choice["mirrored"]
    assert with_images.choice["mirrored_error"] < 0.97
    assert "mirrored" not in without.choice
    assert "60 frames and their mirror images" in str(with_images)
    assert error(with_images) < 0.97 * error(without)


def test_it_is_left_out_for_an_animal_that_is_not_and_then_changes_nothing():
    seen, pose = walking(60, 0, "left")
    one, other = (
        Lifter(ANIMAL, epochs=1, job=1, mirror=mirror).fit(seen, pose, CAMERA)
        for mirror in (True, False)
    )
    assert one.choice["mirrored"] is False
    assert "mirror images" not in str(one)
    test, _ = walking(50, 5, "left")
    assert np.array_equal(one.lift(test).position, other.lift(test).position)


@pytest.mark.parametrize(
    "settings",
    [
        {"effort": "fast"},
        {"network": "ridge"},
        {"network": "martinez"},
        {"augmentation": [random_project([[-10, 10]] * 3, "zyx", tvec=[0, 0, 9], intr=K)]},
        {"augmentation": [physical(strength=0.5)]},
        {"norm_2d": True},
    ],
    ids=str,
)
def test_it_is_not_tried_where_it_cannot_be(settings):
    seen, pose = walking(60, 0)
    options = {key: value for key, value in settings.items() if key in ("effort", "network")}
    given = {key: value for key, value in settings.items() if key not in options}
    lifter = Lifter(ANIMAL, epochs=1, job=1, **options).fit(seen, pose, **given)
    assert "mirrored" not in lifter.choice


def test_noise_is_added_to_images_too():
    seen, pose = walking(60, 0)
    lifter = Lifter(ANIMAL, epochs=1, job=1).fit(seen, pose, augmentation=[add_noise(1.0)])
    assert lifter.choice["mirrored"]


def test_a_resumed_run_goes_on_with_them(tmp_path):
    (seen, pose), (test_2d, test_3d) = walking(60, 0), walking(20, 1)
    data = {"a": seen}, {"a": test_2d}, {"a": pose}, {"a": test_3d}
    found = []
    for folder, runs in (("whole", [2]), ("parts", [1, 2])):
        for number, epochs in enumerate(runs):
            options = {"epochs": epochs, "resume": number > 0, "job": 1}
            liftpose.train(
                *data, out_dir=tmp_path / folder, skeleton=ANIMAL, training_kwargs=options
            )
        found.append(liftpose.load(tmp_path / folder / "model.lifter"))
    assert found[0].choice["mirrored"]
    assert np.array_equal(*(one.ridge.folds for one in found))
    assert np.array_equal(*(one.lift(test_2d).position for one in found))
