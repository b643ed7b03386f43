"""What augmentation costs, beside liftpose 0.22, and what physical augmentation is worth.

Cost: a simulated hexapod of 30 joints that is turned at random and projected. CPU seconds of one
thread. Worth: lifters that were trained with and without physical augmentation, on frames or
animals that neither they nor the choice of its strength has seen; 2D is projected and has noise.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.cameras import MISSED
from benchmarks.peer import VERSION, peer_python
from benchmarks.recordings import data_folder
from liftpose import Camera, Lifter, Skeleton
from liftpose.datasets import ANIMALS
from liftpose.lifter.augmentation import Augmentation, physical, random_project
from liftpose.lifter.batch import Batch
from liftpose.lifter.fitting import DRAWN, drawn
from liftpose.lifter.normalization import Anchoring, Normalization
from liftpose.lifter.preparation import Judged
from liftpose.lifter.selection import Folds
from liftpose.lifter.solving import Task

Array = NDArray[np.float64]

WORKER = Path(__file__).with_name("augmentation_worker.py")

RANGES = [[-10.0, 10.0], [-10.0, 10.0], [-10.0, 10.0]]
LENS = [[1200.0, 0.0, 500.0], [0.0, 1200.0, 500.0], [0.0, 0.0, 1.0]]
FRAMES = 4000
EPOCHS = 7
POSES_OF_0_22 = 500

EPOCH_BAR = 1.2
CPU_BAR = 100.0

NOISE = 2.0  # pixels, standard deviation of each coordinate
TRAINED = 10  # epochs


def lines() -> Iterator[str]:
    """Yield both tables as Markdown, with the bars.

    Yields
    ------
    str
    """
    yield from cost()
    yield ""
    yield from worth()


def cost() -> Iterator[str]:
    """Yield what `random_project` costs.

    Yields
    ------
    str
    """
    plain = epoch_seconds(None)
    yield "| an epoch of training, CPU s | without | with | ratio | bar |"
    yield "|---|---|---|---|---|"
    for name, step in (("orthographic", _turned()), ("perspective", _turned(LENS))):
        with_it = epoch_seconds([step])
        ratio = with_it / plain
        yield (
            f"| `random_project`, {name} | {plain:.3f} | {with_it:.3f} | {ratio:.2f} | "
            f"at most {EPOCH_BAR:g}: {_met(ratio <= EPOCH_BAR)} |"
        )
    with_it = epoch_seconds([physical()], given=True)
    yield f"| `physical` | {plain:.3f} | {with_it:.3f} | {with_it / plain:.2f} | |"
    ours, theirs = seconds_of_a_pose(), peer_seconds_of_a_pose()
    yield ""
    yield "| project, anchor, scale, standardise | µs of CPU a pose | ratio | bar |"
    yield "|---|---|---|---|"
    yield f"| LiftPose, {DRAWN} at a time as it trains | {1e6 * ours:.2f} | | |"
    yield (
        f"| liftpose {VERSION}, one by one as it calls them | {1e6 * theirs:.0f} | "
        f"{theirs / ours:.0f} | at least {CPU_BAR:g}: {_met(theirs / ours >= CPU_BAR)} |"
    )


def _met(met: bool) -> str:
    return "holds" if met else MISSED


def _turned(intr: Any = None) -> Augmentation:
    away = None if intr is None else [0.0, 0.0, 40.0]
    return random_project({0: RANGES}, "zyx", None, away, intr)


def epoch_seconds(steps: Sequence[Augmentation] | None, given: bool = False) -> float:
    """CPU seconds of an epoch: the median of all but the first.

    Parameters
    ----------
    steps : sequence of Augmentation or None
        Applied to every batch.
    given : bool
        Whether the 2D of the recording is given beside them.

    Returns
    -------
    float
    """
    recording = ANIMALS["hexapod"](FRAMES, seed=0)
    times: list[float] = []
    lifter = Lifter(recording.skeleton, epochs=EPOCHS, job=1, device="cpu")
    lifter.fit(
        recording.pose_2d if steps is None or given else None,
        recording.pose_3d,
        augmentation=steps,
        norm_2d=True,
        on_epoch=lambda epoch: times.append(time.process_time()),
    )
    return float(np.median(np.diff(times)))


def seconds_of_a_pose() -> float:
    """CPU seconds that `random_project` and standardisation take for a pose of a batch.

    Returns
    -------
    float
    """
    recording = ANIMALS["hexapod"](FRAMES, seed=0)
    pose_3d = torch.from_numpy(np.asarray(recording.poses_3d, np.float64))
    sets = recording.skeleton.sets
    data = Batch(
        torch.full((*pose_3d.shape[:2], 2), torch.nan, dtype=torch.float64),
        pose_3d,
        torch.isfinite(pose_3d),
        torch.zeros(len(pose_3d), dtype=torch.int64),
        ("hexapod",),
        sets.roots,
        sets.sets,
    )
    step, anchoring = _turned(), Anchoring(sets)
    generator = torch.Generator().manual_seed(0)
    seen = step(data, generator)
    counts = torch.ones((len(pose_3d), len(anchoring.joints), 3), dtype=torch.bool)
    normalization = Normalization.fit(anchoring, seen.pose_2d, seen.pose_3d, counts, True, False)
    nothing = Folds((), "none")
    task = Task(data, [step], nothing, nothing, Judged(data, nothing), None, None)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return min(_time(task, normalization, generator) for _ in range(5))
    finally:
        torch.set_num_threads(threads)


def _time(
    task: Task, normalization: Normalization, generator: torch.Generator, epochs: int = 5
) -> float:
    start = time.process_time()
    for _ in range(epochs):
        drawn(task, normalization, generator, torch.device("cpu"))
    return (time.process_time() - start) / (epochs * FRAMES)


def peer_seconds_of_a_pose() -> float:
    """CPU seconds that 0.22's functions take for the same, one pose at a time.

    Returns
    -------
    float

    Raises
    ------
    RuntimeError
        If 0.22 fails.
    """
    recording = ANIMALS["hexapod"](FRAMES, seed=0)
    sets = recording.skeleton.sets
    named = {"roots": list(sets.roots), "target_sets": [list(one) for one in sets.sets]}
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "task.npz"
        np.savez(
            task,
            poses=recording.poses_3d[:POSES_OF_0_22],
            ranges=np.asarray(RANGES),
            sets=np.asarray(json.dumps(named)),
        )
        done = subprocess.run(
            [peer_python(), WORKER, task],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"liftpose {VERSION} failed:\n{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True, eq=False)
class Case:
    """What to learn from, and what to be judged on.

    Parameters
    ----------
    name : str
    skeleton : Skeleton
    camera : Camera
    train, test : dict of array, shape (N, J, 3)
    """

    name: str
    skeleton: Skeleton
    camera: Camera
    train: dict[Any, Array]
    test: dict[Any, Array]


def cases() -> Iterator[Case]:
    """Yield recordings, each divided into what to learn from and what is judged on.

    Yields
    ------
    Case
    """
    if (data_folder() / "zoo").is_dir():
        yield from _recorded()
    for animal, make in ANIMALS.items():
        made = {number: make(500, seed=number, animal=number) for number in (1, 2, 3, 4, 11, 12)}
        skeleton, camera = made[1].skeleton, made[1].cameras[0]
        truth = {number: one.poses_3d for number, one in made.items()}
        others = {number: truth[number] for number in (11, 12)}
        for count in (1, 4):
            known = {number: truth[number] for number in range(1, 1 + count)}
            name = f"simulated {animal}, {count} to 2 others"
            yield Case(name, skeleton, camera, known, others)


def _recorded() -> Iterator[Case]:
    dog = _read("dog_mocap")
    # Y is up there; the camera of the benchmark goes along with the dog.
    poses = dog["pose3d"][::2][..., [0, 2, 1]] * [1.0, -1.0, 1.0]
    poses = poses - poses.mean(axis=1, keepdims=True)
    clips = {int(clip): poses[dog["trial"][::2] == clip] for clip in np.unique(dog["trial"])}
    half = {clip: part for clip, part in clips.items() if clip in (0, 1, 2, 3, 5, 8)}
    rest = {clip: part for clip, part in clips.items() if clip not in half}
    yield Case("dog, 6 clips to 7 others", _skeleton(dog), _from_aside(poses), half, rest)
    mouse = _read("mouse34_sleap8cam")
    poses = mouse["pose3d"]
    for frames in (2400, 400):
        part, last = {"a": poses[:frames]}, {"b": poses[2450:]}
        name = f"mouse34, {frames} frames to the last 1150"
        yield Case(name, _skeleton(mouse), _from_aside(poses), part, last)
    network, labels = _read("mouse22_dannce_6cam"), _read("mouse22_labels_6cam")
    skeleton = _skeleton(network)
    poses, first, second = (
        network["pose3d"],
        *(labels["pose3d"][labels["trial"] == number] for number in np.unique(labels["trial"])),
    )
    for name, known, new in (
        ("mouse22, 700 frames to the last 280", poses[:700], poses[720:]),
        ("mouse22, labels of one to another", first, second),
        ("mouse22, labels of another to one", second, first),
        ("mouse22, network's to another's labels", poses[::2], second),
    ):
        yield Case(name, skeleton, _calibrated(network), {"a": known}, {"b": new})


def _read(name: str) -> dict[str, Any]:
    with np.load(data_folder() / "zoo" / f"{name}.npz", allow_pickle=False) as stored:
        found = dict(stored)
    return {**found, "pose3d": found["pose3d"].astype(np.float64)}


def _skeleton(recording: dict[str, Any]) -> Skeleton:
    return Skeleton([str(joint) for joint in recording["joints"]], bones=recording["bones"])


def _calibrated(recording: dict[str, Any]) -> Camera:
    first = (recording[name][0] for name in ("K", "R", "t", "dist"))
    return Camera(*first)


def _from_aside(poses: Array, azimuth: float = 40.0, elevation: float = 25.0) -> Camera:
    """Make a camera that stands twelve extents of the animal away."""
    centre = np.nanmean(poses, axis=(0, 1))
    extent = float(np.sqrt(3 * np.nanvar(poses - np.nanmean(poses, axis=1, keepdims=True))))
    side, up = np.deg2rad(azimuth), np.deg2rad(elevation)
    away = np.array([np.cos(up) * np.cos(side), np.cos(up) * np.sin(side), np.sin(up)])
    right = np.cross(-away, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(-away, right), -away])
    return Camera(K=LENS, R=turn, t=-turn @ (centre + 12 * extent * away))


def error(case: Case, steps: Sequence[Augmentation] | None) -> tuple[float, dict[str, Any]]:
    """Mean error of the targets on the test poses, and what was chosen.

    Parameters
    ----------
    case : Case
    steps : sequence of Augmentation or None
        Trained with.

    Returns
    -------
    float
        In the unit of the recording.
    choice : dict
    """
    rng = np.random.default_rng(0)

    def seen(poses: Array) -> Array:
        exact: Array = case.camera.project(poses)
        return exact + rng.normal(size=exact.shape) * NOISE

    seen_train = {key: seen(poses) for key, poses in case.train.items()}
    lifter = Lifter(case.skeleton, epochs=TRAINED, job=1, device="cpu")
    lifter.fit(seen_train, case.train, camera=case.camera, augmentation=steps)
    sets = case.skeleton.sets
    missed = []
    for poses in case.test.values():
        guess = lifter.relative(seen(poses), case.camera)[:, : len(sets.targets)]
        truth = poses[:, list(sets.targets)] - poses[:, list(sets.anchors)]
        missed.append(np.linalg.norm(guess - truth, axis=-1).ravel())
    return float(np.nanmean(np.concatenate(missed))), lifter.choice


WAYS: dict[str, Callable[[], list[Augmentation] | None]] = {
    "none": lambda: None,
    "0.5": lambda: [physical(strength=0.5)],
    "1": lambda: [physical(strength=1.0)],
    "auto": lambda: [physical(strength="auto")],
}


def worth() -> Iterator[str]:
    """Yield what physical augmentation is worth on poses that were not seen.

    Yields
    ------
    str
    """
    yield "| MPJPE as a share of that without augmentation | 0.5 | 1 | `auto` | it chose |"
    yield "|---|---|---|---|---|"
    shares = []
    for case in cases():
        errors = {name: error(case, make()) for name, make in WAYS.items()}
        plain = errors["none"][0]
        found = [errors[name][0] / plain for name in ("0.5", "1", "auto")]
        chosen = errors["auto"][1]["physical"]
        shares.append(found)
        row = " | ".join(f"{share:.2f}" for share in found)
        yield f"| {case.name} | {row} | {chosen:g} |"
    table = np.array(shares)
    middle = " | ".join(f"{share:.2f}" for share in np.exp(np.log(table).mean(axis=0)))
    worst = " | ".join(f"{share:.2f}" for share in table.max(axis=0))
    yield f"| geometric mean | {middle} | |"
    yield f"| worst | {worst} | |"
