"""Points in the world out of their pixels in several cameras.

NaN means not seen. Every point (a joint in a frame) is found from whichever cameras saw it. Where
three or more did, cameras whose pixel does not agree with the others are left out.

`points` has the call, `gathering` what it takes, `solver` how it is done, and `found` what comes of
it and what is doubtful about that.
"""

from liftpose.geometry.triangulation.found import Triangulated
from liftpose.geometry.triangulation.points import triangulate

__all__ = ["Triangulated", "triangulate"]
