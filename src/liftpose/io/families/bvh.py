"""BVH: a skeleton and its angles, read as the positions of its joints.

Positions follow from the angles, which are degrees, by forward kinematics: a joint is turned about
its axes in the order of its channels, each about the axes that those before it have turned. Where
a joint has channels of position, they stand for its offset, as Blender reads them; others add the
two, which differs only where the root's offset is not zero. End sites are joints as well, called
after the joint that they belong to: ``Head_end``. The unit is not in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.registry import reader
from liftpose.poses import Poses

Array = npt.NDArray[Any]

_BEGINS = re.compile(rb"\A(\xef\xbb\xbf)?\s*HIERARCHY\b")
_CHANNEL = re.compile(r"([xyz])(position|rotation)", re.IGNORECASE)
_END = "_end"


@dataclass
class _Joint:
    """A joint: where it is relative to its parent, and the columns of what moves it."""

    name: str
    parent: int | None
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    moves: list[tuple[int, int]] = field(default_factory=list)
    turns: list[tuple[int, int]] = field(default_factory=list)


def is_bvh(path: Path, head: bytes) -> bool:
    """Whether a file begins as all of this format do."""
    return bool(_BEGINS.match(head))


@reader(
    "bvh", "BVH of motion capture, as positions", suffixes=(".bvh",), recognises=is_bvh, dims=(3,)
)
def read_bvh(path: Path) -> Poses:
    """Read the joints' positions."""
    text = path.read_bytes().decode("utf-8-sig")
    hierarchy, motion, moving = text.partition("MOTION")
    if not motion:
        raise ValueError("it has a hierarchy and no MOTION; it was cut off.")
    joints, channels = _hierarchy(hierarchy)
    values, fps = _motion(moving, channels)
    return Poses.from_experiments(
        _positions(joints, values),
        name="the file",
        joints=[joint.name for joint in joints],
        fps=fps,
        copy=False,
    )


def _hierarchy(text: str) -> tuple[list[_Joint], int]:
    """Joints, parents before their children, and the number of channels of all."""
    joints: list[_Joint] = []
    above: list[int] = []
    channels = 0
    for word, rest in _statements(text):
        if word in ("ROOT", "JOINT", "END"):
            parent = above[-1] if above else None
            if (parent is None) != (word == "ROOT"):
                raise ValueError(f"{word} {rest} is in the wrong place.")
            joints.append(_Joint(rest if word != "END" else _end(joints, parent), parent))
        elif word == "{":
            above.append(len(joints) - 1)
        elif word == "}":
            if not above:
                raise ValueError("a brace is closed that was not opened.")
            above.pop()
        elif not above or above[-1] != len(joints) - 1:
            raise ValueError(f"{word} is in the wrong place.")
        elif word == "OFFSET":
            joints[-1].offset = _numbers(rest, joints[-1].name)
        else:
            channels = _channels(joints[-1], rest, channels)
    if above or not joints:
        raise ValueError("its hierarchy is cut off." if joints else "it has no joints.")
    return joints, channels


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """A word that says what comes, and what comes; braces may stand anywhere."""
    for line in text.replace("{", "\n{\n").replace("}", "\n}\n").splitlines():
        word, rest = [*line.split(maxsplit=1), "", ""][:2]
        kind = word.upper()
        if kind in ("ROOT", "JOINT", "END", "OFFSET", "CHANNELS", "{", "}"):
            yield kind, rest.strip()
        elif kind not in ("", "HIERARCHY"):
            raise ValueError(f"{line.strip()[:40]!r} is no part of a hierarchy.")


def _end(joints: list[_Joint], parent: int | None) -> str:
    """A name for an end site."""
    assert parent is not None
    name = joints[parent].name + _END
    others = sum(joint.parent == parent and joint.name.startswith(name) for joint in joints)
    return f"{name}{others + 1}" if others else name


