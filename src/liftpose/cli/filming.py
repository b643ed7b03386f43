"""The verb `video`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli.app import app
from liftpose.cli.options import (
    Bones,
    Calibration,
    CameraName,
    Debug,
    Fps,
    Json,
    Lifts,
    MinConfidence,
    Output,
    Overwrite,
    Quiet,
)
from liftpose.cli.words import frame_number, numbers
from liftpose.terminal import session


@app.command(
    short_help="Film lifted poses, beside the video they come from.",
    epilog="\b\nExamples:\n"
    "  liftpose video lifted.nc -o lifted.mp4\n"
    "  liftpose video lifted.nc -o film.mp4 --video raw.mp4 --preview\n"
    "  liftpose video lifted.nc -o film.mp4 --video raw.mp4 \\\n"
    "      --calibration calib.toml --camera left --spread --trail 25\n"
    "  liftpose video lifted.nc -o part.mp4 --frames 100..400 --slower 4",
)
def video(
    poses: Lifts,
    out: Output,
    raw: Annotated[
        Path | None,
        typer.Option("--video", metavar="FILE", help="The video that was tracked."),
    ] = None,
    poses_2d: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The 2D that was lifted, where it is not found.",
        ),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="True 3D poses, drawn behind in grey.")
    ] = None,
    skeleton: Bones = None,
    calibration: Calibration = None,
    camera: CameraName = None,
    offset: Annotated[
        int | None, typer.Option(metavar="N", help="Picture of the video that frame 0 is of.")
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option(metavar="X,Y", help="Left and top of the part of the video that was tracked."),
    ] = None,
    individual: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which animal. By default the first.")
    ] = None,
    frames: Annotated[
        str | None, typer.Option(metavar="A..B", help="From frame A to frame B. By default all.")
    ] = None,
    slower: Annotated[
        float, typer.Option(metavar="TIMES", help="So many times slower than life.")
    ] = 1.0,
    turn: Annotated[
        float | None,
        typer.Option(metavar="DEGREES", help="How far the view turns in a second. By default 12."),
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(
            metavar="AZ,EL", help="Look from there all the time: azimuth and elevation, degrees."
        ),
    ] = None,
    trail: Annotated[
        int, typer.Option(metavar="N", help="Frames that trails of the limbs' ends reach back.")
    ] = 0,
    spread: Annotated[
        bool, typer.Option("--spread", help="Draw how sure each joint is: 1 and 2 deviations.")
    ] = False,
    min_confidence: MinConfidence = None,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="All of the picture, not a part around the animal."),
    ] = False,
    size: Annotated[
        str | None, typer.Option(metavar="W,H", help="Of the film, pixels. By default 1440,720.")
    ] = None,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Three seconds at half the size, ready at once."),
    ] = False,
    fps: Fps = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Film lifted poses, or any other 3D poses, beside the video that they were lifted from.

    On the left is the video with the 2D and, if the camera is known, the 3D as it sees it; on the
    right the 3D pose, which the view follows and turns around.
    """
    with session(json, quiet, debug) as say:
        from liftpose.filming import FilmOptions, film_file

        first, _, last = (frames or "0").partition("..")
        asked = FilmOptions(
            first=frame_number(first, "--frames"),
            last=frame_number(last, "--frames") if last else None,
            slower=slower,
            turn=turn,
            view=_pair(view, "--view", "azimuth and elevation, such as 30,10"),
            trail=trail,
            spread=spread,
            size=_whole(_pair(size, "--size", "W,H, such as 1440,720")),
            whole=whole,
            preview=preview,
            **({} if min_confidence is None else {"min_confidence": min_confidence}),
        )
        corner = "X,Y or X,Y,W,H in pixels, such as 120,40"
        with say.progress("filming", "pictures") as advance:
            found = film_file(
                poses,
                out,
                video=raw,
                poses_2d=poses_2d,
                truth=truth,
                skeleton=skeleton,
                calibration=calibration,
                camera=camera,
                crop=None if crop is None else numbers(crop, "--crop", [2, 4], corner),
                offset=offset,
                individual=individual,
                fps=fps,
                options=asked,
                overwrite=overwrite,
                on_progress=lambda done, whole: advance(done, whole, ""),
            )
        for text in found.warnings:
            say.warn(text)
        say.result(found.as_dict(), str(found))


def _pair(words: str | None, option: str, like: str) -> tuple[float, float] | None:
    if words is None:
        return None
    one, other = numbers(words, option, [2], like)
    return one, other


def _whole(pair: tuple[float, float] | None) -> tuple[int, int] | None:
    return None if pair is None else (int(pair[0]), int(pair[1]))
