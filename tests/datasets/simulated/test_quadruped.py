from itertools import pairwise

import numpy as np
import pytest

from liftpose.datasets import quadruped

SPEED_AT_REST = 1e-4  # mm a frame
PAWS = ["left_front_paw", "left_hind_paw", "right_front_paw", "right_hind_paw"]


@pytest.fixture(scope="module")
def trot():
    return quadruped(6000, seed=4, animal=2)


def track(trot, name):
    return trot.poses_3d[:, trot.joints.index(name)]


def paws(trot):
    return np.stack([track(trot, name) for name in PAWS], axis=1)


def paw_steps(trot):
    return np.linalg.norm(np.diff(paws(trot), axis=0), axis=-1)


def speed(trot):
    moved = np.diff(track(trot, "spine_mid")[:, :2], axis=0)
    return np.linalg.norm(moved, axis=-1) * trot.fps


def touch_downs(trot, paw):
    """Times (in frames) at which a paw begins to stand, while it walks."""
    standing = np.r_[True, paw_steps(trot)[:, paw] < SPEED_AT_REST]
    return np.flatnonzero(~standing[:-1] & standing[1:])


def phases(trot, paw, reference):
    """Share of the reference paw's stride at which a paw touches down."""
    beats = touch_downs(trot, reference)
    strides = np.diff(beats)
    at = touch_downs(trot, paw)
    before = np.searchsorted(beats, at, side="right") - 1
    good = (before >= 0) & (before < len(strides))
    at, before = at[good], before[good]
    steady = (strides[before] > 12) & (strides[before] < 45)
    return ((at - beats[before]) / strides[before])[steady]


def test_diagonal_paws_step_together_half_a_stride_apart(trot):
    def mean_phase(paw):
        circle = np.exp(2j * np.pi * phases(trot, paw, reference=0)).mean()
        assert abs(circle) > 0.6  # in step, though not in perfect step
        assert abs(circle) < 0.999
        return np.angle(circle) / (2 * np.pi)

    assert abs(mean_phase(3)) < 0.12
    for paw in (1, 2):
        assert abs(abs(mean_phase(paw)) - 0.5) < 0.12
    swing = np.corrcoef((paw_steps(trot) > SPEED_AT_REST)[speed(trot) > 150].T)
    assert min(swing[0, 3], swing[1, 2]) > 0.4
    assert max(swing[0, 1], swing[0, 2], swing[3, 1], swing[3, 2]) < -0.3


def test_standing_paws_do_not_slip(trot):
    height = paws(trot)[..., 2]
    grounded = (np.abs(height[1:]) < 1e-9) & (np.abs(height[:-1]) < 1e-9)
    assert 0.4 < grounded[speed(trot) > 200].mean() < 0.65
    assert (paw_steps(trot)[grounded] < SPEED_AT_REST).mean() > 0.99


def test_joints_bend_within_their_ranges(angle):
    middle = {
        ("nose", "nape", "withers"): (60, 180),
        ("nape", "withers", "spine_mid"): (110, 180),
        ("withers", "spine_mid", "tail_base"): (125, 175),
    }
    legs = {
        ("withers", "shoulder", "elbow"): (50, 170),
        ("shoulder", "elbow", "wrist"): (40, 155),
        ("elbow", "wrist", "front_paw"): (25, 180),
        ("tail_base", "hip", "knee"): (35, 175),
        ("hip", "knee", "ankle"): (35, 150),
        ("knee", "ankle", "hind_paw"): (35, 150),
    }
    chains = dict(middle)
    for side in ("left", "right"):
        for (near, joint, far), limits in legs.items():
            near = near if near in ("withers", "tail_base") else f"{side}_{near}"
            chains[near, f"{side}_{joint}", f"{side}_{far}"] = limits
    for animal in range(3):
        trot = quadruped(3000, seed=animal, animal=animal)
        for joints, (least, most) in chains.items():
            bent = angle(trot, *joints)
            assert bent.min() > least - 1e-6, joints
            assert bent.max() < most + 1e-6, joints
            assert np.ptp(bent) > 10, joints


def test_elbows_point_back_and_knees_point_ahead(trot):
    ahead = track(trot, "withers") - track(trot, "tail_base")
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    for side in ("left", "right"):
        for upper, joint, lower, sign in (
            ("shoulder", "elbow", "wrist", -1),
            ("hip", "knee", "ankle", 1),
        ):
            ends = (track(trot, f"{side}_{upper}") + track(trot, f"{side}_{lower}")) / 2
            out = ((track(trot, f"{side}_{joint}") - ends) * ahead).sum(axis=1)
            assert (sign * out > 0).mean() > 0.99


def test_the_spine_bends_into_turns_and_the_head_leads(trot):
    def heading(front, back):
        way = track(trot, front) - track(trot, back)
        return np.unwrap(np.arctan2(way[:, 1], way[:, 0]))

    chest, rump = heading("withers", "spine_mid"), heading("spine_mid", "tail_base")
    bend = np.degrees(chest - rump)
    assert 10 < np.abs(bend).max() < 45
    rate = np.gradient(np.unwrap((chest + rump) / 2))
    walking = np.r_[speed(trot) > 150, False]
    assert np.corrcoef(bend[walking], rate[walking])[0, 1] > 0.5
    look = np.degrees(heading("nape", "withers") - chest)
    assert np.corrcoef(look[walking], rate[walking])[0, 1] > 0.1
    assert look.std() > 5
    assert (np.diff(rump[::50]) > 0.1).mean() > 0.1
    assert (np.diff(rump[::50]) < -0.1).mean() > 0.1


def test_it_pauses_changes_speed_and_bobs_twice_a_stride(trot):
    pausing = speed(trot) < 10
    assert 0.05 < pausing.mean() < 0.5
    assert np.quantile(speed(trot)[~pausing], 0.9) > 2.5 * np.quantile(speed(trot)[~pausing], 0.1)
    strides = len(touch_downs(trot, 0))
    height = track(trot, "spine_mid")[:, 2]
    height = height - np.convolve(height, np.full(41, 1 / 41), mode="same")
    ups = np.count_nonzero((height[1:-1] > height[:-2]) & (height[1:-1] > height[2:]))
    assert ups / strides == pytest.approx(2, rel=0.25)


def test_animals_walk_differently():
    def gait(animal):
        trot = quadruped(4000, seed=1, animal=animal)
        fast = speed(trot) > 200
        duty = (paw_steps(trot)[fast] < SPEED_AT_REST).mean()
        return duty, np.quantile(speed(trot), 0.95), len(touch_downs(trot, 0))

    spread = np.std([gait(animal) for animal in range(6)], axis=0)
    assert (spread > [0.01, 20, 2]).all()


def test_it_is_as_large_as_a_rat():
    length = []
    for animal in range(10):
        trot = quadruped(300, animal=animal)
        parts = ("nose", "nape", "withers", "spine_mid", "tail_base")
        along = [
            np.linalg.norm(track(trot, a) - track(trot, b), axis=1)[0] for a, b in pairwise(parts)
        ]
        length.append(sum(along))
    assert 150 < np.mean(length) < 230
