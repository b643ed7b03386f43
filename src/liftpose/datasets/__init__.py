"""Poses to learn and to try things on."""

from liftpose.datasets.libraries import Library, library
from liftpose.datasets.published import (
    Published,
    angle_invariant_fly,
    capture_rat,
    open_monkey,
    prism_fly,
    prism_mouse,
    tethered_fly,
)
from liftpose.datasets.simulated import ANIMALS, Recording, hexapod, mouse, quadruped

__all__ = [
    "ANIMALS",
    "Library",
    "Published",
    "Recording",
    "angle_invariant_fly",
    "capture_rat",
    "hexapod",
    "library",
    "mouse",
    "open_monkey",
    "prism_fly",
    "prism_mouse",
    "quadruped",
    "tethered_fly",
]
