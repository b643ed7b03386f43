"""The verbs a newcomer begins with: `demo` and `info`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli.app import app
from liftpose.cli.options import Debug, Json, Quiet
from liftpose.terminal import session


@app.command(
    short_help="Simulate animals, train on some, lift others.",
    epilog="\b\nExample:\n  liftpose demo --animal mouse -o demo",
)
def demo(
    animal: Annotated[str, typer.Option(help="hexapod, quadruped or mouse.")] = "hexapod",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("demo"),
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Simulate animals, train on some, lift others, and show how well it went."""
    with session(json, quiet, debug) as say:
        from liftpose.demo import run

        with say.progress("getting ready") as advance:
            found = run(animal, out, lambda what, share: advance(share, 1, what))
        say.result(found.as_dict(), str(found))


@app.command(epilog="\b\nExamples:\n  liftpose info walk.h5\n  liftpose info fly --json")
def info(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Poses, a calibration, a lifter, a run's folder, a skeleton or a params file.",
        ),
    ],
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say what is in a file."""
    with session(json, quiet, debug) as say:
        from liftpose.about import about

        found = about(file)
        say.result({"kind": found.kind, **found.facts}, found.text)
