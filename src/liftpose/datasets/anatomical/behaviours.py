"""Postures and behaviours of animals, in numbers."""

from __future__ import annotations

from collections.abc import Mapping

from liftpose.datasets.anatomical.plan import Behaviour, Vary

_LEGS_OF_FLY = ("front", "mid", "hind")

MAMMAL_STANDS: Mapping[str, Vary] = {
    # Heights of the middle of hips and shoulders above the ground, in body lengths.
    "hips": Vary(0.23, 0.025, 0.008),
    "shoulders": Vary(0.21, 0.025, 0.008),
    "roll": Vary(0, 2, 2),
    # Logits of the joints of the spine: arched up where negative, to the left or right.
    "flex": Vary(-0.3, 0.4, 0.2),
    "bend": Vary(0, 0.6, 0.3),
    "twist": Vary(0, 0.3, 0.2),
    # Degrees above the horizon and to the left, of the neck, and of the head from there.
    "neck_pitch": Vary(15, 12, 6),
    "neck_yaw": Vary(0, 15, 8),
    "head_pitch": Vary(-15, 12, 6),
    "head_yaw": Vary(0, 15, 8),
    "stretch": Vary(0.95, 0.04, 0.02),
    "tail_pitch": Vary(-15, 8, 4),
    "tail_yaw": Vary(0, 25, 8),
    "tip_pitch": Vary(-3, 6, 3),
    "tip_yaw": Vary(0, 40, 12),
    "stride": Vary(0),
    "rate": Vary(2.0),
    "duty": Vary(0.65),
    "lift": Vary(0.06),
    # Degrees by which ankles are higher than hind paws, and how much that grows within a stride.
    "heel": Vary(12, 8, 2),
    "heel_lifts": Vary(40),
    # Share by which thighs are folded forward, as on the haunches.
    "folded": Vary(0),
    "hind_lag": Vary(0.25),
    "right_lag": Vary(0.5),
    # Body lengths from where feet are below hips and shoulders at rest.
    "fore_ahead": Vary(0, 0.03, 0.01),
    "hind_ahead": Vary(0, 0.03, 0.01),
    "fore_wide": Vary(0, 0.015, 0.005),
    "hind_wide": Vary(0, 0.02, 0.005),
    "split_fore": Vary(0, 0.04, 0),
    "split_hind": Vary(0, 0.04, 0),
    # Shares by which fore paws are in the air, or at the face.
    "hang": Vary(0),
    "hang_ahead": Vary(0.08, 0.03, 0.02),
    "hang_below": Vary(0.14, 0.03, 0.015),
    "face": Vary(0),
    "strokes": Vary(5, 1.0, 0),
}

