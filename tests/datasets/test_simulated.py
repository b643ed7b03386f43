import numpy as np
import pytest

from liftpose.datasets import hexapod
from liftpose.geometry.bones import bone_lengths

SPEED_AT_REST = 1e-6  # mm a frame


@pytest.fixture(scope="module")
def walk():
    return hexapod(6000, seed=4, animal=2)


def legs(walk):
    return walk.pose_3d.reshape(len(walk.pose_3d), 6, 5, 3)


def claw_steps(walk):
    return np.linalg.norm(np.diff(legs(walk)[:, :, 4], axis=0), axis=-1)


def test_the_joints_are_five_a_leg_in_order(walk):
    assert len(walk.joints) == len(set(walk.joints)) == 30
    assert [walk.joints[root] for root in walk.roots] == [
        f"{side}_{leg}_thorax_coxa"
        for side in ("left", "right")
        for leg in ("front", "mid", "hind")
    ]
    for root, targets in zip(walk.roots, walk.target_sets, strict=True):
        assert targets == (root + 1, root + 2, root + 3, root + 4)
        assert len({walk.limb_id[joint] for joint in (root, *targets)}) == 1
        leg = walk.joints[root].removesuffix("_thorax_coxa")
        assert all(walk.joints[joint].startswith(leg) for joint in targets)
    assert len(walk.bones) == 30
    assert len(walk.colors) == len(set(walk.colors)) == 6


def test_bones_keep_their_length_and_belong_to_the_animal(walk):
    lengths = bone_lengths(walk.pose_3d, walk.bones)
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[0], lengths.shape), rtol=1e-9)
    other_walk = bone_lengths(hexapod(1, seed=9, animal=2).pose_3d, walk.bones)
    np.testing.assert_allclose(other_walk[0], lengths[0], rtol=1e-9)


def test_animals_differ_in_size_and_in_proportions():
    lengths = np.stack(
        [bone_lengths(w.pose_3d, w.bones)[0] for w in (hexapod(1, animal=a) for a in range(40))]
    )
    size = np.exp(np.log(lengths).mean(axis=1))
    assert 0.03 < np.log(size).std() < 0.12
    proportions = np.log(lengths / size[:, None]).std(axis=0)
    assert (proportions > 0.02).all()
    assert (proportions < 0.1).all()


def test_image_points_are_the_projection_of_the_poses_up_to_noise(walk):
    x, y, z = np.moveaxis(walk.pose_3d, -1, 0)
    image = np.stack([x / z, y / z], axis=-1)
    image = image * np.diag(walk.intrinsics)[:2] + walk.intrinsics[:2, 2]
    off = walk.pose_2d - image
    assert abs(np.nanmean(off)) < 0.02
    # Of normal noise of 1.5 pixels, half lies within 0.674 standard deviations.
    nearest = off[:, walk.joints.index("left_mid_femur_tibia")]
    assert np.nanmedian(np.abs(nearest)) == pytest.approx(1.5 * 0.6745, rel=0.1)
    assert (z > 0).all()
    assert np.nanmin(walk.pose_2d) > 0
    assert (np.nanmax(walk.pose_2d, axis=(0, 1)) < 2 * walk.intrinsics[:2, 2]).all()


def test_the_far_side_is_lost_more_often_than_the_near_side(walk):
    lost = np.isnan(walk.pose_2d).all(axis=-1)[:, walk.roots]
    depth = walk.pose_3d[:, walk.roots, 2]
    far = depth > np.median(depth, axis=1, keepdims=True)
    assert 0.04 < lost[far].mean() < 0.2
    assert 0.002 < lost[~far].mean() < 0.5 * lost[far].mean()
    # Knees stick out; the body hides them hardly ever.
    knees = np.isnan(walk.pose_2d[:, np.add(walk.roots, 2)]).all(axis=-1)
    assert 0.005 < knees.mean() < 0.03
    # What is hidden stays lost for a while.
    again = lost[1:][lost[:-1] & far[:-1]]
    assert again.mean() > 0.7
    assert np.isnan(walk.pose_2d).any(axis=-1).sum() == np.isnan(walk.pose_2d).all(axis=-1).sum()
    assert np.isfinite(walk.pose_3d).all()


def test_standing_feet_stand_still_in_one_plane(walk):
    still = claw_steps(walk) < SPEED_AT_REST
    assert (still.mean(axis=0) > 0.5).all()
    assert (still.mean(axis=0) < 0.85).all()
    ground = legs(walk)[1:, :, 4][still]
    ground = ground - ground.mean(axis=0)
    singular = np.linalg.svd(ground, compute_uv=False) / np.sqrt(len(ground))
    # A knee at the end of its range leaves a foot a little off the ground.
    assert singular[2] < 0.01 < 1 < singular[1]


def test_three_feet_swing_while_the_other_three_stand(walk):
    swing = claw_steps(walk) > SPEED_AT_REST
    together = np.corrcoef(swing.T)
    first, second = [0, 2, 4], [1, 3, 5]
    for tripod in (first, second):
        assert together[np.ix_(tripod, tripod)].min() > 0.3
    assert together[np.ix_(first, second)].max() < -0.1
    # With noise of the phases, though: the three are not in perfect step.
    assert np.sort(together[np.ix_(first, first)].ravel())[:-3].max() < 0.99


