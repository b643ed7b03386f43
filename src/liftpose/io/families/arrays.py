"""Arrays in ``.npz`` and ``.npy`` files.

``.npy`` holds one array of shape (frames, joints, 2 or 3).

``.npz`` holds either one such array, called anything, or several of as many coordinates, each of
which is an experiment of its name. Beside them may stand ``joints`` (names), ``fps``, ``unit``,
``frame``, ``source_software``, ``source_file`` and, for a single array, ``confidence`` (frames,
joints). Other entries are left alone.

We write ``position`` (N, J, D) of all experiments, one after another, with ``keys`` (their names,
as JSON) and ``lengths`` (their frames), and with whatever else is known, under the names above;
of lifted poses also ``root_relative``, ``spread``, ``novelty``, ``hypotheses`` (k, N, J, D), and,
as JSON, ``error_bars`` and ``verdicts``. What was done to get them is ``provenance``, as JSON, and
further numbers of the joints are ``extra/NAME`` (N, J).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from liftpose.io.contents import ZIP
from liftpose.io.opened import OpenedPoses, opened, spans
from liftpose.io.registry import reader, writer
from liftpose.poses import Lifted, Poses
from liftpose.poses.given import key_from_json
from liftpose.poses.layout.to_dataset import attributes, names

Array = npt.NDArray[Any]

NPY = b"\x93NUMPY"
_BESIDE = (
    "joints",
    "confidence",
    "fps",
    "unit",
    "frame",
    "individuals",
    "source_software",
    "source_file",
    "keys",
    "lengths",
    "root_relative",
    "spread",
    "novelty",
    "hypotheses",
    "error_bars",
    "verdicts",
    "provenance",
)
_EXTRA = "extra/"
_LONGEST_HEADER = 1 << 16
_TEXTS = ("unit", "frame", "source_software", "source_file")


@dataclass(frozen=True)
class _Header:
    """What an array is like, from the beginning of its file."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def is_poses(self) -> bool:
        return len(self.shape) == 3 and self.shape[2] in (2, 3) and self.dtype.kind in "iuf"

    def __str__(self) -> str:
        return f"{self.shape} of {self.dtype}"


def is_npy(path: Path, head: bytes) -> bool:
    """Whether a file is one array."""
    return head.startswith(NPY)


def is_npz(path: Path, head: bytes) -> bool:
    """Whether a file is an archive of arrays."""
    if not head.startswith(ZIP):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


@contextmanager
def open_npy(path: Path) -> Iterator[OpenedPoses]:
    """Open one array, to read it a few frames at a time."""
    with path.open("rb") as file:
        header = _header(file)
    if not header.is_poses:
        raise ValueError(f"the array is {header}; {_expected(header)}")
    frames = header.shape[0]
    start = opened("npy", str(path), _rows(path, 0, min(frames, 1)))
    about = replace(start.about, frames=frames, lengths=(frames,))
    yield OpenedPoses(
        about,
        lambda size: (_rows(path, begin, end) for begin, end in spans(frames, size)),
    )


@reader(
    "npy",
    "one array, (frames, joints, 2 or 3)",
    suffixes=(".npy",),
    recognises=is_npy,
    opens=open_npy,
)
def read_npy(path: Path) -> Poses:
    """Read one array."""
    with open_npy(path) as file:
        return _rows(path, 0, file.about.frames)


def _rows(path: Path, start: int, stop: int) -> Poses:
    # Mapped anew each time: pages of a mapping that stays would pile up in memory.
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    return Poses.from_experiments(np.array(mapped[start:stop]), name="the array", copy=False)


@reader(
    "npz",
    "arrays, each an experiment; or our own",
    suffixes=(".npz",),
    recognises=is_npz,
)
def read_npz(path: Path) -> Poses:
    """Read an archive of arrays, ours or anyone's."""
    headers = _headers(path)
    with np.load(path, allow_pickle=False) as file:
        beside = {name: _entry(file, name, headers[name]) for name in _BESIDE if name in headers}
        if "position" in headers and {"keys", "lengths"} <= set(beside):
            beside |= {
                name: _entry(file, name, entry)
                for name, entry in headers.items()
                if name.startswith(_EXTRA)
            }
            return _ours(_entry(file, "position", headers["position"]), beside)
        chosen = _chosen(headers)
        arrays = {name: _entry(file, name, headers[name]) for name in chosen}
    single = len(arrays) == 1
    if "confidence" in beside and not single:
        raise ValueError(
            f"'confidence' cannot belong to all of {', '.join(arrays)}; save each with its own "
            "in a file of its own, or write them with liftpose.io.write_poses."
        )
    return Poses.from_experiments(
        next(iter(arrays.values())) if single else arrays,
        name=f"the array {chosen[0]!r}" if single else "the arrays",
        confidence=beside.get("confidence"),
        copy=False,
        individuals=_names(beside, "individuals"),
        **_described(beside),
    )


def _chosen(headers: Mapping[str, _Header]) -> list[str]:
    """Names of the arrays that are poses."""
    found = [name for name, entry in headers.items() if entry.is_poses and name not in _BESIDE]
    held = ", ".join(f"{name} {entry}" for name, entry in headers.items()) or "nothing"
    if not found:
        objects = next((entry for entry in headers.values() if entry.dtype.hasobject), None)
        raise ValueError(f"it holds {held}; {_expected(objects)}")
    if len({headers[name].shape[2] for name in found}) > 1:
        raise ValueError(
            f"it holds {held}: both 2D and 3D. Save the two in files of their own, so that it is "
            "clear which are meant."
        )
    return found


