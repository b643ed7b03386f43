"""SLEAP's labels, ``.slp``: predicted and corrected instances of some videos.

We read them ourselves rather than through `movement` or `sleap_io`, which make an object of every
instance: 20,000 frames of two animals took 3.3 s that way, and 0.4 s here. `movement` 0.15 takes
the first video whatever others there are, and where two instances of a frame have no track, the
last.

A file lists instances, in any order. Each is of a frame of a video, may belong to a track, and is
the user's or the model's; the user's counts, as in SLEAP's own exports. Joints that are marked
invisible were not seen. Rows run from frame 0 of the video to the last frame that is listed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.hdf5 import attribute, check_heaps, holds, whole
from liftpose.io.decoding.hdf5_text import said, text, texts
from liftpose.io.registry import reader
from liftpose.names import listed
from liftpose.poses import UNNAMED, Poses
from liftpose.poses.layout.from_dataset import sleap_scores
from liftpose.poses.layout.to_dataset import RESERVED

NAME, TITLE = "sleap", "labels of SLEAP"

Array = npt.NDArray[Any]
Table = dict[str, Array]

_PARTS = ("metadata", "videos_json", "tracks_json", "frames", "instances", "points", "pred_points")
_USER, _PREDICTED = 0, 1
_NEWEST = 3.0
"""From this format on, files are laid out in another way."""

_CORNERS = 1.1
"""Before this format, the origin was the corner of the top-left pixel rather than its centre."""

_LARGE, _SPARSE = 20_000_000, 1000
"""Joints that may be filled in with NaN: so many, or so many times those that are there."""


def check_filling(frames: int, joints: int, known: int) -> None:
    """Refuse to fill in more frames than a file with so few can mean.

    Parameters
    ----------
    frames, joints : int
        Of all individuals together.
    known : int
        Joints that the file holds.

    Raises
    ------
    ValueError
        It would take memory without end.
    """
    if frames * joints > max(_LARGE, _SPARSE * known):
        raise ValueError(
            f"it holds {known} joints, the last of them in frame {frames - 1}; a number of a "
            "frame must be damaged."
        )


def is_slp(path: Path, head: bytes) -> bool:
    """Whether a file holds labels of SLEAP."""
    return holds(path, head, lambda file: all(part in file for part in _PARTS))


@dataclass(frozen=True, eq=False)
class _Instances:
    """Instances of one video, one a row."""

    frame: Array
    track: Array
    is_user: Array
    points: Array
    score: Array
    whole: Array
    tracking: Array

    def of(self, rows: Array) -> _Instances:
        """Some of them."""
        return _Instances(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@reader(NAME, TITLE, suffixes=(".slp",), recognises=is_slp, dims=(2,), hints=("camera",))
def read_slp(path: Path, camera: str | None = None) -> Poses:
    """Read the labels of one video."""
    import h5py  # type: ignore[import-untyped]

    check_heaps(path)
    with h5py.File(path, "r") as file:
        version = float(attribute(file["metadata"], "format_id", 1.0))
        if not version < _NEWEST:
            raise ValueError(
                f"it is of SLEAP's format {version:g}; up to {_NEWEST:g} is read here. Export it "
                "as an analysis file (.h5)."
            )
        about = json.loads(text(attribute(file["metadata"], "json")))
        video, frames = _video(file, camera)
        found, joints = _instances(file, frames, about, version)
        names = [json.loads(entry)[1] for entry in texts(file["tracks_json"])]
        told = _told(file, about, video)
    found, who, without = _tracked(found, names)
    if without:
        told["instances_without_track"] = str(without)
    length = int(frames["frame_idx"].max()) + 1
    return _poses(found, who, joints, length, told, _rate(video))


def _columns(dataset: Any) -> Table:
    """Fields of a table, as h5py writes it or, without types, as a browser does."""
    values = whole(dataset)
    if values.dtype.names:
        return {name: values[name] for name in values.dtype.names}
    if "field_names" not in dataset.attrs or values.ndim != 2:
        raise ValueError(f"{dataset.name.lstrip('/')!r} is no table.")
    names = json.loads(text(attribute(dataset, "field_names")))
    return dict(zip(names, values.T, strict=True))


def _numbers(table: Table, name: str) -> npt.NDArray[np.int64]:
    return np.asarray(table[name]).astype(np.int64)


def _video(file: Any, camera: str | None) -> tuple[dict[str, Any], Table]:
    """The video that is meant, and its frames."""
    videos = [json.loads(entry) for entry in texts(file["videos_json"])]
    table = _columns(file["frames"])
    frames = {name: _numbers(table, name) for name in table}
    number = _places(videos, frames["video"])
    present = np.unique(number).tolist()
    if not present:
        raise ValueError("it has no labelled frames.")
    if not 0 <= min(present) <= max(present) < len(videos):
        raise ValueError(f"it has {len(videos)} videos, and frames of video {max(present)}.")
    known = _cameras(file)
    called = {place: _called(videos[place], known.get(place)) for place in present}
    chosen = _chosen(called, camera)
    rows = np.flatnonzero(number == chosen)
    frames = {name: values[rows] for name, values in frames.items()}
    if frames["frame_idx"].min() < 0:
        raise ValueError("a frame has a negative number.")
    return videos[chosen], frames


def _places(videos: Sequence[dict[str, Any]], number: Array) -> npt.NDArray[np.int64]:
    """Which video of the list each frame is of.

    Frames of videos that are embedded name it by the number in ``video15/video``.
    """
    present = np.unique(number)
    if len(present) == len(videos) and present.max(initial=-1) == len(videos) - 1:
        return number
    known = {}
    for place, video in enumerate(videos):
        group = str(video.get("backend", video).get("dataset") or "").split("/")[0]
        digits = group.removeprefix("video")
        known[int(digits) if group != digits and digits.isdecimal() else place] = place
    return np.array([known.get(int(one), int(one)) for one in number.tolist()], np.int64)


def _cameras(file: Any) -> dict[int, str]:
    """Names of the cameras of videos, where a recording session says them."""
    named: dict[int, str] = {}
    for entry in texts(file["sessions_json"]) if "sessions_json" in file else ():
        session = json.loads(entry)
        cameras = [part for name, part in session["calibration"].items() if name.startswith("cam_")]
        for camera, video in session["camcorder_to_video_idx_map"].items():
            named[int(video)] = str(cameras[int(camera)].get("name", f"cam_{camera}"))
    return named


def _called(video: dict[str, Any], camera: str | None) -> list[str]:
    """What a video can be called: its camera, its file, and shorter names of that."""
    path = _file(video)
    parts = PurePosixPath(path.replace("\\", "/"))
    return ([camera] if camera else []) + [path, parts.name, parts.stem]


def _file(video: dict[str, Any]) -> str:
    backend = video.get("backend", video)
    found = backend.get("filename") or backend.get("filenames") or video.get("filename") or ""
    if found == ".":
        # The video is embedded; what it was made from is said beside it.
        found = _file(video.get("source_video") or {}) or found
    return str(found[0] if isinstance(found, list) and found else found)


def _chosen(called: dict[int, list[str]], camera: str | None) -> int:
    there = listed([names[0] for names in called.values()])
    if camera is None:
        if len(called) == 1:
            return next(iter(called))
        raise ValueError(
            f"it has labels of {len(called)} videos: {there}. Say whose are meant with camera=."
        )
    fitting = [place for place, names in called.items() if camera in names]
    if len(fitting) != 1:
        number = f"{len(fitting)} of its videos are" if fitting else "none of its videos is"
        raise ValueError(f"{number} called {camera!r}; they are {there}.")
    return fitting[0]


def _instances(
    file: Any, frames: Table, about: dict[str, Any], version: float
) -> tuple[_Instances, list[str]]:
    """All instances of some frames, and the names of their joints."""
    table = _columns(file["instances"])
    start, stop = frames["instance_id_start"], frames["instance_id_end"]
    _check_spans(start, stop, len(table["track"]), "instances")
    counts = stop - start
    rows = _spread(start, counts)
    if not len(rows):
        raise ValueError("its frames have no instances.")
    chosen = {name: values[rows] for name, values in table.items()}
    joints = _joints(about, _numbers(chosen, "skeleton"))
    begin, end = _numbers(chosen, "point_id_start"), _numbers(chosen, "point_id_end")
    wrong = np.flatnonzero(end - begin != len(joints))
    if len(wrong):
        raise ValueError(
            f"instance {int(rows[wrong[0]])} has {int((end - begin)[wrong[0]])} points, and its "
            f"skeleton {len(joints)} joints."
        )
    is_user = _numbers(chosen, "instance_type") == _USER
    points = np.empty((len(rows), len(joints), 2))
    score = np.full(points.shape[:2], np.nan)
    for part, some in (("points", is_user), ("pred_points", ~is_user)):
        held = _columns(file[part])
        _check_spans(begin[some], end[some], len(held["x"]), part)
        places = begin[some, None] + np.arange(len(joints))
        xy = np.stack([held["x"], held["y"]], -1).astype(np.float64)[places]
        points[some] = np.where(held["visible"].astype(bool)[places, None], xy, np.nan)
        if "score" in held:
            score[some] = held["score"][places]
    if version < _CORNERS:
        points -= 0.5
    tracking = chosen.get("tracking_score", np.zeros(len(rows)))
    found = _Instances(
        np.repeat(frames["frame_idx"], counts),
        _numbers(chosen, "track"),
        is_user,
        points,
        score,
        np.where(is_user, np.nan, chosen["score"]),
        np.asarray(tracking, np.float64),
    )
    return found, joints


def _check_spans(start: Array, stop: Array, count: int, what: str) -> None:
    if ((start < 0) | (start > stop) | (stop > count)).any():
        raise ValueError(f"it refers to {what} that are not there; it has {count}.")


def _spread(start: Array, counts: Array) -> npt.NDArray[np.int64]:
    """The numbers of all spans, one after another."""
    before = np.cumsum(counts) - counts
    return np.repeat(start - before, counts) + np.arange(int(counts.sum()))


def _joints(about: dict[str, Any], skeleton: Array) -> list[str]:
    """Names of the joints of the one skeleton that instances have."""
    used = np.unique(skeleton).tolist()
    known = about["skeletons"]
    if len(used) != 1 or not 0 <= used[0] < len(known):
        raise ValueError(
            f"its instances are of the skeletons {used} of {len(known)}; expected one skeleton."
        )
    graph = known[used[0]].get("nx_graph", known[used[0]])
    names = [entry["name"] for entry in about["nodes"]]
    return [str(names[node["id"]]) for node in graph["nodes"]]


def _tracked(found: _Instances, names: Sequence[str]) -> tuple[_Instances, list[str] | None, int]:
    """Number the individuals from 0, and say how many instances belong to none."""
    known = np.unique(found.track[found.track >= 0])
    if not len(known):
        _check_once(found, None)
        return found, None, 0
    if known.max() >= len(names):
        raise ValueError(f"an instance is of track {known.max()} of {len(names)}.")
    who = [str(names[place]) for place in known.tolist()]
    if len(set(who)) != len(who):
        twice = next(name for name in who if who.count(name) > 1)
        raise ValueError(f"two tracks are called {twice!r}; rename one in SLEAP.")
    kept = found.of(np.flatnonzero(found.track >= 0))
    _check_once(kept, names)
    return kept, who, len(found.track) - len(kept.track)


def _check_once(found: _Instances, names: Sequence[str] | None) -> None:
    """Refuse two instances where one is expected."""
    each = np.stack([found.frame, found.track, found.is_user], axis=1)
    kinds, counts = np.unique(each, axis=0, return_counts=True)
    if counts.max(initial=0) < 2:
        return
    frame, track, is_user = kinds[counts.argmax()].tolist()
    kind = "labelled" if is_user else "predicted"
    if names is None:
        raise ValueError(
            f"frame {frame} has {counts.max()} {kind} instances, none of which belongs to a "
            "track; track them in SLEAP, so that it is known which is whose."
        )
    raise ValueError(
        f"frame {frame} has {counts.max()} {kind} instances of track {names[track]!r}; expected "
        "one."
    )


def _poses(
    found: _Instances,
    who: list[str] | None,
    joints: list[str],
    length: int,
    told: dict[str, str],
    fps: float | None,
) -> Poses:
    count = len(who or [""])
    check_filling(length, len(joints) * count, found.score.size)
    column = np.unique(found.track, return_inverse=True)[1]
    # Sorted so that what the user labelled is written last, over what was predicted.
    order = np.argsort(found.is_user, kind="stable")
    places = (column[order], found.frame[order])

    def filled(values: Array) -> dict[str, Array]:
        table = np.full((count, length, *values.shape[1:]), np.nan)
        table[places] = values[order]
        return dict(zip(keys, table, strict=True))

    keys = who if who and count > 1 else [UNNAMED]
    ones = np.ones((1, len(joints)))
    extra = {
        name: filled(values[:, None] * ones)
        for name, values in (("instance_score", found.whole), ("tracking_score", found.tracking))
        if np.nan_to_num(values).any()
    }
    return Poses.from_experiments(
        filled(found.points),
        name="the labels",
        confidence=None if found.is_user.all() else filled(sleap_scores(found.score)),
        joints=joints,
        individuals=who,
        fps=fps,
        unit="px",
        source_software="SLEAP",
        extra=extra,
        provenance=told,
        copy=False,
    )


def _told(file: Any, about: dict[str, Any], video: dict[str, Any]) -> dict[str, str]:
    """What else the file says of itself."""
    made = about.get("provenance")
    if "provenance_json" in file:
        made = json.loads(text(whole(file["provenance_json"])))
    known = {name: entry for name, entry in said(made).items() if name not in RESERVED}
    return known | ({"video": _file(video)} if _file(video) else {})


def _rate(video: dict[str, Any]) -> float | None:
    found = video.get("backend", video).get("fps")
    return float(found) if isinstance(found, (int, float)) and 0 < found < np.inf else None
