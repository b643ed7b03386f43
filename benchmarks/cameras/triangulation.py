"""Triangulation beside the linear solution (DLT): a camera that is wrong, a camera left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.recordings import data_folder
from liftpose import Camera
from liftpose.geometry.triangulation import triangulate

# Left and right sides of the flies are seen by three cameras each.
HELD_OUT = ("human_pose2sim_4cam", "fly_df3d_walk_6cam", "fly_df3d_groom_6cam", "fly_eks_3cam")
WRONG = 50.0  # pixels
NOISE = 1.0  # pixels
WORST = 1.2
# Neighbouring frames are nearly the same pose, so that whole blocks of them are drawn.
BLOCK, DRAWS = 50, 1000
FRAMES, JOINTS = 400, 20
SUMMARIES: dict[str, Any] = {
    "median": np.median,
    "mean": np.mean,
    "nine in ten are below": lambda errors: np.percentile(errors, 90),
}
CAMERA = ("K", "R", "t", "dist")


@dataclass(frozen=True)
class Row:
    """One comparison.

    Parameters
    ----------
    what : str
        What was measured, and its unit.
    ours, rival, whole : float
        Ours, the linear solution it is held to, and the linear solution of all cameras (NaN where
        that is the same).
    bar : float
        The most that `ours` may be; NaN where `between` decides.
    between : (float, float)
        95 % interval of ours less rival. Ours is worse where all of it is above zero.
    """

    what: str
    ours: float
    rival: float
    whole: float = np.nan
    bar: float = np.nan
    between: tuple[float, float] = (np.nan, np.nan)

    @property
    def holds(self) -> bool:
        """Whether the bar is kept."""
        return self.ours <= self.bar or self.between[0] <= 0


def linear(pixels: Any, cameras: list[Camera], weights: Any) -> Any:
    """Triangulate by the textbook's linear solution, in homogeneous coordinates.

    Parameters
    ----------
    pixels : array, shape (C, M, 2), pixels
        NaN where not seen.
    cameras : list of Camera
    weights : array, shape (C, M)

    Returns
    -------
    array, shape (M, 3)
        NaN where fewer than two cameras saw the point.
    """
    rows = []
    for camera, seen, weight in zip(cameras, pixels, weights, strict=True):
        matrix = camera.K @ np.column_stack([camera.R, camera.t])
        straight = camera.undistort(seen)
        row = straight[..., None] * matrix[2] - matrix[:2]
        some = np.isfinite(straight).all(axis=1) & (weight > 0)
        size = np.linalg.norm(matrix[2]) * np.abs(camera.K[0, 0])
        rows.append(np.where(some[:, None, None], row * weight[:, None, None] / size, 0.0))
    system = np.concatenate(rows, axis=1)
    point = np.linalg.svd(system)[2][:, -1]
    enough = (np.abs(system).sum(axis=2) > 0).sum(axis=1) >= 4
    return np.where(enough[:, None], point[:, :3] / point[:, 3:], np.nan)


def simulated(always: bool) -> Row:
    """Compare on five simulated cameras of which one is wrong by 50 pixels.

    Parameters
    ----------
    always : bool
        The same camera in all frames; else another one for every point, whichever it is.

    Returns
    -------
    Row
    """
    rng = np.random.default_rng(7)
    cameras = [_around(angle) for angle in np.linspace(0, 288, 5)]
    truth = rng.uniform(-40, 40, (FRAMES, JOINTS, 3))
    pixels = np.stack([camera.project(truth) for camera in cameras])
    pixels += rng.normal(0, NOISE, pixels.shape)
    wrong = np.full((FRAMES, JOINTS), 2) if always else rng.integers(0, 5, (FRAMES, JOINTS))
    direction = rng.uniform(0, 2 * np.pi, (FRAMES, JOINTS))
    is_wrong = np.arange(5)[:, None, None] == wrong
    shift = WRONG * np.stack([np.cos(direction), np.sin(direction)], axis=-1)
    pixels = np.where(is_wrong[..., None], pixels + shift, pixels)
    ours = triangulate(pixels, cameras).points
    flat = pixels.reshape(5, -1, 2)
    without = linear(flat, cameras, (~is_wrong).reshape(5, -1).astype(float))
    all_of_them = linear(flat, cameras, np.ones(flat.shape[:2]))
    errors = [
        float(np.linalg.norm(points.reshape(-1, 3) - truth.reshape(-1, 3), axis=1).mean())
        for points in (ours, without, all_of_them)
    ]
    which = "the same one everywhere" if always else "a different one at every point"
    return Row(
        f"five simulated cameras, one off by {WRONG:.0f} px, {which}: mean error, mm",
        errors[0],
        errors[1],
        errors[2],
        WORST * errors[1],
    )


def _around(azimuth: float) -> Camera:
    """A camera 400 mm from the animal, 25 degrees above it, with a lens."""
    turn, height = np.radians(azimuth), np.radians(25.0)
    away = np.asarray(
        [np.cos(turn) * np.cos(height), np.sin(turn) * np.cos(height), np.sin(height)]
    )
    right = np.cross(-away, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(-away, right), -away])
    K = [[1200.0, 0, 639.5], [0, 1200.0, 511.5], [0, 0, 1]]
    return Camera(K, R, -R @ (400.0 * away), [-0.2, 0.05, 0.001, -0.001], (1280, 1024))


def held_out(name: str) -> Iterator[Row]:
    """Compare by the pixels of a camera that was left out, each in turn.

    Parameters
    ----------
    name : str
        Of a recording.

    Yields
    ------
    Row
    """
    with np.load(data_folder() / "zoo" / f"{name}.npz", allow_pickle=False) as stored:
        recording = {key: stored[key] for key in stored if key in (*CAMERA, "pose2d", "conf")}
    pixels = recording["pose2d"].astype(np.float64)
    cameras = [
        Camera(*(recording[key][c] for key in CAMERA), name=str(c)) for c in range(len(pixels))
    ]
    weights = np.ones(pixels.shape[:3])
    if "conf" in recording:
        weights = recording["conf"].astype(np.float64)
    errors: list[list[Any]] = [[], []]
    for out in range(len(cameras)):
        rest = [c for c in range(len(cameras)) if c != out]
        views = [cameras[c] for c in rest]
        ours = triangulate(pixels[rest], views, weights[rest]).points
        flat = linear(
            pixels[rest].reshape(len(rest), -1, 2), views, weights[rest].reshape(len(rest), -1)
        ).reshape(ours.shape)
        for kept, points in zip(errors, (ours, flat), strict=True):
            shown = cameras[out].project(points)
            kept.append(np.linalg.norm(shown - pixels[out], axis=-1))
    # Frames first: (N, cameras, joints).
    ours, rival = (np.stack(kept, axis=1) for kept in errors)
    both = np.isfinite(ours) & np.isfinite(rival)
    drawn = list(draws(len(ours)))
    for words, of in SUMMARIES.items():
        mine, theirs = (float(of(error[both])) for error in (ours, rival))
        apart = [of(ours[k][both[k]]) - of(rival[k][both[k]]) for k in drawn]
        low, high = np.percentile(apart, [2.5, 97.5]).tolist()
        yield Row(f"`{name}`, camera left out: {words}, px", mine, theirs, between=(low, high))


def draws(frames: int) -> Iterator[Any]:
    """Draw frames with replacement, whole blocks of neighbours at a time.

    Parameters
    ----------
    frames : int
        Of a recording; at least two blocks.

    Yields
    ------
    array of int, shape (frames,)
    """
    rng = np.random.default_rng(0)
    size = min(BLOCK, frames // 4)
    for _ in range(DRAWS):
        starts = rng.integers(0, frames - size + 1, -(-frames // size))
        yield (starts[:, None] + np.arange(size)).ravel()[:frames]


def lines() -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| what | ours | DLT | DLT of all, the wrong one too | bar | |"
    yield "|---|---|---|---|---|---|"
    for always in (True, False):
        row = simulated(always)
        figures = f"{row.ours:.3f} | {row.rival:.3f} | {row.whole:.3f} | {row.bar:.3f}"
        yield f"| {row.what} | {figures} | {verdict(row)} |"
    yield ""
    yield "| what | ours | DLT | ours less DLT, 95 % interval | |"
    yield "|---|---|---|---|---|"
    for name in HELD_OUT:
        for row in held_out(name):
            low, high = row.between
            figures = f"{row.ours:.3f} | {row.rival:.3f} | {low:+.3f} to {high:+.3f}"
            yield f"| {row.what} | {figures} | {verdict(row)} |"


def verdict(row: Row) -> str:
    """Say whether a bar holds."""
    if not row.holds:
        return "**does not hold**"
    return "better: holds" if row.between[1] < 0 else "holds"
