"""From poses to the numbers a lifter learns on, and back.

A pose is anchored: each target is taken relative to its root, and each further root relative to
the first. A joint that was not seen is put where the others tell that it is (see `completion`);
what cannot be told is NaN until it is standardised, when it becomes zero, the mean of the data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from liftpose.lifter.batch import frames_last, is_complete
from liftpose.lifter.completion import Completion
from liftpose.poses import Floats
from liftpose.skeleton.target_sets import TargetSets

TRAVELS = 0.25
"""How much the first root has to move in the image, as a share of how much joints do relative to
their roots, for its place to be an input."""


@dataclass(frozen=True)
class Anchoring:
    """Which joint is taken relative to which.

    Parameters
    ----------
    sets : TargetSets
        Roots and targets.
    """

    sets: TargetSets

    @cached_property
    def joints(self) -> tuple[int, ...]:
        """The T targets, then the R further roots."""
        return self.sets.targets + self.sets.further_roots

    @cached_property
    def anchors(self) -> tuple[int, ...]:
        """What each of `joints` is relative to."""
        return self.sets.anchors + (self.sets.roots[0],) * len(self.sets.further_roots)

    @cached_property
    def target_count(self) -> int:
        """Number of targets T."""
        return len(self.sets.targets)

    def relative(self, points: Tensor) -> Tensor:
        """Take every joint relative to its anchor.

        Parameters
        ----------
        points : tensor, shape (N, J, D)
            Coordinates; NaN where a joint was not seen.

        Returns
        -------
        tensor, shape (N, T + R, D)
            Same unit; NaN where a joint or its anchor was not seen.
        """
        joints, anchors = self._indices
        if points.device.type != "cpu":
            joints, anchors = joints.to(points.device), anchors.to(points.device)
        columns = frames_last(points)
        relative = columns.index_select(0, joints) - columns.index_select(0, anchors)
        return relative.permute(2, 0, 1)

    @cached_property
    def _indices(self) -> tuple[Tensor, Tensor]:
        with torch.inference_mode(False):  # else whoever lifts first decides what they are good for
            joints = torch.tensor(self.joints, dtype=torch.int64)
            return joints, torch.tensor(self.anchors, dtype=torch.int64)

    @cached_property
    def used(self) -> Tensor:
        """Roots and targets, in the order of the joints."""
        with torch.inference_mode(False):
            return torch.tensor(sorted({*self.joints, *self.sets.roots}), dtype=torch.int64)

    @cached_property
    def places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """`joints` and `anchors`, each shape (T + R,)."""
        return np.array(self.joints, np.intp), np.array(self.anchors, np.intp)

    def place(self, relative: Tensor, known: Tensor | None = None) -> Tensor:
        """Put relative positions back into one pose.

        Parameters
        ----------
        relative : tensor, shape (N, T + R, D)
            Joints relative to their anchors.
        known : tensor, shape (N, J, D), optional
            Positions of the roots, where they are known. Other roots are placed from the first
            root by prediction; the first root, where it is not known, is the origin.

        Returns
        -------
        tensor, shape (N, J, D)
            NaN for joints that are neither root nor target.
        """
        origin = relative.new_zeros(relative.shape[0], 1, relative.shape[2])
        if known is not None:
            seen, targets = known.to(relative), self.target_count
            origin = seen[:, [self.sets.roots[0]]].nan_to_num(0.0)
            further = seen[:, list(self.sets.further_roots)]
            further = torch.where(further.isnan(), relative[:, targets:] + origin, further)
            relative = torch.cat([relative[:, :targets], further], 1)
        sources = _sources(self.sets, known is not None)
        return torch.from_numpy(sources.summed(sources.parts(relative.numpy(), origin.numpy())))


def placed(sets: TargetSets, relative: Floats) -> tuple[Floats, Floats]:
    """Put joints relative to their anchors together into poses.

    Parameters
    ----------
    sets : TargetSets
        Roots and targets.
    relative : array, shape (N, T + R, D)
        As `Lifter.relative` gives it.

    Returns
    -------
    position, root_relative : array, shape (N, J, D)
        With the first root at the origin, and with each root there. NaN frames stay NaN.
    """
    origin: Any = 0.0
    # The least is NaN where anything is, at a fraction of the cost of asking each number.
    if math.isnan(np.minimum.reduce(relative, None)):
        nothing = np.isnan(relative).all((1, 2), keepdims=True)
        origin = np.where(nothing, np.nan, 0.0)
    sources = _sources(sets, known=False)
    parts = sources.parts(relative, origin)
    return sources.summed(parts), parts.take(sources.targets, 1)


def placed_spread(sets: TargetSets, spread: Floats) -> Floats:
    """Give each joint the spread of what it was predicted relative to.

    Parameters
    ----------
    sets : TargetSets
        Roots and targets.
    spread : array, shape (N, T + R, D)
        Of the targets relative to their roots, and of further roots relative to the first.

    Returns
    -------
    array, shape (N, J, D)
        Zero for the first root, NaN for joints that play no part.
    """
    sources = _sources(sets, known=False)
    count = spread.shape[1]
    own = np.where(sources.targets < count, sources.targets, sources.joints)
    return sources.parts(spread, 0.0).take(own, 1)


@dataclass(frozen=True)
class _Sources:
    """Which two of the parts of a pose each of its J joints is the sum of, and its targets alone.

    Parts are the targets relative to their anchors, the further roots, the first root, a zero, and
    a NaN: a few operations on whole poses, where one for each joint would take a hundred.
    """

    joints: NDArray[np.intp]
    anchors: NDArray[np.intp]
    targets: NDArray[np.intp]

    def parts(self, relative: Floats, origin: Any) -> Floats:
        frames, count, dims = relative.shape
        parts = np.empty((frames, count + 3, dims), relative.dtype)
        parts[:, :count] = relative
        parts[:, count : count + 1], parts[:, -2], parts[:, -1] = origin, 0.0, np.nan
        return parts

    def summed(self, parts: Floats) -> Floats:
        summed = parts.take(self.joints, 1)
        summed += parts.take(self.anchors, 1)
        return summed


@lru_cache(maxsize=64)
def _sources(sets: TargetSets, known: bool) -> _Sources:
    count = len(sets.targets) + len(sets.further_roots)
    origin, zero, nothing = range(count, count + 3)
    roots = {root: len(sets.targets) + i for i, root in enumerate(sets.further_roots)}
    roots[sets.roots[0]] = origin
    joints, anchors, targets = ([nothing] * sets.joint_count for _ in range(3))
    for root, part in roots.items():
        joints[root], anchors[root] = part, zero
    for part, (joint, anchor) in enumerate(zip(sets.targets, sets.anchors, strict=True)):
        targets[joint] = part
        # A root that is a target of another set is shown as it was predicted; but the first one
        # is the origin where it is not known.
        if joint != sets.roots[0] or known:
            joints[joint], anchors[joint] = part, roots[anchor]
    return _Sources(np.array(joints), np.array(anchors), np.array(targets))


def as_joints(flat: Tensor, dims: int) -> Tensor:
    """Split the last axis into joints of `dims` coordinates: (..., J D) becomes (..., J, D)."""
    return flat.reshape(*flat.shape[:-1], -1, dims)


def unit_norm(relative: Tensor) -> Tensor:
    """Scale each frame to unit Frobenius norm, so that neither distance nor lens matters.

    The norm of a frame with missing joints is estimated from the mean square of the seen ones.

    Parameters
    ----------
    relative : tensor, shape (N, T, 2)
        Anchored 2D; NaN where not seen.

    Returns
    -------
    tensor, shape (N, T, 2)
        Without unit; a frame in which all seen joints coincide is NaN.
    """
    squares = relative.square()
    total = squares.nansum(dim=(1, 2), keepdim=True)
    if not is_complete(squares):
        seen = (~squares.isnan()).to(squares.dtype)
        total = total / seen.mean(dim=(1, 2), keepdim=True)
    norm = total.sqrt()
    return relative / torch.where(norm > 0, norm, torch.nan)


def masked_moments(values: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every column, over what counts.

    Parameters
    ----------
    values : tensor, shape (N, F)
        One row a frame.
    counts : bool tensor, shape (N, F)
        Which values count; the others may be NaN.

    Returns
    -------
    mean, std : tensor, shape (F,)
        A column without variation, or without anything that counts, has standard deviation 1.
    """
    number = counts.sum(0)
    kept = torch.where(counts, values, 0.0)
    mean = kept.sum(0) / number.clamp(min=1)
    spread = torch.where(counts, values - mean, 0.0).square().sum(0) / number.clamp(min=1)
    std = spread.sqrt()
    # A constant column differs from its mean by rounding only.
    varies = std > 1e-9 * (1 + mean.abs())
    return mean, torch.where(varies, std, 1.0)


