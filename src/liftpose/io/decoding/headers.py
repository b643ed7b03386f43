"""What the columns of a table of text are, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

AXES = ("x", "y", "z")
CONFIDENCE = "confidence"

SEPARATORS = "_. :-/"
"""Between the name of a joint and what a column holds of it."""

_SURE = ("confidence", "conf", "likelihood", "score", "probability", "prob", "p", "visibility")
"""What trackers call their confidence; an earlier one counts more."""

_ROLES: Mapping[str, tuple[str, ...]] = {
    "frame": (
        *("frame", "frames", "frameidx", "frameindex", "frameid", "frameno", "framenumber"),
        *("framenum", "fnum"),
    ),
    "time": ("time", "times", "timestamp", "timestamps", "seconds", "sec", "t"),
    "individual": (
        *("individual", "individuals", "individualid", "animal", "animalid", "subject"),
        *("subjectid", "identity", "track", "tracks", "trackid", "trackname"),
    ),
    "experiment": ("experiment", "experiments", "recording", "session", "video", "trial"),
    "joint": (
        *("joint", "joints", "jointname", "bodypart", "bodyparts", "keypoint", "keypoints"),
        *("keypointname", "node", "nodename", "marker", "markername", "landmark", "part"),
    ),
}
"""Names of columns that are of a row rather than of a joint, without case and separators."""


@dataclass(frozen=True)
class Header:
    """What the columns of a table are.

    Parameters
    ----------
    parts : mapping of str to mapping of str to int
        For each joint, the columns of ``x``, ``y``, ``z`` and ``confidence``, and of further
        numbers by their names. In a long table, whose rows are of one joint each, the only entry
        has no name.
    roles : mapping of str to int
        The columns of ``frame``, ``time``, ``individual``, ``experiment`` and ``joint``.
    """

    parts: Mapping[str, Mapping[str, int]]
    roles: Mapping[str, int]

    @property
    def is_long(self) -> bool:
        """Whether every row is of one joint."""
        return "joint" in self.roles


def understood(names: Sequence[str]) -> Header | None:
    """Find out what columns are.

    Parameters
    ----------
    names : sequence of str
        Of all columns.

    Returns
    -------
    Header or None
        None where no joint has an x and a y.

    Examples
    --------
    >>> header = understood(["frame", "nose_x", "nose_y", "nose_likelihood", "speed"])
    >>> header.parts, header.roles
    ({'nose': {'x': 1, 'y': 2, 'confidence': 3}}, {'frame': 0})
    >>> understood(["Frame", "bodypart", "X", "Y"]).is_long
    True
    """
    bare = [name.strip().lower() for name in names]
    if {"x", "y"} <= set(bare) and (roles := _roles(names, set())).get("joint") is not None:
        parts = {axis: bare.index(axis) for axis in AXES if axis in bare}
        sure = next((word for word in _SURE if word in bare), None)
        if sure is not None:
            parts[CONFIDENCE] = bare.index(sure)
        return Header({"": parts}, roles)
    wide = _wide(names) or _wide_from_behind(names)
    if not wide:
        return None
    taken = {number for parts in wide.values() for number in parts.values()}
    roles = _roles(names, taken)
    roles.pop("joint", None)
    return Header(wide, roles)


def _roles(names: Sequence[str], taken: set[int]) -> dict[str, int]:
    plain = {
        number: re.sub(r"[\W_]", "", name.lower())
        for number, name in enumerate(names)
        if number not in taken
    }
    found = {}
    for role, words in _ROLES.items():
        for word in words:
            numbers = [number for number, name in plain.items() if name == word]
            if numbers:
                found[role] = numbers[0]
                break
    return found


def split_off(name: str) -> tuple[str, str]:
    """Part the name of a column at its last separator.

    Parameters
    ----------
    name : str
        Such as ``paw L_x``.

    Returns
    -------
    joint : str
        With the separator; empty where there is none.
    part : str
        What comes behind.

    Examples
    --------
    >>> split_off("paw L_x"), split_off("speed")
    (('paw L_', 'x'), ('', 'speed'))
    """
    place = max(name.rfind(separator) for separator in SEPARATORS)
    return name[: place + 1], name[place + 1 :]


def _wide(names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Columns of every joint, which is named before what they hold."""
    places: dict[str, dict[str, int]] = {}
    for number, name in enumerate(names):
        before, part = split_off(name.rstrip())
        if before and part.lower() in AXES:
            once(places.setdefault(before, {}), part.lower(), number, name)
    found = {before: parts for before, parts in places.items() if {"x", "y"} <= parts.keys()}
    _add_confidence(found, names)
    _add_further(found, names)
    return _by_joint({before[:-1]: parts for before, parts in found.items()}, len(found))


def _wide_from_behind(names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Columns of every joint, which is named after what they hold: ``x_nose``."""
    places: dict[str, dict[str, int]] = {}
    for number, name in enumerate(names):
        match = re.fullmatch(rf"(\w+?)([{re.escape(SEPARATORS)}])(.+)", name.strip())
        if match is None:
            continue
        part = match[1].lower()
        if part in AXES:
            once(places.setdefault(match[2] + match[3], {}), part, number, name)
        elif part in _SURE:
            places.setdefault(match[2] + match[3], {}).setdefault(CONFIDENCE, number)
    found = {behind: parts for behind, parts in places.items() if {"x", "y"} <= parts.keys()}
    return _by_joint({behind[1:]: parts for behind, parts in found.items()}, len(found))


def once(parts: dict[str, int], part: str, number: int, name: str) -> None:
    """Note where a part of a joint is, unless it is there already.

    Raises
    ------
    ValueError
        It is.
    """
    if part in parts:
        raise ValueError(f"the column {name!r} is there twice.")
    parts[part] = number


def _by_joint(found: dict[str, dict[str, int]], count: int) -> dict[str, dict[str, int]]:
    if len(found) != count:
        raise ValueError("a joint has columns of two kinds, such as nose_x and nose.x.")
    return found


def _add_confidence(found: dict[str, dict[str, int]], names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        before, part = split_off(name.rstrip())
        word = part.lower()
        if before not in found or word not in _SURE:
            continue
        there = found[before].get(CONFIDENCE)
        if there is None or _rank(word) < _rank(split_off(names[there].rstrip())[1].lower()):
            found[before][CONFIDENCE] = number


def _rank(word: str) -> int:
    return _SURE.index(word)


def _add_further(found: dict[str, dict[str, int]], names: Sequence[str]) -> None:
    """Give a joint the columns behind it that begin with its name and are nobody's."""
    owners = {number: before for before, parts in found.items() for number in parts.values()}
    owner = ""
    for number, name in enumerate(names):
        if number in owners:
            owner = owners[number]
        elif owner and name.startswith(owner) and len(name) > len(owner):
            once(found[owner], name[len(owner) :], number, name)
