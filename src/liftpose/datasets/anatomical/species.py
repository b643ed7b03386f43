"""Which model stands for which species, how freely its parts move, and what it does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from liftpose.datasets.anatomical.behaviours import DOG, FLY, FLY_STANDS, MAMMAL_STANDS, RODENT
from liftpose.datasets.anatomical.landmarks import (
    DOG_LANDMARKS,
    MOUSE_LANDMARKS,
    PAIRS_OF_FLY,
    PAWS,
    RODENT_LANDMARKS,
    Landmark,
    fly_landmarks,
    fly_skeleton,
    mammal_skeleton,
)
from liftpose.datasets.anatomical.plan import Behaviour, Vary
from liftpose.skeleton import Skeleton


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
    """

    joints: str
    spread: float
    seconds: float
    together: bool = False


@dataclass(frozen=True)
class Segment:
    """A part of the body that is larger or smaller in some animals, on both sides alike.

    Parameters
    ----------
    bodies : str
        Regular expression of the bodies whose distance from the one before grows with it.
    factor : float
        Times as long as in the model, on average.
    spread : float
        Standard deviation of its logarithm, from animal to animal.
    landmarks : str
        Regular expression of the landmarks whose distance from their body grows with it.
    """

    bodies: str
    factor: float = 1.0
    spread: float = 0.06
    landmarks: str = "$"


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
    trunk : str
        Body that carries all others.
    build : {"mammal", "insect"}
        How it is put on its feet.
    neutral : mapping of str to Vary
        Posture, and of which numbers it consists.
    behaviours : mapping of str to Behaviour
        What it does.
    segments : tuple of Segment
        What differs from animal to animal.
    surface : tuple of str
        Landmarks on the skin, of which no tracker's are in quite the same place.
    variety : float
        How much its animals and their trackers vary, beside mammals; see
        `liftpose.library.variation.Variation`.
    may_touch : tuple of pair of str
        Regular expressions of bodies that may reach into each other.
    parts : mapping of str to str
        Regular expressions of joints: ``spine``, ``neck``, ``tail``, and ``fore`` and ``hind``
        with the side to be put in; and ``neck_base``, a body.
    """

    model: str
    landmarks: dict[str, Landmark]
    skeleton: Skeleton
    feet: tuple[str, ...]
    length: tuple[str, str]
    scale: float | None
    millimetres: float | None
    freedoms: tuple[Freedom, ...]
    trunk: str
    build: Literal["mammal", "insect"]
    neutral: Mapping[str, Vary]
    behaviours: Mapping[str, Behaviour]
    segments: tuple[Segment, ...]
    surface: tuple[str, ...]
    variety: float = 1.0
    may_touch: tuple[tuple[str, str], ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)

    def freedom(self, joint: str) -> Freedom | None:
        """Give what is known of a joint."""
        return next((one for one in self.freedoms if re.match(one.joints, joint)), None)


_LIMBS = "(scapula|shoulder|elbow|wrist|finger|hip|knee|ankle|toe)_"
_FORE_LEG, _HIND_LEG = "(scapula|shoulder|elbow|wrist|finger)", "(hip|knee|ankle|toe)"
_TRUNK_SURFACE = (
    *("nose", "left_ear", "right_ear", "nape", "neck_base"),
    *("withers", "spine_mid", "tail_base"),
)
_SEGMENTS = (
    Segment("skull", landmarks="nose|left_ear|right_ear"),
    Segment("vertebra_(cervical|axis|atlant)|C_[0-9]"),
    Segment("scapula|vertebra_[0-9]|L_[0-9]|pelvis", landmarks="withers"),
    Segment("vertebra_C[0-9]|Ca_", spread=0.1),
    Segment("upper_arm"),
    Segment("lower_arm"),
    Segment("hand"),
    Segment("finger", landmarks=".*front_paw"),
    Segment("upper_leg"),
    Segment("lower_leg"),
    Segment("foot"),
    Segment("toe", landmarks=".*hind_paw"),
)


def _parts(spine: str, neck: str, tail: str, base: str) -> dict[str, str]:
    return {
        "spine": spine,
        "neck": neck,
        "tail": tail,
        "neck_base": base,
        "fore": _FORE_LEG + "_.*{side}",
        "hind": _HIND_LEG + "_.*{side}",
    }


def _rodent(millimetres: float | None, landmarks: dict[str, Landmark]) -> Species:
    return Species(
        model="rodent.xml",
        landmarks=landmarks,
        skeleton=mammal_skeleton(),
        feet=PAWS,
        length=("nose", "tail_base"),
        scale=1000.0 if millimetres is None else None,
        millimetres=millimetres,
        freedoms=(
            Freedom("vertebra_C[0-9]+_", 0.2, 0.4, together=True),
            Freedom("vertebra_(cervical|axis|atlant)|atlas", 0.2, 0.3, together=True),
            Freedom("vertebra_[0-9]", 0.15, 0.5, together=True),
            Freedom(_LIMBS, 0.3, 0.3),
        ),
        trunk="torso",
        build="mammal",
        neutral=MAMMAL_STANDS,
        behaviours=RODENT,
        segments=_SEGMENTS,
        surface=_TRUNK_SURFACE,
        may_touch=(
            ("hand|finger|lower_arm", "skull|jaw"),
            ("hand|finger", "hand|finger"),
            # Cheeks lie on shoulders, and a tail between hind legs.
            ("skull|jaw", "scapula|upper_arm|torso|vertebra_cervical"),
            ("vertebra_C", "pelvis|lower_leg|foot|toe"),
            # Thighs and shanks lie on the flanks.
            ("torso|vertebra_[3-6]", "upper_leg|lower_leg"),
        ),
        parts=_parts(
            "vertebra_[0-9]",
            "vertebra_(cervical|axis|atlant)|atlas",
            "vertebra_C[0-9]",
            "vertebra_cervical_5",
        ),
    )


_DOG_NEUTRAL = dict(MAMMAL_STANDS) | {
    "hips": Vary(0.56, 0.025, 0.008),
    "shoulders": Vary(0.53, 0.025, 0.008),
    "heel": Vary(70, 8, 2),
    "heel_lifts": Vary(25),
    "flex": Vary(-0.05, 0.12, 0.05),
    "bend": Vary(0, 0.3, 0.15),
    "twist": Vary(0, 0.15, 0.1),
    "neck_pitch": Vary(35, 20, 6),
    "head_pitch": Vary(-10, 15, 6),
    "tail_pitch": Vary(-30, 30, 5),
    "tip_pitch": Vary(-30, 35, 8),
    "lift": Vary(0.09, 0.02, 0),
    # The model rests with its hind paws far behind; dogs stand with them below the rump.
    "hind_ahead": Vary(0.14, 0.05, 0.01),
}

SPECIES: dict[str, Species] = {
    "mouse": _rodent(85.0, MOUSE_LANDMARKS),
    "rat": _rodent(None, RODENT_LANDMARKS),
    "dog": Species(
        model="dog_v2/dog.xml",
        landmarks=DOG_LANDMARKS,
        skeleton=mammal_skeleton(),
        feet=PAWS,
        length=("nose", "tail_base"),
        scale=1000.0,
        millimetres=None,
        freedoms=(
            Freedom("Ca_", 0.2, 0.4, together=True),
            Freedom("C_|atlas", 0.1, 0.5, together=True),
            Freedom("L_", 0.1, 0.5, together=True),
            Freedom(_LIMBS, 0.25, 0.3),
        ),
        trunk="torso",
        build="mammal",
        neutral=_DOG_NEUTRAL,
        behaviours=DOG,
        segments=_SEGMENTS,
        surface=_TRUNK_SURFACE,
        may_touch=(
            ("Ca_", "pelvis|upper_leg|lower_leg|foot"),
            ("torso", "upper_leg"),
            ("C_|skull|jaw", "upper_arm|scapula|torso"),
        ),
        parts=_parts("L_", "C_|atlas", "Ca_", "C_7"),
    ),
    "fly": Species(
        model="fruitfly_v2/fruitfly.xml",
        landmarks=fly_landmarks(),
        skeleton=fly_skeleton(),
        feet=tuple(name for name in fly_landmarks() if name.endswith("claw")),
        length=("neck", "abdomen_tip"),
        scale=10.0,  # the model is in centimetres
        millimetres=None,
        freedoms=(
            Freedom("head", 0.4, 0.3),
            Freedom("antenna|abdomen", 0.4, 0.3, together=True),
            Freedom("(coxa|femur|tibia|tarsus)", 0.4, 0.15),
        ),
        trunk="thorax",
        build="insect",
        neutral=FLY_STANDS,
        behaviours=FLY,
        segments=(
            Segment("head|abdomen"),
            *(
                Segment(f"{part}_{segment}")
                for part in ("coxa", "femur", "tibia", "tarsus_")
                for segment in PAIRS_OF_FLY.values()
            ),
            *(Segment(f"(tarsus[2-4]|claw)_{segment}") for segment in PAIRS_OF_FLY.values()),
        ),
        # Joints of a fly are seen, and not hidden under a skin with fur; and flies are alike.
        variety=0.25,
        surface=("neck", "left_antenna", "right_antenna", "abdomen_tip"),
        may_touch=(
            (".*_T1_", "head|antenna|rostrum|haustellum|labrum|.*_T1_"),
            (".*_T3_", "abdomen|wing|.*_T3_"),
        ),
    ),
}
"""Every species by its name; the mouse is the rat's skeleton at a mouse's size."""
