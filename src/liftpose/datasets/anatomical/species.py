"""Which model stands for which species, what its parts are called, and how freely they move."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from liftpose.datasets.simulated.recording import COLORS
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


@dataclass(frozen=True)
class Freedom:
    """How freely some joints of a model move.

    Parameters
    ----------
    joints : str
        Regular expression of the joints' names, matched from the beginning.
    spread : float
        Standard deviation of the logit of the joint's share of its range.
    seconds : float
        Over which a joint's angle changes.
    together : bool
        Whether joints of one kind (``extend``, ``bend``, ``twist``) mostly move together, as those
        of a spine do.
    rest : float
        By how much the logit at rest differs from the model's own posture.
    """

    joints: str
    spread: float
    seconds: float
    together: bool = False
    rest: float = 0.0


@dataclass(frozen=True)
class Species:
    """An animal to sample poses of.

    Parameters
    ----------
    model : str
        File below the folder of `dm_control`'s walkers.
    landmarks : dict of str to Landmark
        By the names that joints have in the poses.
    skeleton : Skeleton
        Of those joints.
    feet : tuple of str
        Landmarks that stand on the ground.
    length : tuple of two str
        The two landmarks whose distance at rest is the length of the body.
    scale : float or None
        Millimetres of one unit of the model; None where `millimetres` decides.
    millimetres : float or None
        Length of the body that the model is scaled to.
    freedoms : tuple of Freedom
        The first that fits a joint counts; joints that none fits stay at rest.
    """

    model: str
    landmarks: dict[str, Landmark]
    skeleton: Skeleton
    feet: tuple[str, ...]
    length: tuple[str, str]
    scale: float | None
    millimetres: float | None
    freedoms: tuple[Freedom, ...]


_SIDES = {"left": "L", "right": "R"}
_FRONT, _HIND = (
    ("shoulder", "elbow", "wrist", "front_paw"),
    ("hip", "knee", "ankle", "hind_paw"),
)
_SPINE = ("nose", "nape", "withers", "spine_mid", "tail_base", "tail_mid", "tail_tip")
_PAWS = tuple(f"{side}_{paw}" for side in _SIDES for paw in ("front_paw", "hind_paw"))


def _ears(part: str, ahead: float, aside: float, up: float) -> dict[str, Landmark]:
    # The models have no ears; these lie where the skull's shape leaves room for them.
    return {
        "left_ear": Landmark("body", part, (ahead, aside, up)),
        "right_ear": Landmark("body", part, (ahead, -aside, up)),
    }


def _legs(kind: Literal["body", "site"], parts: tuple[str, ...]) -> dict[str, Landmark]:
    names = (*_FRONT, *_HIND)
    return {
        f"{side}_{name}": Landmark(
            "site" if name.endswith("paw") else kind, f"{part}_{_SIDES[side]}"
        )
        for side in _SIDES
        for name, part in zip(names, parts, strict=True)
    }


def _mammal_skeleton() -> Skeleton:
    trunk = ("nose", "left_ear", "right_ear", *_SPINE[1:])
    legs = [
        (side, end, leg)
        for side in _SIDES
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
        limbs=[trunk[:4], trunk[4:], *named],
        colors=COLORS,
        pairs=[(name, name.replace("left", "right")) for name in joints if "left" in name],
        rigid=[*head, *stiff],
        unit="mm",
    )


_LEG_OF_FLY = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
_PARTS_OF_FLY = ("coxa", "femur", "tibia", "tarsus", "claw")
_PLACES_OF_FLY = {"front": "T1", "mid": "T2", "hind": "T3"}


def _fly_landmarks() -> dict[str, Landmark]:
    return {
        f"{side}_{place}_{name}": Landmark(
            "site" if part == "claw" else "body", f"{part}_{segment}_{side}"
        )
        for side in _SIDES
        for place, segment in _PLACES_OF_FLY.items()
        for name, part in zip(_LEG_OF_FLY, _PARTS_OF_FLY, strict=True)
    } | {
        "neck": Landmark("body", "head"),
        "left_antenna": Landmark("body", "antenna_left"),
        "right_antenna": Landmark("body", "antenna_right"),
        "abdomen_tip": Landmark("geom", "abdomen_7_collision"),
    }


def _fly_skeleton() -> Skeleton:
    joints = list(_fly_landmarks())
    legs = [joints[start : start + 5] for start in range(0, 30, 5)]
    body = joints[30:]
    # Six legs and a trunk share six colours: the trunk goes with the first leg's.
    return Skeleton(
        joints,
        bones=[
            *(bone for leg in legs for bone in pairwise(leg)),
            *[("neck", "left_antenna"), ("neck", "right_antenna"), ("neck", "abdomen_tip")],
        ],
        roots=[leg[0] for leg in legs],
        target_sets=[leg[1:] + (body if number == 0 else []) for number, leg in enumerate(legs)],
        limbs=[*legs, body],
        colors=(*COLORS, COLORS[0]),
        pairs=[
            (name, name.replace("left", "right", 1)) for name in joints if name.startswith("left")
        ],
        rigid=[bone for leg in legs for bone in pairwise(leg[:4])],
        unit="mm",
    )


_RODENT_LANDMARKS = {
    "nose": Landmark("geom", "skull_T0_collision"),
    **_ears("skull", -0.014, 0.0135, 0.011),
    "nape": Landmark("body", "vertebra_atlant"),
    "withers": Landmark("body", "torso", (0.006, 0.0, 0.02)),
    "spine_mid": Landmark("body", "vertebra_3"),
    "tail_base": Landmark("body", "vertebra_C1"),
    "tail_mid": Landmark("body", "vertebra_C14"),
    "tail_tip": Landmark("body", "vertebra_C30"),
    **_legs("site", ("shoulder", "elbow", "wrist", "palm", "hip", "knee", "ankle", "sole")),
}
_DOG_LANDMARKS = {
    "nose": Landmark("geom", "skull4_collision"),
    **_ears("skull", -0.04, 0.045, 0.045),
    "nape": Landmark("body", "C_1"),
    "withers": Landmark("body", "torso", (0.08, 0.0, 0.16)),
    "spine_mid": Landmark("body", "L_1"),
    "tail_base": Landmark("body", "Ca_1"),
    "tail_mid": Landmark("body", "Ca_11"),
    "tail_tip": Landmark("site", "tail_tip"),
    **_legs(
        "body",
        ("upper_arm", "lower_arm", "hand", "palm", "upper_leg", "lower_leg", "foot", "sole"),
    ),
}
_LIMBS = "(scapula|shoulder|elbow|wrist|finger|hip|knee|ankle|toe)_"


def _rodent(millimetres: float | None) -> Species:
    return Species(
        model="rodent.xml",
        landmarks=_RODENT_LANDMARKS,
        skeleton=_mammal_skeleton(),
        feet=_PAWS,
        length=("nose", "tail_base"),
        scale=1000.0 if millimetres is None else None,
        millimetres=millimetres,
        freedoms=(
            Freedom("vertebra_C[0-9]+_extend", 0.25, 0.4, together=True, rest=0.35),
            Freedom("vertebra_C[0-9]+_", 0.5, 0.4, together=True),
            Freedom("vertebra_(cervical|axis|atlant)|atlas", 0.5, 0.3, together=True),
            Freedom("vertebra_[0-9]", 0.5, 0.5, together=True),
            Freedom(_LIMBS, 0.6, 0.12),
        ),
    )


SPECIES: dict[str, Species] = {
    "mouse": _rodent(85.0),
    "rat": _rodent(None),
    "dog": Species(
        model="dog_v2/dog.xml",
        landmarks=_DOG_LANDMARKS,
        skeleton=_mammal_skeleton(),
        feet=_PAWS,
        length=("nose", "tail_base"),
        scale=1000.0,
        millimetres=None,
        freedoms=(
            Freedom("Ca_[0-9]+_extend", 0.3, 0.4, together=True, rest=0.5),
            Freedom("Ca_", 0.5, 0.4, together=True),
            Freedom("C_|atlas", 0.3, 0.5, together=True),
            Freedom("L_", 0.3, 0.5, together=True),
            Freedom(_LIMBS, 0.5, 0.15),
        ),
    ),
    "fly": Species(
        model="fruitfly_v2/fruitfly.xml",
        landmarks=_fly_landmarks(),
        skeleton=_fly_skeleton(),
        feet=tuple(name for name in _fly_landmarks() if name.endswith("claw")),
        length=("neck", "abdomen_tip"),
        scale=10.0,  # the model is in centimetres
        millimetres=None,
        freedoms=(
            Freedom("head", 0.4, 0.3),
            Freedom("antenna|abdomen", 0.4, 0.3, together=True),
            Freedom("(coxa|femur|tibia|tarsus)", 0.3, 0.08),
        ),
    ),
}
"""Every species by its name; the mouse is the rat's skeleton at a mouse's size."""
