"""Train a lifter on what one camera of a library saw: measured 2D, measured 3D."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.io.filmed import FilmedLibrary
from liftpose.library.distance import Distance, distance_to_library
from liftpose.library.joints import Common, Source, as_poses
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.opt import Options
from liftpose.lifter.run import Epoch
from liftpose.names import listed
from liftpose.poses import Key

log = logging.getLogger("liftpose")


@dataclass(frozen=True, eq=False)
class FromFilmed:
    """A lifter that was trained on one camera of a library.

    Parameters
    ----------
    lifter : Lifter
        Fitted; it knows its camera.
    camera : str
        Which one.
    chosen : bool
        Whether it was chosen, for the least error of its own, and not named.
    joints, untracked, unknown : tuple of str
        Joints that are lifted; those of the library that the tracker lacks, and the reverse.
    frames : int
        Frames learned from.
    distance : Distance or None
        Of the tracker's 2D from what the camera saw; None where no 2D was given.
    expected : float or None
        Error that a quick lifter had with this camera alone, in the unit of the library.
    source : str
        What the library is called.
    """

    lifter: Lifter
    camera: str
    chosen: bool
    joints: tuple[str, ...]
    untracked: tuple[str, ...]
    unknown: tuple[str, ...]
    frames: int
    distance: Distance | None
    expected: float | None
    source: str

    def __str__(self) -> str:
        why = ", the best of its cameras alone" if self.chosen else ""
        unit = f" {self.lifter.unit}" if self.lifter.unit else ""
        lines = [
            f"trained on {self.source}, camera {self.camera!r}{why}: {self.frames:,} frames, "
            f"{len(self.joints)} joints: {', '.join(self.joints)}."
        ]
        if self.expected is not None:
            lines.append(
                f"A quick lifter from that camera alone had a held-out error of "
                f"{self.expected:.3g}{unit}."
            )
        if self.unknown:
            lines.append(f"Not lifted, since the library lacks them: {listed(self.unknown)}.")
        if self.untracked:
            lines.append(f"Not used, since the tracker lacks them: {listed(self.untracked)}.")
        if self.distance is not None:
            text = str(self.distance)
            lines.append(f"{text[0].upper()}{text[1:]}.")
        return "\n".join(lines)


def train_from_filmed(
    library: FilmedLibrary,
    camera: str | None = None,
    *,
    tracker: Any = None,
    joints: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    length: Any = None,
    called: str = "a library",
    options: Options | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    **settings: Any,
) -> FromFilmed:
    """Train a lifter on what one camera of a library saw.

    2D, 3D and calibration are those of the library; nothing else is needed.

    Parameters
    ----------
    library : FilmedLibrary
        See `liftpose.library.build_library`.
    camera : str, optional
        The camera to lift from later; by default the one with the least error of its own.
    tracker : Poses or path-like, optional
        2D poses as they will be lifted: which joints there are, and how far they are from what the
        camera saw.
    joints : sequence of str, optional
        Names of the joints to use, instead of `tracker`; without both, all of the library.
    rename : mapping of str to str, optional
        From the tracker's names to those of the library.
    length : str or tuple, optional
        Refused: a library is scaled when it is built.
    called : str
        What the library is called, for people.
    options, on_epoch, **settings
        As in `train_from_library`.

    Returns
    -------
    FromFilmed

    Raises
    ------
    ValueError
        A camera that the library does not have, fewer than three joints in common, a length, or
        2D that no lifter can learn from.
    TypeError
        Options together with settings.
    """
    if options is not None and settings:
        raise TypeError("give either options or settings by name, not both.")
    if length is not None:
        raise ValueError(
            "a library with its cameras has its scale; give length= (--length) to "
            "`liftpose library build` instead."
        )
    options = options or Options.from_kwargs(settings)
    name = library.best_camera() if camera is None else camera
    flat, deep, cameras = library.seen_by(name)
    source = Source(deep, library.skeleton, None, False, called)
    seen = as_poses(tracker, 2, "the tracker's poses")
    common = Common.of(source, joints if seen is None else seen.joints, rename or {})
    body = common.skeleton_in(deep.unit)
    learned = flat.matched([(rename or {}).get(joint, joint) for joint in common.joints])
    learned = learned.matched(common.joints, by_order=True)
    lifter = Lifter(body, options=options)
    lifter.fit(learned, common.poses, camera=_one_or_each(cameras), on_epoch=on_epoch)
    lifter.choice |= {"library": f"{called}, camera {name}"}
    distance = None
    if seen is not None:
        whole = np.isfinite(learned.points).all(axis=(1, 2)).sum()
        sure = seen.sure(options.min_confidence).matched(common.joints)
        distance = distance_to_library(sure.points, learned.points) if whole > 1 else None
    found = FromFilmed(
        lifter,
        name,
        camera is None,
        common.joints,
        common.untracked,
        common.unknown,
        learned.frames,
        distance,
        library.singles.get(name),
        called,
    )
    log.info("%s", found)
    return found


def _one_or_each(cameras: Mapping[Key, Camera]) -> Camera | dict[Key, Camera]:
    """The camera of all recordings, if it stood where it was and was calibrated once."""
    different = set(cameras.values())
    return next(iter(different)) if len(different) == 1 else dict(cameras)