RODENT: Mapping[str, Behaviour] = {
    "stand": Behaviour(0.16, (0.8, 2.5), {}),
    "crouch": Behaviour(
        0.2,
        (1.0, 3.0),
        {
            "hips": Vary(0.19, 0.025, 0.006),
            "shoulders": Vary(0.19, 0.025, 0.006),
            "flex": Vary(-0.9, 0.5, 0.1),
            "neck_pitch": Vary(5, 15, 4),
            "head_pitch": Vary(-20, 12, 4),
            "stretch": Vary(0.9, 0.05, 0.02),
        },
    ),
    "walk": Behaviour(
        0.22,
        (0.8, 2.5),
        {
            "stride": Vary(0.32, 0.06, 0.02),
            "rate": Vary(2.5, 0.7, 0.2),
            "duty": Vary(0.65, 0.04, 0),
            "hind_lag": Vary(0.3, 0.06, 0.02),
            "split_fore": Vary(0),
            "split_hind": Vary(0),
        },
    ),
    "trot": Behaviour(
        0.1,
        (0.6, 1.5),
        {
            "hips": Vary(0.28, 0.02, 0.008),
            "shoulders": Vary(0.24, 0.02, 0.008),
            "flex": Vary(0.1, 0.3, 0.1),
            "stride": Vary(0.45, 0.06, 0.02),
            "rate": Vary(4.5, 0.7, 0.2),
            "duty": Vary(0.5, 0.04, 0),
            "hind_lag": Vary(0.5, 0.02, 0.01),
            "neck_yaw": Vary(0, 8, 5),
            "tail_pitch": Vary(-5, 8, 4),
            "split_fore": Vary(0),
            "split_hind": Vary(0),
        },
    ),
    "sniff": Behaviour(
        0.12,
        (0.8, 2.5),
        {
            "shoulders": Vary(0.18, 0.025, 0.01),
            "neck_pitch": Vary(-30, 12, 6),
            "head_pitch": Vary(-45, 12, 8),
            "head_yaw": Vary(0, 20, 12),
            "stretch": Vary(0.98, 0.03, 0.02),
        },
    ),
    "rear": Behaviour(
        0.14,
        (0.8, 2.5),
        {
            "hips": Vary(0.24, 0.03, 0.01),
            "shoulders": Vary(0.62, 0.1, 0.02),
            "flex": Vary(-0.2, 0.7, 0.2),
            "neck_pitch": Vary(45, 20, 8),
            "head_pitch": Vary(10, 25, 10),
            "hind_ahead": Vary(0.12, 0.04, 0.01),
            "hang": Vary(1.0),
            "tail_pitch": Vary(-25, 8, 4),
        },
    ),
    "groom": Behaviour(
        0.12,
        (1.0, 3.0),
        {
            "hips": Vary(0.2, 0.02, 0.005),
            "shoulders": Vary(0.47, 0.05, 0.01),
            "flex": Vary(-1.2, 0.4, 0.1),
            "neck_pitch": Vary(0, 12, 5),
            "head_pitch": Vary(-50, 10, 6),
            "stretch": Vary(0.9, 0.04, 0.02),
            "hind_ahead": Vary(0.12, 0.04, 0.005),
            "folded": Vary(1.0),
            "face": Vary(1.0),
            "hang": Vary(1.0),
        },
    ),
    "turn": Behaviour(
        0.08,
        (0.5, 1.2),
        {
            "bend": Vary(0, 2.0, 0.3),
            "neck_yaw": Vary(0, 40, 10),
            "head_yaw": Vary(0, 55, 10),
            "stride": Vary(0.2, 0.05, 0.02),
            "rate": Vary(2.5, 0.5, 0.1),
            "tail_yaw": Vary(0, 40, 8),
        },
    ),
}
"""What rats and mice do.

Heights, angles, rates and how often each is done are after general knowledge of the animals, and
chosen by eye; the papers are for what is done, not for the numbers.

References
----------
A. A. Biewener, "Scaling body support in mammals: limb posture and muscle mechanics", Science 245
(1989) 45-48: small mammals stand and walk on crouched limbs. K. C. Berridge et al., "Sequential
super-stereotypy of an instinctive fixed action pattern in hyper-dopaminergic mutant mice", BMC
Biology 3 (2005) 4, figure 1: strokes of the fore paws over the face. C. Bellardita, O. Kiehn,
"Phenotypic characterization of speed-associated gait changes in mice reveals modular organization
of locomotor networks", Curr. Biol. 25 (2015) 1426-1436: walk and trot.
"""

DOG: Mapping[str, Behaviour] = {
    "stand": Behaviour(0.2, (0.8, 2.5), {}),
    "walk": Behaviour(
        0.25,
        (1.0, 3.0),
        {
            "stride": Vary(0.45, 0.08, 0.03),
            "rate": Vary(1.2, 0.25, 0.1),
            "duty": Vary(0.62, 0.04, 0),
            "hind_lag": Vary(0.22, 0.05, 0.02),
            "split_fore": Vary(0),
            "split_hind": Vary(0),
        },
    ),
    "trot": Behaviour(
        0.15,
        (0.8, 2.0),
        {
            "stride": Vary(0.55, 0.08, 0.03),
            "rate": Vary(2.2, 0.3, 0.1),
            "duty": Vary(0.47, 0.04, 0),
            "hind_lag": Vary(0.5, 0.03, 0.01),
            "split_fore": Vary(0),
            "split_hind": Vary(0),
        },
    ),
    "gallop": Behaviour(
        0.08,
        (0.8, 1.5),
        {
            "stride": Vary(0.75, 0.1, 0.03),
            "rate": Vary(2.6, 0.3, 0.1),
            "duty": Vary(0.35, 0.04, 0),
            "hind_lag": Vary(0.5, 0.08, 0.02),
            "right_lag": Vary(0.15, 0.06, 0.02),
            "lift": Vary(0.12, 0.02, 0),
            "flex": Vary(0.0, 0.15, 0.15),
        },
    ),
    "sit": Behaviour(
        0.12,
        (1.0, 3.0),
        {
            "hips": Vary(0.16, 0.03, 0.005),
            "shoulders": Vary(0.5, 0.03, 0.005),
            "flex": Vary(-0.3, 0.2, 0.05),
            "heel": Vary(25, 8, 1),
            "fore_ahead": Vary(-0.05, 0.05, 0.005),
            "hind_ahead": Vary(0.26, 0.04, 0.005),
            "folded": Vary(1.0),
            "hind_wide": Vary(0.05, 0.03, 0.005),
            "tail_pitch": Vary(-10, 10, 4),
        },
    ),
    "lie": Behaviour(
        0.1,
        (1.0, 3.0),
        {
            "hips": Vary(0.16, 0.03, 0.005),
            "shoulders": Vary(0.2, 0.03, 0.005),
            "flex": Vary(-0.1, 0.2, 0.05),
            "bend": Vary(0, 0.5, 0.1),
            "heel": Vary(25, 8, 1),
            "fore_ahead": Vary(0.2, 0.06, 0.005),
            "hind_ahead": Vary(0.22, 0.05, 0.005),
            "folded": Vary(1.0),
            "hind_wide": Vary(0.06, 0.03, 0.005),
            "tail_pitch": Vary(-5, 8, 4),
        },
    ),
    "sniff": Behaviour(
        0.1,
        (0.8, 2.5),
        {
            "shoulders": Vary(0.5, 0.03, 0.01),
            "neck_pitch": Vary(-40, 12, 6),
            "head_pitch": Vary(-55, 12, 8),
            "stretch": Vary(1.0, 0.03, 0.02),
        },
    ),
}
"""What dogs do.

All numbers, and all but the order of feet in walk and trot, are after general knowledge of dogs.

References
----------
M. Hildebrand, "Symmetrical gaits of dogs in relation to body build", J. Morphol. 124 (1968) 353:
walk and trot.
"""


