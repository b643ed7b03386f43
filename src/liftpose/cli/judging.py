"""The verb `evaluate`, which liftpose 0.22 calls `test`."""

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
    Json,
    Model,
    Overwrite,
    Quiet,
    Rename,
    RenameTable,
    Scale,
)
from liftpose.cli.words import as_hints, check_count
from liftpose.terminal import session


def evaluate(
    model: Model,
    poses: Annotated[
        list[Path] | None,
        typer.Argument(metavar="POSES TRUTH", help="2D poses, and 3D poses of the same frames."),
    ] = None,
    rename: Rename = None,
    rename_table: RenameTable = None,
    by_order: ByOrder = False,
    calibration: Calibration = None,
    camera: CameraName = None,
    crop: Crop = None,
    scale: Scale = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write it all to, as JSON.")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print the error of every joint, beside a linear map (ridge) and the mean pose.

    Errors are distances from the truth, both relative to their roots, in the unit of the 3D. The
    body length is the largest distance between two joints of a true pose, the median over frames.
    Below are errors of velocity and acceleration, in the image where the camera is known, and what
    error bars are worth where the lifter gives them.
    """
    with session(json, quiet, debug) as say:
        from liftpose import lifting
        from liftpose.evaluate import evaluate as score
        from liftpose.evaluate import read_evaluation, run_folder
        from liftpose.poses.pair import check_start

        if poses:
            check_count(poses, 2, 2, "a test takes a file of 2D poses and one of the true 3D poses")
        elif any((calibration, camera, crop, scale)):
            raise typer.BadParameter("a camera is that of poses; name files of 2D and 3D, too.")
        with say.progress("evaluating") as advance:
            if poses:
                advance(0, 10, "reading")
                names = lifting.read_renames(rename or (), rename_table)
                lifter = liftpose.load(model)
                filmed = lifting.camera_of(
                    lifter, calibration, camera, crop, scale, known_of=poses[:1]
                )
                flat, deep = (
                    lifting.read_for(lifter, file, names, by_order, as_hints(camera=one, dims=dims))
                    for file, one, dims in zip(poses, (camera, None), (2, 3), strict=True)
                )
                check_start(flat, deep, (str(poses[0]), str(poses[1])))
                advance(2, 10, "lifting and measuring")
                found = score(lifter, flat, deep, filmed)
            else:
                from liftpose.main import test as run

                advance(0, 10, "lifting and measuring")
                run(run_folder(model))
                found = read_evaluation(model)
            advance(10, 10, "")
        if out is not None:
            found.write(out, overwrite=overwrite)
        say.result(found.as_dict(), str(found))


for _verb, _short in (
    ("evaluate", "Print the error of every joint."),
    ("test", "The same as evaluate, by the word of liftpose 0.22."),
):
    app.command(
        _verb,
        short_help=_short,
        epilog="\b\nExamples:\n"
        f"  liftpose {_verb} fly   # on the test data of its training\n"
        f"  liftpose {_verb} fly.lifter new_2d.nc new_3d.nc -o errors.json",
    )(evaluate)
