"""What the command line says in words of its own: lists, numbers of files, pairs and progress."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from liftpose.terminal import Session, Status

if TYPE_CHECKING:
    from liftpose.io.hints import Hints


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


def as_hints(
    *,
    individuals: Sequence[str] | None = None,
    joints: str | None = None,
    size: str | None = None,
    **said: Any,
) -> Hints:
    """Understand what is said of pose files.

    Parameters
    ----------
    individuals : sequence of str, optional
    joints : str, optional
        Names with commas.
    size : str, optional
        Width and height with a comma.
    **said
        Of `liftpose.io.hints.Hints`, as it takes them.

    Returns
    -------
    Hints

    Raises
    ------
    typer.BadParameter
        A size of other than two numbers.
    """
    from liftpose.io.hints import Hints

    return Hints(
        individuals=tuple(individuals) if individuals else None,
        joints=tuple(listed(joints)) or None,
        size=None if size is None else numbers(size, "--size", [2], "W,H, such as 640,480"),
        **said,
    )


def numbers(words: str, option: str, counts: Sequence[int], like: str) -> tuple[float, ...]:
    """Understand numbers with commas.

    Parameters
    ----------
    words : str
    option : str
        What they are said with.
    counts : sequence of int
        How many there may be.
    like : str
        What they mean, with an example.

    Returns
    -------
    tuple of float

    Raises
    ------
    typer.BadParameter
        Something else.

    Examples
    --------
    >>> numbers("640,480", "--size", [2], "W,H, such as 640,480")
    (640.0, 480.0)
    """
    try:
        found = tuple(map(float, words.split(",")))
    except ValueError:
        found = ()
    if len(found) not in counts:
        raise typer.BadParameter(f"{option} {words}: expected {like}.")
    return found


def frame_number(word: str, option: str) -> int:
    """Understand the number of a frame.

    Parameters
    ----------
    word : str
    option : str
        What it is said with.

    Returns
    -------
    int

    Raises
    ------
    typer.BadParameter
        It is none.

    Examples
    --------
    >>> frame_number("12", "--frames")
    12
    """
    try:
        return int(word)
    except ValueError:
        raise typer.BadParameter(f"{option}: {word!r} is no number of a frame.") from None


def finish(say: Session, outcomes: Sequence[Any], left_out: Sequence[Path] = ()) -> None:
    """Print what came of files, those that failed last, and end with the status that says so.

    Parameters
    ----------
    say : Session
    outcomes : sequence
        One a file, of which `liftpose.io.batch.Failed` are those that failed.
    left_out : sequence of pathlib.Path
        What was in folders and is no pose file.

    Raises
    ------
    SystemExit
        Some failed.
    """
    from liftpose.io.batch import Failed, Skipped

    if left_out:
        names = ", ".join(path.name for path in left_out)
        say.note(f"left out, as no pose files: {names}")
    failed = [entry for entry in outcomes if isinstance(entry, Failed)]
    others = [entry for entry in outcomes if not isinstance(entry, Failed)]
    say.result([entry.as_dict() for entry in outcomes], "\n".join(map(str, others)))
    if len(outcomes) > 1:
        skipped = sum(isinstance(entry, Skipped) for entry in others)
        counts = {"done": len(others) - skipped, "done before": skipped, "failed": len(failed)}
        said = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
        say.note(f"{len(outcomes)} files: {said}")
    for entry in failed:
        say.error(entry.reason_with_file)
    if failed:
        # Here, so that whoever closed the pipe is noticed as ever.
        sys.stdout.flush()
        raise SystemExit(Status.SOME_FAILED)
