"""The verbs `lift` and `place`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import liftpose
from liftpose.cli.app import app
from liftpose.cli.options import (
    ByOrder,
    Calibration,
    CameraName,
    Crop,
    Debug,
    Feet,
    FloorAt,
    Format,
    Fps,
    Individuals,
    JointNames,
    Json,
    Length,
    Lifts,
    MinConfidence,
    Model,
    Output,
    Overwrite,
    Quiet,
    Rename,
    RenameTable,
    Scale,
    SeenIn2D,
    Size,
    To,
    Up,
)
from liftpose.cli.words import as_hints, finish, listed
from liftpose.terminal import session


@app.command(
    short_help="Lift files of 2D poses to files of 3D poses.",
    epilog="\b\nExamples:\n"
    "  liftpose lift fly walk.h5 -o walk_3d.nc\n"
    "  liftpose lift fly.lifter recordings/*.h5 -o lifted   # again: goes on\n"
    "  liftpose lift fly.lifter *.csv -o lifted --to csv --rename paw=hand\n"
    "  liftpose lift fly a.h5 -o a.nc --calibration calib.toml --camera left\n"
    "  liftpose lift rat a.h5 -o a.nc --place --floor 3d.nc --feet paw_L,paw_R",
)
def lift(
    model: Model,
    poses: Annotated[
        list[Path],
        typer.Argument(metavar="POSES", help="Files of 2D poses, patterns, or folders of them."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write; for several poses, a folder.")
    ],
    to: To = None,
    rename: Rename = None,
    rename_table: RenameTable = None,
    by_order: ByOrder = False,
    individual: Individuals = None,
    min_confidence: MinConfidence = None,
    fps: Fps = None,
    format: Format = None,
    joints: JointNames = None,
    size: Size = None,
    calibration: Calibration = None,
    camera: CameraName = None,
    crop: Crop = None,
    scale: Scale = None,
    place: Annotated[
        bool, typer.Option("--place", help="Put the poses where they are in the world.")
    ] = False,
    length: Length = None,
    floor: FloorAt = None,
    feet: Feet = None,
    up: Up = None,
    hypotheses: Annotated[
        int,
        typer.Option(
            "--hypotheses", metavar="K", help="Also draw K poses that may be true as well."
        ),
    ] = 0,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Lift files of 2D poses to files of 3D poses, however long they are.

    In a folder, files that were lifted before from the same 2D, by the same lifter with the same
    options, are skipped. One that fails does not stop the rest: it is listed at the end.
    """
    with session(json, quiet, debug) as say:
        from liftpose.io.batch import gather
        from liftpose.lifting import LiftSummary, camera_of, lift_files, read_renames
        from liftpose.postprocess.floors import read_floor

        names, lifter = read_renames(rename or (), rename_table), liftpose.load(model)
        hints = as_hints(
            format=format,
            individuals=individual,
            min_confidence=min_confidence,
            joints=joints,
            size=size,
            camera=camera,
        )
        found = gather(poses, format)
        filmed = camera_of(lifter, calibration, camera, crop, scale, known_of=found.files[:1])
        learned = lifter.skeleton_known.joints
        under = read_floor(floor or (), listed(feet), learned, up=up, rename=names)
        if under is not None:
            say.note(f"floor: {under}")
        with say.progress("lifting", "" if len(found.files) > 1 else "frames") as advance:
            outcomes = lift_files(
                lifter,
                found.files,
                out,
                folder=found.many,
                to=to,
                rename=names,
                by_order=by_order,
                fps=fps,
                overwrite=overwrite,
                camera=filmed,
                placed=place,
                length=length,
                floor=under,
                hypotheses=hypotheses,
                hints=hints,
                on_progress=advance,
            )
        for entry in outcomes:
            for text in entry.warnings if isinstance(entry, LiftSummary) else ():
                say.warn(text)
        finish(say, outcomes, found.left_out)


@app.command(
    short_help="Put lifted poses where they are in the world.",
    epilog="\b\nExamples:\n"
    "  liftpose place lifted.nc -o placed.nc --poses-2d a.h5 --lifter fly.lifter\n"
    "  liftpose place lifted.nc -o placed.nc --poses-2d a.h5 \\\n"
    "      --calibration calib.toml --camera left --floor z=0 --feet paw_L,paw_R",
)
def place(
    poses: Lifts,
    out: Output,
    poses_2d: SeenIn2D,
    lifter: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="What lifted them, if its camera filmed them."),
    ] = None,
    calibration: Calibration = None,
    camera: CameraName = None,
    crop: Crop = None,
    scale: Scale = None,
    rename: Rename = None,
    rename_table: RenameTable = None,
    length: Length = None,
    floor: FloorAt = None,
    feet: Feet = None,
    up: Up = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Put lifted poses where they are in the world, as `liftpose lift --place` does.

    It needs the 2D that was lifted, and the camera that filmed it.
    """
    with session(json, quiet, debug) as say:
        from liftpose.io.calibration import crops, scales
        from liftpose.io.renames import read_renames
        from liftpose.refining import place_file

        with say.progress("placing") as advance:
            found = place_file(
                poses,
                out,
                poses_2d,
                lifter=lifter,
                calibration=calibration,
                camera=camera,
                crop=crops(crop),
                scale=scales(scale),
                rename=read_renames(rename or (), rename_table),
                length=length,
                floor=floor or (),
                feet=listed(feet),
                up=up,
                overwrite=overwrite,
                on_progress=advance,
            )
        say.result(found.as_dict(), str(found))
