"""What the pictures of poses have in common: the limbs of an animal and their colours.

Everything a user writes about a pose is checked here, before any figure draws it. NaN means not
seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.skeleton import Skeleton
from liftpose.skeleton.colors import OKABE_ITO, limbs_of
from liftpose.skeleton.sides import pairs_of

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Limbs:
    """Bones, and the limb and colour of every joint, checked against each other.

    Parameters
    ----------
    bones : array of int, shape (B, 2)
    limb_id : array of int, shape (J,)
    colors : array of float, shape (L, 3)
        Red, green and blue of each limb, 0 to 1.
    left : array of bool, shape (J,), optional
        Joints of the left side, which are drawn hollow, so that the sides are told apart without
        colours. Left out, none.
    """

    bones: npt.NDArray[np.intp]
    limb_id: npt.NDArray[np.intp]
    colors: FloatArray
    left: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        if not len(self.left):
            object.__setattr__(self, "left", np.zeros(len(self.limb_id), dtype=bool))

    @classmethod
    def of(cls, skeleton: Skeleton) -> Limbs:
        """Take bones, limbs, colours and sides from a skeleton.

        Parameters
        ----------
        skeleton : Skeleton
            Its limbs and colours are those of `limbs_of`. Sides are those of its pairs, and of its
            names where it has none.

        Returns
        -------
        Limbs

        Examples
        --------
        >>> limbs = Limbs.of(Skeleton(["paw_l", "paw_r", "chest"], bones=[(2, 0), (2, 1)]))
        >>> limbs.left.tolist(), limbs.limb_id.tolist()
        ([True, False, False], [0, 1, 2])
        """
        found = cls.resolve(skeleton.joint_count, skeleton.bones, *limbs_of(skeleton))
        left = np.zeros(skeleton.joint_count, dtype=bool)
        left[[joint for joint, _ in pairs_of(skeleton)]] = True
        return cls(found.bones, found.limb_id, found.colors, left)

    @classmethod
    def fitting(cls, skeleton: Skeleton | None, joint_count: int) -> Limbs:
        """Take the limbs of a skeleton for poses, which may have none.

        Parameters
        ----------
        skeleton : Skeleton or None
            None gives joints alone, of one colour.
        joint_count : int
            Number of joints J of the poses.

        Returns
        -------
        Limbs

        Raises
        ------
        ValueError
            The skeleton has another number of joints.
        """
        if skeleton is None:
            return cls.resolve(joint_count, (), None, None)
        if skeleton.joint_count != joint_count:
            raise ValueError(
                f"the skeleton has {skeleton.joint_count} joints, but the pose has {joint_count}."
            )
        return cls.of(skeleton)

    @classmethod
    def resolve(cls, joint_count: int, bones: Any, limb_id: Any, colors: Any) -> Limbs:
        """Check bones, limbs and colours as a user writes them.

        Parameters
        ----------
        joint_count : int
            Number of joints J of the poses.
        bones : sequence of pairs of int
        limb_id : sequence of int, length J, or None
            None makes all joints one limb.
        colors : sequence of triples, 0 to 255, or None
            One a limb. None takes `OKABE_ITO`, over and over where there are more limbs.

        Returns
        -------
        Limbs

        Raises
        ------
        ValueError
            A bone or a limb that does not fit the joints, or colours that do not fit the limbs.
        """
        pairs = _as_integers(bones, "bones")
        pairs = pairs.reshape(0, 2) if pairs.size == 0 else pairs
        if pairs.ndim != 2 or pairs.shape[1] != 2:
            raise ValueError(f"bones needs pairs of joints, shape (B, 2), got shape {pairs.shape}.")
        check_joints(pairs, joint_count, "bones")
        if limb_id is None:
            if colors is not None:
                raise ValueError(
                    "colors has one colour a limb, but limb_id, the limb of each joint, is "
                    "missing. Give both, or limb_id alone, or neither."
                )
            return cls(pairs, np.zeros(joint_count, dtype=np.intp), _as_colors(None, 1))
        limbs = _as_integers(limb_id, "limb_id")
        if limbs.shape != (joint_count,):
            raise ValueError(
                f"limb_id needs one limb a joint: the poses have {joint_count} joints, limb_id has "
                f"shape {limbs.shape}."
            )
        if limbs.size and limbs.min() < 0:
            joint = int(limbs.argmin())
            raise ValueError(f"limb_id of joint {joint} is {limbs[joint]}; limbs count from 0.")
        return cls(pairs, limbs, _as_colors(colors, int(limbs.max(initial=0)) + 1))

    def color_of(self, joints: npt.ArrayLike) -> FloatArray:
        """Colour of the limb of each joint, shape (..., 3), 0 to 1."""
        picked: FloatArray = self.colors[self.limb_id[np.asarray(joints)]]
        return picked


def check_joints(joints: npt.NDArray[np.intp], joint_count: int, name: str) -> None:
    """Raise ValueError where one of the indices is no joint.

    Parameters
    ----------
    joints : array of int
    joint_count : int
    name : str
        What the caller calls the indices.
    """
    wrong = joints[(joints < 0) | (joints >= joint_count)]
    if wrong.size:
        raise ValueError(
            f"{name} names joint {wrong[0]}, which does not exist: the poses have {joint_count} "
            f"joints, 0 to {joint_count - 1}."
        )


def _as_integers(values: Any, name: str) -> npt.NDArray[np.intp]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} is ragged: {values!r}.") from None
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} needs integers, got {values!r}.")
    return array.astype(np.intp)


def _as_colors(colors: Any, limb_count: int) -> FloatArray:
    if colors is None:
        return np.array([OKABE_ITO[limb % len(OKABE_ITO)] for limb in range(limb_count)]) / 255
    array = np.array(colors, dtype=float)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(
            f"colors needs one triple (red, green, blue) a limb, got shape {array.shape}."
        )
    if not ((array >= 0) & (array <= 255)).all():
        raise ValueError(f"colors needs numbers from 0 to 255, got {colors!r}.")
    if len(array) < limb_count:
        raise ValueError(
            f"limb_id names limb {limb_count - 1}, but colors has {len(array)} "
            f"colours, for the limbs 0 to {len(array) - 1}."
        )
    return array / 255


def seen_joints(mask: npt.ArrayLike | None, shape: tuple[int, ...]) -> BoolArray:
    """Joints that a mask lets through.

    Parameters
    ----------
    mask : array, shape (..., J, D) or (..., J), bool-like, or None
        False, 0 or NaN in any coordinate rules a joint out; None rules out nothing.
    shape : tuple of int
        Shape (..., J, D) of the poses.

    Returns
    -------
    array of bool, shape (..., J)

    Raises
    ------
    ValueError
        The mask fits neither the coordinates nor the joints.
    """
    if mask is None:
        return np.ones(shape[:-1], dtype=bool)
    array = np.asarray(mask)
    if array.shape not in (shape, shape[:-1]):
        raise ValueError(
            f"the mask of good keypoints needs shape {shape} or {shape[:-1]}, got {array.shape}."
        )
    good: BoolArray = np.nan_to_num(array.astype(float)) != 0
    return good if array.shape == shape[:-1] else np.all(good, axis=-1)


def as_pose(pose: npt.ArrayLike, dimensions: int, name: str) -> FloatArray:
    """Copy one pose, checked for its number of coordinates.

    Parameters
    ----------
    pose : array, shape (J, D)
    dimensions : int
        The D that is needed.
    name : str
        What the caller calls the pose.

    Returns
    -------
    array, shape (J, D), float64

    Raises
    ------
    ValueError
        The shape is another.
    """
    array = np.array(pose, dtype=float)
    if array.ndim != 2 or array.shape[1] != dimensions:
        raise ValueError(f"{name} needs shape (J, {dimensions}), got {array.shape}.")
    return array
