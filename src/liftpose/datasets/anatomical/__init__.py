"""Animals with measured skeletons: poses sampled from anatomical models, for those without 3D.

Bones, joints and their limits are those of published models of a rat, a dog and a fruit fly. What
the animals do is not measured: joint angles wander smoothly within their limits.
"""

from liftpose.datasets.anatomical.model import Model
from liftpose.datasets.anatomical.sampling import Sampled, millimetres, sample
from liftpose.datasets.anatomical.species import SPECIES, Species

__all__ = ["SPECIES", "Model", "Sampled", "Species", "millimetres", "sample"]
