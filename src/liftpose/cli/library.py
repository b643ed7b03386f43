"""The verbs of ``liftpose library``: build, merge, show; what they do is done elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from liftpose.cli.app import app as liftpose_app
from liftpose.cli.options import Debug, Json, Overwrite, Quiet
from liftpose.terminal import session

app = typer.Typer(
    name="library",
    help="Build, merge and show libraries: 3D poses with the cameras that filmed them.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
liftpose_app.add_typer(app, short_help="Make libraries of 3D poses with their cameras.")

Output = Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The .library to write.")]


@app.command(
    short_help="Build a library from the 2D of several cameras.",
    epilog="\b\nExamples:\n"
    "  liftpose library build --poses cam1.h5 cam2.h5 cam3.h5 --calibration calib.toml "
    "-o fly.library\n"
    "  liftpose library build --poses *.csv --calibration calib.toml -o mouse.library "
    "--length nose-tailbase=85mm --floor-from paw_L,paw_R,foot_L,foot_R\n"
    "  liftpose train --library fly.library --camera cam1 -o fly.lifter",
)
def build(
    calibration: Annotated[
        Path, typer.Option("--calibration", metavar="FILE", help="Calibration of the cameras.")
    ],
    out: Output,
    more: Annotated[
        list[Path] | None,
        typer.Argument(metavar="POSES", help="Files of 2D poses, one of each camera."),
    ] = None,
    poses: Annotated[
        list[Path] | None,
        typer.Option("--poses", metavar="POSES...", help="The same, where that reads better."),
    ] = None,
    camera_names: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME,...",
            help="Which camera filmed each file, if their names do not say.",
        ),
    ] = None,
    crop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME:]X,Y,W,H",
            help="Part of the calibrated image that the video shows, of all cameras or of one.",
        ),
    ] = None,
    scale: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME:]FACTOR", help="Pixels of the video per pixel of that image, or part."
        ),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="What the calibration measures in, such as mm.")
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            metavar="A-B=LENGTH",
            help="A known distance, such as nose-tailbase=85mm; the world is scaled by it.",
        ),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames per second, if the files do not say.")
    ] = None,
    skeleton: Annotated[
        Path | None, typer.Option(metavar="FILE|NAME", help="A skeleton: joints, bones, roots.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What the recording is called; else as the library.")
    ] = None,
    floor_from: Annotated[
        str | None,
        typer.Option(metavar="NAME,NAME,...", help="Joints that stand on the floor: it is z = 0."),
    ] = None,
    up: Annotated[
        str | None,
        typer.Option(
            metavar="AXIS",
            help="Axis of the calibration that points up: z of a board on the floor, or -y.",
        ),
    ] = None,
    origin: Annotated[
        str | None, typer.Option(metavar="NAME", help="A point that stands still: the origin.")
    ] = None,
    x: Annotated[
        str | None, typer.Option("--x", metavar="NAME", help="One that the x axis points to.")
    ] = None,
    y: Annotated[
        str | None, typer.Option("--y", metavar="NAME", help="One on the side that y points to.")
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(help="Likelihood below which a joint counts as not seen; 0.3 by default."),
    ] = None,
    max_jump: Annotated[
        float | None,
        typer.Option(
            help="How many times its usual distance from the median of five frames a joint may "
            "have; 10 by default, inf keeps all."
        ),
    ] = None,
    fill_gaps: Annotated[
        int | None,
        typer.Option(metavar="FRAMES", help="Fill 2D gaps up to so long; none by default."),
    ] = None,
    offset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:FRAMES",
            help="A known offset: frame i + FRAMES of that camera shows what frame i of the first "
            "shows. By default they are found.",
        ),
    ] = None,
    max_offset: Annotated[
        int | None,
        typer.Option(metavar="FRAMES", help="Offsets up to which are looked for; 100 by default."),
    ] = None,
    drops: Annotated[
        str, typer.Option(help="Where a camera lost frames: refuse, mend or ignore it.")
    ] = "refuse",
    max_error: Annotated[
        str | None,
        typer.Option(
            metavar="TIMES|PIXELSpx",
            help="Reprojection error above which a joint has no 3D: in units of the measured "
            "noise (4 by default), or in pixels, such as 10px.",
        ),
    ] = None,
    min_cameras: Annotated[
        int | None, typer.Option(help="Cameras that a joint needs for 3D; 2 by default.")
    ] = None,
    compare: Annotated[
        str, typer.Option(help="Lifter by which single cameras are compared: kernel, ridge, none.")
    ] = "kernel",
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Picture of the report; else beside the library."),
    ] = None,
    no_figure: Annotated[bool, typer.Option("--no-figure", help="Draw none.")] = False,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Build a library of 3D poses from the 2D poses of several calibrated cameras.

    Files are matched to cameras by name. Offsets between cameras are found and mended, lost frames
    reported. What is printed has, camera by camera, how well it agrees with the others and the
    error that it would have as the only one.
    """
    with session(json, quiet, debug) as say:
        from liftpose.io.calibration import crops, scales
        from liftpose.library.building import Axes, BuildOptions
        from liftpose.library.building.files import build_library_file
        from liftpose.skeleton import Skeleton

        said = {
            "min_confidence": min_confidence,
            "max_jump": max_jump,
            "fill_gaps": fill_gaps,
            "offsets": _offsets(offset or ()),
            "max_offset": max_offset,
            "drops": drops,
            "min_cameras": min_cameras,
            **_max_error(max_error),
            **({"lift_frames": 0} if compare == "none" else {"lift_with": compare}),
        }
        given: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
        called = {} if name is None else {"name": name}
        with say.progress("building") as advance:
            found = build_library_file(
                calibration,
                [*(poses or ()), *(more or ())],
                out,
                figure=not no_figure if figure is None else figure,
                overwrite=overwrite,
                camera_names=_names(camera_names),
                crop=crops(crop),
                scale=scales(scale),
                unit=unit,
                length=length,
                fps=fps,
                skeleton=None if skeleton is None else Skeleton.read(skeleton),
                axes=Axes(up, tuple(_names(floor_from) or ()), origin, x, y),
                options=BuildOptions(**given),
                on_progress=lambda what, share: advance(share, 1, what),
                **called,
            )
        say.result(found.as_dict(), str(found))


