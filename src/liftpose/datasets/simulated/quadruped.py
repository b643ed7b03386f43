"""A four-legged animal that trots."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from liftpose.datasets.simulated.motion import (
    MARGIN,
    Floats,
    Gait,
    Walk,
    carry,
    dot,
    frames_of,
    mirrored,
    place_feet,
    two_bones,
    unit,
    wander,
    whole,
    wrapped,
)
from liftpose.datasets.simulated.recording import FOUR_LEGGED_COLORS, Recording
from liftpose.datasets.simulated.tracking import Ellipsoid, View, film
from liftpose.geometry.camera import Camera
from liftpose.skeleton import Skeleton

_IMAGE_SIZE = (1920, 1200)  # pixels
_VIEWS = (
    View("front", -90.0, 35.0, distance=2600.0, focal=4300.0),
    View("right", 20.0, 30.0, distance=2700.0, focal=4200.0, dist=(-0.1, 0.1, 0.0006, -0.0004, 0)),
    View("left", 155.0, 38.0, distance=2650.0, focal=4250.0, dist=(-0.12, 0.1, -0.0005, 0.0006, 0)),
    View("top", -90.0, 90.0, distance=2800.0, focal=3200.0, dist=(-0.15, 0.1, 0.0, 0.0, 0.0)),
)

_TRUNK = ("nose", "left_ear", "right_ear", "nape", "withers", "spine_mid", "tail_base")
_TAIL = ("tail_mid", "tail_tip")
_FRONT = ("shoulder", "elbow", "wrist", "front_paw")
_HIND = ("hip", "knee", "ankle", "hind_paw")
_JOINTS = (
    *_TRUNK,
    *_TAIL,
    *(f"{side}_{joint}" for side in ("left", "right") for joint in (*_FRONT, *_HIND)),
)
_BONES = (
    *((0, 1), (0, 2), (1, 2), (0, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8)),
    # A leg's first bone is shoulder blade or pelvis.
    *(bone for leg in (9, 17) for bone in ((4, leg), (leg, leg + 1), (leg + 1, leg + 2))),
    *((leg + 2, leg + 3) for leg in (9, 13, 17, 21)),
    *(bone for leg in (13, 21) for bone in ((6, leg), (leg, leg + 1), (leg + 1, leg + 2))),
)
_LIMBS = (0, 0, 0, 0, 1, 1, 1, 1, 1, *(leg for leg in (2, 3, 4, 5) for _ in range(4)))

# Legs here: left front, left hind, right front, right hind. In a trot the diagonal pairs step
# together, half a stride apart.
_TROT = np.array([0.0, 0.5, 0.5, 0.0])
_FORE = np.array([True, False, True, False])
_LEFT = np.array([1.0, 1.0, -1.0, -1.0])

# Of a rat, roughly.
_SPINE = np.array([55.0, 62.0])  # from its middle to withers and tail base
_NECK, _TAIL_LENGTHS = 32.0, np.array([85.0, 85.0])
_NOSE, _EAR = np.array([37.0, 0.0, -8.0]), np.array([3.0, 13.0, 10.0])
# Upper bone, lower bone and paw, of front and hind legs.
_SEGMENTS = np.array([[28.0, 29.0, 15.0], [33.0, 38.0, 33.0]])
_SHOULDER_BLADE = np.array([13.0, 13.0, -23.0])  # from the withers to the shoulder, at rest
_PELVIS = np.array([21.0, 16.0, -6.0])  # from the tail base to the hip
_FOOTHOLDS = np.array([[0.0, 13.0], [9.0, 19.0]])  # from the middle of shoulders or hips

# Degrees below the horizontal of the paws at mid-stance, and how much steeper they are for each
# mm that they are behind it and each mm above the ground.
_PAW_SLOPE, _PAW_TRAILS, _PAW_HANGS = (np.array(v) for v in ((58.0, 34.0), (0.9, 0.8), (6.0, 2.0)))
_PAW_LEAST, _PAW_MOST = np.array([25.0, 20.0]), np.array([130.0, 100.0])
_ELBOW_RANGE = (np.radians(40.0), np.radians(155.0))
_KNEE_RANGE = (np.radians(35.0), np.radians(150.0))
_BLADE_SWING = 20.0  # degrees, at most, to either side
_BEND = 32.0  # degrees, at most, of the spine to either side

# What hides joints: chest and belly, rump and head, slimmer than in life.
_CHEST = (np.array([0.5, 0.0, -19.0]), np.array([34.0, 10.0, 15.0]))
_RUMP = (np.array([-0.5, 0.0, -17.0]), np.array([36.0, 12.0, 14.0]))
_HEAD = (np.array([18.0, 0.0, -6.0]), np.array([16.0, 8.0, 7.0]))


def quadruped(frames: int, seed: int = 0, animal: int = 0) -> Recording:
    """Simulate a four-legged animal that trots about in front of fixed cameras.

    It has the size and roughly the build of a rat: some 190 mm from nose to tail base. It trots,
    now fast, now slowly, turns both ways with a bent spine, looks about, and pauses.

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
        Of 25 joints, in millimetres: head, spine and tail, and four a leg. The one root is the
        middle of the spine.

    Raises
    ------
    ValueError
        Less than one frame, or a negative seed or animal.
    TypeError
        Something that is no integer.

    Notes
    -----
    Paws stand still until they swing, as in `hexapod`. The angle between the bones at the elbow
    stays within 40° and 155°, at the knee within 35° and 150°, and the spine bends by up to 32°
    to either side.

    Examples
    --------
    >>> trot = quadruped(frames=50, seed=1, animal=3)
    >>> trot.pose_2d.shape, trot.pose_3d.shape, trot.unit
    ((50, 25, 2), (50, 25, 3), 'mm')
    >>> [trot.joints[root] for root in trot.roots]
    ['spine_mid']
    """
    count = whole("frames", frames, least=1) + 2 * MARGIN
    body = _Body.draw(whole("animal", animal, least=0))
    rng = np.random.default_rng(whole("seed", seed, least=0))
    walk = Walk.draw(body.gait, 50.0, np.ones(count), rng)
    trunk = _Trunk.draw(walk, body, rng)
    legs = _step(walk, trunk, body, rng)
    head, skull = _look_about(walk, trunk, body, rng)
    tail = _trail(walk, trunk, body, rng)
    middle = [trunk.withers, trunk.centre, trunk.tail_base]
    poses = np.concatenate([head, np.stack(middle, axis=1), tail, legs.reshape(count, 16, 3)], 1)
    hiding = [
        _part(trunk.centre, trunk.front, _CHEST, body, body.spine[0]),
        _part(trunk.centre, trunk.hind, _RUMP, body, body.spine[1]),
        _part(head[:, 3], skull, _HEAD, body),
    ]
    return film(_skeleton(), _cameras(), poses, hiding, rng)


@cache
def _skeleton() -> Skeleton:
    return Skeleton(
        joints=_JOINTS,
        bones=_BONES,
        roots=(5,),
        target_sets=(tuple(joint for joint in range(len(_JOINTS)) if joint != 5),),
        limbs=_LIMBS,
        colors=FOUR_LEGGED_COLORS,
        pairs=((1, 2), *((joint, joint + 8) for joint in range(9, 17))),
        rigid=_BONES,
        unit="mm",
    )


@cache
def _cameras() -> tuple[Camera, ...]:
    return tuple(view.camera(_IMAGE_SIZE, (0.0, 0.0, 20.0)) for view in _VIEWS)


@dataclass(frozen=True, eq=False)
class _Body:
    """What one individual is like; legs are left front, left hind, right front, right hind."""

    size: float
    spine: Floats
    neck: float
    tail: Floats
    nose: Floats
    ears: Floats
    blade: Floats
    pelvis: Floats
    segments: Floats
    footholds: Floats
    height: float
    arch: Floats
    head_pitch: Floats
    paw_slope: Floats
    splay: Floats
    gait: Gait

    @classmethod
    def draw(cls, animal: int) -> _Body:
        # A stream of its own, so that animal 3 is not the trot of seed 3 in disguise.
        rng = np.random.default_rng([animal, 0x71756164])
        size = float(np.exp(rng.normal(0, 0.09)))

        def grown(lengths: Any, spread: float) -> Floats:
            return np.asarray(size * lengths * np.exp(rng.normal(0, spread, np.shape(lengths))))

        return cls(
            size=size,
            spine=grown(_SPINE, 0.05),
            neck=float(grown(_NECK, 0.05)),
            tail=grown(_TAIL_LENGTHS, 0.08),
            nose=grown(_NOSE, 0.05),
            ears=mirrored(grown(_EAR, 0.05)[None]),
            blade=grown(_SHOULDER_BLADE, 0.05),
            pelvis=grown(_PELVIS, 0.05),
            segments=np.tile(grown(_SEGMENTS, 0.05), (2, 1)),
            footholds=mirrored(size * (_FOOTHOLDS + rng.normal(0, 1.5, (2, 2)))),
            height=float(size * rng.normal(80, 2.0)),
            arch=np.radians(rng.normal([9, -15], 2.0)),
            head_pitch=np.radians(rng.normal([-8, 22], 5)),
            paw_slope=np.tile(rng.normal(_PAW_SLOPE, 4), 2),
            splay=np.tile(rng.normal([0.15, 0.3], 0.08), 2) * _LEFT,
            gait=Gait(
                stride=float(size * rng.normal(112, 8)),
                stance_share=float(rng.uniform(0.48, 0.58)),
                speed=float(size * rng.normal(420, 50)),
                # Few animals trot in perfect step: one foot of a pair comes down a little first.
                offsets=_TROT + np.append(0, rng.normal(0, 0.025, 3)),
                jitter=0.03,
                lift=float(size * rng.normal(9, 1.0)),
                scatter=2.5 * size,
            ),
        )


@dataclass(frozen=True, eq=False)
class _Trunk:
    """Two rigid halves, chest and rump, that meet in the middle of the spine."""

    centre: Floats  # (N, 3)
    front: Floats  # (N, 3, 3), to the world
    hind: Floats
    front_heading: Floats  # (N,)
    hind_heading: Floats
    withers: Floats  # (N, 3)
    tail_base: Floats

    @classmethod
    def draw(cls, walk: Walk, body: _Body, rng: np.random.Generator) -> _Trunk:
        frames, size = len(walk.place), body.size
        # Each half follows the path where it is; the spine sways with the strides as well.
        cycle = 2 * np.pi * (walk.phase[:, 0] - body.gait.stance_share / 2)
        ahead = _limited(_turn(walk, 0.7 * body.spine[0]) + 0.05 * wander(rng, frames, 0.5))
        behind = _limited(_turn(walk, -0.7 * body.spine[1]) + 0.05 * wander(rng, frames, 0.5))
        front_heading = walk.heading + ahead - np.radians(2.5) * np.sin(cycle)
        hind_heading = walk.heading + behind + np.radians(4) * np.sin(cycle)
        roll = np.radians(2) * np.sin(cycle + 0.6) + np.radians(2) * wander(rng, frames, 0.4)
        crouch = wander(rng, frames, 0.9)
        pitch = np.radians(2) * wander(rng, frames, 0.6) - np.radians(1.2) * np.sin(2 * cycle)
        # Twice a stride it falls on a pair of legs, and is thrown up again.
        height = body.height + size * (1.8 * crouch - 2.2 * np.cos(2 * cycle + 0.3))
        centre = np.concatenate([walk.place, height[:, None]], axis=1)
        front = frames_of(roll, body.arch[0] + pitch, front_heading)
        hind = frames_of(-0.5 * roll, body.arch[1] + pitch - 0.03 * crouch, hind_heading)
        return cls(
            centre,
            front,
            hind,
            front_heading,
            hind_heading,
            withers=centre + body.spine[0] * front[:, :, 0],
            tail_base=centre - body.spine[1] * hind[:, :, 0],
        )


def _turn(walk: Walk, ahead: float) -> Floats:
    """By how much the path turns over so many mm ahead (N,)."""
    return wrapped(walk.loops.at(walk.travelled + ahead)[1] - walk.loops.at(walk.travelled)[1])


def _limited(bend: Floats) -> Floats:
    """Half of the spine's bend (N,): it resists the more, the more it is bent."""
    most = np.radians(_BEND / 2 - 4)
    return np.asarray(most * np.tanh(bend / most))


