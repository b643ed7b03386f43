"""Every setting of a lifter, once, with its meaning."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch

from liftpose.lifter.effort import EFFORTS
from liftpose.names import closest, listed

log = logging.getLogger("liftpose")

NETWORKS = ("residual", "kernel", "ridge", "martinez")

_OUT_DIR_NAMES = ("data_dir", "exp", "out", "out_dir")
"""0.22's names for the folder, which are accepted and all mean `out_dir`."""


def _martinez(default: Any) -> Any:
    """A setting of the published network only; naming it selects that network."""
    return field(default=default, metadata={"network": "martinez"})


@dataclass(frozen=True)
class Options:
    """Settings of training and lifting.

    The names and defaults of `liftpose` 0.22 are kept; `device`, `seed` and `network` are new.

    Raises
    ------
    ValueError
        A value outside its range.
    TypeError
        A value of another type.

    Examples
    --------
    >>> Options.from_kwargs({"epochs": 15}).epochs
    15
    >>> Options.from_kwargs({"linear_size": 512}).network
    'martinez'
    """

    out_dir: str = "out"
    """Folder of checkpoints, log and results (0.22's `data_dir`, `exp` and `out` mean it too)."""
    network: str = "residual"
    """`residual` (ours), `kernel` (ours but without networks, as with the effort `fast`), `ridge`
    (the linear map alone), `martinez` (published)."""
    effort: str = "default"
    """`fast`, `default` or `best`: how much time fitting and lifting may take."""
    bone_fit: bool = True
    """Whether lifted poses are fitted to their 2D and their bones, where that serves held-out
    frames."""
    mirror: bool = True
    """Whether mirror images of the training poses, left and right exchanged, are learned from
    too, where that serves held-out frames."""
    epochs: int = 30
    """Total passes over the training frames; a resumed run continues up to it."""
    batch_size: int = 64
    """Poses in one training step (of each fold's network)."""
    lr: float = 1e-3
    """Learning rate: its plateau for ours, its start for the published network."""
    noise: float | None = None
    """Standard deviation, in pixels, of Gaussian noise on the training 2D; None is none."""
    min_confidence: float = 0.1
    """Least confidence of a tracker, 0 to 1; a 2D joint below it counts as not seen, and above it
    weighs."""
    load: str | None = None
    """Checkpoint to start from: looked up as given, then in `out_dir`."""
    resume: bool = False
    """Continue a stopped run (from `load`, or from the last checkpoint) instead of a new one."""
    test: bool = False
    """Do not train: score the checkpoint (`load`, or the best) on the test data."""
    predict: bool = False
    """Do not train or score: lift the test 2D with the checkpoint (`load`, or the best)."""
    procrustes: bool = False
    """Score after the best rotation, translation and scale of every frame (PA-MPJPE)."""
    job: int | None = None
    """CPU threads; None leaves PyTorch's own choice."""
    device: str = "auto"
    """`auto` (a CUDA GPU where there is one), `cpu`, `cuda`, `cuda:1`, ..."""
    seed: int = 0
    """Seed of every random draw: weights, order of frames, dropout, augmentation."""
    linear_size: int = _martinez(1024)
    """Width of the published network."""
    num_stage: int = _martinez(2)
    """Residual blocks of the published network."""
    dropout: float = _martinez(0.5)
    """Probability of dropping a hidden unit of the published network."""
    drop_input: float = _martinez(0.0)
    """Probability of dropping an input of the published network."""
    lr_decay: int = _martinez(5000)
    """Steps after which the published network's learning rate has fallen by `lr_gamma`."""
    lr_gamma: float = _martinez(0.9)
    """Factor of that fall."""
    max_norm: bool = _martinez(True)
    """Clip the published network's gradient to norm 1."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "linear_size", "num_stage", "lr_decay"):
            _check_number(name, getattr(self, name), int, low=0 if name == "num_stage" else 1)
        _check_number("seed", self.seed, int, low=0)
        _check_number("lr", self.lr, float, low=0.0, above=True)
        _check_number("lr_gamma", self.lr_gamma, float, low=0.0, above=True)
        for name in ("dropout", "drop_input"):
            _check_number(name, getattr(self, name), float, low=0.0)
            if getattr(self, name) >= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected a share below 1.")
        _check_number("min_confidence", self.min_confidence, float, low=0.0)
        if self.min_confidence > 1:
            raise ValueError(f"min_confidence is {self.min_confidence}; expected 0 to 1.")
        if self.noise is not None:
            _check_number("noise", self.noise, float, low=0.0)
        if self.job is not None:
            _check_number("job", self.job, int, low=1)
        for name in ("bone_fit", "mirror", "resume", "test", "predict", "procrustes", "max_norm"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} is {getattr(self, name)!r}; expected True or False.")
        if self.effort not in EFFORTS:
            raise ValueError(f"effort is {self.effort!r}; expected {listed(list(EFFORTS))}.")
        if self.network not in NETWORKS:
            raise ValueError(f"network is {self.network!r}; expected {listed(NETWORKS)}.")

    @property
    def members(self) -> str:
        """What is fitted: `network`, or `kernel` where the effort allows for no networks."""
        if self.network == "residual" and not EFFORTS[self.effort].networks:
            return "kernel"
        return self.network

    @classmethod
    def from_kwargs(
        cls, kwargs: Mapping[str, Any] | None, out_dir: Any = None, stats_given: bool = False
    ) -> Options:
        """Options as `training_kwargs` gives them.

        Parameters
        ----------
        kwargs : mapping of str to value, optional
            Any option by name; the others keep their defaults.
        out_dir : path-like, optional
            The folder, where it is given beside `kwargs`.
        stats_given : bool
            Whether normalization statistics are given, which selects the published network.

        Returns
        -------
        Options

        Raises
        ------
        ValueError
            An unknown option (the closest name is offered), the folder named twice differently,
            or a setting of the published network together with another network.
        TypeError
            `kwargs` is no mapping, or a value has the wrong type.
        """
        if kwargs is None:
            kwargs = {}
        if not isinstance(kwargs, Mapping):
            raise TypeError(
                f"training_kwargs is a {type(kwargs).__name__}; expected a dict of options. "
                "(A comma after the closing brace makes a tuple of it.)"
            )
        known = {entry.name for entry in fields(cls)} | set(_OUT_DIR_NAMES)
        for name in kwargs:
            if name not in known:
                offer = closest(str(name), sorted(known))
                raise ValueError(f"unknown option {name!r} in training_kwargs.{offer}")
        named = {name: value for name, value in kwargs.items() if name not in _OUT_DIR_NAMES}
        folder = _one_folder(kwargs, out_dir)
        if folder is not None:
            named["out_dir"] = folder
        named = {name: _plain(value) for name, value in named.items()}
        return cls(**_with_network(named, stats_given))

    def as_dict(self) -> dict[str, Any]:
        """Every option by name, as plain values."""
        return asdict(self)

    def but(self, **changes: Any) -> Options:
        """These options with some changed."""
        return replace(self, **changes)


def resolve_device(name: str) -> torch.device:
    """Device that the `device` option means on this machine.

    Parameters
    ----------
    name : str
        `auto`, or a name that PyTorch knows.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        A name that PyTorch does not know, or a device this machine does not have.

    Examples
    --------
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device is {name!r}; expected 'auto', 'cpu', 'cuda' ...") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device is {name!r}, but PyTorch sees {torch.cuda.device_count() or 'no'} GPU here; "
            "use 'auto' or 'cpu'."
        )
    return device


