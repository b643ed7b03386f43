"""netCDF/HDF5 files in the layout of `movement`, read and written a few frames at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io.decoding.hdf5 import check_heaps, check_size, holds
from liftpose.io.decoding.netcdf4 import open_source
from liftpose.io.opened import TABLES, OpenedPoses, PosesInfo, SlicedPoses, spans
from liftpose.io.registry import Stream, reader, streamer
from liftpose.io.together import Roll
from liftpose.poses import Key, Lifted, Poses, Verdict
from liftpose.poses.layout.from_dataset import (
    Experiments,
    described,
    experiments_of,
    has_confidence,
    lifted_of,
    poses_of,
    provenance_of,
    understood,
)
from liftpose.poses.layout.source import Source
from liftpose.poses.layout.to_dataset import (
    DIMS,
    PLACEHOLDER,
    Array,
    Variable,
    attributes,
    experiments,
    individuals,
    names,
    spanned,
    times,
    variables,
)

NAME = "movement"
TITLE = "netCDF/HDF5 in the layout of movement"
SUFFIXES = (".nc", ".h5", ".hdf5")

_CHUNK = 1 << 18
"""Bytes of a piece of a variable in the file: some hundred frames, well within HDF5's cache."""

_STEP = 1 << 18
"""Frames of a coordinate that are written or looked at at a time."""


def is_movement(path: Path, head: bytes) -> bool:
    """Whether a file holds poses in the layout of `movement`."""
    return holds(
        path, head, lambda file: "DIMENSION_LIST" in getattr(file.get("position"), "attrs", ())
    )


