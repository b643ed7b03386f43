"""How four-legged animals stand, walk, rear, groom, sit and lie."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from liftpose.datasets.anatomical.locomotion import Steps, steps
from liftpose.datasets.anatomical.plan import Plan
from liftpose.datasets.anatomical.posing import Poser, along, blended, wave
from liftpose.datasets.simulated.motion import Floats

SHOULDERS = ("left_shoulder", "right_shoulder")
HIPS = ("left_hip", "right_hip")

_SIDES = {"left": 1.0, "right": -1.0}
# What counts, against a foot at its place: head and tail only point somewhere.
_HEAD, _TAIL, _HEEL, _KNEE = 0.3, 0.3, 0.2, 0.2
_LOW = 0.012  # body lengths above the ground, of the tail at least
_SPLAY, _THIGH = np.radians((25.0, 12.0))  # of the thighs of an animal on its haunches
_WALKS, _LONG = 0.1, 0.3  # strides in body lengths: beyond which paws, and heels, rise in full
_SWAY = 0.25  # logits of the spine's bend with every stride, at a stride of half a body length


def pose(poser: Poser, plan: Plan, rng: np.random.Generator) -> None:
    """Pose a four-legged animal as planned, feet on the ground.

    Parameters
    ----------
    poser : Poser
        Gets the posture.
    plan : Plan
        With every number of `MAMMAL_STANDS`.
    rng : Generator
        Of phases.
    """
    spine = poser.model.species.parts["spine"]
    hind, right = plan["hind_lag"], plan["right_lag"]
    lags = np.stack([0 * hind, hind, right, right + hind], axis=1)
    stepping = steps(plan, lags, rng)
    going = plan["stride"] / 0.5
    poser.add(f"{spine}.*extend", plan["flex"])
    poser.add(f"{spine}.*bend", plan["bend"] + _SWAY * going * np.sin(stepping.cycle))
    poser.add(f"{spine}.*twist", plan["twist"])
    bob = 0.012 * going * np.cos(2 * stepping.cycle)
    heights = plan["shoulders"] + bob, plan["hips"] + bob
    poser.stand(SHOULDERS, HIPS, heights, np.radians(plan["roll"]))
    _look(poser, plan)
    _trail(poser, plan)
    _step(poser, plan, stepping, wave(plan, "strokes", rng))


def _look(poser: Poser, plan: Plan) -> None:
    """Point neck and head."""
    model = poser.model
    base = model.body(model.species.parts["neck_base"])
    start = poser.to_world(poser.posed.place[base])
    yaw = poser.heading(model.species.trunk) + np.radians(plan["neck_yaw"])
    nape, nose = poser.rest("nape"), poser.rest("nose")
    neck = np.linalg.norm(nape - poser.at_rest.place[base][:, 0]) * np.minimum(plan["stretch"], 1.0)
    head = np.linalg.norm(nose - nape)
    to_nape = start + neck[:, None] * along(yaw, np.radians(plan["neck_pitch"]))
    yaw = yaw + np.radians(plan["head_yaw"])
    to_nose = to_nape + head * along(yaw, np.radians(plan["head_pitch"]))
    to_nose[:, 2] = _soft_floor(to_nose[:, 2])
    poser.reach(model.species.parts["neck"], {"nape": (to_nape, _HEAD), "nose": (to_nose, _HEAD)})


def _trail(poser: Poser, plan: Plan) -> None:
    """Point the tail, above the ground."""
    start = poser.world("tail_base")
    back = poser.heading("pelvis") + np.pi
    points = [poser.rest(name) for name in ("tail_base", "tail_mid", "tail_tip")]
    lengths = [float(np.linalg.norm(b - a)) for a, b in pairwise(points)]
    targets = {}
    for name, part, length in zip(("tail_mid", "tail_tip"), ("tail", "tip"), lengths, strict=True):
        back = back + np.radians(plan[f"{part}_yaw"])
        end = start + length * along(back, np.radians(plan[f"{part}_pitch"]))
        end[:, 2] = _soft_floor(end[:, 2])
        targets[name] = (end, _TAIL)
        start = end
    poser.reach(poser.model.species.parts["tail"], targets)


def _soft_floor(height: Floats) -> Floats:
    """Keep heights above the ground, without a corner where they meet it."""
    soft = 0.02
    return np.asarray(_LOW + soft * np.logaddexp(0, (height - _LOW) / soft))


def _step(poser: Poser, plan: Plan, stepping: Steps, strokes: Floats) -> None:
    """Put the paws where they are wanted."""
    legs = poser.model.species.parts
    chest, rump = poser.heading(poser.model.species.trunk), poser.heading("pelvis")
    for number, side in enumerate(_SIDES):
        joints = side[0].upper()
        paw = _on_the_ground(poser, plan, stepping, _Leg(side, "fore", 2 * number), chest)
        paw = blended(paw, _hanging(poser, plan, side, chest), plan["hang"])
        paw = blended(paw, _at_face(poser, side, strokes), plan["face"])
        poser.reach(legs["fore"].format(side=joints), {f"{side}_front_paw": (paw, 1.0)})

        leg = _Leg(side, "hind", 2 * number + 1)
        paw = _on_the_ground(poser, plan, stepping, leg, rump)
        targets: dict[str, tuple[Floats, Any]] = {
            f"{side}_hind_paw": (paw, 1.0),
            f"{side}_ankle": (paw - _foot(poser, plan, stepping, leg, rump), _HEEL),
            f"{side}_knee": (_folded(poser, side, rump), _KNEE * plan["folded"]),
        }
        poser.reach(legs["hind"].format(side=joints), targets)


@dataclass(frozen=True)
class _Leg:
    """Side, fore or hind, and which of the four that step."""

    side: str
    end: str
    number: int

    @property
    def girdle(self) -> tuple[str, str]:
        return SHOULDERS if self.end == "fore" else HIPS

    @property
    def paw(self) -> str:
        return f"{self.side}_{'front' if self.end == 'fore' else 'hind'}_paw"


def _on_the_ground(poser: Poser, plan: Plan, stepping: Steps, leg: _Leg, heading: Floats) -> Floats:
    """Where a paw is (N, 3) that stands, or makes a step."""
    sign = _SIDES[leg.side]
    rest_ahead, rest_aside = poser.rest_offset(leg.paw, leg.girdle)
    aside = rest_aside + sign * plan[f"{leg.end}_wide"]
    ahead = rest_ahead + plan[f"{leg.end}_ahead"] + sign * plan[f"split_{leg.end}"]
    ahead = ahead + plan["stride"] * stepping.along[:, leg.number]
    paw = poser.foothold(leg.girdle, heading, ahead, aside)
    paw[:, 2] += plan["lift"] * np.tanh(plan["stride"] / _WALKS) * stepping.above[:, leg.number]
    return paw


def _foot(poser: Poser, plan: Plan, stepping: Steps, leg: _Leg, heading: Floats) -> Floats:
    """From ankle to hind paw (N, 3): the heel rises while the body moves over the foot."""
    strides = np.clip(plan["stride"] / _LONG, 0, 1)
    behind = strides * (0.5 - stepping.along[:, leg.number])
    slope = np.radians(plan["heel"] + plan["heel_lifts"] * behind)
    return _length(poser, leg.side, "ankle", "hind_paw") * along(heading, -slope)


def _length(poser: Poser, side: str, *ends: str) -> float:
    """Length of a bone at rest."""
    one, other = (poser.rest(f"{side}_{end}") for end in ends)
    return float(np.linalg.norm(one - other))


def _folded(poser: Poser, side: str, heading: Floats) -> Floats:
    """Where the knee is of an animal on its haunches (N, 3): ahead of the hip, not below."""
    outward = heading + _SIDES[side] * _SPLAY
    reach = _length(poser, side, "hip", "knee")
    return poser.world(f"{side}_hip") + reach * along(outward, np.full_like(heading, _THIGH))


def _hanging(poser: Poser, plan: Plan, side: str, chest: Floats) -> Floats:
    """Where a fore paw is that hangs before the chest (N, 3)."""
    ahead = plan["hang_ahead"]
    return np.asarray(
        poser.world(f"{side}_shoulder")
        + ahead[:, None] * along(chest, 0 * chest)
        - plan["hang_below"][:, None] * np.array([0.0, 0.0, 1.0])
    )


def _at_face(poser: Poser, side: str, strokes: Floats) -> Floats:
    """Where a fore paw is that strokes the face, from ear to nose (N, 3)."""
    nose, ear = poser.world("nose"), poser.world(f"{side}_ear")
    other = poser.world("right_ear" if side == "left" else "left_ear")
    share = 0.3 + 0.25 * np.sin(strokes)
    outward = (ear - other) / np.linalg.norm(ear - other, axis=1, keepdims=True)
    away = 0.04 + 0.02 * np.cos(strokes)
    low = np.array([0.0, 0.0, 0.03])
    return np.asarray(blended(nose, ear, share) + away[:, None] * outward - low)
