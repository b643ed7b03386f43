"""Poses as datasets in the layout of `movement`, and back.

A dataset has the dimensions ``time``, ``space``, ``keypoints`` and ``individuals``; the singular
``keypoint`` and ``individual`` are understood too. Its variables are ``position`` and
``confidence``; of lifted poses also ``root_relative`` and, where they are known, ``spread`` and
``novelty``, and ``hypotheses`` with one dimension more, ``hypothesis``. Any other variable of
``time``, ``keypoints`` and ``individuals`` is a further number of the joints. ``fps``, ``unit``
(``units`` says the same), ``frame``, ``source_software``, ``source_file`` and what was done to get
them are attributes, and so are ``error_bars`` (JSON of how many standard deviations wide error
bars of some levels are) and ``verdicts`` (JSON of the name and the verdict of each experiment);
what is not known is left out.

Experiments of different individuals and the same length lie side by side along ``individuals``.
Others follow one another along ``time``, which then runs on from one to the next. Where the names
of the experiments are not those of the individuals, the coordinate ``experiment`` holds them: as
plain text if all of them are, else as JSON, which its attribute ``keys`` says.

`movement` wants a confidence and names for everything. Those that are not known are filled in as
it would, and marked by an attribute ``placeholder``, so that reading does not take them for known.

References
----------
N. Sirmpilatze et al., *movement: a Python toolbox for analysing animal body movements across
space and time*, https://movement.neuroinformatics.dev.
"""

from liftpose.poses.layout.from_dataset import dataset_to_lifted, dataset_to_poses
from liftpose.poses.layout.to_dataset import lifted_to_dataset, poses_to_dataset

__all__ = ["dataset_to_lifted", "dataset_to_poses", "lifted_to_dataset", "poses_to_dataset"]
