"""SLEAP's analysis files, and what sleap-anipose makes of them: arrays in HDF5.

``.analysis.h5`` (2D) holds ``tracks`` (tracks, 2, joints, frames), with names of tracks and joints,
and scores. Since `sleap_io` writes them, their axes may come in any order, which an attribute
``dims`` says. ``points3d.h5`` of sleap-anipose (3D) holds ``tracks`` (frames, tracks, joints, 3),
without names, and, where only some frames were triangulated, which they are.

We read both with h5py: `movement` 0.15 takes the axes for SLEAP's own, whatever ``dims`` says,
and does not read sleap-anipose's. We write the axes in SLEAP's order and say so in ``dims``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.hdf5 import attribute, check_heaps, holds, whole
from liftpose.io.decoding.hdf5_text import said, text, texts
from liftpose.io.families.sleap import check_filling
from liftpose.io.registry import reader, writer
from liftpose.poses import UNNAMED, Lifted, Poses
from liftpose.poses.layout.from_dataset import sleap_scores
from liftpose.poses.layout.to_dataset import RESERVED, side_by_side

NAME, TITLE = "sleap-analysis", "SLEAP's analysis file"

Array = npt.NDArray[Any]

_AXES = ("track", "xy", "node", "frame")
_OLD_ROWS = ("frame", "node", "xy", "track")
"""What SLEAP writes if it is told not to transpose for MATLAB."""

_IN_ORDER = ("track", "frame", "node", "xy")
"""How we take them."""

_SOURCES = {"source_software": "SLEAP", "source_file": ""}
"""Where poses come from, if we wrote the file; and what others mean."""

_SCORES = {"instance_score": "instance_scores", "tracking_score": "tracking_scores"}


def is_analysis(path: Path, head: bytes) -> bool:
    """Whether a file is one of SLEAP's analysis files."""
    return holds(path, head, lambda file: _is_table(file) and "node_names" in file)


def is_points3d(path: Path, head: bytes) -> bool:
    """Whether a file holds 3D points of sleap-anipose."""
    return holds(
        path,
        head,
        lambda file: (
            _is_table(file)
            and file["tracks"].shape[-1] == 3
            and not {"track_occupancy", "point_scores"} & set(file)
        ),
    )


def _is_table(file: Any) -> bool:
    tracks = file.get("tracks")
    return len(getattr(tracks, "shape", None) or ()) == 4 and tracks.dtype.kind in "iuf"


@reader(
    NAME,
    TITLE,
    suffixes=(".h5", ".analysis.h5"),
    recognises=lambda path, head: is_analysis(path, head) and not is_points3d(path, head),
    dims=(2,),
)
def read_analysis(path: Path) -> Poses:
    """Read 2D of all tracks."""
    import h5py  # type: ignore[import-untyped]

    check_heaps(path)
    with h5py.File(path, "r") as file:
        joints = texts(file["node_names"])
        is_named = "placeholder" not in file["node_names"].attrs
        dims = _dims(file, len(joints))
        points = _numbers(file["tracks"]).transpose([dims.index(axis) for axis in _IN_ORDER])
        names = texts(file["track_names"]) if "track_names" in file else []
        if points.shape[2:] != (len(joints), 2):
            raise ValueError(
                f"'tracks' is {file['tracks'].shape}, of {', '.join(dims)}, and there are "
                f"{len(joints)} joints; expected as many, of 2 coordinates."
            )
        rest = [axis for axis in _IN_ORDER if axis in ("track", "frame")]
        found = _beside(file, "point_scores", dims, [*rest, "node"], points.shape[:3])
        further = {
            name: _beside(file, entry, dims, rest, points.shape[:2])
            for name, entry in _SCORES.items()
        }
        told, rate = _told(file), attribute(file, "fps")
        software, source = (
            text(attribute(file, name, usual)) or None for name, usual in _SOURCES.items()
        )
    sure = None if found is None or np.isnan(found).all() else sleap_scores(found)
    ones = np.ones((1, 1, len(joints)))
    return _poses(
        points,
        names,
        confidence=sure,
        joints=joints if is_named else None,
        fps=None if rate is None else float(rate),
        unit="px",
        source_software=software,
        source_file=source,
        extra={
            name: values[..., None] * ones
            for name, values in further.items()
            if values is not None and np.nan_to_num(values).any()
        },
        provenance=told,
    )


