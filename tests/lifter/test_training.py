"""Training: what a step sees, the published recipe, and epochs that can be stopped anywhere."""

import copy

import numpy as np
import pytest
import torch

from liftpose.lifter.augmentation import Batch, add_noise
from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.normalization import Anchoring, Normalization, counted_values
from liftpose.lifter.opt import Options
from liftpose.lifter.selection import Fold, Folds
from liftpose.lifter.training import (
    Feed,
    MartinezLearner,
    Progress,
    standardise,
    take,
    train_epoch,
)
from liftpose.skeleton.target_sets import TargetSets

SETS = TargetSets.resolve([0], [1, 2], 3)


def poses(frames=40, seed=0):
    rng = np.random.default_rng(seed)
    pose_3d = torch.from_numpy(rng.normal(size=(frames, 3, 3)))
    return Batch(
        pose_3d[..., :2].clone(),
        pose_3d,
        torch.ones_like(pose_3d, dtype=torch.bool),
        torch.zeros(frames, dtype=torch.int64),
        ("fly",),
        SETS.roots,
        SETS.sets,
    )


def normalized(batch):
    anchoring = Anchoring(SETS)
    counts = counted_values(anchoring, batch.pose_2d, batch.pose_3d, batch.counts)
    return Normalization.fit(anchoring, batch.pose_2d, batch.pose_3d, counts, False, True)


def learner(batch, **settings):
    settings = {"linear_size": 8, "num_stage": 1, "dropout": 0.0} | settings
    options = Options(network="martinez", **settings)
    network = Martinez(
        4,
        6,
        options.linear_size,
        options.num_stage,
        options.dropout,
        options.drop_input,
        torch.Generator().manual_seed(0),
    )
    return MartinezLearner(network, normalized(batch), options)


def one_fold(frames=40, held=10):
    return Folds((Fold(np.arange(frames - held), np.arange(frames - held, frames)),), "blocks")


def test_a_feed_gives_the_rows_asked_for():
    batch = poses()
    feed = Feed(batch, (), normalized(batch), torch.device("cpu"))
    rows = torch.tensor([[3, 1], [0, 39]])
    given = feed.batch(rows, torch.Generator())
    for part, whole in zip(given, standardise(batch, feed.normalization), strict=True):
        assert torch.equal(part, whole[rows])


def test_a_feed_augments_afresh_and_with_the_runs_generator():
    batch = poses()
    feed = Feed(batch, (add_noise(0.5),), normalized(batch), torch.device("cpu"))
    rows, generator = torch.arange(8).reshape(2, 4), torch.Generator().manual_seed(1)
    first = feed.batch(rows, generator)[0]
    second = feed.batch(rows, generator)[0]
    again = feed.batch(rows, torch.Generator().manual_seed(1))[0]
    assert first.shape == (2, 4, 4)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


def test_take_gives_rows_of_every_tensor():
    part = take(poses(), torch.tensor([5, 2]))
    torch.testing.assert_close(part.pose_3d, poses().pose_3d[[5, 2]])
    assert len(part.counts) == len(part.experiment) == 2
    assert part.keys == ("fly",)


def test_the_published_rate_falls_by_gamma_every_decay_steps():
    published = learner(poses(), lr=1.0, lr_decay=10, lr_gamma=0.5)
    rates = [published.rate(number) for number in range(1, 31)]
    assert rates[0] == pytest.approx(0.5 ** (1 / 10))
    assert rates[8] == rates[0]
    assert rates[9:19] == [0.5] * 10
    assert rates[19:29] == [0.25] * 10


def test_the_published_loss_is_the_mean_absolute_error_of_all_values():
    batch = poses()
    batch.counts[:10, 1] = False
    published = learner(batch)
    inputs, outputs, counts = standardise(batch, normalized(batch))
    published.network.eval()
    with torch.no_grad():
        missed = (published.network(inputs) - outputs)[counts].abs().sum() / counts.numel()
    found = published.loss((inputs, outputs, counts), {"network": 1.0})
    assert found == pytest.approx(float(missed), rel=1e-6)


@pytest.mark.parametrize("max_norm", [True, False])
def test_max_norm_clips_the_gradient(max_norm):
    batch = poses()
    published = learner(batch, max_norm=max_norm)
    with torch.no_grad():
        published.network.w2.weight *= 100
    ready = tuple(part.unsqueeze(0) for part in standardise(batch, normalized(batch)))
    published.step(ready, 1, torch.Generator().manual_seed(0))
    norm = torch.cat([p.grad.flatten() for p in published.network.parameters()]).norm()
    assert (float(norm) <= 1 + 1e-6) == max_norm


@pytest.mark.parametrize(("setting", "value"), [("dropout", 0.5), ("drop_input", 0.5)])
def test_dropping_changes_training_and_not_lifting(setting, value):
    batch = poses()
    with_it, without = learner(batch, **{setting: value}), learner(batch)
    ready = tuple(part.unsqueeze(0) for part in standardise(batch, normalized(batch)))
    assert with_it.loss(tuple(p.squeeze(0) for p in ready), {"network": 1.0}) == without.loss(
        tuple(p.squeeze(0) for p in ready), {"network": 1.0}
    )
    first = with_it.step(ready, 1, torch.Generator().manual_seed(0))[0]
    second = without.step(ready, 1, torch.Generator().manual_seed(0))[0]
    assert first != second


def test_every_training_frame_is_seen_once_an_epoch_and_no_held_out_one():
    batch = poses()
    seen = []

    class Recorder(MartinezLearner):
        def step(self, ready, number, generator):
            seen.append(ready[0].squeeze(0))
            return 0.0, 0.0

    published = learner(batch)
    recorder = Recorder(published.network, normalized(batch), published.options)
    feed = Feed(batch, (), normalized(batch), torch.device("cpu"))
    progress = Progress(0, 0, torch.Generator().manual_seed(0))
    train_epoch(recorder, feed, one_fold(), 10, progress)
    rows = torch.cat(seen)
    assert (progress.epoch, progress.step) == (1, 3)
    expected = standardise(batch, normalized(batch))[0][:30]
    assert torch.equal(rows.sort(0).values, expected.sort(0).values)
    assert not torch.equal(rows, expected)


def test_a_run_in_two_parts_is_the_run_in_one():
    batch = poses()
    feed = Feed(batch, (add_noise(0.1),), normalized(batch), torch.device("cpu"))

    def begin():
        return learner(batch, dropout=0.5), Progress(0, 0, torch.Generator().manual_seed(3))

    whole, progress = begin()
    for _ in range(4):
        train_epoch(whole, feed, one_fold(), 8, progress)
    part, progress = begin()
    for _ in range(2):
        train_epoch(part, feed, one_fold(), 8, progress)
    state, random = copy.deepcopy(part.state()), progress.generator.get_state()
    rest, late = begin()
    rest.resume(state)
    late.epoch, late.step = progress.epoch, progress.step
    late.generator.set_state(random)
    for _ in range(2):
        train_epoch(rest, feed, one_fold(), 8, late)
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, rest.network.state_dict()[name]), name
