"""Params files are read, and all of it but the pose files is checked by line."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftpose.geometry.camera import Camera
from liftpose.io import formats, read_camera
from liftpose.lifter import augmentation as augmentations
from liftpose.lifter.opt import Options
from liftpose.names import closest
from liftpose.params.files import PoseFiles, read_stats
from liftpose.params.keys import AUGMENTATIONS, CALIBRATED, CAMERA, DATA, SKELETON, TABLES
from liftpose.params.moving import ElsewhereOnFloor
from liftpose.params.source import Source, blamed, table_name
from liftpose.params.writing import known_skeleton
from liftpose.poses import Poses
from liftpose.skeleton import Skeleton


@dataclass(frozen=True, eq=False)
class Params:
    """What a params file says, found good; the pose files are read by `arguments`.

    Parameters
    ----------
    source : Source
        The file.
    skeleton : Skeleton or None
        None where only the pose files name the joints.
    options : dict
        Options that are set, by name.
    augmentation : tuple, optional
        As `liftpose.main.train` takes it, but for `ElsewhereOnFloor`, which needs the poses.
    camera : Camera, or dict of experiment to Camera, optional
        As `liftpose.main.train` takes it.
    numbered : pathlib.Path, optional
        The skeleton's file where it has numbers for names; then the pose files name the joints.
    """

    source: Source
    skeleton: Skeleton | None
    options: dict[str, Any]
    augmentation: tuple[Any, ...] | None
    camera: Any
    numbered: Path | None = None

    @property
    def data(self) -> Mapping[str, Any]:
        """The table ``[data]``."""
        data: Mapping[str, Any] = self.source.content.get("data") or {}
        return data

    def arguments(self, out_dir: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """Read the pose files, and give everything that `liftpose.main.train` takes.

        Parameters
        ----------
        out_dir : path-like, optional
            Folder of the run, instead of the one that the file names.

        Returns
        -------
        dict
            Arguments by name.

        Raises
        ------
        ValueError
            A file that is missing or does not fit, by the line that names it.
        """
        poses = PoseFiles(self.source, None if self.numbered else self.skeleton).read()
        skeleton = self.skeleton
        if self.numbered:
            skeleton = known_skeleton(self.numbered, poses["train_3d"])
        if skeleton is None:
            self.source.wrong(
                "says nothing of a skeleton. Add [skeleton] with joints, and with bones or roots "
                'and target_sets; or, above [data], skeleton = "a file".'
            )
        self._check_cameras(poses)
        options = dict(self.options)
        named = options.pop("out_dir", Options.out_dir)
        folder = self.source.path.parent / named if out_dir is None else Path(out_dir)
        checkpoint = options.get("load")
        if checkpoint and (self.source.path.parent / checkpoint).is_file():
            options["load"] = os.fspath(self.source.path.parent / checkpoint)
        return {
            **poses,
            "out_dir": folder,
            "skeleton": skeleton,
            "camera": self.camera,
            "training_kwargs": options,
            "augmentation": self._steps(poses["train_3d"]),
            "stats": read_stats(self.source),
            "norm_2d": self.data.get("norm_2d"),
            "params": self.source.text,
        }

    def _steps(self, poses_3d: Poses) -> tuple[Any, ...] | None:
        if self.augmentation is None:
            return None
        return tuple(
            step.made(poses_3d, self.camera) if isinstance(step, ElsewhereOnFloor) else step
            for step in self.augmentation
        )

    def _check_cameras(self, poses: dict[str, Any]) -> None:
        """Refuse 2D that lies far outside of the image of its camera."""
        for name in ("train_2d", "test_2d"):
            flat = poses[name]
            for key in flat.keys if flat is not None else ():
                camera = self.camera.get(key) if isinstance(self.camera, Mapping) else self.camera
                if camera is None:
                    continue
                try:
                    camera.check_fits(flat.only(key).points, f"the joints of {name}")
                except ValueError as error:
                    self.source.wrong(f"{error} In this file: crop and scale.", "camera")


def read_params(path: str | os.PathLike[str]) -> Params:
    r"""Read a params file and check all of it but the pose files.

    Parameters
    ----------
    path : path-like
        ``params.toml``, or a ``params.yaml`` of liftpose 0.22.

    Returns
    -------
    Params

    Raises
    ------
    ValueError
        An unknown key (the nearest known one is offered), or a value that does not fit, each with
        its line.
    FileNotFoundError, IsADirectoryError
        No such file, or a folder.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "params.toml"
    >>> _ = file.write_text('[data]\n[training]\nepoch = 3\n')
    >>> read_params(file)
    Traceback (most recent call last):
    ValueError: params.toml, line 3: unknown key 'epoch' in [training]. Did you mean 'epochs'?
    """
    file = Path(path)
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder; expected a params file, such as params.toml.")
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no file {file}. `liftpose train --init POSES_2D POSES_3D` writes one."
        )
    source = Source(file)
    if source.is_yaml:
        return _read_yaml(source)
    for key in source.content:
        if key not in TABLES:
            homes = [f"[{table}]" for table, keys in TABLES.items() if key in keys]
            hint = f" It belongs in {homes[0]}." if homes else closest(key, TABLES)
            source.wrong(f"unknown key {key!r}.{hint}", key)
    if "data" not in source.content:
        source.wrong("has no table [data], which names the pose files.")
    source.check_keys(source.content["data"], DATA, "data")
    _check_settings(source)
    skeleton, camera = _skeleton(source), _camera(source)
    options = _options(source, source.content.get("training", {}), "training")
    return Params(
        source,
        skeleton,
        options,
        _augmentation(source, camera),
        camera,
        _numbered_skeleton(source),
    )


_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "by_order": ((bool,), "true or false"),
    "norm_2d": ((bool,), "true or false"),
    "fps": ((int, float), "a number"),
    "unit": ((str,), "a word in quotes"),
    "frame": ((str,), "a word in quotes"),
    "format": ((str, dict), 'a name in quotes, or { 2d = "one", 3d = "other" }'),
    "camera": ((str,), "a name in quotes"),
    "size": ((list,), "[width, height]"),
    "joints": ((list,), "a list of names"),
    "individuals": ((list,), "a list of names"),
    "min_confidence": ((int, float), "a number from 0 to 1"),
}


def _check_settings(source: Source) -> None:
    data = source.content["data"]
    for key, (kinds, words) in _KINDS.items():
        if key in data and type(data[key]) not in kinds:
            source.wrong(f"{key} is {data[key]!r}; expected {words}.", "data", key)
    _check_hints(source)
    rename = data.get("rename", {})
    if not isinstance(rename, Mapping) or not all(isinstance(v, str) for v in rename.values()):
        source.wrong('rename must be a table of names, such as { paw = "hand" }.', "data", "rename")


def _check_hints(source: Source) -> None:
    data = source.content["data"]
    named = data.get("format", {})
    if isinstance(named, Mapping):
        source.check_keys(named, ("2d", "3d"), "data", "format")
    known = [entry.name for entry in formats() if entry.reads]
    for name in named.values() if isinstance(named, Mapping) else (named,):
        if name not in known:
            source.wrong(
                f"there is no format {name!r} that can be read.{closest(str(name), known)}",
                *("data", "format"),
            )
    size = data.get("size", [1, 1])
    if len(size) != 2 or not all(type(value) in (int, float) and value > 0 for value in size):
        source.wrong(f"size is {size!r}; expected [width, height].", "data", "size")
    for key in ("joints", "individuals"):
        if not all(isinstance(name, str) for name in data.get(key, ())):
            source.wrong(f"{key} is {data[key]!r}; expected a list of names.", "data", key)
    least = data.get("min_confidence", 0)
    if not 0 <= least <= 1:
        source.wrong(
            f"min_confidence is {least!r}; expected a number from 0 to 1.", "data", "min_confidence"
        )


def _skeleton(source: Source) -> Skeleton | None:
    given = source.content.get("skeleton")
    if given is None:
        return None
    try:
        if isinstance(given, str):
            # A name without an ending is no file's, unless there is one.
            called = given and not Path(given).suffix and not (source.path.parent / given).exists()
            return (
                Skeleton.named(given) if called else Skeleton.read(source.file(given, "skeleton"))
            )
        source.check_keys(given, SKELETON, "skeleton")
        if "joints" not in given:
            source.wrong("[skeleton] has no joints; list their names.", "skeleton")
        return Skeleton(**given)
    except (ValueError, TypeError) as error:
        if str(error).startswith(source.path.name):
            raise
        source.wrong(f"skeleton: {error}", "skeleton", *blamed(error, given))


def _numbered_skeleton(source: Source) -> Path | None:
    given = source.content.get("skeleton")
    if isinstance(given, str) and given.lower().endswith((".yaml", ".yml")):
        return source.path.parent / given
    return None


def _options(source: Source, given: Any, *way: str) -> dict[str, Any]:
    source.check_keys(given, TABLES["training"], *way)
    try:
        Options.from_kwargs(given)
    except (ValueError, TypeError) as error:
        source.wrong(str(error), *way, *blamed(error, given))
    return dict(given)


def _augmentation(source: Source, camera: Any) -> tuple[Any, ...] | None:
    steps = source.content.get("augmentation")
    if steps is None:
        return None
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        source.wrong("write each augmentation under [[augmentation]].", "augmentation")
    made: list[Any] = []
    for number, step in enumerate(steps):
        way = ("augmentation", number)
        name = step.get("name")
        if name not in AUGMENTATIONS:
            source.wrong(
                f"the augmentation's name is {name!r}; expected one of {', '.join(AUGMENTATIONS)}."
                f"{closest(str(name), AUGMENTATIONS) if name else ''}",
                *way,
                *(["name"] if name else []),
            )
        if name == "elsewhere":
            made.append(ElsewhereOnFloor(source, way, step))
            made[-1].check(camera)
            continue
        make = getattr(augmentations, name)
        source.check_keys(step, ("name", *inspect.signature(make).parameters), *way)
        arguments = {key: _numbered(value) for key, value in step.items() if key != "name"}
        try:
            made.append(make(**arguments))
        except (ValueError, TypeError) as error:
            source.wrong(f"{name}: {error}", *way, *blamed(error, step))
    return tuple(made)


def _camera(source: Source) -> Any:
    given = source.content.get("camera")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        source.wrong(
            "camera is a bare matrix or value; expected a table with at least K, such as "
            "[camera] and below it K = [[800, 0, 320], [0, 800, 240], [0, 0, 1]].",
            "camera",
        )
    if not any(isinstance(entry, Mapping) for entry in given.values()):
        return _one_camera(source, given, "camera")
    return {key: _one_camera(source, entry, "camera", key) for key, entry in given.items()}


def _one_camera(source: Source, given: Any, *way: str) -> Camera:
    source.check_keys(given, (*CAMERA, *CALIBRATED), *way)
    if "calibration" in given:
        return _calibrated(source, given, *way)
    if "K" not in given:
        source.wrong(
            f"{table_name(way)} has no K, the matrix of intrinsics, and no calibration, a file "
            f"that has it.",
            *way,
        )
    wrong = [key for key in CALIBRATED if key in given]
    if wrong:
        source.wrong(f"{wrong[0]} is for a camera of a calibration file.", *way, wrong[0])
    try:
        return Camera(**given)
    except (ValueError, TypeError) as error:
        source.wrong(str(error), *way, *blamed(error, given))


def _calibrated(source: Source, given: Mapping[str, Any], *way: str) -> Camera:
    """The camera of a calibration file, cropped and resized as the table says."""
    twice = [key for key in CAMERA if key in given]
    if twice:
        source.wrong(f"{twice[0]} and a calibration; the calibration has it.", *way, twice[0])
    name, crop, scale = (given.get(key) for key in ("camera", "crop", "scale"))
    if name is not None and not isinstance(name, str):
        source.wrong(f"camera is {name!r}; expected a name in quotes.", *way, "camera")
    if crop is not None and not (isinstance(crop, list) and len(crop) == 4):
        source.wrong(f"crop is {crop!r}; expected [x, y, width, height].", *way, "crop")
    file = source.file(given["calibration"], *way, "calibration")
    at = "calibration"
    try:
        camera: Camera = read_camera(file, name)
        if crop is not None:
            at = "crop"
            camera = camera.crop(*crop)
        if scale is not None:
            at = "scale"
            camera = camera.resize(scale=scale)
    except (ValueError, TypeError) as error:
        source.wrong(str(error), *way, at)
    return camera


def _read_yaml(source: Source) -> Params:
    """Take what 0.22's layout says: everything at the top, or in ``data`` and ``vis``."""
    content = source.content
    data = content.get("data") if isinstance(content.get("data"), Mapping) else content
    assert data is not None
    settings = {**content, **(content.get("training") or {}), **data}
    known = {key: value for key, value in settings.items() if key in TABLES["training"]}
    files = {key: data[key] for key in DATA if data.get(key)}
    source.content = {**content, "data": {**data, **files}}
    skeleton = Skeleton.read(source.path)
    return Params(source, skeleton, _options(source, known), None, None, source.path)


def _numbered(value: Any) -> Any:
    """Tables whose keys are numbers, which TOML can only write as words."""
    if not isinstance(value, Mapping):
        return value
    digits = all(key.isdecimal() for key in value)
    return {int(key) if digits else key: entry for key, entry in value.items()}
