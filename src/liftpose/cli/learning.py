"""The verbs that make lifters: `train` and `recalibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import liftpose
from liftpose.cli import completion
from liftpose.cli.app import app
from liftpose.cli.options import (
    ByOrder,
    Calibration,
    CameraName,
    Crop,
    Debug,
    Format,
    Individuals,
    JointNames,
    Json,
    Length,
    Model,
    Overwrite,
    Quiet,
    Rename,
    RenameTable,
    Scale,
    Size,
)
from liftpose.cli.words import as_hints, check_count, trained
from liftpose.terminal import command, session


@app.command(
    short_help="Train a lifter with what a params file says.",
    epilog="\b\nExamples:\n"
    "  liftpose train --init walk_2d.csv library_3d.nc   # writes params.toml\n"
    "  liftpose train params.toml -o fly\n"
    "  liftpose train --library mouse --calibration calib.toml mine.csv\n"
    "  liftpose train --library mouse --weak-perspective --elevation 20..60 my.csv",
)
def train(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PARAMS",
            help="A params.toml, or a params.yaml of 0.22; with --init, poses; with --library, "
            "2D poses like those to lift.",
        ),
    ] = None,
    init: Annotated[
        bool, typer.Option("--init", help="Write a params file for 2D (and 3D) poses to train on.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the run; with --init the params file."),
    ] = None,
    skeleton: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|NAME",
            help="A skeleton, such as mouse22: with --init, to fill in; with --library FILE, its.",
        ),
    ] = None,
    library: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Learn from 3D that is not of your animal: mouse, rat, dog, fly, or a file.",
            autocompletion=completion.libraries,
        ),
    ] = None,
    calibration: Calibration = None,
    camera: CameraName = None,
    crop: Crop = None,
    scale: Scale = None,
    weak_perspective: Annotated[
        bool,
        typer.Option("--weak-perspective", help="With --library: no camera, seen from far away."),
    ] = False,
    elevation: Annotated[
        str, typer.Option(metavar="A..B", help="Range of the camera above the ground, degrees.")
    ] = "20..60",
    azimuth: Annotated[
        str, typer.Option(metavar="A..B", help="Range of the camera around the animal, degrees.")
    ] = "-180..180",
    length: Length = None,
    effort: Annotated[
        str | None,
        typer.Option(
            metavar="EFFORT",
            help="fast, default or best: how much time it may take.",
            autocompletion=completion.efforts,
        ),
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="With --library: the simulated animal of the name.")
    ] = False,
    format: Format = None,
    joints: JointNames = None,
    size: Size = None,
    individual: Individuals = None,
    rename: Rename = None,
    rename_table: RenameTable = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a lifter with everything that a params file says, or begin such a file.

    With --init, --from, --camera, --joints, --size and --individual say how the poses are read,
    and go into the file. With --library, train on 3D poses that are not of your animal: their
    depth is a prior then, not a measurement. Only joints that library and 2D have in common, by
    name, are used.
    """
    with session(json, quiet, debug) as say:
        from liftpose.params import read_params, write_params

        files = files or []
        if library is not None:
            check_count(files, 0, 1, "--library takes at most one file of 2D poses")
            from liftpose.io.calibration import crops, scales
            from liftpose.library import train_file_from_library
            from liftpose.lifting import read_renames

            with say.progress("training") as advance:
                found, path = train_file_from_library(
                    library,
                    out or Path("library.lifter"),
                    calibration=calibration,
                    camera=camera,
                    crop=crops(crop),
                    scale=scales(scale),
                    weak_perspective=weak_perspective,
                    tracker=files[0] if files else None,
                    skeleton=skeleton,
                    elevation=elevation,
                    azimuth=azimuth,
                    length=length,
                    simulated=simulated,
                    effort=effort,
                    rename=read_renames(rename or (), rename_table),
                    overwrite=overwrite,
                    on_epoch=lambda epoch: advance(*trained(epoch)),
                )
            # The log has said what is to be known of it.
            say.result({"path": path, "report": str(found)}, f"{path}: the lifter.")
            return
        if init:
            check_count(files, 1, 2, "--init takes a file of 2D poses, and one of 3D poses")
            file = write_params(
                out or Path("params.toml"),
                *files,
                skeleton=skeleton,
                hints=as_hints(
                    format=format, camera=camera, joints=joints, size=size, individuals=individual
                ),
                overwrite=overwrite,
            )
            say.result({"path": file}, f"{file}: look through it, then `{command()} train {file}`.")
            return
        check_count(files, 1, 1, "training takes one params file")
        arguments = read_params(files[0]).arguments(out)
        if effort is not None:
            arguments["training_kwargs"]["effort"] = effort
        from liftpose.main import train as run

        with say.progress("training") as advance:
            run(**arguments, on_epoch=lambda epoch: advance(*trained(epoch)))
        from liftpose.about import about

        folder = arguments["out_dir"]
        scored = arguments["test_3d"] is not None
        tested = f"{command()} evaluate {folder}\n  " * scored
        say.result(about(folder).facts, "")
        say.note(f"next:\n  {tested}{command()} lift {folder} POSES_2D -o lifted.nc")


@app.command(
    short_help="Measure the error bars of a lifter anew.",
    epilog="\b\nExamples:\n"
    "  liftpose recalibrate fly.lifter some_2d.csv some_3d.csv -o mine.lifter\n"
    "  liftpose recalibrate fly clip_2d.nc clip_3d.nc -o mine.lifter --block 25",
)
def recalibrate(
    model: Model,
    seen: Annotated[Path, typer.Argument(metavar="POSES", help="2D poses.")],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="3D poses of the same frames.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Lifter to write.")],
    block: Annotated[
        int, typer.Option("--block", help="Frames counted as one: 1 if picked apart, else 25.")
    ] = 1,
    level: Annotated[
        float, typer.Option("--level", help="The highest level that is needed.")
    ] = 0.9,
    rename: Rename = None,
    rename_table: RenameTable = None,
    by_order: ByOrder = False,
    calibration: Calibration = None,
    camera: CameraName = None,
    crop: Crop = None,
    scale: Scale = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure how wide error bars have to be for the animals that you lift.

    Label or triangulate some frames that the lifter did not learn from. What it lifts stays as it
    is.
    """
    with session(json, quiet, debug) as say:
        from liftpose import lifting
        from liftpose.io.paths import new_file
        from liftpose.poses.pair import check_start

        new_file(out, overwrite)
        with say.progress("measuring") as advance:
            advance(0, 10, "reading")
            lifter, names = liftpose.load(model), lifting.read_renames(rename or (), rename_table)
            filmed = lifting.camera_of(lifter, calibration, camera, crop, scale, known_of=[seen])
            flat, deep = (
                lifting.read_for(lifter, file, names, by_order, as_hints(camera=one, dims=dims))
                for file, one, dims in ((seen, camera, 2), (truth, None, 3))
            )
            check_start(flat, deep, (str(seen), str(truth)))
            advance(3, 10, "lifting and measuring")
            again = liftpose.recalibrate(lifter, flat, deep, filmed, block=block, level=level)
            advance(9, 10, "writing")
            before, after = (one.uncertainty.bars for one in (lifter, again))
            again.save(out, overwrite=overwrite)
            advance(10, 10, "")
        shared = min(level, before.highest)
        factor = after.of_ball(shared) / before.of_ball(shared)
        say.result(
            {"path": out, "blocks": after.blocks, "highest_level": after.highest, "factor": factor},
            f"{out}: bars measured on {after.blocks} blocks, up to level {after.highest}; balls of "
            f"level {shared} are {factor:.2f} times as wide as they were.",
        )
