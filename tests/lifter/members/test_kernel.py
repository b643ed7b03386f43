"""The kernel map against its definition, in the dual form and with a Bessel function."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.special import gamma, kv

from liftpose.lifter.effort import EFFORTS
from liftpose.lifter.members import kernel as module
from liftpose.lifter.members.kernel import TINY, Features, Kernel, matern
from liftpose.lifter.members.ridge import Ridge, apply
from liftpose.lifter.selection import Fold, Folds


def curve(frames=120, noise=0.02, seed=0):
    """Inputs on a bent sheet, and outputs that are no linear function of them."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-1.5, 1.5, (2, frames))
    x = np.stack([np.sin(a), np.cos(a) * b, b, a * b], 1)
    y = np.stack([np.sin(3 * a), a * b, np.cos(2 * b)] * 2, 1)
    x += noise * rng.normal(size=x.shape)
    return torch.from_numpy(x), torch.from_numpy(y), torch.ones(frames, 6, dtype=torch.bool)


def blocks(frames, count=3):
    parts = np.array_split(np.arange(frames), count)
    return Folds(tuple(Fold(np.setdiff1d(np.arange(frames), p), p) for p in parts), "blocks")


def fit(ready, folds=None, spread=None, validation=None, ridge=None, effort="default"):
    folds = folds or blocks(len(ready[0]))
    unit = torch.ones(6).double()
    ridge = ridge or Ridge.fit(*ready, folds, unit, 3, 2)
    spread = torch.ones(4) if spread is None else spread
    return ridge, Kernel.fit(
        ready,
        (ridge.weights, ridge.folds),
        folds,
        spread,
        unit,
        3,
        2,
        torch.Generator().manual_seed(0),
        validation,
        EFFORTS[effort],
    )


def bessel(one, other):
    """Matérn's kernel as it is defined, of smoothness 5/2 and length scale 1."""
    argument = np.sqrt(5) * np.maximum(cdist(one, other), 1e-10)
    return 2**-1.5 / gamma(2.5) * argument**2.5 * kv(2.5, argument)


def dual(x, y, new, landmarks, scale, penalty):
    """Kernel ridge regression with the kernel of rank M that the landmarks span, plus a linear."""
    scale = np.diag(scale) if scale.ndim == 1 else scale

    def between(one, other):
        inner = bessel(landmarks, landmarks) + TINY * np.eye(len(landmarks))
        low = bessel(one @ scale, landmarks) @ np.linalg.solve(
            inner, bessel(landmarks, other @ scale)
        )
        return low + one @ other.T / x.shape[1] + 1

    shares = np.linalg.solve(between(x, x) + penalty * len(x) * np.eye(len(x)), y)
    return between(new, x) @ shares


def test_matern_is_as_defined():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(20, 3)), rng.normal(size=(30, 3))
    found = matern(torch.from_numpy(one), torch.from_numpy(other))
    np.testing.assert_allclose(found, bessel(one, other), rtol=1e-10)
    assert matern(torch.zeros(1, 3), torch.zeros(1, 3)).item() == 1


@pytest.fixture
def double(monkeypatch):
    """Kernels that lift in double precision, however tame their weights are."""
    monkeypatch.setattr(module, "ROUNDING", 0.0)


@pytest.mark.usefixtures("double")
def test_it_is_kernel_ridge_regression():
    ready = curve()
    x, y, _ = ready
    new = curve(40, seed=1)[0]
    ridge, kernel = fit(ready)
    settings = kernel.landmarks.numpy(), kernel.scale.numpy(), kernel.penalty
    expected = dual(x.numpy(), y.numpy(), new.numpy(), *settings)
    found = ridge.predict(new) + kernel.addition(new)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.usefixtures("double")
def test_folds_never_saw_what_they_hold_out():
    ready = curve()
    x, y, _ = ready
    folds = blocks(len(x))
    ridge, kernel = fit(ready, folds)
    settings = kernel.landmarks.numpy(), kernel.scale.numpy(), kernel.penalty
    for number, fold in enumerate(folds.folds):
        learned, held = x[fold.train].numpy(), x[fold.held]
        expected = dual(learned, y[fold.train].numpy(), held.numpy(), *settings)
        found = apply(ridge.folds[number], held) + kernel.held_out(number, held)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_it_learns_what_is_not_linear():
    ready = curve(400)
    x, y, _ = curve(100, seed=3)
    ridge, kernel = fit(ready)
    linear = float((ridge.predict(x) - y).norm(dim=1).mean())
    assert float((ridge.predict(x) + kernel.addition(x) - y).norm(dim=1).mean()) < 0.2 * linear