FLY_STANDS: Mapping[str, Vary] = {
    # Heights of the hips of front and hind legs above the ground, in body lengths.
    "front": Vary(0.40, 0.04, 0.012),
    "hind": Vary(0.36, 0.04, 0.012),
    "roll": Vary(0, 3, 2),
    "stride": Vary(0),
    "rate": Vary(5.0),
    "duty": Vary(0.65),
    "lift": Vary(0.12, 0.03, 0),
    "lag": Vary(0.5),
    # Body lengths from where claws are at rest.
    **{f"{pair}_ahead": Vary(0, 0.1, 0.02) for pair in _LEGS_OF_FLY},
    **{f"{pair}_wide": Vary(0, 0.08, 0.02) for pair in _LEGS_OF_FLY},
    **{f"{pair}_split": Vary(0, 0.08, 0) for pair in _LEGS_OF_FLY},
    # Shares by which front legs clean the head or each other, and hind legs the abdomen or each
    # other.
    "rub_front": Vary(0),
    "rub_hind": Vary(0),
    "rub_ahead": Vary(0.0, 0.06, 0.01),
    "rub_up": Vary(0.0, 0.08, 0.01),
    "rub_apart": Vary(0.03, 0.02, 0.005),
    "strokes": Vary(6, 1, 0),
}

FLY: Mapping[str, Behaviour] = {
    "stand": Behaviour(0.15, (0.5, 1.5), {}),
    "tripod": Behaviour(
        0.3,
        (0.5, 2.0),
        {
            "stride": Vary(0.5, 0.12, 0.04),
            "rate": Vary(9, 2, 0.5),
            "duty": Vary(0.58, 0.04, 0),
            "lag": Vary(0.5, 0.03, 0.01),
        },
    ),
    "tetrapod": Behaviour(
        0.2,
        (0.5, 2.0),
        {
            "stride": Vary(0.4, 0.1, 0.03),
            "rate": Vary(5, 1.5, 0.5),
            "duty": Vary(0.7, 0.04, 0),
            "lag": Vary(0.36, 0.04, 0.01),
        },
    ),
    "groom_front": Behaviour(0.2, (0.8, 2.5), {"rub_front": Vary(1), "front": Vary(0.42, 0.04)}),
    "groom_hind": Behaviour(
        0.15, (0.8, 2.5), {"rub_hind": Vary(1), "hind": Vary(0.42, 0.04), "front": Vary(0.36, 0.04)}
    ),
}
"""What flies do.

Which legs clean what, and all numbers, are after general knowledge of flies.

References
----------
C. S. Mendes et al., "Quantification of gait parameters in freely walking wild type and sensory
deprived Drosophila melanogaster", eLife 2 (2013) e00231: the tripod gait.
"Static stability predicts the continuum of interleg coordination patterns in Drosophila", J. Exp.
Biol. 221 (2018) jeb189142: more like a tetrapod the slower they walk. A. M. Seeds et al., "A
suppression hierarchy among competing motor programs drives sequential grooming in Drosophila",
eLife 3 (2014) e02951: parts of the body are cleaned one after the other.
"""
