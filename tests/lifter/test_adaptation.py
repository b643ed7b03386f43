"""The map between two rigs, found without knowing which poses belong together."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from liftpose import Lifter, Poses, Skeleton
from liftpose.datasets import hexapod
from liftpose.lifter import adaptation as module
from liftpose.lifter.adaptation import adapt
from liftpose.lifter.neighbours import nearest

FLY = hexapod(frames=700, seed=1, animal=1)
SKELETON = Skeleton(FLY.joints, roots=FLY.roots, target_sets=FLY.target_sets)
SOFT = 1e-3


def whole():
    """Image points of a fly without gaps and noise."""
    return np.asarray(FLY.cameras[0].project(FLY.poses_3d), np.float64)


def similar(points, degrees, zoom, shift):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return zoom * points @ turn.T + shift


def limbwise(points, rng, strength):
    """Another rig: every limb with a linear map of its own, the feet joints mixed."""
    sets = SKELETON.sets
    other = similar(points, 25, 0.6, [300, -40])
    base = similar(np.eye(2), 25, 0.6, 0)
    for root, joints in zip(sets.roots, sets.sets, strict=True):
        count = 2 * len(joints)
        matrix = np.kron(np.eye(len(joints)), base)
        matrix += strength * 0.6 * rng.normal(size=(count, count)) / np.sqrt(count)
        flat = (points[:, list(joints)] - points[:, [root]]).reshape(len(points), -1) @ matrix
        other[:, list(joints)] = other[:, [root]] + flat.reshape(len(points), -1, 2)
    return other


def relative(points):
    sets = SKELETON.sets
    return points[:, list(sets.targets)] - points[:, list(sets.anchors)]


def off(adapted, truth):
    """Error of the joints relative to their roots, as a share of how they vary."""
    error, truth = relative(adapted) - relative(truth), relative(truth)
    return np.linalg.norm(error) / np.linalg.norm(truth - truth.mean(0))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_known_map_is_recovered_from_shuffled_poses(seed):
    rng = np.random.default_rng(seed)
    here = whole()
    there = limbwise(here, rng, 0.1)
    found = adapt(rng.permutation(here), rng.permutation(there), SKELETON, stiffness=SOFT)
    start = adapt(here, there, SKELETON, stiffness=1e12)
    assert off(start.to_source(there).points, here) > 0.05
    assert off(found.to_source(there).points, here) < 0.01


def test_a_similarity_is_found_at_once_whatever_the_stiffness():
    here = whole()
    there = similar(here, -35, 1.7, [10, 900])
    rng = np.random.default_rng(0)
    found = adapt(rng.permutation(here), rng.permutation(there), SKELETON)
    np.testing.assert_allclose(found.to_source(there).points, here, atol=1e-6)
    assert found.scale == pytest.approx(1 / 1.7)


def test_a_mirrored_rig_is_mirrored_back():
    here = whole()
    there = similar(here * [-1, 1], 10, 0.8, [700, 5])
    found = adapt(here, there, SKELETON, mirror=True)
    np.testing.assert_allclose(found.to_source(there).points, here, atol=1e-6)
    unaware = adapt(here, there, SKELETON)
    assert np.abs(relative(unaware.to_source(there).points) - relative(here)).max() > 10


def test_gaps_stay_and_do_not_spoil_the_map():
    rng = np.random.default_rng(3)
    here = whole()
    there = limbwise(here, rng, 0.1)
    gappy_here, gappy_there = here.copy(), there.copy()
    gappy_here[rng.random(here.shape[:2]) < 0.05] = np.nan
    gappy_there[rng.random(here.shape[:2]) < 0.05] = np.nan
    found = adapt(gappy_here, gappy_there, SKELETON, stiffness=SOFT)
    assert off(found.to_source(there).points, here) < 0.05
    adapted = found.to_source(gappy_there).points
    np.testing.assert_array_equal(np.isnan(adapted), np.isnan(gappy_there))
    error = relative(adapted) - relative(here)
    assert np.isfinite(error).mean() > 0.8
    assert np.sqrt(np.nanmean(error**2)) < 0.06 * relative(here).std()


def test_neighbours_are_those_of_a_tree():
    rng = np.random.default_rng(0)
    rows, among = rng.normal(size=(1300, 6)), rng.normal(size=(700, 6))
    found, distance = nearest(rows, among)
    expected, indices = cKDTree(among).query(rows)
    np.testing.assert_array_equal(found, indices)
    np.testing.assert_allclose(distance, expected**2 / 6)


def test_neighbours_with_gaps_are_those_of_a_slow_search():
    rng = np.random.default_rng(1)
    rows, among = rng.normal(size=(40, 6)), rng.normal(size=(30, 6))
    rows[rng.random(rows.shape) < 0.3] = np.nan
    among[rng.random(among.shape) < 0.3] = np.nan
    rows, among = rows[np.isfinite(rows).sum(1) > 3], among[np.isfinite(among).sum(1) > 3]
    found, distance = nearest(rows, among)
    for row, best, near in zip(rows, found, distance, strict=True):
        apart = np.nanmean((row - among) ** 2, axis=1)
        assert best == apart.argmin()
        assert near == pytest.approx(apart.min())


def test_more_poses_than_are_compared_are_sampled(monkeypatch):
    monkeypatch.setattr(module, "MOST", 200)
    here = whole()
    there = similar(here, 20, 0.5, 0)
    one = adapt(here, there, SKELETON, seed=4)
    again = adapt(here, there, SKELETON, seed=4)
    np.testing.assert_array_equal(one.limbs[0].matrix, again.limbs[0].matrix)
    assert off(one.to_source(there).points, here) < 0.05


def test_lifted_poses_come_back_in_the_view_of_the_new_rig():
    camera, here = FLY.cameras[0], whole()
    in_camera = camera.world_to_camera(FLY.poses_3d)
    poses_3d = Poses.from_experiments(in_camera, frame="camera", unit="mm")
    lifter = Lifter(SKELETON, network="ridge").fit(here, poses_3d)
    there = similar(here, 40, 1.5, [30, 60])
    found = adapt(here, there, SKELETON)
    lifted = lifter.lift(found.to_source(there))
    back = found.from_source(lifted, there)
    turned = in_camera.copy()
    turned[..., :2] = similar(in_camera[..., :2], 40, 1, 0)
    expected = turned - turned[:, [SKELETON.sets.roots[0]]]
    error = np.linalg.norm(back.position - expected, axis=-1).mean()
    size = np.linalg.norm(expected, axis=-1).mean()
    assert error < 0.03 * size
    # Without it, the animal is seen as the first rig would, 40 degrees off.
    assert np.linalg.norm(lifted.position - expected, axis=-1).mean() > 0.3 * size
    targets = list(SKELETON.sets.targets)
    np.testing.assert_allclose(back.root_relative[:, targets], relative(back.position), atol=1e-4)
    assert back.frame == "camera"
    assert back.unit == "mm"


def test_lifted_poses_of_the_world_need_the_camera():
    camera, here = FLY.cameras[0], whole()
    lifter = Lifter(SKELETON, network="ridge").fit(here, FLY.poses_3d, camera=camera)
    found = adapt(here, here, SKELETON)
    lifted = lifter.lift(here)
    with pytest.raises(ValueError, match="give the source rig's camera"):
        found.from_source(lifted, here)
    back = found.from_source(lifted, here, camera)
    np.testing.assert_allclose(back.position, lifted.position @ camera.R.T, atol=1e-4)


def test_a_mirrored_rig_has_its_own_left_and_right():
    here = whole()
    in_camera = FLY.cameras[0].world_to_camera(FLY.poses_3d)
    poses_3d = Poses.from_experiments(in_camera, frame="camera")
    lifter = Lifter(SKELETON, network="ridge").fit(here, poses_3d)
    there = here * [-1, 1]
    found = adapt(here, there, SKELETON, mirror=True)
    lifted = lifter.lift(found.to_source(there))
    back = found.from_source(lifted, there)
    np.testing.assert_allclose(back.position, lifted.position * [-1, 1, 1], atol=1e-3)


def test_names_are_matched_and_unsure_joints_left_out():
    here = whole()
    order = np.random.default_rng(0).permutation(len(FLY.joints))
    confidence = np.ones(here.shape[:2])
    confidence[5, order == 3] = 0.0
    shuffled = Poses.from_experiments(
        here[:, order], joints=[FLY.joints[i] for i in order], confidence=confidence
    )
    found = adapt(here, shuffled, SKELETON)
    adapted = found.to_source(shuffled)
    assert adapted.joints == SKELETON.joints
    assert np.isnan(adapted.points[5, 3]).all()
    np.testing.assert_allclose(adapted.points[6:], here[6:], atol=0.1)


def test_what_it_found_is_told():
    here = whole()
    text = repr(adapt(here, similar(here, 0, 0.5, 0), SKELETON))
    assert "scale 2" in text
    assert FLY.joints[FLY.roots[0]] in text


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"skeleton": FLY.joints}, TypeError, "expected a liftpose.Skeleton"),
        ({"skeleton": Skeleton(FLY.joints)}, ValueError, "no root"),
        ({"target_2d": np.zeros((20, 4, 2))}, ValueError, "target_2d has 4 joints"),
        ({"source_2d": whole()[:9]}, ValueError, "source_2d: joint .* in 9 frames"),
        ({"stiffness": -1.0}, ValueError, "stiffness is -1.0"),
        ({"stiffness": np.nan}, ValueError, "stiffness is nan"),
    ],
)
def test_what_makes_no_sense_is_refused(change, error, words):
    given = {"source_2d": whole(), "target_2d": whole(), "skeleton": SKELETON} | change
    with pytest.raises(error, match=words):
        adapt(given.pop("source_2d"), given.pop("target_2d"), given.pop("skeleton"), **given)


def test_lifted_poses_that_do_not_fit_are_refused():
    here = whole()
    poses_3d = Poses.from_experiments(FLY.poses_3d, frame="camera")
    lifted = Lifter(SKELETON, network="ridge").fit(here, poses_3d).lift(here)
    found = adapt(here, here, SKELETON)
    with pytest.raises(ValueError, match="lifted has 700 frames"):
        found.from_source(lifted, here[:7])
    with pytest.raises(TypeError, match=r"expected what Lifter\.lift gives"):
        found.from_source(lifted.position, here)
    tables = ("position", "root_relative", "spread")
    flat = replace(lifted, **{name: getattr(lifted, name)[..., :1] for name in tables})
    with pytest.raises(ValueError, match="depth only"):
        found.from_source(flat, here)
    turned = replace(lifted, frame="camera", position=np.zeros_like(lifted.position))
    with pytest.raises(ValueError, match="do not look like their 2D"):
        found.from_source(turned, here)
