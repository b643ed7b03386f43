"""The verb `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli.app import app
from liftpose.cli.options import Debug, Json, Output, Overwrite, Quiet
from liftpose.terminal import session


@app.command(
    short_help="Write a page that says how good poses are.",
    epilog="\b\nExamples:\n"
    "  liftpose report fly -o report.html   # the folder of a run\n"
    "  liftpose report lifted.nc -o report.html --truth known_3d.nc\n"
    "  liftpose report lifted.nc -o report.html --frames 100..400",
)
def report(
    source: Annotated[
        Path, typer.Argument(metavar="RUN|POSES", help="A run's folder, or lifted poses.")
    ],
    out: Output,
    truth: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With POSES: the true 3D of the same frames."),
    ] = None,
    poses_2d: Annotated[
        Path | None,
        typer.Option("--poses-2d", metavar="FILE", help="With POSES: the 2D they are from."),
    ] = None,
    skeleton: Annotated[
        Path | None,
        typer.Option(metavar="FILE|NAME", help="With POSES that carry none: their skeleton."),
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Title of the page.")] = None,
    frames: Annotated[
        str | None,
        typer.Option(
            metavar="A..B",
            help="What the player shows. By default all, or every nth.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write one page, to be opened in any browser, that says how good lifted poses are.

    It holds the poses themselves, which one can turn and play, where they are bad, how far to
    believe them, and what was done, for a methods section. It needs no network and no other file.
    """
    with session(json, quiet, debug) as say:
        from liftpose.reporting import report_file

        with say.progress("reporting") as advance:
            found = report_file(
                source,
                out,
                truth=truth,
                poses_2d=poses_2d,
                skeleton=skeleton,
                title=title,
                frames=_range(frames),
                overwrite=overwrite,
                on_progress=advance,
            )
        say.result(found.as_dict(), str(found))


def _range(words: str | None) -> tuple[int, int | None] | None:
    if words is None:
        return None
    first, dots, last = words.partition("..")
    try:
        return int(first or 0), int(last) if last else None if dots else int(first)
    except ValueError:
        raise typer.BadParameter(f"--frames {words}: expected A..B, such as 100..400.") from None
