"""OpenMonkeyStudio: a macaque among 62 cameras.

``Batch7`` to ``Batch11`` each hold ``intrinsic.txt`` and ``camera.txt`` (the cameras),
``coords_3D.mat`` (``coords``: number of the frame, x, y, z; 13 rows a frame) and ``crop_para.mat``
(``crop``: frame, camera, and the left, top, width and height of the picture that was cut out).
Beside them lies ``Data.mat``, a struct ``T`` of ``name`` (``batch7_000003120_18064162.jpg``) and
``data``: left, top, height and width of each picture, and then y and x of 13 joints in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.datasets.published.files import (
    Array,
    Numbers,
    folder_of,
    inside,
    matlab,
    named,
    one,
    table,
    whole_numbers,
)
from liftpose.datasets.published.published import Published
from liftpose.geometry.bones import with_bone_lengths
from liftpose.geometry.camera import Camera
from liftpose.names import listed
from liftpose.poses import Key, Poses
from liftpose.skeleton import Skeleton

MACAQUE = Skeleton.named("macaque13")
"""Thirteen joints; the unit of the 3D is not known."""

BONES = (
    *((0, 1), (1, 2), (2, 3), (3, 4), (2, 5), (5, 6)),
    *((2, 7), (7, 8), (8, 9), (7, 10), (10, 11), (7, 12)),
)
"""The bones of the original example, in its order."""

LENGTHS = (
    *(0.20820029, 0.24672319, 0.20071098, 0.67488184, 0.20363887, 0.68685812),
    *(0.8618808, 0.52081985, 0.37218406, 0.52878267, 0.37562456, 0.37562456),
)
"""Lengths to which it scales them."""

TREE = ((), (0,), (1, 3, 5), (4,), (), (6,), (), (2, 8, 10, 12), (9,), (), (11,), (), ())
"""The joints that hang on each joint, outwards from the hip, which stays where it is."""

TRAINED, TESTED = ("7", "9a", "9b", "10", "11"), ("9",)
"""Batches that the original example trained and tested on."""

GOOD_OF_9 = (
    *((7380, 8100), (8480, 9280), (9980, 10700), (13160, 14000)),
    *((14980, 15620), (16320, 16960), (11520, 12280), (12360, 12580)),
)
"""Between these frames, ends left out, the 3D of batch 9 is good enough to test on."""

_PICTURE = re.compile(r"batch(\w+?)_(\d+)_(\d+)\.\w+")
_JOINTS = MACAQUE.joint_count


def open_monkey(
    data: str | os.PathLike[str],
    batches: Sequence[str] | None = None,
    *,
    labelled: bool = False,
    every_camera: bool = False,
    same_bones: bool = False,
) -> Published:
    """Load the macaques of OpenMonkeyStudio.

    Parameters
    ----------
    data : path-like
        The unpacked folder, with ``Batch7`` and the others in it.
    batches : sequence of str, optional
        Such as ``["7", "9a"]``; all that are there by default.
    labelled : bool
        Take the 2D that people clicked, from ``Data.mat``, instead of the 3D as the cameras show
        it, lens and all. Frames that a camera has no label of are NaN in 2D.
    every_camera : bool
        Show each frame of the batches to train on to all cameras, not only to those that have a
        picture of it, as the original example does. Not with `labelled`.
    same_bones : bool
        Give all bones of the 3D the same lengths in every frame, those of the original example,
        as the paper does. The 2D stays that of the measured animal.

    Returns
    -------
    Published
        An experiment ``(batch, camera)`` for each camera of each batch; 3D of the world. Of batch
        9, which is the one to test on, only the frames that the paper tested on.

    Raises
    ------
    FileNotFoundError
        A folder or one of its files is missing.
    ValueError
        A file of another layout, named, or options that exclude each other.

    References
    ----------
    P. Bala et al., "Automated markerless pose estimation in freely moving macaques with
    OpenMonkeyStudio", Nature Communications 11, 2020.

    Examples
    --------
    >>> open_monkey("no_such_folder")
    Traceback (most recent call last):
    FileNotFoundError: no_such_folder: no such folder; expected that of the OpenMonkeyStudio data.
    """
    if labelled and every_camera:
        raise ValueError("labelled and every_camera: no one labelled what was not in a picture.")
    folder = folder_of(data, "OpenMonkeyStudio")
    seen: dict[Key, Array] = {}
    deep: dict[Key, Array] = {}
    views: dict[Key, Camera] = {}
    rows: dict[Key, Numbers] = {}
    chosen = _batches(folder) if batches is None else tuple(map(str, batches))
    labels = _labels(one(folder, "Data.mat"), chosen) if labelled else {}
    for batch in chosen:
        place = folder / f"Batch{batch}"
        cameras = read_cameras(place)
        frames, points = _coordinates(one(place, "coords_3D.mat"))
        pictures = _pictures(one(place, "crop_para.mat"), cameras, frames, batch)
        for name, crops in pictures.items():
            wide = every_camera and batch not in TESTED
            at = np.arange(len(frames)) if wide else np.searchsorted(frames, crops[:, 0])
            key = (batch, name)
            views[key], rows[key], deep[key] = cameras[name], frames[at], points[at]
            seen[key] = (
                _clicked(labels.get(key, _NO_LABELS), crops)
                if labelled
                else cameras[name].project(deep[key])
            )
    if not seen:
        raise ValueError(f"{folder}: no camera has a picture of a frame with 3D.")
    if same_bones:
        deep = {
            key: with_bone_lengths(table_, TREE, BONES, np.asarray(LENGTHS))
            for key, table_ in deep.items()
        }
    return Published(
        "OpenMonkeyStudio",
        MACAQUE,
        Poses.from_experiments(seen, None, (2,), "2D", joints=MACAQUE.joints, unit="px"),
        Poses.from_experiments(deep, None, (3,), "coords", joints=MACAQUE.joints, frame="world"),
        views,
        tuple(key for key in seen if _batch(key) in TRAINED),
        tuple(key for key in seen if _batch(key) in TESTED),
        rows,
    )


def _batch(key: Key) -> str:
    assert isinstance(key, tuple)
    return str(key[0])


def _batches(folder: Path) -> tuple[str, ...]:
    found = tuple(
        path.name.removeprefix("Batch") for path in sorted(folder.glob("Batch*")) if path.is_dir()
    )
    if not found:
        raise FileNotFoundError(
            f"{folder}: no folder Batch7 or the like is in it; {inside(folder)}."
        )
    return found


def read_cameras(folder: Path) -> dict[str, Camera]:
    """Read the cameras of a batch.

    ``camera.txt`` has three lines of heading, and then for each camera a line with its name, its
    place in the world, and its rotation, from the world to the camera, row by row.
    ``intrinsic.txt`` has, without heading, its name, its matrix, and two coefficients of its lens.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to Camera
        Those that both files know.

    Raises
    ------
    FileNotFoundError
        One of the two is missing.
    ValueError
        One of them is laid out otherwise, or they have no camera in common.
    """
    inner, outer = one(folder, "intrinsic.txt"), one(folder, "camera.txt")
    with named(inner):
        inside_ = _blocks(inner, 0, (3, 3, 3, 2))
    with named(outer):
        outside = _blocks(outer, 3, (3, 3, 3, 3))
    found = {}
    for name, (place, *rotation) in outside.items():
        if name in inside_:
            *matrix, lens = inside_[name]
            R = np.asarray(rotation)
            with named(outer):
                found[name] = Camera(
                    np.asarray(matrix), R, -R @ place, [*lens, 0.0, 0.0], None, name
                )
    if not found:
        raise ValueError(f"{outer}: it has none of the cameras of {inner.name}.")
    return found


def _blocks(path: Path, heading: int, widths: Sequence[int]) -> dict[str, list[Array]]:
    """For each camera the lines of numbers after the one with its name."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except UnicodeDecodeError:
        raise ValueError("it is no text.") from None
    lines = [line for line in lines if line.strip()]
    size = 1 + len(widths)
    if len(lines) <= heading or (len(lines) - heading) % size:
        raise ValueError(
            f"it has {len(lines)} lines; expected {heading} and then {size} for each camera."
        )
    found = {}
    for start in range(heading, len(lines), size):
        head = lines[start].split()
        if len(head) != 2 or not head[1].isdigit():
            raise ValueError(f"line {start + 1} is {lines[start]!r}; expected '0' and a camera.")
        found[head[1]] = [
            _numbers(lines[start + 1 + number], width, start + 2 + number)
            for number, width in enumerate(widths)
        ]
    return found