@app.command(
    short_help="Put the recordings of several libraries into one.",
    epilog="\b\nExample:\n  liftpose library merge monday.library tuesday.library -o fly.library",
)
def merge(
    libraries: Annotated[
        list[Path], typer.Argument(metavar="LIBRARY", help="Libraries; the first says the joints.")
    ],
    out: Output,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename", metavar="OLD=NEW", help="A joint's name in the others, and in the first."
        ),
    ] = None,
    rename_table: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='A .toml file with a line old = "new" for each joint.'),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Put the recordings of several libraries into one, each with its own cameras."""
    with session(json, quiet, debug) as say:
        from liftpose.library.merging import merge_library_files
        from liftpose.lifting import read_renames

        path, found = merge_library_files(
            libraries, out, rename=read_renames(rename or (), rename_table), overwrite=overwrite
        )
        say.result({"path": path, **found.as_dict()}, f"{path}: {found}")


@app.command(epilog="\b\nExample:\n  liftpose library show fly.library")
def show(
    library: Annotated[Path, typer.Argument(metavar="LIBRARY", help="A .library file.")],
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say what is in a library: recordings, joints, cameras, and which camera to keep."""
    with session(json, quiet, debug) as say:
        from liftpose.io.filmed import read_library

        found = read_library(library)
        say.result({"path": library, **found.as_dict()}, f"{library}: {found}")


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",")]


def _offsets(words: Any) -> dict[str, int]:
    """Offsets as they are typed, ``NAME:FRAMES``."""
    found = {}
    for word in words:
        name, colon, frames = word.rpartition(":")
        try:
            found[name] = int(frames)
        except ValueError:
            colon = ""
        if not colon or not name:
            raise ValueError(f"--offset is {word!r}; expected a camera and frames, such as top:-3.")
    return found


def _max_error(text: str | None) -> dict[str, float]:
    """The largest reprojection error as it is typed: a multiple of the noise, or pixels."""
    if text is None:
        return {}
    number = text.strip().removesuffix("px")
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f"--max-error is {text!r}; expected a number, or pixels: 10px.") from None
    if number != text.strip():
        return {"max_error": float("inf"), "max_error_px": value}
    return {"max_error": value}
