"""The verbs a newcomer begins with: `demo` and `info`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli import completion
from liftpose.cli.app import app
from liftpose.cli.options import (
    Debug,
    Dims,
    FileCamera,
    Format,
    Fps,
    Individuals,
    JointNames,
    Json,
    MinConfidence,
    Quiet,
    Size,
)
from liftpose.cli.words import as_hints
from liftpose.terminal import session


@app.command(
    short_help="Simulate animals, train on some, lift others.",
    epilog="\b\nExample:\n  liftpose demo --animal mouse -o demo",
)
def demo(
    animal: Annotated[
        str, typer.Option(help="hexapod, quadruped or mouse.", autocompletion=completion.animals)
    ] = "hexapod",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("demo"),
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Simulate animals, train on some, lift others, and show how well it went.

    It takes about a minute, and needs no files of yours. It ends with what to look at, and what to
    type next.
    """
    with session(json, quiet, debug, brief=True) as say:
        from liftpose.demo import run

        with say.progress("getting ready") as advance:
            found = run(animal, out, lambda what, share: advance(share, 1, what))
        say.result(found.as_dict(), str(found))


@app.command(
    short_help="Say what is in a file, or which formats there are.",
    epilog="\b\nExamples:\n"
    "  liftpose info walk.h5\n"
    "  liftpose info fly --json\n"
    "  liftpose info --formats",
)
def info(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Poses, a calibration, a lifter, a run's folder, a skeleton or a params file.",
        ),
    ] = None,
    formats: Annotated[
        bool, typer.Option("--formats", help="List the formats of poses instead.")
    ] = False,
    format: Format = None,
    camera: FileCamera = None,
    dims: Dims = None,
    size: Size = None,
    joints: JointNames = None,
    individual: Individuals = None,
    min_confidence: MinConfidence = None,
    fps: Fps = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say what is in a file: of poses also what is missing, and where identities seem swapped.

    The options but the last ones are for pose files, and the same as in `liftpose convert`.
    """
    with session(json, quiet, debug) as say:
        from liftpose.about import about, table_of_formats

        if formats or file is None:
            if not formats or file is not None:
                raise typer.BadParameter("name a file, or ask for --formats.")
            from liftpose.io import formats as known

            say.result([vars(entry) for entry in known()], table_of_formats())
            return
        hints = as_hints(
            format=format,
            camera=camera,
            dims=dims,
            size=size,
            joints=joints,
            individuals=individual,
            min_confidence=min_confidence,
            fps=fps,
        )
        with say.progress("looking", "frames") as advance:
            found = about(file, hints, lambda done, whole: advance(done, whole, ""))
        say.result({"kind": found.kind, **found.facts}, found.text)
