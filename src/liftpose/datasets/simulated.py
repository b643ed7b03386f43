"""Simulated animals: walks whose 3D is known exactly, seen by one camera.

A simulated animal has bones of fixed length, feet that stand still while they carry it, and a
camera that loses joints behind the body. It is for trying things out and for tests; how well a
lifter does on it says nothing about a real animal.

Inside, the world has `x` and `y` on the ground and `z` up, and the body's own frame `x` forward,
`y` left and `z` up. All lengths are millimetres, all angles radians.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.rotation import from_euler

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FRAMES_PER_SECOND = 100.0

# Fixed once and for all: every animal is filmed by the same calibrated camera.
_FOCAL_LENGTH = 6000.0  # pixels
_IMAGE_SIZE = (1280, 1024)  # pixels
_DISTANCE = 80.0  # mm, from the middle of the arena
_ELEVATION = np.radians(40.0)  # above the ground

_PIXEL_NOISE = 1.5  # pixels, standard deviation of each coordinate
_LOST = 0.01  # share of the joints in view that the tracker loses
# What the body hides, a tracker guesses from the rest of the animal, not as well, and loses for
# a while now and then.
_GUESS_NOISE = 5.0  # pixels
_LOST_SECONDS = 0.2
_LOST_ABOVE = 1.0  # of smooth noise of standard deviation 1

_LEGS = tuple(f"{side}_{place}" for side in ("left", "right") for place in ("front", "mid", "hind"))
_JOINTS_OF_LEG = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
# Along each leg, then around the thorax from leg to leg.
_BONES = (
    *((5 * leg + k, 5 * leg + k + 1) for leg in range(6) for k in range(4)),
    *((0, 5), (5, 10), (10, 25), (25, 20), (20, 15), (15, 0)),
)
_LEFT = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])
# Legs 0, 2 and 4 (left front, left hind, right mid) step together, half a stride before the others.
_TRIPOD = np.array([0.0, 0.5, 0.0, 0.5, 0.0, 0.5])

# Of a fruit fly, roughly: front, mid and hind leg of the left side.
_SEGMENTS = np.array([[0.40, 0.70, 0.52, 0.62], [0.22, 0.80, 0.66, 0.68], [0.24, 0.84, 0.70, 0.76]])
_ATTACHMENTS = np.array([[0.42, 0.18, -0.22], [0.06, 0.26, -0.26], [-0.20, 0.24, -0.24]])
_FOOTHOLDS = np.array([[1.50, 0.78], [0.12, 1.50], [-1.35, 1.08]])
_COXAE = np.array([[0.55, 0.22, -0.80], [0.05, 0.45, -0.90], [-0.30, 0.45, -0.85]])

# What hides joints: head, thorax and abdomen as ellipsoids, slimmer than in life, since the
# joints of the near side would otherwise lie inside of them.
_BODY_CENTRES = np.array([[0.72, 0.0, 0.02], [0.10, 0.0, 0.04], [-0.85, 0.0, 0.0]])
_BODY_RADII = np.array([[0.22, 0.30, 0.22], [0.50, 0.20, 0.24], [0.70, 0.32, 0.28]])

_KNEE_RANGE = np.radians([25.0, 160.0])  # between femur and tibia
_TARSUS_RANGE = np.radians([10.0, 80.0])  # below the horizontal
_TARSUS_STEEPENS = np.radians(60.0)  # for each mm that the foot is nearer than at rest

_COLORS = (
    (213, 94, 0),
    (230, 159, 0),
    (204, 121, 167),
    (0, 114, 178),
    (86, 180, 233),
    (0, 158, 115),
)


@dataclass(frozen=True, eq=False)
class Recording:
    """A simulated recording: poses, and what one has to know of the animal to lift and draw it.

    Parameters
    ----------
    pose_2d : array, shape (N, J, 2), float64, pixels
        What a tracker would give; NaN where a joint was hidden or lost.
    pose_3d : array, shape (N, J, 3), float64, in `unit`
        The truth in the camera frame: `x` right, `y` down, `z` forward. Complete.
    joints : tuple of str, length J
        Name of each joint.
    bones : tuple of pairs of int
        Joints at the two ends of each bone.
    roots : tuple of int
        Root joint of each limb.
    target_sets : tuple of tuple of int
        Joints to be predicted relative to each root.
    limb_id : tuple of int, length J
        Limb of each joint.
    colors : tuple of triples, 0 to 255
        Red, green and blue of each limb.
    unit : str
        Unit of the 3D.
    frames_per_second : float
        Of the camera.
    intrinsics : array, shape (3, 3), float64, pixels
        Matrix of the camera; it has no distortion.
    """

    pose_2d: Floats
    pose_3d: Floats
    joints: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]
    roots: tuple[int, ...]
    target_sets: tuple[tuple[int, ...], ...]
    limb_id: tuple[int, ...]
    colors: tuple[tuple[int, int, int], ...]
    unit: str
    frames_per_second: float
    intrinsics: Floats


def hexapod(frames: int, seed: int = 0, animal: int = 0) -> Recording:
    """Simulate a six-legged animal that walks about in front of a fixed camera.

    It has the size and roughly the build of a fruit fly and walks in a tripod gait, now fast, now
    slowly, turning both ways and pausing. The camera looks down at it from the side.

    Parameters
    ----------
    frames : int
        Number of frames N, at 100 frames a second.
    seed : int
        Of the walk, the pixel noise and the losses.
    animal : int
        Which individual: segment lengths, posture and gait differ from one to the next, and are
        the same for every `seed`.

    Returns
    -------
    Recording
        Of 30 joints, five a leg, in millimetres. The six thorax-coxa joints are the roots.

    Raises
    ------
    ValueError
        Less than one frame, or a negative seed or animal.
    TypeError
        Something that is no integer.

    Notes
    -----
    A foot stands where the body will be above it in the middle of its stance, and swings to the
    next such place. Coxa and tarsus point where posture and foot want them, and femur and tibia
    close the gap (law of cosines), within the range of the knee; where that range ends, the foot
    leaves the ground rather than a bone its length.

    Examples
    --------
    >>> walk = hexapod(frames=50, seed=1, animal=3)
    >>> walk.pose_2d.shape, walk.pose_3d.shape, walk.unit
    ((50, 30, 2), (50, 30, 3), 'mm')
    >>> walk.joints[walk.roots[0]]
    'left_front_thorax_coxa'
    """
    count = _whole("frames", frames, least=1)
    body = _Body.draw(_whole("animal", animal, least=0))
    rng = np.random.default_rng(_whole("seed", seed, least=0))
    path = _Path.draw(count, body, rng)
    claws = _place_feet(path, body, rng)
    rotation, position = _carry_body(path, body, rng)
    legs = _pose_legs(claws, rotation, position, body, rng)
    to_camera, origin = _camera_pose()
    pose_3d = (legs.reshape(count, -1, 3) - origin) @ to_camera.T
    hidden = _hidden(legs, rotation, position, body, origin).reshape(count, -1)
    return Recording(
        pose_2d=_track(pose_3d, hidden, rng),
        pose_3d=pose_3d,
        joints=tuple(f"{leg}_{joint}" for leg in _LEGS for joint in _JOINTS_OF_LEG),
        bones=_BONES,
        roots=tuple(range(0, 30, 5)),
        target_sets=tuple(tuple(range(root + 1, root + 5)) for root in range(0, 30, 5)),
        limb_id=tuple(joint // 5 for joint in range(30)),
        colors=_COLORS,
        unit="mm",
        frames_per_second=FRAMES_PER_SECOND,
        intrinsics=_intrinsics(),
    )


@dataclass(frozen=True, eq=False)
class _Body:
    """What one individual is like; legs in the order of `_LEGS`."""

    size: float
    segments: Floats
    attachments: Floats
    footholds: Floats
    coxae: Floats
    height: float
    tarsus_slope: Floats
    swivel: Floats
    stride: float
    stance_share: float
    speed: float

    @classmethod
    def draw(cls, animal: int) -> _Body:
        # A stream of its own, so that animal 3 is not the walk of seed 3 in disguise.
        rng = np.random.default_rng([animal, 0x6C656773])
        size = np.exp(rng.normal(0, 0.06))
        segments = size * _SEGMENTS * np.exp(rng.normal(0, 0.05, (3, 4)))
        attachments = size * _ATTACHMENTS * np.exp(rng.normal(0, 0.04, (3, 3)))
        footholds = size * (_FOOTHOLDS + rng.normal(0, 0.06, (3, 2)))
        coxae = _unit(_COXAE + rng.normal(0, 0.06, (3, 3)))
        return cls(
            size=float(size),
            segments=np.tile(segments, (2, 1)),
            attachments=_both_sides(attachments),
            footholds=_both_sides(footholds),
            coxae=_both_sides(coxae),
            height=float(size * rng.normal(0.88, 0.04)),
            tarsus_slope=np.tile(np.radians(rng.normal(42, 4, 3)), 2),
            swivel=_LEFT * np.tile(np.radians(rng.normal(0, 10, 3)), 2),
            stride=float(size * rng.normal(1.2, 0.08)),
            stance_share=float(rng.uniform(0.58, 0.68)),
            speed=float(size * rng.normal(9.0, 0.8)),
        )


@dataclass(frozen=True, eq=False)
class _Path:
    """Where the body is above the ground, and how far each leg is in its strides.

    Parameters
    ----------
    place : array, shape (N, 2)
        Ground position of the thorax.
    heading : array, shape (N,)
        Unwrapped.
    pace : array, shape (N,)
        Speed as a share of the animal's usual one; zero in a pause.
    phase : array, shape (N, 6)
        Strides of each leg, from 0 or more; never falls.
    """

    place: Floats
    heading: Floats
    pace: Floats
    phase: Floats

    @classmethod
    def draw(cls, frames: int, body: _Body, rng: np.random.Generator) -> _Path:
        # Clipped at zero, a speed that wanders makes pauses.
        pace = np.clip(0.7 + 0.7 * _wander(rng, frames, 0.35), 0.0, 1.8)
        place, heading = _loops(np.cumsum(body.speed * pace) / FRAMES_PER_SECOND, rng)
        heading = heading + np.radians(4) * _wander(rng, frames, 0.3)
        moved = np.linalg.norm(np.diff(place, axis=0, prepend=place[:1]), axis=1)
        # Strides grow longer with speed, but less than in proportion: their rate grows as well.
        stride = body.stride * (0.7 + 0.3 * moved * FRAMES_PER_SECOND / body.speed)
        strides = np.cumsum(moved / stride)
        jitter = np.stack([_wander_along(rng, strides, 1.5) for _ in _LEGS], axis=1)
        phase = strides[:, None] + rng.uniform(1, 2) + _TRIPOD + 0.04 * jitter
        return cls(place, heading, pace, np.maximum.accumulate(phase, axis=0))


def _loops(travelled: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """An endless path in a small arena, which turns both ways: circles upon a circle.

    The large circle keeps it in the arena; the small ones, against it, bend the path the other
    way, and are too small to ever stop it.
    """
    turn = rng.choice([-1.0, 1.0])
    radii = np.array([5.0, 0.6, 0.25])
    rates = turn * np.array([0.2, -0.6, 0.8]) * np.exp(rng.normal(0, 0.1, 3))
    circles = radii * np.exp(1j * (travelled[:, None] * rates + rng.uniform(0, 2 * np.pi, 3)))
    place, onward = circles.sum(axis=1), (1j * rates * circles).sum(axis=1)
    return np.stack([place.real, place.imag], axis=1), np.unwrap(np.angle(onward))


def _place_feet(path: _Path, body: _Body, rng: np.random.Generator) -> Floats:
    """Where each claw wants to be in the world, (N, 6, 3)."""
    count = int(path.phase.max()) + 3
    frame = np.arange(len(path.place), dtype=np.float64)
    scatter = rng.normal(0, 0.04 * body.size, (count, 6, 2))
    # Whoever stops puts down the feet that are in the air.
    lift = 0.35 * body.size * np.clip(path.pace / 0.25, 0, 1)
    claws = np.empty((*path.phase.shape, 3))
    for leg in range(6):
        stride = np.floor(path.phase[:, leg]).astype(np.intp)
        share = path.phase[:, leg] - stride
        middle = np.interp(np.arange(count) + body.stance_share / 2, path.phase[:, leg], frame)
        stands = _at(path, middle, body.footholds[leg] + scatter[:, leg])
        swing = np.clip((share - body.stance_share) / (1 - body.stance_share), 0, 1)
        onward = (1 - np.cos(np.pi * swing)) / 2
        first, second = stands[stride], stands[stride + 1]
        claws[:, leg, :2] = first + onward[:, None] * (second - first)
        claws[:, leg, 2] = lift * np.sin(np.pi * swing) ** 2
    return claws


def _at(path: _Path, frame: Floats, offset: Floats) -> Floats:
    """Ground position (M, 2) of body-fixed offsets (M, 2) at (fractional) frames (M,)."""
    frames = np.arange(len(path.place), dtype=np.float64)
    x, y, heading = (np.interp(frame, frames, v) for v in (*path.place.T, path.heading))
    cosine, sine = np.cos(heading), np.sin(heading)
    along = cosine * offset[:, 0] - sine * offset[:, 1]
    across = sine * offset[:, 0] + cosine * offset[:, 1]
    return np.stack([x + along, y + across], axis=1)


def _carry_body(path: _Path, body: _Body, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Body to world: rotation (N, 3, 3) and position (N, 3), swaying with the strides."""
    frames = len(path.place)
    cycle = 2 * np.pi * path.phase[:, 0]
    roll = 1.5 * np.sin(cycle) + 1.5 * _wander(rng, frames, 0.4)
    pitch = 1.0 * np.sin(2 * cycle) + 2.0 * _wander(rng, frames, 0.6)
    angles = np.stack([roll, pitch, np.degrees(path.heading)], axis=1)
    height = body.height + body.size * (0.03 * np.cos(2 * cycle) + 0.03 * _wander(rng, frames, 0.8))
    return from_euler("xyz", angles), np.concatenate([path.place, height[:, None]], axis=1)


