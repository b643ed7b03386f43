"""What the command line says in words of its own: lists, numbers of files, pairs and progress."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer


def check_count(files: Sequence[Path], least: int, most: int, rule: str) -> None:
    """Refuse another number of files, as a command line that makes no sense.

    Parameters
    ----------
    files : sequence of pathlib.Path
    least, most : int
    rule : str
        What is expected.

    Raises
    ------
    typer.BadParameter
    """
    if not least <= len(files) <= most:
        raise typer.BadParameter(f"{rule}; {len(files)} given.")


def listed(names: str | None) -> list[str]:
    """Take names apart that are written with commas.

    Examples
    --------
    >>> listed("paw, nose"), listed(None)
    (['paw', 'nose'], [])
    """
    return [] if names is None else [name.strip() for name in names.split(",")]


def trained(epoch: Any) -> tuple[int, int, str]:
    """Say of an epoch how far the training is, and how well it goes."""
    return epoch.number, epoch.lifter.options.epochs, f"held-out error {epoch.held_out.mpjpe:.4g}"
