"""Everything LiftPose does, once through, on simulated animals: from nothing to a film."""

from liftpose.demo.outcome import Demo, Written
from liftpose.demo.running import run

__all__ = ["Demo", "Written", "run"]
