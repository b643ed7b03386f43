"""The metric that the kernel learns: from gradients, checked by automatic differentiation."""

import numpy as np
import pytest
import torch

from liftpose.lifter.effort import EFFORTS
from liftpose.lifter.members.kernel import Kernel
from liftpose.lifter.members.metric import POSES, POWER, learned_metric, scaled
from liftpose.lifter.members.ridge import Ridge
from liftpose.lifter.selection import Fold, Folds


def solution(inputs=5, outputs=3, landmarks=40, matrix=False, seed=0):
    """Scale, landmarks in it, and weights of a map."""
    rng = np.random.default_rng(seed)
    shape = (inputs, inputs) if matrix else (inputs,)
    scale = torch.from_numpy(rng.uniform(0.2, 1.0, shape))
    drawn = scaled(torch.from_numpy(rng.normal(size=(landmarks, inputs))), scale)
    linear = torch.from_numpy(rng.normal(size=(inputs, outputs)))
    near = torch.from_numpy(rng.normal(size=(landmarks, outputs)))
    return scale, drawn, linear, near


@pytest.mark.parametrize("matrix", [False, True])
def test_it_is_a_root_of_the_mean_gradient_outer_product(matrix):
    scale, landmarks, linear, near = solution(matrix=matrix)
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(50, 5)))

    def lifted(one):
        r = (5 * (scaled(one[None], scale) - landmarks).square().sum(1)).sqrt()
        return one @ linear + ((1 + r + r * r / 3) * (-r).exp()) @ near

    gradients = torch.stack([torch.autograd.functional.jacobian(lifted, one) for one in x])
    expected = torch.einsum("noi,noj->ij", gradients, gradients)
    metric = learned_metric(x, scale, landmarks, linear, near)
    found = metric @ metric.T
    # Of all eigenvalues the power, and the largest is one.
    values, vectors = torch.linalg.eigh(expected)
    root = vectors @ torch.diag((values / values.max()).pow(2 * POWER)) @ vectors.T
    np.testing.assert_allclose(found, root, atol=1e-8)


def test_some_of_many_poses_are_looked_at_evenly():
    scale, landmarks, linear, near = solution()
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(POSES * 3, 5)))
    changed = x.clone()
    changed[1::3] += 5
    first, second = (learned_metric(part, scale, landmarks, linear, near) for part in (x, changed))
    assert torch.equal(first, second)


def test_where_nothing_changes_nothing_counts():
    scale, landmarks, linear, near = solution()
    metric = learned_metric(torch.zeros(9, 5).double(), scale, landmarks, linear * 0, near * 0)
    assert metric.isfinite().all()


def wavy(frames, seed):
    """Ten inputs, of which one direction alone matters, and how it does is far from linear."""
    x = np.random.default_rng(seed).normal(size=(frames, 10))
    along = x @ np.random.default_rng(9).normal(size=10) / 10**0.5
    y = np.stack([np.sin(3 * along), np.cos(2 * along), along] * 2, 1)
    return torch.from_numpy(x), torch.from_numpy(y), torch.ones(frames, 6, dtype=torch.bool)


def test_a_kernel_that_learns_it_needs_fewer_frames():
    ready, (x, y, _) = wavy(1200, 0), wavy(300, 1)
    rows = np.arange(1200)
    folds = [Fold(np.setdiff1d(rows, part), part) for part in np.array_split(rows, 3)]
    folds = Folds(tuple(folds), "blocks")
    unit = torch.ones(6).double()
    ridge = Ridge.fit(*ready, folds, unit, 3, 2)

    def error(effort):
        kernel = Kernel.fit(
            ready,
            (ridge.weights, ridge.folds),
            folds,
            torch.ones(10),
            unit,
            3,
            2,
            torch.Generator().manual_seed(0),
            None,
            EFFORTS[effort],
        )
        return float((ridge.predict(x) + kernel.addition(x) - y).norm(dim=1).mean())

    assert not EFFORTS["fast"].learns_metric
    assert EFFORTS["default"].learns_metric
    assert error("default") < 0.5 * error("fast")
