"""The residual network that LiftPose3D lifts with.

Tensors keep the names of liftpose 0.22's checkpoints, so that those load as they are. All
randomness, of the weights as of the dropout masks, comes from generators that are handed in.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn


class Martinez(nn.Module):
    r"""Residual network from standardised 2D to standardised 3D coordinates.

    With :math:`f_W(x) = \mathrm{drop}(\mathrm{relu}(\mathrm{norm}(W x + b)))` the network is

    .. math:: h_0 = f(x), \quad h_{i+1} = h_i + f(f(h_i)), \quad y = W h_S + b

    where every :math:`f` has weights and a batch normalisation of its own and :math:`S` is the
    number of stages.

    Parameters
    ----------
    input_size : int
        Number of 2D coordinates that go in.
    output_size : int
        Number of 3D coordinates that come out.
    linear_size : int
        Width of the hidden layers.
    num_stage : int
        Number of residual blocks, of two layers each.
    dropout : float
        Share of hidden units set to zero in training, in [0, 1).
    drop_input : float
        Share of input coordinates set to zero in training, in [0, 1).
    generator : torch.Generator, optional
        CPU generator of the initial weights: normal with variance 2 / fan-in for weights
        (Kaiming), uniform within 1 / sqrt(fan-in) for biases. Without one, a generator seeded
        with 0.

    Raises
    ------
    ValueError
        If a size is not positive or a share lies outside [0, 1).

    References
    ----------
    Martinez et al., "A simple yet effective baseline for 3D human pose estimation", ICCV 2017,
    section 3.2. Gosztolai et al., "LiftPose3D, a deep learning-based approach for transforming
    two-dimensional to three-dimensional poses in laboratory animals", Nature Methods 2021.
    He et al., "Delving deep into rectifiers", ICCV 2015, equation 10 (the initial weights).

    Examples
    --------
    >>> import torch
    >>> network = Martinez(24, 36, linear_size=64, generator=torch.Generator().manual_seed(1))
    >>> network.eval()(torch.zeros(5, 24)).shape
    torch.Size([5, 36])
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        linear_size: int = 1024,
        num_stage: int = 2,
        dropout: float = 0.5,
        drop_input: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"input_size": input_size, "output_size": output_size, "linear_size": linear_size}
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"{name} is {size}; expected at least 1.")
        if num_stage < 0:
            raise ValueError(f"num_stage is {num_stage}; expected 0 or more.")
        for name, share in {"dropout": dropout, "drop_input": drop_input}.items():
            if not 0 <= share < 1:
                raise ValueError(f"{name} is {share}; expected a share in [0, 1).")
        if generator is None:
            generator = torch.Generator().manual_seed(0)
        self.input_size, self.output_size, self.linear_size = input_size, output_size, linear_size
        self.num_stage, self.dropout, self.drop_input = num_stage, dropout, drop_input
        self.w1 = _linear(input_size, linear_size, generator)
        self.batch_norm1 = nn.BatchNorm1d(linear_size)
        self.linear_stages = nn.ModuleList(_Stage(linear_size, generator) for _ in range(num_stage))
        self.w2 = _linear(linear_size, output_size, generator)

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Map standardised 2D coordinates to standardised 3D coordinates.

        Parameters
        ----------
        x : Tensor, shape (N, input_size)
            Standardised 2D coordinates, no unit.
        generator : torch.Generator, optional
            CPU generator of the dropout masks; needed in training mode if anything is dropped,
            not used in evaluation mode.

        Returns
        -------
        Tensor, shape (N, output_size)
            Standardised 3D coordinates, no unit.

        Raises
        ------
        ValueError
            If `x` has another shape, or if masks are to be drawn and no generator is given.

        Examples
        --------
        >>> import torch
        >>> network = Martinez(4, 6, linear_size=8)
        >>> network(torch.ones(3, 4), torch.Generator().manual_seed(0)).shape
        torch.Size([3, 6])
        """
        if x.ndim != 2 or x.shape[1] != self.input_size:
            raise ValueError(
                f"the network takes an array of shape (N, {self.input_size}); got {tuple(x.shape)}."
            )
        if self.training and (self.dropout or self.drop_input) and generator is None:
            raise ValueError(
                "in training mode the network draws dropout masks: pass a torch.Generator, "
                "or call eval() first."
            )

        def drop(values: Tensor) -> Tensor:
            return _drop(values, self.dropout, generator) if self.training else values

        if self.training:
            x = _drop(x, self.drop_input, generator)
        x = drop(torch.relu(self.batch_norm1(self.w1(x))))
        for stage in self.linear_stages:
            x = stage(x, drop)
        y: Tensor = self.w2(x)
        return y

    def state(self) -> dict[str, Tensor]:
        """Everything needed to build it again."""
        return dict(self.state_dict())

    @classmethod
    def from_state(cls, state_dict: Mapping[str, Tensor]) -> "Martinez":
        """Build the network whose parameters and buffers are given.

        Parameters
        ----------
        state_dict : mapping of str to Tensor
            As `state_dict()` returns it, or as the entry ``"state_dict"`` of a checkpoint of
            liftpose 0.22 holds it.

        Returns
        -------
        Martinez
            With sizes taken from the shapes of the tensors; dropout, which no tensor tells,
            at its default. In evaluation mode.

        Raises
        ------
        ValueError
            If a tensor is missing, is unknown or has a shape that does not fit the others.

        Examples
        --------
        >>> trained = Martinez(4, 6, linear_size=8, num_stage=3)
        >>> copy = Martinez.from_state(trained.state_dict())
        >>> copy.input_size, copy.output_size, copy.linear_size, copy.num_stage
        (4, 6, 8, 3)
        """
        for name in ("w1.weight", "w2.weight"):
            if name not in state_dict or state_dict[name].ndim != 2:
                raise ValueError(f"expected a matrix {name!r} among the tensors of the network.")
        linear_size, input_size = state_dict["w1.weight"].shape
        stages = {name.split(".")[1] for name in state_dict if name.startswith("linear_stages.")}
        network = cls(input_size, state_dict["w2.weight"].shape[0], linear_size, len(stages))
        try:
            network.load_state_dict(state_dict)
        except RuntimeError as error:
            raise ValueError(
                f"these tensors are not those of a residual network of width {linear_size} "
                f"with {len(stages)} stages: {error}"
            ) from error
        return network.eval()


class _Stage(nn.Module):
    """One residual block: ``x + f(f(x))``."""

    def __init__(self, size: int, generator: torch.Generator) -> None:
        super().__init__()
        self.w1 = _linear(size, size, generator)
        self.batch_norm1 = nn.BatchNorm1d(size)
        self.w2 = _linear(size, size, generator)
        self.batch_norm2 = nn.BatchNorm1d(size)

    def forward(self, x: Tensor, drop: Callable[[Tensor], Tensor]) -> Tensor:
        y = drop(torch.relu(self.batch_norm1(self.w1(x))))
        y = drop(torch.relu(self.batch_norm2(self.w2(y))))
        return x + y


def _linear(fan_in: int, fan_out: int, generator: torch.Generator) -> nn.Linear:
    # A plain nn.Linear would draw weights of its own from the global random state.
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, fan_in, fan_out)
    bound = 1 / math.sqrt(fan_in)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


def _drop(x: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    if share == 0:
        return x
    # Drawn on the CPU whatever the device, so that a seed means the same masks everywhere.
    # Measured: comparing uniform numbers takes a third of the time of `bernoulli_`.
    kept = torch.rand(x.shape, generator=generator) >= share
    return x * (kept.to(x.device, x.dtype) / (1 - share))
