"""Folders of JSON, one file a frame, as OpenPose writes them, and Pose2Sim and others like it.

The last number in the name of a file is the number of its frame: row i is frame i, and frames
without a file, or with nobody in it, are NaN. Joints at (0, 0) were not seen. People are known by
``person_id`` where all have one; otherwise the first of a file is individual 0, the second is 1,
and so on, which need not be the same person throughout. Face and hands are read after the body
where they were tracked.

The files do not name joints. Those of the body are named where their number says what they are:
15 (MPI), 17 (COCO_17), 18 (COCO) and 26 (HALPE_26). 25 can be BODY_25 or BODY_25B: which, is told
from where the joints lie (hips around the middle of the hip, or eyes beside the nose), and they
stay without names where that is not plain.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.frames import at_frames
from liftpose.io.registry import HEAD, reader
from liftpose.poses import UNNAMED, Poses

Array = npt.NDArray[Any]

_FACE_OF_COCO = ("Nose", "LEye", "REye", "LEar", "REar")
_BODY_OF_COCO = (
    *("LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist"),
    *("LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle"),
)
_ARMS = ("RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist")
_LEGS = ("RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle")
_FACE = ("REye", "LEye", "REar", "LEar")
_FEET = ("LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel")
JOINTS = {
    "MPI": ("Head", "Neck", *_ARMS, *_LEGS, "Chest"),
    "COCO_17": (*_FACE_OF_COCO, *_BODY_OF_COCO),
    "COCO": ("Nose", "Neck", *_ARMS, *_LEGS, *_FACE),
    "BODY_25": ("Nose", "Neck", *_ARMS, "MidHip", *_LEGS, *_FACE, *_FEET),
    "BODY_25B": (*_FACE_OF_COCO, *_BODY_OF_COCO, "UpperNeck", "HeadTop", *_FEET),
    "HALPE_26": (
        *(*_FACE_OF_COCO, *_BODY_OF_COCO, "Head", "Neck", "Hip"),
        *("LBigToe", "RBigToe", "LSmallToe", "RSmallToe", "LHeel", "RHeel"),
    ),
}
"""Names of the body's joints, in the order of each model."""

_PARTS = ("pose", "face", "hand_left", "hand_right")
_NUMBER = re.compile(r"\A(.*?)(\d+)(\D*)\Z", re.DOTALL)
_NEAR, _FAR = 0.05, 0.07
"""Shares of a person's extent: nearer than the first is near, further than the second is not."""

_MOST, _MOST_EACH = 50_000_000, 50
"""Values that there may be in all: so many, and so many for each that is in the files."""

_LOOKED_AT = 20
_SURE = 1.2
"""OpenPose's confidence can exceed 1 a little."""


def is_openpose(path: Path, head: bytes) -> bool:
    """Whether a folder has JSON files, and one of the first that come has people in it."""
    try:
        files = (entry for entry in path.iterdir() if entry.suffix.lower() == ".json")
        return any(_has_people(file) for file in itertools.islice(files, _LOOKED_AT))
    except OSError:
        return False


