"""LiftPose: 3D poses of laboratory animals from the 2D keypoints of one camera.

Every public name is loaded when it is first used (PEP 562), so that ``import liftpose`` costs
nothing but the standard library.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("liftpose")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

_HOMES = {
    "Lifter": "liftpose.lifter.lifter",
    "Options": "liftpose.lifter.opt",
    "load_test_results": "liftpose.postprocess",
    "test": "liftpose.main",
    "train": "liftpose.main",
}

__all__ = ["Lifter", "Options", "__version__", "load_test_results", "test", "train"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'liftpose' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
