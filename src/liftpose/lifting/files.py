"""A pose file is lifted to a file, some frames at a time, however many there are."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.io import OpenedPoses, writing
from liftpose.io.batch import Failed, Skipped, one_by_one, outputs, target_format
from liftpose.io.hints import Hints
from liftpose.io.paths import new_file
from liftpose.io.registry import find_writer
from liftpose.io.together import together
from liftpose.lifter.blindness import Seen, say_blind
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.novelty import SAMPLE
from liftpose.lifter.views import warn_of_unreached
from liftpose.lifting.asked import as_learned
from liftpose.lifting.record import Record, fingerprint
from liftpose.lifting.summary import LiftSummary
from liftpose.poses import Key, Lifted, Poses, SwapSearch, Verdict
from liftpose.postprocess import Floor, place
from liftpose.postprocess.floors import Ground, mean_squares
from liftpose.postprocess.length import as_length, size_factor

CHUNK = 8192
"""Frames read, lifted and written at a time."""

SUFFIX = ".nc"
"""Of files whose names nobody chose."""


def lift_file(
    lifter: Lifter,
    path_in: str | os.PathLike[str],
    path_out: str | os.PathLike[str],
    *,
    rename: Mapping[str, str] | None = None,
    by_order: bool = False,
    fps: float | None = None,
    overwrite: bool = False,
    camera: Camera | None = None,
    placed: bool = False,
    length: str | None = None,
    floor: Floor | Ground | None = None,
    hypotheses: int = 0,
    hints: Hints | None = None,
    format: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> LiftSummary:
    """Lift a file of 2D poses to a file of 3D poses, in memory that does not grow with it.

    Parameters
    ----------
    lifter : Lifter
        A fitted one.
    path_in, path_out : path-like
        The 2D, and the file to write.
    rename : mapping of str to str, optional
        From joint names in the file to those of the lifter.
    by_order : bool
        Take the joints as they come in the file, whatever they are called.
    fps : float, optional
        Frames per second, where the file does not say.
    overwrite : bool
        Replace a file that is there already.
    camera : Camera, optional
        What filmed the 2D, for a lifter that learned with cameras; see `Lifter.lift`.
    placed : bool
        Put the poses where they are in the world, or in the camera's frame; see
        `liftpose.postprocess.place`.
    length : str, optional
        A known distance that sets the size of the poses, such as ``"nose-tailbase=85mm"``: of
        the two joints, the median over the whole file.
    floor : Floor or Ground, optional
        The floor on which poses that are placed stand, as `liftpose.postprocess.find_floor` or
        `liftpose.postprocess.floors.read_floor` gives it. For a `Ground`, the size of the animal
        is the median over the whole file.
    hypotheses : int, default 0
        How many whole poses to draw of each frame as well; see `Lifter.lift`.
    hints : Hints, optional
        What only the user knows of the file, and which of its individuals are wanted; what its
        format has no use for is passed over.
    format : str, optional
        Of the file to write, where it is not that of its suffix; one of `liftpose.io.formats`.
    on_progress : callable, optional
        Called with the frames done and their whole number.

    Returns
    -------
    LiftSummary

    Raises
    ------
    ValueError
        Joints that do not fit, with those that are missing and the closest there are; no 2D;
        joints far outside of the camera's image; a floor for poses that are not placed, or of
        another unit; or a file that is no pose file.
    FileExistsError
        `path_out` is there already.
    OSError
        A file cannot be read or written. Nothing half-written is left in any case.

    Warns
    -----
    UserWarning
        Pixels at which the camera's distortion cannot be inverted, with their number; or a file
        no frame of which could be lifted, with the likely cause.
    """
    begin = time.perf_counter()
    filmed = lifter.camera if camera is None else camera
    _check_asked(filmed, placed, floor)
    given = hints or Hints()
    flat = replace(given, fps=given.fps if fps is None else fps, dims=2)
    given = flat.of_use(path_in)
    file = _File(lifter, Path(path_in), rename, by_order, camera, given)
    done = {
        "rename": dict(rename or {}),
        "by_order": by_order,
        "hints": given.said,
        "placed": placed,
        "length": length,
        "hypotheses": hypotheses,
    }
    step = {"lift": json.dumps({name: value for name, value in done.items() if value})}
    size = None if length is None else file.size(length)
    if isinstance(floor, Ground):
        floor = file.standing_on(floor, 1.0 if size is None else size[0])
    known, joints = lifter.options.min_confidence, lifter.skeleton_known.joints
    tally, sample = _Tally(len(joints), Seen(known)), _Sample()
    with (
        given.open(file.path) as poses,
        writing(Path(path_out), overwrite=overwrite, format=format) as out,
    ):
        for part, lifted in file.lifted(poses, tally.unreached, hypotheses):
            # Before placing: a pose without a place is NaN too, and was seen.
            tally.count(part, lifted)
            if size is not None:
                lifted = _resized(lifted, *size)
            if placed:
                there = place(lifted, part, filmed, floor=floor, min_confidence=known)
                tally.unplaced += int((~there.placed).sum())
                tally.off_floor += int(there.floating.sum())
                lifted = replace(
                    there.lifted, provenance={**there.lifted.provenance, **lifted.provenance}
                )
            out.append(replace(lifted, provenance={**lifted.provenance, **step}))
            sample.add(part)
            if on_progress is not None:
                on_progress(tally.frames, poses.about.frames)
        verdicts = {} if lifter.novelty is None else sample.verdicts(lifter, filmed)
        out.say(verdicts)
    warn_of_unreached(tally.unreached, os.fspath(file.path))
    if tally.frames and tally.blind == tally.frames:
        say_blind(os.fspath(file.path), tally.frames, tally.seen)
    return LiftSummary(
        file.path,
        Path(path_out),
        tally.frames,
        time.perf_counter() - begin,
        tally.blind,
        dict(zip(joints, (tally.unseen / max(tally.frames, 1)).tolist(), strict=True)),
        tally.unplaced if placed else None,
        None if floor is None else tally.off_floor,
        verdicts,
        tally.swaps.found(),
    )


def _check_asked(filmed: Any, placed: bool, floor: Floor | Ground | None) -> None:
    if placed and filmed is None:
        raise ValueError(
            "placing poses needs the camera that filmed them; name its calibration (--calibration)."
        )
    if floor is not None and not placed:
        raise ValueError("a floor is for poses that are placed; ask for that, too (--place).")


def lift_files(
    lifter: Lifter,
    sources: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    folder: bool = False,
    to: str | None = None,
    overwrite: bool = False,
    on_progress: Callable[[float, float, str], None] | None = None,
    **asked: Any,
) -> list[LiftSummary | Skipped | Failed]:
    """Lift several files; one that fails does not stop the rest, and what was done is skipped.

    Parameters
    ----------
    lifter : Lifter
        A fitted one.
    sources : sequence of path-like
        Files of 2D poses; see `liftpose.io.batch.gather` for patterns and folders.
    out : path-like
        For one, the file to write, or an existing folder; for several the folder, which is made.
    folder : bool
        Whether `out` is a folder even for one file.
    to : str, optional
        Format or ending of the files to write; by default netCDF in a folder, and else what the
        name of the file says.
    overwrite : bool
        Replace files that are there already, and lift again what was lifted before.
    on_progress : callable, optional
        Called with how much is done, of how much, and the name of the file: frames of a single
        file, bytes of several.
    **asked
        See `lift_file`: rename, by_order, fps, camera, placed, length, floor, hypotheses, hints.

    Returns
    -------
    list of LiftSummary, Skipped or Failed
        One a file. In a folder, a file is skipped that the same lifter made from
        the same 2D with the same options.

    Raises
    ------
    ValueError, OSError
        Before anything is lifted: two files that would become one, a file that is there already
        and was made of something else, or a request that fits no file. See also `lift_file`, for
        a single one.
    """
    format, suffix = target_format(to)
    paths = [Path(source) for source in sources]
    files = outputs(paths, out, suffix or SUFFIX, folder)
    one = len(files) == 1 and files[0] == Path(out)
    filmed = lifter.camera if asked.get("camera") is None else asked["camera"]
    _check_asked(filmed, asked.get("placed", False), asked.get("floor"))
    record = Record(Path(out), lifter.digest, _fingerprint(asked, format))
    ready = set() if one or overwrite else _ready(record, paths, files)
    if one:
        new_file(files[0], overwrite)
    else:
        find_writer(files[0], format)
        Path(out).mkdir(parents=True, exist_ok=True)

    def do(number: int, advance: Callable[[float, float], None]) -> LiftSummary | Skipped:
        source, file = paths[number], files[number]
        if file in ready:
            return Skipped(source, file)
        done = lift_file(
            lifter,
            source,
            file,
            overwrite=overwrite,
            format=format,
            on_progress=advance,
            **asked,
        )
        if not one:
            record.add(source, file)
        return done

    return list(one_by_one(paths, do, on_progress))


def _ready(record: Record, sources: Sequence[Path], files: Sequence[Path]) -> set[Path]:
    """Files that are there and need not be made again; an error if one is of something else."""
    # A source that is missing fails by itself.
    there = [pair for pair in zip(sources, files, strict=True) if all(p.exists() for p in pair)]
    for source, file in there:
        differs = record.differs(source, file)
        if differs is not None:
            raise FileExistsError(
                f"{file} is there already, and {differs}; use --overwrite to replace it, or "
                "name another folder."
            )
    return {file for _, file in there}


def _fingerprint(asked: Mapping[str, Any], format: str | None) -> str:
    """Digest of how files are to be lifted, be it said or left out."""
    camera, hints = asked.get("camera"), asked.get("hints")
    known = {name: value for name, value in asked.items() if value and name not in _TOLD}
    known["camera"] = None if camera is None else camera.as_dict()
    known["hints"] = {} if hints is None else hints.said
    floor = asked.get("floor")
    known["floor"] = None if floor is None else {"kind": type(floor).__name__, **vars(floor)}
    return fingerprint({**known, "format": format})


_TOLD = ("camera", "hints", "floor")


class _Tally:
    """What is counted of a file while it is lifted."""

    def __init__(self, joint_count: int, seen: Seen):
        self.seen = seen
        self.frames = self.blind = self.unplaced = self.off_floor = 0
        self.unseen = np.zeros(joint_count, dtype=np.int64)
        self.unreached: Counter[Camera] = Counter()
        self.swaps = SwapSearch()

    def count(self, part: Poses, lifted: Lifted) -> None:
        self.seen.add(part)
        self.swaps.add(part.sure(self.seen.least))
        sure = part.sure(self.seen.least)
        self.unseen += np.isnan(sure.points).any(axis=2).sum(axis=0)
        self.blind, self.frames = self.blind + lifted.blind, self.frames + lifted.frames


class _Sample:
    """Some frames of every experiment of a file, evenly taken, however long it comes to be."""

    def __init__(self) -> None:
        self.kept: dict[Key, Poses] = {}
        self.steps: dict[Key, int] = {}
        self.frames: Counter[Key] = Counter()

    def add(self, part: Poses) -> None:
        for number, key in enumerate(part.keys):
            first = sum(part.lengths[:number])
            self._add(key, part.part(first, first + part.lengths[number]))

    def _add(self, key: Key, part: Poses) -> None:
        step, before = self.steps.get(key, 1), self.frames[key]
        self.frames[key] += part.frames
        new = part.every(step, -before % step)
        kept = together([self.kept[key], new]) if key in self.kept else new
        assert isinstance(kept, Poses)
        while kept.frames > 2 * SAMPLE:
            step, kept = 2 * step, kept.every(2)
        self.kept[key], self.steps[key] = kept, step

    def verdicts(self, lifter: Lifter, camera: Any) -> dict[Key, Verdict]:
        return {
            key: verdict
            for some in self.kept.values()
            if some.frames
            for key, verdict in lifter.verdicts(some, camera).items()
        }


@dataclass(frozen=True)
class _File:
    """A file of 2D poses, as a lifter takes it."""

    lifter: Lifter
    path: Path
    rename: Mapping[str, str] | None
    by_order: bool
    camera: Camera | None
    hints: Hints

    def lifted(
        self, poses: OpenedPoses, unreached: Counter[Camera], hypotheses: int = 0
    ) -> Iterator[tuple[Poses, Lifted]]:
        """Give the 2D and what is lifted of it, chunk by chunk; count what no ray reaches."""
        if poses.about.dims != 2:
            raise ValueError(f"{self.path} holds {poses.about.dims}D poses; expected 2D ones.")
        filmed = self.lifter.camera if self.camera is None else self.camera
        least = self.lifter.options.min_confidence
        for chunk in poses.chunks(CHUNK):
            part = as_learned(self.lifter, chunk, self.rename, self.by_order)
            if isinstance(filmed, Camera):
                # The lifter would name the file that the poses were first read from.
                filmed.check_fits(part.sure(least).points, f"the joints of {self.path}")
            # All of a file is judged at once.
            lifted = self.lifter.lift(
                part,
                self.camera,
                hypotheses=hypotheses,
                on_unreached=unreached.update,
                judge=False,
            )
            yield part, lifted

    def size(self, length: str) -> tuple[float, str | None]:
        """Factor that a known distance gives, and the unit after it, from all frames."""
        known = as_length(length, self.lifter.skeleton_known.joints)
        pair = list(known.joints)
        both = self._of_all(lambda lifted: lifted.position[:, pair])
        keys: tuple[Key, ...] = ("",)
        two = Lifted(both, both, keys, (len(both),), known.names, unit=self.lifter.unit)
        return size_factor(two, replace(known, joints=(0, 1)))

    def standing_on(self, ground: Ground, factor: float) -> Floor:
        """The floor of the animal of this file, of the median size."""
        square = self._of_all(mean_squares)
        # Where nothing is ever lifted, nothing stands on the floor.
        size = factor * float(np.sqrt(np.median(square))) if len(square) else 1.0
        return ground.floor(size, self.lifter.skeleton_known.joints)

    def _of_all(self, part: Callable[[Lifted], Any]) -> Any:
        # They are lifted once more, and said of then.
        unsaid: Counter[Camera] = Counter()
        with self.hints.open(self.path) as poses:
            return np.concatenate([part(one) for _, one in self.lifted(poses, unsaid)])


def _resized(lifted: Lifted, factor: float, unit: str | None) -> Lifted:
    scale = np.float32(factor)
    return replace(
        lifted,
        position=lifted.position * scale,
        root_relative=lifted.root_relative * scale,
        spread=None if lifted.spread is None else lifted.spread * scale,
        hypotheses=None if lifted.hypotheses is None else lifted.hypotheses * scale,
        unit=unit,
        provenance={**lifted.provenance, "size_factor": repr(factor)},
    )
