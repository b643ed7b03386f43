"""Residual networks, one a fold, that add to the ridge what is not linear.

Each is a pre-activation residual network (He et al. 2016, "Identity mappings in deep residual
networks") with layer normalization and GELU, whose output layer starts at zero: before the first
step the lifter is the ridge. Each fold's network learns what the ridge of that fold leaves over,
never sees the frames that fold holds out, and so judges itself on them; lifting uses the mean of
them all.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from liftpose.lifter.normalization import as_joints

WIDTH = 128
"""Units of a layer. Twice as many were measured to be no more accurate, at 2.5 times the cost."""

BLOCKS = 2


class FoldNetworks(nn.Module):
    """K residual networks of the same shape, trained side by side as batched matrices.

    Parameters
    ----------
    ridges : tensor, shape (K, F + 1, O)
        Ridge of each fold, which its network adds to.
    dims : int
        Coordinates D of a joint; the loss is the distance of joints.
    generator : torch.Generator, optional
        CPU generator that the first weights are drawn from.
    width, blocks : int
        Units of a layer, and residual blocks.
    """

    ridges: Tensor

    def __init__(
        self,
        ridges: Tensor,
        dims: int,
        generator: torch.Generator | None = None,
        width: int = WIDTH,
        blocks: int = BLOCKS,
    ):
        super().__init__()
        self.width, self.blocks = width, blocks
        count, inputs, outputs = ridges.shape[0], ridges.shape[1] - 1, ridges.shape[2]
        self.dims = dims
        self.register_buffer("ridges", ridges.float())

        def drawn(rows: int, columns: int, scale: float) -> nn.Parameter:
            values = torch.randn(count, rows, columns, generator=generator)
            return nn.Parameter(values * scale / rows**0.5)

        def zeros(columns: int, rows: int = 1) -> nn.Parameter:
            return nn.Parameter(torch.zeros(count, rows, columns))

        self.enter, self.enter_bias = drawn(inputs, width, 1.0), zeros(width)
        self.first = nn.ParameterList([drawn(width, width, 2.0**0.5) for _ in range(blocks)])
        self.second = nn.ParameterList([drawn(width, width, 0.5) for _ in range(blocks)])
        self.first_bias = nn.ParameterList([zeros(width) for _ in range(blocks)])
        self.second_bias = nn.ParameterList([zeros(width) for _ in range(blocks)])
        self.gain = nn.ParameterList([zeros(width) for _ in range(blocks + 1)])
        self.shift = nn.ParameterList([zeros(width) for _ in range(blocks + 1)])
        self.leave, self.leave_bias = zeros(outputs, width), zeros(outputs)

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], dims: int) -> FoldNetworks:
        """Build networks of the sizes that a saved state has.

        Parameters
        ----------
        state : mapping of str to tensor
            As `state_dict` gave it.
        dims : int
            Coordinates D of a joint.

        Returns
        -------
        FoldNetworks
        """
        blocks = sum(name.startswith("first.") for name in state)
        networks = cls(state["ridges"], dims, width=state["enter"].shape[2], blocks=blocks)
        networks.load_state_dict(dict(state))
        return networks

    def forward(self, inputs: Tensor) -> Tensor:
        """Give what each network adds to its ridge.

        Parameters
        ----------
        inputs : tensor, shape (K, B, F)
            Standardised inputs of each network.

        Returns
        -------
        tensor, shape (K, B, O)
        """
        hidden = torch.baddbmm(self.enter_bias, self._known(inputs), self.enter)
        for block in range(self.blocks):
            inner = functional.gelu(self._normalize(hidden, block))
            inner = torch.baddbmm(self.first_bias[block], inner, self.first[block])
            inner = functional.gelu(inner)
            hidden = hidden + torch.baddbmm(self.second_bias[block], inner, self.second[block])
        hidden = functional.gelu(self._normalize(hidden, self.blocks))
        return torch.baddbmm(self.leave_bias, hidden, self.leave)

    def _known(self, inputs: Tensor) -> Tensor:
        return inputs[..., : self.enter.shape[1]]

    def _normalize(self, hidden: Tensor, place: int) -> Tensor:
        normal = functional.layer_norm(hidden, (self.width,))
        scaled: Tensor = normal * (1 + self.gain[place]) + self.shift[place]
        return scaled

    def loss(self, inputs: Tensor, outputs: Tensor, counts: Tensor) -> Tensor:
        """Mean distance of the joints that count, summed over the networks.

        Parameters
        ----------
        inputs, outputs : tensor, shape (K, B, F) and (K, B, O)
            Standardised.
        counts : bool tensor, shape (K, B, O)
            Values that count.

        Returns
        -------
        tensor, scalar
        """
        linear = torch.baddbmm(self.ridges[:, -1:], self._known(inputs), self.ridges[:, :-1])
        return joint_distance(linear + self(inputs) - outputs, counts, self.dims).sum()

    def addition(self, inputs: Tensor) -> Tensor:
        """Mean over the networks of what they add to the ridge.

        Parameters
        ----------
        inputs : tensor, shape (N, F)
            Standardised.

        Returns
        -------
        tensor, shape (N, O)
        """
        inputs = inputs.to(self.ridges)
        result: Tensor = self(inputs.expand(len(self.ridges), -1, -1)).mean(0)
        return result

    def held_out(self, fold: int, inputs: Tensor) -> Tensor:
        """Give what a fold's network adds to its ridge, on frames that the fold never saw.

        Parameters
        ----------
        fold : int
            Which.
        inputs : tensor, shape (N, F)
            Standardised.

        Returns
        -------
        tensor, shape (N, O)
        """
        one = {
            name: value[fold : fold + 1]
            for name, value in (*self.named_parameters(), *self.named_buffers())
        }
        inputs = inputs.to(self.ridges).unsqueeze(0)
        addition: Tensor = torch.func.functional_call(self, one, (inputs,))
        return addition.squeeze(0)

    def state(self) -> dict[str, Tensor]:
        """Everything needed to build it again."""
        return dict(self.state_dict())


def joint_distance(difference: Tensor, counts: Tensor, dims: int) -> Tensor:
    """Mean Euclidean distance of the joints, over the coordinates that count.

    Parameters
    ----------
    difference : tensor, shape (K, B, J D)
        Prediction less truth.
    counts : bool tensor, shape (K, B, J D)
        Coordinates that count; a joint of which none does is left out of the mean.
    dims : int
        Coordinates D of a joint.

    Returns
    -------
    tensor, shape (K,)
    """
    # Never masked_fill after the square root: its gradient at zero is infinite.
    squares = torch.where(counts, difference, 0.0).square()
    squares = as_joints(squares, dims).sum(-1)
    joints = as_joints(counts, dims).any(-1)
    distance = torch.where(joints, (squares + 1e-6).sqrt(), 0.0)
    return distance.sum((1, 2)) / joints.sum((1, 2)).clamp(min=1)
