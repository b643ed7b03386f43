"""The film of a file: what is read, how it is put together, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftpose.filming.matching import one_recording, with_joints
from liftpose.filming.scenery import Scenery
from liftpose.filming.settings import PICTURES_A_SECOND, FilmOptions
from liftpose.filming.timing import of_another_rate, picture_of_row_0
from liftpose.io.hints import Hints
from liftpose.io.lifted import read_lifted
from liftpose.io.paths import existing_file, new_file
from liftpose.lifter.skeletons import read_skeleton
from liftpose.plot.footage import Footage
from liftpose.plot.shot import Shot
from liftpose.plot.stage import Reel, film
from liftpose.poses import Lifted
from liftpose.skeleton import Skeleton

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Film:
    """A film that was made.

    Parameters
    ----------
    source, path : pathlib.Path
        The poses, and the film.
    frames : (int, int)
        The first and the last row that are shown.
    pictures : int
        How many the film has.
    text : str
        What it shows, for people.
    warnings : tuple of str
        What was missing or does not fit.
    """

    source: Path
    path: Path
    frames: tuple[int, int]
    pictures: int
    text: str
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        where = {"source": os.fspath(self.source), "path": os.fspath(self.path)}
        told = {"frames": list(self.frames), "pictures": self.pictures}
        return {**where, **told, "warnings": list(self.warnings)}

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def film_file(
    source: PathLike,
    out: PathLike,
    *,
    video: PathLike | None = None,
    poses_2d: PathLike | None = None,
    truth: PathLike | None = None,
    skeleton: PathLike | None = None,
    calibration: PathLike | None = None,
    camera: str | None = None,
    crop: Sequence[float] | None = None,
    offset: int | None = None,
    individual: str | None = None,
    fps: float | None = None,
    options: FilmOptions | None = None,
    overwrite: bool = False,
    on_progress: Callable[[float, float], None] | None = None,
) -> Film:
    """Film the 3D poses of a file, beside the video that they were lifted from.

    Parameters
    ----------
    source : path-like
        3D poses, lifted or not.
    out : path-like
        The film, an ``.mp4``.
    video : path-like, optional
        What was tracked.
    poses_2d : path-like, optional
        What was lifted; by default the file that the lifted poses say they come from, if it is
        still there.
    truth : path-like, optional
        True 3D poses of the same frames.
    skeleton : path-like, optional
        A skeleton file, or a lifter; by default that of the lifted file. Without any, joints
        alone are drawn.
    calibration : path-like, optional
        Of the camera, which then shows where it sees the 3D poses; by default the one that they
        were placed with.
    camera : str, optional
        Which camera of the calibration, and of a file of several.
    crop : (float, float) or (float, float, float, float), optional
        Column and row of the video, and its width and height, that the 2D was tracked in.
    offset : int, optional
        Picture of the video that row 0 of the poses belongs to.
    individual : str, optional
        Which of several; by default the first.
    fps : float, optional
        Frames per second of the poses, where the file does not say.
    options : FilmOptions, optional
        How the film is made.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with the pictures done and their whole number.

    Returns
    -------
    Film

    Raises
    ------
    ValueError
        No 3D poses, nothing to be seen of them, or files that do not fit each other; names the
        file and says what would fit.
    FileExistsError
        `out` is there already.
    OSError
        A file cannot be read or written. Nothing half-written is left in any case.
    """
    options = options or FilmOptions()
    file, target = Path(source), new_file(out, overwrite)
    if target.suffix.lower() != ".mp4":
        raise ValueError(f"{target}: a film is an mp4; name a file that ends in .mp4.")
    lifted, body = _lifted(file, skeleton, individual, fps)
    with ExitStack() as held:
        footage = None
        if video is not None:
            footage = held.enter_context(Footage(existing_file(video)))
        rate = lifted.fps or (footage and footage.fps) or PICTURES_A_SECOND
        rows = options.rows(lifted.frames, rate, os.fspath(file))
        shown = int(rows[0]), int(rows[-1])
        beside = Scenery.of(file, lifted, body, poses_2d, truth, calibration, camera, crop)
        begin = _begin(file, lifted, footage, shown, offset, beside.first_frame)
        shot = beside.shot(slice(shown[0], shown[1] + 1), rate, options)
        flat = footage is not None or shot.image is not None or shot.reprojected is not None
        reel = Reel(
            rows - shown[0],
            options.views(len(rows), beside.side),
            fps=options.fps,
            slower=options.slower,
            trail=options.trail,
            size=options.pixels(flat),
            zoom=not options.whole,
        )
        film(target, shot, reel, footage=footage, offset=begin + shown[0], on_frame=on_progress)
        warnings = beside.warnings + _doubts(shot, footage, lifted.fps)
    text = f"{len(rows):,} pictures" + ", ".join(["", *beside.said])
    if not body.bones:
        text += "; joints only, since no bones are known (--skeleton)"
    return Film(file, target, shown, len(rows), text, warnings)


def _begin(
    file: Path,
    lifted: Lifted,
    footage: Footage | None,
    shown: tuple[int, int],
    offset: int | None,
    first_frame: int | None,
) -> int:
    """Picture of the video that row 0 is; 0 where there is no video."""
    if footage is not None:
        return picture_of_row_0(
            footage,
            lifted.frames,
            shown,
            offset=offset,
            first_frame=first_frame,
            rate=lifted.fps,
            source=os.fspath(file),
        )
    if offset is not None:
        raise ValueError("offset (--offset) is of a video; name it (--video).")
    return 0


def _doubts(shot: Shot, footage: Footage | None, rate: float | None) -> tuple[str, ...]:
    """What a user may not have expected of the video."""
    if footage is None:
        return ()
    bare = shot.image is None and shot.reprojected is None
    said = "nothing is drawn on the video: name the 2D that was lifted (--poses-2d)."
    other = of_another_rate(footage, rate)
    return (() if other is None else (other,)) + ((said,) if bare else ())


def _lifted(
    file: Path, skeleton: PathLike | None, individual: str | None, fps: float | None
) -> tuple[Lifted, Skeleton]:
    """What is filmed, with its joints in the order of its skeleton."""
    hints = Hints(dims=3, fps=fps).of_use(file)
    if hints.dims is None:
        found = read_lifted(file, fps=fps)
    else:
        poses = hints.read(file)
        if poses.dims != 3:
            raise ValueError(f"{file} holds {poses.dims}D poses; a film is of 3D ones.")
        found = Lifted.from_poses(poses)
    lifted = one_recording(found, individual, os.fspath(file))
    if skeleton is not None:
        body = read_skeleton(skeleton)
        return with_joints(lifted, body.joints, os.fspath(file)), body
    if lifted.skeleton is not None:
        return lifted, lifted.skeleton
    if lifted.joints is not None:
        return lifted, Skeleton(lifted.joints)
    return lifted, Skeleton.unnamed(lifted.joint_count)
