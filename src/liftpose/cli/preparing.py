"""The verbs that make files ready: `convert`, `convert-calibration` and `triangulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli.app import app
from liftpose.cli.options import (
    Crop,
    Debug,
    Dims,
    FileCamera,
    Format,
    Fps,
    Individuals,
    JointNames,
    Json,
    MinConfidence,
    Overwrite,
    Quiet,
    RenameAny,
    RenameTable,
    Scale,
    Size,
    To,
    Unit,
)
from liftpose.cli.words import as_hints, finish, listed
from liftpose.terminal import session


@app.command(
    short_help="Write poses of any format in any other.",
    epilog="\b\nExamples:\n"
    "  liftpose convert walk.h5 walk.csv\n"
    "  liftpose convert recordings/*.csv converted --to nc\n"
    "  liftpose convert walk.npy walk.nc --joints hip,knee,ankle --fps 100\n"
    "  liftpose convert df3d_result.pkl left.nc --dims 2 --camera 1",
)
def convert(
    poses: Annotated[
        list[Path],
        typer.Argument(metavar="IN", help="Files of poses, patterns, or folders of them."),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="File to write; for several poses, a folder.")
    ],
    format: Format = None,
    to: To = None,
    camera: FileCamera = None,
    dims: Dims = None,
    size: Size = None,
    joints: JointNames = None,
    individual: Individuals = None,
    unit: Unit = None,
    fps: Fps = None,
    min_confidence: MinConfidence = None,
    rename: RenameAny = None,
    rename_table: RenameTable = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write poses of any format that can be read in any that can be written.

    What the new file does not hold is said: it is read back and compared. `liftpose info
    --formats` lists the formats, and which of the options --camera, --dims and --size each takes.
    """
    with session(json, quiet, debug) as say:
        from liftpose.converting import ConvertSummary, convert_files
        from liftpose.io.batch import gather
        from liftpose.io.renames import read_renames

        hints = as_hints(
            format=format,
            camera=camera,
            dims=dims,
            size=size,
            joints=joints,
            individuals=individual,
            unit=unit,
            fps=fps,
            min_confidence=min_confidence,
        )
        found = gather(poses, format)
        with say.progress("converting", "" if len(found.files) > 1 else "frames") as advance:
            outcomes = convert_files(
                found.files,
                out,
                folder=found.many,
                to=to,
                hints=hints,
                rename=read_renames(rename or (), rename_table),
                overwrite=overwrite,
                on_progress=advance,
            )
        for entry in outcomes:
            for text in entry.warnings if isinstance(entry, ConvertSummary) else ():
                say.warn(text)
        finish(say, outcomes, found.left_out)


@app.command(
    short_help="Find 3D poses from the 2D of calibrated cameras.",
    epilog="\b\nExamples:\n"
    "  liftpose triangulate calib.toml left.csv top.csv side.csv -o walk.nc\n"
    "  liftpose triangulate rig.mat a.h5 b.h5 -o a.nc --camera-names Cam1,Cam4\n"
    "  liftpose triangulate calib.toml left.csv top.csv -o a.nc --scale top:0.5",
)
def triangulate(
    calibration: Annotated[
        Path, typer.Argument(metavar="CALIBRATION", help="The cameras; see docs/cameras.md.")
    ],
    poses: Annotated[
        list[Path], typer.Argument(metavar="POSES", help="Files of 2D poses, one a camera.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")],
    camera_names: Annotated[
        str | None,
        typer.Option(metavar="NAME,NAME,...", help="Which camera filmed each file."),
    ] = None,
    crop: Crop = None,
    scale: Scale = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the calibration, such as mm.")] = None,
    fps: Fps = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Find 3D poses from 2D poses of several calibrated cameras, all of the same frames.

    Without --camera-names a file is of the camera whose name is in its own, if that is so of every
    file; else the files are of all cameras, in the order of the calibration.
    """
    with session(json, quiet, debug) as say:
        from liftpose.io.calibration import crops, scales
        from liftpose.triangulating import triangulate_files

        with say.progress("triangulating") as advance:
            found = triangulate_files(
                calibration,
                poses,
                out,
                camera_names=listed(camera_names) or None,
                crop=crops(crop),
                scale=scales(scale),
                unit=unit,
                fps=fps,
                overwrite=overwrite,
                on_progress=advance,
            )
        say.result(found.as_dict(), str(found))


@app.command(
    "convert-calibration",
    short_help="Write a calibration of any kind as Anipose's TOML.",
    epilog="\b\nExample:\n  liftpose convert-calibration label3d_dannce.mat -o calib.toml",
)
def convert_calibration(
    calibration: Annotated[Path, typer.Argument(metavar="CALIBRATION", help="The cameras.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .toml file to write.")],
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a calibration of any kind that can be read as Anipose's calibration.toml."""
    with session(json, quiet, debug) as say:
        from liftpose.io import read_calibration, write_calibration

        cameras = read_calibration(calibration)
        file = write_calibration(cameras, out, overwrite=overwrite)
        say.result({"path": file, "cameras": list(cameras)}, f"{file}: {', '.join(cameras)}")
