"""Simulated animals: poses whose 3D is known exactly, seen by several cameras.

A simulated animal has bones of fixed length, feet that stand still while they carry it, and
cameras that lose joints behind the body. It is for trying things out and for tests; how well a
lifter does on it says nothing about a real animal.
"""

from collections.abc import Callable

from liftpose.datasets.simulated.hexapod import hexapod
from liftpose.datasets.simulated.mouse import mouse
from liftpose.datasets.simulated.quadruped import quadruped
from liftpose.datasets.simulated.recording import Recording

#: Every simulated animal by its name: functions of `frames`, `seed` and `animal`.
ANIMALS: dict[str, Callable[..., Recording]] = {
    "hexapod": hexapod,
    "quadruped": quadruped,
    "mouse": mouse,
}

__all__ = ["ANIMALS", "Recording", "hexapod", "mouse", "quadruped"]
