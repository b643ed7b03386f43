"""A params file is begun: filled in as far as the pose files tell, a comment on every line."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import liftpose
from liftpose.files import replacing
from liftpose.io.hints import Hints
from liftpose.lifter.elsewhere import elsewhere
from liftpose.lifter.opt import Options
from liftpose.names import listed
from liftpose.params.keys import DATA, HINTS, option_meanings
from liftpose.poses import Floats, Poses
from liftpose.skeleton import Skeleton

BONES_KNOWN = {
    "joints": "names, in the order of every pose; a file has them in any order",
    "bones": "pairs of joints; roots and target sets are found from them if they are not given",
    "rigid": "pairs of joints whose distance never changes in one animal",
    "roots": "joints that others are predicted from; the first is the origin",
    "target_sets": "the joints predicted from each root",
    "limbs": "number of the limb of each joint, for colours",
    "colors": "red, green and blue of each limb, 0 to 255",
    "pairs": "left and right of the same joint",
    "unit": "of 3D positions",
}
"""What the keys of ``[skeleton]`` mean."""

OFTEN = 0.9
"""A suggested root is seen in at least this share of the frames of the joint seen most."""

LONG = 60
"""Values of more characters have their comment on the line above."""


def write_params(
    path: str | os.PathLike[str],
    poses_2d: str | os.PathLike[str],
    poses_3d: str | os.PathLike[str] | None = None,
    *,
    skeleton: str | os.PathLike[str] | None = None,
    hints: Hints | None = None,
    overwrite: bool = False,
) -> Path:
    """Begin a params file for some pose files.

    Parameters
    ----------
    path : path-like
        The new file, ending in ``.toml``.
    poses_2d, poses_3d : path-like
        Pose files of the same frames; without 3D a place for its name is left.
    skeleton : path-like, optional
        A skeleton file. Without it the joints are those of the pose files, and a root is
        suggested: of the joints that are seen often, the one that the others move least against.
    hints : Hints, optional
        What only the user knows of the pose files; goes into the file.
    overwrite : bool
        Replace a file that is there already.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ValueError
        Another ending, or pose files that cannot be read or do not fit each other.
    FileExistsError
        The file is there already.
    """
    file = Path(path)
    if file.suffix.lower() != ".toml":
        raise ValueError(f"{file}: expected a name that ends in .toml.")
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder; expected a file to write.")
    if file.exists() and not overwrite:
        raise FileExistsError(f"{file} is there already; use --overwrite to replace it.")
    asked = hints or Hints()
    flat = replace(asked, dims=2).of_use(poses_2d).read(poses_2d)
    deep = None if poses_3d is None else replace(asked, dims=3).of_use(poses_3d).read(poses_3d)
    if flat.dims != 2:
        raise ValueError(f"{poses_2d} holds {flat.dims}D poses; name the 2D first, then the 3D.")
    if deep is not None and flat.frames != deep.frames:
        raise ValueError(
            f"{poses_2d} has {flat.frames} frames and {poses_3d} has {deep.frames}; they must be "
            "of the same frames."
        )
    body = suggested_skeleton(flat, deep) if skeleton is None else known_skeleton(skeleton, flat)
    names = {"train_2d": poses_2d, "train_3d": poses_3d}
    data = {key: _from_there(name, file) for key, name in names.items() if name is not None}
    extra = {"by_order": True} if flat.joints is None else {}
    extra |= {name: value for name, value in asked.said.items() if name in HINTS}
    lines = [*_head(file, deep), *_data({**data, **extra}, flat, deep)]
    lines += [
        *_skeleton(body, guessed=skeleton is None),
        *_training(),
        *_augmentations(body.joints),
        *_camera(),
    ]
    with replacing(file) as beside:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def known_skeleton(path: str | os.PathLike[str], poses: Poses) -> Skeleton:
    """Read a skeleton whose joints may be numbers only, and name them as the poses do.

    Parameters
    ----------
    path : path-like
        A skeleton file, or a ``params.yaml`` of liftpose 0.22, which has no names.
    poses : Poses
        Poses of that skeleton.

    Returns
    -------
    Skeleton
    """
    if Path(path).suffix.lower() not in (".yaml", ".yml"):
        return Skeleton.read(path)
    found = Skeleton.read(path, joint_count=poses.joint_count)
    numbered = found.joints == tuple(map(str, range(found.joint_count)))
    if not numbered or poses.joints is None or len(poses.joints) != found.joint_count:
        return found
    return replace(found, joints=poses.joints)


def suggested_skeleton(flat: Poses, deep: Poses | None) -> Skeleton:
    """Give the joints that the poses have, and a root for them.

    Parameters
    ----------
    flat : Poses
        2D poses.
    deep : Poses or None
        3D poses of the same frames.

    Returns
    -------
    Skeleton
        One root: of the joints that are seen often, the one that the others move least against.
        Its targets are all joints that are ever seen together with it, in 2D and 3D. Joints are
        called by their numbers where the poses have no names.

    Raises
    ------
    ValueError
        No joint has the same name in both, or no two are ever seen together.
    """
    flat = flat.sure(Options.min_confidence)
    poses = flat if deep is None else deep
    if flat.joints and deep is not None and deep.joints:
        shared = [joint for joint in deep.joints if joint in flat.joints]
        if not shared:
            raise ValueError(
                f"no joint has the same name in 2D ({listed(flat.joints)}) and in 3D "
                f"({listed(deep.joints)})."
            )
        flat, poses = flat.matched(shared), deep.matched(shared)
    if flat.joint_count != poses.joint_count:
        raise ValueError(
            f"the 2D has {flat.joint_count} joints and the 3D {poses.joint_count}, and not both "
            "name them."
        )
    joints = poses.joints or tuple(map(str, range(poses.joint_count)))
    seen = np.asarray(np.isfinite(poses.points).all(2) & np.isfinite(flat.points).all(2))
    root = _steadiest(poses.points, seen)
    targets = [j for j in np.flatnonzero(seen[seen[:, root]].any(axis=0)).tolist() if j != root]
    if not targets:
        raise ValueError("no two joints are ever seen together, in 2D and 3D of the same frame.")
    return Skeleton(
        joints, roots=[root], target_sets=[targets], unit=None if deep is None else deep.unit
    )


def _steadiest(points: Floats, seen: npt.NDArray[np.bool_]) -> int:
    """The joint, of those seen often, that the others move least against."""
    share = seen.mean(axis=0)
    step = max(1, len(points) // 2000)
    some = np.where(seen[::step, :, None], points[::step], np.nan)
    movement = np.full(len(share), np.inf)
    for joint in np.flatnonzero(share >= OFTEN * share.max()).tolist():
        apart = np.ma.masked_invalid(some - some[:, joint : joint + 1])
        movement[joint] = np.ma.sqrt(apart.var(axis=0).sum(axis=1)).mean()
    return int(movement.argmin())


def _from_there(name: str | os.PathLike[str], file: Path) -> str:
    """Name a file as seen from the params file: in full where it is not below its folder."""
    path, folder = Path(name).resolve(), file.parent.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _head(file: Path, deep: Poses | None) -> Iterator[str]:
    yield f"# What `liftpose train {file.name}` does; begun by liftpose {liftpose.__version__}."
    yield "# A # before a key leaves it out. File names are relative to this file."
    if deep is None:
        yield "# The 3D poses are missing: fill in train_3d."


def _data(given: Mapping[str, Any], flat: Poses, deep: Poses | None) -> Iterator[str]:
    joint = (flat.joints or ("paw",))[0]
    examples = {
        "train_3d": "library_3d.nc",
        "test_2d": "other_2d.nc",
        "test_3d": "other_3d.nc",
        "train_keypts": "counts.npy",
        "test_keypts": "test_counts.npy",
        "format": {"2d": "deeplabcut", "3d": "movement"},
        "camera": "left",
        "size": [640, 480],
        "joints": list(flat.joints or ("paw", "nose"))[:2],
        "individuals": list(flat.individuals or ("mouse 1",)),
        "min_confidence": 0.1,
        "rename": {"name in the file": joint},
        "by_order": False,
        "fps": flat.fps or 100.0,
        "unit": (deep.unit if deep else None) or "mm",
        "frame": (deep.frame if deep else None) or "camera",
        "norm_2d": False,
        "stats": "stats.npz",
    }
    yield from ("", "[data]  # the pose files, and how to read them")
    for key, meaning in DATA.items():
        yield from _entry(key, given.get(key, examples.get(key)), meaning, off=key not in given)


def _skeleton(skeleton: Skeleton, guessed: bool) -> Iterator[str]:
    said = skeleton.as_dict()
    example = list(skeleton.joints[:2])
    yield from ("", '[skeleton]  # or, above [data]: skeleton = "skeleton.toml"')
    for key, meaning in BONES_KNOWN.items():
        if key in said:
            if guessed and key == "roots":
                meaning = f"A GUESS, CHECK IT: {meaning}"
            if guessed and key == "target_sets" and skeleton.sets.unused:
                left = [skeleton.joints[joint] for joint in skeleton.sets.unused]
                meaning += f"; left out, as never seen together with it: {', '.join(left)}"
            yield from _entry(key, said[key], meaning)
        elif key in ("bones", "pairs", "rigid"):
            yield from _entry(key, [example], meaning, off=True)
        elif key == "unit":
            yield from _entry(key, "mm", meaning, off=True)


def _training() -> Iterator[str]:
    examples = {"noise": 2.0, "load": "out/ckpt_best.pth.tar", "job": 1}
    meanings = option_meanings()
    yield from ("", "[training]  # options; those with # are at their default")
    for entry in fields(Options):
        off = entry.default is None or bool(entry.metadata.get("network"))
        value = examples.get(entry.name) if entry.default is None else entry.default
        meaning = meanings[entry.name]
        if entry.default is None:
            meaning += " Left out, it is None."
        elif off:
            meaning += " Setting it selects that network."
        yield from _entry(entry.name, value, meaning, off)


def _augmentations(joints: Sequence[str]) -> Iterator[str]:
    # In the order in which they make sense together: a projection remakes the 2D.
    steps: dict[str, dict[str, Any]] = {
        "physical": {"strength": "auto"},
        "elsewhere": {"feet": list(joints[-2:]), "up": "z", "share": _default(elsewhere, "share")},
        "random_project": {"eangles": {"0": [[-10, 10], [-10, 10], [-10, 10]]}, "axsorder": "zyx"},
        "add_noise": {"noise_amplitude": 2.0},
    }
    kinds = {
        "physical": "other bone lengths and sizes of body, small turns, a little noise",
        "elsewhere": "moved and turned on the floor; needs [camera] and 3D of the world",
        "random_project": "turned at random and projected: for a camera of unknown direction",
        "add_noise": "noise on the 2D",
    }
    meanings = {
        "strength": '0.5, 1 or another number, or "auto": what held-out frames gain by, maybe 0',
        "feet": "joints that stand on the floor, which is found in train_3d",
        "up": "roughly where up is: x, y or z, -x, -y or -z, or three numbers",
        "share": "share of the poses that are moved",
        "noise_amplitude": "pixels, about the error of your tracker",
        "eangles": "by camera: least and largest angle about each axis, in degrees",
        "axsorder": "order of those axes",
    }
    for name, arguments in steps.items():
        yield from ("", "#[[augmentation]]  # a change of the training data; one after the other")
        yield from _entry("name", name, kinds[name], off=True)
        for key, value in arguments.items():
            yield from _entry(key, value, meanings[key], off=True)


def _default(function: Callable[..., Any], name: str) -> Any:
    return inspect.signature(function).parameters[name].default


def _camera() -> Iterator[str]:
    camera = {
        "K": ([[800, 0, 320], [0, 800, 240], [0, 0, 1]], "intrinsics, in pixels"),
        "R": ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], "rotation from world to camera"),
        "t": ([0, 0, 0], "translation, x_camera = R x_world + t, in the unit of the 3D"),
        "dist": ([0, 0, 0, 0, 0], "distortion, as OpenCV has it: five or eight numbers"),
        "size": ([640, 480], "width and height of the image, in pixels"),
    }
    yield from ("", "#[camera]  # or one table an experiment, such as [camera.fly1]")
    yield '# Instead of the five below, calibration = "a file" and camera = "its name in there".'
    for key, (value, meaning) in camera.items():
        yield from _entry(key, value, meaning, off=True)


def _entry(key: str, value: Any, meaning: str, off: bool = False) -> Iterator[str]:
    line = f"{'#' * off}{key} = {_toml(value)}"
    if len(line) > LONG:
        yield f"# {key}: {meaning}"
        yield line
    else:
        yield f"{line}  # {meaning}"


def _toml(value: Any) -> str:
    """A value as TOML writes it, on one line; for words, numbers and lists that is JSON."""
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(key))} = {_toml(entry)}" for key, entry in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