@reader(
    "sleap-anipose",
    "3D points of sleap-anipose",
    suffixes=(".h5",),
    recognises=is_points3d,
    dims=(3,),
)
def read_points3d(path: Path) -> Poses:
    """Read 3D of all tracks."""
    import h5py

    check_heaps(path)
    with h5py.File(path, "r") as file:
        points = _numbers(file["tracks"]).transpose(1, 0, 2, 3)
        names = texts(file["track_names"]) if "track_names" in file else []
        joints = texts(file["node_names"]) if "node_names" in file else None
        start = _start(file, points.shape[1])
        about = attribute(file["tracks"], "Description")
    count, length, joint_count = points.shape[:3]
    check_filling(start + length, count * joint_count, points.size // 3)
    before = np.full((count, start, joint_count, 3), np.nan)
    return _poses(
        np.concatenate([before, points], axis=1) if start else points,
        names,
        joints=joints,
        frame="world",
        source_software="sleap-anipose",
        provenance={} if about is None else {"description": text(about)},
    )


def _start(file: Any, length: int) -> int:
    """The frame of the video that the first row is of."""
    if "frames" not in file:
        return 0
    span = np.asarray(whole(file["frames"])).reshape(-1)
    if span.shape != (2,) or span.dtype.kind not in "iu":
        raise ValueError(f"'frames' is {span.shape} of {span.dtype}; expected two numbers.")
    start, stop = (int(number) for number in span)
    if start < 0 and stop < 0:
        # What its command line passes on where all are meant.
        return 0
    if start < 0 or stop - start != length:
        raise ValueError(f"it has {length} frames, and says that they are {start} to {stop - 1}.")
    return start


def _dims(file: Any, joint_count: int) -> tuple[str, ...]:
    """What the axes of the tracks are."""
    tracks = file["tracks"]
    if "dims" in tracks.attrs:
        dims = tuple(json.loads(text(attribute(tracks, "dims"))))
        if sorted(dims) != sorted(_AXES):
            raise ValueError(f"the axes are {dims}; expected {', '.join(_AXES)}, in any order.")
        return dims
    if tracks.shape[1:3] != (2, joint_count) and tracks.shape[1:3] == (joint_count, 2):
        return _OLD_ROWS
    return _AXES


def _beside(
    file: Any, name: str, dims: Sequence[str], order: list[str], shape: tuple[int, ...]
) -> Array | None:
    """Numbers beside the tracks, whose axes are some of theirs."""
    if name not in file:
        return None
    found = file[name]
    own = [axis for axis in dims if axis in order]
    if "dims" in found.attrs:
        own = list(json.loads(text(attribute(found, "dims"))))
    if sorted(own) != sorted(order) or found.ndim != len(order):
        raise ValueError(f"{name!r} is {found.shape}, of {own}; expected {order}, in any order.")
    values = _numbers(found).transpose([own.index(axis) for axis in order])
    if values.shape != shape:
        raise ValueError(f"{name!r} is {values.shape} and the tracks are {shape}; they differ.")
    return values


def _numbers(dataset: Any) -> Array:
    if dataset.dtype.kind not in "iufb":
        raise ValueError(f"{dataset.name.lstrip('/')!r} is of {dataset.dtype}; expected numbers.")
    values: Array = whole(dataset)
    return values if values.dtype == np.float32 else values.astype(np.float64)


def _told(file: Any) -> dict[str, str]:
    known = {"video": "video_path", "labels": "labels_path"}
    paths = {name: text(whole(file[entry])) for name, entry in known.items() if entry in file}
    made = json.loads(text(whole(file["provenance"])) or "{}") if "provenance" in file else {}
    found = {name: path for name, path in paths.items() if path} | said(made)
    return {name: entry for name, entry in found.items() if name not in RESERVED}


def _poses(points: Array, names: list[str], **known: Any) -> Poses:
    """Poses of arrays (tracks, frames, joints, coordinates)."""
    count = len(points)
    if names and len(names) != count:
        raise ValueError(f"it names {len(names)} tracks and holds {count}.")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"two tracks are called {twice!r}; rename one in SLEAP.")
    who = names or ([f"track_{number}" for number in range(count)] if count > 1 else None)
    keys = who if who and count > 1 else [UNNAMED]

    def each(values: Array | None) -> dict[str, Array] | None:
        return None if values is None else dict(zip(keys, values, strict=True))

    return Poses.from_experiments(
        each(points),
        name="the tracks",
        individuals=who,
        copy=False,
        **known
        | {"confidence": each(known.get("confidence"))}
        | {"extra": {name: each(table) for name, table in known.get("extra", {}).items()}},
    )


