"""Several libraries become one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.io.filmed import FilmedLibrary, read_library, write_library
from liftpose.io.filmed.file import new_library
from liftpose.library.building.axes import World
from liftpose.names import listed
from liftpose.poses import Key, Poses
from liftpose.postprocess.length import MILLIMETRES
from liftpose.skeleton import Skeleton


def merge_libraries(
    libraries: Mapping[str, FilmedLibrary], rename: Mapping[str, str] | None = None
) -> FilmedLibrary:
    """Put the recordings of several libraries into one.

    Each recording keeps its own cameras and its own world. Cameras of one name are the same place
    to lift from, if perhaps calibrated anew.

    Parameters
    ----------
    libraries : mapping of str to FilmedLibrary
        By what they are called. Joints, skeleton and unit are those of the first. Where two have a
        recording of one name, each of them is called after its library, ``"monday walk"``.
    rename : mapping of str to str, optional
        From names of joints in the others to those of the first.

    Returns
    -------
    FilmedLibrary

    Raises
    ------
    ValueError
        Nothing, other joints, a unit that cannot be turned into the other or that only one has, or
        the same recording twice.
    """
    if not libraries:
        raise ValueError("nothing to merge: give two libraries or more.")
    first_name, first = next(iter(libraries.items()))
    parts = {
        name: _in_unit(_with_joints(library, first, rename or {}, name, first_name), first, name)
        for name, library in libraries.items()
    }
    parts = _told_apart(parts)
    _check_not_twice(parts)
    names = tuple(dict.fromkeys(name for part in parts.values() for name in part.names))
    every = [_with_cameras(part, names) for part in parts.values()]
    tables = ("pixels", "confidence", "errors", "used", "frames")
    joined = {
        table: np.concatenate([getattr(part, table) for part in every], axis=1) for table in tables
    }
    # Individuals that were filmed together stay so only within one recording.
    poses = Poses.joined([part.poses for part in every])
    return FilmedLibrary(
        poses,
        first.skeleton,
        names,
        {key: cameras for part in every for key, cameras in part.cameras.items()},
        about={key: about for part in every for key, about in part.about.items()},
        **joined,
    )


def merge_library_files(
    paths: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    rename: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> tuple[Path, FilmedLibrary]:
    """Put several libraries into one file.

    Parameters
    ----------
    paths : sequence of path-like
        Libraries; two or more.
    out : path-like
        File to write, which ends in ``.library``.
    rename : mapping of str to str, optional
        See `merge_libraries`.
    overwrite : bool
        Replace a file that is there.

    Returns
    -------
    path : pathlib.Path
    library : FilmedLibrary

    Raises
    ------
    ValueError, OSError
        See `merge_libraries` and `liftpose.io.filmed.read_library`; or fewer than two libraries.
    """
    files = [Path(path) for path in paths]
    if len(files) < 2:
        raise ValueError(f"merging takes two libraries or more; got {len(files)}.")
    new_library(out, overwrite)
    stems = [file.stem for file in files]
    once = len(set(stems)) == len(stems)
    names = stems if once else [file.as_posix() for file in files]
    if len(set(names)) < len(names):
        raise ValueError(f"a library is named twice: {listed(names)}.")
    libraries = {name: read_library(file) for name, file in zip(names, files, strict=True)}
    merged = merge_libraries(libraries, rename)
    return write_library(merged, out, overwrite=overwrite), merged


def _with_joints(
    library: FilmedLibrary, first: FilmedLibrary, rename: Mapping[str, str], name: str, other: str
) -> FilmedLibrary:
    """The library with the joints, and the skeleton, of the first."""
    if library is first:
        return library
    wanted, there = first.skeleton.joints, library.skeleton.joints
    known = {old: new for old, new in rename.items() if old in there}
    called = [known.get(joint, joint) for joint in there]
    missing = [joint for joint in wanted if joint not in called]
    extra = [joint for joint in called if joint not in wanted]
    if missing or extra or len(set(called)) < len(called):
        lacks = f"lacks {listed(missing)}" if missing else ""
        has = f"has {listed(extra)} besides" if extra else ""
        said = " and ".join(filter(None, [lacks, has])) or "has a joint twice after renaming"
        raise ValueError(
            f"{name} {said}, compared with {other}; say which joints are the same with rename "
            "(--rename OLD=NEW)."
        )
    order = [called.index(joint) for joint in wanted]
    tables = {
        table: getattr(library, table)[:, :, order]
        for table in ("pixels", "confidence", "errors", "used")
    }
    return replace(
        library,
        poses=library.poses.matched(wanted, known),
        skeleton=first.skeleton,
        **tables,
    )


def _in_unit(library: FilmedLibrary, first: FilmedLibrary, name: str) -> FilmedLibrary:
    """The library in the unit of the first."""
    unit, own = first.poses.unit, library.poses.unit
    if own == unit:
        return library
    if own not in MILLIMETRES or unit not in MILLIMETRES:
        raise ValueError(
            f"{name} is in {own or 'no unit that is known'}, and the first library in "
            f"{unit or 'none that is known'}; build both with a unit or a length."
        )
    world = World(np.eye(3), np.zeros(3), MILLIMETRES[own] / MILLIMETRES[unit])
    points = world.points(library.poses.points)
    cameras = {
        key: {camera: world.camera(each) for camera, each in own_cameras.items()}
        for key, own_cameras in library.cameras.items()
    }
    about = {key: _scaled(entry, world.scale) for key, entry in library.about.items()}
    skeleton = Skeleton.from_dict({**library.skeleton.as_dict(), "unit": unit})
    poses = replace(library.poses, points=points, given=points, unit=unit)
    return replace(library, poses=poses, cameras=cameras, about=about, skeleton=skeleton)


def _scaled(about: Mapping[str, Any], factor: float) -> dict[str, Any]:
    lengths = {name: factor * about[name] for name in ("mean_pose", "body_length") if name in about}
    singles = {name: factor * error for name, error in (about.get("singles") or {}).items()}
    return {**about, **lengths} | ({"singles": singles} if singles else {})


def _told_apart(parts: Mapping[str, FilmedLibrary]) -> dict[str, FilmedLibrary]:
    """Recordings of one name in several libraries are called after their library too."""
    keys = [key for part in parts.values() for key in part.poses.keys]
    twice = {key for key in keys if keys.count(key) > 1}
    found = {}
    for name, part in parts.items():
        new: dict[Key, Key] = {
            key: f"{name} {key}" if key in twice else key for key in part.cameras
        }
        found[name] = replace(
            part,
            poses=replace(part.poses, keys=tuple(new[key] for key in part.poses.keys)),
            cameras={new[key]: cameras for key, cameras in part.cameras.items()},
            about={new[key]: about for key, about in part.about.items()},
        )
    return found


def _check_not_twice(parts: Mapping[str, FilmedLibrary]) -> None:
    seen: dict[bytes, tuple[str, Key]] = {}
    for name, part in parts.items():
        for key in part.poses.keys:
            rows = part.poses.experiment == part.poses.keys.index(key)
            print_of = np.ascontiguousarray(part.pixels[:, rows]).tobytes()
            if print_of in seen:
                other = seen[print_of]
                raise ValueError(
                    f"the recording {key!r} of {name} is {other[1]!r} of {other[0]}; give each "
                    "once."
                )
            seen[print_of] = name, key


def _with_cameras(part: FilmedLibrary, names: tuple[str, ...]) -> FilmedLibrary:
    """The library with all cameras, of which some saw nothing."""
    places = [part.names.index(name) if name in part.names else None for name in names]

    def spread(values: Any, empty: Any) -> Any:
        nothing = np.full(values.shape[1:], empty, values.dtype)
        return np.stack([nothing if place is None else values[place] for place in places])

    return replace(
        part,
        names=names,
        pixels=spread(part.pixels, np.nan),
        confidence=spread(part.confidence, np.nan),
        errors=spread(part.errors, np.nan),
        used=spread(part.used, False),
        frames=spread(part.frames, -1),
    )
