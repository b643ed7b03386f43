"""Lifting from a viewpoint that was never calibrated, beside a lifter that knows its camera.

The lifter learns from 3D poses alone, turned at random within a range and projected
(`random_project`), with the 2D of each frame scaled to unit norm; it never sees an image. Simulated
cameras stand on a sphere around the animal and look at its root; real cameras are those of the
DeepFly3D rig. Errors are P-MPJPE: after the best rotation, translation and scale of each frame,
since a camera that nobody knows does not tell in which direction the world lies.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks import recordings
from benchmarks.cameras import MISSED
from liftpose import Lifter
from liftpose.geometry.rotation import from_euler
from liftpose.lifter.augmentation import add_noise, random_project
from liftpose.metrics import pa_mpjpe
from liftpose.plot import plot_viewpoint_map

AZIMUTHS = (-90, -60, -45, -30, -15, 0, 15, 30, 45, 60, 90)
ELEVATIONS = (-45, -30, -15, 0, 15, 30, 45)
RANGE = 30  # degrees of unknown orientation, in both
ROLL = 30
BAR = 1.3
EPOCHS = 30
NOISE = 1.5  # pixels
FOCAL_LENGTH, DISTANCE_IN_BODIES = 2000.0, 3.3  # pixels; a body is about 600 pixels long
SHOWN = 8  # every eighth test frame is filmed from each direction

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "viewpoints.png"

Experiments = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Library:
    """3D poses in the frame of a reference camera, the root at the origin.

    Parameters
    ----------
    name, unit : str
    train, test : dict of str to array, shape (N, J, 3)
    roots, target_sets : list
    body : float
        Length of the animal, about.
    """

    name: str
    unit: str
    train: Experiments
    test: Experiments
    roots: list[int]
    target_sets: list[list[int]]
    body: float

    @property
    def distance(self) -> float:
        """Of the cameras from the root."""
        return DISTANCE_IN_BODIES * self.body


def dog() -> Library:
    """Load the dog, seen from the side by its reference camera."""
    recording = recordings.dog()
    view, root = recordings.dog_view(), recording.roots

    def seen(poses: Experiments) -> Experiments:
        return {key: (pose - pose[:, root]) @ view.T for key, pose in poses.items()}

    return Library(
        "dog",
        recording.unit,
        seen(recording.train_3d),
        seen(recording.test_3d),
        root,
        recording.target_sets,
        0.92,
    )


def mouse34() -> Library:
    """Load the freely moving mouse, turned so that it heads to the right of its camera.

    The direction of a freely moving animal is all of a circle: with it taken out, azimuth and
    elevation of a camera are relative to the animal, as those of one that travels with it. Up is,
    over the whole recording, where the spine is from the paws.
    """
    path = recordings.data_folder() / "zoo" / "mouse34_sleap8cam.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file.")
    with np.load(path, allow_pickle=False) as stored:
        poses, names = stored["pose3d"].astype(np.float64), [str(j) for j in stored["joints"]]
        unit = str(stored["units"]).split()[0]
    at = {name: poses[:, place] for place, name in enumerate(names)}
    paws = np.mean([at[f"{paw}_{side}"] for paw in ("Forepaw", "Heel") for side in "LR"], axis=0)
    up = np.broadcast_to(_unit((at["Spine"] - paws).mean(0)), paws.shape)
    along = at["Neck"] - at["TTI"]
    ahead = _unit(along - (along * up).sum(1, keepdims=True) * up)
    # x along the animal, y down, z forward, away from the camera.
    view = np.stack([ahead, -up, np.cross(ahead, -up)], 1)
    root = names.index("Trunk")
    relative = np.einsum("nij,nkj->nki", view, poses - poses[:, [root]])
    stop = round(0.8 * len(relative))
    parts = {"mouse": relative[: stop - recordings.GAP]}, {"mouse": relative[stop:]}
    others = [joint for joint in range(len(names)) if joint != root]
    body = float(np.median(np.linalg.norm(at["Nose"] - at["TTI"], axis=1)))
    return Library("mouse34", unit, *parts, [root], [others], body)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def filmed(
    library: Library, poses: Experiments, azimuth: float, elevation: float
) -> tuple[Experiments, Experiments]:
    """Pixels and 3D of a camera on the sphere, that looks at the root.

    Parameters
    ----------
    library : Library
    poses : dict of str to array, shape (N, J, 3)
        In the frame of the reference camera.
    azimuth, elevation : float
        Degrees from that camera.

    Returns
    -------
    pose_2d, pose_3d : dict of str to array
        The 3D in the frame of this camera.
    """
    turn = from_euler("xy", np.array([elevation, azimuth], dtype=np.float64))
    rng = np.random.default_rng([abs(int(azimuth)), abs(int(elevation)), 7])
    flat, deep = {}, {}
    for key, pose in poses.items():
        deep[key] = pose @ turn.T
        placed = deep[key] + [0, 0, library.distance]
        flat[key] = FOCAL_LENGTH * placed[..., :2] / placed[..., 2:]
        flat[key] = flat[key] + rng.normal(0, NOISE, flat[key].shape)
    return flat, deep


def fixed_camera(library: Library, azimuth: float = 0, elevation: float = 0) -> Lifter:
    """Train on the 2D and 3D of one camera: the reference, or one some degrees from it."""
    return _lifter(library).fit(*filmed(library, library.train, azimuth, elevation))


def of_own_cameras(library: Library) -> dict[tuple[int, int], float]:
    """P-MPJPE from directions all over the range, each by a lifter of that very camera."""
    corners = (-RANGE, 0, RANGE)
    return {
        (elevation, azimuth): error(
            fixed_camera(library, azimuth, elevation), library, azimuth, elevation
        )
        for elevation, azimuth in itertools.product(corners, corners)
    }


def unknown_camera(library: Library, reach: float = RANGE, seed: int = 0) -> Lifter:
    """Train on the 3D alone, seen from anywhere within `reach` degrees."""
    turns = random_project(
        # A little further, so that the edge of the range lies within what was learned.
        eangles={0: [[-reach - 5, reach + 5]] * 2 + [[-ROLL, ROLL]]},
        axsorder="xyz",
        tvec=[0.0, 0.0, library.distance],
        intr=[[FOCAL_LENGTH, 0, 0], [0, FOCAL_LENGTH, 0], [0, 0, 1]],
    )
    steps = [turns, add_noise(NOISE)]
    return _lifter(library, seed).fit(None, library.train, augmentation=steps)


def _lifter(library: Library, seed: int = 0) -> Lifter:
    sets = {"roots": library.roots, "target_sets": library.target_sets}
    return Lifter(**sets, epochs=EPOCHS, job=1, seed=seed)


def error(lifter: Lifter, library: Library, azimuth: float, elevation: float) -> float:
    """P-MPJPE of test frames, filmed from a direction, in the library's unit."""
    some = {key: pose[::SHOWN] for key, pose in library.test.items()}
    flat, deep = filmed(library, some, azimuth, elevation)
    return float(pa_mpjpe(np.concatenate(list(deep.values())), lifter.lift(flat).position))


