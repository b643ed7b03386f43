"""Lightning Pose's ``.csv``, and those of its ensembles (EKS).

They are laid out as DeepLabCut's, and told apart by their scorer, which is the kind of model and
``_tracker``: ``heatmap_tracker``, ``heatmap_mhcrnn_tracker``, ``regression_tracker``, and
``ensemble-kalman_tracker``. What people labelled (``CollectedData.csv``) has their name for a
scorer and cannot be told from DeepLabCut's; it is read as such.

We read them ourselves: `movement` 0.15 takes every third column for a coordinate, so that those of
an ensemble, which has nine a joint, come out as other joints.
"""

from __future__ import annotations

from pathlib import Path

from liftpose.io.decoding.scorer_tables import (
    from_poses,
    levels_on_top,
    read_text,
    to_poses,
    write_text,
)
from liftpose.io.registry import reader, writer
from liftpose.poses import Lifted, Poses

NAME, TITLE = "lightning_pose", "a table of Lightning Pose"

_TRACKER = "_tracker"
_DEFAULT = f"liftpose{_TRACKER}"


def is_lightning_pose(path: Path, head: bytes) -> bool:
    """Whether a file is text with labels on top, by one of its models."""
    return is_by_model(levels_on_top(path, head))


def is_by_model(tops: list[list[str]]) -> bool:
    """Whether the scorer of a table is a model of Lightning Pose.

    Parameters
    ----------
    tops : list of list of str
        As `levels_on_top` gives them.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_by_model([["scorer", "heatmap_tracker"]]), is_by_model([["scorer", "Mackenzie"]])
    (True, False)
    """
    scorers = {*tops[0][1:]} - {"", "set"} if tops else set()
    return bool(scorers) and all(scorer.endswith(_TRACKER) for scorer in scorers)


@reader(
    NAME,
    TITLE,
    suffixes=(".csv",),
    recognises=is_lightning_pose,
    dims=(2, 3),
    unproven=(3,),
)
def read_lightning_pose(path: Path) -> Poses:
    """Read a table; 3D is what ensembles of several cameras give."""
    return to_poses(read_text(path), "LightningPose")


@writer(NAME, TITLE, suffixes=(), dims=(2,))
def write_lightning_pose(poses: Poses | Lifted, path: Path) -> None:
    """Write a table of one animal, with what is known of its joints as further coordinates."""
    if poses.individuals is not None:
        raise ValueError(
            "Lightning Pose knows no individuals; write the poses as deeplabcut or .nc, which keep "
            "their names."
        )
    scorer = poses.provenance.get("scorer", _DEFAULT)
    if not scorer.endswith(_TRACKER):
        scorer = _DEFAULT
    write_text(from_poses(poses, scorer, further=True), path)
