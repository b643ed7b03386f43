"""Pose files and calibrations in and out: one call to read each kind, and one to write.

A format is recognised from what is in a file, not from its name alone, and joins with a decorator:
see `liftpose.io.registry`. Importing this package costs the standard library; what a format needs
is loaded when it is used. No pickle is ever run: see `liftpose.io.decoding.pickles`.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "OpenedPoses": "liftpose.io.opened",
    "PosesInfo": "liftpose.io.opened",
    "formats": "liftpose.io.registry",
    "open_poses": "liftpose.io.read",
    "read_calibration": "liftpose.io.calibration",
    "read_camera": "liftpose.io.calibration",
    "read_lifted": "liftpose.io.lifted",
    "read_poses": "liftpose.io.read",
    "write_calibration": "liftpose.io.calibration",
    "write_poses": "liftpose.io.write",
    "writing": "liftpose.io.write",
}

__all__ = [
    "OpenedPoses",
    "PosesInfo",
    "formats",
    "open_poses",
    "read_calibration",
    "read_camera",
    "read_lifted",
    "read_poses",
    "write_calibration",
    "write_poses",
    "writing",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'liftpose.io' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
