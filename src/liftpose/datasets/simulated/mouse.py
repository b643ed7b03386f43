"""A sitting mouse that reaches for food, eats and grooms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from liftpose.datasets.simulated.motion import (
    FRAMES_PER_SECOND,
    MARGIN,
    Floats,
    carry,
    dot,
    frames_of,
    mirrored,
    two_bones,
    unit,
    wander,
    wanders,
    whole,
)
from liftpose.datasets.simulated.mouse_plan import STATES, Habits, Plan, Script
from liftpose.datasets.simulated.recording import FOUR_LEGGED_COLORS, Recording
from liftpose.datasets.simulated.tracking import Ellipsoid, View, film
from liftpose.geometry.camera import Camera
from liftpose.skeleton import Skeleton

_IMAGE_SIZE = (1280, 1024)  # pixels
_VIEWS = (
    View("front", -50.0, 18.0, distance=380.0, focal=3000.0),
    View("right", -105.0, 25.0, distance=400.0, focal=3100.0, dist=(-0.2, 0.3, 0.001, 0.0, 0.0)),
    View("left", 55.0, 22.0, distance=390.0, focal=3050.0, dist=(-0.18, 0.25, 0.0, 0.0008, 0.0)),
    View("top", -90.0, 75.0, distance=420.0, focal=3000.0, dist=(-0.22, 0.4, 0.0, 0.0, 0.0)),
)

_TRUNK = ("nose", "left_ear", "right_ear", "neck", "back", "tail_base")
_ARM = ("shoulder", "elbow", "wrist", "inner_finger", "middle_finger", "outer_finger")
_BONES = (
    *((0, 1), (0, 2), (1, 2), (0, 3), (3, 4), (4, 5)),
    *(
        (3 if near is None else arm + near, arm + far)
        for arm in (6, 12)
        for near, far in ((None, 0), (0, 1), (1, 2), (2, 3), (2, 4), (2, 5))
    ),
)

_SPINE = np.array([30.0, 28.0])  # from the tail base to the back, and on to the neck
_NOSE, _EAR = np.array([25.0, 0.0, -3.0]), np.array([4.0, 8.5, 6.0])
_SHOULDER = np.array([2.0, 8.0, -12.0])  # from the neck
_ARM_BONES = np.array([11.0, 13.0])
_FINGERS = np.array([7.0, 8.0, 7.2])
_SIT = np.radians([40.0, 28.0])  # how steeply rump and chest rise
_SEAT = np.array([-40.0, 0.0, 8.0])  # the tail base

_ELBOW_RANGE = (np.radians(35.0), np.radians(160.0))
_WRIST_MOST = np.radians(70.0)  # by which the hand deviates from the forearm
_STROKES_PER_SECOND = 4.5
_STROKE = np.array([4.5, 1.8, 4.0])  # half the size of a grooming stroke

# Where hands are, by state (see `mouse_plan`), for the left one. On the ledge and at the food from
# the middle of the body, on the ground; before the chest from the neck; at the snout in the head's
# frame.
_LEDGE, _FOOD = np.array([20.0, 6.5, 11.0]), np.array([41.0, 4.0, 24.0])
_BEFORE_CHEST = np.array([23.0, 6.5, -20.0])
_MOUTH, _FACE = np.array([24.5, 2.8, -8.0]), np.array([22.0, 6.5, -3.5])
# By state: where the hand points to and the elbow sticks out to (ahead, outward, up), how far the
# palm is turned inward, and how far fingers are bent and spread.
_POINTING = np.array(
    [
        [0.75, 0.10, -0.65],
        [0.80, -0.20, -0.55],
        [0.95, -0.05, -0.25],
        [0.90, -0.10, -0.40],
        [0.45, -0.50, 0.74],
        [0.35, -0.50, 0.80],
    ]
)
_ELBOW = np.array(
    [
        [-0.85, 0.45, 0.0],
        [-0.60, 0.50, -0.40],
        [-0.40, 0.60, -0.60],
        [-0.40, 0.60, -0.60],
        [-0.20, 0.60, -0.80],
        [-0.20, 0.60, -0.80],
    ]
)
_TURNED = np.radians([0.0, 25.0, 5.0, 15.0, 75.0, 65.0])
_BENT = np.radians([15.0, 40.0, -8.0, 50.0, 50.0, 25.0])
_SPREAD = np.radians([16.0, 8.0, 24.0, 9.0, 6.0, 12.0])
_LEANS = np.array([0.0, 0.3, 1.0, 1.0, 0.0, 0.0])
_SITS_UP = np.array([0.0, 0.1, 0.0, 0.0, 0.8, 1.0])

# What hides joints: rump, chest and head, slimmer than in life.
_PARTS = (
    (np.array([15.0, 0.0, -6.0]), np.array([20.0, 10.0, 9.0])),
    (np.array([16.0, 0.0, -9.0]), np.array([16.0, 6.5, 7.5])),
    (np.array([12.0, 0.0, -3.0]), np.array([11.0, 6.0, 6.0])),
)


def mouse(frames: int, seed: int = 0, animal: int = 0) -> Recording:
    """Simulate a sitting mouse that reaches for food in front of fixed cameras.

    Its hands lie on a ledge; it reaches for food in changing places with either hand, grasps it
    or misses, brings it to the mouth and eats with both, grooms its face, and turns about. The
    first camera looks at it from ahead and to the right.

    Parameters
    ----------
    frames : int
        Number of frames N, at 100 frames a second.
    seed : int
        Of what it does, the pixel noise and the losses.
    animal : int
        Which individual: segment lengths, posture and habits differ from one to the next, and are
        the same for every `seed`.

    Returns
    -------
    Recording
        Of 18 joints, in millimetres: head, back, and two arms with three fingers each. The one
        root is the neck.

    Raises
    ------
    ValueError
        Less than one frame, or a negative seed or animal.
    TypeError
        Something that is no integer.

    Notes
    -----
    Hands go from place to place with the least jerk (Flash and Hogan, 1985). The angle at the
    elbow stays within 35° and 160°: food that is too far away is not reached. A hand deviates from
    its forearm by up to 70°, to which fingers add up to 75°.

    References
    ----------
    T. Flash and N. Hogan, "The coordination of arm movements: an experimentally confirmed
    mathematical model", Journal of Neuroscience 5(7), 1985.

    Examples
    --------
    >>> meal = mouse(frames=50, seed=1, animal=3)
    >>> meal.pose_2d.shape, meal.pose_3d.shape, meal.unit
    ((50, 18, 2), (50, 18, 3), 'mm')
    >>> [meal.joints[root] for root in meal.roots]
    ['neck']
    """
    count = whole("frames", frames, least=1) + 2 * MARGIN
    body = _Body.draw(whole("animal", animal, least=0))
    rng = np.random.default_rng(whole("seed", seed, least=0))
    plan = Plan.draw(count / FRAMES_PER_SECOND, body.habits, rng)
    time = np.arange(count) / FRAMES_PER_SECOND
    trunk = _Trunk.draw(plan, time, body, rng)
    cycle = _stroke_cycle(count, rng)
    arms = [_pose_arm(side, plan, time, trunk, body, cycle, rng) for side in (0, 1)]
    poses = np.concatenate([trunk.joints(body), *arms], axis=1)
    hiding = [
        Ellipsoid(place + carry(rotation, body.size * centre), rotation, body.size * radii)
        for place, rotation, (centre, radii) in zip(
            (trunk.tail_base, trunk.back, trunk.neck),
            (trunk.rump, trunk.chest, trunk.skull),
            _PARTS,
            strict=True,
        )
    ]
    return film(_skeleton(), _cameras(), poses, hiding, rng)


@cache
def _skeleton() -> Skeleton:
    return Skeleton(
        joints=(*_TRUNK, *(f"{side}_{joint}" for side in ("left", "right") for joint in _ARM)),
        bones=_BONES,
        roots=(3,),
        target_sets=(tuple(joint for joint in range(18) if joint != 3),),
        limbs=(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5),
        colors=FOUR_LEGGED_COLORS,
        pairs=((1, 2), *((joint, joint + 6) for joint in range(6, 12))),
        rigid=_BONES,
        unit="mm",
    )


@cache
def _cameras() -> tuple[Camera, ...]:
    return tuple(view.camera(_IMAGE_SIZE, (0.0, 0.0, 26.0)) for view in _VIEWS)


@dataclass(frozen=True, eq=False)
class _Body:
    """What one individual is like."""

    size: float
    spine: Floats
    nose: Floats
    ears: Floats
    shoulder: Floats
    arm: Floats
    fingers: Floats
    sit: Floats
    head_pitch: float
    elbow: Floats
    ledge: Floats
    habits: Habits

    @classmethod
    def draw(cls, animal: int) -> _Body:
        # A stream of its own, so that animal 3 is not the meal of seed 3 in disguise.
        rng = np.random.default_rng([animal, 0x6D6F7573])
        size = float(np.exp(rng.normal(0, 0.07)))

        def grown(lengths: Floats) -> Floats:
            return np.asarray(size * lengths * np.exp(rng.normal(0, 0.05, lengths.shape)))

        return cls(
            size=size,
            spine=grown(_SPINE),
            nose=grown(_NOSE),
            ears=mirrored(grown(_EAR)[None]),
            shoulder=grown(_SHOULDER),
            arm=grown(_ARM_BONES),
            fingers=grown(_FINGERS),
            sit=_SIT + np.radians(rng.normal(0, 3, 2)),
            head_pitch=float(np.radians(rng.normal(30, 4))),
            elbow=rng.normal(0, 0.1, 3),
            ledge=size * (_LEDGE + rng.normal(0, 1, 3)),
            habits=Habits.draw(rng),
        )


@dataclass(frozen=True, eq=False)
class _Trunk:
    """Rump, chest and head: where they begin (N, 3), and their rotations (N, 3, 3)."""

    ground: Floats  # rotation of the seat, and of what lies before the animal
    place: Floats  # (N, 3), of the middle of the body, on the ground
    tail_base: Floats
    back: Floats
    neck: Floats
    rump: Floats
    chest: Floats
    skull: Floats
    level: Floats  # the chest's heading alone

    @classmethod
    def draw(cls, plan: Plan, time: Floats, body: _Body, rng: np.random.Generator) -> _Trunk:
        frames = len(time)
        heading, place = plan.seat(time)
        place = np.pad(body.size * place, ((0, 0), (0, 1)))
        leans, sits_up, grooms = (
            np.maximum(*(hand.blend(time, by_state) for hand in plan.hands))
            for by_state in (_LEANS, _SITS_UP, np.eye(len(STATES))[-1])
        )
        sway = np.radians([3.0, 3.0, 3.0, 4.0]) * wanders(rng, frames, 4, 0.6)
        slow = np.radians([4.0, 4.0, 4.0, 5.0]) * wanders(rng, frames, 4, 3.0)
        roll, rise, arch, twist = (sway + slow).T
        ground = frames_of(0.0, 0.0, heading)
        rump_rise = body.sit[0] + rise - np.radians(5) * leans + np.radians(12) * sits_up
        chest_rise = body.sit[1] + rise + arch - np.radians(5) * leans + np.radians(8) * sits_up
        rump = frames_of(roll, -rump_rise, heading + 0.4 * twist)
        chest_heading = heading + twist
        chest = frames_of(1.3 * roll, -chest_rise, chest_heading)

        look, nod, tilt = np.radians([[9.0], [6.0], [5.0]]) * wanders(rng, frames, 3, 0.35).T
        nod = nod + body.head_pitch - np.radians(12) * leans + np.radians(14) * grooms
        skull = frames_of(tilt, nod, chest_heading + look * (1 - 0.6 * grooms))
        tail_base = place + carry(ground, body.size * _SEAT)
        tail_base = tail_base + body.size * 3 * leans[:, None] * ground[:, :, 0]
        back = tail_base + body.spine[0] * rump[:, :, 0]
        neck = back + body.spine[1] * chest[:, :, 0]
        level = frames_of(0.0, 0.0, chest_heading)
        return cls(ground, place, tail_base, back, neck, rump, chest, skull, level)

    def joints(self, body: _Body) -> Floats:
        """Nose, ears, neck, back and tail base in the world, (N, 6, 3)."""
        face = self.neck[:, None] + carry(self.skull, np.concatenate([body.nose[None], body.ears]))
        spine = np.stack([self.neck, self.back, self.tail_base], axis=1)
        return np.concatenate([face, spine], axis=1)


def _stroke_cycle(frames: int, rng: np.random.Generator) -> Floats:
    """How far the hands are in their grooming strokes (N,)."""
    rate = _STROKES_PER_SECOND * np.exp(0.25 * wander(rng, frames, 0.8))
    return np.asarray(2 * np.pi * np.cumsum(rate) / FRAMES_PER_SECOND)


def _pose_arm(
    side: int,
    plan: Plan,
    time: Floats,
    trunk: _Trunk,
    body: _Body,
    cycle: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Shoulder, elbow, wrist and fingers of the left (0) or right (1) arm, (N, 6, 3)."""
    script, outward = plan.hands[side], np.array([1.0, 1.0 - 2 * side, 1.0])
    palm = script.travel(time, _places(script, time, trunk, body, cycle, outward, rng), body.size)
    pointing = script.blend(time, _POINTING) + 0.08 * wanders(rng, len(time), 3, 0.3)
    pointing = carry(trunk.level, unit(pointing)[:, None] * outward)[:, 0]
    wrist = palm - 0.85 * body.fingers[1] * pointing

    # The shoulder blade goes along with a reach.
    swing = np.radians(12) * script.blend(time, _LEANS)
    x, y, z = body.shoulder * outward
    cosine, sine = np.cos(swing), np.sin(swing)
    offset = np.stack([cosine * x - sine * z, y + 0 * swing, sine * x + cosine * z], axis=1)
    shoulder = trunk.neck + carry(trunk.chest, offset[:, None])[:, 0]
    bend = script.blend(time, _ELBOW) + body.elbow
    bend = carry(trunk.level, (bend * outward)[:, None])[:, 0]
    elbow, wrist = two_bones(shoulder, wrist, body.arm[0], body.arm[1], bend, _ELBOW_RANGE)
    pointing = _held(pointing, unit(wrist - elbow))
    fingers = wrist[:, None] + _fingers(script, time, pointing, trunk, body, outward[1], rng)
    return np.concatenate([np.stack([shoulder, elbow, wrist], axis=1), fingers], axis=1)