def _numbers(line: str, width: int, number: int) -> Array:
    try:
        values = np.asarray(line.split(), dtype=np.float64)
    except ValueError:
        values = np.empty(0)
    if len(values) != width:
        raise ValueError(f"line {number} is {line!r}; expected {width} numbers.")
    return values


def _coordinates(path: Path) -> tuple[Numbers, Array]:
    """Frames in rising order, and their joints (N, 13, 3)."""
    with named(path):
        coords = table(matlab(path, "coords"), "coords", ("13 a frame", 4))
        if len(coords) % _JOINTS:
            raise ValueError(f"'coords' has {len(coords)} rows; expected {_JOINTS} for each frame.")
        coords = coords.reshape(-1, _JOINTS, 4)
        frames = coords[:, 0, 0]
        if (coords[..., 0] != frames[:, None]).any():
            bad = int(np.argmax((coords[..., 0] != frames[:, None]).any(axis=1)))
            raise ValueError(
                f"'coords': rows {bad * _JOINTS} to {(bad + 1) * _JOINTS - 1} are not of one "
                f"frame; expected {_JOINTS} rows, one a joint, for each."
            )
        order = np.argsort(frames, kind="stable")
        rising = frames[order].astype(np.int64)
        if (np.diff(rising) <= 0).any():
            raise ValueError(f"'coords' has frame {rising[np.argmin(np.diff(rising))]} twice.")
    return rising, coords[order, :, 1:]


