"""Skeletons in files: TOML to be edited by hand, and the ``params.yaml`` of liftpose 0.22.

A skeleton is a dict here, as `liftpose.skeleton.Skeleton.as_dict` gives it.
"""

from __future__ import annotations

import errno
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from liftpose.files import replacing
from liftpose.names import closest
from liftpose.skeleton.shipped import shipped_names

_HEAD = (
    "The skeleton of an animal, for LiftPose. Joints are called by their names throughout;",
    "everything but the joints may be left out.",
)
# A slip of the key in a file without names would otherwise make names without end.
_MOST_JOINTS = 100_000
_WHAT = {
    "joints": "In the order of the joints in every pose.",
    "unit": "Of 3D positions.",
    "bones": "Joints that are joined.",
    "rigid": "Joints whose distance never changes in one animal.",
    "roots": "Joints that others are predicted from; the first is the origin of a lifted pose.",
    "target_sets": "The joints that are predicted from each root, in the order of the roots.",
    "limbs": "The joints of each limb.",
    "colors": "Red, green and blue of each limb, 0 to 255.",
    "pairs": "Left and right of the same joint, left first.",
}


def read_fields(
    path: str | os.PathLike[str], known: Sequence[str], joint_count: int | None = None
) -> dict[str, Any]:
    """Read what a file says of a skeleton.

    Parameters
    ----------
    path : path-like
        Ends in ``.toml``, ``.yaml`` or ``.yml``.
    known : sequence of str
        Keys that a ``.toml`` may have.
    joint_count : int, optional
        Number of joints, for a ``.yaml``, which does not say it.

    Returns
    -------
    dict
        Parameters of `liftpose.skeleton.Skeleton`.

    Raises
    ------
    ValueError
        Another ending, a file that is no TOML or YAML, an unknown key, or no skeleton in it. The
        line is said where there is one.
    OSError
        The file is not there, cannot be read, or is a folder.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "leg.toml"
    >>> _ = path.write_text('joints = ["hip", "knee"]')
    >>> read_fields(path, ["joints", "bones"])
    {'joints': ['hip', 'knee']}
    """
    source = Path(path)
    if source.is_dir():
        raise _is_folder(source, "read")
    kind = source.suffix.lower()
    if kind not in (".toml", ".yaml", ".yml"):
        meant = "" if kind or source.exists() else closest(source.name, shipped_names())
        raise ValueError(
            f"{source.name} is no skeleton file; expected a .toml, a .yaml of liftpose 0.22, or "
            f"the name of a skeleton that ships with LiftPose.{meant}"
        )
    if kind == ".toml" and joint_count is not None:
        raise ValueError(
            f"joint_count is for the .yaml files of liftpose 0.22; {source.name} names its joints."
        )
    try:
        # Editors of Windows put a byte order mark first.
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{source.name} is no text in UTF-8: {error.reason}.") from None
    if kind == ".toml":
        return _from_toml(text, source.name, known)
    return _from_yaml(text, source.name, joint_count)


def write_fields(
    said: Mapping[str, Any], path: str | os.PathLike[str], overwrite: bool = False
) -> Path:
    """Write a skeleton as TOML, with a comment on every entry.

    Parameters
    ----------
    said : mapping
        From `liftpose.skeleton.Skeleton.as_dict`.
    path : path-like
        Ends in ``.toml``. Its folder must exist.
    overwrite : bool
        Replace a file that is there already.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ValueError
        Another ending.
    OSError
        The file is there already, is a folder, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = write_fields({"joints": ["hip"]}, Path(tempfile.mkdtemp()) / "leg.toml")
    >>> path.read_text().splitlines()[-4:]
    ['# In the order of the joints in every pose.', 'joints = [', '    "hip",', ']']
    """
    target = Path(path)
    if target.is_dir():
        raise _is_folder(target, "write to")
    if target.suffix.lower() != ".toml":
        raise ValueError(f"a skeleton is written to a file that ends in .toml, got {target.name}.")
    if target.exists() and not overwrite:
        raise FileExistsError(
            errno.EEXIST, "there is such a file already; overwrite=True replaces it", str(target)
        )
    with replacing(target) as beside:
        beside.write_text(_as_toml(said), encoding="utf-8", newline="\n")
    return target


def _is_folder(path: Path, verb: str) -> IsADirectoryError:
    return IsADirectoryError(errno.EISDIR, f"cannot {verb} a folder; name a file", str(path))


