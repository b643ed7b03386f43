"""What is agreed on before a lifter learns: skeleton, unit, frame, cameras, scale of the 2D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from liftpose.lifter.batch import Augmentation
from liftpose.lifter.views import Views
from liftpose.poses import Poses
from liftpose.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets


@dataclass(frozen=True)
class Asked:
    """The skeleton a user asks for: a whole one, or roots and target sets alone.

    Parameters
    ----------
    skeleton : Skeleton, optional
    roots, target_sets : sequence, optional
        Instead of it.
    """

    skeleton: Skeleton | None
    roots: Any
    target_sets: Any

    @classmethod
    def resolve(cls, skeleton: Any, roots: Any, target_sets: Any) -> Asked:
        """Check that one of the two is given.

        Raises
        ------
        TypeError
            Neither, both, or something else than a `Skeleton`.
        """
        if skeleton is None:
            if roots is None:
                raise TypeError(
                    "give a skeleton, Lifter(skeleton), or roots and target sets by name, "
                    "Lifter(roots=[0], target_sets=[[1, 2, 3]])."
                )
            return cls(None, roots, target_sets)
        if not isinstance(skeleton, Skeleton):
            raise TypeError(
                f"skeleton is a {type(skeleton).__name__}; expected a liftpose.Skeleton. Roots "
                "and target sets go by name: Lifter(roots=[0], target_sets=[[1, 2, 3]])."
            )
        if roots is not None or target_sets is not None:
            raise TypeError("give a skeleton, or roots and target_sets, not both.")
        if not skeleton.sets.roots:
            raise ValueError("the skeleton has no root; give it roots, or bones to find one from.")
        return cls(skeleton, None, None)

    def skeleton_for(self, poses_2d: Poses, poses_3d: Poses) -> Skeleton:
        """Give the skeleton of some training poses.

        Parameters
        ----------
        poses_2d, poses_3d : Poses
            Where the names come from, unless the skeleton has them.

        Returns
        -------
        Skeleton
        """
        if self.skeleton is not None:
            return self.skeleton
        names = poses_3d.joints or poses_2d.joints
        if names is None:
            sets = TargetSets.resolve(self.roots, self.target_sets, poses_3d.joint_count)
            return Skeleton.unnamed(sets.joint_count, sets.roots, sets.sets)
        return Skeleton(
            joints=names, roots=self.roots, target_sets=self.target_sets, unit=poses_3d.unit
        )


def of_skeleton(poses: Poses, skeleton: Skeleton, name: str = "poses_2d") -> Poses:
    """Give poses with the joints of a skeleton, in its order.

    Parameters
    ----------
    poses : Poses
        Joints that have names are matched by name, if those of the skeleton have.
    skeleton : Skeleton
        What is wanted.
    name : str
        What errors call the poses.

    Returns
    -------
    Poses

    Raises
    ------
    ValueError
        Joints that are missing, or another number of joints without names.
    """
    if poses.joints is not None and skeleton.has_names:
        return poses.matched(skeleton.joints)
    if poses.joint_count != skeleton.joint_count:
        raise ValueError(
            f"{name} has {poses.joint_count} joints; the lifter's skeleton has "
            f"{skeleton.joint_count}, and without names the number must be the same."
        )
    return poses


def agreed_unit(skeleton: Skeleton, poses_3d: Poses) -> str | None:
    """Give the unit of the 3D, from all who have a say.

    Raises
    ------
    ValueError
        Skeleton and poses say different things.
    """
    if skeleton.unit and poses_3d.unit and skeleton.unit != poses_3d.unit:
        raise ValueError(
            f"the skeleton is in {skeleton.unit} and the 3D poses are in {poses_3d.unit}; convert "
            "one of them."
        )
    return poses_3d.unit or skeleton.unit


def learned_frame(poses_3d: Poses, steps: Sequence[Augmentation]) -> str:
    """Tell which frame a lifter's positions are in.

    Augmentations that make the 2D leave the 3D in the camera's frame; otherwise it is the frame
    that the poses name, and ``"world"`` where they name none. Depth alone is the camera's.

    Parameters
    ----------
    poses_3d : Poses
        Of the training.
    steps : sequence of Augmentation
        Of the training.

    Returns
    -------
    str
        ``"world"`` or ``"camera"``.
    """
    if any(getattr(step, "makes_2d", False) for step in steps):
        return "camera"
    return poses_3d.frame or ("camera" if poses_3d.dims == 1 else "world")


def check_frame(poses_3d: Poses, frame: str | None, name: str) -> None:
    """Raise where poses say that they are in another frame than the lifter's."""
    if poses_3d.frame is not None and poses_3d.frame != frame:
        raise ValueError(
            f"{name} is in the {poses_3d.frame} frame, and the lifter's positions are in the "
            f"{frame} frame; turn one of them."
        )


