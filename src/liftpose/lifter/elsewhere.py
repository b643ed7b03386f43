"""Training animals elsewhere on their floor, as the known cameras show them there.

A lifter that saw an animal near one place takes what is near for large. Shown in many places and
from all sides, it learns what distance and direction do to the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from liftpose.geometry.camera import Camera
from liftpose.lifter.batch import Batch
from liftpose.lifter.floor import Floor
from liftpose.lifter.physical import check_share, moved
from liftpose.lifter.projection import FITTING, all_finite, only_whole
from liftpose.lifter.views import Views
from liftpose.poses import Key

TRIES = 8
"""Places that are drawn for a pose until one is in view of its camera."""


def elsewhere(
    floor: Floor, camera: Any, *, share: float = 0.5, margin: float | None = None
) -> Elsewhere:
    """Move poses along the floor and turn them about the vertical, before the camera they had.

    Each pose that is moved gets a random heading and a random place, both uniform, in the rectangle
    where animals were seen. The 2D moves as its camera shows it, with the error that it has. A
    place where a joint is out of view (of the image, where the camera knows its size) is drawn
    again; where that fails eight times the pose stays as it is.

    Parameters
    ----------
    floor : Floor
        What `liftpose.postprocess.find_floor` found in the training poses.
    camera : Camera, dict of Camera, or sequence of Camera
        What filmed the poses, as it is given to `Lifter.fit`, where the lifter gets cameras.
    share : float
        Share of the poses that are moved, 0 to 1, drawn anew in every epoch. On held-out blocks
        of two mice, half gave better poses than three quarters, at places as good.
    margin : float, unit of the world, optional
        How much further than animals were seen they are moved, to each side. By default one
        extent of a body, ``floor.size``.

    Returns
    -------
    Augmentation
        Needs 3D poses of the world with three coordinates. In a pose that is moved, a joint of
        which not all three coordinates count and are finite does not count, and is not seen where
        its place is not known.

    Raises
    ------
    ValueError
        A share or margin out of range, a floor without known places; when checked or called, an
        experiment without a camera, 3D with one coordinate, or a camera that does not show the 3D
        near the 2D.
    TypeError
        Something that is no floor, no number or no camera.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> feet = rng.uniform(-50, 50, (40, 2, 3)) * [1, 1, 0]
    >>> poses = np.concatenate([feet, feet.mean(1, keepdims=True) + [0, 0, 20]], axis=1)
    >>> above = Camera([[900, 0, 320], [0, 900, 240], [0, 0, 1]], np.diag([1, -1, -1]), [0, 0, 500])
    >>> from liftpose.postprocess import find_floor
    >>> augmentation = elsewhere(find_floor(poses, feet=[0, 1]), above)
    >>> augmentation.check(keys=("mouse",), joint_count=3)
    """
    if not isinstance(floor, Floor):
        raise TypeError(f"floor is a {type(floor).__name__}; expected what find_floor gives.")
    if not np.isfinite(floor.places).all():
        raise ValueError("the floor is a plane without known places; find it in 3D, by find_floor.")
    share = check_share(share, "share")
    margin = floor.size if margin is None else check_share(margin, "margin")
    if share > 1:
        raise ValueError(f"share is {share}; expected a share of the poses, 0 to 1.")
    if isinstance(camera, Sequence) and not isinstance(camera, str):
        camera = tuple(camera)
    return Elsewhere(floor, camera, share, margin)


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """What `elsewhere` makes."""

    floor: Floor
    filmed_by: Any
    share: float
    margin: float
    norm_2d: ClassVar[bool | None] = None
    makes_2d: ClassVar[bool] = False
    moves: ClassVar[bool] = True

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        """See `Augmentation`."""
        self._cameras(keys)

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Give poses at other places."""
        if batch.pose_3d.shape[-1] != 3:
            raise ValueError(
                "elsewhere needs 3D poses with three coordinates; got shape "
                f"{tuple(batch.pose_3d.shape)}. Leave it out where only one coordinate is lifted."
            )
        cameras = self._cameras(batch.keys)
        turned = self._turned(batch, cameras)
        known = batch if batch.cameras else replace(batch, cameras=cameras)
        place = batch.pose_3d.device
        rotation = torch.tensor(np.stack([one.R for one in cameras])).to(place)[batch.experiment]
        pose = batch.pose_3d @ rotation if turned else batch.pose_3d
        whole = all_finite(pose)
        there, moves = self._placed(pose, whole, cameras, batch.experiment, generator)
        by = torch.where((moves[:, None] & whole)[..., None], there - pose, 0.0)
        shown = moved(known, by @ rotation.mT if turned else by, None)
        # A joint without its place in space is nowhere else; a pose that stays is as it was.
        kept = torch.where(whole[..., None], 0.0, torch.nan)
        moves = moves[:, None, None]
        return replace(
            known,
            pose_2d=torch.where(moves, shown.pose_2d + kept, batch.pose_2d),
            pose_3d=torch.where(moves, shown.pose_3d + kept, batch.pose_3d),
            counts=torch.where(moves, only_whole(batch.counts, whole), batch.counts),
        )

    def _cameras(self, keys: Sequence[Key]) -> tuple[Camera, ...]:
        return Views.resolve(self.filmed_by, keys, turns=True).of(keys)

    def _turned(self, batch: Batch, cameras: Sequence[Camera]) -> bool:
        """Whether the 3D is in the directions of its cameras already, as lifters turn it."""
        if batch.cameras:
            if any(
                not np.array_equal(one.t, other.t)
                for one, other in zip(cameras, batch.cameras, strict=True)
            ):
                raise ValueError(
                    "elsewhere was given other cameras than the lifter, or 3D that is not of the "
                    "world; give both the same cameras."
                )
            return True
        seen = batch.pose_2d
        extent = (seen - seen.nanmean(1, keepdim=True)).square().sum(-1).nanmean(1).sqrt()
        shown = _shown(batch.pose_3d, cameras, batch.experiment)
        off = ((shown - seen).norm(dim=-1) / extent[:, None])[all_finite(seen)]
        off = off[off.isfinite()]
        if not len(off) or off.median() > FITTING:
            raise ValueError(
                "elsewhere: the camera does not show the 3D near the 2D. Is the translation t of "
                "the camera missing, is it another camera, or is the 3D relative to a root?"
            )
        return False

    def _placed(
        self,
        pose: Tensor,
        whole: Tensor,
        cameras: Sequence[Camera],
        experiment: Tensor,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Poses of the world at new places, and which of them have one."""
        device, frames = pose.device, len(pose)
        normal = torch.tensor(self.floor.normal).to(device)
        axes = torch.tensor(self.floor.axes.copy()).to(device)
        low, high = torch.tensor(self.floor.places).to(device).unbind(1)
        number = whole.sum(1).clamp(min=1)[:, None, None]
        middle = torch.where(whole[..., None], pose, 0.0).sum(1, keepdim=True) / number
        arm = pose - middle
        along = (arm @ normal)[..., None] * normal
        side = torch.linalg.cross(normal.expand_as(arm), arm)
        height = middle - (middle @ axes.mT) @ axes
        chosen = torch.rand(frames, generator=generator, dtype=torch.float64) < self.share
        open_ = chosen.to(device) & whole.any(1)
        there, done = pose, torch.zeros_like(open_)
        for _ in range(TRIES):
            draw = torch.rand((frames, 3), generator=generator, dtype=torch.float64).to(device)
            angle = (2 * torch.pi * draw[:, 2])[:, None, None]
            spot = low - self.margin + (high - low + 2 * self.margin) * draw[:, :2]
            # Rodrigues' formula.
            turned = along + angle.cos() * (arm - along) + angle.sin() * side
            new = turned + height + (spot @ axes)[:, None]
            fits = open_ & ~done & _in_view(new, whole, cameras, experiment)
            there, done = torch.where(fits[:, None, None], new, there), done | fits
        return there, done


def _shown(pose: Tensor, cameras: Sequence[Camera], experiment: Tensor) -> Tensor:
    """Pixels of every pose in the camera of its experiment."""
    image = torch.full_like(pose[..., :2], torch.nan)
    for camera in dict.fromkeys(cameras):
        ours = torch.tensor([one == camera for one in cameras]).to(pose.device)[experiment]
        image[ours] = camera.project(pose[ours])
    return image


def _in_view(pose: Tensor, whole: Tensor, cameras: Sequence[Camera], experiment: Tensor) -> Tensor:
    """Tell which poses have all their known joints in the image of their camera."""
    image = _shown(pose, cameras, experiment)
    size = [[torch.inf, torch.inf] if one.size is None else list(one.size) for one in cameras]
    # Pixels have their origin at the centre of the first one.
    edge = torch.tensor(size, dtype=torch.float64).to(pose.device)[experiment][:, None] - 0.5
    sized = torch.isfinite(edge)
    inside = torch.where(sized, (image >= -0.5) & (image <= edge), torch.isfinite(image))
    return (inside.all(-1) | ~whole).all(1)
