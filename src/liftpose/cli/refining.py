"""The verbs for what was lifted: `smooth`, `fit-bones` and `angles`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli.app import app
from liftpose.cli.options import (
    Bones,
    Calibration,
    CameraName,
    Crop,
    Debug,
    Fps,
    Json,
    Lifts,
    Output,
    Overwrite,
    Quiet,
    Scale,
)
from liftpose.terminal import session


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

        with say.progress("smoothing") as advance:
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
                on_progress=advance,
            )
        say.result(found.as_dict(), str(found))


@app.command(
    "fit-bones",
    short_help="Make the bones of lifted poses keep their lengths.",
    epilog="\b\nExamples:\n"
    "  liftpose fit-bones smooth.nc -o rigid.nc\n"
    "  liftpose fit-bones a_3d.nc -o a.nc --skeleton fly.lifter --poses-2d a.csv",
)
def fit_bones(
    poses: Lifts,
    out: Output,
    skeleton: Bones = None,
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

        with say.progress("fitting") as advance:
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
                on_progress=advance,
            )
        say.result(found.as_dict(), str(found))


@app.command(
    short_help="Write the angles at the joints as a table.",
    epilog="\b\nExamples:\n"
    "  liftpose angles rigid.nc -o angles.csv\n"
    "  liftpose angles rigid.nc -o knee.csv --at hip,knee,ankle",
)
def angles(
    poses: Lifts,
    out: Output,
    skeleton: Bones = None,
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

        with say.progress("measuring") as advance:
            found = angles_file(
                poses, out, skeleton, at=at or (), fps=fps, overwrite=overwrite, on_progress=advance
            )
        say.result(found.as_dict(), str(found))