def agreed_views(
    camera: Any, poses_3d: Poses, frame: str, steps: Sequence[Augmentation]
) -> Views | None:
    """Give the cameras of a lifter.

    Parameters
    ----------
    camera : Camera, mapping or sequence of Camera, or None
        What the caller said.
    poses_3d : Poses
        Of the training.
    frame : str
        See `learned_frame`.
    steps : sequence of Augmentation
        Of the training.

    Returns
    -------
    Views or None

    Raises
    ------
    ValueError
        A camera beside an augmentation that has its own, or one that does not fit the poses.
    TypeError
        Something else than cameras.
    """
    if camera is None:
        return None
    if any(getattr(step, "makes_2d", False) for step in steps):
        raise ValueError(
            "camera is given beside an augmentation that makes the 2D with cameras of its own; "
            "give one of the two."
        )
    return Views.resolve(camera, poses_3d.keys, frame == "world" and poses_3d.dims == 3)


def agreed_norm_2d(norm_2d: bool | None, steps: Sequence[Augmentation]) -> tuple[bool, str]:
    """Tell whether 2D is scaled to unit norm, from all who have a say.

    Parameters
    ----------
    norm_2d : bool or None
        What the caller said.
    steps : sequence of Augmentation
        Each may say in its ``norm_2d``; where nobody says anything, one with
        ``norm_2d_default`` decides.

    Returns
    -------
    norm_2d : bool
    why : str
        Who decided.

    Raises
    ------
    ValueError
        Two of them say different things.
    """
    said = {"the argument norm_2d": norm_2d} if norm_2d is not None else {}
    for number, step in enumerate(steps):
        opinion = getattr(step, "norm_2d", None)
        if opinion is not None:
            said[f"augmentation number {number}"] = opinion
    if len(set(said.values())) > 1:
        words = ", ".join(f"{who} says {opinion}" for who, opinion in said.items())
        raise ValueError(f"norm_2d is contradictory: {words}. It must be the same for all.")
    if said:
        who, opinion = next(iter(said.items()))
        return bool(opinion), f"{bool(opinion)}, said by {who}"
    for number, step in enumerate(steps):
        if getattr(step, "norm_2d_default", False):
            return True, f"True, the default of augmentation number {number}"
    return False, "False, the default"


def as_poses_2d(poses_2d: Any, confidence: Any, copy: bool = True, name: str = "poses_2d") -> Poses:
    """Check 2D poses as a user gives them to a lifter.

    Parameters
    ----------
    poses_2d : Poses, array, dict of arrays, or dataset
        Pixels; NaN = not seen.
    confidence : array, dict of arrays, or None
        Replaces what the poses have.
    copy : bool
        See `Poses.from_experiments`.
    name : str
        What errors call them.

    Returns
    -------
    Poses

    Raises
    ------
    ValueError, TypeError
        Poses or confidence that make no sense.
    """
    if hasattr(poses_2d, "data_vars"):
        poses_2d = Poses.from_dataset(poses_2d)
    if not isinstance(poses_2d, Poses):
        return Poses.from_experiments(poses_2d, None, (2,), name, confidence=confidence, copy=copy)
    if poses_2d.dims != 2:
        raise ValueError(f"{name} has {poses_2d.dims} coordinates a joint; expected 2, pixels.")
    if confidence is None:
        return poses_2d
    parts = [poses_2d.only(key).points for key in poses_2d.keys]
    tables: Any = dict(zip(poses_2d.keys, parts, strict=True))
    if poses_2d.keys == ("",):
        tables = parts[0]
    checked = Poses.from_experiments(tables, None, (2,), name, confidence=confidence)
    return replace(poses_2d, confidence=checked.confidence)


def as_poses_3d(
    poses_3d: Any,
    mask: Any,
    name: str = "poses_3d",
    mask_name: str = "mask",
    dims: tuple[int, ...] = (3, 1),
) -> Poses:
    """Check 3D poses as a user gives them to a lifter.

    Parameters
    ----------
    poses_3d : Poses, array, dict of arrays, or dataset
        NaN = not known.
    mask : array, dict of arrays, or None
        False where a value does not count.
    name, mask_name : str
        What errors call the two.
    dims : tuple of int
        The numbers of coordinates that are accepted.

    Returns
    -------
    Poses

    Raises
    ------
    ValueError, TypeError
        Poses or a mask that make no sense; a mask beside `Poses`, which hold their own.
    """
    if hasattr(poses_3d, "data_vars"):
        poses_3d = Poses.from_dataset(poses_3d)
    if not isinstance(poses_3d, Poses):
        return Poses.from_experiments(poses_3d, mask, dims, name, mask_name)
    if mask is not None:
        raise ValueError(f"{mask_name} is given beside {name} of type Poses, which hold their own.")
    if poses_3d.dims not in dims:
        expected = " or ".join(map(str, dims))
        raise ValueError(f"{name} has {poses_3d.dims} coordinates a joint; expected {expected}.")
    return poses_3d
