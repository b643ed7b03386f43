"""The verbs that show: `plot` and `video`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli.app import app
from liftpose.cli.options import (
    Debug,
    Dims,
    FileCamera,
    Format,
    Fps,
    Individuals,
    Json,
    Lifts,
    Output,
    Overwrite,
    Quiet,
)
from liftpose.cli.words import as_hints, listed
from liftpose.terminal import session

Bones = Annotated[
    Path | None,
    typer.Option(
        "--skeleton", metavar="FILE|NAME", help="A skeleton: a file, one that ships, a lifter."
    ),
]


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

        rows = [_number(word, "--frames") for word in listed(frames)]
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


@app.command(
    short_help="Film lifted poses.",
    epilog="\b\nExamples:\n"
    "  liftpose video lifted.nc -o lifted.mp4 --skeleton fly.lifter\n"
    "  liftpose video lifted.nc -o part.mp4 --skeleton fly.toml --frames 100..400 \\\n"
    "      --slower 4",
)
def video(
    poses: Lifts,
    out: Output,
    skeleton: Bones = None,
    frames: Annotated[
        str | None, typer.Option(metavar="A..B", help="From frame A to frame B. By default all.")
    ] = None,
    slower: Annotated[
        float, typer.Option(metavar="TIMES", help="How many times slower than life.")
    ] = 1.0,
    fps: Fps = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Film lifted poses, or any other 3D poses; of several animals, the first."""
    with session(json, quiet, debug) as say:
        from liftpose.picturing import film_file

        first, _, last = (frames or "0").partition("..")
        with say.progress("filming", "pictures") as advance:
            found = film_file(
                poses,
                out,
                skeleton=skeleton,
                first=_number(first, "--frames"),
                last=_number(last, "--frames") if last else None,
                slower=slower,
                fps=fps,
                overwrite=overwrite,
                on_progress=lambda done, whole: advance(done, whole, ""),
            )
        say.result(found.as_dict(), str(found))


def _number(word: str, option: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise typer.BadParameter(f"{option}: {word!r} is no number of a frame.") from None
