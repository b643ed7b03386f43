"""The film of a file: what is read, how it is put together, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.filming.matching import (
    beside_lifted,
    beside_truth,
    first_frame_of,
    is_relative,
    one_recording,
    placed_by,
    with_joints,
)
from liftpose.filming.settings import PICTURES_A_SECOND, FilmOptions
from liftpose.filming.timing import of_another_rate, picture_of_row_0
from liftpose.geometry.camera import Camera
from liftpose.io.hints import Hints
from liftpose.io.lifted import read_lifted
from liftpose.io.paths import existing_file, new_file
from liftpose.lifter.skeletons import read_skeleton
from liftpose.plot.footage import Footage
from liftpose.plot.limbs import Limbs
from liftpose.plot.scene import looks_from
from liftpose.plot.shot import Shot, lowest, smoothed
from liftpose.plot.stage import Reel, film
from liftpose.plot.upright import upright
from liftpose.poses import Lifted, Poses
from liftpose.skeleton import Skeleton

PathLike = str | os.PathLike[str]
Floats = npt.NDArray[Any]

_BESIDE_THE_LENS = (-90.0, 0.0)  # where a camera is, in its own frame turned upright


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
        scenery = _Scenery.of(file, lifted, body, poses_2d, truth, calibration, camera, crop)
        first, last = int(rows[0]), int(rows[-1])
        begin = 0
        if footage is not None:
            begin = picture_of_row_0(
                footage,
                lifted.frames,
                (first, last),
                offset=offset,
                first_frame=scenery.first_frame,
                rate=lifted.fps,
                source=os.fspath(file),
            )
        elif offset is not None:
            raise ValueError("offset (--offset) is of a video; name it (--video).")
        shot = scenery.shot(slice(first, last + 1), rate, options)
        flat = footage is not None or shot.image is not None or shot.reprojected is not None
        reel = Reel(
            rows - first,
            options.views(len(rows), scenery.side),
            fps=options.fps,
            slower=options.slower,
            trail=options.trail,
            size=options.pixels(flat),
            zoom=not options.whole,
        )
        film(target, shot, reel, footage=footage, offset=begin + first, on_frame=on_progress)
        warnings = scenery.warnings
        if footage is not None:
            warnings += tuple(filter(None, [of_another_rate(footage, lifted.fps)]))
            if shot.image is None and shot.reprojected is None:
                warnings += (
                    "nothing is drawn on the video: name the 2D that was lifted (--poses-2d).",
                )
    text = f"{len(rows):,} pictures" + ", ".join(["", *scenery.said])
    if not body.bones:
        text += "; joints only, since no bones are known (--skeleton)"
    return Film(file, target, (first, last), len(rows), text, warnings)


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


@dataclass(frozen=True, eq=False)
class _Scenery:
    """Lifted poses with all that is known beside them."""

    lifted: Lifted
    body: Skeleton
    flat: Poses | None
    reprojected: Floats | None
    truth: Floats | None
    side: tuple[float, float] | None
    corner: tuple[float, float]
    first_frame: int | None
    said: tuple[str, ...]
    warnings: tuple[str, ...]
    title: str

    @classmethod
    def of(
        cls,
        file: Path,
        lifted: Lifted,
        body: Skeleton,
        poses_2d: PathLike | None,
        truth: PathLike | None,
        calibration: PathLike | None,
        camera: str | None,
        crop: Sequence[float] | None,
    ) -> _Scenery:
        said, warnings = [], []
        flat_file = _flat_file(file, lifted, poses_2d)
        flat, start = None, first_frame_of(lifted)
        if flat_file is not None:
            try:
                flat, own = _flat(flat_file, lifted, camera, os.fspath(file))
            except ValueError as error:
                if poses_2d is not None:
                    raise
                # Nobody asked for it: a file of that name may be another one by now.
                warnings.append(f"the 2D that {file} names is left out: {error}")
            else:
                start = own if own is not None else start
                said.append(f"2D of {flat_file.name}")
        corner = _corner(crop)
        filmed = _camera(calibration, camera, corner)
        filmed = placed_by(lifted) if filmed is None else filmed
        reprojected = None
        if filmed is not None:
            reprojected, missing = _reprojected(lifted, flat, filmed, os.fspath(file))
            if reprojected is not None:
                said.append("3D as the camera sees it")
            if missing:
                warnings.append(missing)
        true = None
        if truth is not None:
            true, lifted = _true(Path(truth), lifted, body, os.fspath(file))
        return cls(
            lifted,
            body,
            flat,
            reprojected,
            true,
            _side(lifted, filmed),
            corner,
            start,
            tuple(said),
            tuple(warnings),
            str(lifted.individuals[0] if lifted.individuals else lifted.keys[0]) or file.stem,
        )

    def shot(self, rows: slice, rate: float, options: FilmOptions) -> Shot:
        """Some rows, to be filmed."""
        lifted, least = self.lifted, options.min_confidence
        spread = lifted.spread if options.spread else None
        if options.spread and spread is None:
            raise ValueError(
                "these poses have no spread; lift them with a lifter that gives error bars, or "
                "leave out spread (--spread)."
            )
        turned = None
        if spread is not None:
            turned = np.abs(upright(np.nan_to_num(spread[rows]), lifted.frame))
        confidence = lifted.confidence if self.flat is None else self.flat.confidence
        faint = np.zeros(lifted.position.shape[:2], dtype=bool)[rows]
        if confidence is not None:
            faint = np.nan_to_num(confidence[rows], nan=1.0) < least
        unsure, image, again = faint, None, None
        if self.flat is not None:
            image = self.flat.points[rows] + np.array(self.corner)
            faint = faint | np.isnan(image).any(axis=2)
        if self.reprojected is not None:
            again = self.reprojected[rows] + np.array(self.corner)
        truth = None if self.truth is None else upright(self.truth[rows], lifted.frame)
        pose = upright(lifted.position[rows].astype(float), lifted.frame)
        return Shot(
            pose,
            Limbs.of(self.body),
            rate,
            image=image,
            reprojected=again,
            truth=truth,
            spread=turned,
            faint=faint,
            unsure=unsure,
            unit=lifted.unit or self.body.unit,
            title=self.title,
            ground=self._ground(pose, rate),
            first=rows.start,
        )

    def _ground(self, pose: Floats, rate: float) -> Floats | None:
        """Under its feet, for an animal that stands at its root and so bobs up and down."""
        if self.truth is not None or not is_relative(self.lifted):
            return None
        feet = lowest(pose)
        return smoothed(feet[:, None], rate)[:, 0] if np.isfinite(feet).any() else None


def _flat_file(file: Path, lifted: Lifted, given: PathLike | None) -> Path | None:
    """The 2D that is named, or that the lifted poses name and that is still there."""
    if given is not None:
        return existing_file(given, folders=True)
    if lifted.source_file is None or Path(lifted.source_file).name == file.name:
        return None
    named = Path(lifted.source_file)
    places = [named, file.parent / named.name]
    return next((place for place in places if place.is_file()), None)


def _flat(path: Path, lifted: Lifted, camera: str | None, source: str) -> tuple[Poses, int | None]:
    poses = Hints(camera=camera, dims=2).of_use(path).read(path)
    if poses.dims != 2:
        raise ValueError(f"{path} holds {poses.dims}D poses; expected the 2D that was lifted.")
    said = poses.provenance.get("first_frame")
    start = int(said) if said is not None and said.isdigit() else None
    return beside_lifted(poses, lifted, os.fspath(path), source), start


def _true(path: Path, lifted: Lifted, body: Skeleton, source: str) -> tuple[Floats, Lifted]:
    """The truth, and the lifted poses at its place."""
    poses = Hints(dims=3).of_use(path).read(path)
    if poses.dims != 3:
        raise ValueError(f"{path} holds {poses.dims}D poses; expected true 3D ones.")
    for what in ("frame", "unit"):
        ours, theirs = getattr(lifted, what), getattr(poses, what)
        if None not in (ours, theirs) and ours != theirs:
            raise ValueError(
                f"{path} has the {what} {theirs!r} and {source} {ours!r}; expected the same."
            )
    points = beside_lifted(poses, lifted, os.fspath(path), source).points
    if is_relative(lifted):
        lifted = beside_truth(lifted, points, body.roots)
    return points, lifted


def _corner(crop: Sequence[float] | None) -> tuple[float, float]:
    if crop is None:
        return 0.0, 0.0
    if len(crop) not in (2, 4) or not np.isfinite(crop).all():
        raise ValueError(
            f"crop is {tuple(crop)}; expected x,y or x,y,width,height of the part of the video "
            "that was tracked."
        )
    return float(crop[0]), float(crop[1])


def _camera(
    calibration: PathLike | None, name: str | None, corner: tuple[float, float]
) -> Camera | None:
    """The camera of what was tracked: of a part of the video, if it was cropped."""
    if calibration is None:
        return None
    from dataclasses import replace

    from liftpose.io import read_calibration
    from liftpose.io.calibration import chosen

    whole = chosen(read_calibration(calibration), name, os.fspath(calibration))
    inner = np.array(whole.K, dtype=float)
    inner[:2, 2] -= corner
    return replace(whole, K=inner)


def _reprojected(
    lifted: Lifted, flat: Poses | None, camera: Camera, source: str
) -> tuple[Floats | None, str | None]:
    """Where the camera sees the poses, and why it does not see them all."""
    if lifted.frame is None:
        return None, (
            f"{source} does not say which frame its poses are in, so that it is not known where "
            "the camera sees them."
        )
    position, missing = lifted.position.astype(float), None
    if is_relative(lifted):
        if flat is None:
            return None, (
                f"the poses of {source} stand at their root; where the camera sees them is known "
                "with the 2D that was lifted (--poses-2d)."
            )
        # Placing needs torch, which takes longer to load than a preview to film.
        from liftpose.postprocess import place

        placed = place(lifted, flat, camera)
        position = placed.position.astype(float)
        position[~placed.placed] = np.nan
        lost = int((~placed.placed).sum())
        missing = f"{lost:,} of {lifted.frames:,} frames have no place before the camera."
        missing = missing if lost else None
    return np.asarray(camera.project(position, frame=lifted.frame)), missing


def _side(lifted: Lifted, camera: Camera | None) -> tuple[float, float] | None:
    """Azimuth and elevation of the camera, as the poses are shown."""
    if lifted.frame == "camera":
        return _BESIDE_THE_LENS
    return None if camera is None or lifted.frame != "world" else looks_from(camera)
