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
    short_help="Draw poses, angles, or the errors of a run.",
    epilog="\b\nExamples:\n"
    "  liftpose plot lifted.nc -o poses.png\n"
    "  liftpose plot walk.h5 -o poses.pdf --skeleton fly.toml --frames 0,150,300\n"
    "  liftpose plot lifted.nc -o sides.pdf --kind views --frames 12,80\n"
    "  liftpose plot lifted.nc -o angles.svg --kind angles\n"
    "  liftpose plot fly -o errors.png   # the folder of a run\n"
    "  liftpose plot fly -o trust.png --kind calibration,occlusion,risk",
)
def plot(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="POSES|ANGLES|RUN",
            help="Poses, 2D or 3D; a table of angles; or the folder of a run.",
        ),
    ],
    out: Output,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND,KIND,...",
            help="Of a run, one or more of errors, time, training, calibration, occlusion, risk. "
            "Of poses, one of poses, views (from several sides), angles (over time).",
        ),
    ] = None,
    skeleton: Bones = None,
    frames: Annotated[
        str | None,
        typer.Option(metavar="N,N,...", help="Which frames, from 0. By default some, well seen."),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B,C", help="With --kind angles: only that at B, as often as need be."
        ),
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
    """Draw poses or angles of a file, or how large the errors of a run are, where and how sure.

    The ending of FILE says what is written: .png, .pdf or .svg. Of a run, errors, time and
    training are drawn where no --kind is given.
    """
    with session(json, quiet, debug) as say:
        from liftpose.picturing import plot_file

        rows = [frame_number(word, "--frames") for word in listed(frames)]
        with say.progress("drawing") as advance:
            found = plot_file(
                source,
                out,
                kinds=listed(kind),
                skeleton=skeleton,
                frames=rows,
                at=at or (),
                hints=as_hints(format=format, camera=camera, dims=dims, individuals=individual),
                overwrite=overwrite,
                on_progress=advance,
            )
        say.result(found.as_dict(), str(found))
