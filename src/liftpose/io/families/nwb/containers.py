"""What holds poses in an NWB file, and which of it is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from liftpose.io.decoding.hdf5 import attribute, whole
from liftpose.io.decoding.hdf5_text import text, texts
from liftpose.names import listed

_ONE, _SEVERAL, SERIES = "PoseEstimation", "MultiCameraPoseEstimation", "PoseEstimationSeries"
_SUBJECTS = "SelectSubjectsContainer"
"""Of ndx-multisubjects: what is known of some of the animals."""

_DEVICES = "/general/devices/"
_VIEWS = frozenset(
    (
        *("cam", "camera", "view", "left", "right", "top", "bottom", "side", "front", "back"),
        *("body", "lateral", "ventral", "dorsal", "above", "below"),
    )
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, eq=False)
class Container:
    """Poses of one individual, seen by one camera, or 3D."""

    group: Any
    path: str
    home: str
    series: dict[str, Any]
    nodes: list[str]
    devices: tuple[str, ...]
    videos: tuple[str, ...]
    subject: str | None
    is_one_of_cameras: bool
    dims: int

    @property
    def name(self) -> str:
        """What it is called."""
        return PurePosixPath(self.path).name

    @property
    def module(self) -> str:
        """What it lies in."""
        return PurePosixPath(self.path).parent.name

    @property
    def view(self) -> tuple[Any, ...]:
        """What differs between cameras."""
        return (self.name if self.is_one_of_cameras else self.home, self.devices, self.videos)

    @property
    def titles(self) -> set[str]:
        """What its camera can be called."""
        paths = [PurePosixPath(video.replace("\\", "/")) for video in self.videos]
        files = {part for path in paths for part in (path.as_posix(), path.name, path.stem)}
        return {self.name, f"{self.module}/{self.name}", self.module, *self.devices, *files}


def containers(file: Any) -> list[Container]:
    """Find everything in a file that holds poses.

    Parameters
    ----------
    file : h5py.File
        Open for reading.

    Returns
    -------
    list of Container

    Raises
    ------
    ValueError
        There is nothing, or positions that are neither 2D nor 3D.
    """
    import h5py  # type: ignore[import-untyped]

    found: list[Container] = []

    def visit(_: str, entry: Any) -> None:
        if isinstance(entry, h5py.Group) and _kind(entry) in (_ONE, _SEVERAL):
            series = _members(entry, SERIES)
            if series:
                found.append(_container(file, entry, series))

    file.visititems(visit)
    if not found:
        raise ValueError(f"it is an NWB file without a {_ONE} of ndx-pose.")
    return found


def _kind(group: Any) -> str:
    return text(attribute(group, "neurodata_type", ""))


def _members(group: Any, kind: str) -> dict[str, Any]:
    """Groups of a kind in a group, links within the file included."""
    import h5py

    found = {}
    for name in group:
        entry = _entry(group, name)
        if isinstance(entry, h5py.Group) and _kind(entry) == kind:
            found[name] = entry
    return found


def _entry(group: Any, name: str) -> Any:
    """A member of a group, or None. Other files are not opened."""
    import h5py

    if name not in group or isinstance(group.get(name, getlink=True), h5py.ExternalLink):
        return None
    return group.get(name)


def _link(group: Any, name: str) -> str:
    """Where a link within the file leads."""
    import h5py

    link = group.get(name, getlink=True)
    return str(link.path) if isinstance(link, h5py.SoftLink) else ""


def _container(file: Any, group: Any, series: dict[str, Any]) -> Container:
    skeletons = list(_members(group, "Skeleton").values())
    nodes = [skeleton["nodes"] for skeleton in skeletons] or (
        [group["nodes"]] if "nodes" in group else []
    )
    subjects = [
        text(whole(subject["subject_id"]))
        for skeleton in skeletons
        for subject in _members(skeleton, "Subject").values()
        if "subject_id" in subject
    ]
    links = [_link(group, name) for name in group]
    devices = {link.removeprefix(_DEVICES) for link in links if link.startswith(_DEVICES)}
    first = next(iter(series.values()))
    shape = dataset(first, "data").shape
    if len(shape) != 2 or shape[1] not in (2, 3):
        raise ValueError(
            f"{first.name} has the shape {shape}; expected (frames, 2) or (frames, 3)."
        )
    parent = group.parent
    return Container(
        group,
        str(group.name),
        # Whichever subjects it is of.
        str((parent.parent if _kind(parent) == _SUBJECTS else parent).name),
        series,
        texts(nodes[0]) if nodes else [],
        tuple(sorted(devices)),
        _videos(group),
        subjects[0] if subjects else None,
        _kind(parent) == _SEVERAL,
        int(shape[1]),
    )


def _videos(group: Any) -> tuple[str, ...]:
    """Files that it was found in, or what links to them."""
    if "original_videos" in group:
        return tuple(texts(group["original_videos"]))
    linked = _link(group, "source_video") if "source_video" in group else ""
    return (PurePosixPath(linked).name,) if linked else ()


def chosen_of(
    found: list[Container], camera: str | None, dims: int | None, known: dict[str, str]
) -> list[Container]:
    """Choose what is of one camera, or 3D.

    Parameters
    ----------
    found : list of Container
        All of a file.
    camera : str or None
        Whose is meant: the name of a container, a module, a device or a video.
    dims : int or None
        2 or 3; without, 3 if there is any.
    known : dict of str to str
        Names of individuals, by that of their container, where the file says them.

    Returns
    -------
    list of Container
        One an individual.

    Raises
    ------
    ValueError
        No such camera, nothing of so many coordinates, or several cameras and none that is named.
    """
    if camera is not None:
        named = [container for container in found if camera in container.titles]
        if not named:
            raise ValueError(f"it has no camera {camera!r}; it has {_list(found)}.")
        # A module may be called as the camera is, and hold more than that.
        found = [container for container in named if container.name == camera] or named
    there = {container.dims for container in found}
    wanted = max(there) if dims is None else dims
    found = [container for container in found if container.dims == wanted]
    if not found:
        raise ValueError(f"it holds {min(there)}D poses, and dims={dims} was asked for.")
    views = {container.view for container in found}
    individuals = len(views) == 1 and (
        len(found) == 1
        or all(container.name in known for container in found)
        or not any(_is_view(container.name) for container in found)
    )
    if not individuals:
        raise ValueError(
            f"it holds the poses of {len(found)} cameras: {_list(found)}. Say whose are meant with "
            "camera=."
        )
    if all(container.name in known for container in found):
        found.sort(key=lambda container: list(known).index(container.name))
    return found


def _is_view(name: str) -> bool:
    return any(word.lower() in _VIEWS for word in _WORD.findall(name))


def _list(found: Sequence[Container]) -> str:
    """What tells some containers apart: their names, or what is longer."""
    ways: tuple[Callable[[Container], str], ...] = (
        lambda container: container.name,
        lambda container: container.devices[0] if container.devices else "",
        lambda container: container.module,
        lambda container: f"{container.module}/{container.name}",
    )
    for way in ways:
        names = [way(container) for container in found]
        if len(set(names)) == len(names):
            return listed(names)
    return listed([container.path for container in found])


def individuals_of(file: Any, chosen: list[Container], known: dict[str, str]) -> list[str] | None:
    """Tell whose poses they are, if anything says so.

    Parameters
    ----------
    file : h5py.File
        Open for reading.
    chosen : list of Container
        One an individual.
    known : dict of str to str
        As for `chosen_of`.

    Returns
    -------
    list of str or None
        By subject, container or module, whichever tells them apart.
    """
    if all(container.name in known for container in chosen):
        return [known[container.name] for container in chosen]
    subjects = [container.subject for container in chosen]
    if len(chosen) == 1:
        subject = file.get("general/subject")
        if subjects == [None] and subject is not None and "subject_id" in subject:
            subjects = [text(whole(subject["subject_id"]))]
        return None if subjects == [None] else [str(subjects[0])]
    if None not in subjects and len(set(subjects)) == len(subjects):
        return [str(subject) for subject in subjects]
    names = [container.name for container in chosen]
    if len(set(names)) < len(names):
        names = [container.module for container in chosen]
    # As sleap_io calls them.
    prefixed = all(name.startswith("track=") for name in names)
    return [name.removeprefix("track=") for name in names] if prefixed else names


def dataset(series: Any, name: str) -> Any:
    """Give a dataset of a series.

    Parameters
    ----------
    series : h5py.Group
        Of a joint.
    name : str
        Of the dataset.

    Returns
    -------
    h5py.Dataset

    Raises
    ------
    ValueError
        There is none, or it lies in another file.
    """
    found = _entry(series, name)
    if found is None:
        raise ValueError(f"{series.name} has no {name!r} in this file.")
    return found
