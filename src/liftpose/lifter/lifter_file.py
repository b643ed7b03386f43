"""A lifter as one file that keeps for years: numbers in safetensors, the rest as JSON beside them.

The header of a safetensors file holds texts. Ours are ``format`` (``"liftpose-lifter"``),
``version`` (of the format), ``liftpose`` (the version that wrote it), ``digest``, and ``state``:
JSON of everything that is no array. In it ``{"array": name}`` stands for the array of that name.
Nothing in such a file can run.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

import liftpose
from liftpose.files import replacing
from liftpose.lifter.lifter import Lifter

FORMAT, VERSION = "liftpose-lifter", 3

_ARRAY = "array"


def save(lifter: Lifter, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Write a lifter to one file.

    Parameters
    ----------
    lifter : Lifter
        One that was fitted.
    path : path-like
        Where to, such as ``"fly.lifter"``.
    overwrite : bool
        Whether a file that is there is replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileExistsError
        There is a file, and `overwrite` is False.
    IsADirectoryError
        There is a folder.
    FileNotFoundError
        The folder that it is to be in is not there.
    ValueError
        The lifter was not fitted.
    """
    target = Path(path)
    if not lifter.fitted:
        raise ValueError("this lifter was not fitted; there is nothing to save yet.")
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; name a file, such as fly.lifter.")
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists; give overwrite=True to replace it.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} to write {target.name} to.")
    text, arrays = _apart(lifter)
    header = {
        "format": FORMAT,
        "version": str(VERSION),
        "liftpose": liftpose.__version__,
        "digest": _digest(text, arrays),
        "state": text,
    }
    with replacing(target) as beside:
        save_file(arrays, beside, metadata=header)
    return target


def read(path: str | os.PathLike[str]) -> Lifter:
    """Read a lifter that `save` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Lifter

    Raises
    ------
    FileNotFoundError
        There is none.
    ValueError
        A file that is something else, was cut short or changed, or is of a newer format.
    """
    source = Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"there is no lifter at {source}.")
    try:
        with safe_open(source, framework="pt", device="cpu") as file:
            header = file.metadata() or {}
            _check_format(header, source)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{source} is no lifter, or was cut short: {error}") from error
    if _digest(header["state"], arrays) != header.get("digest"):
        raise ValueError(f"{source} was changed or damaged: its digest is not that of its content.")
    try:
        return Lifter.from_state(_together(json.loads(header["state"]), arrays))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{source}: the lifter in it makes no sense: {error}") from error


def digest(lifter: Lifter) -> str:
    """Tell a lifter from others: SHA-256 of all that it is.

    Parameters
    ----------
    lifter : Lifter
        One that was fitted.

    Returns
    -------
    str
        64 hexadecimal digits, the same in every file of the same lifter.
    """
    return _digest(*_apart(lifter))


def _check_format(header: Mapping[str, str], source: Path) -> None:
    if header.get("format") != FORMAT or "state" not in header:
        raise ValueError(
            f"{source} is a safetensors file, but no lifter (its format is "
            f"{header.get('format', 'not named')!r})."
        )
    version = header.get("version", "")
    if not version.isdecimal():
        raise ValueError(f"{source}: its format version is {version!r}; expected a number.")
    if int(version) > VERSION:
        raise ValueError(
            f"{source} has format version {version}, written by liftpose "
            f"{header.get('liftpose', 'of some version')}; this liftpose {liftpose.__version__} "
            f"reads up to {VERSION}. Update liftpose."
        )


def _apart(lifter: Lifter) -> tuple[str, dict[str, Tensor]]:
    """A lifter's state as JSON, and the arrays that it names."""
    arrays: dict[str, Tensor] = {}

    def without_arrays(value: Any, name: str) -> Any:
        if isinstance(value, Tensor):
            # A copy: arrays that share memory cannot be written.
            arrays[name] = value.detach().cpu().clone().contiguous()
            return {_ARRAY: name}
        if isinstance(value, Mapping):
            return {str(key): without_arrays(part, f"{name}.{key}") for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [without_arrays(part, f"{name}.{i}") for i, part in enumerate(value)]
        return value

    # Which folder a run was in says nothing about the lifter.
    state = lifter.state()
    state["options"] = {**state["options"], "out_dir": "out", "load": None}
    plain = {key: without_arrays(value, key) for key, value in state.items()}
    return json.dumps(plain, sort_keys=True), arrays


def _together(value: Any, arrays: Mapping[str, Tensor]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return arrays[value[_ARRAY]]
        return {key: _together(part, arrays) for key, part in value.items()}
    if isinstance(value, list):
        return [_together(part, arrays) for part in value]
    return value


def _digest(text: str, arrays: Mapping[str, Tensor]) -> str:
    found = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"{name} {array.dtype} {tuple(array.shape)}".encode())
        found.update(array.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
