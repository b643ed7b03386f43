"""Options that several verbs have, each with its help, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liftpose.cli import completion

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
RenameAny = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar="OLD=NEW", help="A joint's name in the file, and a new one."),
]
RenameTable = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help='A .toml file with a line old = "new" for each joint.'),
]
ByOrder = Annotated[
    bool, typer.Option("--by-order", help="Take joints as they come, whatever they are called.")
]
Fps = Annotated[float | None, typer.Option(help="Frames per second, if the file does not say.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FORMAT",
        help="What the file is, where that is not found out; see `liftpose info --formats`.",
        autocompletion=completion.readable,
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="FORMAT",
        help="Format or ending to write, such as csv. By default what OUT says; in folders .nc.",
        autocompletion=completion.writable,
    ),
]
Individuals = Annotated[
    list[str] | None,
    typer.Option("--individual", metavar="NAME", help="Only this one, as often as need be."),
]
MinConfidence = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Joints of less confidence count as not seen."),
]
JointNames = Annotated[
    str | None,
    typer.Option(
        "--joints", metavar="NAME,NAME,...", help="Names in the file's order, if it has none."
    ),
]
Size = Annotated[
    str | None,
    typer.Option(metavar="W,H", help="Size of the image, where the file has shares of it."),
]
Dims = Annotated[
    int | None, typer.Option("--dims", metavar="2|3", help="Which poses, in a file of both.")
]
FileCamera = Annotated[
    str | None,
    typer.Option("--camera", metavar="NAME", help="Whose 2D, in a file of several cameras."),
]
Unit = Annotated[
    str | None, typer.Option(metavar="UNIT", help="Of the poses, if the file does not say.")
]
Calibration = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Calibration of the video's camera.")
]
CameraName = Annotated[
    str | None, typer.Option("--camera", metavar="NAME", help="Which of its cameras.")
]
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
Output = Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File to write.")]
Bones = Annotated[
    Path | None,
    typer.Option(
        "--skeleton",
        metavar="FILE|NAME",
        help="A skeleton: a file, one that ships, a lifter. By default that of POSES, which "
        "lifted files carry.",
    ),
]
SeenIn2D = Annotated[
    Path, typer.Option("--poses-2d", metavar="FILE", help="The 2D that was lifted.")
]
