import numpy as np
import pytest

from liftpose.datasets import mouse
from liftpose.datasets.simulated.motion import smooth_step
from liftpose.datasets.simulated.mouse_plan import STATES, Habits, Plan, Script

SIDES = ("left", "right")
FINGERS = ("inner_finger", "middle_finger", "outer_finger")


@pytest.fixture(scope="module")
def meal():
    return mouse(8000, seed=4, animal=2)


def track(meal, name):
    return meal.poses_3d[:, meal.joints.index(name)]


def level(meal):
    """Direction ahead of the animal on the ground, (N, 3)."""
    ahead = (track(meal, "neck") - track(meal, "tail_base")) * [1, 1, 0]
    return ahead / np.linalg.norm(ahead, axis=1, keepdims=True)


def beyond(meal, side):
    """How far the wrist is ahead of the nose, (N,), mm."""
    return ((track(meal, f"{side}_wrist") - track(meal, "nose")) * level(meal)).sum(axis=1)


def test_joints_bend_within_their_ranges(angle):
    chains = {
        ("nose", "neck", "back"): (55, 165),
        ("neck", "back", "tail_base"): (135, 180),
    }
    for side in SIDES:
        elbow, wrist = f"{side}_elbow", f"{side}_wrist"
        chains["neck", f"{side}_shoulder", elbow] = (20, 180)
        chains[f"{side}_shoulder", elbow, wrist] = (35, 160)
        for finger in FINGERS:
            chains[elbow, wrist, f"{side}_{finger}"] = (35, 180)
    for animal in range(3):
        meal = mouse(4000, seed=animal, animal=animal)
        for joints, (least, most) in chains.items():
            bent = angle(meal, *joints)
            assert bent.min() > least - 1e-6, joints
            assert bent.max() < most + 1e-6, joints
            assert np.ptp(bent) > 10, joints


def test_it_reaches_for_food_in_changing_places(meal):
    places = []
    for side in SIDES:
        out = beyond(meal, side) > 1
        starts = np.flatnonzero(out[1:] & ~out[:-1])
        ends = np.flatnonzero(~out[1:] & out[:-1])
        pairs = zip(starts, ends[ends > starts[0]], strict=False)
        tips = track(meal, f"{side}_middle_finger") - track(meal, "back")
        ahead = level(meal)
        aside = np.stack([-ahead[:, 1], ahead[:, 0], ahead[:, 2]], axis=1)
        for start, end in pairs:
            far = start + np.argmax(beyond(meal, side)[start : end + 1])
            places.append([tips[far] @ axis[far] for axis in (ahead, aside)] + [tips[far, 2]])
    assert len(places) > 10
    assert (np.std(places, axis=0) > 1.5).all()


def test_fingers_open_before_the_grasp_and_close_in_it(meal, angle):
    side = max(SIDES, key=lambda s: (beyond(meal, s) > 1).sum())
    out = beyond(meal, side) > 1
    bent = angle(meal, f"{side}_elbow", f"{side}_wrist", f"{side}_middle_finger")
    inner, outer = (track(meal, f"{side}_{f}_finger") for f in ("inner", "outer"))
    spread = np.linalg.norm(inner - outer, axis=1)
    assert np.quantile(spread[out], 0.9) > 1.8 * np.quantile(spread[out], 0.1)
    assert np.quantile(bent[out], 0.95) - np.quantile(bent[out], 0.05) > 30


def test_hands_are_brought_to_the_mouth_and_groom_the_face(meal):
    nose = track(meal, "nose")
    near = np.stack(
        [np.linalg.norm(track(meal, f"{s}_middle_finger") - nose, axis=1) < 14 for s in SIDES]
    )
    assert 0.1 < near.all(axis=0).mean() < 0.8
    # Grooming: both wrists circle several times a second.
    wrist = track(meal, "left_wrist")[:, 2]
    fast = wrist - np.convolve(wrist, np.full(31, 1 / 31), mode="same")
    power = np.sqrt(np.convolve(fast**2, np.full(61, 1 / 61), mode="same"))
    grooms = (power > 1.2) & near.all(axis=0)
    assert 0.02 < grooms.mean() < 0.5
    ups = (fast[1:-1] > fast[:-2]) & (fast[1:-1] > fast[2:]) & grooms[1:-1]
    assert 2 < ups.sum() / (grooms.sum() / meal.fps) < 9


def test_hands_at_rest_lie_still_while_the_body_sways(meal):
    for side in SIDES:
        still = np.linalg.norm(np.diff(track(meal, f"{side}_middle_finger"), axis=0), axis=1) < 0.25
        low = track(meal, f"{side}_wrist")[1:, 2] < 18
        assert (still & low).mean() > 0.05
    chest = track(meal, "neck") - track(meal, "back")
    rise = np.degrees(np.arcsin(chest[:, 2] / np.linalg.norm(chest, axis=1)))
    assert 2 < rise.std() < 15
    assert np.unwrap(np.arctan2(*level(meal)[:, [1, 0]].T)).std() > np.radians(8)


def test_a_script_goes_from_knot_to_knot_with_the_least_jerk():
    script = Script(np.array([0.0, 1.0, 3.0]), np.array([0, 2, 2]), np.zeros((3, 3)))
    height = np.array([0.0, 7.0, 10.0])
    time = np.linspace(-0.5, 3.5, 81)
    expected = 10 * smooth_step(np.minimum(time, 1))
    np.testing.assert_allclose(script.blend(time, height), expected, atol=1e-12)
    places = height[:, None, None] * np.ones((3, len(time), 3))
    np.testing.assert_allclose(
        script.travel(time, places, 1.0), np.repeat(expected[:, None], 3, axis=1), atol=1e-12
    )
    # At rest at both ends, fastest and straight in the middle (Flash and Hogan, equation 4).
    share = np.linspace(0, 1, 2001)
    velocity = np.gradient(smooth_step(share), share)
    assert velocity[[0, -1]] == pytest.approx([0, 0], abs=1e-3)
    assert velocity[1000] == pytest.approx(15 / 8, rel=1e-4)


def test_individuals_have_habits():
    habits = [Habits.draw(np.random.default_rng(number)) for number in range(20)]
    assert {habit.hand for habit in habits} == {0, 1}
    plan = Plan.draw(400.0, habits[0], np.random.default_rng(0))
    reaches = [np.count_nonzero(hand.states == STATES.index("food")) for hand in plan.hands]
    assert np.argmax(reaches) == habits[0].hand
    for hand in plan.hands:
        assert (np.diff(hand.times) >= 0).all()
        assert hand.times[0] < 0
        assert hand.times[-1] > 400
