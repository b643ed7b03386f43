"""What a demo leaves: its errors, its files, and what to type next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftpose.postprocess.evaluation import Evaluation
from liftpose.terminal import command


@dataclass(frozen=True)
class Written:
    """A file that a demo wrote.

    Parameters
    ----------
    path : pathlib.Path
        Where.
    what : str
        What it shows or holds.
    """

    path: Path
    what: str


@dataclass(frozen=True)
class Demo:
    """What a demo found and wrote.

    Parameters
    ----------
    animal : str
        What was simulated.
    folder : pathlib.Path
        Where everything is; the folder of a run, too.
    trained, lifted : int
        How many animals were learned from, and how many others lifted.
    errors : Evaluation
        Of the animals that were lifted.
    files : tuple of Written
        What there is to look at and to go on with.
    commands : tuple of str
        What to type next.
    """

    animal: str
    folder: Path
    trained: int
    lifted: int
    errors: Evaluation
    files: tuple[Written, ...]
    commands: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "animal": self.animal,
            "folder": str(self.folder),
            "trained_on_animals": self.trained,
            "lifted_animals": self.lifted,
            "errors": self.errors.as_dict(),
            "files": {str(file.path): file.what for file in self.files},
            "next": list(self.commands),
        }

    def __str__(self) -> str:
        wide = max(len(str(file.path)) for file in self.files)
        return "\n".join(
            (
                f"Errors on {self.lifted} animals that are not among the {self.trained} of the "
                "training:",
                "",
                str(self.errors),
                "",
                "Written:",
                "",
                *(f"  {file.path!s:{wide}}  {file.what}" for file in self.files),
                "",
                "Next:",
                "",
                *(f"  {command}" for command in self.commands),
                "",
                "With your own poses, begin at `train --init 2D_FILE 3D_FILE`: the same frames",
                "in 2D and 3D, as your trackers wrote them (`liftpose info --formats`).",
            )
        )


def commands(model: Path, poses: tuple[Path, Path], training: tuple[Path, Path]) -> tuple[str, ...]:
    """Commands that go on from a demo.

    Parameters
    ----------
    model : pathlib.Path
        The lifter.
    poses, training : pair of pathlib.Path
        2D and 3D of an animal to lift, and of those that were learned from.

    Returns
    -------
    tuple of str
    """
    lifter, flat, deep, *learned = (shlex.quote(str(path)) for path in (model, *poses, *training))
    liftpose = command()
    return (
        f"{liftpose} info {lifter}",
        f"{liftpose} lift {lifter} {flat} -o lifted.nc",
        f"{liftpose} test {lifter} {flat} {deep}",
        f"{liftpose} train --init {' '.join(learned)} -o params.toml",
        f"{liftpose} train params.toml -o trained",
    )