def _step(walk: Walk, trunk: _Trunk, body: _Body, rng: np.random.Generator) -> Floats:
    """Joints of the legs in the world, (N, 4, 4, 3), with segments of exact length."""
    shoulders = trunk.withers + carry(trunk.front, body.blade * [1, 0, 1])
    hips = trunk.tail_base + carry(trunk.hind, body.pelvis * [1, 0, 1])
    places = np.stack([shoulders, hips, shoulders, hips], axis=1)[..., :2]
    headings = np.stack([trunk.front_heading, trunk.hind_heading] * 2, axis=1)
    paws = place_feet(walk, body.gait, places, headings, body.footholds, rng)
    ahead = np.stack([np.cos(headings), np.sin(headings), np.zeros_like(headings)], axis=-1)
    aside = np.stack([-ahead[..., 1], ahead[..., 0], ahead[..., 2]], axis=-1)

    middle = np.concatenate([places, np.zeros((*headings.shape, 1))], axis=-1)
    trails = (body.footholds[:, 0] - dot(paws - middle, ahead)) / body.size
    start = _girdles(trunk, body, trails)
    paw = _hang(body, trails, paws[..., 2] / body.size, ahead)
    bend = np.where(_FORE, -1.0, 1.0)[:, None] * ahead + body.splay[:, None] * aside
    upper, lower, _ = body.segments.T
    joint, end = np.empty_like(start), np.empty_like(start)
    for legs, angles in ((_FORE, _ELBOW_RANGE), (~_FORE, _KNEE_RANGE)):
        joint[:, legs], end[:, legs] = two_bones(
            start[:, legs], (paws - paw)[:, legs], upper[legs], lower[legs], bend[:, legs], angles
        )
    return np.stack([start, joint, end, end + paw], axis=2)


