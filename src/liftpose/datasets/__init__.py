"""Poses to learn and to try things on."""

from liftpose.datasets.libraries import Library, library
from liftpose.datasets.simulated import ANIMALS, Recording, hexapod, mouse, quadruped

__all__ = ["ANIMALS", "Library", "Recording", "hexapod", "library", "mouse", "quadruped"]
