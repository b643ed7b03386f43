"""What holds of every simulated animal."""

import numpy as np
import pytest

from liftpose.datasets import ANIMALS, Recording, hexapod, mouse, quadruped
from liftpose.geometry.bones import bone_lengths
from liftpose.lifter.lifter import Lifter
from liftpose.metrics import mpjpe

each_animal = pytest.mark.parametrize("simulate", ANIMALS.values(), ids=ANIMALS)


def test_the_animals_are_found_by_name():
    assert {"hexapod": hexapod, "quadruped": quadruped, "mouse": mouse} == ANIMALS


@each_animal
def test_the_skeleton_knows_the_body(simulate):
    skeleton = simulate(1).skeleton
    count = len(skeleton.joints)
    assert skeleton.unit == "mm"
    # Every joint is a root or a target, once.
    targets = [joint for targets in skeleton.target_sets for joint in targets]
    assert sorted([*skeleton.roots, *targets]) == list(range(count))
    assert len(skeleton.limbs) == count
    assert len(skeleton.colors) == len(set(skeleton.colors)) == 1 + max(skeleton.limbs)
    # Every joint is joined to the rest of the body.
    reached = {0}
    for _ in range(count):
        reached |= {joint for bone in skeleton.bones if reached & set(bone) for joint in bone}
    assert reached == set(range(count))
    assert {frozenset(bone) for bone in skeleton.rigid} == {frozenset(b) for b in skeleton.bones}
    for left, right in skeleton.pairs:
        assert skeleton.joints[right] == skeleton.joints[left].replace("left", "right")
    assert len(skeleton.pairs) == sum("left" in name for name in skeleton.joints)


@each_animal
def test_a_recording_has_the_shapes_it_says(simulate):
    recording = simulate(7, seed=2)
    count, views = len(recording.joints), len(recording.cameras)
    assert isinstance(recording, Recording)
    assert views >= 3
    assert recording.poses_3d.shape == recording.pose_3d.shape == (7, count, 3)
    assert recording.points_2d.shape == (views, 7, count, 2)
    assert recording.confidence.shape == (views, 7, count)
    assert np.isfinite(recording.poses_3d).all()
    assert recording.fps == recording.frames_per_second == 100
    assert recording.limb_id == recording.skeleton.limbs
    np.testing.assert_array_equal(recording.pose_2d, recording.points_2d[0])
    np.testing.assert_array_equal(recording.intrinsics, recording.cameras[0].K)


@each_animal
def test_bones_keep_their_length_and_belong_to_the_animal(simulate):
    recording = simulate(3000, seed=4, animal=2)
    for poses in (recording.poses_3d, recording.pose_3d):
        lengths = bone_lengths(poses, recording.bones)
        np.testing.assert_allclose(lengths, np.broadcast_to(lengths[0], lengths.shape), rtol=1e-9)
    other = bone_lengths(simulate(1, seed=9, animal=2).poses_3d, recording.bones)
    np.testing.assert_allclose(other[0], lengths[0], rtol=1e-9)
    stranger = bone_lengths(simulate(1, seed=4, animal=3).poses_3d, recording.bones)
    assert np.abs(stranger[0] / lengths[0] - 1).max() > 0.02


@each_animal
def test_left_and_right_are_equally_long(simulate):
    recording = simulate(1, animal=5)
    partner = dict([*recording.skeleton.pairs, *(p[::-1] for p in recording.skeleton.pairs)])
    mirrored = [[partner.get(joint, joint) for joint in bone] for bone in recording.bones]
    np.testing.assert_allclose(
        bone_lengths(recording.poses_3d, recording.bones),
        bone_lengths(recording.poses_3d, mirrored),
        rtol=1e-9,
    )


@each_animal
def test_animals_differ_in_size_and_in_proportions(simulate):
    lengths = np.stack(
        [bone_lengths(r.poses_3d, r.bones)[0] for r in (simulate(1, animal=a) for a in range(40))]
    )
    size = np.exp(np.log(lengths).mean(axis=1))
    assert 0.03 < np.log(size).std() < 0.15
    proportions = np.log(lengths / size[:, None]).std(axis=0)
    assert (proportions > 0.015).all()
    assert (proportions < 0.12).all()


