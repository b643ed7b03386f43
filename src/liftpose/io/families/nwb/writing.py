"""Writing NWB files with poses in the layout of ndx-pose.

One `PoseEstimation` an individual, in the module ``behavior``, all with one skeleton; that of a
single individual is called ``PoseEstimation``, as `movement` expects. What has no place there is
noted in the file as JSON: names that objects in a file cannot have, and where poses come from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from liftpose.io.families.nwb.naming import (
    FRAMES,
    FRAMES_AS_TIMES,
    IMAGE,
    NOT_STATED,
    NOTES,
    escaped,
    unit_in_file,
)
from liftpose.io.families.nwb.reading import NAME, TITLE
from liftpose.io.registry import writer
from liftpose.poses import Lifted, Poses
from liftpose.poses.layout.to_dataset import side_by_side

Array = npt.NDArray[Any]

_UNTOLD = datetime(1970, 1, 1, tzinfo=UTC)
"""A file must say when it was recorded; checkers take dates before 1980 for what they are."""

_SINGLE = "PoseEstimation"


@writer(NAME, TITLE, suffixes=(".nwb",))
def write_nwb(poses: Poses | Lifted, path: Path) -> None:
    """Write one experiment, or several individuals side by side."""
    count = len(poses.keys)
    if count > 1 and not side_by_side(poses):
        raise ValueError(
            f"an NWB file is of one recording, and there are {count} experiments that are not the "
            "same frames of different individuals; write each into a file of its own."
        )
    try:
        import ndx_pose  # type: ignore[import-untyped]
        import pynwb  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError(
            'writing NWB needs pynwb and ndx-pose: pip install "liftpose[io]"'
        ) from error
    _check_texts(poses)
    told = dict(poses.provenance)
    file = pynwb.NWBFile(
        session_description=told.get("session_description", "Poses written by LiftPose."),
        identifier=told.get("identifier", str(uuid4())),
        session_start_time=_start(told),
        notes=json.dumps({NOTES: _noted(poses)}),
    )
    subject = None
    if poses.individuals is not None and count == 1:
        subject = file.subject = pynwb.file.Subject(subject_id=poses.individuals[0])
    joints = _joints(poses)
    skeleton = ndx_pose.Skeleton(
        name="skeleton", nodes=joints, edges=np.zeros((0, 2), np.uint8), subject=subject
    )
    module = file.create_processing_module("behavior", "Poses.")
    module.add(ndx_pose.Skeletons(skeletons=[skeleton]))
    positions, confidence = _each(poses, _points(poses)), _each(poses, poses.confidence)
    for number, name in enumerate(_containers(poses)):
        series = _series(poses, joints, positions[number], confidence[number])
        module.add(
            ndx_pose.PoseEstimation(
                name=name,
                pose_estimation_series=series,
                description=told.get("description", f"{poses.dims}D poses."),
                skeleton=skeleton,
                **_maker(poses),
            )
        )
    with pynwb.NWBHDF5IO(str(path), "w") as out:
        out.write(file)


def _maker(poses: Poses | Lifted) -> dict[str, str]:
    """What found the poses."""
    told = poses.provenance
    found = {"scorer": told["scorer"]} if "scorer" in told else {}
    if poses.source_software is None:
        return found
    found["source_software"] = poses.source_software
    version = "source_software_version"
    return found | ({version: told[version]} if version in told else {})


def _points(poses: Poses | Lifted) -> Array:
    return poses.position if isinstance(poses, Lifted) else poses.points


def _each(poses: Poses | Lifted, table: Array | None) -> list[Any]:
    """Values of every individual."""
    count = len(poses.keys)
    return [None] * count if table is None else np.split(table, count)


def _joints(poses: Poses | Lifted) -> list[str]:
    return list(poses.joints or (f"keypoint_{number}" for number in range(poses.joint_count)))


def _containers(poses: Poses | Lifted) -> list[str]:
    """What the poses of every individual are called in the file."""
    if len(poses.keys) == 1:
        return [_SINGLE]
    return [escaped(name) for name in poses.individuals or ()]


def _noted(poses: Poses | Lifted) -> Mapping[str, Any]:
    """What a file has no other place for."""
    several = len(poses.keys) > 1
    who = dict(zip(_containers(poses), poses.individuals or (), strict=True)) if several else {}
    return {
        "provenance": dict(poses.provenance),
        "individuals": who,
        "joints": poses.joints is not None,
        "source_file": poses.source_file,
    }


def _series(
    poses: Poses | Lifted, joints: list[str], positions: Array, confidence: Array | None
) -> list[Any]:
    import ndx_pose

    told = poses.provenance
    flat = poses.dims == 2
    usual = IMAGE if flat else FRAMES.get(poses.frame or "", NOT_STATED)
    known: dict[str, Any] = {
        "description": "Position of a joint in every frame; NaN where it was not seen.",
        "unit": unit_in_file(poses.unit, poses.dims),
        "reference_frame": told.get("reference_frame", usual) if poses.frame is None else usual,
        "rate": 1.0 if poses.fps is None else float(poses.fps),
        "starting_time": _number(told.get("starting_time", "")),
    }
    if poses.fps is None:
        known |= {"comments": FRAMES_AS_TIMES, "starting_time": 0.0}
    if confidence is not None:
        usual = "As the tracker gave it, between 0 and 1."
        known["confidence_definition"] = told.get("confidence_definition", usual)
    return [
        ndx_pose.PoseEstimationSeries(
            name=escaped(joint),
            data=np.ascontiguousarray(positions[:, number]),
            **known,
            **({} if confidence is None else {"confidence": confidence[:, number].copy()}),
        )
        for number, joint in enumerate(joints)
    ]


def _number(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        return 0.0


def _start(told: Mapping[str, str]) -> datetime:
    try:
        start = datetime.fromisoformat(told.get("session_start_time", ""))
    except ValueError:
        return _UNTOLD
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def _check_texts(poses: Poses | Lifted) -> None:
    for what, names in (("joint", poses.joints or ()), ("individual", poses.individuals or ())):
        for name in names:
            if "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
                raise ValueError(
                    f"{what} {name!r} holds a null character or half of a surrogate pair, which "
                    "no file keeps; use other text."
                )