@pytest.mark.parametrize("effort", ["fast", "default"])
def test_length_and_penalty_are_those_that_serve_held_out_frames(effort):
    ready = curve(90, noise=0.2)
    x, y, _ = ready
    folds = blocks(90)
    _, kernel = fit(ready, folds, effort=effort)
    landmarks, scale = kernel.landmarks * kernel.length, kernel.scale * kernel.length
    errors = {}
    for length in EFFORTS[effort].lengths:
        for penalty in module.PENALTIES:
            total = 0.0
            for fold in folds.folds:
                learned = x[fold.train].numpy(), y[fold.train].numpy(), x[fold.held].numpy()
                guess = dual(*learned, landmarks.numpy() / length, scale.numpy() / length, penalty)
                missed = (guess - y[fold.held].numpy()).reshape(-1, 2, 3)
                total += np.linalg.norm(missed, axis=-1).sum()
            errors[length, penalty] = total
    assert (kernel.length, kernel.penalty) == min(errors, key=errors.get)


def test_validation_is_chosen_on_instead():
    ready = curve(200, noise=0.05)
    rng = np.random.default_rng(0)
    x, _, counts = curve(80, seed=2)
    nonsense = torch.from_numpy(rng.normal(size=(80, 6)))
    _, kernel = fit(ready)
    _, cautious = fit(ready, validation=(x, nonsense, counts))
    assert cautious.penalty == max(module.PENALTIES) > kernel.penalty


def test_where_nothing_counts_the_ridge_stays():
    x, y, counts = curve()
    counts[:60, 3:] = False
    spoilt = torch.where(counts, y, 1e6)
    first, second = (fit((x, values, counts))[1] for values in (y, spoilt))
    assert torch.equal(first.weights, second.weights)
    assert torch.equal(first.folds, second.folds)
    counts[:, 3:] = False
    _, nowhere = fit((x, y, counts))
    assert float(nowhere.addition(x)[:, 3:].abs().max()) < 1e-3
    assert float(nowhere.addition(x)[:, :3].abs().max()) > 0.1


def test_a_coordinate_that_moves_more_tells_poses_apart_more():
    ready = curve()
    _, kernel = fit(ready, spread=torch.tensor([1.0, 1.0, 1.0, 16.0]), effort="fast")
    np.testing.assert_allclose(kernel.scale / kernel.scale[0], [1, 1, 1, 4])


def test_frames_that_no_fold_holds_out_are_not_learned_from():
    x, y, counts = curve()
    gone = torch.zeros(5, dtype=torch.long)
    wide = (torch.cat([part, part[gone] * 0 + 1]) for part in (x, y, counts))
    ridge, expected = fit((x, y, counts))
    _, kernel = fit(tuple(wide), blocks(len(x)), ridge=ridge)
    assert torch.equal(kernel.weights, expected.weights)


def test_of_many_frames_evenly_many_are_learned_from(monkeypatch):
    monkeypatch.setattr(module, "FRAMES", 40)
    x, y, counts = curve(120)
    ridge = Ridge.fit(x, y, counts, blocks(120), torch.ones(6).double(), 3, 2)
    learned = np.arange(0, 120, 3)
    changed = y.clone()
    changed[np.setdiff1d(np.arange(120), learned)] += 1
    first, second = (fit((x, values, counts), ridge=ridge)[1] for values in (y, changed))
    if first.penalty == second.penalty and first.length == second.length:
        assert torch.equal(first.weights, second.weights)
    assert len(first.landmarks) == 20


@pytest.mark.parametrize(
    ("frames", "number", "count"), [(2, 1000, 1), (9, 1000, 4), (400, 300, 200), (3000, 1000, 1000)]
)
def test_there_are_as_many_landmarks_as_asked_for_and_half_as_many_as_frames(frames, number, count):
    inputs = torch.from_numpy(np.random.default_rng(0).normal(size=(frames, 2)))
    drawn = module._landmarks(inputs, torch.Generator().manual_seed(0), number)
    assert len(drawn) == count
    assert len(drawn.unique(dim=0)) == count


