"""A six-legged animal that walks and grooms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from liftpose.datasets.simulated.motion import (
    FRAMES_PER_SECOND,
    MARGIN,
    Floats,
    Gait,
    Walk,
    bouts,
    carry,
    envelope,
    frames_of,
    mirrored,
    place_feet,
    two_bones,
    unit,
    wander,
    wanders,
    whole,
)
from liftpose.datasets.simulated.recording import LEFT_COLORS, RIGHT_COLORS, Recording
from liftpose.datasets.simulated.tracking import Ellipsoid, View, film
from liftpose.geometry.camera import Camera
from liftpose.skeleton import Skeleton

_IMAGE_SIZE = (1280, 1024)  # pixels
_VIEWS = (
    View("front", -90.0, 40.0, distance=80.0, focal=6000.0),
    View("right", 25.0, 34.0, distance=84.0, focal=6200.0, dist=(-0.18, 0.4, 0.0008, -0.0005, 0.0)),
    View("left", 148.0, 37.0, distance=82.0, focal=6100.0, dist=(-0.15, 0.3, -0.0006, 0.0007, 0.0)),
    View("top", -90.0, 90.0, distance=90.0, focal=4800.0, dist=(-0.2, 0.5, 0.0, 0.0, 0.0)),
)

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

# Where claws rub each other: under the head, and behind the abdomen.
_RUBBING = {0: np.array([1.52, 0.10, -0.55]), 2: np.array([-1.60, 0.14, -0.50])}
_RUBS_PER_SECOND = 5.0
_RUB = np.array([0.14, 0.03, 0.08])

# What hides joints: head, thorax and abdomen as ellipsoids, slimmer than in life, since the
# joints of the near side would otherwise lie inside of them.
_BODY_CENTRES = np.array([[0.72, 0.0, 0.02], [0.10, 0.0, 0.04], [-0.85, 0.0, 0.0]])
_BODY_RADII = np.array([[0.22, 0.30, 0.22], [0.50, 0.20, 0.24], [0.70, 0.32, 0.28]])

_KNEE_RANGE = (np.radians(25.0), np.radians(160.0))  # between femur and tibia
_TARSUS_RANGE = np.radians([10.0, 80.0])  # below the horizontal
_TARSUS_STEEPENS = np.radians(60.0)  # for each mm that the foot is nearer than at rest


def hexapod(frames: int, seed: int = 0, animal: int = 0) -> Recording:
    """Simulate a six-legged animal that walks about in front of fixed cameras.

    It has the size and roughly the build of a fruit fly and walks in a tripod gait, now fast, now
    slowly, turning both ways, pausing, and rubbing its front or its hind legs. The first camera
    looks down at it from the side.

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
    close the gap, at an angle of 25° to 160°; where that range ends, the foot leaves the ground
    rather than a bone its length.

    Examples
    --------
    >>> walk = hexapod(frames=50, seed=1, animal=3)
    >>> walk.pose_2d.shape, walk.pose_3d.shape, walk.unit
    ((50, 30, 2), (50, 30, 3), 'mm')
    >>> walk.joints[walk.roots[0]]
    'left_front_thorax_coxa'
    """
    count = whole("frames", frames, least=1) + 2 * MARGIN
    body = _Body.draw(whole("animal", animal, least=0))
    rng = np.random.default_rng(whole("seed", seed, least=0))
    grooming, free = _groom(count, rng)
    walk = Walk.draw(body.gait, 0.9, free, rng)
    rotation, position = _carry_body(walk, body, rng)
    everywhere = (np.repeat(walk.place[:, None], 6, axis=1), np.repeat(walk.heading[:, None], 6, 1))
    claws = place_feet(walk, body.gait, *everywhere, body.footholds, rng)
    _rub(claws, grooming, rotation, position, body, rng)
    legs = _pose_legs(claws, rotation, position, body, rng)
    hiding = [
        Ellipsoid(position + carry(rotation, body.size * centre), rotation, body.size * radii)
        for centre, radii in zip(_BODY_CENTRES, _BODY_RADII, strict=True)
    ]
    return film(_skeleton(), _cameras(), legs.reshape(count, -1, 3), hiding, rng)


@cache
def _skeleton() -> Skeleton:
    return Skeleton(
        joints=tuple(f"{leg}_{joint}" for leg in _LEGS for joint in _JOINTS_OF_LEG),
        bones=_BONES,
        roots=tuple(range(0, 30, 5)),
        target_sets=tuple(tuple(range(root + 1, root + 5)) for root in range(0, 30, 5)),
        limbs=tuple(joint // 5 for joint in range(30)),
        colors=(*LEFT_COLORS, *RIGHT_COLORS),
        pairs=tuple((joint, joint + 15) for joint in range(15)),
        rigid=_BONES,
        unit="mm",
    )


@cache
def _cameras() -> tuple[Camera, ...]:
    return tuple(view.camera(_IMAGE_SIZE, (0.0, 0.0, 0.0)) for view in _VIEWS)


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
    gait: Gait

    @classmethod
    def draw(cls, animal: int) -> _Body:
        # A stream of its own, so that animal 3 is not the walk of seed 3 in disguise.
        rng = np.random.default_rng([animal, 0x6C656773])
        size = float(np.exp(rng.normal(0, 0.06)))
        segments = size * _SEGMENTS * np.exp(rng.normal(0, 0.05, (3, 4)))
        attachments = size * _ATTACHMENTS * np.exp(rng.normal(0, 0.04, (3, 3)))
        footholds = size * (_FOOTHOLDS + rng.normal(0, 0.06, (3, 2)))
        coxae = unit(_COXAE + rng.normal(0, 0.06, (3, 3)))
        return cls(
            size=size,
            segments=np.tile(segments, (2, 1)),
            attachments=mirrored(attachments),
            footholds=mirrored(footholds),
            coxae=mirrored(coxae),
            height=float(size * rng.normal(0.88, 0.04)),
            tarsus_slope=np.tile(np.radians(rng.normal(42, 4, 3)), 2),
            swivel=_LEFT * np.tile(np.radians(rng.normal(0, 10, 3)), 2),
            gait=Gait(
                stride=float(size * rng.normal(1.2, 0.08)),
                stance_share=float(rng.uniform(0.58, 0.68)),
                speed=float(size * rng.normal(9.0, 0.8)),
                offsets=_TRIPOD + np.append(0, rng.normal(0, 0.02, 5)),
                jitter=0.04,
                lift=0.35 * size,
                scatter=0.04 * size,
            ),
        )


def _groom(frames: int, rng: np.random.Generator) -> tuple[dict[int, Floats], Floats]:
    """How much the front and the hind legs are at each other (N,), and where it may walk (N,)."""
    spans = bouts(rng, frames, every=14.0, least=1.2, most=3.5)
    kinds = rng.choice(list(_RUBBING), len(spans), p=[0.6, 0.4])
    # It stops first, and puts its feet down, and walks on when they are down again.
    halts = [(start - 0.5, end + 0.3) for start, end in spans]
    grooming = {
        leg: envelope(frames, [s for s, kind in zip(spans, kinds, strict=True) if kind == leg], 0.2)
        for leg in _RUBBING
    }
    return grooming, 1 - envelope(frames, halts, 0.3)


def _rub(
    claws: Floats,
    grooming: dict[int, Floats],
    rotation: Floats,
    position: Floats,
    body: _Body,
    rng: np.random.Generator,
) -> None:
    """Bring claws (N, 6, 3) together where their legs groom, one going to and the other fro."""
    cycle = (
        2
        * np.pi
        * np.cumsum(
            _RUBS_PER_SECOND / FRAMES_PER_SECOND * np.exp(0.15 * wander(rng, len(claws), 0.5))
        )
    )
    for leg, share in grooming.items():
        weight = share[:, None]
        for paired, side in ((leg, 1.0), (leg + 3, -1.0)):
            beat = np.stack([side * np.sin(cycle), np.cos(cycle), np.sin(2 * cycle)], axis=1)
            target = _RUBBING[leg] * [1, side, 1] + _RUB * beat
            target += 0.03 * wanders(rng, len(claws), 3, 0.3)
            place = position + carry(rotation, body.size * target[:, None])[:, 0]
            claws[:, paired] += weight * (place - claws[:, paired])


def _carry_body(walk: Walk, body: _Body, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Body to world: rotation (N, 3, 3) and position (N, 3), swaying with the strides."""
    frames = len(walk.place)
    cycle = 2 * np.pi * walk.phase[:, 0]
    roll = np.radians(1.5 * np.sin(cycle) + 1.5 * wander(rng, frames, 0.4))
    pitch = np.radians(1.0 * np.sin(2 * cycle) + 2.0 * wander(rng, frames, 0.6))
    height = body.height + body.size * (0.03 * np.cos(2 * cycle) + 0.03 * wander(rng, frames, 0.8))
    position = np.concatenate([walk.place, height[:, None]], axis=1)
    return frames_of(roll, pitch, walk.heading), position


