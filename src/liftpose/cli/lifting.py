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
    Fps,
    Json,
    Length,
    Model,
    Overwrite,
    Quiet,
    Rename,
    RenameTable,
    Scale,
    Up,
)
from liftpose.cli.words import listed
from liftpose.terminal import session


@app.command(
    short_help="Lift files of 2D poses to files of 3D poses.",
    epilog="\b\nExamples:\n"
    "  liftpose lift fly walk.h5 -o walk_3d.nc\n"
    "  liftpose lift fly.lifter *.csv -o lifted --rename paw=hand\n"
    "  liftpose lift fly a.h5 -o a.nc --calibration calib.toml --camera left\n"
    "  liftpose lift rat a.h5 -o a.nc --place --floor 3d.nc --feet paw_L,paw_R",
)
def lift(
    model: Model,
    poses: Annotated[list[Path], typer.Argument(metavar="POSES", help="Files of 2D poses.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write; for several poses, a folder.")
    ],
    rename: Rename = None,
    rename_table: RenameTable = None,
    by_order: ByOrder = False,
    fps: Fps = None,
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
    """Lift files of 2D poses to files of 3D poses, however long they are."""
    with session(json, quiet, debug) as say:
        from liftpose.lifting import camera_of, lift_files, read_renames
        from liftpose.postprocess.floors import read_floor

        names, lifter = read_renames(rename or (), rename_table), liftpose.load(model)
        filmed = camera_of(lifter, calibration, camera, crop, scale)
        joints = lifter.skeleton_known.joints
        under = read_floor(floor or (), listed(feet), joints, up=up, rename=names)
        if under is not None:
            say.note(f"floor: {under}")
        with say.progress("lifting", "frames") as advance:
            done = lift_files(
                lifter,
                poses,
                out,
                rename=names,
                by_order=by_order,
                fps=fps,
                overwrite=overwrite,
                camera=filmed,
                placed=place,
                length=length,
                floor=under,
                hypotheses=hypotheses,
                on_progress=advance,
            )
        for text in (text for entry in done for text in entry.warnings):
            say.warn(text)
        say.result([entry.as_dict() for entry in done], "\n".join(map(str, done)))