def _pose_legs(
    claws: Floats, rotation: Floats, position: Floats, body: _Body, rng: np.random.Generator
) -> Floats:
    """Joints of the legs in the world, (N, 6, 5, 3), with segments of exact length."""
    wanted = (claws - position[:, None]) @ rotation
    coxa, femur, tibia, tarsus = body.segments.T
    hip = body.attachments + coxa[:, None] * _coxa_direction(wanted, body)
    foot = tarsus[:, None] * _tarsus_direction(wanted - hip, body)
    gap = wanted - foot - hip
    reach = np.linalg.norm(gap, axis=-1)
    # The knee's range as a range of distances between its neighbours.
    low, high = (
        np.sqrt(femur**2 + tibia**2 - 2 * femur * tibia * np.cos(angle)) for angle in _KNEE_RANGE
    )
    reach, axis = np.clip(reach, low, high), gap / reach[..., None]
    along = (femur**2 - tibia**2 + reach**2) / (2 * reach)
    aside = np.sqrt(femur**2 - along**2)
    swivel = body.swivel + np.radians(4) * np.stack(
        [_wander(rng, len(claws), 0.3) for _ in _LEGS], axis=1
    )
    upward = _unit(np.cross(axis, np.cross(np.array([0, 0, 1.0]), axis)))
    sideward = np.cross(axis, upward)
    bend = np.cos(swivel)[..., None] * upward + np.sin(swivel)[..., None] * sideward
    knee = hip + along[..., None] * axis + aside[..., None] * bend
    ankle = hip + reach[..., None] * axis
    root = np.broadcast_to(body.attachments, hip.shape)
    legs = np.stack([root, hip, knee, ankle, ankle + foot], axis=2)
    return legs @ np.swapaxes(rotation, -1, -2)[:, None] + position[:, None, None]