def test_knees_bend_as_knees_do(walk):
    femur, tibia = (legs(walk)[:, :, near] - legs(walk)[:, :, 2] for near in (1, 3))
    cosine = (femur * tibia).sum(-1) / np.linalg.norm(femur, axis=-1)
    angle = np.degrees(np.arccos(cosine / np.linalg.norm(tibia, axis=-1)))
    assert angle.min() > 24.9
    assert angle.max() < 160.1
    assert (np.ptp(angle, axis=0) > 20).all()


def test_the_animal_turns_both_ways_pauses_and_changes_speed(walk):
    body = walk.pose_3d[:, walk.roots]
    speed = np.linalg.norm(np.diff(body.mean(axis=1), axis=0), axis=-1) * walk.frames_per_second
    pausing = speed < 0.6
    assert 0.05 < pausing.mean() < 0.45
    assert np.quantile(speed[~pausing], 0.9) > 2.5 * np.quantile(speed[~pausing], 0.1)
    # Seen from above, x is right and depth is ahead.
    ahead = body[:, [0, 3]].mean(axis=1) - body[:, [2, 5]].mean(axis=1)
    heading = np.unwrap(np.arctan2(ahead[:, 2], ahead[:, 0]))
    turn = np.diff(heading[::50])
    assert (turn > 0.1).mean() > 0.1
    assert (turn < -0.1).mean() > 0.1
    assert np.ptp(heading) > 2 * np.pi


def test_the_body_rolls_pitches_and_bobs():
    walk = hexapod(3000, seed=1)
    roots = walk.pose_3d[:, walk.roots]
    ahead = roots[:, [0, 3]].mean(axis=1) - roots[:, [2, 5]].mean(axis=1)
    left = roots[:, :3].mean(axis=1) - roots[:, 3:].mean(axis=1)
    up = np.cross(ahead, left).mean(axis=0)
    up /= np.linalg.norm(up)
    for axis in (ahead, left):
        tilt = np.degrees(np.arcsin(axis @ up / np.linalg.norm(axis, axis=1)))
        assert 1 < tilt.std() < 6
    assert 0.02 < (roots.mean(axis=1) @ up).std() < 0.1


def test_a_seed_gives_the_same_walk_again_and_another_seed_another():
    first, again, other = hexapod(80, seed=3), hexapod(80, seed=3), hexapod(80, seed=5)
    np.testing.assert_array_equal(first.pose_2d, again.pose_2d)
    np.testing.assert_array_equal(first.pose_3d, again.pose_3d)
    assert np.abs(first.pose_3d - other.pose_3d).max() > 0.1


def test_numpys_global_random_state_is_left_alone():
    np.random.seed(0)
    expected = np.random.rand()
    np.random.seed(0)
    hexapod(10)
    assert np.random.rand() == expected


def test_a_linear_map_helps_on_unseen_animals_and_leaves_something_to_learn():
    def flat(walk):
        roots = np.repeat(walk.roots, 4)
        targets = np.concatenate(walk.target_sets)
        inputs = (walk.pose_2d[:, targets] - walk.pose_2d[:, roots]).reshape(-1, 48)
        outputs = (walk.pose_3d[:, targets] - walk.pose_3d[:, roots]).reshape(-1, 72)
        return inputs, outputs

    known = [flat(hexapod(1500, seed=a, animal=a)) for a in range(1, 6)]
    inputs, outputs = (np.concatenate(parts) for parts in zip(*known, strict=True))
    mean_in, scale, mean_out = np.nanmean(inputs, 0), np.nanstd(inputs, 0), outputs.mean(0)
    x = np.nan_to_num((inputs - mean_in) / scale)
    slope = np.linalg.solve(x.T @ x + 1e-3 * len(x) * np.eye(48), x.T @ (outputs - mean_out))
    for animal in (20, 21, 22):
        new_in, new_out = flat(hexapod(1000, seed=animal, animal=animal))
        seen = np.isfinite(new_in).reshape(-1, 24, 2).all(-1)
        linear = np.nan_to_num((new_in - mean_in) / scale) @ slope + mean_out
        errors = [
            np.linalg.norm((guess - new_out).reshape(-1, 24, 3), axis=-1)[seen].mean()
            for guess in (linear, mean_out)
        ]
        assert 0.05 < errors[0] / errors[1] < 0.5


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"frames": 0}, ValueError, "frames is 0; expected 1 or more"),
        ({"frames": 10.5}, TypeError, "frames is 10.5; expected a whole number"),
        ({"frames": 5, "seed": -1}, ValueError, "seed is -1"),
        ({"frames": 5, "animal": -2}, ValueError, "animal is -2"),
    ],
)
def test_what_cannot_be_simulated_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        hexapod(**arguments)


def test_one_frame_is_enough():
    assert hexapod(1).pose_2d.shape == (1, 30, 2)