def _girdles(trunk: _Trunk, body: _Body, trails: Floats) -> Floats:
    """Shoulders and hips in the world (N, 4, 3): shoulder blades swing with their legs."""
    hips = mirrored(body.pelvis[None])
    swing = np.radians(np.clip(-0.5 * trails[:, _FORE], -_BLADE_SWING, _BLADE_SWING))
    x, y, z = (mirrored(body.blade[None])[:, axis] for axis in range(3))
    cosine, sine = np.cos(swing), np.sin(swing)
    # Forward goes with down, as the blade turns about where it is held.
    blades = np.stack([cosine * x - sine * z, y + 0 * swing, sine * x + cosine * z], axis=-1)
    start = np.empty((len(trails), 4, 3))
    start[:, _FORE] = trunk.withers[:, None] + carry(trunk.front, blades)
    start[:, ~_FORE] = trunk.tail_base[:, None] + carry(trunk.hind, hips)
    return start


def _hang(body: _Body, trails: Floats, height: Floats, ahead: Floats) -> Floats:
    """From wrists and ankles to the tips of the paws, (N, 4, 3), in the world."""
    trail, hang, least, most = (
        np.tile(v, 2) for v in (_PAW_TRAILS, _PAW_HANGS, _PAW_LEAST, _PAW_MOST)
    )
    slope = body.paw_slope + trail * trails + hang * height
    slope = np.radians(np.clip(slope, least, most))[..., None]
    direction = np.cos(slope) * ahead - np.sin(slope) * np.array([0.0, 0.0, 1.0])
    return np.asarray(body.segments[:, 2:] * direction)


