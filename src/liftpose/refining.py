"""Files of lifted poses are placed, made smooth, given bones of one length, or become angles."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.geometry.bones import bone_lengths
from liftpose.geometry.camera import Camera
from liftpose.io import read_calibration, read_poses, write_poses
from liftpose.io.calibration import chosen, framed
from liftpose.io.hints import Hints
from liftpose.io.lifted import read_lifted
from liftpose.io.paths import new_file
from liftpose.lifter.checkpoint import load
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.skeletons import names_lifter, read_skeleton
from liftpose.poses import Lifted
from liftpose.postprocess import fit_bones, joint_angles, place, smooth
from liftpose.postprocess.bones import constant_pairs
from liftpose.postprocess.floors import Ground, mean_squares, read_floor
from liftpose.postprocess.length import as_length, size_factor
from liftpose.postprocess.placing import PIXEL_NOISE
from liftpose.skeleton import Skeleton
from liftpose.terminal import unheard

PathLike = str | os.PathLike[str]
OnProgress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class RefineSummary:
    """What came of refining a file.

    Parameters
    ----------
    source, path : pathlib.Path
        What was read, and what was written.
    frames : int
        In both.
    text : str
        What changed, for people.
    facts : dict
        The same as plain values.
    """

    source: Path
    path: Path
    frames: int
    text: str
    facts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        where = {"source": os.fspath(self.source), "path": os.fspath(self.path)}
        return {**where, "frames": self.frames, **self.facts}

    def __str__(self) -> str:
        return f"{self.path}: {self.frames:,} frames; {self.text}"


def smooth_file(
    source: PathLike,
    out: PathLike,
    *,
    fps: float | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    **settings: Any,
) -> RefineSummary:
    """Smooth a file of lifted poses.

    Parameters
    ----------
    source, out : path-like
        Files of 3D poses, to read and to write.
    fps : float, optional
        Frames per second, where the file does not say.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with how much is done, of how much, and what is going on.
    **settings
        Of `liftpose.postprocess.smooth`.

    Returns
    -------
    RefineSummary
        Its ``jitter`` is the median change of a joint's velocity from one frame to the next,
        before and after, in the unit of the poses per frame; ``filled`` how many joints of all
        frames were missing, and are not any more.

    Raises
    ------
    ValueError
        No 3D poses, or settings that make no sense; names the file.
    FileExistsError
        `out` is there already.
    """
    file, target = _files(source, out, overwrite)
    say = on_progress or unheard
    say(0, 10, "reading")
    lifted = read_lifted(file, fps=fps)
    say(1, 10, "smoothing")
    better = _of(file, lambda: smooth(lifted, **settings))
    say(9, 10, "writing")
    write_poses(better, target, overwrite=overwrite)
    say(10, 10, "")
    jitter = [_jitter(lifted), _jitter(better)]
    filled = int((np.isfinite(better.position) & np.isnan(lifted.position)).any(2).sum())
    unit = f" {lifted.unit}" if lifted.unit else ""
    more = f", {filled:,} missing joints filled" if filled else ""
    text = f"jitter {jitter[0]:.3g} -> {jitter[1]:.3g}{unit} per frame{more}"
    return RefineSummary(file, target, lifted.frames, text, {"jitter": jitter, "filled": filled})


def place_file(
    source: PathLike,
    out: PathLike,
    poses_2d: PathLike,
    *,
    lifter: PathLike | None = None,
    calibration: PathLike | None = None,
    camera: str | None = None,
    crop: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    scale: Mapping[str, float] | float | None = None,
    rename: Mapping[str, str] | None = None,
    length: str | None = None,
    floor: Sequence[str] = (),
    feet: Sequence[str] = (),
    up: str | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> RefineSummary:
    """Put a file of lifted poses where they are in the world, or in the camera's frame.

    Parameters
    ----------
    source, out : path-like
        Files of 3D poses, to read and to write.
    poses_2d : path-like
        What was lifted.
    lifter : path-like, optional
        What lifted it, whose camera it is where no calibration is named.
    calibration : path-like, optional
        Of the camera that filmed it.
    camera : str, optional
        Which camera of the calibration.
    crop, scale
        How the video was cropped, and then resized; see `liftpose.io.calibration.framed`.
    rename : mapping of str to str, optional
        From joint names of the 2D to those of the 3D.
    length : str, optional
        A known distance, such as ``"nose-tailbase=85mm"``.
    floor, feet, up
        What they stand on; see `liftpose.postprocess.floors.read_floor`.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with how much is done, of how much, and what is going on.

    Returns
    -------
    RefineSummary
        Its ``unplaced`` counts the frames without a place; ``off_floor``, None without a floor,
        those that do not stand on it.

    Raises
    ------
    ValueError
        Poses, camera, length and floor that do not fit; names the file.
    FileExistsError
        `out` is there already.
    """
    file, target = _files(source, out, overwrite)
    say = on_progress or unheard
    say(0, 10, "reading")
    lifted, flat = read_lifted(file), Hints(camera=camera, dims=2).of_use(poses_2d).read(poses_2d)
    model = None if lifter is None else load(lifter)
    filmed = _camera(model, calibration, camera, crop, scale)
    joints = lifted.joints or tuple(map(str, range(lifted.joint_count)))
    if flat.joints is not None and lifted.joints is not None:
        there = {old: new for old, new in (rename or {}).items() if old in flat.joints}
        flat = flat.matched(joints, there)
    under = read_floor(floor, feet, joints, up=up, rename=rename)
    if isinstance(under, Ground):
        square = mean_squares(lifted)
        factor = 1.0 if length is None else size_factor(lifted, as_length(length, joints))[0]
        under = under.floor(
            factor * float(np.sqrt(np.median(square))) if len(square) else 1, joints
        )
    say(3, 10, "placing")
    found = _of(file, lambda: place(lifted, flat, filmed, length=length, floor=under))
    say(8, 10, "writing")
    write_poses(found.lifted, target, overwrite=overwrite)
    say(10, 10, "")
    unplaced = int((~found.placed).sum())
    off = None if under is None else int(found.floating.sum())
    text = f"{lifted.frames - unplaced:,} have a place"
    text += "" if off is None else f", {off:,} of them off the floor"
    facts = {"unplaced": unplaced, "off_floor": off}
    return RefineSummary(file, target, lifted.frames, text, facts)


def fit_bones_file(
    source: PathLike,
    out: PathLike,
    skeleton: PathLike | None = None,
    *,
    poses_2d: PathLike | None = None,
    calibration: PathLike | None = None,
    camera: str | None = None,
    crop: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    scale: Mapping[str, float] | float | None = None,
    pixel_noise: float | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> RefineSummary:
    """Fit a file of lifted poses to the lengths of their bones and, where it is given, to their 2D.

    Parameters
    ----------
    source, out : path-like
        Files of 3D poses, to read and to write.
    skeleton : path-like, optional
        A skeleton file, or a lifter, whose skeleton it is; by default that of the lifter they are
        from, where the file says it.
    poses_2d : path-like, optional
        What was lifted.
    calibration : path-like, optional
        Of the camera that filmed it; by default it is the lifter's.
    camera : str, optional
        Which camera of the calibration.
    crop, scale
        How the video was cropped, and then resized; see `liftpose.io.calibration.framed`.
    pixel_noise : float, optional
        Standard deviation of the 2D, pixels.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with how much is done, of how much, and what is going on.

    Returns
    -------
    RefineSummary
        Its ``variation`` is the standard deviation of a bone's length over its median, before and
        after, the mean over bones and experiments.

    Raises
    ------
    ValueError
        Poses, skeleton and camera that do not fit; names the file.
    FileExistsError
        `out` is there already.
    """
    file, target = _files(source, out, overwrite)
    say = on_progress or unheard
    say(0, 10, "reading")
    lifted = read_lifted(file)
    body, lifter = _skeleton_of(skeleton, lifted, file)
    filmed, flat = None, None
    if poses_2d is not None:
        filmed, flat = _camera(lifter, calibration, camera, crop, scale), read_poses(poses_2d)
    elif calibration is not None:
        raise ValueError("--calibration is of the camera that saw the 2D; name that: --poses-2d.")
    noise = PIXEL_NOISE if pixel_noise is None else pixel_noise
    say(2, 10, "fitting")
    better = _of(file, lambda: fit_bones(lifted, body, filmed, flat, pixel_noise=noise))
    say(9, 10, "writing")
    write_poses(better, target, overwrite=overwrite)
    say(10, 10, "")
    pairs = constant_pairs(lifted, body)
    varies = [_variation(one, pairs) for one in (lifted, better)]
    text = (
        f"{len(pairs)} lengths, which varied by {100 * varies[0]:.2g} %, vary by "
        f"{100 * varies[1]:.2g} %"
    )
    return RefineSummary(
        file, target, lifted.frames, text, {"variation": varies, "pairs": len(pairs)}
    )


def angles_file(
    source: PathLike,
    out: PathLike,
    skeleton: PathLike | None = None,
    *,
    at: Sequence[str] = (),
    fps: float | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> RefineSummary:
    """Measure the angles at the joints of a file of lifted poses.

    Parameters
    ----------
    source : path-like
        3D poses.
    out : path-like
        The ``.csv`` file to write; see `liftpose.postprocess.JointAngles.to_csv`.
    skeleton : path-like, optional
        A skeleton file, or a lifter, whose skeleton it is; by default that of the lifter they are
        from, where the file says it.
    at : sequence of str
        Triples of joints, such as ``"hip,knee,ankle"``; by default all between bones that meet.
    fps : float, optional
        Frames per second, where the file does not say.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with how much is done, of how much, and what is going on.

    Returns
    -------
    RefineSummary

    Raises
    ------
    ValueError
        No 3D poses, a skeleton that does not fit, or an unknown joint; names the file.
    FileExistsError
        `out` is there already.
    """
    file, target = _files(source, out, overwrite)
    say = on_progress or unheard
    say(0, 10, "reading")
    lifted = read_lifted(file, fps=fps)
    body, _ = _skeleton_of(skeleton, lifted, file)
    say(3, 10, "measuring")
    triples = [tuple(name.strip() for name in triple.split(",")) for triple in at] or None
    angles = _of(file, lambda: joint_angles(lifted, body, triples))
    say(5, 10, "writing")
    angles.to_csv(target, overwrite=overwrite)
    say(10, 10, "")
    known = float(np.isfinite(angles.values).mean())
    text = f"{len(angles.names)} angles, known in {100 * known:.1f} % of the frames"
    return RefineSummary(
        file, target, angles.frames, text, {"angles": list(angles.names), "known": known}
    )


def _files(source: PathLike, out: PathLike, overwrite: bool) -> tuple[Path, Path]:
    file, target = Path(source), new_file(out, overwrite)
    if file.exists() and target.exists() and file.samefile(target):
        raise ValueError(f"{file} would be written over by what comes of it; name another file.")
    return file, target


def _of(file: Path, made: Callable[[], Any]) -> Any:
    """Name the file in an error."""
    try:
        return made()
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def _skeleton_of(
    path: PathLike | None, lifted: Lifted, source: Path
) -> tuple[Skeleton, Lifter | None]:
    """The skeleton that is named, with its lifter where that is one; else the poses' own."""
    if path is None:
        if lifted.skeleton is None:
            raise ValueError(
                f"{source} does not say which joints are joined; name its lifter or its skeleton "
                "(--skeleton)."
            )
        return lifted.skeleton, None
    if names_lifter(path):
        lifter = load(path)
        return lifter.skeleton_known, lifter
    return read_skeleton(path), None


