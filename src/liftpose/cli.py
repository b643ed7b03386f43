"""The command ``liftpose``: one short function a verb; what they do is done elsewhere.

Rooms are imported where they are needed, so that ``liftpose --help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import liftpose
from liftpose.terminal import STATUS_MEANINGS, command, session

_STATUS = "\n".join(f"  {status:>3}  {meaning}" for status, meaning in STATUS_MEANINGS.items())

app = typer.Typer(
    name="liftpose",
    help="3D poses of laboratory animals from the 2D keypoints of one camera.",
    # Rich's help is prettier and takes three times as long to appear.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"\b\nExit status:\n{_STATUS}",
)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no log.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]
Rename = Annotated[
    list[str] | None,
    typer.Option(
        "--rename", metavar="OLD=NEW", help="A joint's name in the file, and the lifter's."
    ),
]
RenameTable = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help='A .toml file with a line old = "new" for each joint.'),
]
ByOrder = Annotated[
    bool, typer.Option("--by-order", help="Take joints as they come, whatever they are called.")
]
Fps = Annotated[float | None, typer.Option(help="Frames per second, if the file does not say.")]
Calibration = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Calibration of the video's camera.")
]
CameraName = Annotated[str | None, typer.Option("--camera", help="Which of its cameras.")]
Crop = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME:]X,Y,W,H",
        help="Part of the calibrated image that the video shows, of all cameras or of one.",
    ),
]
Scale = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME:]FACTOR", help="Pixels of the video per pixel of that image, or part."
    ),
]
Length = Annotated[
    str | None,
    typer.Option(metavar="A-B=LENGTH", help="A known distance, such as nose-tailbase=85mm."),
]
FloorAt = Annotated[
    list[str] | None,
    typer.Option(
        "--floor",
        metavar="FILE|AXIS=HEIGHT",
        help="With --place, what they stand on: a file of 3D poses of animals that walk on it, "
        "such as those trained on, or a plane such as z=0.",
    ),
]
Feet = Annotated[
    str | None,
    typer.Option(metavar="NAME,NAME,...", help="Joints that stand on the floor."),
]
Up = Annotated[
    str | None,
    typer.Option(metavar="AXIS", help="Where up is from the floor, such as z or -y."),
]
Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A .lifter file, or the folder of a run.")
]
Lifts = Annotated[Path, typer.Argument(metavar="POSES", help="A file of lifted poses.")]
Output = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]
Body = Annotated[
    Path,
    typer.Option("--skeleton", metavar="FILE", help="A skeleton file, or the lifter with it."),
]


def main() -> None:
    """Run the command that the command line names."""
    app(prog_name="liftpose")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"liftpose {liftpose.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Lift 2D keypoints of animals to 3D poses."""


@app.command(
    short_help="Simulate animals, train on some, lift others.",
    epilog="\b\nExample:\n  liftpose demo --animal mouse -o demo",
)
def demo(
    animal: Annotated[str, typer.Option(help="hexapod, quadruped or mouse.")] = "hexapod",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("demo"),
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Simulate animals, train on some, lift others, and show how well it went."""
    with session(json, quiet, debug) as say:
        from liftpose.demo import run

        with say.progress("getting ready") as advance:
            found = run(animal, out, lambda what, share: advance(share, 1, what))
        say.result(found.as_dict(), str(found))


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
        typer.Option(help="A skeleton file: with --init, to fill in; with --library FILE, its."),
    ] = None,
    library: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Learn from 3D that is not of your animal: mouse, rat, dog, fly, or a file.",
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
        typer.Option(metavar="EFFORT", help="fast, default or best: how much time it may take."),
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="With --library: the simulated animal of the name.")
    ] = False,
    rename: Rename = None,
    rename_table: RenameTable = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a lifter with everything that a params file says, or begin such a file.

    With --library, train on 3D poses that are not of your animal: their depth is a prior then, not
    a measurement. Only joints that library and 2D have in common, by name, are used.
    """
    with session(json, quiet, debug) as say:
        from liftpose.params import read_params, write_params

        files = files or []
        if library is not None:
            _count(files, 0, 1, "--library takes at most one file of 2D poses")
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
                    on_epoch=lambda epoch: advance(*_progress(epoch)),
                )
            # The log has said what is to be known of it.
            say.result({"path": path, "report": str(found)}, f"{path}: the lifter.")
            return
        if init:
            _count(files, 1, 2, "--init takes a file of 2D poses, and one of 3D poses")
            file = write_params(
                out or Path("params.toml"), *files, skeleton=skeleton, overwrite=overwrite
            )
            say.result({"path": file}, f"{file}: look through it, then `{command()} train {file}`.")
            return
        _count(files, 1, 1, "training takes one params file")
        arguments = read_params(files[0]).arguments(out)
        if effort is not None:
            arguments["training_kwargs"]["effort"] = effort
        from liftpose.main import train as run

        with say.progress("training") as advance:
            run(**arguments, on_epoch=lambda epoch: advance(*_progress(epoch)))
        from liftpose.about import about

        folder = arguments["out_dir"]
        scored = arguments["test_3d"] is not None
        tested = f"{command()} test {folder}\n  " * scored
        say.result(about(folder).facts, "")
        say.note(f"next:\n  {tested}{command()} lift {folder} POSES_2D -o lifted.nc")


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
        under = read_floor(floor or (), _listed(feet), joints, up=up, rename=names)
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


