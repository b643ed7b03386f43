"""DeepFly3D's pickles: seven cameras' 2D, and 3D, of a tethered fly.

There are three layouts, told apart by what is in them:

- ``df3d_result*.pkl`` since DeepFly3D 0.6: a dict; ``points2d`` (7, N, 38, 2) are shares of the
  image, (row, column), and ``camera_ordering`` says which camera stands where around the fly.
- ``pose_result*.pkl``, and ``df3d_result*.pkl`` of some versions between: a dict; ``points2d``
  (7, N, 38, 2) are pixels, (x, y).
- ``preds_*.pkl``: a bare array (7 or 8, N, 19, 2) of shares of the image, (x, y), with the joints
  of the side that a camera sees.

What a camera does not see is (0, 0). In the newest layout, it is (0, 1) for the cameras on the
left, whose images are mirrored before they are tracked: DeepFly3D mirrors the zeros back.

``points3d`` is read as it is. DeepFly3D fits the two sides to a template before it saves them
(all but version 1.0.1 of nely-df3d), so that it does not project onto 2D with the cameras in the
file; the newest layout has what does under ``points3d_wo_procrustes``, which is not read.

Pickles are read by `liftpose.io.decoding.pickled_numbers`, which runs nothing.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.io.decoding.pickled_numbers import numbers
from liftpose.io.registry import reader
from liftpose.poses import Poses

Array = npt.NDArray[Any]

SIZE = (960, 480)
"""Width and height of DeepFly3D's images in pixels, where a file does not say."""

_OF_LEG = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
_OF_SIDE = (
    *(f"{leg}_{joint}" for leg in ("front", "mid", "hind") for joint in _OF_LEG),
    *("antenna", "stripe_1", "stripe_2", "stripe_3"),
)
JOINTS = tuple(f"{side}_{joint}" for side in ("right", "left") for joint in _OF_SIDE)
"""The 38 joints, in DeepFly3D's order: the file does not name them."""

_SIDE = len(_OF_SIDE)
_CAMERAS = 7
_FRONT = 3
_BEGINS = {"GLOBAL", "STACK_GLOBAL"}


def is_deepfly3d(path: Path, head: bytes) -> bool:
    """Whether a file is a pickle of a bare array, or of something with ``points2d``."""
    if head[:1] != b"\x80" or head[1:2] not in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return False
    try:
        return _is_array(head) or b"points2d" in path.read_bytes()
    except OSError:
        return False


def _is_array(head: bytes) -> bool:
    """Whether the first thing that a pickle calls is what makes an array."""
    texts = []
    try:
        for code, argument, _ in pickletools.genops(head):
            if isinstance(argument, str):
                texts.append(argument)
            if code.name in _BEGINS:
                break
            if code.name in ("EMPTY_DICT", "EMPTY_LIST", "MARK", "STOP"):
                return False
    except ValueError:
        return False
    maker = " ".join(texts)
    return maker.startswith("numpy") and maker.endswith(("_reconstruct", "_frombuffer"))


@reader(
    "deepfly3d",
    "a result of DeepFly3D",
    suffixes=(".pkl",),
    recognises=is_deepfly3d,
    hints=("camera", "dims", "size"),
)
def read_deepfly3d(
    path: Path,
    camera: int | str | None = None,
    dims: int | None = None,
    size: tuple[int, int] | None = None,
) -> Poses:
    """Read 3D, or the 2D of one camera.

    Without hints it is 3D where there is any; with a camera, 2D.
    """
    if dims not in (None, 2, 3):
        raise ValueError(f"dims is {dims}; expected 2 or 3.")
    content = numbers(path.read_bytes())
    if isinstance(content, np.ndarray):
        if dims == 3:
            raise ValueError("it holds 2D of several cameras and no 3D.")
        return _of_side(content, camera, size)
    if not isinstance(content, Mapping) or not {"points2d", "points3d"} & set(content):
        raise ValueError("it is a pickle without points2d or points3d; expected either.")
    wants_3d = "points3d" in content if dims is None and camera is None else dims == 3
    if not wants_3d:
        return _of_camera(content, camera, size)
    if camera is not None or size is not None:
        raise ValueError("camera= and size= are for 2D, and 3D is asked for (dims=3).")
    return _in_space(content)


def _in_space(content: Mapping[Any, Any]) -> Poses:
    if "points3d" not in content:
        raise ValueError("it holds no points3d; DeepFly3D was not calibrated. Ask for dims=2.")
    points = _checked(content["points3d"], "points3d", (None, len(JOINTS), 3))
    return Poses.from_experiments(
        np.where((points == 0).all(axis=-1, keepdims=True), np.nan, points),
        name="points3d",
        joints=JOINTS,
        source_software="DeepFly3D",
        copy=False,
    )