def _pose_legs(
    claws: Floats, rotation: Floats, position: Floats, body: _Body, rng: np.random.Generator
) -> Floats:
    """Joints of the legs in the world, (N, 6, 5, 3), with segments of exact length."""
    wanted = (claws - position[:, None]) @ rotation
    coxa, femur, tibia, tarsus = body.segments.T
    hip = body.attachments + coxa[:, None] * _coxa_direction(wanted, body)
    foot = tarsus[:, None] * _tarsus_direction(wanted - hip, body)
    axis = unit(wanted - foot - hip)
    swivel = body.swivel + np.radians(4) * wanders(rng, len(claws), 6, 0.3)
    upward = unit(np.cross(axis, np.cross(np.array([0, 0, 1.0]), axis)))
    bend = np.cos(swivel)[..., None] * upward + np.sin(swivel)[..., None] * np.cross(axis, upward)
    knee, ankle = two_bones(hip, wanted - foot, femur, tibia, bend, _KNEE_RANGE)
    root = np.broadcast_to(body.attachments, hip.shape)
    legs = np.stack([root, hip, knee, ankle, ankle + foot], axis=2)
    return np.asarray(
        legs.reshape(len(legs), 30, 3) @ np.swapaxes(rotation, -1, -2) + position[:, None]
    ).reshape(legs.shape)