@app.command(
    short_help="Print the error of every joint.",
    epilog="\b\nExamples:\n"
    "  liftpose test fly   # on the test data of its training\n"
    "  liftpose test fly.lifter new_2d.nc new_3d.nc -o errors.json",
)
def test(
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
        from liftpose import evaluate, lifting

        if poses:
            _count(poses, 2, 2, "a test takes a file of 2D poses and one of the true 3D poses")
            lifter, names = liftpose.load(model), lifting.read_renames(rename or (), rename_table)
            filmed = lifting.camera_of(lifter, calibration, camera, crop, scale)
            flat, deep = (lifting.read_for(lifter, file, names, by_order) for file in poses)
            found = evaluate.evaluate(lifter, flat, deep, filmed)
        else:
            if any((calibration, camera, crop, scale)):
                raise typer.BadParameter("a camera is that of poses; name files of 2D and 3D, too.")
            from liftpose.main import test as run

            run(evaluate.run_folder(model))
            found = evaluate.read_evaluation(model)
        if out is not None:
            found.write(out, overwrite=overwrite)
        say.result(found.as_dict(), str(found))


@app.command(
    short_help="Measure the error bars of a lifter anew, on labelled frames.",
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

        lifter, names = liftpose.load(model), lifting.read_renames(rename or (), rename_table)
        filmed = lifting.camera_of(lifter, calibration, camera, crop, scale)
        flat, deep = (lifting.read_for(lifter, file, names, by_order) for file in (seen, truth))
        again = liftpose.recalibrate(lifter, flat, deep, filmed, block=block, level=level)
        before, after = (one.uncertainty.bars for one in (lifter, again))
        again.save(out, overwrite=overwrite)
        shared = min(level, before.highest)
        factor = after.of_ball(shared) / before.of_ball(shared)
        say.result(
            {"path": out, "blocks": after.blocks, "highest_level": after.highest, "factor": factor},
            f"{out}: bars measured on {after.blocks} blocks, up to level {after.highest}; balls of "
            f"level {shared} are {factor:.2f} times as wide as they were.",
        )


@app.command(
    short_help="Find 3D poses from the 2D poses of several calibrated cameras.",
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

        found = triangulate_files(
            calibration,
            poses,
            out,
            camera_names=_listed(camera_names) or None,
            crop=crops(crop),
            scale=scales(scale),
            unit=unit,
            fps=fps,
            overwrite=overwrite,
        )
        say.result(found.as_dict(), str(found))


@app.command(
    short_help="Make lifted poses smooth in time, and fill their gaps.",
    epilog="\b\nExamples:\n"
    "  liftpose smooth walk_3d.nc -o smooth.nc\n"
    "  liftpose smooth walk_3d.nc -o smooth.nc --method savgol --window 15\n"
    "  liftpose smooth walk_3d.nc -o smooth.nc --longest-gap 20",
)
def smooth(
    poses: Lifts,
    out: Output,
    method: Annotated[str, typer.Option(help="kalman, or savgol (Savitzky and Golay).")] = "kalman",
    motion: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Of kalman, what is constant but for noise: position, velocity or acceleration. "
            "By default the likeliest.",
        ),
    ] = None,
    causal: Annotated[
        bool, typer.Option("--causal", help="Of kalman: no frame is moved by a later one.")
    ] = False,
    longest_gap: Annotated[
        int | None, typer.Option(metavar="FRAMES", help="Longer gaps stay. By default none do.")
    ] = None,
    window: Annotated[
        int | None, typer.Option(metavar="FRAMES", help="Of savgol; odd, 11 by default.")
    ] = None,
    degree: Annotated[int | None, typer.Option(help="Of savgol; 3 by default.")] = None,
    fps: Fps = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make lifted poses smooth in time, and fill their gaps."""
    with session(json, quiet, debug) as say:
        from liftpose.refining import smooth_file

        found = smooth_file(
            poses,
            out,
            fps=fps,
            overwrite=overwrite,
            method=method,
            model=motion,
            causal=causal,
            longest_gap=longest_gap,
            window=window,
            degree=degree,
        )
        say.result(found.as_dict(), str(found))


@app.command(
    "fit-bones",
    short_help="Make the bones of lifted poses keep their lengths.",
    epilog="\b\nExamples:\n"
    "  liftpose fit-bones smooth.nc -o rigid.nc --skeleton fly.toml\n"
    "  liftpose fit-bones a_3d.nc -o a.nc --skeleton fly.lifter --poses-2d a.csv",
)
def fit_bones(
    poses: Lifts,
    out: Output,
    skeleton: Body,
    poses_2d: Annotated[
        Path | None, typer.Option("--poses-2d", metavar="FILE", help="The 2D that was lifted.")
    ] = None,
    calibration: Calibration = None,
    camera: CameraName = None,
    crop: Crop = None,
    scale: Scale = None,
    pixel_noise: Annotated[
        float | None, typer.Option(help="Standard deviation of the 2D; 1 pixel by default.")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make the bones of lifted poses keep their lengths, and with --poses-2d agree with the image.

    Without --calibration, the camera is that of the lifter that --skeleton names.
    """
    with session(json, quiet, debug) as say:
        from liftpose.io.calibration import crops, scales
        from liftpose.refining import fit_bones_file

        found = fit_bones_file(
            poses,
            out,
            skeleton,
            poses_2d=poses_2d,
            calibration=calibration,
            camera=camera,
            crop=crops(crop),
            scale=scales(scale),
            pixel_noise=pixel_noise,
            overwrite=overwrite,
        )
        say.result(found.as_dict(), str(found))


@app.command(
    short_help="Write the angles at the joints of lifted poses as a table.",
    epilog="\b\nExamples:\n"
    "  liftpose angles rigid.nc -o angles.csv --skeleton fly.toml\n"
    "  liftpose angles rigid.nc -o knee.csv --skeleton dog.toml --at hip,knee,ankle",
)
def angles(
    poses: Lifts,
    out: Output,
    skeleton: Body,
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B,C", help="The angle at B. By default all where bones meet."),
    ] = None,
    fps: Fps = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write the angles at the joints of lifted poses as a table, a row for each frame."""
    with session(json, quiet, debug) as say:
        from liftpose.refining import angles_file

        found = angles_file(poses, out, skeleton, at=at or (), fps=fps, overwrite=overwrite)
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


@app.command(epilog="\b\nExamples:\n  liftpose info walk.h5\n  liftpose info fly --json")
def info(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Poses, a calibration, a lifter, a run's folder, a skeleton or a params file.",
        ),
    ],
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say what is in a file."""
    with session(json, quiet, debug) as say:
        from liftpose.about import about

        found = about(file)
        say.result({"kind": found.kind, **found.facts}, found.text)


def _count(files: list[Path], least: int, most: int, rule: str) -> None:
    if not least <= len(files) <= most:
        raise typer.BadParameter(f"{rule}; {len(files)} given.")


def _listed(names: str | None) -> list[str]:
    return [] if names is None else [name.strip() for name in names.split(",")]


def _progress(epoch: Any) -> tuple[int, int, str]:
    return epoch.number, epoch.lifter.options.epochs, f"held-out error {epoch.held_out.mpjpe:.4g}"
