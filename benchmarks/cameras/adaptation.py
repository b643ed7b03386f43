"""A lifter of one rig on another: as it is, adapted from unpaired poses, and beside one of its own.

Two tethered flies, filmed by cameras in the same places: the one walks, the other grooms. And one
fly, filmed from the left and from the right: the cameras face each other, so that the one image is
like the mirrored other. Lifters learn in the frame of their camera; `adapt` sees the 2D of the
training frames of either side, without 3D and without saying which frames belong together.

Since the cameras of both flies are the same, and well aligned, there is little to adapt to. So the
other fly is filmed a second time by a camera that is rolled and nearer, which is simulated by
turning and scaling its image.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import GAP, TEST_SHARE, data_folder
from liftpose import Lifter, Poses, Skeleton
from liftpose.lifter.adaptation import adapt
from liftpose.poses import Lifted

Array = NDArray[np.float64]

FLIES = {"walking": "fly_df3d_walk_6cam.npz", "grooming": "fly_df3d_groom_6cam.npz"}
PER_SIDE = 15  # joints: the left legs are the first, cameras 0 to 2 see them
# Left and right camera that face each other.
TWINS = ((0, 5), (1, 4), (2, 3))
ROLL, ZOOM = 15.0, 1.3  # degrees, times
SEED = 0


@dataclass(frozen=True, eq=False)
class Side:
    """One fly's legs of one side, as one camera sees them.

    Parameters
    ----------
    points : array, shape (N, 15, 2), pixels
    poses : array, shape (N, 15, 3)
        In the frame of the camera.
    skeleton : Skeleton
        Three legs, each relative to its root.
    """

    points: Array
    poses: Array
    skeleton: Skeleton

    @property
    def train(self) -> slice:
        """All but the last fifth, and a gap."""
        return slice(0, round(len(self.points) * (1 - TEST_SHARE)) - GAP)

    @property
    def test(self) -> slice:
        """The last fifth."""
        return slice(round(len(self.points) * (1 - TEST_SHARE)), None)


def _side(fly: str, camera: int) -> Side:
    with np.load(data_folder() / "zoo" / FLIES[fly], allow_pickle=False) as stored:
        joints = slice(0, PER_SIDE) if camera < 3 else slice(PER_SIDE, None)
        points = stored["pose2d"][camera][:, joints].astype(np.float64)
        poses = stored["pose3d"][:, joints].astype(np.float64) @ stored["R"][camera].T
        # Without the letter of the side: left and right legs are to have the same names.
        names = [str(name)[1:] for name in stored["joints"][joints]]
    sets = [[names[root + step] for step in range(1, 5)] for root in (0, 5, 10)]
    return Side(points, poses, Skeleton(names, roots=names[::5], target_sets=sets))


def _filmed_again(side: Side) -> Side:
    """The same by a camera that is rolled, and has a longer lens."""
    angle = np.radians(ROLL)
    roll = np.eye(3)
    roll[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    points = ZOOM * side.points @ roll[:2, :2].T
    return replace(side, points=points, poses=side.poses @ roll.T)


@cache
def _lifter(fly: str, camera: int) -> Lifter:
    side = _side(fly, camera)
    poses = Poses.from_experiments(side.poses[side.train], frame="camera")
    return Lifter(side.skeleton, seed=SEED, job=1).fit(side.points[side.train], poses)


def _error(lifted: Lifted, side: Side, mirrored: bool = False) -> float:
    """Mean distance of the targets from the truth, each relative to its root."""
    sets, truth = side.skeleton.sets, side.poses[side.test]
    expected = truth[:, list(sets.targets)] - truth[:, list(sets.anchors)]
    got = lifted.root_relative[:, list(sets.targets)] * ([-1, 1, 1] if mirrored else 1)
    return float(np.linalg.norm(got - expected, axis=-1).mean())


@dataclass(frozen=True)
class Row:
    """Errors in the target's test frames, in the unit of the recording.

    Parameters
    ----------
    name : str
    plain : float
        The source's lifter on the target's 2D as it is (mirrored where the target is a mirror
        image, and back).
    to_source : float
        On the adapted 2D.
    back : float
        And its 3D brought back.
    own : float
        A lifter of the target's own training frames, with their 3D, before it is filmed again.
    """

    name: str
    plain: float
    to_source: float
    back: float
    own: float


def _row(name: str, source: tuple[str, int], target: tuple[str, int], kind: str) -> Row:
    here, there, lifter = _side(*source), _side(*target), _lifter(*source)
    own = _error(_lifter(*target).lift(there.points[there.test]), there)
    there = _filmed_again(there) if kind == "again" else there
    mirror, test_2d = kind == "twin", there.points[there.test]
    adaptation = adapt(
        here.points[here.train],
        there.points[there.train],
        lifter.skeleton_known,
        mirror=mirror,
        seed=SEED,
    )
    plain = lifter.lift(test_2d * ([-1, 1] if mirror else 1))
    adapted = lifter.lift(adaptation.to_source(test_2d))
    return Row(
        name,
        _error(plain, there, mirror),
        _error(adapted, there, mirror),
        _error(adaptation.from_source(adapted, test_2d), there),
        own,
    )


def rows() -> Iterator[tuple[str, Row]]:
    """Yield the errors of every pair of rigs.

    Yields
    ------
    str
        What lies between them.
    Row

    Raises
    ------
    FileNotFoundError
        A recording is not there.
    """
    flies = (("walking", "grooming"), ("grooming", "walking"))
    for one, other in flies:
        for camera in range(6):
            name = f"{one} to {other} fly, camera {camera}"
            yield "from fly to fly", _row(name, (one, camera), (other, camera), "fly")
    for fly in FLIES:
        for left, right in TWINS:
            for here, there in ((left, right), (right, left)):
                name = f"{fly} fly, camera {here} to its twin {there}"
                yield "from a camera to its twin", _row(name, (fly, here), (fly, there), "twin")
    for one, other in flies:
        for camera in range(6):
            name = f"{one} to {other} fly filmed again, camera {camera}"
            yield (
                "from fly to fly, the other filmed again by a camera that is rolled by "
                f"{ROLL:.0f}° and {ZOOM} × nearer",
                _row(name, (one, camera), (other, camera), "again"),
            )


def lines() -> Iterator[str]:
    """Yield the figures as Markdown, and last where there is a gain.

    Yields
    ------
    str

    Raises
    ------
    FileNotFoundError
        A recording is not there.
    """
    yield "| lifter of, applied to | as it is | 2D adapted | **3D brought back** | own lifter |"
    yield "|---" * 5 + "|"
    found: dict[str, list[Row]] = {}
    for what, row in rows():
        found.setdefault(what, []).append(row)
        yield (
            f"| {row.name} | {row.plain:.3f} | {row.to_source:.3f} | **{row.back:.3f}** "
            f"| {row.own:.3f} |"
        )
    yield ""
    for what, part in found.items():
        before, after = (
            float(np.mean([getattr(row, column) for row in part])) for column in ("plain", "back")
        )
        better = sum(row.back < row.plain for row in part)
        yield (
            f"- {what}: {before:.3f} without, {after:.3f} with ({1 - after / before:+.0%} gain); "
            f"better in {better} of {len(part)}."
        )
