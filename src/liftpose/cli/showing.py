"""The verb `plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli.app import app
from liftpose.cli.options import (
    Bones,
    Debug,
    Dims,
    FileCamera,
    Format,
    Individuals,
    Json,
    Output,
    Overwrite,
    Quiet,
)
from liftpose.cli.words import as_hints, frame_number, listed
from liftpose.terminal import session


@app.command(
    short_help="Draw poses of a file, or the errors of a run.",
    epilog="\b\nExamples:\n"
    "  liftpose plot lifted.nc -o poses.png --skeleton fly.lifter\n"
    "  liftpose plot walk.h5 -o poses.pdf --skeleton fly.toml --frames 0,150,300\n"
    "  liftpose plot fly -o errors.png   # the folder of a run",
)
def plot(
    source: Annotated[
        Path, typer.Argument(metavar="POSES|RUN", help="Poses, 2D or 3D; or a run's folder.")
    ],
    out: Output,
    skeleton: Bones = None,
    frames: Annotated[
        str | None, typer.Option(metavar="N,N,...", help="Which frames, from 0. By default six.")
    ] = None,
    format: Format = None,
    camera: FileCamera = None,
    dims: Dims = None,
    individual: Individuals = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Draw poses of a file, or how large the errors of a run are and how its training went."""
    with session(json, quiet, debug) as say:
        from liftpose.picturing import plot_file

        rows = [frame_number(word, "--frames") for word in listed(frames)]
        with say.progress("drawing") as advance:
            found = plot_file(
                source,
                out,
                skeleton=skeleton,
                frames=rows,
                hints=as_hints(format=format, camera=camera, dims=dims, individuals=individual),
                overwrite=overwrite,
                on_progress=advance,
            )
        say.result(found.as_dict(), str(found))
