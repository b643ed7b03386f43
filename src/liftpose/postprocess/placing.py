"""Where in the world a lifted pose is: its translation, from its own 2D and a calibrated camera.

With joints ``q`` of a root-relative pose in the direction of the camera, and their rays ``(a, b)``
without distortion, the translation ``T`` of the root satisfies, for every joint that is seen, ::

    T_x - a T_z = a q_z - q_x
    T_y - b T_z = b q_z - q_y

These are linear in ``T``. Their weighted least squares have a closed form: with the weighted means
over the joints taken out, ``T_z`` is the slope of one straight line through the right-hand sides
against the rays, and ``T_x``, ``T_y`` follow from the means.

All this holds for a pose of any size. Where the floor is known that the animal stands on, pose and
place are multiplied with the one factor that puts its feet there, which leaves the image as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.lifter.floor import Floor
from liftpose.lifter.opt import Options
from liftpose.lifter.terms import as_poses_2d
from liftpose.lifter.views import Views
from liftpose.poses import Lifted, Poses
from liftpose.postprocess.length import as_length, size_factor

Array = npt.NDArray[np.float64]

FEWEST_JOINTS = 3
"""Two would be enough for three unknowns, and leave one number to tell a good fit from a bad."""

PIXEL_NOISE = 1.0
"""Standard deviation of the 2D, in pixels, against which the spread of the 3D is weighed."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Poses at their place, and how well each explains its own 2D.

    Parameters
    ----------
    lifted : Lifted
        With absolute positions, in the frame of what was placed; NaN in frames not placed.
    root : array, shape (N, 3), float64
        Position of the first root, the origin of what was placed.
    error : array, shape (N,), float64, pixels
        Mean distance of the seen joints from where the placed pose is seen.
    too_few : bool array, shape (N,)
        Frames with fewer than three joints both seen and lifted, or with all in one spot.
    behind : bool array, shape (N,)
        Frames whose equations put a joint behind the camera: no such pose explains that 2D.
    floating : bool array, shape (N,)
        Frames that do not stand on the known floor: no foot was lifted, or they would have to be
        more than twice or less than half as large.
    scale : array, shape (N,), float64
        What each frame was multiplied with to stand on the floor; 1 without a floor, NaN in frames
        that are not placed.
    factor : float
        What the poses were multiplied with before, for a known length; 1 without one.
    """

    lifted: Lifted
    root: Array
    error: Array
    too_few: npt.NDArray[np.bool_]
    behind: npt.NDArray[np.bool_]
    floating: npt.NDArray[np.bool_]
    scale: Array
    factor: float = 1.0

    @property
    def position(self) -> npt.NDArray[np.floating[Any]]:
        """Absolute positions, shape (N, J, 3)."""
        return self.lifted.position

    @property
    def frames(self) -> int:
        """Number of frames N."""
        return self.lifted.frames

    @property
    def placed(self) -> npt.NDArray[np.bool_]:
        """Which frames have a place."""
        return ~(self.too_few | self.behind | self.floating)

    def __repr__(self) -> str:
        unit = f" in {self.lifted.unit}" if self.lifted.unit else ""
        error = f", {np.nanmedian(self.error):.1f} px median error" if self.placed.any() else ""
        off = f", {self.floating.sum()} off the floor" if self.floating.any() else ""
        return (
            f"<Placed: {self.placed.sum()} of {self.frames} frames{unit}{error}; "
            f"{self.too_few.sum()} with too few joints, {self.behind.sum()} behind the camera{off}>"
        )


def place(
    lifted: Lifted,
    poses_2d: Any,
    camera: Any,
    confidence: Any = None,
    length: Any = None,
    *,
    floor: Floor | None = None,
    min_confidence: float = Options.min_confidence,
) -> Placed:
    """Find where root-relative poses are, from their own 2D.

    Parameters
    ----------
    lifted : Lifted
        What `Lifter.lift` made of `poses_2d`.
    poses_2d : Poses, array of shape (N, J, 2), dict of such arrays, or dataset
        Pixels of `camera`, with its distortion; NaN = not seen.
    camera : Camera, dict of Camera, or sequence of Camera
        What filmed them: one, or one an experiment.
    confidence : array, shape (N, J), or dict of such arrays, optional
        Weight of each joint's equations; by default that of the 2D, or all are alike. NaN is 1.
    length : str, or tuple (joint, joint, value[, unit]), optional
        A known distance, such as ``"nose-tailbase=85mm"`` or ``("nose", "tail_base", 85.0)``: all
        poses are first multiplied with one factor that makes the median distance of the two
        joints this.
    floor : Floor, optional
        The floor that the animal stands on in every frame, in the world of the camera, which
        then gives each frame its size; see `find_floor`. The camera needs its place in the world,
        also for poses in the camera's frame.
    min_confidence : float, default as in `Options`
        A joint below it counts as not seen.

    Returns
    -------
    Placed
        Row i is frame i, in the frame of `lifted`. A frame that cannot be placed is NaN.

    Raises
    ------
    ValueError
        Another number of frames or joints in 2D and 3D, poses that hold depth only or do not
        name their frame, a length that makes no sense, a floor in another unit or of joints
        that were not lifted, or a camera missing.
    TypeError
        Something that is no Lifted, no poses, no floor or no camera.

    Notes
    -----
    A camera cannot tell a large animal from a near one. The distance that is found is as far out
    as the lifted size is: 5 % too large an animal is placed 5 % too far. The size is that of the
    training animals, or that of `length`, unless the animal stands on a known `floor`. Its feet,
    and with them each frame's size and distance, are then where their rays meet the floor.

    Where the poses have a ``spread``, each equation is weighed by the variance that it and one
    pixel of noise give it.

    The equations are not the reprojection error itself. Going on to its minimum was worse on one
    recording and neither better nor worse on another: lifted poses are the expectation given their
    2D, so that their errors are independent of the rays, on which this is a regression.

    References
    ----------
    R. Hartley and A. Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition, 2004,
    section 12.2 (linear triangulation; here the point is the translation).

    Examples
    --------
    >>> camera = Camera(K=[[900, 0, 320], [0, 900, 240], [0, 0, 1]])
    >>> pose = np.asarray([[[0.0, 0, 0], [40, 0, 5], [0, 30, -5], [20, 20, 0]]])
    >>> lifted = Lifted(pose, pose, ("",), (1,), frame="camera", unit="mm")
    >>> place(lifted, camera.project(pose + [10.0, -20.0, 500.0]), camera).root.round(6).tolist()
    [[10.0, -20.0, 500.0]]
    """
    check_lifted(lifted)
    poses_2d = beside(as_poses_2d(poses_2d, confidence, copy=False), lifted)
    views = Views.resolve(camera, lifted.keys, turns=lifted.frame == "world")
    cameras = views.of(lifted.keys)
    factor, unit = 1.0, lifted.unit
    if length is not None:
        known = as_length(length, lifted.joints or tuple(map(str, range(lifted.joint_count))))
        factor, unit = size_factor(lifted, known)
    weight = weights(poses_2d, lifted, min_confidence)
    position = factor * lifted.position.astype(np.float64)
    relative = np.asarray(views.turned(position, poses_2d, cameras), np.float64)
    variance = None
    if lifted.spread is not None:
        variance = _turned_variance(factor * lifted.spread, lifted, cameras)
    shift, error, too_few, behind = _solved(relative, poses_2d, weight, variance, cameras)
    scale = np.where(too_few | behind, np.nan, 1.0)
    about = {
        "placed_by": json.dumps([one.as_dict() for one in cameras]),
        "size_factor": f"{factor!r}",
    }
    if floor is not None:
        feet = _feet(floor, lifted, unit)
        scale = _standing(floor, relative[:, feet] + shift[:, None], cameras, lifted.lengths)
        about["floor"] = json.dumps({"normal": floor.normal.tolist(), "offset": floor.offset})
    floating = np.isnan(scale) & ~(too_few | behind)
    error[floating] = np.nan
    root = _to_frame(scale[:, None] * shift, poses_2d, cameras, views.turns)
    # A frame without a place keeps its pose relative to the roots.
    size = factor * np.where(np.isnan(scale), 1.0, scale)
    there = _moved(lifted, root, size[:, None, None], unit, about)
    return Placed(there, root, error, too_few, behind, floating, scale, factor)


def check_lifted(lifted: Any) -> None:
    """Insist on lifted poses with x, y and z that say which frame they are in.

    Parameters
    ----------
    lifted : Lifted

    Raises
    ------
    TypeError
        It is none.
    ValueError
        It holds depth only, or does not name its frame.
    """
    if not isinstance(lifted, Lifted):
        raise TypeError(f"lifted is a {type(lifted).__name__}; expected what Lifter.lift gives.")
    if lifted.dims != 3:
        raise ValueError("lifted holds depth only; only poses with x, y and z can be placed.")
    if lifted.frame not in ("world", "camera"):
        raise ValueError(
            "lifted does not say which frame it is in; say so, such as "
            "dataclasses.replace(lifted, frame='camera')."
        )


def beside(poses_2d: Poses, lifted: Lifted) -> Poses:
    """Give 2D the experiments and joints of what was lifted from it.

    Parameters
    ----------
    poses_2d : Poses
        Of the same frames.
    lifted : Lifted
        What was lifted.

    Returns
    -------
    Poses

    Raises
    ------
    ValueError
        Other frames, experiments or joints.
    """
    if poses_2d.frames != lifted.frames:
        raise ValueError(
            f"poses_2d has {poses_2d.frames} frames and lifted has {lifted.frames}; expected the "
            "2D that was lifted."
        )
    if poses_2d.keys != ("",) and (poses_2d.keys, poses_2d.lengths) != (
        lifted.keys,
        lifted.lengths,
    ):
        raise ValueError(
            f"poses_2d is of the experiments {list(poses_2d.keys)} and lifted of "
            f"{list(lifted.keys)}; expected the same, of the same frames."
        )
    if poses_2d.joints is not None and lifted.joints is not None:
        poses_2d = poses_2d.matched(lifted.joints)
    elif poses_2d.joint_count != lifted.joint_count:
        raise ValueError(
            f"poses_2d has {poses_2d.joint_count} joints and lifted has {lifted.joint_count}."
        )
    return replace(poses_2d, keys=lifted.keys, lengths=lifted.lengths, individuals=None)


def weights(poses_2d: Poses, lifted: Lifted, least: float) -> Array:
    """Give the weight of every joint, (N, J): its confidence, if known, and 0 below `least`."""
    confidence = poses_2d.confidence if poses_2d.confidence is not None else lifted.confidence
    if confidence is None:
        return np.ones(lifted.position.shape[:2])
    known = np.where(np.isnan(confidence), 1.0, confidence).astype(np.float64)
    return np.where(known < least, 0.0, np.maximum(known, 0.0))


def _turned_variance(spread: Any, lifted: Lifted, cameras: tuple[Camera, ...]) -> Array:
    """Variances (N, J, 3) along the axes of each frame's camera."""
    # The origin has no error relative to itself, and may have no spread either.
    variance = np.nan_to_num(np.asarray(spread, np.float64)) ** 2
    if lifted.frame == "camera":
        return variance
    parts = np.split(variance, np.cumsum(lifted.lengths)[:-1])
    turned = [part @ (camera.R**2).T for part, camera in zip(parts, cameras, strict=True)]
    return np.concatenate(turned)


