"""The published network against its formula."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from liftpose.lifter.members.martinez import Martinez

Array = NDArray[np.floating[Any]]

LAYER = ("weight", "bias")
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def trained_looking(network: Martinez, seed: int = 3) -> Martinez:
    """Give the batch normalisations statistics of their own, as training does."""
    generator = seeded(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2, generator=generator)
        elif "batch_norm" in name and tensor.is_floating_point():
            tensor.normal_(generator=generator)
    return network.eval()


def slow_forward(state: dict[str, Tensor], x: Tensor, stages: int) -> Array:
    """The formula, in numpy and float64, one unit after the other."""
    values = {name: tensor.double().numpy() for name, tensor in state.items()}

    def linear(layer: str, row: Array) -> Array:
        return np.asarray(values[f"{layer}.weight"] @ row + values[f"{layer}.bias"])

    def block(prefix: str, number: int, row: Array) -> Array:
        y = linear(f"{prefix}w{number}", row)
        norm = f"{prefix}batch_norm{number}."
        y = (y - values[norm + "running_mean"]) / np.sqrt(values[norm + "running_var"] + 1e-5)
        return np.asarray(np.maximum(y * values[norm + "weight"] + values[norm + "bias"], 0))

    rows = []
    for row in x.double().numpy():
        h = block("", 1, row)
        for stage in range(stages):
            prefix = f"linear_stages.{stage}."
            h = h + block(prefix, 2, block(prefix, 1, h))
        rows.append(linear("w2", h))
    return np.array(rows)


@pytest.mark.parametrize("stages", [0, 1, 2, 3])
def test_evaluation_follows_the_formula(stages: int) -> None:
    network = trained_looking(Martinez(6, 5, linear_size=16, num_stage=stages))
    x = torch.randn(7, 6, generator=seeded(0))
    expected = slow_forward(network.state_dict(), x, stages)
    np.testing.assert_allclose(network(x).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_tensors_are_named_as_in_checkpoints_of_0_22() -> None:
    stage = {
        *(f"w{i}.{part}" for i in (1, 2) for part in LAYER),
        *(f"batch_norm{i}.{part}" for i in (1, 2) for part in NORM),
    }
    expected = {
        *(f"w{i}.{part}" for i in (1, 2) for part in LAYER),
        *(f"batch_norm1.{part}" for part in NORM),
        *(f"linear_stages.{i}.{name}" for i in (0, 1) for name in stage),
    }
    network = Martinez(24, 36)
    assert set(network.state_dict()) == expected
    assert network.w1.weight.shape == (1024, 24)
    assert network.state_dict()["linear_stages.1.w2.weight"].shape == (1024, 1024)
    assert network.w2.weight.shape == (36, 1024)


def test_initial_weights_are_kaiming_normal_and_biases_uniform() -> None:
    state = Martinez(100, 50, linear_size=400, generator=seeded(0)).state_dict()
    for layer in ("w1", "linear_stages.0.w1", "w2"):
        weight = state[f"{layer}.weight"]
        fan_in = weight.shape[1]
        scaled = weight.numpy().ravel() / math.sqrt(2 / fan_in)
        # Four standard errors of mean, variance and kurtosis of a normal distribution.
        count = len(scaled)
        assert abs(scaled.mean()) < 4 / math.sqrt(count)
        assert abs(scaled.var() - 1) < 4 * math.sqrt(2 / count)
        assert abs((scaled**4).mean() - 3) < 4 * math.sqrt(96 / count)
        bias = state[f"{layer}.bias"].numpy() * math.sqrt(fan_in)
        assert np.abs(bias).max() <= 1
        assert abs(bias.var() - 1 / 3) < 4 * math.sqrt(4 / 45 / len(bias))


def test_weights_come_from_the_generator() -> None:
    first, again, other = (Martinez(4, 6, 8, generator=seeded(s)).w2.weight for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(Martinez(4, 6, 8).w1.weight, Martinez(4, 6, 8).w1.weight)


def test_global_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    network = Martinez(4, 6, linear_size=8, drop_input=0.2)
    network(torch.ones(3, 4), seeded(0)).sum().backward()
    Martinez.from_state(network.state_dict())
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_masks_come_from_the_generator() -> None:
    network = Martinez(4, 6, linear_size=32)
    x = torch.randn(5, 4, generator=seeded(0))
    first, again, other = (network(x, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_dropped_units_are_zero_and_the_others_scaled_up() -> None:
    """Without stages and with batch normalisation frozen, the output shows the masked units."""
    network = trained_looking(Martinez(3, 4000, linear_size=4000, num_stage=0, dropout=0.3))
    with torch.no_grad():
        network.w2.weight.copy_(torch.eye(4000))
        network.w2.bias.zero_()
        network.batch_norm1.bias.fill_(50.0)
    x = torch.randn(1, 3, generator=seeded(0))
    kept = network(x)
    network.train()
    network.batch_norm1.eval()
    dropped = network(x, seeded(1))
    gone = dropped == 0
    assert abs(gone.float().mean().item() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 4000)
    torch.testing.assert_close(dropped[~gone], kept[~gone] / 0.7)


def test_drop_input_drops_inputs_in_training_only() -> None:
    network = Martinez(1000, 1000, linear_size=1000, num_stage=0, dropout=0, drop_input=0.4)
    with torch.no_grad():
        for layer in (network.w1, network.w2):
            layer.weight.copy_(torch.eye(1000))
            layer.bias.zero_()
    network.batch_norm1.eval()
    x = torch.ones(1, 1000)
    values = network(x, seeded(0)).detach()
    gone = values == 0
    assert abs(gone.float().mean().item() - 0.4) < 4 * math.sqrt(0.24 / 1000)
    torch.testing.assert_close(
        values[~gone], torch.full_like(values[~gone], 1 / 0.6), rtol=1e-4, atol=0
    )
    torch.testing.assert_close(network.eval()(x), x, rtol=1e-4, atol=0)


def test_training_without_generator_is_an_error_unless_nothing_is_dropped() -> None:
    with pytest.raises(ValueError, match=r"torch\.Generator"):
        Martinez(4, 6, linear_size=8)(torch.ones(3, 4))
    Martinez(4, 6, linear_size=8, dropout=0)(torch.ones(3, 4))


def test_evaluation_draws_nothing() -> None:
    network = Martinez(4, 6, linear_size=8, drop_input=0.5).eval()
    generator = seeded(0)
    state = generator.get_state()
    x = torch.ones(3, 4)
    assert torch.equal(network(x, generator), network(x))
    assert torch.equal(generator.get_state(), state)


def test_training_learns_a_linear_map() -> None:
    network = Martinez(4, 3, linear_size=64, num_stage=1, dropout=0.1, generator=seeded(0))
    generator = seeded(1)
    x = torch.randn(256, 4, generator=generator)
    y = x @ torch.randn(4, 3, generator=generator)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        (network(x, generator) - y).abs().mean().backward()
        optimizer.step()
    assert (network.eval()(x) - y).abs().mean() < 0.25 * y.abs().mean()


def test_from_state_takes_all_sizes_from_the_tensors() -> None:
    trained = trained_looking(Martinez(10, 7, linear_size=24, num_stage=3, generator=seeded(5)))
    copy = Martinez.from_state(trained.state_dict())
    sizes = copy.input_size, copy.output_size, copy.linear_size, copy.num_stage
    assert sizes == (10, 7, 24, 3)
    assert not copy.training
    x = torch.randn(4, 10, generator=seeded(0))
    assert torch.equal(copy(x), trained(x))


def test_from_state_names_what_does_not_fit() -> None:
    state = Martinez(4, 6, linear_size=8).state_dict()
    without = {name: tensor for name, tensor in state.items() if name != "w2.weight"}
    with pytest.raises(ValueError, match=r"w2\.weight"):
        Martinez.from_state(without)
    without = {name: tensor for name, tensor in state.items() if name != "batch_norm1.bias"}
    with pytest.raises(ValueError, match=r"batch_norm1\.bias"):
        Martinez.from_state(without)
    with pytest.raises(ValueError, match=r"linear_stages\.1\.w1\.weight"):
        Martinez.from_state({**state, "linear_stages.1.w1.weight": torch.zeros(8, 9)})
    with pytest.raises(ValueError, match="stranger"):
        Martinez.from_state({**state, "stranger": torch.zeros(1)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("input_size", 0),
        ("output_size", -1),
        ("linear_size", 0),
        ("num_stage", -1),
        ("dropout", 1.0),
        ("drop_input", -0.1),
    ],
)
def test_impossible_settings_are_named(name: str, value: float) -> None:
    settings: dict[str, Any] = {"input_size": 4, "output_size": 6, "linear_size": 8, name: value}
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        Martinez(**settings)


@pytest.mark.parametrize("shape", [(4,), (3, 5), (2, 3, 4)])
def test_wrong_input_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        Martinez(4, 6, linear_size=8).eval()(torch.ones(shape))