@each_animal
def test_a_seed_gives_the_same_recording_again_and_another_seed_another(simulate):
    first, again, other = (simulate(80, seed=seed) for seed in (3, 3, 5))
    for name in ("poses_3d", "points_2d", "confidence"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert np.abs(first.poses_3d - other.poses_3d).max() > 0.1


@each_animal
def test_numpys_global_random_state_is_left_alone(simulate):
    np.random.seed(0)
    expected = np.random.rand()
    np.random.seed(0)
    simulate(10)
    assert np.random.rand() == expected


@each_animal
def test_nothing_jumps_and_nothing_sinks_into_the_ground(simulate):
    recording = simulate(5000, seed=6, animal=6)
    height = np.ptp(recording.poses_3d[..., 2])
    steps = np.linalg.norm(np.diff(recording.poses_3d, axis=0), axis=-1)
    assert steps.max() < height
    # What moves fast has gathered speed, and loses it again.
    around = np.maximum(steps[:-2], steps[2:])
    assert (steps[1:-1] < 0.1 * height + 5 * around).all()
    assert recording.poses_3d[..., 2].min() > -0.03 * height


def errors_of_ridge_and_mean_pose(simulate, pick):
    """Errors of ridge and of the mean pose on unseen animals, in mm, over what was seen."""
    known = {animal: simulate(800, seed=animal, animal=animal) for animal in range(1, 6)}
    unseen = {animal: simulate(500, seed=animal, animal=animal) for animal in range(20, 24)}
    skeleton = known[1].skeleton
    lifter = Lifter(skeleton, network="ridge")
    lifter.fit(
        {str(animal): recording.pose_2d for animal, recording in known.items()},
        {str(animal): pick(recording) for animal, recording in known.items()},
    )
    roots, targets = (
        np.repeat(skeleton.roots, [len(targets) for targets in skeleton.target_sets]),
        np.concatenate(skeleton.target_sets),
    )

    def relative(poses):
        return (poses[:, targets] - poses[:, roots]).astype(np.float64)

    mean_pose = np.mean([relative(pick(recording)).mean(axis=0) for recording in known.values()], 0)
    found = []
    for recording in unseen.values():
        seen = np.isfinite(relative(recording.pose_2d)).all(axis=-1)
        truth = np.where(seen[..., None], relative(pick(recording)), np.nan)
        lifted = lifter.lift(recording.pose_2d).root_relative[:, targets].astype(np.float64)
        found.append([mpjpe(truth, lifted), mpjpe(truth, np.broadcast_to(mean_pose, truth.shape))])
    return np.array(found)


@each_animal
@pytest.mark.parametrize("frame", ["camera", "world"])
def test_ridge_helps_on_unseen_animals_and_leaves_something_to_learn(simulate, frame):
    pick = {"camera": lambda r: r.pose_3d, "world": lambda r: r.poses_3d}[frame]
    each = errors_of_ridge_and_mean_pose(simulate, pick)
    # One animal in a few seconds may hardly turn about, and its mean pose be a good guess.
    ridge, mean_pose = each.mean(axis=0)
    assert 0.05 < ridge / mean_pose < 0.5
    assert (each[:, 0] > 0.05 * each[:, 1]).all()
    assert (each[:, 0] < 0.6 * each[:, 1]).all()


@each_animal
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"frames": 0}, ValueError, "frames is 0; expected 1 or more"),
        ({"frames": 10.5}, TypeError, "frames is 10.5; expected a whole number"),
        ({"frames": 5, "seed": -1}, ValueError, "seed is -1"),
        ({"frames": 5, "animal": -2}, ValueError, "animal is -2"),
    ],
)
def test_what_cannot_be_simulated_is_refused(simulate, arguments, error, words):
    with pytest.raises(error, match=words):
        simulate(**arguments)


@each_animal
def test_one_frame_is_enough(simulate):
    assert simulate(1).pose_2d.shape[:1] == (1,)