def _camera(
    lifter: Lifter | None, calibration: PathLike | None, name: str | None, crop: Any, scale: Any
) -> Camera:
    if calibration is not None:
        cameras = read_calibration(calibration)
        filmed = chosen(cameras, name, os.fspath(calibration))
        called = filmed.name or ""
        return framed({called: filmed}, crop, scale, known=list(cameras))[called]
    if lifter is None or not isinstance(lifter.camera, Camera):
        raise ValueError(
            "the 2D needs the camera that filmed it; name its calibration (--calibration), or "
            "a lifter that learned with one camera."
        )
    called = lifter.camera.name or ""
    return framed({called: lifter.camera}, crop, scale, known=[called])[called]


def _jitter(lifted: Lifted) -> float:
    """Median length of the second difference of a joint's position, of joints that move."""
    parts = np.split(lifted.position.astype(np.float64), np.cumsum(lifted.lengths)[:-1])
    turns = [np.linalg.norm(np.diff(part, n=2, axis=0), axis=2).ravel() for part in parts]
    known = np.concatenate(turns)
    known = known[known > 0]
    return float(np.median(known)) if len(known) else 0.0


def _variation(lifted: Lifted, pairs: Any) -> float:
    parts = np.split(lifted.position.astype(np.float64), np.cumsum(lifted.lengths)[:-1])
    shares = []
    for part in parts:
        lengths = bone_lengths(part, pairs)
        lengths = lengths[:, np.isfinite(lengths).any(0)]
        shares.append(np.nanstd(lengths, axis=0) / np.nanmedian(lengths, axis=0))
    found = np.concatenate(shares)
    return float(found.mean()) if len(found) else 0.0
