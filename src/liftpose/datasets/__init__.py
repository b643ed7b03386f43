"""Poses to learn and to try things on."""

from liftpose.datasets.simulated import Recording, hexapod

__all__ = ["Recording", "hexapod"]
