"""NWB files with poses in the layout of ndx-pose 0.1 to 0.4.

``PoseEstimation`` holds a ``PoseEstimationSeries`` for each joint: its data (frames, 2 or 3), a
confidence and times. The order of the joints is that of ``nodes``: of the skeleton it links to,
or, before ndx-pose 0.2, its own. Since ndx-pose 0.4, ``MultiCameraPoseEstimation`` holds 3D series
and the ``PoseEstimation`` of each camera.

A file may hold several of them. They are of different cameras if they link to different devices or
videos, lie in different modules, belong to a ``MultiCameraPoseEstimation`` or have a view for a
name ("left camera"); otherwise of different individuals.

We read with h5py: `movement` 0.15, through `pynwb` with ndx-pose 0.4, fails on a file of ndx-pose
0.1 without edges and, depending on what was loaded before, on one of 0.3 with two devices; it reads
one container of one name, gives the joints in alphabetical order, and takes 1.6 s to import (h5py
0.2 s). `pynwb` writes, since it knows what belongs in a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.hdf5 import attribute, check_heaps, holds, whole
from liftpose.io.decoding.hdf5_text import text
from liftpose.io.families.nwb.containers import (
    SERIES,
    Container,
    chosen_of,
    containers,
    dataset,
    individuals_of,
)
from liftpose.io.families.nwb.naming import (
    FRAMES_AS_TIMES,
    NOTES,
    OURS,
    escaped,
    frame_of,
    unit_of,
)
from liftpose.io.registry import reader
from liftpose.names import listed
from liftpose.poses import UNNAMED, Poses

NAME, TITLE = "nwb", "NWB with ndx-pose"

Array = npt.NDArray[Any]

_REGULAR = 0.5
"""By how much of a frame the time between two may differ from what it usually is."""


def is_nwb(path: Path, head: bytes) -> bool:
    """Whether a file is NWB."""
    return holds(path, head, lambda file: "nwb_version" in file.attrs)


@reader(NAME, TITLE, suffixes=(".nwb",), recognises=is_nwb, hints=("camera", "dims"))
def read_nwb(path: Path, camera: str | None = None, dims: int | None = None) -> Poses:
    """Read the poses of a file: 3D if there are any and nothing else is asked for."""
    import h5py  # type: ignore[import-untyped]

    check_heaps(path)
    with h5py.File(path, "r") as file:
        noted = _notes(file)
        known = noted.get("individuals", {})
        chosen = chosen_of(containers(file), camera, dims, known)
        parts = [_part(container, noted.get("joints", True)) for container in chosen]
        told = noted["provenance"] if "provenance" in noted else _told(file, chosen[0])
        source = noted.get("source_file")
        who = individuals_of(file, chosen, known)
    for what in ("joints", "frames", "fps", "unit", "frame"):
        if len({getattr(part, what) for part in parts}) > 1:
            raise ValueError(
                f"{listed([container.name for container in chosen])} differ in {what}; name the "
                "one that is meant with camera=."
            )
    return _side_by_side(parts, who, told, source)


def _side_by_side(
    parts: list[Poses], who: list[str] | None, told: dict[str, str], source: str | None
) -> Poses:
    keys = who if who and len(parts) > 1 else [UNNAMED]

    def each(name: str) -> Any:
        tables = [getattr(part, name) for part in parts]
        if all(table is None for table in tables):
            return None
        unknown = np.full(parts[0].points.shape[:2], np.nan, np.float32)
        filled = [unknown if table is None else table for table in tables]
        return dict(zip(keys, filled, strict=True))

    like = parts[0]
    return Poses.from_experiments(
        each("points"),
        name="the series",
        confidence=each("confidence"),
        joints=like.joints,
        individuals=who,
        fps=like.fps,
        unit=like.unit,
        frame=like.frame,
        source_software=like.source_software,
        source_file=source,
        provenance={**like.provenance, **told},
        copy=False,
    )


def _part(container: Container, is_named: bool) -> Poses:
    """Poses of one container."""
    joints = _joints(container)
    arrays = {name: _data(container.series[name]) for _, name in joints if name is not None}
    shapes = {name: array.shape for name, array in arrays.items()}
    shape = next(iter(shapes.values()))
    for name, other in shapes.items():
        if other != shape:
            raise ValueError(
                f"{container.name}: {name!r} is {other} and other joints are {shape}; expected "
                "the same frames of all."
            )
    unseen = np.full(shape, np.nan, next(iter(arrays.values())).dtype)
    series = [None if name is None else container.series[name] for _, name in joints]
    confidence = [
        np.full(len(unseen), np.nan)
        if one is None or "confidence" not in one
        else _floats(dataset(one, "confidence"))
        for one in series
    ]
    fps, told = _times(container)
    first = next(iter(container.series.values()))
    reference = text(whole(first["reference_frame"])) if "reference_frame" in first else ""
    frame = frame_of(reference)
    return Poses.from_experiments(
        np.stack([unseen if name is None else arrays[name] for _, name in joints], axis=1),
        name=container.name,
        confidence=None if np.isnan(confidence).all() else np.stack(confidence, axis=1),
        joints=[joint for joint, _ in joints] if is_named else None,
        fps=fps,
        unit=_unit(container),
        frame=frame if container.dims == 3 else None,
        source_software=_text(container.group, "source_software"),
        provenance=told
        | ({"reference_frame": reference} if reference and reference not in OURS else {}),
        copy=False,
    )


def _joints(container: Container) -> list[tuple[str, str | None]]:
    """Name of every joint, in order, and of its series."""
    names = container.series
    plain = {_plain(name): name for name in names}
    matched: list[tuple[str, str | None]] = []
    for node in container.nodes:
        ways = (escaped(node), node, plain.get(_plain(node)))
        matched.append((node, next((way for way in ways if way in names), None)))
    used = [name for _, name in matched if name is not None]
    if sorted(used) != sorted(names):
        # The nodes are those of something else: the series say what they are of.
        return [(name, name) for name in names]
    return matched


def _plain(name: str) -> str:
    """A name without what some writers add and leave out."""
    return re.sub(r"[\W_]", "", name.removeprefix(SERIES)).lower()


def _data(series: Any) -> Array:
    """Positions, in their unit."""
    data = dataset(series, "data")
    values = _floats(data)
    if values.ndim != 2:
        raise ValueError(f"{series.name} has the shape {values.shape}; expected (frames, 2 or 3).")
    factor, shift = (float(attribute(data, name, usual)) for name, usual in _SCALE)
    return values if (factor, shift) == (1, 0) else values * factor + shift


_SCALE = (("conversion", 1), ("offset", 0))


def _floats(dataset: Any) -> Array:
    if dataset.dtype.kind not in "iuf":
        raise ValueError(f"{dataset.name} is of {dataset.dtype}; expected numbers.")
    values: Array = whole(dataset)
    return values if values.dtype == np.float32 else values.astype(np.float64)


def _unit(container: Container) -> str | None:
    said = {text(attribute(dataset(one, "data"), "unit", "")) for one in container.series.values()}
    if len(said) > 1:
        raise ValueError(f"{container.name} mixes units: {', '.join(sorted(said))}.")
    return unit_of(said.pop(), container.dims)


def _times(container: Container) -> tuple[float | None, dict[str, str]]:
    """Frames per second, and what else is to be said of the times."""
    all_of_them = list(container.series.values())
    first = all_of_them[0]
    if text(attribute(first, "comments", "")) == FRAMES_AS_TIMES:
        return None, {}
    if "timestamps" not in first:
        rates = {float(attribute(one["starting_time"], "rate")) for one in _started(all_of_them)}
        if len(rates) > 1:
            raise ValueError(f"{container.name} has joints at {sorted(rates)} frames per second.")
        return (rates.pop(), _starting(first)) if rates else (None, {})
    shared = dataset(first, "timestamps")
    stamps = _floats(shared)
    for one in all_of_them:
        own = dataset(one, "timestamps")
        # Most writers link to the times of one joint from all others.
        if own != shared and not np.array_equal(_floats(own), stamps, equal_nan=True):
            raise ValueError(f"{one.name} has other timestamps than {first.name}.")
    frames = dataset(first, "data").shape[0]
    if stamps.shape != (frames,):
        raise ValueError(f"{first.name} has {len(stamps)} timestamps for {frames} frames.")
    return _rate(stamps)


def _started(series: Sequence[Any]) -> list[Any]:
    return [one for one in series if "starting_time" in one]


def _starting(series: Any) -> dict[str, str]:
    """When the first frame was, where times are counted from something else."""
    start = _floats(dataset(series, "starting_time"))
    if start.size != 1:
        raise ValueError(f"{series.name} has {start.size} starting times; expected one.")
    return {"starting_time": repr(start.item())} if start.item() else {}


def _rate(stamps: Array) -> tuple[float | None, dict[str, str]]:
    if len(stamps) < 2:
        return None, {}
    steps = np.diff(stamps)
    if not (steps > 0).all():
        later = int(np.flatnonzero(~(steps > 0))[0]) + 1
        raise ValueError(
            f"frame {later} is of the time {stamps[later]} s, and the one before of "
            f"{stamps[later - 1]} s; expected frames in order."
        )
    usual = float(np.median(steps))
    told = {"starting_time": repr(float(stamps[0]))} if stamps[0] else {}
    if np.abs(steps - usual).max() > _REGULAR * usual:
        between = f"irregular: {steps.min():g} to {steps.max():g} s between frames"
        return None, told | {"timestamps": between}
    return round(float(len(steps) / (stamps[-1] - stamps[0])), 6), told


def _text(group: Any, name: str) -> str | None:
    if name not in group:
        return None
    return text(whole(group[name])) or None


def _told(file: Any, container: Container) -> dict[str, str]:
    """What else the file says of itself."""
    found = {name: _text(container.group, name) for name in ("scorer", "description")} | {
        name: _text(file, name)
        for name in ("identifier", "session_description", "session_start_time")
    }
    software = container.group.get("source_software")
    if software is not None and "version" in software.attrs:
        found["source_software_version"] = text(attribute(software, "version"))
    first = next(iter(container.series.values()))
    if "confidence" in first:
        meaning = attribute(dataset(first, "confidence"), "definition", "")
        found["confidence_definition"] = text(meaning)
    if container.videos:
        found["videos"] = json.dumps(container.videos)
    return {name: entry for name, entry in found.items() if entry}


def _notes(file: Any) -> dict[str, Any]:
    """What we wrote into the notes of a file; nothing if they are someone else's."""
    try:
        noted = json.loads(_text(file, "general/notes") or "{}")
    except ValueError:
        return {}
    ours = noted.get(NOTES, {}) if isinstance(noted, dict) else {}
    return ours if isinstance(ours, dict) else {}
