"""What a library is worth where there is no 3D: lifters trained on it alone, on real animals.

Beside a lifter trained on the animal's own 3D, the library's mean pose, and a flat pose (the 2D,
without depth). All are scored on the same frames and joints, in the camera's frame.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import DOG_TEST_TRIALS, data_folder
from liftpose import Camera, Lifter, Poses, Skeleton
from liftpose.datasets import library
from liftpose.library import Distance, FromLibrary, train_from_library
from liftpose.metrics import n_mpjpe, pa_mpjpe
from liftpose.postprocess.results import body_length

Floats = NDArray[np.float64]

FRAMES, EPOCHS, SEED = 6_000, 8, 0
SEEDS = (0, 1, 2)  # of library and lifter
TEST_SHARE, GAP = 0.2, 50
ELEVATION = 30.0  # degrees, of the simulated camera
SLACK = 15.0  # degrees, by which the elevation is known to the lifter
DISTANCE, PIXELS, NOISE = 10.0, 600.0, 1.5  # body lengths; pixels of a body length; pixels

_LEG = ("Shoulder", "Elbow", "Wrist", "Forepaw", "Knee")
_LEG_NAMES = ("shoulder", "elbow", "wrist", "front_paw", "knee")
_SIDES = {"L": "left", "R": "right"}
MOUSE34 = (
    {"Nose": "nose", "Neck": "nape", "Spine": "withers", "Trunk": "spine_mid", "TTI": "tail_base"}
    | {"Tail_2": "tail_mid", "TailTip": "tail_tip"}
    | {
        f"{ours}_{side}": f"{long}_{name}"
        for side, long in _SIDES.items()
        for ours, name in zip(
            (*_LEG, "Ear", "Hip", "Heel", "MTP"),
            (*_LEG_NAMES, "ear", "hip", "ankle", "hind_paw"),
            strict=True,
        )
    }
)
MOUSE22 = (
    {"Snout": "nose", "SpineF": "withers", "SpineM": "spine_mid", "TailBase": "tail_base"}
    | {"TailMid": "tail_mid", "TailTip": "tail_tip"}
    | {
        f"{ours}{side}": f"{long}_{name}"
        for side, long in _SIDES.items()
        for ours, name in zip(
            (*_LEG, "Ear", "Ankle", "Hindpaw"),
            (*_LEG_NAMES, "ear", "ankle", "hind_paw"),
            strict=True,
        )
    }
)
DOG = (
    {"HeadSite": "nose", "Head": "nape", "Neck": "neck_base", "Spine1": "spine_mid"}
    | {"Tail": "tail_base", "Tail1": "tail_mid", "TailSite": "tail_tip"}
    | {
        f"{side}{ours}": f"{side.lower()}_{name}"
        for side in ("Left", "Right")
        for ours, name in (
            ("Arm", "shoulder"),
            ("ForeArm", "elbow"),
            ("Hand", "wrist"),
            ("HandSite", "front_paw"),
            ("UpLeg", "hip"),
            ("Leg", "knee"),
            ("Foot", "ankle"),
            ("FootSite", "hind_paw"),
        )
    }
)
FLY = {
    f"L{place}_{ours}": f"left_{long}_{name}"
    for place, long in {"F": "front", "M": "mid", "H": "hind"}.items()
    for ours, name in (
        ("ThC", "thorax_coxa"),
        ("CTr", "coxa_femur"),
        ("FTi", "femur_tibia"),
        ("TiTa", "tibia_tarsus"),
        ("Claw", "claw"),
    )
}


@dataclass(frozen=True, eq=False)
class Filmed:
    """A recording of a real animal as one camera sees it.

    Parameters
    ----------
    name, species : str
        Of the recording, and of the library that stands for it.
    train, test : pair of Poses
        2D in pixels, and 3D in the camera's frame.
    rename : dict of str to str
        From its joints to those of the library.
    views : dict of str to pair of float
        What is known of the direction of view, degrees.
    camera : Camera, optional
        Where it is real, calibrated in the unit of the library.
    """

    name: str
    species: str
    train: tuple[Poses, Poses]
    test: tuple[Poses, Poses]
    rename: dict[str, str]
    views: dict[str, tuple[float, float]]
    camera: Camera | None = None


def stored(name: str) -> dict[str, Any]:
    """Read a recording."""
    path = data_folder() / "zoo" / f"{name}.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. Set LIFTPOSE_DATA to the recordings.")
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def last_part(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Frames to learn from, and the last ones, to be scored on."""
    start = round(count * (1 - TEST_SHARE))
    return np.arange(start - GAP), np.arange(start, count)