def test_the_place_of_the_root_counts_as_much_as_a_share_of_all_others():
    alike = module._scale(torch.full((18,), 3.0).double(), 20)
    np.testing.assert_allclose(alike, [1.0] * 18 + [module.PLACE * 18**0.5] * 2)
    without = module._scale(torch.rand(18).double() + 1, 18)
    assert len(without) == 18
    assert len(without.unique()) == 18


def test_chunks_change_nothing(monkeypatch):
    ready = curve()
    ridge, kernel = fit(ready)
    monkeypatch.setattr(module, "CHUNK", 7)
    monkeypatch.setattr(module, "LIFTED", 11)
    _, other = fit(ready, ridge=ridge)
    found, expected = other.addition(ready[0]), kernel.addition(ready[0])
    np.testing.assert_allclose(found, expected, atol=module.ROUNDING)
    monkeypatch.setattr(module, "ROUNDING", 0.0)
    found, expected = Kernel(**other.state()), Kernel(**kernel.state())
    np.testing.assert_allclose(found.addition(ready[0]), expected.addition(ready[0]), atol=1e-8)
    assert kernel.addition(ready[0][:0]).shape == (0, 6)


@pytest.mark.parametrize("effort", ["fast", "default"])
def test_one_pose_is_lifted_as_among_others(effort, monkeypatch):
    x, y, counts = curve(400)
    far = torch.tensor([[1e6, 0.0, 0.0, -1e6]]).double()
    inputs = torch.cat([x[:30], far])
    for rounding, tolerance in ((module.ROUNDING, module.ROUNDING), (0.0, 1e-9)):
        monkeypatch.setattr(module, "ROUNDING", rounding)
        _, kernel = fit((x, y, counts), effort=effort)
        assert kernel.scale.ndim == {"fast": 1, "default": 2}[effort]
        expected = kernel.addition(inputs)
        for row, one in enumerate(inputs):
            found = kernel.addition(one[None])
            assert found.dtype == expected.dtype
            torch.testing.assert_close(found[0], expected[row], rtol=1e-6, atol=tolerance)


def test_single_precision_costs_little_and_double_is_used_where_it_would_not(monkeypatch):
    x = curve(2000, seed=4)[0]
    _, kernel = fit(curve(400))
    exact = Features(kernel.landmarks, kernel.scale)(x) @ kernel.weights

    def lost(weights):
        return float((kernel_of(weights).addition(x) - expected(weights)).square().mean().sqrt())

    def kernel_of(weights):
        return Kernel(**{**kernel.state(), "weights": weights})

    def expected(weights):
        return exact * float(weights[0, 0] / kernel.weights[0, 0])

    tame, wild = kernel.weights, kernel.weights * 1e6
    assert 1e-9 < lost(tame) < module.ROUNDING
    assert lost(wild) < 1e-5
    monkeypatch.setattr(module, "ROUNDING", float("inf"))
    assert lost(wild) > 1


def test_a_pose_that_is_like_none_gets_what_is_linear():
    _, kernel = fit(curve())
    far = torch.tensor([[1.0, -1.0, 1.0, 1.0]]) * torch.tensor([[1e2], [1e6], [1e20]])
    linear = far.double() @ kernel.weights[:4] / 2 + kernel.weights[4]
    torch.testing.assert_close(kernel.addition(far).double(), linear, rtol=1e-5, atol=1e-3)


def test_poses_that_are_all_alike_do_not_break_it():
    x, y, counts = curve()
    _, kernel = fit((torch.zeros_like(x), y, counts))
    assert kernel.addition(x).isfinite().all()


def test_state_is_all_there_is():
    ready = curve()
    _, kernel = fit(ready)
    again = Kernel(**kernel.state())
    assert torch.equal(again.addition(ready[0]), kernel.addition(ready[0]))
    assert torch.equal(again.held_out(1, ready[0]), kernel.held_out(1, ready[0]))


def test_features_are_linear_constant_and_likeness():
    features = Features(torch.zeros(1, 4).double(), torch.ones(4).double())
    found = features(torch.full((1, 4), 2.0))
    np.testing.assert_allclose(found[0, :5], [1, 1, 1, 1, 1])
    np.testing.assert_allclose(found[0, 5], bessel(np.full((1, 4), 2.0), np.zeros((1, 4)))[0, 0])
