"""The closed-form linear lifter against its definition."""

import numpy as np
import pytest
import torch

from liftpose.lifter.members.ridge import CAUTIOUS, PENALTIES, Ridge, apply
from liftpose.lifter.selection import Fold, Folds


def data(frames=300, inputs=6, outputs=9, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(frames, inputs))
    y = x @ rng.normal(size=(inputs, outputs)) + 3 + noise * rng.normal(size=(frames, outputs))
    return torch.from_numpy(x), torch.from_numpy(y), torch.ones(frames, outputs, dtype=torch.bool)


def blocks(frames, count=3):
    parts = np.array_split(np.arange(frames), count)
    return Folds(tuple(Fold(np.setdiff1d(np.arange(frames), p), p) for p in parts), "blocks")


def fit(x, y, counts, folds=None):
    folds = folds or blocks(len(x))
    return Ridge.fit(x, y, counts, folds, torch.ones(y.shape[1]).double(), 3, y.shape[1] // 3)


def naive(x, y, penalty):
    """Minimise the mean squared error plus penalty times the squared weights, per output."""
    x, y = x.numpy(), y.numpy()
    centred = x - x.mean(0)
    slope = np.linalg.solve(
        centred.T @ centred + len(x) * penalty * np.eye(x.shape[1]), centred.T @ (y - y.mean(0))
    )
    return np.vstack([slope, y.mean(0) - x.mean(0) @ slope])


def test_weights_are_those_of_the_normal_equations():
    x, y, counts = data()
    ridge = fit(x, y, counts)
    np.testing.assert_allclose(ridge.weights, naive(x, y, ridge.penalty), atol=1e-10)


def test_each_output_is_fitted_where_it_counts():
    x, y, counts = data()
    counts[:100, 3:6] = False
    counts[::2, 8] = False
    y = torch.where(counts, y, torch.nan)
    ridge = fit(x, y, counts)
    for column in range(9):
        rows = counts[:, column]
        alone = naive(x[rows], y[rows][:, column : column + 1], ridge.penalty)
        np.testing.assert_allclose(ridge.weights[:, column], alone[:, 0], atol=1e-10)


def test_what_does_not_count_changes_nothing():
    x, y, counts = data()
    counts[5:50, 4] = False
    changed = torch.where(counts, y, 1e6)
    first, second = fit(x, y, counts), fit(x, changed, counts)
    assert torch.equal(first.weights, second.weights)
    assert torch.equal(first.folds, second.folds)


def test_the_penalty_is_the_one_that_serves_held_out_frames():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(40, 30)))
    y = torch.from_numpy(rng.normal(size=(40, 3)))
    counts = torch.ones(40, 3, dtype=torch.bool)
    folds = blocks(40)
    errors = []
    for penalty in PENALTIES:
        total = 0.0
        for fold in folds.folds:
            weights = torch.from_numpy(naive(x[fold.train], y[fold.train], penalty))
            total += float((apply(weights, x[fold.held]) - y[fold.held]).norm(dim=1).sum())
        errors.append(total)
    assert fit(x, y, counts, folds).penalty == PENALTIES[int(np.argmin(errors))]
    assert fit(*data(noise=1e-3)).penalty < 1e-3


def test_fold_maps_never_saw_what_their_fold_holds_out():
    x, y, counts = data()
    folds = blocks(len(x))
    ridge = fit(x, y, counts, folds)
    for number, fold in enumerate(folds.folds):
        alone = naive(x[fold.train], y[fold.train], ridge.penalty)
        np.testing.assert_allclose(ridge.folds[number], alone, atol=1e-10)


def test_with_nothing_held_out_it_is_cautious():
    x, y, counts = data(frames=3)
    rows = np.arange(3)
    ridge = fit(x, y, counts, Folds((Fold(rows, rows),), "none"))
    assert ridge.penalty == CAUTIOUS


def test_inputs_that_are_all_alike_do_not_break_it():
    x, y, counts = data()
    x[:, 2] = 0
    x[:, 3] = x[:, 4]
    ridge = fit(x, y, counts)
    assert ridge.weights.isfinite().all()
    assert float(ridge.weights[2].abs().max()) == pytest.approx(0, abs=1e-12)


def test_state_is_all_there_is():
    x, y, counts = data()
    ridge = fit(x, y, counts)
    assert torch.equal(Ridge(**ridge.state()).predict(x), ridge.predict(x))