def from_the_side(points: Floats) -> tuple[Floats, Floats]:
    """2D and 3D of poses, of which z points up, for a camera that travels along with them."""
    elevation = np.radians(ELEVATION)
    turn = np.array(
        [
            [1.0, 0.0, 0.0],
            [0.0, -np.sin(elevation), -np.cos(elevation)],
            [0.0, np.cos(elevation), -np.sin(elevation)],
        ]
    )
    length = body_length(points)
    deep = (points - points.mean(axis=1, keepdims=True)) @ turn.T + [0, 0, DISTANCE * length]
    flat = PIXELS * DISTANCE * deep[..., :2] / deep[..., 2:]
    return flat + np.random.default_rng(SEED).normal(0, NOISE, flat.shape), deep


def filmed(
    name: str,
    species: str,
    joints: Any,
    pair: tuple[Floats, Floats],
    split: tuple[NDArray[np.intp], NDArray[np.intp]],
    rename: dict[str, str],
    views: dict[str, tuple[float, float]],
    camera: Camera | None = None,
) -> Filmed:
    """Put a recording together, with the joints that the library has too."""
    names = [str(joint) for joint in joints]
    parts = [
        tuple(
            Poses.from_experiments({name: array[rows]}, joints=names).matched(list(rename))
            for array in pair
        )
        for rows in split
    ]
    (train_2d, train_3d), (test_2d, test_3d) = parts
    return Filmed(name, species, (train_2d, train_3d), (test_2d, test_3d), rename, views, camera)


def around(elevation: float) -> dict[str, tuple[float, float]]:
    """What is known of a camera that sees the animal from anywhere about."""
    return {"elevation": (elevation - SLACK, elevation + SLACK)}


def mouse34() -> Filmed:
    """A mouse that moves freely, seen by a simulated camera."""
    data = stored("mouse34_sleap8cam")
    x, y, z = np.moveaxis(data["pose3d"].astype(np.float64), -1, 0)
    pair = from_the_side(np.stack([x, z, -y], axis=-1))
    split = last_part(len(x))
    return filmed("mouse34", "mouse", data["joints"], pair, split, MOUSE34, around(ELEVATION))


def mouse22() -> Filmed:
    """A mouse that moves freely, seen by a real camera, with simulated noise."""
    data = stored("mouse22_dannce_6cam")
    camera = Camera(
        *(data[key][0] for key in ("K", "R", "t", "dist")), size=(1152, 1024), name="mouse22"
    )
    points = data["pose3d"].astype(np.float64)
    flat = camera.project(points)
    flat = flat + np.random.default_rng(SEED).normal(0, NOISE, flat.shape)
    forward = camera.R[2]
    views = around(float(np.degrees(np.arcsin(-forward[2]))))
    pair = flat, np.asarray(camera.world_to_camera(points))
    split = last_part(len(points))
    return filmed("mouse22", "mouse", data["joints"], pair, split, MOUSE22, views, camera)


def dog() -> Filmed:
    """A dog that walks and runs, seen by a simulated camera."""
    data = stored("dog_mocap")
    x, y, z = np.moveaxis(data["pose3d"].astype(np.float64), -1, 0)
    pair = from_the_side(np.stack([z, x, y], axis=-1))
    held = np.isin(data["trial_names"][data["trial"]], DOG_TEST_TRIALS)
    split = np.flatnonzero(~held), np.flatnonzero(held)
    return filmed("dog", "dog", data["joints"], pair, split, DOG, around(ELEVATION))


def fly() -> Filmed:
    """A tethered fly that walks, filmed by a real camera from the side: real detections.

    The joints are those of the left legs, but in the frame of the recording's own calibration the
    camera looks at the fly from its right.
    """
    data = stored("fly_df3d_walk_6cam")
    one = 1
    camera = Camera(*(data[key][one] for key in ("K", "R", "t", "dist")))
    deep = np.asarray(camera.world_to_camera(data["pose3d"].astype(np.float64)))
    pair = data["pose2d"][one].astype(np.float64), deep
    # A tethered fly pitches as its tether holds it, and nobody tells the lifter how.
    views = {"azimuth": (-30.0, 30.0), "elevation": (-30.0, 30.0)}
    return filmed("fly", "fly", data["joints"], pair, last_part(len(deep)), FLY, views)


RECORDINGS: tuple[Callable[[], Filmed], ...] = (mouse34, mouse22, dog, fly)