def _coxa_direction(claws: Floats, body: _Body) -> Floats:
    """Unit vectors (N, 6, 3) in the body's frame: the coxa follows the foot part of the way."""
    at_rest = np.arctan2(*(body.footholds - body.attachments[:, :2]).T[::-1])
    offset = claws[..., :2] - body.attachments[:, :2]
    swing = np.arctan2(offset[..., 1], offset[..., 0]) - at_rest
    swing = 0.4 * np.clip((swing + np.pi) % (2 * np.pi) - np.pi, -1.2, 1.2)
    x, y, z = body.coxae.T
    cosine, sine = np.cos(swing), np.sin(swing)
    return np.stack(
        [cosine * x - sine * y, sine * x + cosine * y, np.broadcast_to(z, swing.shape)], axis=-1
    )


def _tarsus_direction(reach: Floats, body: _Body) -> Floats:
    """Unit vectors (N, 6, 3) in the body's frame, of the vectors (N, 6, 3) from hip to claw."""
    hips = body.attachments + body.segments[:, :1] * body.coxae
    at_rest = np.linalg.norm(body.footholds - hips[:, :2], axis=-1)
    nearer = at_rest - np.linalg.norm(reach[..., :2], axis=-1)
    slope = np.clip(body.tarsus_slope + _TARSUS_STEEPENS * nearer / body.size, *_TARSUS_RANGE)
    outward: Floats = _unit(reach * np.array([1.0, 1.0, 0.0])) * np.cos(slope)[..., None]
    outward[..., 2] = -np.sin(slope)
    return outward


