"""The files that a params file names, read into poses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from liftpose.io.hints import Hints
from liftpose.io.registry import is_poses
from liftpose.params.keys import POSES, STATS
from liftpose.params.source import Source
from liftpose.poses import Key, Poses
from liftpose.poses.given import as_names
from liftpose.poses.pair import check_start
from liftpose.skeleton import Skeleton

FOLDERS = (
    *("data_dir", "template_dir", "train_subjects", "test_subjects"),
    *("actions", "train_actions", "test_actions", "interval"),
)
"""What files of 0.22 name instead of pose files; only the loaders of their scripts read that."""


_LACKS = {
    "camera": "no file is of a format that holds several cameras; [camera] is what filmed them",
    "size": "no file is of a format that may hold shares of the image",
    "joints": "all files name their joints; rename, or by_order, is for names that differ",
    "individuals": "no file names individuals",
}


@dataclass(frozen=True)
class _Entry:
    """A file, the experiment it is of, and where the params file names it."""

    path: Path
    experiment: str
    way: tuple[str | int, ...]


class PoseFiles:
    """The poses and masks that ``[data]`` names.

    Parameters
    ----------
    source : Source
        The params file.
    skeleton : Skeleton or None
        Whose joints are taken, by name, in its order; None takes them as the files have them.
    """

    def __init__(self, source: Source, skeleton: Skeleton | None):
        self.source, self.skeleton = source, skeleton
        self.data: Mapping[str, Any] = source.content["data"]
        self.renamed: set[str] = set()
        self.used: set[str] = set()
        self.begun: dict[tuple[str, str], tuple[Path, Poses]] = {}

    def read(self) -> dict[str, Any]:
        """Read everything.

        Returns
        -------
        dict
            ``train_2d``, ``train_3d``, ``test_2d`` and ``test_3d``, masks folded in, as
            `liftpose.main.train` takes them; None where nothing is named.

        Raises
        ------
        ValueError
            A file that is missing or does not fit, by the line that names it.
        """
        if not self.data.get("train_3d"):
            self._nothing_to_learn()
        found: dict[str, Any] = {}
        for part in ("train", "test"):
            names = [f"{part}_2d", f"{part}_3d"]
            entries = {name: self._entries(name) for name in names if self.data.get(name)}
            entries = self._paired(entries)
            for name in names:
                found[name] = self._poses(name, entries[name]) if name in entries else None
            found[f"{part}_3d"] = self._masked(f"{part}_keypts", found[f"{part}_3d"])
        unused = sorted(set(self.data.get("rename") or {}) - self.renamed)
        if unused:
            self.source.wrong(f"rename: no file has a joint {unused[0]!r}.", "data", "rename")
        for name, lack in _LACKS.items():
            if self.data.get(name) and name not in self.used:
                self.source.wrong(f"{name} is of no use: {lack}.", "data", name)
        return found

    def _nothing_to_learn(self) -> NoReturn:
        there = {**self.source.content, **self.data}
        folders = ", ".join(f"{key} {there[key]!r}" for key in FOLDERS if there.get(key))
        self.source.wrong(
            "no poses to learn from are named (train_3d)"
            + (f"; {folders} only mean something to the script they belong to" if folders else "")
            + ". `liftpose train --init POSES_2D POSES_3D` writes a params.toml for your files"
            + (
                f"; with --skeleton {self.source.path.name} its joints go in too."
                if self.source.is_yaml
                else "."
            ),
            "data",
        )

    def _entries(self, name: str) -> list[_Entry]:
        value, way = self.data[name], ("data", name)
        if isinstance(value, Mapping):
            return [
                _Entry(self._path(name, file, *way, key), str(key), (*way, key))
                for key, file in value.items()
            ]
        files = value if isinstance(value, list) else [value]
        paths = [self._path(name, file, *way) for file in files]
        if len({path.stem for path in paths}) < len(paths):
            self.source.wrong(
                f"two files of {name} have the same name; name the experiments, as in "
                f'{name} = {{ fly1 = "a/{paths[0].name}", fly2 = "b/{paths[0].name}" }}.',
                *way,
            )
        return [_Entry(path, path.stem, way) for path in paths]

    def _path(self, name: str, file: Any, *way: str | int) -> Path:
        return self.source.file(file, *way, folder=is_poses if name in POSES else None)

    def _paired(self, entries: dict[str, list[_Entry]]) -> dict[str, list[_Entry]]:
        """Give 2D and 3D of an experiment one name: that of the table, else of the 2D's file."""
        if len(entries) < 2:
            return entries
        (one, first), (other, second) = entries.items()
        tables = [isinstance(self.data[name], Mapping) for name in (one, other)]
        if all(tables):
            names, others = ([entry.experiment for entry in e] for e in (first, second))
            for here, there, where in ((names, others, one), (others, names, other)):
                alone = [name for name in here if name not in there]
                if alone:
                    self.source.wrong(
                        f"experiment {alone[0]!r} is in {where} only; each needs both 2D and 3D.",
                        *("data", where, alone[0]),
                    )
            return entries
        if any(tables) or len(first) != len(second):
            self.source.wrong(
                f"{other} must be written as {one} is: {len(first)} file(s), in the same order "
                "or under the same names.",
                *("data", other),
            )
        named = [replace(b, experiment=a.experiment) for a, b in zip(first, second, strict=True)]
        return {one: first, other: named}

    def _poses(self, name: str, entries: list[_Entry]) -> Poses:
        parts = []
        for entry in entries:
            try:
                flat = name.endswith("_2d")
                poses = self._told(entry.path, "2d" if flat else "3d")
                self._check_start(name, entry, poses)
                poses = self._matched(poses)
                poses = replace(poses, unit=poses.unit or "px") if flat else self._in_unit(poses)
            except (ValueError, TypeError) as error:
                self.source.wrong(str(error), *entry.way)
            parts.append(replace(poses, keys=self._keys(name, poses, entry)))
        try:
            return Poses.joined(parts)
        except ValueError as error:
            self.source.wrong(f"{name}: {error}", "data", name)

    def _check_start(self, name: str, entry: _Entry, poses: Poses) -> None:
        """Compare with the other file of the experiment, once both are read."""
        known = (name.rpartition("_")[0], entry.experiment)
        if known in self.begun:
            path, other = self.begun[known]
            check_start(poses, other, (str(entry.path), str(path)))
        self.begun[known] = (entry.path, poses)

    def _told(self, path: Path, kind: str) -> Poses:
        """Read a file with what the table says of it; a file that says it itself is believed."""
        data = self.data
        format = data.get("format")
        hints = Hints(
            format=format.get(kind) if isinstance(format, Mapping) else format,
            fps=data.get("fps"),
            min_confidence=data.get("min_confidence") if kind == "2d" else None,
            camera=data.get("camera"),
            dims=int(kind[0]),
            size=data.get("size"),
        ).of_use(path)
        self.used |= {name for name in ("camera", "size") if name in hints.said}
        poses = hints.read(path)
        names = data.get("joints")
        if names and poses.joints is None:
            self.used.add("joints")
            poses = replace(poses, joints=as_names(names, poses.joint_count, str(path)))
        wanted = data.get("individuals")
        if wanted and poses.individuals:
            self.used.add("individuals")
            poses = replace(hints, individuals=tuple(wanted)).read(path)
        return poses

    def _matched(self, poses: Poses) -> Poses:
        by_order = bool(self.data.get("by_order"))
        there = poses.joints or ()
        rename = {old: new for old, new in (self.data.get("rename") or {}).items() if old in there}
        self.renamed |= set(rename)
        if self.skeleton is not None:
            return poses.matched(self.skeleton.joints, rename, by_order)
        if rename:
            return poses.matched([rename.get(joint, joint) for joint in there], rename)
        return poses

    def _in_unit(self, poses: Poses) -> Poses:
        said = {key: self.data[key] for key in ("unit", "frame") if self.data.get(key)}
        for key, value in said.items():
            there = getattr(poses, key)
            if there not in (None, value):
                raise ValueError(
                    f"{key} is {value!r}, and {poses.source_file or 'the file'} says {there!r}."
                )
        return replace(poses, **said)

    def _keys(self, name: str, poses: Poses, entry: _Entry) -> tuple[Key, ...]:
        if len(poses.keys) == 1:
            return (entry.experiment,)
        if isinstance(self.data[name], str):
            return poses.keys
        # The last entry of a tuple may name the camera; it stays the last.
        return tuple(
            (entry.experiment, *(key if isinstance(key, tuple) else (key,))) for key in poses.keys
        )

    def _masked(self, name: str, poses: Poses | None) -> Poses | None:
        """Fold the masks that are named into NaN."""
        if not self.data.get(name):
            return poses
        if poses is None:
            self.source.wrong(f"{name} is given without the 3D that it belongs to.", "data", name)
        masks: list[Any] = []
        for entry in self._entries(name):
            try:
                loaded = np.load(entry.path, allow_pickle=False)
                masks += [loaded] if isinstance(loaded, np.ndarray) else loaded.values()
            except (ValueError, OSError) as error:
                self.source.wrong(f"{entry.path.name} holds no masks: {error}", *entry.way)
        if len(masks) != len(poses.keys):
            self.source.wrong(
                f"{name} holds {len(masks)} masks for {len(poses.keys)} experiments.", "data", name
            )
        given = {key: poses.only(key).given for key in poses.keys}
        try:
            masked = Poses.from_experiments(
                given, dict(zip(poses.keys, masks, strict=True)), (poses.dims,), name, "the mask"
            )
        except (ValueError, TypeError) as error:
            self.source.wrong(str(error), "data", name)
        return replace(poses, points=masked.points, given=masked.given)


def read_stats(source: Source) -> tuple[Any, ...] | None:
    """Read the statistics that ``[data]`` names.

    Parameters
    ----------
    source : Source
        The params file.

    Returns
    -------
    tuple of four arrays, or None
        ``mean_2d, std_2d, mean_3d, std_3d``; None where no file is named.

    Raises
    ------
    ValueError
        A file that is missing, is no ``.npz``, or lacks one of the four.
    """
    name = source.content["data"].get("stats")
    if not name:
        return None
    path = source.file(name, "data", "stats")
    try:
        with np.load(path, allow_pickle=False) as stored:
            return tuple(stored[key] for key in STATS)
    except KeyError as error:
        source.wrong(f"{name}: {error.args[0]}; expected {', '.join(STATS)}.", "data", "stats")
    except (ValueError, OSError, AttributeError, TypeError) as error:
        source.wrong(f"{name} is no .npz of statistics: {error}", "data", "stats")
