import numpy as np
import pytest

from liftpose.datasets import hexapod

SPEED_AT_REST = 1e-6  # mm a frame
LEGS = [f"{side}_{leg}" for side in ("left", "right") for leg in ("front", "mid", "hind")]


@pytest.fixture(scope="module")
def walk():
    return hexapod(6000, seed=4, animal=2)


@pytest.fixture(scope="module")
def long_walk():
    return hexapod(20000, seed=1, animal=1)


def claws(walk):
    return walk.poses_3d[:, 4::5]


def claw_steps(walk):
    return np.linalg.norm(np.diff(claws(walk), axis=0), axis=-1)


def body_speed(walk):
    body = walk.poses_3d[:, walk.roots].mean(axis=1)[:, :2]
    return np.linalg.norm(np.diff(body, axis=0), axis=-1) * walk.fps


def grooming(walk, leg):
    """Frames (N - 1,) in which a leg and its partner move in the air, on the spot."""
    both = [leg, leg + 3]
    up = (claws(walk)[1:, both, 2] > 0.15).all(axis=1)
    return up & (claw_steps(walk)[:, both] > SPEED_AT_REST).all(axis=1) & (body_speed(walk) < 1.0)


def test_the_joints_are_five_a_leg_in_order(walk):
    assert len(walk.joints) == len(set(walk.joints)) == 30
    assert [walk.joints[root] for root in walk.roots] == [f"{leg}_thorax_coxa" for leg in LEGS]
    for root, targets in zip(walk.roots, walk.target_sets, strict=True):
        assert targets == (root + 1, root + 2, root + 3, root + 4)
        assert len({walk.limb_id[joint] for joint in (root, *targets)}) == 1
        leg = walk.joints[root].removesuffix("_thorax_coxa")
        assert all(walk.joints[joint].startswith(leg) for joint in targets)
    assert len(walk.bones) == 30
    assert len(walk.colors) == 6


def test_the_far_side_is_lost_more_often_than_the_near_side(walk):
    lost = np.isnan(walk.pose_2d).all(axis=-1)[:, walk.roots]
    depth = walk.pose_3d[:, walk.roots, 2]
    far = depth > np.median(depth, axis=1, keepdims=True)
    assert 0.04 < lost[far].mean() < 0.2
    assert 0.002 < lost[~far].mean() < 0.5 * lost[far].mean()
    # Knees stick out; the body hides them hardly ever.
    knees = np.isnan(walk.pose_2d[:, np.add(walk.roots, 2)]).all(axis=-1)
    assert 0.005 < knees.mean() < 0.03


def test_standing_feet_stand_still_on_the_ground(walk):
    still = claw_steps(walk) < SPEED_AT_REST
    assert (still.mean(axis=0) > 0.5).all()
    assert (still.mean(axis=0) < 0.9).all()
    height = claws(walk)[1:][still][:, 2]
    # A knee at the end of its range leaves a foot a little off the ground.
    assert np.quantile(np.abs(height), 0.99) < 1e-9
    low = claws(walk)[1:, :, 2] < 1e-9
    assert still[low].mean() > 0.85


def test_three_feet_swing_while_the_other_three_stand(walk):
    swing = claw_steps(walk)[~(grooming(walk, 0) | grooming(walk, 2))] > SPEED_AT_REST
    together = np.corrcoef(swing.T)
    first, second = [0, 2, 4], [1, 3, 5]
    for tripod in (first, second):
        assert together[np.ix_(tripod, tripod)].min() > 0.3
    assert together[np.ix_(first, second)].max() < -0.1
    # With noise of the phases, though: the three are not in perfect step.
    assert np.sort(together[np.ix_(first, first)].ravel())[:-3].max() < 0.99


@pytest.mark.parametrize("leg", [0, 2])
def test_legs_are_rubbed_together_while_the_others_stand(long_walk, leg):
    walk = long_walk
    grooms = grooming(walk, leg)
    assert 0.01 < grooms.mean() < 0.3
    others = [other for other in range(6) if other not in (leg, leg + 3)]
    rest = claw_steps(walk)[grooms][:, others] < SPEED_AT_REST
    assert rest.mean() > 0.98
    left, right = claws(walk)[1:][grooms][:, [leg, leg + 3]].transpose(1, 0, 2)
    assert np.median(np.linalg.norm(left - right, axis=1)) < 0.8
    # To and fro, several times a second.
    ahead = walk.poses_3d[1:, walk.roots[0]] - walk.poses_3d[1:, walk.roots[2]]
    ahead = ahead[grooms] / np.linalg.norm(ahead[grooms], axis=1, keepdims=True)
    lead = ((left - right) * ahead).sum(axis=1)
    turns = np.count_nonzero(np.diff(np.sign(lead)))
    assert 6 < turns / (grooms.sum() / walk.fps) < 14


def test_joints_bend_within_their_ranges(angle):
    chain = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
    ranges = {"coxa_femur": (5, 150), "femur_tibia": (25, 160), "tibia_tarsus": (95, 180)}
    for animal in range(3):
        walk = hexapod(3000, seed=animal, animal=animal)
        for leg in LEGS:
            for near, joint, far in zip(chain, chain[1:], chain[2:], strict=False):
                bent = angle(walk, *(f"{leg}_{name}" for name in (near, joint, far)))
                least, most = ranges[joint]
                assert bent.min() > least - 1e-6
                assert bent.max() < most + 1e-6
                assert np.ptp(bent) > 15


def test_the_animal_turns_both_ways_pauses_and_changes_speed(walk):
    body = walk.poses_3d[:, walk.roots]
    speed = body_speed(walk)
    pausing = speed < 0.6
    assert 0.05 < pausing.mean() < 0.6
    assert np.quantile(speed[~pausing], 0.9) > 2.5 * np.quantile(speed[~pausing], 0.1)
    ahead = body[:, [0, 3]].mean(axis=1) - body[:, [2, 5]].mean(axis=1)
    heading = np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))
    turn = np.diff(heading[::50])
    assert (turn > 0.1).mean() > 0.1
    assert (turn < -0.1).mean() > 0.1
    assert np.ptp(heading) > 2 * np.pi


def test_the_body_rolls_pitches_and_bobs():
    walk = hexapod(3000, seed=1)
    roots = walk.poses_3d[:, walk.roots]
    ahead = roots[:, [0, 3]].mean(axis=1) - roots[:, [2, 5]].mean(axis=1)
    left = roots[:, :3].mean(axis=1) - roots[:, 3:].mean(axis=1)
    for axis in (ahead, left):
        tilt = np.degrees(np.arcsin(axis[:, 2] / np.linalg.norm(axis, axis=1)))
        assert 1 < tilt.std() < 6
    assert 0.02 < roots.mean(axis=1)[:, 2].std() < 0.1


def test_animals_walk_differently():
    def gait(animal):
        walk = hexapod(4000, seed=1, animal=animal)
        walking = body_speed(walk) > 4
        duty = (claw_steps(walk)[walking] < SPEED_AT_REST).mean()
        return duty, np.quantile(body_speed(walk), 0.95), walk.poses_3d[:, walk.roots, 2].mean()

    spread = np.std([gait(animal) for animal in range(6)], axis=0)
    assert (spread > [0.01, 0.2, 0.01]).all()