def _expected(header: _Header | None) -> str:
    wanted = "expected an array of numbers of shape (frames, joints, 2) or (frames, joints, 3)."
    if header is None or not header.dtype.hasobject:
        return wanted
    return (
        f"{wanted} Python objects are never loaded, since they can run anything: save a dict of "
        "experiments as numpy.savez(path, **experiments), and names as numpy.array(names, str)."
    )


def _ours(position: Array, beside: Mapping[str, Array]) -> Poses:
    told = json.loads(_single(beside, "keys"))
    keys = [key_from_json(part) for part in told]
    lengths = [int(length) for length in beside["lengths"].tolist()]
    if len(keys) != len(lengths) or sum(lengths) != len(position) or len(set(keys)) != len(keys):
        raise ValueError(
            f"{len(keys)} keys and {len(lengths)} lengths for {len(position)} frames do not fit."
        )
    ends = np.cumsum(lengths)[:-1]

    def each(table: Array) -> dict[Any, Array]:
        return dict(zip(keys, np.split(table, ends), strict=True))

    sure = beside.get("confidence")
    extra = {name: table for name, table in beside.items() if name.startswith(_EXTRA)}
    done = json.loads(_single(beside, "provenance")) if "provenance" in beside else {}
    return Poses.from_experiments(
        each(position),
        name="position",
        confidence=None if sure is None else each(sure),
        extra={name.removeprefix(_EXTRA): each(table) for name, table in extra.items()},
        provenance={str(name): str(text) for name, text in dict(done).items()},
        copy=False,
        individuals=_names(beside, "individuals"),
        **_described(beside),
    )


def _described(beside: Mapping[str, Array]) -> dict[str, Any]:
    found: dict[str, Any] = {name: _single(beside, name) for name in _TEXTS if name in beside}
    if "fps" in beside:
        if beside["fps"].size != 1 or beside["fps"].dtype.kind not in "iuf":
            raise ValueError(f"'fps' is {beside['fps']!r}; expected one number.")
        found["fps"] = beside["fps"].item()
    return found | {"joints": _names(beside, "joints")}


def _names(beside: Mapping[str, Array], name: str) -> list[str] | None:
    if name not in beside:
        return None
    found = beside[name]
    if found.ndim != 1 or found.dtype.kind not in "US":
        raise ValueError(f"{name!r} is {found.shape} of {found.dtype}; expected a list of names.")
    return [str(entry) for entry in _decoded(found)]


def _single(beside: Mapping[str, Array], name: str) -> str:
    found = beside[name]
    if found.size != 1 or found.dtype.kind not in "US":
        raise ValueError(f"{name!r} is {found.shape} of {found.dtype}; expected one text.")
    return str(_decoded(found).item())


def _decoded(texts: Array) -> Array:
    return np.char.decode(texts, "utf-8") if texts.dtype.kind == "S" else texts


def _entry(file: Any, name: str, header: _Header) -> Array:
    if header.dtype.hasobject:
        raise ValueError(f"{name!r} holds Python objects; {_expected(header)}")
    entry: Array = file[name]
    return entry


def _headers(path: Path) -> dict[str, _Header]:
    """What every array of an archive is like, without loading any."""
    with zipfile.ZipFile(path) as archive:
        found = {}
        for member in archive.infolist():
            if member.filename.endswith(".npy"):
                with archive.open(member) as file:
                    header = _header(file)
                size = int(np.prod(header.shape, dtype=object)) * header.dtype.itemsize
                if size > member.file_size and not header.dtype.hasobject:
                    raise ValueError(
                        f"{member.filename} is to be {size} bytes, of which "
                        f"{member.file_size} are there; the file is damaged."
                    )
                found[member.filename.removesuffix(".npy")] = header
    return found


def _header(file: IO[bytes]) -> _Header:
    version, start = np.lib.format.read_magic(file), file.tell()
    # numpy makes room for as long a header as the file claims to have.
    length = int.from_bytes(file.read(2 if version == (1, 0) else 4), "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"the array's header is to be {length} bytes; the file is damaged.")
    file.seek(start)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(file)
    return _Header(shape, dtype)


@writer("npy", "one array, (frames, joints, 2 or 3)", suffixes=(".npy",))
def write_npy(poses: Poses | Lifted, path: Path) -> None:
    """Write the positions of one experiment, and nothing else."""
    if len(poses.keys) > 1:
        raise ValueError(
            f".npy holds one array, and there are {len(poses.keys)} experiments; write them as "
            ".nc or .npz, which keep their names."
        )
    np.save(path, _position(poses), allow_pickle=False)


@writer("npz", "arrays, each an experiment; or our own", suffixes=(".npz",))
def write_npz(poses: Poses | Lifted, path: Path) -> None:
    """Write everything that is known."""
    tables: dict[str, Any] = {"position": _position(poses), "confidence": poses.confidence}
    if isinstance(poses, Lifted):
        beside = ("root_relative", "spread", "novelty", "hypotheses")
        tables |= {name: getattr(poses, name) for name in beside}
    else:
        tables |= {_EXTRA + name: table for name, table in poses.extra.items()}
    tables["provenance"] = json.dumps(dict(poses.provenance)) if poses.provenance else None
    known = attributes(poses)
    tables |= {name: known.get(name) for name in ("fps", "error_bars", "verdicts", *_TEXTS)}
    if poses.joints is not None:
        tables["joints"] = names(poses)["keypoints"].values.astype(str)
    if poses.individuals is not None:
        tables["individuals"] = np.array(poses.individuals, dtype=str)
    tables |= {"keys": json.dumps(poses.keys), "lengths": np.array(poses.lengths, np.int64)}
    np.savez(path, **{name: table for name, table in tables.items() if table is not None})


def _position(poses: Poses | Lifted) -> Array:
    return poses.position if isinstance(poses, Lifted) else poses.points
