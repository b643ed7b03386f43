"""Looking at recordings that are too long for one page: a page served from this machine, or Rerun.

A page asks for the frames that are looked at, a chunk at a time, and the file is read where they
are. Nothing but the chunks asked for lately is kept.
"""

from liftpose.view.parts import Asked
from liftpose.view.serving import Served, serve
from liftpose.view.shown import Shown, open_shown
from liftpose.view.to_rerun import write_rerun

__all__ = ["Asked", "Served", "Shown", "open_shown", "serve", "write_rerun"]
