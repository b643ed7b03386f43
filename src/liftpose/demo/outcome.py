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
    first : tuple of Written
        Files to look at first.
    files : tuple of Written
        What else there is to look at and to go on with.
    commands : tuple of str
        What to type next.
    """

    animal: str
    folder: Path
    trained: int
    lifted: int
    errors: Evaluation
    first: tuple[Written, ...]
    files: tuple[Written, ...]
    commands: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """How far off the poses are, beside two simple guesses."""
        unit = f" {self.errors.unit}" if self.errors.unit else ""
        ours, ridge, mean = (
            f"{self.errors.mpjpe[name]:.2g}{unit}" for name in ("liftpose", "ridge", "mean_pose")
        )
        share = self.errors.percent(self.errors.mpjpe["liftpose"])
        return (
            f"On {self.lifted} {_plural(self.animal, self.lifted)} that the lifter never saw, "
            f"joints are {ours} off, {share:.1f} % of the body length.\n"
            f"A linear map is {ridge} off, and the mean pose {mean}."
        )

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "animal": self.animal,
            "folder": str(self.folder),
            "trained_on_animals": self.trained,
            "lifted_animals": self.lifted,
            "errors": self.errors.as_dict(),
            "files": {str(file.path): file.what for file in (*self.first, *self.files)},
            "next": list(self.commands),
        }

    def __str__(self) -> str:
        wide = max(len(str(file.path)) for file in (*self.first, *self.files))
        first, files = (
            [f"  {file.path!s:{wide}}  {file.what}" for file in part]
            for part in (self.first, self.files)
        )
        return "\n".join(
            (
                "Written:",
                "",
                *files,
                "",
                self.sentence,
                "",
                "Look first at:",
                "",
                *first,
                "",
                "Next:",
                "",
                *(f"  {command}" for command in self.commands),
                "",
                "With your own poses, begin at `train --init 2D_FILE 3D_FILE`: the same frames",
                "in 2D and 3D, as your trackers wrote them (`liftpose info --formats`).",
            )
        )


def _plural(animal: str, count: int) -> str:
    if count == 1:
        return animal
    return "mice" if animal == "mouse" else f"{animal}s"


@dataclass(frozen=True)
class Named:
    """Files of a demo that its commands name.

    Parameters
    ----------
    folder : pathlib.Path
        Of the demo, to which the commands write, too.
    model : pathlib.Path
        The lifter.
    flat, deep, lifted : pathlib.Path
        2D, true 3D and lifted 3D of an animal.
    learned : pair of pathlib.Path
        2D and 3D that were learned from.
    """

    folder: Path
    model: Path
    flat: Path
    deep: Path
    lifted: Path
    learned: tuple[Path, Path]


def commands(of: Named) -> tuple[str, ...]:
    """Commands that go on from a demo: those that show, then those that do it again.

    Parameters
    ----------
    of : Named

    Returns
    -------
    tuple of str
    """
    told = command()

    def line(verb: str, *words: str | Path) -> str:
        quoted = (word if isinstance(word, str) else shlex.quote(str(word)) for word in words)
        return " ".join((told, verb, *quoted))

    known = ("--truth", of.deep, "--poses-2d", of.flat)
    params = of.folder / "params.toml"
    return (
        line("view", of.lifted, *known),
        line("report", of.lifted, *known, "-o", of.folder / "one_animal.html"),
        line("video", of.lifted, "--truth", of.deep, "--slower 4 -o", of.folder / "film.mp4"),
        line("plot", of.lifted, "--kind views -o", of.folder / "views.png"),
        line("lift", of.model, of.flat, "-o", of.folder / "lifted.nc"),
        line("evaluate", of.model, of.flat, of.deep),
        line("train --init", *of.learned, "-o", params),
        line("train", params, "-o", of.folder / "trained"),
    )
