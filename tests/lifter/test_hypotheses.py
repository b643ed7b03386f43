"""Whole poses drawn about a lifted one: what they are like, and what they do not depend on."""

import dataclasses

import numpy as np
import pytest
import torch

import liftpose
from liftpose import Camera, Lifter, Skeleton
from liftpose.lifter.drawing import asked_draws
from liftpose.lifter.hypotheses import _halved, of_hidden
from liftpose.lifter.row_numbers import RowNumbers

LEG = Skeleton(joints=["hip", "knee", "foot"], roots=[0], target_sets=[[1, 2]])
FILMED = Camera(K=[[900, 0, 320], [0, 900, 240], [0, 0, 1]], dist=[-0.1, 0, 0, 0, 0], t=[0, 0, 60])


def legs(frames, towards, seed):
    """A foot that is as far from a knee whichever way it points, towards the viewer or away."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0.3, 1.2, frames)
    sign = np.where(rng.random(frames) < towards, 1.0, -1.0)
    knee = np.stack([np.ones(frames), rng.uniform(1, 2, frames), np.zeros(frames)], 1)
    foot = knee + np.stack([np.zeros(frames), np.sin(angle), sign * np.cos(angle)], 1)
    return np.stack([np.zeros_like(knee), knee, foot], 1), 2 * np.cos(angle), sign


def learned(pose_3d, pose_2d=None, **options):
    pose_2d = pose_3d[..., :2] if pose_2d is None else pose_2d
    return Lifter(LEG, network="kernel", **options).fit(pose_2d, pose_3d)


def normal(frames, seed):
    """Depths that the image tells of, and errors of them that it does not, which go together."""
    rng = np.random.default_rng(seed)
    image = rng.normal(0, 5, (frames, 2, 2))
    error = rng.normal(size=(frames, 2)) @ np.linalg.cholesky([[1.0, 1.2], [1.2, 4.0]]).T
    depth = image[..., 0] - image[..., 1] + error
    targets = np.concatenate([image, depth[..., None]], 2)
    return np.concatenate([np.zeros((frames, 1, 3)), targets], 1)


@pytest.fixture(scope="module")
def of_normal():
    return learned(normal(3000, 0))


@pytest.mark.parametrize("towards", [0.5, 0.85])
def test_draws_find_both_of_two_depths(towards):
    lifter = learned(legs(3000, towards, 0)[0])
    truth, apart, sign = legs(400, towards, 1)
    lifted = lifter.lift(truth[..., :2], hypotheses=10)
    off = np.linalg.norm(lifted.position - truth, axis=2)[:, 2]
    best = np.linalg.norm(lifted.hypotheses - truth, axis=3)[:, :, 2].min(0)
    assert best.mean() < 0.35 * off.mean()
    depth = lifted.hypotheses[:, :, 2, 2] / (apart / 2)
    near, far = (np.abs(depth - way) < 0.4 for way in (1, -1))
    assert (near | far).mean() > 0.7
    share = near.sum() / (near | far).sum()
    np.testing.assert_allclose(share, towards, atol=0.1)
    # Each frame has draws of both, and they tell nothing of which is true.
    assert (near.any(0) & far.any(0)).mean() > (0.95 if towards == 0.5 else 0.6)
    assert abs(near[:, sign > 0].mean() - near[:, sign < 0].mean()) < 0.1
    assert lifter.hypotheses.symmetric == (towards == 0.5)


def test_draws_vary_as_errors_do(of_normal):
    truth = normal(500, 1)
    lifted = of_normal.lift(truth[..., :2], hypotheses=40)
    moves = (lifted.hypotheses - lifted.position)[:, :, 1:, 2]
    np.testing.assert_allclose(np.cov(moves.reshape(-1, 2).T), [[1, 1.2], [1.2, 4]], rtol=0.2)
    spread = lifted.spread[:, 1:, 2].mean(0)
    np.testing.assert_allclose(moves.std((0, 1)), spread, rtol=0.12)
    # As far from each other as from the truth.
    off = np.linalg.norm(lifted.hypotheses[:10] - truth, axis=(2, 3)).mean()
    one, other = lifted.hypotheses[:10:2], lifted.hypotheses[10:20:2]
    np.testing.assert_allclose(np.linalg.norm(one - other, axis=(2, 3)).mean(), off, rtol=0.1)


def test_every_draw_is_like_any_other(of_normal):
    seen = normal(3000, 2)[..., :2]
    lifted = of_normal.lift(seen, hypotheses=6)
    moves = (lifted.hypotheses - lifted.position)[:, :, 2, 2]
    np.testing.assert_allclose(moves.mean(1), 0, atol=0.15)
    np.testing.assert_allclose(moves.std(1), moves.std(), rtol=0.06)
    alone = of_normal.lift(seen, hypotheses=1)
    np.testing.assert_allclose((alone.hypotheses - alone.position)[0, :, 2, 2].std(), 2, rtol=0.1)


def test_pairs_lie_on_opposite_sides(of_normal):
    assert of_normal.hypotheses.symmetric
    lifted = of_normal.lift(normal(50, 3)[..., :2], hypotheses=10)
    np.testing.assert_allclose(lifted.hypotheses.mean(0), lifted.position, atol=1e-5)
    odd = of_normal.lift(normal(50, 3)[..., :2], hypotheses=9)
    assert odd.hypotheses.shape == (9, 50, 3, 3)


def test_draws_of_a_frame_depend_on_nothing_around_it(of_normal):
    seen = normal(5000, 4)[..., :2]
    whole = of_normal.lift(seen, hypotheses=5, seed=3).hypotheses
    some = of_normal.lift(seen[1234:4321], hypotheses=5, seed=3).hypotheses
    np.testing.assert_allclose(some, whole[:, 1234:4321], atol=1e-4)
    parts = {"a": seen[4000:], "b": seen[:4000]}
    split = of_normal.lift(parts, hypotheses=5, seed=3)
    np.testing.assert_allclose(split.only("b").hypotheses, whole[:, :4000], atol=1e-4)
    alone = of_normal.lift(seen[[77]], hypotheses=5, seed=3).hypotheses
    np.testing.assert_allclose(alone[:, 0], whole[:, 77], atol=1e-4)
    other = of_normal.lift(seen, hypotheses=5, seed=4).hypotheses
    assert (np.abs(other - whole)[:, :, 2, 2] > 1e-3).mean() > 0.9


def test_any_number_of_threads_draws_the_same(of_normal):
    seen = normal(9000, 5)[..., :2]
    before = torch.get_num_threads()
    drawn = []
    for number in (1, 3):
        torch.set_num_threads(number)
        drawn.append(of_normal.lift(seen, hypotheses=10).hypotheses)
    torch.set_num_threads(before)
    np.testing.assert_array_equal(*drawn)


def test_a_saved_lifter_draws_the_same(of_normal, tmp_path):
    again = liftpose.load(of_normal.save(tmp_path / "leg.lifter"))
    seen = normal(100, 6)[..., :2]
    first, second = (one.lift(seen, hypotheses=4).hypotheses for one in (of_normal, again))
    np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-6)


def test_hypotheses_change_nothing_else(of_normal):
    seen = normal(100, 6)[..., :2]
    plain, drawn = of_normal.lift(seen), of_normal.lift(seen, hypotheses=2)
    assert plain.hypotheses is None
    for name in ("position", "root_relative", "spread"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(drawn, name))
    np.testing.assert_array_equal(drawn.part(10, 20).hypotheses, drawn.hypotheses[:, 10:20])
    assert "2 hypotheses" in repr(drawn)


def test_hidden_joints_are_drawn_wider_and_blind_frames_not_at_all(of_normal):
    seen = normal(400, 7)[..., :2]
    holed = seen.copy()
    holed[:200, 2] = np.nan
    holed[5] = np.nan
    whole = of_normal.lift(seen, hypotheses=20)
    hidden = of_normal.lift(holed, hypotheses=20)
    assert np.isnan(hidden.hypotheses[:, 5]).all()
    np.testing.assert_allclose(hidden.hypotheses[:, 200:], whole.hypotheses[:, 200:], atol=1e-4)
    rows = np.r_[0:5, 6:200]
    wide, narrow = (one.hypotheses[:, rows].std(0).mean(0) for one in (hidden, whole))
    assert (wide[2] > 2 * narrow[2] + 2).all()
    # No less than what its spread says, but for the tenth of the variance that draws leave out.
    spread = hidden.spread[rows].mean(0)
    np.testing.assert_allclose(wide[2], spread[2], rtol=0.2)


def test_what_hidden_joints_leave_open_is_handed_on_by_the_linear_map(of_normal):
    seen = torch.from_numpy(normal(1, 8)[..., :2]).double().repeat(2, 1, 1)
    seen[1, 1] = torch.nan
    normalization = of_normal.normalization
    rows, moves = of_hidden(
        normalization, of_normal.ridge, seen, RowNumbers.of(seen.numpy(), 0), 4000
    )
    assert rows.tolist() == [1]
    _, left = normalization.completion.left(seen)
    slopes = of_normal.relative(np.zeros((1, 3, 2)), linear_only=True)
    steps = []
    for coordinate in range(6):
        image = np.zeros((1, 6))
        image[0, coordinate] = 1.0
        moved = of_normal.relative(image.reshape(1, 3, 2), linear_only=True)
        steps.append((moved - slopes).ravel())
    expected = np.array(steps).T @ left[0].numpy() @ np.array(steps)
    found = np.cov(moves[:, 0].flatten(1).numpy().T)
    np.testing.assert_allclose(found, expected, atol=0.06 * np.abs(expected).max())


def test_draws_are_turned_with_the_camera():
    pose_3d = legs(1500, 0.5, 0)[0]
    turned = Camera(K=FILMED.K, dist=FILMED.dist, R=[[0, 1, 0], [-1, 0, 0], [0, 0, 1]], t=FILMED.t)
    lifter = Lifter(LEG, network="kernel").fit(
        np.asarray(turned.project(pose_3d)), pose_3d, camera=turned
    )
    truth = legs(200, 0.5, 1)[0]
    seen = np.asarray(turned.project(truth))
    lifted = lifter.lift(seen, hypotheses=10)
    moves = lifted.hypotheses - lifted.position
    assert (moves[:, :, 2, 2].std() > 5 * moves[:, :, 2, :2].std((0, 1))).all()
    # Another camera, and the same image: the same draws, in the world of that camera.
    level = lifter.lift(seen, dataclasses.replace(turned, R=np.eye(3)), hypotheses=10)
    np.testing.assert_allclose(lifted.hypotheses @ turned.R.T, level.hypotheses, atol=1e-4)


def test_gaps_in_the_training_truth_are_no_errors():
    pose_3d = normal(800, 9)
    gaps = pose_3d.copy()
    gaps[np.arange(800) % 2 == 0, 1] = np.nan
    gaps[np.arange(800) % 2 == 1, 2] = np.nan
    lifter = learned(gaps, pose_3d[..., :2])
    lifted = lifter.lift(pose_3d[..., :2], hypotheses=20)
    moves = (lifted.hypotheses - lifted.position)[:, :, 1:, 2]
    np.testing.assert_allclose(moves.std((0, 1)), [1, 2], rtol=0.25)


def test_asking_for_hypotheses_that_cannot_be_drawn(of_normal):
    seen = normal(10, 1)[..., :2]
    with pytest.raises(ValueError, match=r"hypotheses is -1; expected 0 or more"):
        of_normal.lift(seen, hypotheses=-1)
    for wrong in (2.5, "ten", True):
        with pytest.raises(TypeError, match="expected a whole number"):
            of_normal.lift(seen, hypotheses=wrong)
    with pytest.raises(ValueError, match="seed is -3"):
        of_normal.lift(seen, hypotheses=2, seed=-3)
    assert asked_draws(np.int64(3), 0) == (3, 0)
    state = of_normal.state() | {"hypotheses": None}
    older = Lifter.from_state({name: part for name, part in state.items() if name != "hypotheses"})
    assert older.lift(seen).position.shape == (10, 3, 3)
    with pytest.raises(ValueError, match="does not know how it errs.*fit it again"):
        older.lift(seen, hypotheses=10)
    few = learned(normal(12, 0))
    with pytest.raises(ValueError, match="too few frames"):
        few.lift(seen, hypotheses=10)


def test_an_order_is_halved_along_one_direction_after_the_other():
    errors = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 96, 4)))
    order = _halved(errors)
    for row, by in zip(errors, order, strict=True):
        assert sorted(by.tolist()) == list(range(96))
        lined = row[by]
        assert lined[:48, 0].max() <= lined[48:, 0].min()
        for half in (lined[:48], lined[48:]):
            assert half[:24, 1].max() <= half[24:, 1].min()
            for quarter in (half[:24], half[24:]):
                assert (quarter[:, 2].diff() >= 0).all()


def test_numbers_of_rows_are_uniform_and_do_not_go_together():
    seen = np.random.default_rng(0).integers(0, 3, (4000, 2, 2)) / 7
    seen += np.arange(4000)[:, None, None]
    numbers = RowNumbers.of(seen, 0).uniform(50)
    counts = np.histogram(numbers, 20, (0, 1))[0]
    assert np.abs(counts / counts.mean() - 1).max() < 0.05
    together = np.corrcoef(numbers.T) - np.eye(50)
    assert np.abs(together).max() < 0.08
    assert np.abs(np.corrcoef(numbers[:50])[~np.eye(50, dtype=bool)]).max() < 0.7
    deviates = RowNumbers.of(seen, 0).normal(50)
    np.testing.assert_allclose([deviates.mean(), deviates.std()], [0, 1], atol=0.02)
    np.testing.assert_array_equal(RowNumbers.of(seen, 0).uniform(10, 40), numbers[:, 40:])
    holes = np.array([[[np.nan, 0.0]], [[-np.nan, -0.0]]])
    assert len(np.unique(RowNumbers.of(holes, 0).keys)) == 1