@contextmanager
def open_movement(path: Path) -> Iterator[OpenedPoses]:
    """Open a file to read it piece by piece."""
    with _source(path) as source:
        told = experiments_of(source, _STEP // 16)
        kept = source.without(["experiment"])
        if not _says_confidence(kept):
            kept = kept.without(["confidence"])
        about = _info(path, source, told, "confidence" in kept.variables)
        yield OpenedPoses(about, lambda size: _pieces(kept, told, size))


def _info(path: Path, source: Source, told: Experiments, has_confidence: bool) -> PosesInfo:
    return PosesInfo(
        NAME,
        str(path),
        sum(told.lengths),
        source.sizes["keypoints"],
        source.sizes["space"],
        told.keys,
        told.lengths,
        individuals=told.individuals,
        has_confidence=has_confidence,
        **described(source),
    )


@contextmanager
def open_slices(path: Path) -> Iterator[SlicedPoses]:
    """Open a file to read any rows of any of its tables; see `liftpose.io.slices`."""
    with _source(path) as source:
        told = experiments_of(source, _STEP // 16)
        sure = has_confidence(source)
        there = [name for name in TABLES if name in source.variables]
        yield SlicedPoses(
            _info(path, source, told, sure),
            tuple(name for name in there if sure or name != "confidence"),
            provenance_of(source),
            lambda name, start, stop: _rows(source, name, start, stop),
        )


def _rows(source: Source, name: str, start: int, stop: int) -> Array:
    """Some rows of a table, individuals one after another."""
    frames, found = source.sizes["time"], source.variables[name]
    dims = [dim for dim in ("individuals", "time", "keypoints", "space") if dim in spanned(name)]
    pieces = []
    for who in range(source.sizes["individuals"]):
        first, last = max(start - who * frames, 0), min(stop - who * frames, frames)
        if first < last or (who == 0 and start >= stop):
            part = found.ordered(dims, slice(first, max(first, last)))
            pieces.append(part[who])
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


@reader(NAME, TITLE, suffixes=SUFFIXES, recognises=is_movement, opens=open_movement)
def read_movement(path: Path) -> Poses:
    """Read a file as a whole."""
    with _source(path) as source:
        return poses_of(source)


def read_all(path: Path) -> Lifted | Poses:
    """Read all that a file says: lifted poses where they are 3D."""
    with _source(path) as source:
        return lifted_of(source) if source.sizes["space"] == 3 else poses_of(source)


@contextmanager
def _source(path: Path) -> Iterator[Source]:
    import h5py  # type: ignore[import-untyped]

    check_heaps(path)
    with h5py.File(path, "r") as file:
        check_size(file["position"])
    with open_source(path) as source:
        yield understood(source)


def _says_confidence(source: Source) -> bool:
    """Whether any confidence is known; looked for without loading all of it."""
    if not has_confidence(source):
        return False
    load = source.variables["confidence"].load
    return any(
        bool(np.isfinite(load(slice(start, stop))).any())
        for start, stop in spans(source.sizes["time"], _STEP // 16)
    )


def _pieces(source: Source, told: Experiments, size: int) -> Iterator[Poses]:
    count, sure = source.sizes["individuals"], "confidence" in source.variables
    has_names = told.individuals is not None
    if count > 1:
        for start, stop in spans(source.sizes["time"], max(size // count, 1)):
            chunk = _piece(source, start, stop, sure)
            yield replace(chunk, keys=told.keys, individuals=told.individuals)
        return
    begin = 0
    for number, (key, length) in enumerate(zip(told.keys, told.lengths, strict=True)):
        who = (told.individuals[number],) if has_names and told.individuals else None
        for start, stop in spans(length, size):
            chunk = _piece(source, begin + start, begin + stop, sure)
            yield replace(chunk, keys=(key,), individuals=who)
        begin += length


def _piece(source: Source, start: int, stop: int, sure: bool) -> Poses:
    chunk = poses_of(source.part(start, stop))
    if sure and chunk.confidence is None:
        unknown = np.full(chunk.points.shape[:2], np.nan, np.float32)
        return replace(chunk, confidence=unknown)
    return chunk


@streamer(NAME, TITLE, suffixes=SUFFIXES)
@contextmanager
def stream_movement(path: Path) -> Iterator[Stream]:
    """Write a file piece by piece."""
    import h5netcdf  # type: ignore[import-untyped]

    with h5netcdf.File(path, "w") as file:
        stream = _Stream(file)
        yield stream
        stream.finish()


class _Stream:
    """A netCDF file that grows along time."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._roll = Roll()
        self._frames = 0
        self._has_confidence = False

    def append(self, poses: Poses | Lifted) -> None:
        self._roll.add(poses)
        found = variables(poses)
        shape = found["position"].values.shape
        if not self._file.dimensions:
            self._begin(dict(zip(DIMS, shape, strict=True)))
        for name, entry in found.items():
            if name not in self._file.variables:
                self._grow(name, entry)
        start, stop = self._frames, self._frames + shape[0]
        self._file.resize_dimension("time", stop)
        for name, entry in found.items():
            self._file.variables[name][start:stop] = entry.values
        self._frames = stop
        self._has_confidence |= poses.confidence is not None

    def say(self, verdicts: Mapping[Key, Verdict]) -> None:
        self._roll.say(verdicts)

    def _begin(self, sizes: dict[str, int]) -> None:
        self._file.dimensions = {**sizes, "time": None}
        # Always there, since movement wants it; what is never written takes no room in the file.
        dims = spanned("confidence")
        row = np.empty([0, *(sizes[dim] for dim in dims[1:])], np.float32)
        self._grow("confidence", Variable(dims, row))

    def _grow(self, name: str, entry: Variable) -> None:
        row = entry.values.shape[1:]
        for dim, size in zip(entry.dims[1:], row, strict=True):
            if dim not in self._file.dimensions:
                self._file.dimensions[dim] = size
        # No compression: at its fastest (deflate 1, shuffled), it took 40 times as long to write
        # 200,000 frames of 30 joints with noise, and saved 16 %.
        variable = self._file.create_variable(
            name,
            entry.dims,
            entry.values.dtype,
            chunks=(_rows_of_chunk(int(np.prod(row)) * entry.values.dtype.itemsize), *row),
            fillvalue=np.nan,
        )
        variable.attrs.update(entry.attrs)

    def finish(self) -> None:
        """Write what is known only when all is appended: names, times and attributes."""
        roll, like = self._roll, self._roll.like
        values = list(self._file.variables.values())
        told = experiments(roll.keys, roll.lengths, roll.individuals, roll.stacked)
        if told is not None:
            self._text("experiment", told)
            for variable in values:
                variable.attrs["coordinates"] = "experiment"
        if not self._has_confidence:
            self._file.variables["confidence"].attrs.update(PLACEHOLDER)
        for name, entry in names(like).items():
            self._text(name, entry)
        self._text("individuals", individuals(roll.keys, roll.individuals, roll.stacked))
        self._time(like.fps)
        self._file.attrs.update(attributes(like))

    def _text(self, name: str, entry: Variable) -> None:
        import h5py

        if "time" in entry.dims:
            self._letters(name, entry)
            return
        variable = self._file.create_variable(name, entry.dims, h5py.string_dtype())
        variable[...] = entry.values if entry.dims else entry.values[()]
        variable.attrs.update(entry.attrs)

    def _letters(self, name: str, entry: Variable) -> None:
        """Write one text a frame as an array of letters.

        It is compressed to next to nothing, and xarray leaves it in the file until it is asked
        for, while it loads a million texts of variable length when it opens a file.
        """
        known = {text: text.encode() for text in dict.fromkeys(entry.values)}
        width = max(1, *map(len, known.values()))
        dim = f"letters_of_{name}"
        self._file.dimensions[dim] = width
        variable = self._file.create_variable(
            name,
            (*entry.dims, dim),
            "S1",
            chunks=(_rows_of_chunk(width), width),
            compression="gzip",
            compression_opts=1,
        )
        for start, stop in spans(len(entry.values), _STEP):
            texts = np.array([known[text] for text in entry.values[start:stop]], f"S{width}")
            variable[start:stop] = texts.view("S1").reshape(-1, width)
        variable.attrs.update({**entry.attrs, "_Encoding": "utf-8"})

    def _time(self, fps: float | None) -> None:
        kind = np.int64 if fps is None else np.float64
        time = self._file.create_variable("time", ("time",), kind, chunks=(_rows_of_chunk(8),))
        for start, stop in spans(self._frames, _STEP):
            time[start:stop] = times(start, stop, fps)


def _rows_of_chunk(bytes_of_row: int) -> int:
    return max(_CHUNK // max(bytes_of_row, 1), 1)
