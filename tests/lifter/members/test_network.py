"""The fold networks: they begin as the ridge, and each is alone."""

import pytest
import torch

from liftpose.lifter.members.network import FoldNetworks, joint_distance
from liftpose.lifter.members.ridge import apply


def networks(folds=3, inputs=5, outputs=6, seed=0, trained=True):
    generator = torch.Generator().manual_seed(seed)
    ridges = torch.randn(folds, inputs + 1, outputs, generator=generator, dtype=torch.float64)
    built = FoldNetworks(ridges, 3, generator)
    if trained:
        with torch.no_grad():
            for parameter in built.parameters():
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return built


def batch(networks, frames=7, seed=1):
    generator = torch.Generator().manual_seed(seed)
    folds, inputs, outputs = networks.ridges.shape
    x = torch.randn(folds, frames, inputs - 1, generator=generator)
    y = torch.randn(folds, frames, outputs, generator=generator)
    return x, y, torch.ones(y.shape, dtype=torch.bool)


def test_before_the_first_step_they_add_nothing():
    fresh = networks(trained=False)
    x, y, counts = batch(fresh)
    assert (fresh(x) == 0).all()
    linear = torch.stack([apply(r, part) for r, part in zip(fresh.ridges, x, strict=True)])
    expected = joint_distance(linear - y, counts, 3).sum()
    torch.testing.assert_close(fresh.loss(x, y, counts), expected)


def test_each_network_sees_its_own_batch_only():
    built = networks()
    x, _, _ = batch(built)
    x.requires_grad_()
    built(x)[1].sum().backward()
    assert (x.grad[[0, 2]] == 0).all()
    assert (x.grad[1] != 0).any()


def test_side_by_side_is_as_one_by_one():
    built = networks()
    x, _, _ = batch(built)
    together = built(x)
    for fold in range(3):
        torch.testing.assert_close(built.held_out(fold, x[fold]), together[fold])


def test_lifting_uses_the_mean():
    built = networks()
    x = batch(built)[0][0]
    each = torch.stack([built.held_out(fold, x) for fold in range(3)])
    torch.testing.assert_close(built.addition(x), each.mean(0))


def test_the_ridges_are_not_trained():
    built = networks()
    assert "ridges" not in dict(built.named_parameters())
    assert "ridges" in built.state_dict()


def test_distance_is_over_what_counts():
    difference = torch.tensor([[[3.0, 4.0, 0.0, 1.0, 2.0, 2.0], [9.0] * 6]])
    counts = torch.ones(1, 2, 6, dtype=torch.bool)
    counts[0, 1] = False
    assert float(joint_distance(difference, counts, 3)) == pytest.approx((5 + 3) / 2, abs=1e-5)
    counts[0, 0, 1] = False
    assert float(joint_distance(difference, counts, 3)) == pytest.approx((3 + 3) / 2, abs=1e-5)
    assert float(joint_distance(difference, counts & False, 3)) == 0


def test_gradients_are_finite_where_nothing_counts_or_all_is_right():
    built = networks()
    x, y, counts = batch(built)
    counts[0] = False
    y[1] = torch.nan
    counts[1] = False
    built.loss(x, y.nan_to_num(), counts).backward()
    assert all(parameter.grad.isfinite().all() for parameter in built.parameters())
