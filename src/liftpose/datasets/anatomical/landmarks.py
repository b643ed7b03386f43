"""What the parts of models are called by those who track animals, and how they hang together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from liftpose.datasets.simulated.recording import (
    FOUR_LEGGED_COLORS,
    LEFT_COLORS,
    RIGHT_COLORS,
    TRUNK_COLORS,
)
from liftpose.skeleton import Skeleton

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Landmark:
    """A named point of a model.

    Parameters
    ----------
    kind : {"body", "site", "geom"}
        What marks it: where a body is joined to the one before, a marked place, or the middle of
        a simple shape.
    part : str
        The model's name of that.
    offset : tuple of three float
        From there, in the frame of the body, in the model's unit.
    """

    kind: Literal["body", "site", "geom"]
    part: str
    offset: Place = (0.0, 0.0, 0.0)


SIDES = {"left": "L", "right": "R"}
_FRONT, _HIND = (
    ("shoulder", "elbow", "wrist", "front_paw"),
    ("hip", "knee", "ankle", "hind_paw"),
)
_SPINE = ("nose", "nape", "neck_base", "withers", "spine_mid", "tail_base", "tail_mid", "tail_tip")
PAWS = tuple(f"{side}_{paw}" for side in SIDES for paw in ("front_paw", "hind_paw"))


def _ears(part: str, ahead: float, aside: float, up: float) -> dict[str, Landmark]:
    # The models have no ears; these lie where the skull's shape leaves room for them.
    return {
        "left_ear": Landmark("body", part, (ahead, aside, up)),
        "right_ear": Landmark("body", part, (ahead, -aside, up)),
    }


def _legs(*parts: str) -> dict[str, Landmark]:
    names = (*_FRONT, *_HIND)
    return {
        f"{side}_{name}": Landmark(
            "site" if name.endswith("paw") else "body", f"{part}_{SIDES[side]}"
        )
        for side in SIDES
        for name, part in zip(names, parts, strict=True)
    }


def mammal_skeleton() -> Skeleton:
    """Give the skeleton of the landmarks of a mammal."""
    trunk = ("nose", "left_ear", "right_ear", *_SPINE[1:])
    legs = [
        (side, end, leg)
        for side in SIDES
        for end, leg in (("withers", _FRONT), ("tail_base", _HIND))
    ]
    named = [[f"{side}_{name}" for name in leg] for side, _, leg in legs]
    head = [("nose", "left_ear"), ("nose", "right_ear"), ("left_ear", "right_ear")]
    # The last bone of a leg spans the joint of the toes.
    stiff = [bone for leg in named for bone in pairwise(leg[:3])]
    chains = [_SPINE, *([end, *leg] for (_, end, _), leg in zip(legs, named, strict=True))]
    joints = [*trunk, *(name for leg in named for name in leg)]
    return Skeleton(
        joints,
        bones=[*head, *(b for chain in chains for b in pairwise(chain))],
        roots=["tail_base"],
        target_sets=[[name for name in joints if name != "tail_base"]],
        limbs=[trunk[:5], trunk[5:], *named],
        colors=FOUR_LEGGED_COLORS,
        pairs=[(name, name.replace("left", "right")) for name in joints if "left" in name],
        rigid=[*head, *stiff],
        unit="mm",
    )


_LEG_OF_FLY = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
_PARTS_OF_FLY = ("coxa", "femur", "tibia", "tarsus", "claw")
PAIRS_OF_FLY = {"front": "T1", "mid": "T2", "hind": "T3"}


def fly_landmarks() -> dict[str, Landmark]:
    """Give the landmarks of a fly by name."""
    return {
        f"{side}_{place}_{name}": Landmark(
            "site" if part == "claw" else "body", f"{part}_{segment}_{side}"
        )
        for side in SIDES
        for place, segment in PAIRS_OF_FLY.items()
        for name, part in zip(_LEG_OF_FLY, _PARTS_OF_FLY, strict=True)
    } | {
        "neck": Landmark("body", "head"),
        "left_antenna": Landmark("body", "antenna_left"),
        "right_antenna": Landmark("body", "antenna_right"),
        "abdomen_tip": Landmark("geom", "abdomen_7_collision"),
    }


def fly_skeleton() -> Skeleton:
    """Give the skeleton of the landmarks of a fly."""
    joints = list(fly_landmarks())
    legs = [joints[start : start + 5] for start in range(0, 30, 5)]
    body = joints[30:]
    return Skeleton(
        joints,
        bones=[
            *(bone for leg in legs for bone in pairwise(leg)),
            *[("neck", "left_antenna"), ("neck", "right_antenna"), ("neck", "abdomen_tip")],
        ],
        roots=[leg[0] for leg in legs],
        target_sets=[leg[1:] + (body if number == 0 else []) for number, leg in enumerate(legs)],
        limbs=[*legs, body],
        colors=(*LEFT_COLORS, *RIGHT_COLORS, TRUNK_COLORS[0]),
        pairs=[
            (name, name.replace("left", "right", 1)) for name in joints if name.startswith("left")
        ],
        rigid=[bone for leg in legs for bone in pairwise(leg[:4])],
        unit="mm",
    )


# A joint is where the body behind it begins.
_LEGS = _legs(
    *("upper_arm", "lower_arm", "hand", "palm"), *("upper_leg", "lower_leg", "foot", "sole")
)
RODENT_LANDMARKS = {
    "nose": Landmark("geom", "skull_T0_collision"),
    **_ears("skull", -0.014, 0.0135, 0.011),
    "nape": Landmark("body", "vertebra_atlant"),
    "neck_base": Landmark("body", "vertebra_cervical_5"),
    "withers": Landmark("body", "torso", (0.014, 0.0, 0.019)),
    "spine_mid": Landmark("body", "vertebra_3"),
    "tail_base": Landmark("body", "vertebra_C1"),
    "tail_mid": Landmark("body", "vertebra_C14"),
    "tail_tip": Landmark("body", "vertebra_C30"),
    **_LEGS,
}
# A mouse's ears are large for its head: their middle is further out and up than a rat's.
MOUSE_LANDMARKS = RODENT_LANDMARKS | _ears("skull", -0.014, 0.021, 0.018)
DOG_LANDMARKS = {
    "nose": Landmark("geom", "skull4_collision"),
    **_ears("skull", -0.04, 0.045, 0.045),
    "nape": Landmark("body", "C_1"),
    "neck_base": Landmark("body", "C_7"),
    "withers": Landmark("body", "torso", (0.08, 0.0, 0.16)),
    "spine_mid": Landmark("body", "L_1"),
    "tail_base": Landmark("body", "Ca_1"),
    "tail_mid": Landmark("body", "Ca_11"),
    "tail_tip": Landmark("site", "tail_tip"),
    **_LEGS,
}
