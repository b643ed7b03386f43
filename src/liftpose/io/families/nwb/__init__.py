"""NWB files with poses in the layout of ndx-pose."""

from liftpose.io.families.nwb import reading, writing

__all__ = ["reading", "writing"]
