"""The look of an augmentation through cameras: 3D to new 2D, and shifts in 3D to shifts in 2D.

A camera turns and moves the 3D into its frame (``x_c = R x + t``) and projects it from there: in
perspective where it has a matrix of intrinsics, with its distortion, and orthographically where it
has none. NaN means not seen (2D) or not known (3D).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from liftpose.geometry.camera import Camera
from liftpose.lifter.batch import Batch, frames_last, is_complete
from liftpose.lifter.viewpoints import Vector

FITTING = 0.25
"""Greatest median distance of 3D as a camera shows it from the 2D, as a share of a pose's extent in
the image, with which the camera is taken for the one that filmed it."""

_NOWHERE: Vector = (0.0, 0.0, 0.0)

# Share of the largest spread of a batch below which its 3D has no extent in a direction, and no
# relation to the 2D can be fitted along it. Squared, since the fit sees squares.
_FLAT = 1e-6


def seen_from(
    batch: Batch,
    camera: Tensor,
    *,
    rotation: Tensor | None,
    translations: Sequence[Vector | None],
    lenses: Sequence[Camera | None],
    visible_joints: Sequence[tuple[bool, ...] | None],
) -> Batch:
    """Bring the 3D into each pose's camera and remake the 2D there.

    Parameters
    ----------
    batch : Batch
        With three coordinates in 3D.
    camera : Tensor, shape (B,) or (1,), int64
        Each pose's index into the C cameras.
    rotation : Tensor, shape (B, 3, 3) or (1, 3, 3), float64, or None
        From the frame of the 3D to that of each pose's camera; None leaves the 3D unturned.
    translations : sequence of C vectors (3,), the unit of the 3D
        None for no translation.
    lenses : sequence of C Camera
        Matrix and distortion count; None for an orthographic projection. In perspective, points
        with z <= 0 are not seen.
    visible_joints : sequence of C tuples of J bool
        Joints marked False are not seen; None marks none.

    Returns
    -------
    Batch
        A joint that was turned counts only where all its coordinates counted and were finite.
        Its cameras are known where there is one lens for all poses.

    Examples
    --------
    >>> batch = Batch(
    ...     pose_2d=torch.zeros(1, 1, 2, dtype=torch.float64),
    ...     pose_3d=torch.tensor([[[1.0, 2.0, 0.0]]], dtype=torch.float64),
    ...     counts=torch.ones(1, 1, 3, dtype=torch.bool),
    ...     experiment=torch.zeros(1, dtype=torch.int64),
    ...     keys=("fly1",),
    ...     roots=(0,),
    ...     target_sets=((),),
    ... )
    >>> wide = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]])
    >>> seen_from(
    ...     batch, torch.tensor([0]), rotation=None, translations=[(0.0, 0.0, 4.0)],
    ...     lenses=[wide], visible_joints=[None],
    ... ).pose_2d.tolist()
    [[[75.0, 100.0]]]
    """
    pose, counts = batch.pose_3d, batch.counts
    place = pose.device
    if rotation is not None:
        if not (is_complete(pose) and counts.all()):
            counts = only_whole(counts, all_finite(pose))
        pose = _turned(pose, rotation)
    if any(entry is not None for entry in translations):
        pose = pose + _floats(translations, _NOWHERE, place)[camera, None]
    image = _shown(pose, camera, lenses)
    # A joint that was turned, or is seen in perspective, is NaN as a whole already.
    if rotation is None:
        image = image + torch.stack([holes(image)] * 2, dim=-1)
    if any(row is not None for row in visible_joints):
        all_joints = (True,) * pose.shape[1]
        rows = [all_joints if row is None else row for row in visible_joints]
        visible = torch.tensor(rows, dtype=torch.bool).to(place)[camera]
        image = torch.where(visible[..., None], image, torch.nan)
    one_lens = lenses[0] if len(set(lenses)) == 1 else None
    return replace(
        batch,
        pose_2d=image,
        pose_3d=pose,
        counts=counts,
        cameras=() if one_lens is None else (one_lens,) * len(batch.keys),
    )


def holes(points: Tensor) -> Tensor:
    """Give NaN (...) for points (..., D) with a coordinate that is NaN or infinite, else zero."""
    # Several times as fast as a reduction over so short an axis.
    total = points[..., 0]
    for coordinate in points.unbind(-1)[1:]:
        total = total + coordinate
    return total - total


def all_finite(points: Tensor) -> Tensor:
    """Tell which points (..., D) have no coordinate that is NaN or infinite; bool, shape (...)."""
    return holes(points) == 0


def only_whole(counts: Tensor, whole: Tensor) -> Tensor:
    """Let joints count (..., D) that are whole (...) and of which all coordinates counted."""
    for coordinate in counts.unbind(-1):
        whole = whole & coordinate
    # Repeated rather than broadcast: that is slow along so short an axis.
    return torch.stack([whole] * counts.shape[-1], dim=-1)


def _turned(points: Tensor, rotation: Tensor) -> Tensor:
    """Turn points (B, J, 3); a coordinate that is NaN makes all three so."""
    # A product of small matrices for each frame costs four times as much.
    (x, y, z), columns = frames_last(points).unbind(1), rotation.permute(1, 2, 0)
    turned = columns[:, 0] * x[:, None]
    turned.addcmul_(columns[:, 1], y[:, None]).addcmul_(columns[:, 2], z[:, None])
    return turned.permute(2, 0, 1)


def _shown(pose: Tensor, camera: Tensor, lenses: Sequence[Camera | None]) -> Tensor:
    """Project poses that are in the frame of their camera; one pass for each different lens."""
    image = pose[..., :2].clone()
    different = [lens for lens in dict.fromkeys(lenses) if lens is not None]
    if len(set(lenses)) == 1 and different:
        only: Tensor = different[0].project(pose, frame="camera")
        return only
    for lens in different:
        ours = torch.tensor([entry == lens for entry in lenses]).to(pose.device)[camera]
        shown = lens.project(pose, frame="camera")
        image = torch.where(ours[:, None, None], shown, image)
    return image


def _floats(entries: Sequence[Any], otherwise: Any, place: torch.device) -> Tensor:
    given = [otherwise if entry is None else entry for entry in entries]
    return torch.tensor(given, dtype=torch.float64).to(place)


def image_shifts(
    batch: Batch, pose: Tensor, shifts: Tensor, cameras: Sequence[Camera] = ()
) -> Tensor:
    """Tell how far joints move in the image when they move in space.

    What was tracked keeps the error it has. Where the cameras are known, a joint moves from
    where they show it before to where they show it after; elsewhere, by the weak-perspective
    camera of each experiment (see `affine_cameras`).

    Parameters
    ----------
    batch : Batch
        With three coordinates in 3D.
    pose : Tensor, shape (B, J, 3), float64
        Joint positions before; a joint that is not known moves as one in the middle of the known
        ones would.
    shifts : Tensor, shape (B, J, 3), float64
        By how much they move, finite.
    cameras : sequence of Camera
        One for each experiment, for a batch that knows none.

    Returns
    -------
    Tensor, shape (B, J, 2), float64, pixels
        NaN where a joint comes to lie where the camera does not show it; zero for poses of which
        no joint is known.

    Examples
    --------
    >>> pose_3d = torch.tensor([[[0.0, 0, 0], [1, 0, 0]]]).double()
    >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]], t=[0, 0, 10])
    >>> batch = Batch(
    ...     pose_2d=camera.project(pose_3d),
    ...     pose_3d=pose_3d,
    ...     counts=torch.isfinite(pose_3d),
    ...     experiment=torch.zeros(1, dtype=torch.int64),
    ...     keys=("fly1",),
    ...     roots=(0,),
    ...     target_sets=((1,),),
    ...     cameras=(camera,),
    ... )
    >>> image_shifts(batch, pose_3d, torch.ones_like(pose_3d) * 2).round(decimals=2).tolist()
    [[[16.67, 16.67], [15.0, 16.67]]]
    """
    known = batch.cameras or tuple(cameras)
    if not known:
        camera = affine_cameras(batch)[batch.experiment]
        return torch.einsum("bik,bjk->bji", camera, shifts)
    whole = all_finite(pose)[..., None]
    number = whole.sum(dim=1, keepdim=True)
    middle = torch.where(whole, pose, 0.0).sum(dim=1, keepdim=True) / number.clamp(min=1)
    before = torch.where(whole, pose, middle)
    moved = torch.zeros_like(batch.pose_2d)
    for camera_used in dict.fromkeys(known):
        ours = torch.tensor([entry == camera_used for entry in known]).to(pose.device)
        # Both at once: what a projection costs is mostly its calls.
        image = camera_used.project(torch.stack([before, before + shifts]))
        chosen = ours[batch.experiment][:, None, None]
        moved = torch.where(chosen, image[1] - image[0], moved)
    return torch.where(number > 0, moved, 0.0)


def affine_cameras(batch: Batch) -> Tensor:
    """Fit a weak-perspective camera to each experiment's root-relative 3D and 2D.

    Parameters
    ----------
    batch : Batch
        With three coordinates in 3D, of E experiments.

    Returns
    -------
    Tensor, shape (E, 2, 3), float64, pixels per unit of the 3D
        Least squares over all joints seen in both. Zero for an experiment of which no joint has
        both, and in directions in which it has no extent.

    Examples
    --------
    >>> pose_3d = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]]).double()
    >>> batch = Batch(
    ...     pose_2d=10 * pose_3d[..., :2],
    ...     pose_3d=pose_3d,
    ...     counts=torch.isfinite(pose_3d),
    ...     experiment=torch.zeros(1, dtype=torch.int64),
    ...     keys=("fly1",),
    ...     roots=(0,),
    ...     target_sets=((1, 2, 3),),
    ... )
    >>> affine_cameras(batch).round(decimals=6).abs().tolist()
    [[[10.0, 0.0, 0.0], [0.0, 10.0, 0.0]]]
    """
    root = torch.arange(batch.pose_3d.shape[1])
    for own_root, targets in zip(batch.roots, batch.target_sets, strict=True):
        root[list(targets)] = own_root
    root = root.to(batch.pose_3d.device)
    space = batch.pose_3d - batch.pose_3d[:, root]
    image = batch.pose_2d - batch.pose_2d[:, root]
    seen = all_finite(space) & all_finite(image)
    space = torch.where(seen[..., None], space, 0.0)
    image = torch.where(seen[..., None], image, 0.0)
    # A product rather than a scatter: its sums have one order on every device.
    member = torch.nn.functional.one_hot(batch.experiment, len(batch.keys)).to(space.dtype)
    square = torch.einsum("be,bji,bjk->eik", member, space, space)
    product = torch.einsum("be,bji,bjk->eik", member, image, space)
    inverse: Tensor = torch.linalg.pinv(square, rtol=_FLAT**2, hermitian=True)
    return product @ inverse
