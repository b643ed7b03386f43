"""Libraries of 3D poses for those who have none of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from liftpose.datasets.anatomical import SPECIES, Model, millimetres, sample
from liftpose.datasets.simulated import ANIMALS, Recording
from liftpose.datasets.simulated.motion import FRAMES_PER_SECOND, Floats, whole
from liftpose.names import closest
from liftpose.poses import Poses
from liftpose.skeleton import Skeleton

_SIMULATED = {"mouse": "mouse", "dog": "quadruped", "fly": "hexapod"}


@dataclass(frozen=True, eq=False)
class Library:
    """Poses of an animal in 3D, to train on where there are none of the animal itself.

    Parameters
    ----------
    name : str
        Of the species.
    kind : {"anatomical", "simulated"}
        Where the skeleton comes from.
    skeleton : Skeleton
        Joints, bones, roots, pairs; in millimetres.
    poses : Poses
        In the world (`x` and `y` on the ground, `z` up); complete. Anatomical animals face `x`,
        and each is an experiment: no two are built alike.
    length : float or None, in the skeleton's unit
        Of the body at rest, from nose to tail base (a fly's from neck to the tip of the abdomen);
        None for the simulated animals.
    provenance : mapping of str to str
        What it was made from: model, license, versions, seed.
    doing : tuple of str or None
        What the animal does in each frame, such as ``"walk"``; None for the simulated animals.
    variety : float
        How much lifters that learn from it are to allow for other builds, and for trackers that
        mark joints elsewhere: 1 for mammals, whose joints lie under the skin.
    """

    name: str
    kind: str
    skeleton: Skeleton
    poses: Poses
    length: float | None
    provenance: Mapping[str, str] = field(default_factory=dict)
    doing: tuple[str, ...] | None = None
    variety: float = 1.0


def library(name: str, frames: int = 10_000, seed: int = 0, *, kind: str = "anatomical") -> Library:
    """Make a library of 3D poses of a species.

    Parameters
    ----------
    name : {"mouse", "rat", "dog", "fly"}
        The species.
    frames : int
        Number of frames N, at 100 frames a second.
    seed : int
        Of all draws.
    kind : {"anatomical", "simulated"}
        ``"anatomical"``: bones, joints and limits of a measured skeleton, as `dm_control` has them
        (extra ``anatomy``). What the animals do is not measured: they walk, trot, rear, groom,
        sniff, sit, lie as the literature describes it, within the limits of their joints, with no
        part in another and feet on the ground. ``"simulated"``: the simulated animal of that kind
        (mouse, dog, fly), which needs nothing but has no anatomy.

    Returns
    -------
    Library

    Raises
    ------
    ValueError
        No such species or kind, less than one frame, or a negative seed.
    TypeError
        Frames or seed that are no integers.
    ModuleNotFoundError
        The extra ``anatomy`` is not installed.

    Notes
    -----
    The mouse is the rat's skeleton, scaled to 85 mm from nose to tail base, with larger ears. The
    models have no ears; those are placed by the shape of the skull. Every 500 frames comes another
    animal, of other proportions.

    References
    ----------
    J. Merel et al., "Deep neuroethology of a virtual rodent", ICLR 2020 (rat). R. Vaxenburg et
    al., "Whole-body physics simulation of fruit fly locomotion", Nature 2025 (fly). S.
    Tunyasuvunakool et al., "dm_control: software and tasks for continuous control", Software
    Impacts 2020 (dog).

    Examples
    --------
    >>> found = library("mouse", frames=50, kind="simulated")
    >>> found.poses.points.shape, found.poses.unit, found.poses.frame
    ((50, 18, 3), 'mm', 'world')
    """
    if name not in SPECIES:
        raise ValueError(f"there is no library {name!r}.{closest(str(name), SPECIES)}")
    frames, seed = whole("frames", frames, 1), whole("seed", seed, 0)
    if kind == "simulated":
        return _simulated(name, frames, seed)
    if kind != "anatomical":
        raise ValueError(f"kind is {kind!r}; expected 'anatomical' or 'simulated'.")
    species = SPECIES[name]
    model = Model(species)
    animals = sample(model, frames, seed)
    return Library(
        name,
        kind,
        species.skeleton,
        _poses(
            {f"{name} {number}": animal.points for number, animal in enumerate(animals)},
            species.skeleton,
            f"dm_control {species.model}",
        ),
        millimetres(species, model),
        {
            "model": species.model,
            "license": "Apache-2.0",
            "seed": str(seed),
            "calmed": f"{np.mean(np.concatenate([animal.calmed for animal in animals])):.3f}",
            **model.versions,
        },
        tuple(doing for animal in animals for doing in animal.doing),
        species.variety,
    )


def _simulated(name: str, frames: int, seed: int) -> Library:
    if name not in _SIMULATED:
        raise ValueError(
            f"there is no simulated {name}; take the anatomical one, or the simulated mouse."
        )
    recording: Recording = ANIMALS[_SIMULATED[name]](frames, seed=seed, animal=seed)
    return Library(
        name,
        "simulated",
        recording.skeleton,
        _poses({name: recording.poses_3d}, recording.skeleton, "liftpose simulation"),
        None,
        {"model": _SIMULATED[name], "seed": str(seed)},
    )


def _poses(points: Mapping[str, Floats], skeleton: Skeleton, software: str) -> Poses:
    return Poses.from_experiments(
        dict(points),
        dims=(3,),
        joints=skeleton.joints,
        fps=FRAMES_PER_SECOND,
        unit=skeleton.unit,
        frame="world",
        source_software=software,
    )