@dataclass(frozen=True)
class Normalization:
    """Anchoring, optional unit norm, and standardisation with statistics of the training data.

    Parameters
    ----------
    anchoring : Anchoring
        Which joint is relative to which.
    norm_2d : bool
        Whether the 2D of each frame is scaled to unit norm.
    mean_in, std_in : tensor, shape (2 (T + R),), float64
        Statistics of the anchored 2D.
    mean_out, std_out : tensor, shape (D (T + R),), float64
        Statistics of the anchored 3D, in its unit.
    mean_place, std_place : tensor, shape (2,), float64, optional
        Statistics of the first root's own place in the image, where that is an input too: the
        farther from its middle, the more obliquely an animal is seen.
    completion : Completion, optional
        Where joints are that were not seen; without it they become the mean.
    """

    anchoring: Anchoring
    norm_2d: bool
    mean_in: Tensor
    std_in: Tensor
    mean_out: Tensor
    std_out: Tensor
    mean_place: Tensor | None = None
    std_place: Tensor | None = None
    completion: Completion | None = None

    @property
    def used(self) -> Tensor:
        """Joints that play a part."""
        return self.anchoring.used

    @cached_property
    def dims(self) -> int:
        """Coordinates D of a predicted joint."""
        return len(self.mean_out) // len(self.anchoring.joints)

    @classmethod
    def fit(
        cls,
        anchoring: Anchoring,
        pose_2d: Tensor,
        pose_3d: Tensor,
        counts: Tensor,
        norm_2d: bool,
        per_coordinate: bool,
        placed: bool = False,
    ) -> Normalization:
        """Take the statistics of the training data.

        Parameters
        ----------
        anchoring : Anchoring
            Which joint is relative to which.
        pose_2d : tensor, shape (N, J, 2)
            Pixels; NaN = not seen.
        pose_3d : tensor, shape (N, J, D)
            Any unit; NaN = not known.
        counts : bool tensor, shape (N, T + R, D)
            The anchored 3D values that count.
        norm_2d : bool
            Whether to scale the 2D of each frame to unit norm.
        per_coordinate : bool
            Whether each coordinate has a standard deviation of its own (as published), or all
            share one scale, so that an error is the same length in every direction.
        placed : bool
            Whether the first root's place in the image is an input, where it varies enough.

        Returns
        -------
        Normalization
        """
        flat_in = anchored_inputs(anchoring, pose_2d, norm_2d).flatten(1)
        relative = anchoring.relative(pose_3d)
        mean_in, std_in = masked_moments(flat_in, flat_in.isfinite())
        mean_out, std_out = masked_moments(relative.flatten(1), counts.flatten(1))
        if not per_coordinate:
            std_out = std_out.square().mean().sqrt().expand_as(std_out).clone()
        moments = mean_in, std_in, mean_out, std_out
        place: tuple[Tensor | None, Tensor | None] = None, None
        if placed and not norm_2d:
            root = pose_2d[:, anchoring.sets.roots[0]]
            mean, std = masked_moments(root, root.isfinite())
            if std.norm() > TRAVELS * std_in.square().mean().sqrt() * 2**0.5:
                place = mean, std
        completion = Completion.fit(pose_2d, anchoring.used, place[0] is not None, norm_2d)
        return cls(anchoring, norm_2d, *moments, *place, completion)

    def complete(self, pose_2d: Tensor) -> Tensor:
        """Put joints that were not seen where the others tell that they are.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64
            Pixels; NaN = not seen.

        Returns
        -------
        tensor, shape (N, J, 2)
            Frames in which too little was seen stay as they are.
        """
        return pose_2d if self.completion is None else self.completion.complete(pose_2d)

    def inputs(self, pose_2d: Tensor) -> Tensor:
        """Standardise 2D poses; what was not seen becomes what is expected there, or zero.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64
            Pixels.

        Returns
        -------
        tensor, shape (N, 2 (T + R) + P), float32
            P is 2 where the root's place is an input, the last two; else 0.
        """
        pose_2d = self.complete(pose_2d)
        return self._anchored(self.anchoring.relative(pose_2d), pose_2d)

    def seen_inputs(self, pose_2d: Tensor) -> tuple[Tensor, Tensor | None]:
        """Standardise 2D poses, and tell in which frames anything was seen.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64
            Pixels, as `complete` gives them.

        Returns
        -------
        inputs : tensor, shape (N, 2 (T + R)), float32
            As `inputs` gives them.
        seen : bool tensor, shape (N,), or None
            None where every joint was seen in every frame.
        """
        image = self.anchoring.relative(pose_2d)
        inputs = self._anchored(image, pose_2d)
        if is_complete(image):
            return inputs, None
        return inputs, image.isfinite().permute(1, 2, 0).flatten(0, 1).any(0)

    def of_one(self, pose_2d: Floats) -> Floats:
        """Standardise one pose as `inputs` does, in NumPy, which begins sooner.

        Parameters
        ----------
        pose_2d : array, shape (1, J, 2), float64
            Pixels; complete.

        Returns
        -------
        array, shape (1, 2 (T + R) + P), float32
        """
        joints, anchors = self.anchoring.places
        image: Any = pose_2d.take(joints, 1)
        image -= pose_2d.take(anchors, 1)
        scaled = unit_norm(torch.from_numpy(image)).numpy() if self.norm_2d else image
        numbers = scaled.reshape(1, -1)
        if self.mean_place is not None:
            numbers = np.concatenate([numbers, pose_2d[:, self.anchoring.sets.roots[0]]], 1)
        mean, std = self._moments
        inputs: Floats = ((numbers - mean.numpy()) / std.numpy()).astype(np.float32)
        return np.nan_to_num(inputs, copy=False)

    def _anchored(self, image: Tensor, pose_2d: Tensor) -> Tensor:
        """Standardise anchored 2D, and the first root's place where that is an input, too."""
        scaled = unit_norm(image) if self.norm_2d else image
        if self.mean_place is not None:
            root = self.anchoring.sets.roots[0]
            scaled = torch.cat([scaled, pose_2d[:, root : root + 1]], 1)
        return _standardised(scaled, *self._moments)

    @cached_property
    def _moments(self) -> tuple[Tensor, Tensor]:
        if self.mean_place is None or self.std_place is None:
            return self.mean_in, self.std_in
        return torch.cat([self.mean_in, self.mean_place]), torch.cat([self.std_in, self.std_place])

    def outputs(self, pose_3d: Tensor) -> Tensor:
        """Standardise 3D poses; what is not known becomes zero.

        Parameters
        ----------
        pose_3d : tensor, shape (N, J, D), float64
            Any unit.

        Returns
        -------
        tensor, shape (N, D (T + R)), float32
        """
        return _standardised(self.anchoring.relative(pose_3d), self.mean_out, self.std_out)

    def ready(
        self, pose_2d: Tensor, pose_3d: Tensor, counts: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Standardise 2D and 3D poses together, and tell what counts.

        Parameters
        ----------
        pose_2d, pose_3d, counts : tensor
            As `counted_values` takes them.

        Returns
        -------
        inputs, outputs, counts : tensor, shape (N, 2 (T + R)) and twice (N, D (T + R))
            What `inputs`, `outputs` and `counted_values` give, at half the cost.
        """
        image, space = self.anchoring.relative(pose_2d), self.anchoring.relative(pose_3d)
        known = _counted(self.anchoring, image, space, counts)
        outputs = _standardised(space, self.mean_out, self.std_out)
        whole = self.complete(pose_2d)
        if whole is not pose_2d:
            image = self.anchoring.relative(whole)
        return self._anchored(image, whole), outputs, known.flatten(1).contiguous()

    def restore(self, outputs: Tensor) -> Tensor:
        """Turn standardised outputs into positions relative to their anchors.

        Parameters
        ----------
        outputs : tensor, shape (N, D (T + R))
            What the members predict.

        Returns
        -------
        tensor, shape (N, T + R, D), float64
            In the unit of the training 3D.
        """
        return as_joints(outputs.double() * self.std_out + self.mean_out, self.dims)

    def state(self) -> dict[str, Any]:
        """Everything that is needed to build it again, but for the anchoring."""
        return {
            "norm_2d": self.norm_2d,
            "mean_in": self.mean_in,
            "std_in": self.std_in,
            "mean_out": self.mean_out,
            "std_out": self.std_out,
            "mean_place": self.mean_place,
            "std_place": self.std_place,
            "completion": None if self.completion is None else self.completion.state(),
        }

    @classmethod
    def from_state(cls, anchoring: Anchoring, state: Mapping[str, Any]) -> Normalization:
        """Build it from what `state` gave, or an earlier version of this package."""
        values = dict(state)
        completion = values.pop("completion", None)
        known = None if completion is None else Completion.from_state(completion)
        return cls(anchoring, **values, completion=known)


def anchored_inputs(anchoring: Anchoring, pose_2d: Tensor, norm_2d: bool) -> Tensor:
    """Anchor 2D poses and, if asked, scale each to unit norm.

    Parameters
    ----------
    anchoring : Anchoring
        Which joint is relative to which.
    pose_2d : tensor, shape (N, J, 2)
        Pixels; NaN = not seen.
    norm_2d : bool
        Whether to scale.

    Returns
    -------
    tensor, shape (N, T + R, 2)
        Pixels, or without unit; NaN = not seen.
    """
    relative = anchoring.relative(pose_2d)
    return unit_norm(relative) if norm_2d else relative


def counted_values(
    anchoring: Anchoring, pose_2d: Tensor, pose_3d: Tensor, counts: Tensor
) -> Tensor:
    """Tell which anchored 3D values count in the loss and in the statistics.

    A value counts where the caller's mask says so, where it and its anchor are known in 3D, and
    where the joint and its anchor are seen in 2D. A masked root still anchors.

    Parameters
    ----------
    anchoring : Anchoring
        Which joint is relative to which.
    pose_2d : tensor, shape (N, J, 2)
        NaN = not seen.
    pose_3d : tensor, shape (N, J, D)
        As the caller gave it; NaN = not known.
    counts : bool tensor, shape (N, J, D)
        The caller's mask.

    Returns
    -------
    bool tensor, shape (N, T + R, D)
    """
    return _counted(anchoring, anchoring.relative(pose_2d), anchoring.relative(pose_3d), counts)


def _counted(anchoring: Anchoring, image: Tensor, space: Tensor, counts: Tensor) -> Tensor:
    joints, _ = anchoring._indices
    own = frames_last(counts).index_select(0, joints.to(counts.device)).permute(2, 0, 1)
    if is_complete(image) and is_complete(space):
        return own
    # A difference of a number with itself is not zero where it is none: cheaper than isfinite,
    # and sums cheaper than a reduction over two.
    both = image[..., 0] + image[..., 1]
    return (space - space == 0) & own & (both - both == 0)[..., None]


def _standardised(relative: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Standardise anchored points (N, T, D) to float32, shape (N, T D); NaN becomes zero."""
    numbers = (relative.flatten(1) - mean).div_(std)
    rows = numbers.to(torch.float32, memory_format=torch.contiguous_format)
    return rows.nan_to_num_(0.0)