def _camera_pose() -> tuple[Floats, Floats]:
    """World to camera: rotation (3, 3), and the camera's position (3,) in the world."""
    origin = _DISTANCE * np.array([0.0, -np.cos(_ELEVATION), np.sin(_ELEVATION)])
    forward = -origin / _DISTANCE
    right = np.array([1.0, 0.0, 0.0])
    return np.stack([right, np.cross(forward, right), forward]), origin


def _intrinsics() -> Floats:
    width, height = _IMAGE_SIZE
    return np.array(
        [
            [_FOCAL_LENGTH, 0, (width - 1) / 2],
            [0, _FOCAL_LENGTH, (height - 1) / 2],
            [0, 0, 1],
        ]
    )


def _hidden(legs: Floats, rotation: Floats, position: Floats, body: _Body, camera: Floats) -> Bools:
    """Joints (N, 6, 5) whose line of sight passes through the body."""
    joints = (legs - position[:, None, None]) @ rotation[:, None]
    eye = ((camera - position)[:, None] @ rotation)[:, None]
    hidden = np.zeros(legs.shape[:-1], dtype=bool)
    for centre, radii in zip(_BODY_CENTRES * body.size, _BODY_RADII * body.size, strict=True):
        # In units of its radii the ellipsoid is a ball: how near does the line come to its centre?
        start, end = (joints - centre) / radii, (eye - centre) / radii
        sight = end - start
        nearest = np.clip(-_dot(start, sight) / _dot(sight, sight), 0, 1)
        closest = start + nearest[..., None] * sight
        hidden |= _dot(closest, closest) < 1
    return hidden


