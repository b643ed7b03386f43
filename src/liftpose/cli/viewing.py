"""The verb that shows long recordings: `view`."""

from __future__ import annotations

import getpass
import os
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from liftpose.cli.app import app
from liftpose.cli.options import (
    Calibration,
    CameraName,
    Debug,
    Fps,
    Json,
    Overwrite,
    Quiet,
)
from liftpose.terminal import Session, session

if TYPE_CHECKING:
    from liftpose.view import Served, Shown


@app.command(
    short_help="Show lifted poses in the browser, however many.",
    epilog="\b\nExamples:\n"
    "  liftpose view lifted.nc\n"
    "  liftpose view lifted.nc --video walk.mp4 --poses-2d walk_DLC.h5\n"
    "  liftpose view lifted.nc --truth walk_3d.nc\n"
    "  liftpose view lifted.nc --rerun lifted.rrd   # for the viewer of Rerun",
)
def view(
    poses: Annotated[
        Path, typer.Argument(metavar="POSES", help="A file of lifted, or any other, 3D poses.")
    ],
    truth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="True 3D poses of the same frames.")
    ] = None,
    poses_2d: Annotated[
        Path | None, typer.Option("--poses-2d", metavar="FILE", help="The 2D that was lifted.")
    ] = None,
    video: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The video, shown behind the 2D.")
    ] = None,
    offset: Annotated[
        int, typer.Option(metavar="N", help="Picture of the video that is the first frame.")
    ] = 0,
    calibration: Calibration = None,
    camera: CameraName = None,
    skeleton: Annotated[
        Path | None,
        typer.Option(
            "--skeleton",
            metavar="FILE|NAME",
            help="A skeleton: a file, one that ships, a lifter. By default that of POSES, which "
            "lifted files carry.",
        ),
    ] = None,
    fps: Fps = None,
    port: Annotated[
        int | None, typer.Option(help="Where to listen. By default any that is free.")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether a browser is opened.")
    ] = True,
    rerun: Annotated[
        Path | None,
        typer.Option(metavar="FILE.rrd", help="Write a file for the viewer of Rerun instead."),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Look at lifted poses in the browser, served by this machine to itself alone.

    Of the file, the frames that are looked at are read, so that a recording of any length opens
    at once. Ctrl-C ends it.
    """
    with session(json, quiet, debug) as say:
        from liftpose.view import Asked, open_shown, serve, write_rerun

        asked = Asked(truth, poses_2d, video, offset, calibration, camera, skeleton, fps)
        with open_shown(poses, asked) as shown:
            for note in shown.notes():
                say.note(note)
            if rerun is not None:
                with say.progress("writing", "frames") as advance:
                    path = write_rerun(shown, rerun, overwrite=overwrite, on_progress=advance)
                facts = {"source": poses, "path": path, "frames": shown.frames}
                say.result(facts, f"{path}: {shown.frames:,} frames; `rerun {path}` shows it.")
                return
            with serve(shown, port) as served:
                # Ctrl-C is how this ends, and no failure.
                try:
                    _tell(say, shown, served, browser)
                    _wait()
                except KeyboardInterrupt:
                    say.note("ended.")


def _tell(say: Session, shown: Shown, served: Served, browser: bool) -> None:
    facts = {"url": served.url, "port": served.port, "frames": shown.frames}
    say.result(facts, served.url)
    sys.stdout.flush()
    if browser and _has_display():
        import webbrowser

        if webbrowser.open(served.url):
            say.note("It is open in the browser; Ctrl-C here ends it.")
            return
    say.note("Open this address in a browser; Ctrl-C here ends it.")
    if not _has_display():
        port, who = served.port, getpass.getuser()
        say.note(
            "From another machine, such as the one you sit at, first run there "
            f"`ssh -L {port}:127.0.0.1:{port} {who}@{socket.gethostname()}`."
        )


def _has_display() -> bool:
    """Whether a browser would be seen by whoever typed the command."""
    if "SSH_CONNECTION" in os.environ:
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _wait() -> None:
    # With a time limit, since Windows does not notice Ctrl-C in a wait without one.
    while not threading.Event().wait(3600):
        pass
