"""Which frames of several cameras belong together, found from what they saw."""

from liftpose.geometry.synchrony.epipolar import Sight, apart
from liftpose.geometry.synchrony.finding import Change, Timing, synchronise

__all__ = ["Change", "Sight", "Timing", "apart", "synchronise"]