def _coxa_direction(claws: Floats, body: _Body) -> Floats:
    """Unit vectors (N, 6, 3) in the body's frame: the coxa follows the foot part of the way."""
    at_rest = np.arctan2(*(body.footholds - body.attachments[:, :2]).T[::-1])
    offset = claws[..., :2] - body.attachments[:, :2]
    swing = np.arctan2(offset[..., 1], offset[..., 0]) - at_rest
    swing = 0.4 * np.clip((swing + np.pi) % (2 * np.pi) - np.pi, -1.2, 1.2)
    # A leg that is lifted, and more so one that grooms, lifts its coxa as well.
    lifted = np.clip((claws[..., 2] + body.height) / body.size, 0, 0.6)
    x, y, z = body.coxae.T
    rise = np.arctan2(z, np.hypot(x, y)) + lifted
    azimuth = np.arctan2(y, x) + swing
    return np.stack(
        [np.cos(rise) * np.cos(azimuth), np.cos(rise) * np.sin(azimuth), np.sin(rise)], axis=-1
    )


def _tarsus_direction(reach: Floats, body: _Body) -> Floats:
    """Unit vectors (N, 6, 3) in the body's frame, of the vectors (N, 6, 3) from hip to claw."""
    hips = body.attachments + body.segments[:, :1] * body.coxae
    at_rest = np.linalg.norm(body.footholds - hips[:, :2], axis=-1)
    nearer = at_rest - np.linalg.norm(reach[..., :2], axis=-1)
    slope = np.clip(body.tarsus_slope + _TARSUS_STEEPENS * nearer / body.size, *_TARSUS_RANGE)
    outward: Floats = unit(reach * np.array([1.0, 1.0, 0.0])) * np.cos(slope)[..., None]
    outward[..., 2] = -np.sin(slope)
    return outward