def available_device(name: str) -> torch.device:
    """Device that a saved `device` option means here: what was trained on a GPU lifts without one.

    Parameters
    ----------
    name : str
        As in `resolve_device`.

    Returns
    -------
    torch.device

    Examples
    --------
    >>> available_device("cuda:99").type in ("cpu", "cuda")
    True
    """
    try:
        return resolve_device(name)
    except ValueError:
        log.info("there is no device %r here; the lifter is put on another one.", name)
        return resolve_device("auto")


def _one_folder(kwargs: Mapping[str, Any], out_dir: Any) -> str | None:
    # 0.22's own default of `exp` is empty, and scripts that spell out its defaults pass it on.
    given = {name: kwargs[name] for name in _OUT_DIR_NAMES if kwargs.get(name) not in (None, "")}
    if out_dir is not None:
        given["the argument out_dir"] = out_dir
    folders = {os.path.abspath(os.fspath(value)) for value in given.values()}
    if len(folders) > 1:
        raise ValueError(
            "the output folder is given twice, differently: "
            + ", ".join(f"{name}={value!r}" for name, value in given.items())
            + ". Give it once."
        )
    return os.fspath(next(iter(given.values()))) if given else None


def _with_network(named: dict[str, Any], stats_given: bool) -> dict[str, Any]:
    published = [
        entry.name
        for entry in fields(Options)
        if entry.metadata.get("network") == "martinez" and entry.name in named
    ]
    if stats_given:
        published.append("stats")
    if published and named.get("network", "martinez") != "martinez":
        raise ValueError(
            f"{', '.join(published)}: of the published network only, but network is "
            f"{named['network']!r}. Drop one, or name network='martinez'."
        )
    if published and "network" not in named:
        log.info(
            "%s: of the published network, which is trained therefore (network martinez).",
            ", ".join(published),
        )
    return {**named, "network": "martinez"} if published else named


def _plain(value: Any) -> Any:
    """NumPy's scalars, paths and torch devices as Python's own values."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return str(value) if isinstance(value, torch.device) else value


def _check_number(name: str, value: Any, kind: type, low: float, above: bool = False) -> None:
    accepted = (int,) if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, accepted):
        raise TypeError(
            f"{name} is {value!r}; expected {'an integer' if kind is int else 'a number'}."
        )
    if not (value > low if above else value >= low):
        raise ValueError(
            f"{name} is {value}; expected {'more than' if above else 'at least'} {low}."
        )
