"""Poses to learn and to try things on."""

from liftpose.datasets.simulated import ANIMALS, Recording, hexapod, mouse, quadruped

__all__ = ["ANIMALS", "Recording", "hexapod", "mouse", "quadruped"]
