"""What a simulated recording holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.skeleton import Skeleton

Floats = npt.NDArray[np.float64]

# Left is dark and right is light, in one hue a pair of legs, as figures have it: so they are told
# apart by the colour-blind, and in grey.
LEFT_COLORS = ((0, 76, 168), (176, 78, 0), (0, 78, 50))
RIGHT_COLORS = ((96, 160, 250), (245, 140, 30), (84, 205, 150))
TRUNK_COLORS = ((96, 96, 96), (144, 144, 144))
FOUR_LEGGED_COLORS = (*TRUNK_COLORS, *LEFT_COLORS[:2], *RIGHT_COLORS[:2])
"""Of head, spine, and the legs of the left and of the right."""


@dataclass(frozen=True, eq=False)
class Recording:
    """A simulated recording: poses, and what one has to know of the animal to lift and draw it.

    Several calibrated cameras film the animal. The first is the one to lift from: `pose_2d` and
    `pose_3d` are what it sees and the truth in its frame.

    Parameters
    ----------
    skeleton : Skeleton
        Joints, bones, roots, target sets, limbs, colours and left-right pairs of the animal.
    cameras : tuple of Camera, length C
        What filmed it; each has a name and an image size.
    poses_3d : array, shape (N, J, 3), float64, in the skeleton's unit
        The truth in the world: `x` and `y` on the ground, `z` up. Complete.
    points_2d : array, shape (C, N, J, 2), float64, pixels
        What a tracker would give for each camera: noisy where it saw the joint, guessed where the
        body hid it, and NaN where it was lost.
    confidence : array, shape (C, N, J), float32
        How sure the tracker was of each point, 0 to 1; 0 where it was lost. Low for most guesses
        and for few points that it saw.
    fps : float
        Frames a second.
    """

    skeleton: Skeleton
    cameras: tuple[Camera, ...]
    poses_3d: Floats
    points_2d: Floats
    confidence: npt.NDArray[np.float32]
    fps: float

    @property
    def pose_2d(self) -> Floats:
        """What the first camera's tracker gave, (N, J, 2), pixels; NaN where it lost a joint."""
        return np.asarray(self.points_2d[0])

    @cached_property
    def pose_3d(self) -> Floats:
        """The truth in the first camera's frame: `x` right, `y` down, `z` forward, (N, J, 3)."""
        return np.asarray(self.cameras[0].world_to_camera(self.poses_3d))

    @property
    def joints(self) -> tuple[str, ...]:
        """Name of each joint."""
        return self.skeleton.joints

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """Joints at the two ends of each bone."""
        return self.skeleton.bones

    @property
    def roots(self) -> tuple[int, ...]:
        """Root joint of each target set."""
        return self.skeleton.roots

    @property
    def target_sets(self) -> tuple[tuple[int, ...], ...]:
        """Joints to be predicted relative to each root."""
        return self.skeleton.target_sets

    @property
    def limb_id(self) -> tuple[int, ...]:
        """Limb of each joint."""
        return self.skeleton.limbs

    @property
    def colors(self) -> tuple[tuple[int, int, int], ...]:
        """Red, green and blue of each limb, 0 to 255."""
        return self.skeleton.colors

    @property
    def unit(self) -> str | None:
        """Unit of the 3D."""
        return self.skeleton.unit

    @property
    def frames_per_second(self) -> float:
        """Of the cameras, as `fps`."""
        return self.fps

    @property
    def intrinsics(self) -> Any:
        """Matrix of the first camera (3, 3), pixels; it has no distortion."""
        return self.cameras[0].K