def _track(pose_3d: Floats, hidden: Bools, rng: np.random.Generator) -> Floats:
    """Project to the image, as a tracker finds it: with noise and losses."""
    homogeneous = pose_3d @ _intrinsics().T
    points = homogeneous[..., :2] / homogeneous[..., 2:]
    noise = np.where(hidden, _GUESS_NOISE, _PIXEL_NOISE)
    points += noise[..., None] * rng.standard_normal(points.shape)
    time = np.arange(len(points)) / FRAMES_PER_SECOND
    doubt = np.stack(
        [_wander_along(rng, time, _LOST_SECONDS) for _ in range(hidden.shape[1])], axis=1
    )
    lost = (hidden & (doubt > _LOST_ABOVE)) | (rng.random(hidden.shape) < _LOST)
    points[lost] = np.nan
    return points


def _wander(rng: np.random.Generator, frames: int, seconds: float) -> Floats:
    """Smooth noise (N,) of mean 0 and standard deviation 1 that changes over some seconds."""
    width = seconds * FRAMES_PER_SECOND
    reach = int(4 * width)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    kernel /= np.linalg.norm(kernel)
    return np.convolve(rng.standard_normal(frames + 2 * reach), kernel, mode="valid")


def _wander_along(rng: np.random.Generator, way: Floats, scale: float) -> Floats:
    """Smooth noise that changes over some `scale` of a way (N,), and stands still where it does."""
    knots = np.arange(int(way[-1] / scale) + 3) * scale
    return np.interp(way, knots, np.clip(rng.standard_normal(len(knots)), -2, 2))


def _both_sides(left: Floats) -> Floats:
    """Left legs (3, 2 or 3), and their mirror images behind them."""
    mirror = np.ones(left.shape[1])
    mirror[1] = -1
    return np.concatenate([left, left * mirror])


def _unit(vectors: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / lengths)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("...i,...i", a, b))


def _whole(name: str, value: Any, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; expected a whole number.") from None
    if number < least:
        raise ValueError(f"{name} is {number}; expected {least} or more.")
    return number