def _pictures(
    path: Path, cameras: Mapping[str, Camera], frames: Numbers, batch: str
) -> dict[str, Numbers]:
    """For each camera the pictures it has of frames with 3D: rows of `crop`, by frame."""
    with named(path):
        crop = whole_numbers(matlab(path, "crop"), "crop", ("pictures", 6))
        crop = crop[np.isin(crop[:, 0], frames)]
        if batch in TESTED:
            low, high = np.asarray(GOOD_OF_9).T
            number = crop[:, :1]
            crop = crop[((low < number) & (number < high)).any(axis=1)]
        found = {}
        for name in map(str, np.unique(crop[:, 1])):
            if name not in cameras:
                raise ValueError(
                    f"'crop' has pictures of camera {name}; there are {listed(list(cameras))}."
                )
            mine = crop[crop[:, 1] == int(name)]
            # A frame that is listed twice is one frame.
            found[name] = mine[np.unique(mine[:, 0], return_index=True)[1]]
    return found


_NO_LABELS = (np.empty(0, np.int64), np.empty((0, 2)), np.empty((0, _JOINTS, 2)))


def _labels(path: Path, batches: Sequence[str]) -> dict[Key, tuple[Numbers, Array, Array]]:
    """For each batch and camera: frames, size of the picture, and pixels (N, 13, 2) in it."""
    with named(path):
        T = matlab(path, "T")["T"]
        entry: Any = T[0] if isinstance(T, list) and len(T) == 1 else T
        if not isinstance(entry, dict) or not {"name", "data"} <= set(entry):
            raise ValueError("'T' is no struct with 'name' and 'data'.")
        names = [name[0] if isinstance(name, list) and name else name for name in entry["name"]]
        data = table(entry, "data", (len(names), 4 + 2 * _JOINTS))
        where: dict[Key, list[tuple[int, int]]] = {}
        for row, name in enumerate(names):
            parts = _PICTURE.fullmatch(str(name))
            if parts is None:
                raise ValueError(f"'T.name' has {name!r}; expected batch7_000003120_18064162.jpg.")
            if parts[1] in batches:
                key: Key = (parts[1], str(int(parts[3])))
                where.setdefault(key, []).append((int(parts[2]), row))
    found: dict[Key, tuple[Numbers, Array, Array]] = {}
    for key, entries in where.items():
        numbers, rows = np.asarray(sorted(entries)).T
        points = data[rows, 4:].reshape(-1, _JOINTS, 2)[..., ::-1]
        found[key] = (numbers, data[rows, 3:1:-1], points)
    return found


def _clicked(labels: tuple[Numbers, Array, Array], crops: Numbers) -> Array:
    """Labels as pixels of the whole image, in the frames of some pictures."""
    numbers, size, points = labels
    found = np.full((len(crops), _JOINTS, 2), np.nan)
    both, mine, theirs = np.intersect1d(crops[:, 0], numbers, return_indices=True)
    if len(both):
        corner, cut = crops[mine, None, 2:4], crops[mine, 4:6]
        # A picture may have been stored at another size than it was cut out at.
        found[mine] = corner + points[theirs] * (cut / size[theirs])[:, None]
    return found