def _solved(
    relative: Array,
    poses_2d: Poses,
    weight: Array,
    variance: Array | None,
    cameras: tuple[Camera, ...],
) -> tuple[Any, ...]:
    """What `_placed` gives, of all experiments one after another."""
    parts, start = [], 0
    for camera, count in zip(cameras, poses_2d.lengths, strict=True):
        rows = slice(start, start + count)
        pixels = poses_2d.points[rows].astype(np.float64)
        spread = None if variance is None else variance[rows]
        parts.append(_placed(relative[rows], pixels, weight[rows], spread, camera))
        start += count
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _placed(
    relative: Array, pixels: Array, weight: Array, variance: Array | None, camera: Camera
) -> tuple[Array, Array, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Translation in the frame of one camera, error, and which frames have none and why."""
    rays = camera.rays(pixels)
    seen = np.isfinite(rays).all(-1) & np.isfinite(relative).all(-1) & (weight > 0)
    relative_seen = np.where(seen[..., None], relative, 0.0)
    rays = np.where(seen[..., None], rays, 0.0)
    equal = np.where(seen, weight, 0.0)[..., None] * np.ones(2)
    shift = translation(relative_seen, rays, equal)
    if variance is not None:
        depth = np.nan_to_num(relative_seen[..., 2:] + shift[:, None, 2:])
        pixel = PIXEL_NOISE * depth / np.abs([camera.K[0, 0], camera.K[1, 1]])
        whole = variance[..., :2] + rays**2 * variance[..., 2:] + pixel**2
        exact = whole <= 0
        shift = translation(relative_seen, rays, equal / np.where(exact, 1.0, whole))
    too_few = (seen.sum(1) < FEWEST_JOINTS) | np.isnan(shift).any(1)
    depth = relative_seen[..., 2] + shift[:, None, 2]
    behind = ~too_few & (seen & ~(depth > 0)).any(1)
    shift[too_few | behind] = np.nan
    shown = camera.project(relative + shift[:, None], frame="camera")
    apart = np.where(seen, np.linalg.norm(shown - pixels, axis=-1), 0.0)
    error = apart.sum(1) / np.maximum(seen.sum(1), 1)
    return shift, np.where(too_few | behind, np.nan, error), too_few, behind


def translation(relative: Array, rays: Array, weight: Array) -> Array:
    """Solve the weighted least squares of the equations above.

    Parameters
    ----------
    relative : array, shape (N, J, 3)
        Joints of a root-relative pose in the direction of the camera; finite.
    rays : array, shape (N, J, 2)
        Of the joints, without distortion; finite.
    weight : array, shape (N, J, 2)
        Of the equations.

    Returns
    -------
    array, shape (N, 3)
        Translation; NaN where the equations leave the distance open.
    """
    share = weight / np.maximum(weight.sum(1, keepdims=True), np.finfo(float).tiny)
    right = rays * relative[..., 2:] - relative[..., :2]
    ray_mean, right_mean = (share * rays).sum(1), (share * right).sum(1)
    rays, right = rays - ray_mean[:, None], right - right_mean[:, None]
    across = (weight * rays * rays).sum((1, 2))
    # Below, the differences of the rays are rounding.
    known = across > 1e-24 * weight.sum((1, 2))
    depth = -(weight * rays * right).sum((1, 2)) / np.where(known, across, 1.0)
    depth = np.where(known, depth, np.nan)
    return np.column_stack([ray_mean * depth[:, None] + right_mean, depth])


def _feet(floor: Any, lifted: Lifted, unit: str | None) -> list[int]:
    """Which of the lifted joints stand on the floor."""
    if not isinstance(floor, Floor):
        raise TypeError(f"floor is a {type(floor).__name__}; expected what find_floor gives.")
    if floor.unit is not None and unit is not None and floor.unit != unit:
        raise ValueError(
            f"the floor is in {floor.unit} and the poses are in {unit}; expected one unit, that "
            "of the camera's world."
        )
    feet = list(floor.feet)
    if floor.names is not None and lifted.joints is not None:
        missing = [name for name in floor.names if name not in lifted.joints]
        if missing:
            raise ValueError(f"{missing[0]!r} stands on the floor, and is no joint of lifted.")
        feet = [lifted.joints.index(name) for name in floor.names]
    elif max(feet) >= lifted.joint_count:
        raise ValueError(
            f"joint {max(feet)} stands on the floor, and lifted has {lifted.joint_count} joints."
        )
    if np.isnan(lifted.position[:, feet]).all() and not np.isnan(lifted.position).all():
        raise ValueError("none of the joints that stand on the floor is ever lifted.")
    return feet


def _standing(
    floor: Floor, feet: Array, cameras: tuple[Camera, ...], lengths: tuple[int, ...]
) -> Array:
    """What to multiply each frame with, about its camera, to stand on the floor."""
    parts = np.split(feet, np.cumsum(lengths)[:-1])
    return np.concatenate(
        [floor.scale(part, camera) for part, camera in zip(parts, cameras, strict=True)]
    )


def _to_frame(shift: Array, poses_2d: Poses, cameras: tuple[Camera, ...], to_world: bool) -> Array:
    if not to_world:
        return shift
    parts = np.split(shift, np.cumsum(poses_2d.lengths)[:-1])
    return np.concatenate(
        [camera.camera_to_world(part) for part, camera in zip(parts, cameras, strict=True)]
    )


def _moved(
    lifted: Lifted, root: Array, size: Array, unit: str | None, about: dict[str, str]
) -> Lifted:
    position = size * lifted.position.astype(np.float64) + root[:, None]
    kind, drawn = lifted.position.dtype, lifted.hypotheses
    return replace(
        lifted,
        position=position.astype(kind),
        root_relative=(size * lifted.root_relative).astype(kind),
        spread=None if lifted.spread is None else (size * lifted.spread).astype(kind),
        hypotheses=None if drawn is None else (size * drawn + root[:, None]).astype(kind),
        unit=unit,
        provenance={**lifted.provenance, **about},
    )
