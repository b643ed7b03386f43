"""Forward and inverse kinematics, against MuJoCo and against places that can be reached."""

import numpy as np
import pytest

from liftpose.datasets.anatomical import SPECIES
from liftpose.datasets.anatomical.kinematics import Limits, Posed, Reach, Tree, about, reach

mujoco = pytest.importorskip("mujoco", reason="the extra anatomy is not installed")
pytest.importorskip("dm_control", reason="the extra anatomy is not installed")


@pytest.fixture(scope="module", params=["rat", "dog", "fly"])
def model(request):
    from liftpose.datasets.anatomical import Model

    return Model(SPECIES[request.param])


def drawn(model, frames=5, seed=0, spread=1.5):
    rng = np.random.default_rng(seed)
    return model.limits.angles(spread * rng.normal(size=(frames, len(model.joints))))


def test_bodies_are_where_mujoco_has_them(model):
    """Also where bones are longer than in the model."""
    rng = np.random.default_rng(1)
    places = model.places * rng.uniform(0.8, 1.2, (len(model.places), 1))
    tree = model.tree(places, 2.0)
    angles = drawn(model)
    posed = tree.pose(angles)
    engine, data = model._model, model._data
    engine.body_pos[:] = places
    root = tree.root
    for frame, pose in enumerate(angles):
        data.qpos[model._angles] = pose
        mujoco.mj_kinematics(engine, data)
        frame_of_root = data.xmat[root].reshape(3, 3)
        for body in tree.below([root]):
            place = frame_of_root.T @ (data.xpos[body] - data.xpos[root]) / 2.0
            turn = frame_of_root.T @ data.xmat[body].reshape(3, 3)
            np.testing.assert_allclose(posed.place[body][:, frame], place, atol=1e-9)
            np.testing.assert_allclose(posed.turn[body][..., frame], turn, atol=1e-9)


def chain(limit=2.5):
    """Three hinges about z in a row, of length 1 each."""
    places = np.array([[0.0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 0, 0]])
    axis, anchor = np.array([0.0, 0, 1]), np.zeros(3)
    hinges = ((), *(((column, axis, anchor),) for column in range(3)))
    tree = Tree((-1, 0, 1, 2), places, np.stack([np.eye(3)] * 4), hinges, 0)
    return tree, Limits(np.full(3, -limit), np.full(3, limit), np.zeros(3))


END = [(3, np.array([1.0, 0, 0]))]


def bent(tree, limits, targets, weight=1.0):
    logits = np.full((len(targets), 3), 0.3)
    posed = tree.pose(limits.angles(logits))
    wanted = Reach(np.arange(3), END, targets[:, None], np.full((len(targets), 1), weight))
    reach(tree, limits, posed, logits, wanted)
    return logits, posed


def test_ends_come_to_where_they_can():
    tree, limits = chain()
    turns = np.linspace(-1.2, 1.2, 40)
    targets = np.stack([1.9 * np.cos(turns), 1.9 * np.sin(turns), 0 * turns], axis=1)
    logits, posed = bent(tree, limits, targets)
    ends = posed.point(*END[0]).T
    np.testing.assert_allclose(ends, targets, atol=1e-3)
    # What was posed on the way is what the logits say.
    again = tree.pose(limits.angles(logits)).point(*END[0]).T
    np.testing.assert_allclose(again, ends, atol=1e-12)
    assert np.abs(np.diff(logits, n=2, axis=0)).max() < 0.02


def test_a_weight_of_zero_leaves_a_limb_as_it_was():
    tree, limits = chain()
    logits, _ = bent(tree, limits, np.array([[0.0, 2.0, 0.0]]), weight=0.0)
    np.testing.assert_allclose(logits, 0.3, atol=1e-12)


def test_limits_hold_where_a_place_is_out_of_reach():
    tree, limits = chain(limit=0.3)
    logits, posed = bent(tree, limits, np.array([[-1.0, 2.0, 0.0]]))
    angles = limits.angles(logits)
    assert np.abs(angles).max() <= 0.3
    # The best that it can: all three as far as they go.
    best, found = (
        np.linalg.norm(one.point(*END[0])[:, 0] - [-1.0, 2.0, 0.0])
        for one in (tree.pose(np.full((1, 3), 0.3)), posed)
    )
    assert best <= found < 1.03 * best


def test_slopes_are_those_of_the_angles():
    limits = Limits(np.array([-1.0, 0.2]), np.array([2.0, 0.9]), np.array([0.5, -1.0]))
    logits = np.array([[0.3, -0.7], [2.0, 1.0]])
    step = 1e-6
    numeric = (limits.angles(logits + step) - limits.angles(logits - step)) / (2 * step)
    np.testing.assert_allclose(limits.slopes(logits), numeric, rtol=1e-6)


def test_rotations_are_those_of_a_screw():
    turn = about(np.array([0.0, 0.0, 1.0]), np.array([np.pi / 2]))[..., 0]
    np.testing.assert_allclose(turn @ [1, 0, 0], [0, 1, 0], atol=1e-12)


def test_points_of_a_body_go_along_with_it():
    posed = Posed({0: about(np.array([1.0, 0, 0]), np.array([np.pi]))}, {0: np.ones((3, 1))})
    np.testing.assert_allclose(posed.point(0, np.array([0, 1.0, 0]))[:, 0], [1, 0, 1], atol=1e-12)