def _held(pointing: Floats, forearm: Floats) -> Floats:
    """Turn hands (N, 3) back to where wrists let them point, given the forearms (N, 3)."""
    along = dot(pointing, forearm)
    aside = unit(pointing - along[:, None] * forearm)
    turn = np.minimum(np.arccos(np.clip(along, -1, 1)), _WRIST_MOST)[:, None]
    return np.asarray(np.cos(turn) * forearm + np.sin(turn) * aside)


def _places(
    script: Script,
    time: Floats,
    trunk: _Trunk,
    body: _Body,
    cycle: Floats,
    outward: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Where the palm would be in each state, (S, N, 3), in the world."""
    frames, size = len(time), body.size
    ledge = trunk.place + carry(trunk.ground, body.ledge * outward)
    food = trunk.place + carry(trunk.ground, size * _FOOD * outward)
    chest = trunk.neck + carry(trunk.level, size * _BEFORE_CHEST * outward)
    nibble = 0.6 * wanders(rng, frames, 3, 0.07)
    mouth = trunk.neck + carry(trunk.skull, (size * (_MOUTH + nibble) * outward)[:, None])[:, 0]
    # Hands stroke together, but not quite.
    own = cycle + 0.4 * wander(rng, frames, 0.5)
    extent = _STROKE * np.exp(0.3 * wander(rng, frames, 0.6))[:, None]
    stroke = extent * np.stack([np.cos(own), np.sin(own), np.sin(own)], axis=1)
    face = trunk.neck + carry(trunk.skull, (size * (_FACE + stroke) * outward)[:, None])[:, 0]
    return np.stack([ledge, chest, food, food, mouth, face])


def _fingers(
    script: Script,
    time: Floats,
    pointing: Floats,
    trunk: _Trunk,
    body: _Body,
    side: float,
    rng: np.random.Generator,
) -> Floats:
    """From the wrist to the tip of each finger, (N, 3, 3), in the world."""
    across = trunk.level[:, :, 1]
    across = unit(across - np.sum(across * pointing, axis=1, keepdims=True) * pointing)
    upward = np.cross(pointing, across)
    turned = side * script.blend(time, _TURNED)[:, None]
    across, upward = (
        np.cos(turned) * across - np.sin(turned) * upward,
        np.sin(turned) * across + np.cos(turned) * upward,
    )
    own = np.radians(6) * wanders(rng, len(time), 3, 0.25)
    bent = (script.blend(time, _BENT)[:, None] + own)[..., None]
    fan: Any = side * script.blend(time, _SPREAD)[:, None] * np.array([-1.0, 0.0, 1.0])
    fan = fan[..., None]
    level = np.cos(fan) * pointing[:, None] + np.sin(fan) * across[:, None]
    direction = np.cos(bent) * level - np.sin(bent) * upward[:, None]
    return np.asarray(body.fingers[:, None] * direction)