@writer(NAME, TITLE, suffixes=(".analysis.h5",), dims=(2,))
def write_analysis(poses: Poses | Lifted, path: Path) -> None:
    """Write 2D of one experiment, or of several individuals side by side."""
    import h5py

    count = len(poses.keys)
    if count > 1 and not side_by_side(poses):
        raise ValueError(
            f"an analysis file is of one video, and there are {count} experiments that are not "
            "the same frames of different individuals; write each into a file of its own."
        )
    points = poses.position if isinstance(poses, Lifted) else poses.points
    extra = {} if isinstance(poses, Lifted) else poses.extra
    shape = (count, len(points) // count, poses.joint_count)
    unknown = np.full(shape, np.nan, np.float32)
    sure = unknown if poses.confidence is None else poses.confidence.reshape(shape)
    tables = {
        "tracks": points.reshape(*shape, 2).transpose(0, 3, 2, 1).astype(np.float64),
        "point_scores": sure.transpose(0, 2, 1).astype(np.float64),
        "track_occupancy": np.isfinite(points).any((1, 2)).reshape(shape[:2]).T.astype(np.uint8),
    } | {
        entry: extra[name].reshape(shape)[..., 0].astype(np.float64)
        if name in extra
        else np.zeros(shape[:2])
        for name, entry in _SCORES.items()
    }
    axes = {4: _AXES, 3: ("track", "node", "frame"), 2: ("track", "frame")}
    with h5py.File(path, "w") as file:
        for name, table in tables.items():
            dims = ("frame", "track") if name == "track_occupancy" else axes[table.ndim]
            file.create_dataset(name, data=table, compression="gzip", compression_opts=1)
            file[name].attrs["dims"] = json.dumps(dims)
        _write_names(file, poses)
        if poses.fps is not None:
            file.attrs["fps"] = float(poses.fps)
        sources = {name: getattr(poses, name) or "" for name in _SOURCES}
        file.attrs.update({"format": "analysis", "preset": "matlab"} | sources)


def _write_names(file: Any, poses: Poses | Lifted) -> None:
    joints = poses.joints or [f"keypoint_{number}" for number in range(poses.joint_count)]
    file["track_names"] = _bytes(poses.individuals or ())
    file["node_names"] = _bytes(joints)
    if poses.joints is None:
        file["node_names"].attrs["placeholder"] = "the joints have no names"
    file["edge_names"], file["edge_inds"] = np.zeros((0, 2), "S1"), np.zeros((0, 2), np.int32)
    said = dict(poses.provenance)
    file["video_path"] = said.pop("video", "")
    file["labels_path"] = said.pop("labels", "")
    file["video_ind"] = np.int32(0)
    file["provenance"] = json.dumps(said)


def _bytes(names: Sequence[str]) -> Array:
    for name in names:
        if "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
            raise ValueError(
                f"the name {name!r} holds a null character or half of a surrogate pair, which no "
                "file keeps; use other text."
            )
    return np.array([name.encode() for name in names] or np.zeros(0, "S1"))
