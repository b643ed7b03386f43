"""How sure a lifter says it is, against data whose noise is known."""

import numpy as np
import pytest
import torch

from liftpose import Camera, Lifter, Poses, load
from liftpose.datasets import hexapod
from liftpose.geometry.rotation import from_euler
from liftpose.lifter.normalization import Normalization
from liftpose.lifter.opening import opened

ROOTS = {"roots": [0], "target_sets": [1, 2, 3, 4]}
SIZES = np.array([[1.0, 0.3, 0.3], [0.3, 2.0, 0.3], [0.5, 0.5, 0.5], [0.1, 0.1, 0.1]])


def linear(frames, seed=0, joints=5):
    """2D of joints that go together, and 3D that is linear in it, without noise."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(7).normal(size=(4, joints * 2))
    flat = (rng.normal(size=(frames, 4)) @ mixing).reshape(frames, joints, 2)
    flat = 40 * flat + 5 * rng.normal(size=flat.shape) + 300
    slopes = np.random.default_rng(8).normal(size=(joints * 2, joints * 3)) / 60
    deep = ((flat - flat[:, :1]).reshape(frames, -1) @ slopes).reshape(frames, joints, 3)
    return flat, deep - deep[:, :1]


def noisy(frames, seed=0, grows=False):
    """The same with noise of `SIZES`; where asked, of ten times as much in some frames."""
    flat, deep = linear(frames, seed)
    noise = np.random.default_rng(seed + 50).normal(size=(frames, 4, 3)) * SIZES
    if grows:
        far = np.linalg.norm(flat[:, 1] - flat[:, 2], axis=1)
        noise *= np.exp((far - 100) / 60)[:, None, None]
    deep[:, 1:] += noise
    return flat, deep


@pytest.fixture(scope="module")
def lifter():
    return Lifter(**ROOTS, network="ridge").fit(*noisy(2000))


@pytest.fixture(scope="module")
def fly():
    return hexapod(frames=400, seed=1, animal=1)


@pytest.fixture(scope="module")
def of_fly(fly):
    lifter = Lifter(fly.skeleton, network="kernel")
    return lifter.fit(fly.pose_2d, fly.poses_3d, fly.cameras[0])


def test_spread_is_the_standard_deviation_of_each_coordinate(lifter):
    lifted = lifter.lift(noisy(500, seed=1)[0])
    np.testing.assert_allclose(np.median(lifted.spread[:, 1:], 0), SIZES, rtol=0.1)
    np.testing.assert_array_equal(lifted.spread[:, 0], 0)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.975])
def test_bars_hold_what_they_say_of_each_joint(lifter, level):
    flat, deep = noisy(4000, seed=2)
    lifted = lifter.lift(flat)
    lower, upper = lifted.interval(level)
    inside = ((lower <= deep) & (deep <= upper))[:, 1:]
    np.testing.assert_allclose(inside.mean(0), level, atol=0.05)
    apart = np.linalg.norm(lifted.root_relative - deep, axis=2)[:, 1:]
    # A ball about a longish cloud: the level is that of all joints together.
    assert (apart <= lifted.radius(level)[:, 1:]).mean() == pytest.approx(level, abs=0.03)


def test_frames_are_ordered_by_what_tells_of_their_error():
    lifter = Lifter(**ROOTS, network="kernel").fit(*noisy(2000, grows=True))
    flat, deep = noisy(1500, seed=3, grows=True)
    lifted = lifter.lift(flat)
    error = np.linalg.norm(lifted.root_relative - deep, axis=2)[:, 1:].mean(1)
    said = lifted.spread.mean((1, 2))
    order = np.argsort(said)
    assert error[order[:500]].mean() < 0.7 * error[order[-500:]].mean()


def test_a_hidden_joint_is_wider_by_what_the_others_leave_open(lifter):
    flat, deep = noisy(3000, seed=4)
    holed = flat.copy()
    holed[:, 3] = np.nan
    whole, some = lifter.lift(flat), lifter.lift(holed)
    assert (some.spread[:, 3] > whole.spread[:, 3]).all()
    apart = np.linalg.norm(some.root_relative - deep, axis=2)
    assert (apart[:, 3] <= some.radius(0.9)[:, 3]).mean() > 0.88
    assert (apart[:, 3] <= whole.radius(0.9)[:, 3]).mean() < 0.88


def test_what_is_handed_on_is_what_draws_of_the_hidden_joint_give():
    flat, deep = linear(3000)
    lifter = Lifter(**ROOTS, network="ridge").fit(flat, deep)
    norm: Normalization = lifter.normalization
    holed = torch.from_numpy(flat[:3].copy())
    holed[0, 3] = torch.nan
    holed[2, 0] = holed[2, 1] = torch.nan
    rows, covariance, variance = opened(norm, lifter.ridge.weights, holed)
    assert ((variance > 0) == holed.isnan().all(2)).all()
    assert rows.tolist() == [0, 2]
    mean, full = norm.completion.mean, norm.completion.covariance
    rng = np.random.default_rng(0)
    for place, row in enumerate(rows.tolist()):
        gone = holed[row].isnan().flatten().numpy()
        known = ~gone
        a, b = full.numpy()[np.ix_(gone, known)], full.numpy()[np.ix_(known, known)]
        middle = mean.numpy()[gone] + a @ np.linalg.solve(
            b, flat[row].ravel()[known] - mean.numpy()[known]
        )
        left = full.numpy()[np.ix_(gone, gone)] - a @ np.linalg.solve(b, a.T)
        drawn = np.tile(flat[row].ravel(), (20_000, 1))
        drawn[:, gone] = rng.multivariate_normal(middle, left, 20_000)
        lifted = lifter.relative(drawn.reshape(-1, 5, 2))
        off = lifted - lifted.mean(0)
        expected = np.einsum("nki,nkj->kij", off, off) / len(off)
        np.testing.assert_allclose(covariance[place], expected, atol=0.05 * expected.max())


def test_it_is_told_in_the_frame_of_the_poses():
    """Noise along the line of sight of a camera that looks along both axes of the ground alike."""
    turn = np.asarray(from_euler("y", np.array([45.0])))
    camera = Camera(K=[[1000, 0, 0], [0, 1000, 0], [0, 0, 1]], R=turn, t=[0, 0, 400])
    rng = np.random.default_rng(0)
    there = rng.normal(size=(1500, 5, 3)) * 10
    there[:, 0] = 0
    flat = np.asarray(camera.project(there @ turn))
    lifter = Lifter(**ROOTS, network="ridge").fit(flat, there @ turn, camera)
    spread = lifter.lift(flat).spread[:, 1:]
    np.testing.assert_allclose(spread[..., 0], spread[..., 2], rtol=0.05)
    assert np.median(spread[..., 1]) < 0.3 * np.median(spread[..., 0])
    still = Lifter(**ROOTS, network="ridge")
    along = (
        still.fit(flat, Poses.from_experiments(there, frame="camera"), camera)
        .lift(flat)
        .spread[:, 1:]
    )
    assert np.median(along[..., 0]) < 0.3 * np.median(along[..., 2])
    np.testing.assert_allclose(np.square(along).sum(2), np.square(spread).sum(2), rtol=0.01)


def test_one_pose_is_as_sure_as_among_many(of_fly, fly):
    seen = fly.pose_2d[np.isfinite(fly.pose_2d).all((1, 2))][:3]
    camera = fly.cameras[0]
    many = of_fly.lift(seen, camera).spread
    for number in range(3):
        one = of_fly.lift(seen[number : number + 1], camera).spread
        np.testing.assert_allclose(one[0], many[number], rtol=1e-3)


def test_a_frame_in_which_nothing_was_seen_has_no_spread(of_fly, fly):
    seen = fly.pose_2d[:4].copy()
    seen[1] = np.nan
    lifted = of_fly.lift(seen, fly.cameras[0])
    for values in (lifted.spread, lifted.radius(), lifted.interval()[0]):
        assert np.isnan(values[1]).all()
        assert np.isfinite(values[[0, 2, 3]]).any()


def test_what_is_not_lifted_has_no_spread():
    flat, deep = noisy(600)
    lifter = Lifter(roots=[0], target_sets=[1, 2], network="ridge").fit(flat, deep)
    lifted = lifter.lift(flat[:5])
    assert np.isnan(lifted.spread[:, 3:]).all()
    assert np.isfinite(lifted.spread[:, :3]).all()
    np.testing.assert_array_equal(np.isnan(lifted.position), np.isnan(lifted.spread))


def test_it_is_kept_with_the_lifter(of_fly, fly, tmp_path):
    again = load(of_fly.save(tmp_path / "fly.lifter"))
    one, other = (a.lift(fly.pose_2d, fly.cameras[0]) for a in (of_fly, again))
    np.testing.assert_array_equal(one.spread, other.spread)
    assert one.bars == other.bars


def test_a_lifter_of_before_lifts_without(of_fly, fly):
    state = {name: part for name, part in of_fly.state().items() if name != "uncertainty"}
    lifted = Lifter.from_state(state).lift(fly.pose_2d[:3], fly.cameras[0])
    assert lifted.spread is None
    with pytest.raises(ValueError, match="no error bars"):
        lifted.radius()


def test_too_few_frames_give_none():
    lifter = Lifter(**ROOTS, network="ridge").fit(*noisy(30))
    assert lifter.uncertainty is None
    assert lifter.lift(noisy(3)[0]).spread is None


@pytest.mark.parametrize("network", ["ridge", "kernel", "residual"])
def test_every_lifter_has_it_and_the_same_twice(network):
    data = noisy(300)
    one, other = (Lifter(**ROOTS, network=network, epochs=1).fit(*data) for _ in range(2))
    found = one.lift(data[0])
    assert np.isfinite(found.spread).all()
    np.testing.assert_array_equal(found.spread, other.lift(data[0]).spread)


def test_it_is_measured_on_validation_poses_where_there_are_some():
    still = noisy(600)
    flat, deep = linear(600, seed=5)
    deep[:, 1:] += 3 * np.random.default_rng(1).normal(size=(600, 4, 3)) * SIZES
    lifter = Lifter(**ROOTS, network="ridge").fit(*still, validation=(flat, deep))
    spread = lifter.lift(noisy(400, seed=6)[0]).spread
    np.testing.assert_allclose(np.median(spread[:, 1:], 0), 3 * SIZES, rtol=0.15)


def test_units_change_nothing_but_the_unit():
    flat, deep = noisy(800)
    one, other = (
        Lifter(**ROOTS, network="kernel").fit(flat, deep * size).lift(flat[:50])
        for size in (1.0, 1000.0)
    )
    np.testing.assert_allclose(other.spread, 1000 * one.spread, rtol=1e-2)


def test_bars_of_other_animals_are_as_wide_as_animals_differ():
    """Each animal has an offset of its own, of which frames of others tell nothing."""

    def animal(seed):
        flat, deep = linear(200, seed)
        rng = np.random.default_rng(1000 + seed)
        deep[:, 1:] += 2 * rng.normal(size=(1, 4, 3)) + 0.2 * rng.normal(size=(200, 4, 3))
        return flat, deep

    known = {f"{number}": animal(number) for number in range(12)}
    lifter = Lifter(**ROOTS, network="ridge").fit(
        {key: flat for key, (flat, _) in known.items()},
        {key: deep for key, (_, deep) in known.items()},
    )
    held = []
    for seed in range(100, 130):
        flat, deep = animal(seed)
        lifted = lifter.lift(flat)
        apart = np.linalg.norm(lifted.root_relative - deep, axis=2)[:, 1:]
        held.append((apart <= lifted.radius(0.9)[:, 1:]).mean())
    assert 0.87 < np.mean(held) < 0.97
    assert lifter.uncertainty.bars.blocks == 12 * 8
