"""Lifted poses with all that is known beside them: 2D, camera, truth and where the ground is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.filming.matching import (
    beside_lifted,
    beside_truth,
    first_frame_of,
    is_relative,
    placed_by,
)
from liftpose.filming.settings import FilmOptions
from liftpose.geometry.camera import Camera
from liftpose.io import read_calibration
from liftpose.io.calibration import chosen
from liftpose.io.hints import Hints
from liftpose.io.paths import existing_file
from liftpose.plot.limbs import Limbs
from liftpose.plot.scene import looks_from
from liftpose.plot.shot import Shot, lowest, smoothed
from liftpose.plot.upright import upright
from liftpose.poses import Lifted, Poses
from liftpose.skeleton import Skeleton

PathLike = str | os.PathLike[str]
Floats = npt.NDArray[Any]

_BESIDE_THE_LENS = (-90.0, 0.0)  # where a camera is, in its own frame turned upright


@dataclass(frozen=True, eq=False)
class Scenery:
    """Lifted poses of one recording with all that is known beside them.

    Parameters
    ----------
    lifted : Lifted
        Where they are shown.
    body : Skeleton
    flat : Poses or None
        The 2D, of the same frames and joints.
    reprojected : array, shape (N, J, 2), pixels, or None
        Where the camera sees them.
    truth : array, shape (N, J, 3), or None
    side : (float, float) or None
        Azimuth and elevation of the camera, degrees.
    corner : (float, float), pixels
        Where in the video the part begins that was tracked.
    first_frame : int or None
        Picture of the video that row 0 is, if the 2D says so.
    said, warnings : tuple of str
        What was found, and what was not.
    title : str
    """

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
    ) -> Scenery:
        """Read what belongs to lifted poses; see `liftpose.filming.film_file`."""
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
        """Give some rows, to be filmed.

        Parameters
        ----------
        rows : slice
        rate : float
            Frames a second.
        options : FilmOptions

        Returns
        -------
        Shot

        Raises
        ------
        ValueError
            No spread where it is asked for, or nothing to be seen.
        """
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