def score(truth: Floats, guess: Floats) -> tuple[float, float]:
    """Errors after the best similarity, and after the best scale, in percent of a body length."""
    percent = 100 / body_length(truth)
    middle = [poses - poses.mean(axis=1, keepdims=True) for poses in (truth, guess)]
    return percent * float(pa_mpjpe(truth, guess)), percent * float(n_mpjpe(*middle))


def lifted(lifter: Lifter, poses_2d: Poses) -> Floats:
    """Positions in double precision."""
    return np.asarray(lifter.lift(poses_2d).position, np.float64)


Scores = dict[str, tuple[float, float]]


def from_library(animal: Filmed, seed: int, **settings: Any) -> tuple[Scores, FromLibrary]:
    """Score what lifters make of the test frames that learn from a library alone.

    Parameters
    ----------
    animal : Filmed
        The recording.
    seed : int
        Of library and lifter.
    **settings
        Options of the lifters.

    Returns
    -------
    scores : dict of str to pair of float
        Without and with a calibration, see `score`.
    found : FromLibrary
        Without.
    """
    flat, deep = animal.test
    known: dict[str, Any] = {"tracker": animal.train[0], "rename": animal.rename, "frames": FRAMES}
    known |= settings | {"seed": seed}
    found = train_from_library(animal.species, weak_perspective=True, **known | animal.views)
    guesses = {"far": lifted(found.lifter, flat)}
    if animal.camera is not None:
        seen = train_from_library(animal.species, animal.camera, **known)
        guesses["calibrated"] = lifted(seen.lifter, flat) @ animal.camera.R.T
    truth = np.asarray(deep.points, np.float64)
    return {way: score(truth, guess) for way, guess in guesses.items()}, found


def measure(animal: Filmed, **settings: Any) -> tuple[Scores, Distance, tuple[float, float]]:
    """Score what each way makes of the test frames.

    Parameters
    ----------
    animal : Filmed
        The recording.
    **settings
        Options of the lifters.

    Returns
    -------
    scores : dict of str to pair of float
        By the way, see `score`; those of the library are means over the seeds.
    distance : Distance
        Of the recording's 2D from the library, mean over the seeds.
    range : pair of float
        Least and largest first score of the library without a calibration.
    """
    flat, deep = animal.test
    runs = [from_library(animal, seed, **settings) for seed in SEEDS]
    scores = {way: tuple(np.mean([found[way] for found, _ in runs], axis=0)) for way in runs[0][0]}
    distances = [found.distance for _, found in runs if found.distance is not None]
    described = runs[0][1].lifter.skeleton_known.as_dict()
    described.pop("unit")
    own = Lifter(Skeleton.from_dict(described), **settings).fit(*animal.train)
    poses = library(animal.species, FRAMES, SEED).poses.matched(list(animal.rename.values()))
    guesses = {
        "own": lifted(own, flat),
        "mean": np.broadcast_to(poses.points.mean(axis=0), deep.points.shape),
        "flat": np.concatenate([flat.points, np.zeros_like(flat.points[..., :1])], axis=2),
    }
    truth = np.asarray(deep.points, np.float64)
    scores |= {way: score(truth, guess) for way, guess in guesses.items()}
    firsts = [found["far"][0] for found, _ in runs]
    mean = Distance(
        float(np.mean([one.ratio for one in distances])),
        float(np.mean([one.outside for one in distances])),
    )
    return scores, mean, (min(firsts), max(firsts))


def lines() -> Iterator[str]:
    """Yield the lines of a Markdown table, or the one that says what is missing for it."""
    try:
        library("mouse", 1)
    except ModuleNotFoundError as error:
        yield f"Not measured: {error}"
        return
    yield (
        "| recording (joints) | library, weak perspective | library, calibrated camera | own 3D "
        "| library's mean pose | flat | 2D from the library |"
    )
    yield "|---" * 7 + "|"
    ranges = []
    for record in RECORDINGS:
        animal = record()
        scores, distance, between = measure(animal, epochs=EPOCHS, job=1)
        ranges.append(f"{between[0]:.1f} to {between[1]:.1f} ({animal.name})")
        cells = [
            "–" if way not in scores else "{:.1f} / {:.1f}".format(*scores[way])
            for way in ("far", "calibrated", "own")
        ]
        cells += [f"{scores['mean'][0]:.1f} / –", "{:.1f} / {:.1f}".format(*scores["flat"])]
        cells.append(f"{distance.ratio:.1f} × ({distance.outside:.0%} outside)")
        yield f"| {animal.name} ({len(animal.rename)}) | " + " | ".join(cells) + " |"
    yield ""
    yield f"- between seeds, without a calibration: {', '.join(ranges)}."
