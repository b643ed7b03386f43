"""How flies stand, walk and groom."""

from __future__ import annotations

import numpy as np

from liftpose.datasets.anatomical.locomotion import Steps, steps
from liftpose.datasets.anatomical.plan import Plan
from liftpose.datasets.anatomical.posing import Poser, blended, wave
from liftpose.datasets.simulated.motion import Floats

_SIDES = {"left": 1.0, "right": -1.0}
_PAIRS = {"front": "T1", "mid": "T2", "hind": "T3"}
_WALKS = 0.1  # body lengths, of the strides beyond which claws rise in full
_RUB = np.array([0.05, 0.02, 0.04])  # body lengths, of the strokes of legs that rub each other


def pose(poser: Poser, plan: Plan, rng: np.random.Generator) -> None:
    """Pose a fly as planned, feet on the ground.

    Parameters
    ----------
    poser : Poser
        Gets the posture.
    plan : Plan
        With every number of `FLY_STANDS`.
    rng : Generator
        Of phases.
    """
    lag = plan["lag"]
    one_side = np.stack([0 * lag, lag, 2 * lag], axis=1)
    stepping = steps(plan, np.concatenate([one_side, one_side + 0.5], axis=1), rng)
    hips = [_hips("front"), _hips("hind")]
    poser.stand(hips[0], hips[1], (plan["front"], plan["hind"]), np.radians(plan["roll"]))
    strokes = wave(plan, "strokes", rng)
    for side, sign in _SIDES.items():
        for number, pair in enumerate(_PAIRS):
            foot = _standing(poser, plan, stepping, (side, pair), 3 * (sign < 0) + number)
            if pair != "mid":
                rubbing = _rubbing(poser, plan, pair, sign, strokes)
                foot = blended(foot, rubbing, plan[f"rub_{pair}"])
            joints = f"(coxa|femur|tibia|tarsus).*_{_PAIRS[pair]}_{side}"
            poser.reach(joints, {f"{side}_{pair}_claw": (foot, 1.0)})


def _hips(pair: str) -> list[str]:
    return [f"{side}_{pair}_thorax_coxa" for side in _SIDES]


def _standing(
    poser: Poser, plan: Plan, stepping: Steps, leg: tuple[str, str], number: int
) -> Floats:
    """Where a claw is on the ground, or above it (N, 3)."""
    side, pair = leg
    sign = _SIDES[side]
    rest_ahead, rest_aside = poser.rest_offset(f"{side}_{pair}_claw", _hips(pair))
    ahead = rest_ahead + plan[f"{pair}_ahead"] + sign * plan[f"{pair}_split"]
    ahead = ahead + plan["stride"] * stepping.along[:, number]
    aside = rest_aside + sign * plan[f"{pair}_wide"]
    foot = poser.foothold(_hips(pair), poser.heading(poser.model.species.trunk), ahead, aside)
    foot[:, 2] += plan["lift"] * np.tanh(plan["stride"] / _WALKS) * stepping.above[:, number]
    return foot


def _rubbing(poser: Poser, plan: Plan, pair: str, sign: float, strokes: Floats) -> Floats:
    """Where a claw is that rubs the other one, one going to and the other fro (N, 3)."""
    if pair == "front":
        middle = poser.world("left_antenna", "right_antenna") + np.array([0.12, 0.0, -0.14])
    else:
        middle = poser.world("abdomen_tip") + np.array([-0.05, 0.0, -0.08])
    forward = 1.0 if pair == "front" else -1.0
    beat = np.stack([sign * np.sin(strokes), 0 * strokes, np.cos(strokes)], axis=1)
    return np.asarray(
        middle
        + _RUB * beat
        + np.stack([forward * plan["rub_ahead"], sign * plan["rub_apart"], plan["rub_up"]], axis=1)
    )