def _numbers(text: str, joint: str) -> tuple[float, ...]:
    try:
        found = tuple(float(word) for word in text.split())
    except ValueError:
        found = ()
    if len(found) != 3:
        raise ValueError(f"joint {joint!r}: OFFSET is {text!r}; expected three numbers.")
    return found


def _channels(joint: _Joint, text: str, column: int) -> int:
    """Enter the channels of a joint; give the column after them."""
    count, *names = text.split() or [""]
    known = [_CHANNEL.fullmatch(name) for name in names]
    if count != str(len(names)) or None in known or joint.moves or joint.turns:
        raise ValueError(
            f"joint {joint.name!r}: CHANNELS {text}; expected their number and Xposition, "
            "Yposition, Zposition, Xrotation, Yrotation or Zrotation of each."
        )
    for number, match in enumerate(known, start=column):
        assert match is not None
        entry = ("xyz".index(match[1].lower()), number)
        (joint.moves if match[2].lower() == "position" else joint.turns).append(entry)
    return column + len(names)


def _motion(text: str, channels: int) -> tuple[Array, float | None]:
    """Values of the channels in every frame, and frames per second."""
    head = re.match(
        r"\s*Frames:\s*(\d+)\s+Frame\s+Time:\s*(\S+)[^\S\n]*\r?\n?", text, re.IGNORECASE
    )
    if head is None:
        raise ValueError("MOTION has no 'Frames:' and 'Frame Time:'; it was cut off.")
    rows = [line for line in text[head.end() :].splitlines() if line.strip()]
    if len(rows) != int(head[1]) or not rows:
        raise ValueError(
            f"it says that it holds {head[1]} frames, and {len(rows)} are there; it was cut off, "
            "or is damaged."
        )
    try:
        values = np.loadtxt(rows, comments=None, ndmin=2).astype(np.float64)
    except ValueError as error:
        raise ValueError(f"its frames are not all of {channels} numbers ({error}).") from None
    if values.shape[1] != channels:
        raise ValueError(f"its frames are of {values.shape[1]} numbers; expected {channels}.")
    if np.isinf(values).any():
        raise ValueError("its frames hold infinite numbers.")
    return values, _rate(head[2])


def _rate(text: str) -> float | None:
    """Frames per second; a whole number of them, where its time is rounded to what is there."""
    try:
        time = float(text)
    except ValueError:
        return None
    if not 1e-9 < time < float("inf"):
        return None
    whole, digits = round(1 / time), len(text.partition(".")[2])
    return float(whole) if whole and round(1 / whole, digits) == time else 1 / time


def _positions(joints: list[_Joint], values: Array) -> Array:
    """Forward kinematics of all frames, one joint after another."""
    last_child = {joint.parent: number for number, joint in enumerate(joints)}
    points = np.empty((len(values), len(joints), 3))
    turned: dict[int, Array] = {}
    for number, joint in enumerate(joints):
        place = np.tile(np.array(joint.offset, np.float64), (len(values), 1))
        for axis, column in joint.moves:
            place[:, axis] = values[:, column]
        turn = _turn(joint, values)
        if joint.parent is None:
            points[:, number] = place
        else:
            above = turned[joint.parent]
            points[:, number] = points[:, joint.parent] + (above @ place[..., None])[..., 0]
            turn = above @ turn
            if last_child[joint.parent] == number:
                del turned[joint.parent]
        if number in last_child:
            turned[number] = turn
    return points


def _turn(joint: _Joint, values: Array) -> Array:
    """Rotation (N, 3, 3) of a joint relative to its parent; (1, 3, 3) where it has none."""
    turn = np.eye(3)[None]
    for axis, column in joint.turns:
        angle = np.radians(values[:, column])
        one = np.zeros((len(values), 3, 3))
        after, last = (axis + 1) % 3, (axis + 2) % 3
        one[:, axis, axis] = 1
        one[:, after, after] = one[:, last, last] = np.cos(angle)
        one[:, last, after] = np.sin(angle)
        one[:, after, last] = -np.sin(angle)
        turn = turn @ one
    return turn