def _of_camera(content: Mapping[Any, Any], camera: int | str | None, size: Any) -> Poses:
    if "points2d" not in content:
        raise ValueError("it holds no points2d; ask for dims=3.")
    points = _checked(content["points2d"], "points2d", (_CAMERAS, None, len(JOINTS), 2))
    are_pixels = bool((points > 1).any())
    seen = ~(points == 0).all(axis=-1)
    if are_pixels and size is not None:
        raise ValueError("its 2D is in pixels already; size= is of no use.")
    if not are_pixels:
        seen &= ~((points[..., 0] == 0) & (points[..., 1] == 1))
        shape = content.get("image_shape", SIZE) if size is None else size
        points = points[..., ::-1] * _pixels(shape)
    number = _chosen(camera, seen)
    place = _order(content).index(number)
    return Poses.from_experiments(
        np.where(seen[number][..., None], points[number], np.nan),
        name="points2d",
        confidence=_confidence(content, number, place, seen.shape[1:]),
        joints=JOINTS,
        unit="px",
        source_software="DeepFly3D",
        provenance={"camera": str(number)},
        copy=False,
    )


def _of_side(points: Array, camera: int | str | None, size: Any) -> Poses:
    """Take one camera out of a bare array; it sees one side of the fly only."""
    points = _checked(points, "the array", (None, None, _SIDE, 2))
    if len(points) not in (_CAMERAS, _CAMERAS + 1):
        raise ValueError(
            f"the array is of {len(points)} cameras; expected {_CAMERAS}, or one more."
        )
    seen = ~(points == 0).all(axis=-1)
    seen[[_FRONT, *range(_CAMERAS, len(points))]] = False
    number = _chosen(camera, seen)
    pixels = points[number] * _pixels(SIZE if size is None else size)
    return Poses.from_experiments(
        np.where(seen[number][..., None], pixels, np.nan),
        name="the array",
        joints=JOINTS[:_SIDE] if number < _FRONT else JOINTS[_SIDE:],
        unit="px",
        source_software="DeepFly3D",
        provenance={"camera": str(number)},
        copy=False,
    )


def _chosen(camera: int | str | None, seen: Array) -> int:
    """Choose one of the cameras that see anything."""
    there = np.flatnonzero(seen.any(axis=(1, 2))).tolist()
    known = ", ".join(map(str, there)) or "none"
    if camera is None:
        raise ValueError(f"it holds 2D of the cameras {known}; say which one with camera=.")
    if str(camera).strip() not in map(str, there):
        raise ValueError(f"it holds no 2D of a camera {camera!r}; of these it does: {known}.")
    return int(camera)


def _order(content: Mapping[Any, Any]) -> list[int]:
    """Which camera stands at each place around the fly."""
    order = np.ravel(content.get("camera_ordering", range(_CAMERAS))).tolist()
    if sorted(order) != list(range(_CAMERAS)):
        raise ValueError(
            f"camera_ordering is {order}; expected every number below {_CAMERAS}, once."
        )
    return [int(number) for number in order]


def _confidence(
    content: Mapping[Any, Any], number: int, place: int, shape: tuple[int, ...]
) -> Array | None:
    """What the network says of the joints that a camera sees, put among all of them."""
    if content.get("heatmap_confidence") is None:
        return None
    found = np.asarray(content["heatmap_confidence"])
    found = found[..., 0] if found.ndim == 4 and found.shape[-1] == 1 else found
    known = ((_CAMERAS, *shape), (_CAMERAS, shape[0], _SIDE))
    orders = permutations(range(3)) if found.ndim == 3 and found.dtype.kind == "f" else ()
    sure = next((found.transpose(o) for o in orders if found.transpose(o).shape in known), None)
    if sure is None:
        # Positions are worth reading without it.
        warnings.warn(
            f"heatmap_confidence is {found.shape} of {found.dtype}; expected {known[1]}. It is "
            "left out, so that no joint has a confidence.",
            stacklevel=2,
        )
        return None
    if sure.shape == known[0]:
        return np.asarray(sure[number]).clip(0, 1)
    spread = np.full(shape, np.nan)
    if place != _FRONT:
        side = slice(0, _SIDE) if place < _FRONT else slice(_SIDE, None)
        spread[:, side] = sure[number].clip(0, 1)
    return spread


def _pixels(size: Any) -> Array:
    found = np.asarray(size)
    if found.shape != (2,) or found.dtype.kind not in "iuf" or not (found > 0).all():
        raise ValueError(f"the size of the image is {size}; expected its width and height.")
    return found


def _checked(values: Any, name: str, shape: tuple[int | None, ...]) -> Array:
    found = np.asarray(values)
    wanted = ", ".join("N" if length is None else str(length) for length in shape)
    if found.dtype.kind not in "iuf" or len(found.shape) != len(shape):
        raise ValueError(f"{name} is {found.shape} of {found.dtype}; expected numbers ({wanted}).")
    if any(length not in (None, there) for length, there in zip(shape, found.shape, strict=True)):
        raise ValueError(f"{name} is {found.shape}; expected ({wanted}).")
    return found.astype(np.float64) if found.dtype.kind != "f" else found