def map_of(lifter: Lifter, library: Library) -> NDArray[np.float64]:
    """P-MPJPE from every direction, shape (elevations, azimuths)."""
    errors = [
        error(lifter, library, azimuth, elevation)
        for elevation, azimuth in itertools.product(ELEVATIONS, AZIMUTHS)
    ]
    return np.array(errors).reshape(len(ELEVATIONS), len(AZIMUTHS))


def within(errors: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Those of a map that are at most `reach` degrees away, in both angles."""
    rows, columns = np.abs(ELEVATIONS) <= reach, np.abs(AZIMUTHS) <= reach
    return errors[np.ix_(rows, columns)]


def flies() -> Iterator[tuple[str, float, float]]:
    """Yield P-MPJPE of real cameras: name, fixed-camera lifter, lifter of unknown cameras.

    The three cameras of a side look at the same fifteen joints. The second lifter learns from the
    3D of that side alone, in the frame of the middle camera, seen from within 60 degrees around;
    it is given the pixels of each real camera and told nothing about it.
    """
    for fly, side in itertools.product(("walk", "groom"), (0, 1)):
        path = recordings.data_folder() / "zoo" / f"fly_df3d_{fly}_6cam.npz"
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file.")
        with np.load(path, allow_pickle=False) as stored:
            cameras = [3 * side, 3 * side + 1, 3 * side + 2]
            joints = np.flatnonzero(np.isfinite(stored["pose2d"][cameras[0]]).any((0, 2)))
            flat = {c: stored["pose2d"][c][:, joints].astype(np.float64) for c in cameras}
            world = stored["pose3d"][:, joints].astype(np.float64)
            turns = {c: stored["R"][c] for c in cameras}
        stop = round(0.8 * len(world))
        train, test = slice(0, stop - recordings.GAP), slice(stop, None)
        roots = [0, 5, 10]
        legs = {
            "roots": roots,
            "target_sets": [[root + step for step in range(1, 5)] for root in roots],
        }
        middle = world @ turns[cameras[1]].T
        free = Lifter(**legs, epochs=EPOCHS, job=1).fit(
            None,
            middle[train],
            augmentation=[random_project({0: [[-15, 15], [-60, 60], [-15, 15]]}, "xyz")],
        )
        for camera in cameras:
            fixed = Lifter(**legs, epochs=EPOCHS, job=1)
            fixed.fit(flat[camera][train], (world @ turns[camera].T)[train])
            truth = (world @ turns[camera].T)[test]
            yield (
                f"{fly}, camera {camera}",
                *(
                    _of_legs(truth, one.lift(flat[camera][test]).root_relative, roots)
                    for one in (fixed, free)
                ),
            )


def _of_legs(truth: NDArray[np.float64], guess: NDArray[np.float64], roots: list[int]) -> float:
    """P-MPJPE of whole legs, each from its root, all of a frame aligned together."""
    origins = np.repeat(truth[:, roots], 5, axis=1)
    placed = guess.copy().astype(np.float64)
    placed[:, roots] = 0.0
    return float(pa_mpjpe(truth - origins, placed))


def lines(picture: Path | None = None) -> Iterator[str]:
    """Yield the lines of a Markdown section.

    Parameters
    ----------
    picture : pathlib.Path, optional
        Where to draw the maps.

    Yields
    ------
    str
    """
    yield (
        f"| recording | fixed camera | unknown, ±{RANGE}° | ratio (at most {BAR}) | worst of these "
        "| ratio at ±45° | ±60° | ±90° | nine fixed cameras | unknown, from these | ratio |"
    )
    yield "|---" * 11 + "|"
    maps = {}
    for make in (dog, mouse34):
        library = make()
        own = of_own_cameras(library)
        known = own[0, 0]
        errors = map_of(unknown_camera(library), library)
        maps[library.name] = library, errors / known
        near = within(errors, RANGE)
        far = (
            errors[ELEVATIONS.index(0), [AZIMUTHS.index(-angle), AZIMUTHS.index(angle)]].mean()
            for angle in (45, 60, 90)
        )
        there = [errors[ELEVATIONS.index(up), AZIMUTHS.index(around)] for up, around in own]
        alike, mean = float(np.mean(there)), float(np.mean(list(own.values())))
        met = "holds" if near.mean() <= BAR * known else MISSED
        yield (
            f"| {library.name} | {known:.4g} {library.unit} | {near.mean():.4g} | "
            f"{near.mean() / known:.2f}, {met} | {near.max() / known:.2f} | "
            + " | ".join(f"{value / known:.2f}" for value in far)
            + f" | {mean:.4g} | {alike:.4g} | {alike / mean:.2f} |"
        )
    yield ""
    yield "| real camera | fixed camera | unknown camera | ratio |"
    yield "|---|---|---|---|"
    for name, known, free in flies():
        yield f"| {name} | {known:.4f} | {free:.4f} | {free / known:.2f} |"
    if picture is not None:
        draw(maps, picture)


def draw(maps: dict[str, tuple[Library, NDArray[np.float64]]], path: Path) -> None:
    """Draw the maps side by side, as ratios to the fixed-camera lifter."""
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    for ax, (name, (_, ratio)) in zip(figure.subplots(1, len(maps)), maps.items(), strict=True):
        plot_viewpoint_map(
            ax,
            AZIMUTHS,
            ELEVATIONS,
            ratio,
            label="P-MPJPE / that of a known camera",
            learned=(RANGE, RANGE),
            number_format=".2f",
        )
        ax.set_title(name)
    figure.savefig(path, dpi=110)