def _as_toml(said: Mapping[str, Any]) -> str:
    import tomlkit

    document = tomlkit.document()
    for line in _HEAD:
        document.add(tomlkit.comment(line))
    for name, what in _WHAT.items():
        if name not in said:
            continue
        value = said[name]
        if name == "limbs":
            value = _groups(value, said["joints"])
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(what))
        item = tomlkit.item(value)
        if isinstance(value, list):
            item = tomlkit.array()
            item.extend(value)
            item.multiline(bool(value))
        document.add(name, item)
    return tomlkit.dumps(document)


def _groups(limbs: Sequence[int], joints: Sequence[str]) -> list[list[str]]:
    return [
        [joint for joint, limb in zip(joints, limbs, strict=True) if limb == number]
        for number in range(max(limbs) + 1)
    ]


def _from_toml(text: str, name: str, known: Sequence[str]) -> dict[str, Any]:
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name} is no TOML: {error}.") from None
    for key in said:
        if key not in known:
            raise ValueError(
                f"{name}{_line_of(key, text)}: a skeleton has no {key!r}.{closest(key, known)}"
            )
    return said


def _line_of(key: str, text: str) -> str:
    spelled = rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[\].=]"
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(spelled, line):
            return f", line {number}"
    return ""


def _from_yaml(text: str, name: str, joint_count: int | None) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = "" if mark is None else f", line {mark.line + 1}"
        raise ValueError(f"{name}{line}: this is no YAML: {error.problem}.") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: dates that are none
        raise ValueError(f"{name} is no YAML: {error}.") from None
    if not isinstance(content, dict):
        raise ValueError(f"{name} holds no sections such as data and vis.")
    # The oldest files have everything on one level, and call target sets targets.
    data, look = (_section(content, key) for key in ("data", "vis"))
    said = {
        "roots": data.get("roots"),
        "target_sets": data.get("target_sets", data.get("targets")),
        "bones": look.get("bones"),
        "limbs": look.get("limb_id"),
        "colors": look.get("colors"),
    }
    said = {key: value for key, value in said.items() if value is not None}
    if not said:
        raise ValueError(
            f"{name} holds no skeleton; expected roots and target_sets under data, or bones, "
            "limb_id and colors under vis."
        )
    said["joints"] = _joint_names(said, look.get("names"), joint_count, name)
    if isinstance(said.get("limbs"), list):
        said["limbs"] = _limb_of_each(said, len(said["joints"]), name)
    return said


def _section(content: Mapping[Any, Any], key: str) -> Mapping[Any, Any]:
    section = content.get(key)
    return section if isinstance(section, dict) else content


def _joint_names(
    said: Mapping[str, Any], names: Any, joint_count: int | None, name: str
) -> list[Any]:
    if names is not None:
        flat = list(_flattened(names))
        if joint_count not in (None, len(flat)):
            raise ValueError(f"{name} names {len(flat)} joints, but joint_count is {joint_count}.")
        return flat
    if joint_count is None:
        meant = [said.get(key) for key in ("roots", "target_sets", "bones")]
        lists = [joints for joints in meant if isinstance(joints, list)]
        indices = [joint for joint in _flattened(lists) if isinstance(joint, int)]
        if max(indices, default=0) >= _MOST_JOINTS:
            raise ValueError(f"{name} has a joint {max(indices)}; that is no index of a joint.")
        limbs = said.get("limbs")
        known = len(limbs) if isinstance(limbs, list) else 0
        joint_count = max([known, *(joint + 1 for joint in indices)])
        if joint_count == 0:
            raise ValueError(
                f"{name}: neither roots, target_sets, bones nor limb_id is a list of joints."
            )
    return [str(joint) for joint in range(joint_count)]


def _flattened(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for entry in value:
            yield from _flattened(entry)
    else:
        yield value


def _limb_of_each(said: Mapping[str, Any], joint_count: int, name: str) -> list[Any]:
    """Fill up the limbs of the last joints, which 0.22 could do without.

    It draws a bone in the colour of the limb of its first joint, and never asks for that of a
    joint that bones only lead to. Numbers beyond the last joint it never asks for either.
    """
    written = list(said["limbs"][:joint_count])
    limbs = dict(enumerate(written))
    # What is no bone is refused later, by the skeleton.
    given = said.get("bones")
    bones = [bone for bone in given if _is_bone(bone)] if isinstance(given, list) else []
    for joint in range(len(written), joint_count):
        before = [first for first, second in bones if second == joint and first in limbs]
        if not before:
            raise ValueError(
                f"{name}: limb_id has {len(written)} numbers, but there are {joint_count} joints; "
                f"add the limb of joint {joint}."
            )
        limbs[joint] = limbs[before[0]]
    return list(limbs.values())


def _is_bone(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(v, int) for v in value)
