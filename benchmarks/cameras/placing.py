"""How far from its true place a lifted animal is put, by its own 2D and a calibrated camera.

Two mice that move freely. Lifters learn from the first part of each recording and lift the last
fifth, 50 frames apart; all 2D is projected and has 1.5 px of Gaussian noise. They learn from it as
it was filmed, or with the augmentation `elsewhere`: on other places of the floor and turned about
the vertical, anew in every epoch. Poses are placed by their lifted size, or by the floor that is
found in the training poses. The mouse of the six real cameras has one lifter of all. Errors are
those of the trunk's place, over its distance from the camera.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.cameras import MISSED
from benchmarks.recordings import GAP, TEST_SHARE, data_folder
from liftpose import Camera, Lifter, Skeleton
from liftpose.lifter.augmentation import elsewhere
from liftpose.poses import Lifted
from liftpose.postprocess import Floor, find_floor, place

Array = NDArray[np.float64]

NOISE = 1.5  # pixels, standard deviation of each coordinate
SEED = 0

SIZE = (1280, 1024)  # pixels
FOCAL_LENGTH = 1600.0  # pixels
DISTANCE = 700.0  # mm from the middle of where the mouse is
AZIMUTH = 30.0  # degrees
VIEWS = {"from above (75°)": 75.0, "oblique (40°)": 40.0}  # elevation, degrees

LARGER = 1.2  # times, an animal of which a length is known

BAR = 0.02  # of the distance from the camera


@dataclass(frozen=True, eq=False)
class Mouse:
    """A recording of one mouse, mm.

    Parameters
    ----------
    poses : array, shape (N, J, 3)
    joints : tuple of str
    root : str
    length : tuple of two str
        Joints between which a user would measure.
    feet : tuple of str
        Joints that stand on the floor.
    up : array, shape (3,)
        Unit vector against gravity.
    """

    poses: Array
    joints: tuple[str, ...]
    root: str
    length: tuple[str, str]
    feet: tuple[str, ...]
    up: Array

    @property
    def train(self) -> Array:
        """All but the last fifth, and a gap."""
        return self.poses[: round(len(self.poses) * (1 - TEST_SHARE)) - GAP]

    @property
    def test(self) -> Array:
        """The last fifth."""
        return self.poses[round(len(self.poses) * (1 - TEST_SHARE)) :]

    @property
    def floor(self) -> Floor:
        """The floor that the animal of the training part walks on."""
        feet = [self.joints.index(name) for name in self.feet]
        return find_floor(self.train, feet, up=self.up)

    def of_size(self, size: float) -> Array:
        """Test poses, as those of an animal that is so many times larger, on the same floor."""
        trunk, floor = self.test[:, [self.joints.index(self.root)]], self.floor
        below = trunk - floor.height(trunk)[..., None] * floor.normal
        return below + size * (self.test - below)

    @property
    def skeleton(self) -> Skeleton:
        """All joints relative to the root."""
        rest = [joint for joint in self.joints if joint != self.root]
        return Skeleton(self.joints, roots=[self.root], target_sets=[rest], unit="mm")


@dataclass(frozen=True)
class Errors:
    """Of the root, as a share of its distance from the camera.

    Parameters
    ----------
    median : float
        Of the distance from the true place.
    bias : float
        Median of the signed error along the line of sight; positive is too far.
    """

    median: float
    bias: float

    def __str__(self) -> str:
        return f"{self.median:.2%} ({self.bias:+.2%})"


def _mouse34() -> Mouse:
    with np.load(data_folder() / "zoo" / "mouse34_sleap8cam.npz", allow_pickle=False) as stored:
        poses, joints = stored["pose3d"].astype(np.float64), tuple(map(str, stored["joints"]))
    # From the feet to the spine: the recording does not say which way is up.
    spine = [joints.index(name) for name in ("Trunk", "Spine", "Neck")]
    feet = [joints.index(f"{name}_{side}") for name in ("Heel", "Forepaw") for side in "LR"]
    up = np.median(poses[:, spine].mean(1) - poses[:, feet].mean(1), axis=0)
    paws = ("MTP_L", "MTP_R", "Forepaw_L", "Forepaw_R")
    return Mouse(poses, joints, "Trunk", ("Nose", "TTI"), paws, up / np.linalg.norm(up))


def _mouse22() -> tuple[Mouse, list[Camera]]:
    with np.load(data_folder() / "zoo" / "mouse22_dannce_6cam.npz", allow_pickle=False) as stored:
        poses, joints = stored["pose3d"].astype(np.float64), tuple(map(str, stored["joints"]))
        parts = zip(*(stored[name] for name in ("K", "R", "t", "dist")), strict=True)
        cameras = [Camera(*values, name=str(n)) for n, values in enumerate(parts, start=1)]
    paws = ("HindpawL", "HindpawR", "ForepawL", "ForepawR")
    up = np.array([0.0, 0.0, 1.0])
    return Mouse(poses, joints, "SpineM", ("Snout", "TailBase"), paws, up), cameras


def _simulated_camera(mouse: Mouse, elevation: float) -> Camera:
    """A pinhole that looks at the middle of all joints; the azimuth counts from the x axis."""
    up, middle = mouse.up, np.median(mouse.poses.reshape(-1, 3), axis=0)
    east = np.array([1.0, 0, 0]) - up * up[0]
    east /= np.linalg.norm(east)
    around, above = np.radians([AZIMUTH, elevation])
    side = np.cos(around) * east + np.sin(around) * np.cross(up, east)
    forward = -(np.cos(above) * side + np.sin(above) * up)
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    K = [[FOCAL_LENGTH, 0, (SIZE[0] - 1) / 2], [0, FOCAL_LENGTH, (SIZE[1] - 1) / 2], [0, 0, 1]]
    return Camera(K, R, -R @ (middle - DISTANCE * forward), size=SIZE)


def _seen(camera: Camera, poses: Array, rng: np.random.Generator) -> Array:
    pixels: Array = camera.project(poses)
    return pixels + rng.normal(0, NOISE, pixels.shape)


def _lifter(mouse: Mouse, cameras: Sequence[Camera], moved: bool) -> Lifter:
    """One lifter of all cameras."""
    rng = np.random.default_rng(SEED)
    return Lifter(mouse.skeleton, seed=SEED, job=1).fit(
        {n: _seen(camera, mouse.train, rng) for n, camera in enumerate(cameras)},
        dict.fromkeys(range(len(cameras)), mouse.train),
        camera=dict(enumerate(cameras)),
        augmentation=[elsewhere(mouse.floor, dict(enumerate(cameras)))] if moved else None,
    )


def _errors(truth: Array, camera: Camera, root: Array) -> Errors:
    sight = truth - camera.position
    distance = np.linalg.norm(sight, axis=1)
    off = root - truth
    along = (off * sight).sum(1) / distance
    return Errors(
        float(np.nanmedian(np.linalg.norm(off, axis=1) / distance)),
        float(np.nanmedian(along / distance)),
    )


def _placed(
    mouse: Mouse,
    camera: Camera,
    lifter: Lifter,
    size: float = 1.0,
    *,
    measured: bool = False,
    floor: Floor | None = None,
) -> tuple[Errors, float]:
    """Errors, and pixels between the 2D and where the placed pose is seen.

    With `size` the test animal is that much larger than those of the training; where it is
    measured, one of its lengths is known.
    """
    poses = mouse.of_size(size)
    test_2d = _seen(camera, poses, np.random.default_rng(SEED + 1))
    one, other = (poses[:, mouse.joints.index(name)] for name in mouse.length)
    length = (*mouse.length, float(np.median(np.linalg.norm(one - other, axis=1))))
    lifted = lifter.lift(test_2d, camera=camera)
    placed = place(lifted, test_2d, camera, length=length if measured else None, floor=floor)
    truth = poses[:, mouse.joints.index(mouse.root)]
    return _errors(truth, camera, placed.root), float(np.nanmedian(placed.error))


def _with_true_poses(mouse: Mouse, camera: Camera) -> Errors:
    test_2d = _seen(camera, mouse.test, np.random.default_rng(SEED + 1))
    truth = mouse.test[:, mouse.joints.index(mouse.root)]
    relative = mouse.test - truth[:, None]
    lifted = Lifted(relative, relative, ("",), (len(relative),), frame="world", unit="mm")
    return _errors(truth, camera, place(lifted, test_2d, camera).root)


def lines() -> Iterator[str]:
    """Yield the figures as Markdown, and last whether the bars are met.

    Yields
    ------
    str

    Raises
    ------
    FileNotFoundError
        A recording is not there.
    """
    yield (
        "| mouse, camera | distance, mm | true poses | lifted | and the floor | `elsewhere` | "
        f"**and the floor** | reprojection, px | {LARGER} × as large | and a length | "
        "**and the floor** |"
    )
    yield "|---" * 11 + "|"
    mouse, single, several = _mouse34(), {}, []
    for name, elevation in VIEWS.items():
        camera = _simulated_camera(mouse, elevation)
        for row, *errors in _rows(mouse, [(f"mouse34, {name}", camera)]):
            single[name] = errors
            yield row
    mouse, cameras = _mouse22()
    for row, *errors in _rows(mouse, [(f"mouse22, camera {c.name}", c) for c in cameras]):
        several.append(errors)
        yield row
    yield ""
    yield from _verdict(single, several)


def _rows(
    mouse: Mouse, named: Sequence[tuple[str, Camera]]
) -> Iterator[tuple[str, Errors, Errors]]:
    """Rows, and of each the errors by the floor and by the lifted size."""
    cameras = [camera for _, camera in named]
    filmed, moved = (_lifter(mouse, cameras, more) for more in (False, True))
    floor = mouse.floor
    for name, camera in named:
        root = mouse.test[:, mouse.joints.index(mouse.root)]
        distance = np.median(np.linalg.norm(root - camera.position, axis=1))
        errors, pixels = _placed(mouse, camera, moved, floor=floor)
        by_size = _placed(mouse, camera, moved)[0]
        cells = [
            name,
            f"{distance:.0f}",
            _with_true_poses(mouse, camera),
            _placed(mouse, camera, filmed)[0],
            _placed(mouse, camera, filmed, floor=floor)[0],
            by_size,
            f"**{errors}**",
            f"{pixels:.1f}",
            _placed(mouse, camera, moved, LARGER)[0],
            _placed(mouse, camera, moved, LARGER, measured=True)[0],
            f"**{_placed(mouse, camera, moved, LARGER, floor=floor)[0]}**",
        ]
        yield f"| {' | '.join(map(str, cells))} |", errors, by_size


def _verdict(single: dict[str, list[Errors]], several: list[list[Errors]]) -> Iterator[str]:
    for name, (errors, by_size) in single.items():
        met = "holds" if errors.median < BAR else MISSED
        yield (
            f"- mouse34, {name}: median error {errors.median:.2%} by the floor; below {BAR:.0%}: "
            f"{met}. By the lifted size {by_size.median:.2%}."
        )
    biases, lifted = (np.array([pair[n].bias for pair in several]) for n in (0, 1))
    standard_error = biases.std(ddof=1) / np.sqrt(len(biases))
    met = "holds" if abs(biases.mean()) < 2 * standard_error else MISSED
    yield (
        f"- mouse22: bias {biases.mean():+.2%} ± {standard_error:.2%} (standard error over the "
        f"{len(biases)} cameras), {biases.min():+.2%} to {biases.max():+.2%} by the floor; within "
        f"two standard errors of none: {met}. By the lifted size {lifted.min():+.2%} to "
        f"{lifted.max():+.2%}."
    )