def _look_about(
    walk: Walk, trunk: _Trunk, body: _Body, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Nose, ears and nape in the world (N, 4, 3), and the skull's rotation (N, 3, 3)."""
    frames = len(walk.place)
    # It looks into a turn before it walks it, and about when it stands.
    standing = 1 - np.clip(walk.pace / 0.5, 0, 1)
    standing = np.convolve(standing, np.full(41, 1 / 41), mode="same")
    yaw = trunk.front_heading + 0.6 * _limited(_turn(walk, 2 * body.spine[0]))
    yaw += np.radians(7 + 9 * standing) * wander(rng, frames, 0.35)
    bob = np.sin(4 * np.pi * walk.phase[:, 0])
    neck_pitch, skull_pitch = body.head_pitch
    neck_pitch = neck_pitch + np.radians(2 * bob + (5 + 5 * standing) * wander(rng, frames, 0.4))
    skull_pitch = skull_pitch + np.radians(-2 * bob + (6 + 6 * standing) * wander(rng, frames, 0.3))
    neck = frames_of(0.0, neck_pitch, yaw)
    nape = trunk.withers + body.neck * neck[:, :, 0]
    roll = np.radians(5) * wander(rng, frames, 0.4)
    turn = np.radians(7) * wander(rng, frames, 0.4)
    skull = frames_of(roll, skull_pitch, yaw + turn)
    face = nape[:, None] + carry(skull, np.concatenate([body.nose[None], body.ears]))
    return np.concatenate([face, nape[:, None]], axis=1), skull


def _trail(walk: Walk, trunk: _Trunk, body: _Body, rng: np.random.Generator) -> Floats:
    """Middle and tip of the tail in the world (N, 2, 3): it drags behind, and sways."""
    frames = len(walk.place)
    cycle = 2 * np.pi * walk.phase[:, 0]
    heading = trunk.hind_heading
    end, joints = trunk.tail_base, []
    for number, (length, droop) in enumerate(zip(body.tail, (20.0, 4.0), strict=True)):
        heading = heading + _limited(_turn(walk, -length))
        sway = 6 * np.sin(cycle - 1.2 * (number + 1)) + 9 * wander(rng, frames, 0.5)
        heading = heading + np.radians(sway)
        pitch = np.radians(droop + 6 * wander(rng, frames, 0.7))
        # The ground is where it stops drooping.
        pitch = np.minimum(pitch, np.arcsin(np.clip((end[:, 2] - 3) / length, -1, 1)))
        back = -np.stack([np.cos(heading), np.sin(heading), np.tan(pitch)], axis=1)
        end = end + length * unit(back)
        joints.append(end)
    return np.stack(joints, axis=1)


def _part(
    place: Floats,
    rotation: Floats,
    shape: tuple[Floats, Floats],
    body: _Body,
    along: float = 0.0,
) -> Ellipsoid:
    """Part of the body, whose centre may lie at a share of a length `along` its axis."""
    centre, radii = shape
    offset = body.size * centre
    if along:
        offset[0] = centre[0] * along
    return Ellipsoid(place + carry(rotation, offset), rotation, body.size * radii)
