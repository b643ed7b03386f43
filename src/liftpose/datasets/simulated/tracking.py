"""What films a simulated animal: calibrated cameras, what the body hides, and what trackers do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liftpose.datasets.simulated.motion import FRAMES_PER_SECOND, MARGIN, Bools, Floats, dot
from liftpose.datasets.simulated.recording import Recording
from liftpose.geometry.camera import Camera
from liftpose.skeleton import Skeleton

_PIXEL_NOISE = 1.5  # pixels, standard deviation of each coordinate
_LOST = 0.01  # share of the joints in view that the tracker loses
# What the body hides, a tracker guesses from the rest of the animal, not as well, takes for the
# same joint of the other side, or loses for a while, the more so the more it doubts.
_GUESS_NOISE = 5.0  # pixels
_DOUBT_SECONDS = 0.2
_CONFUSED_ABOVE = 0.8  # of a doubt of standard deviation 1
_LOST_ABOVE = 1.0
_NOISE_OF_DOUBT = 0.25  # logarithm of the noise, for each unit of doubt

# The logit of a tracker's confidence.
_SURE_IF_SEEN, _SURE_IF_GUESSED = 3.0, -0.5
_SURE_NOISE = 0.6
_SURE_OF_DOUBT = -0.8


@dataclass(frozen=True)
class View:
    """Where a camera stands and looks, and with which lens.

    Parameters
    ----------
    name : str
        Of the camera.
    azimuth, elevation : float, degrees
        Direction from what it looks at: from `x` towards `y`, and above the ground.
    distance : float, mm
        From what it looks at.
    focal : float, pixels
        Focal length.
    dist : tuple of float
        Distortion, OpenCV's five coefficients.
    """

    name: str
    azimuth: float
    elevation: float
    distance: float
    focal: float
    dist: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)

    def camera(self, size: tuple[int, int], target: tuple[float, float, float]) -> Camera:
        """Build the camera, with images of so many pixels, that looks at a point of the world."""
        azimuth, elevation = np.radians(self.azimuth), np.radians(self.elevation)
        outward = np.array(
            [
                np.cos(elevation) * np.cos(azimuth),
                np.cos(elevation) * np.sin(azimuth),
                np.sin(elevation),
            ]
        )
        right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
        R = np.stack([right, np.cross(-outward, right), -outward])
        width, height = size
        K = np.array(
            [
                [self.focal, 0.0, (width - 1) / 2],
                [0.0, self.focal, (height - 1) / 2],
                [0.0, 0.0, 1.0],
            ]
        )
        origin = np.asarray(target) + self.distance * outward
        return Camera(K=K, R=R, t=-R @ origin, dist=np.array(self.dist), size=size, name=self.name)


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """A part of the body that hides joints from cameras.

    Parameters
    ----------
    centre : array, shape (N, 3), mm
        In the world.
    rotation : array, shape (N, 3, 3)
        Of its axes, to the world.
    radii : array, shape (3,), mm
        Along its axes.
    """

    centre: Floats
    rotation: Floats
    radii: Floats

    def inward(self, points: Floats) -> Floats:
        """Points (N, J, 3) of the world, where the ellipsoid is a ball of radius 1."""
        return np.asarray((points - self.centre[:, None]) @ self.rotation / self.radii)


def film(
    skeleton: Skeleton,
    cameras: tuple[Camera, ...],
    poses: Floats,
    body: Sequence[Ellipsoid],
    rng: np.random.Generator,
) -> Recording:
    """Film an animal and track it in every camera's images.

    Parameters
    ----------
    skeleton : Skeleton
        Of J joints; its pairs are what a tracker confuses.
    cameras : tuple of Camera, length C
        What films it.
    poses : array, shape (M + N + M, J, 3), mm
        In the world; M is `MARGIN`, and these frames are not filmed.
    body : sequence of Ellipsoid
        What hides joints, for as many frames.
    rng : Generator
        Of the tracker.

    Returns
    -------
    Recording
        Of N frames.
    """
    filmed = np.ascontiguousarray(poses[MARGIN:-MARGIN])
    partner = np.arange(len(skeleton.joints))
    for left, right in skeleton.pairs:
        partner[[left, right]] = right, left
    points = np.empty((len(cameras), *filmed.shape[:2], 2))
    confidence = np.empty(points.shape[:-1], dtype=np.float32)
    for number, hidden in enumerate(_hidden(poses, body, cameras)):
        points[number], confidence[number] = _track(
            cameras[number], filmed, hidden[MARGIN:-MARGIN], partner, rng
        )
    return Recording(skeleton, cameras, filmed, points, confidence, FRAMES_PER_SECOND)


def _hidden(
    poses: Floats, body: Sequence[Ellipsoid], cameras: tuple[Camera, ...]
) -> Iterator[Bools]:
    """For each camera, the joints (N, J) whose line of sight passes through the body."""
    balls = [(part, start, dot(start, start)) for part in body for start in [part.inward(poses)]]
    for camera in cameras:
        hidden = np.zeros(poses.shape[:2], dtype=bool)
        for part, start, far in balls:
            # How near does the line come to the centre of the ball?
            end = part.inward(np.broadcast_to(camera.position, (len(poses), 1, 3)))
            across = np.einsum("njk,nok->nj", start, end)
            sight = dot(end, end) - 2 * across + far
            inward = far - across
            nearest = np.clip(inward / sight, 0, 1)
            hidden |= far - nearest * (2 * inward - nearest * sight) < 1
        yield hidden


def _track(
    camera: Camera,
    poses: Floats,
    hidden: Bools,
    partner: npt.NDArray[np.intp],
    rng: np.random.Generator,
) -> tuple[Floats, npt.NDArray[np.float32]]:
    """Find joints in the images, as a tracker does: points (N, J, 2) and confidence (N, J)."""
    exact = np.asarray(camera.project(poses))
    doubt = _doubts(rng, hidden.shape)
    confused = hidden & (doubt > _CONFUSED_ABOVE)
    points = np.where(confused[..., None], exact[:, partner], exact)
    # A guess is wrong in the same way for a while.
    points += _GUESS_NOISE * hidden[..., None] * _doubts(rng, points.shape)
    noise = _PIXEL_NOISE * np.exp(_NOISE_OF_DOUBT * doubt)
    points += noise[..., None] * rng.standard_normal(points.shape)

    sure = np.where(hidden, _SURE_IF_GUESSED, _SURE_IF_SEEN) + _SURE_OF_DOUBT * doubt
    sure += _SURE_NOISE * rng.standard_normal(hidden.shape)
    confidence = (1 / (1 + np.exp(-sure))).astype(np.float32)

    width, height = camera.size or (np.inf, np.inf)
    outside = ((exact < 0) | (exact > (width - 1, height - 1))).any(axis=-1)
    lost = outside | (hidden & (doubt > _LOST_ABOVE)) | (rng.random(hidden.shape) < _LOST)
    points[lost], confidence[lost] = np.nan, 0
    return points, confidence


def _doubts(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Noise of mean 0 and a standard deviation near 1 that changes along the first axis."""
    way = np.arange(shape[0]) / (_DOUBT_SECONDS * FRAMES_PER_SECOND)
    before = way.astype(np.intp)
    share = (way - before).reshape(-1, *(1 for _ in shape[1:]))
    knots = np.clip(rng.standard_normal((before[-1] + 2, *shape[1:])), -2, 2)
    return knots[before] * (1 - share) + knots[before + 1] * share