def _has_people(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b'"people"' in file.read(HEAD)


@dataclass(frozen=True)
class _Person:
    """Somebody in a frame: (x, y, confidence) of each joint, part by part."""

    frame: int
    who: int
    parts: Mapping[str, Array]


@reader(
    "openpose",
    "a folder of JSON, one file a frame, of OpenPose or Pose2Sim",
    suffixes=(".json",),
    recognises=is_openpose,
    dims=(2,),
    folders=True,
)
def read_openpose(path: Path) -> Poses:
    """Read a folder, its frames in the order of their numbers."""
    files = _numbered(path)
    people = _known([_people(file, number) for number, file in files.items()])
    if not people:
        raise ValueError(f"nobody is in any of its {len(files)} files.")
    counts = {part: _joints(people, part) for part in _PARTS}
    joints, last = sum(counts.values()), max(files)
    who = sorted({person.who for person in people})
    if (last + 1) * len(who) * joints > _MOST + _MOST_EACH * len(people) * joints:
        raise ValueError(
            f"{len(who)} individuals in {last + 1} frames, who were seen {len(people)} times: "
            "nearly all would be empty. Are the numbers in the names of the files those of frames?"
        )
    names = [f"person_{number}" for number in who] if len(who) > 1 else [UNNAMED]
    tables = {
        name: _table([person for person in people if person.who == number], counts, last + 1)
        for name, number in zip(names, who, strict=True)
    }
    return _poses(tables, counts)


def _numbered(folder: Path) -> dict[int, Path]:
    """Files by the numbers in their names."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".json")
    found: dict[int, Path] = {}
    around: dict[tuple[str, str], Path] = {}
    for file in files:
        parts = _NUMBER.match(file.stem)
        if parts is None and len(files) > 1:
            raise ValueError(f"the name of {file.name} has no number; expected that of its frame.")
        before, digits, after = ("", "0", "") if parts is None else parts.groups()
        around.setdefault((before, after), file)
        if len(around) > 1:
            raise ValueError(
                "it has files of more than one recording, such as "
                f"{' and '.join(one.name for one in around.values())}; put each recording in a "
                "folder of its own."
            )
        if int(digits) in found:
            raise ValueError(f"{found[int(digits)].name} and {file.name} are of the same frame.")
        found[int(digits)] = file
    return found


def _people(file: Path, frame: int) -> list[_Person]:
    """Everybody in a file, in its order; with the number that it gives them, or less than 0."""
    try:
        content = json.loads(file.read_bytes())
        entries = content["people"]
        if not isinstance(entries, list):
            raise TypeError(f"'people' is {type(entries).__name__}")
        return [_Person(frame, _number(entry), _parts(entry)) for entry in entries]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{file.name} is damaged, or none of OpenPose ({type(error).__name__}: {error}); "
            "expected 'people', each with 'pose_keypoints_2d': x, y and confidence of each joint."
        ) from None


def _number(entry: Mapping[str, Any]) -> int:
    said = entry.get("person_id", -1)
    said = said[0] if isinstance(said, list) and said else said
    return said if isinstance(said, int) else -1


def _parts(entry: Mapping[str, Any]) -> dict[str, Array]:
    found = {}
    for part in _PARTS:
        values = np.asarray(entry.get(f"{part}_keypoints_2d") or [], dtype=np.float64)
        if values.ndim != 1 or values.size % 3:
            raise ValueError(f"{part}_keypoints_2d holds {values.size} numbers, not three a joint")
        found[part] = values.reshape(-1, 3)
    return found


def _known(frames: list[list[_Person]]) -> list[_Person]:
    """Give everybody a number: that of the files, or else the place in them."""
    said = [[person.who for person in people] for people in frames]
    if all(min(ids, default=0) >= 0 and len(set(ids)) == len(ids) for ids in said):
        return [person for people in frames for person in people]
    return [replace(person, who=who) for people in frames for who, person in enumerate(people)]


def _joints(people: list[_Person], part: str) -> int:
    """How many joints of a part everybody has who has any."""
    counts = {len(person.parts[part]): person.frame for person in people}
    counts.pop(0, None)
    if len(counts) > 1:
        (one, first), (other, second) = list(counts.items())[:2]
        raise ValueError(
            f"{part} has {one} joints in frame {first} and {other} in frame {second}; expected as "
            "many in all."
        )
    return next(iter(counts), 0)


def _table(people: list[_Person], counts: Mapping[str, int], frames: int) -> Array:
    """Take (x, y, confidence) of one individual in every frame."""
    rows = np.full((len(people), sum(counts.values()), 3), np.nan)
    begin = 0
    for part, count in counts.items():
        for row, person in zip(rows, people, strict=True):
            if len(person.parts[part]):
                row[begin : begin + count] = person.parts[part]
        begin += count
    return at_frames(rows, [person.frame for person in people], frames)


def _poses(tables: Mapping[str, Array], counts: Mapping[str, int]) -> Poses:
    everything = np.concatenate(list(tables.values()))
    if not everything.shape[1]:
        raise ValueError("nobody in its files has any joints.")
    unseen = (everything[..., :2] == 0).all(axis=-1)
    everything[unseen, :2] = np.nan
    sure = everything[..., 2]
    known = sure[~np.isnan(sure)]
    are_shares = bool(((known >= 0) & (known <= _SURE)).all())
    within = np.abs(everything[..., :2][~np.isnan(everything[..., :2])]) <= 1
    names, model = _names(everything[:, : counts["pose"], :2], counts)

    def each(table: Array) -> dict[str, Array]:
        return dict(zip(tables, np.split(table, len(tables)), strict=True))

    return Poses.from_experiments(
        each(everything[..., :2]),
        name="the files",
        confidence=each(sure.clip(0, 1)) if are_shares else None,
        extra={} if are_shares else {"score": each(sure)},
        joints=names,
        individuals=None if len(tables) == 1 else list(tables),
        # With --keypoint_scale, OpenPose writes shares of the image.
        unit=None if within.all() else "px",
        source_software="OpenPose",
        provenance={"model": model} if model else {},
    )


def _names(body: Array, counts: Mapping[str, int]) -> tuple[list[str] | None, str | None]:
    """Names of all joints, and the model that they are of, where it is known."""
    models = [model for model, names in JOINTS.items() if len(names) == counts["pose"]]
    model = _lying(body) if len(models) > 1 else next(iter(models), None)
    if counts["pose"] and model is None:
        return None, None
    named = list(JOINTS[model]) if model else []
    for part in _PARTS[1:]:
        named += [f"{part}_{number}" for number in range(counts[part])]
    return named, model


def _lying(body: Array) -> str | None:
    """Whether 25 joints lie as those of BODY_25 or of BODY_25B do."""
    known = body[~np.isnan(body).all(axis=(1, 2))]
    if not len(known):
        return None
    extent = np.linalg.norm(np.nanmax(known, axis=1) - np.nanmin(known, axis=1), axis=-1)

    def off(distance: Array) -> float:
        seen = ~np.isnan(distance) & (extent > 0)
        return float(np.median(distance[seen] / extent[seen])) if seen.any() else np.nan

    hips = off(np.linalg.norm(known[:, 8] - (known[:, 9] + known[:, 12]) / 2, axis=-1))
    eyes = off(np.linalg.norm(known[:, 1:3] - known[:, :1], axis=-1).max(axis=1))
    if hips < _NEAR and eyes > _FAR:
        return "BODY_25"
    return "BODY_25B" if eyes < _NEAR and hips > _FAR else None
