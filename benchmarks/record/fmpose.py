"""Predictions of FMPose3D's network, trained on a case in an environment of its own, and kept.

FMPose3D (Wang, Yu and Mathis, CVPR 2026) learns to turn noise into poses, given their images. It
is made for people and for a fixed set of 26 joints of large animals, has no call that trains it,
and its published weights know none of the animals here. So its network for animals is trained on
the case's own training data: with the objective, optimizer, learning rate, batches and normalized
2D of its script for animals, and sampled with its own sampler, one hypothesis a frame. What had to
be chosen is said at the constants below.

One thread is used, so that CPU seconds can be compared. Environments and runs are kept in
``.benchmarks/`` in the project; the variable ``LIFTPOSE_FMPOSE_PYTHON`` may name an interpreter
that has fmpose3d already.

References
----------
Wang, Yu and Mathis, "FMPose3D: monocular 3D pose estimation via flow matching", CVPR 2026,
arXiv:2602.05755.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import recordings
from benchmarks.peer import KEPT, PROJECT, TORCH
from benchmarks.record.cases import Case
from benchmarks.worker import run_worker

VERSION = "0.0.10"
# Without what they depend on: both want torchvision, and fmpose3d a torch older than 2.11, for
# the detection of people in images, which is not used.
ALONE = (f"fmpose3d=={VERSION}", "timm==1.0.31")
PACKAGES = ("numpy", "einops==0.8.2")
WORKER = Path(__file__).with_name("fmpose_worker.py")

#: Epochs that its parser asks for by default: those below 41. Its script for animals asks for 300.
EPOCHS = 40
#: Training frames shown to it in all, which takes one core a quarter of an hour: 4,400 batches. For
#: recordings of up to 1,400 frames `EPOCHS` stay below.
SHOWN = 57_500

# Of its script that trains on animals, but for the learning rate, which is 1e-3 there. After 680
# batches of the first 80 % of the mouse's training frames, the last 20 % were off by 16.5 mm with
# 3e-4 and by 19.3 mm with 1e-3 (30.7 mm as long with 1e-3 in batches of 64).
NETWORK = {"layers": 5, "channel": 512, "d_hid": 1024, "token_dim": 256}
TRAINING = {"batch": 13, "lr": 3e-4, "planned": EPOCHS}
STEPS = 5

#: Metres, the largest distance between two joints of a person who stands. Its noise has a standard
#: deviation of 1 in the unit of the poses, which it was developed for in metres, on people.
BODY = 1.6

Floats = NDArray[np.float64]
Experiments = Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class FmposeRun:
    """What one training of FMPose3D's network gave.

    Parameters
    ----------
    prediction : dict of array, shape (N, J, 3), float64
        One hypothesis for each frame of the test experiments, in the directions of the world and
        the unit of the recording, relative to the root. NaN for frames with a joint not seen.
    cpu_seconds, wall_seconds : float
        What training took.
    lift_seconds, lift_cpu_seconds : float
        What sampling the test frames took, wall and CPU.
    epochs : int
        How often the training data were seen.
    losses : tuple of float
        Mean loss of each epoch.
    folder : Path
        Where the run is kept.
    """

    prediction: dict[str, Floats]
    cpu_seconds: float
    wall_seconds: float
    lift_seconds: float
    lift_cpu_seconds: float
    epochs: int
    losses: tuple[float, ...]
    folder: Path

    @property
    def poses_per_second(self) -> float:
        """How many test poses it lifted in a CPU second."""
        frames = sum(np.isfinite(one).all((1, 2)).sum() for one in self.prediction.values())
        return float(frames / self.lift_cpu_seconds)


def run_fmpose(
    case: Case, seed: int = 0, fresh: bool = False, epochs: int | None = None
) -> FmposeRun:
    """Train FMPose3D's network on a case and lift its test data, or fetch an earlier run.

    Parameters
    ----------
    case : Case
        Of one root.
    seed : int
        Of weights, batches and noise.
    fresh : bool
        Whether to run it again although there is a result.
    epochs : int, optional
        How often it sees the training data, else `epochs_for`. Its learning rate falls as far as
        it does in `EPOCHS` epochs.

    Returns
    -------
    FmposeRun
        Predictions of the network as it is after the last epoch, and their cost.

    Raises
    ------
    ValueError
        If the case has several roots, or no training frame in which all joints are seen, or if
        there is not one epoch.
    RuntimeError
        If it fails; the message names the log.
    """
    arrays, scale = _arrays(case)
    if epochs is None:
        epochs = epochs_for(len(arrays["train_2d"]))
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}; expected at least 1.")
    settings = _settings(case, seed, epochs)
    folder = KEPT / "fmpose" / _fingerprint(settings, arrays)
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        run_worker(fmpose_python(), WORKER, settings, arrays, folder, f"fmpose3d {VERSION}")
    return _read_run(folder, case, scale)


def epochs_for(frames: int) -> int:
    """Return the number of epochs for so many training frames.

    Parameters
    ----------
    frames : int
        Training frames.

    Returns
    -------
    int
        `EPOCHS`, or what shows `SHOWN` frames if these are fewer.

    Examples
    --------
    >>> epochs_for(2_830), epochs_for(11_507)
    (20, 5)
    """
    return max(1, min(EPOCHS, round(SHOWN / frames)))


def fmpose_python() -> Path:
    """Return an interpreter that has fmpose3d, and make its environment if need be.

    Returns
    -------
    Path
        ``LIFTPOSE_FMPOSE_PYTHON`` if that is set, otherwise the one in ``.benchmarks/``.
    """
    given = os.environ.get("LIFTPOSE_FMPOSE_PYTHON")
    if given:
        return Path(given)
    folder = KEPT / f"fmpose3d-{VERSION}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"
    if not complete.exists():
        print(f"making an environment for fmpose3d {VERSION} in {folder}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        constraints = PROJECT / "constraints.txt"
        torch = ["torch", "-c", str(constraints)] if constraints.is_file() else [TORCH]
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *PACKAGES, *torch], check=True)
        subprocess.run([*install, "--no-deps", *ALONE], check=True)
        complete.touch()
    return python


def has_fmpose() -> bool:
    """Whether an interpreter with fmpose3d is named, or its environment has been made already."""
    named = bool(os.environ.get("LIFTPOSE_FMPOSE_PYTHON"))
    return named or (KEPT / f"fmpose3d-{VERSION}" / "complete").exists()


def left_right_pairs(joints: tuple[str, ...]) -> list[tuple[int, int]]:
    """Find the joints whose names differ in their side only.

    Parameters
    ----------
    joints : tuple of str
        Names, with sides as in ``LeftFoot``, ``Foot_L`` or ``FootL``.

    Returns
    -------
    list of tuple of int
        Left and right joint of each pair.

    Examples
    --------
    >>> left_right_pairs(("Nose", "EarL", "EarR", "LeftFoot", "RightFoot"))
    [(1, 2), (3, 4)]
    """
    mirrored = [
        name[:-1] + "R" if name.endswith("L") else name.replace("Left", "Right") for name in joints
    ]
    return [
        (left, joints.index(right))
        for left, right in enumerate(mirrored)
        if right != joints[left] and right in joints
    ]


def _settings(case: Case, seed: int, epochs: int) -> dict[str, Any]:
    one = case.recording
    return {
        **NETWORK,
        **TRAINING,
        "version": VERSION,
        "seed": seed,
        "epochs": epochs,
        "steps": STEPS,
        # More than doubles what it sees in the time; its script trains in single precision.
        "bfloat16": True,
        "joints": len(one.joints),
        "root": int(one.roots[0]),
        "bones": [[int(a), int(b)] for a, b in one.bones],
        "pairs": left_right_pairs(one.joints),
        "image_size": [float(size) for size in _image(case)[1]],
    }


def _image(case: Case) -> tuple[Floats, Floats]:
    """Give corner and size of the image: of the dog's camera, else what the training 2D span."""
    if case.group == "dog":
        return np.zeros(2), np.array(recordings.DOG_IMAGE_SIZE, dtype=np.float64)
    points = np.concatenate([*case.recording.train_2d.values()])
    least, most = np.nanmin(points, (0, 1)), np.nanmax(points, (0, 1))
    return least, most - least


def _arrays(case: Case) -> tuple[dict[str, Floats], float]:
    """Give what the network sees, and how much larger its bodies are than those of the case."""
    one = case.recording
    if len(one.roots) != 1:
        raise ValueError(
            f"case {case.name!r} has {len(one.roots)} roots; expected one, where FMPose3D puts 0."
        )
    corner, _ = _image(case)
    points, poses = (np.concatenate([*part.values()]) for part in (one.train_2d, one.train_3d))
    whole = np.logical_and(_seen(points), _seen(poses))
    if not whole.any():
        raise ValueError(f"case {case.name!r} has no training frame in which all joints are seen.")
    poses = poses[whole]
    some = poses[:: max(1, len(poses) // 1000)]
    apart = np.linalg.norm(some[:, :, None] - some[:, None], axis=-1)
    scale = BODY / float(np.median(apart.max((1, 2))))
    in_camera = (poses - poses[:, one.roots]) @ np.asarray(case.camera.R, dtype=np.float64).T
    lifted = np.concatenate([part[_seen(part)] for part in one.test_2d.values()])
    arrays = {
        "train_2d": points[whole] - corner,
        "train_3d": in_camera * scale,
        "test_2d": lifted - corner,
    }
    return arrays, scale


def _seen(points: Floats) -> NDArray[np.bool_]:
    seen = np.isfinite(points).all((1, 2))
    return np.asarray(seen)


def _fingerprint(settings: Mapping[str, Any], arrays: Mapping[str, Floats]) -> str:
    digest = hashlib.sha256(WORKER.read_bytes())
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for key, array in sorted(arrays.items()):
        digest.update(f"{key} {array.dtype.str} {array.shape}".encode())
        # Turning poses into the camera rounds otherwise on other machines.
        digest.update((np.round(array, 6) + 0.0).tobytes())
    return digest.hexdigest()[:16]


def _read_run(folder: Path, case: Case, scale: float) -> FmposeRun:
    summary = json.loads((folder / "result.json").read_text())
    with np.load(folder / "result.npz", allow_pickle=False) as stored:
        drawn = stored["predicted"].astype(np.float64)
    in_world = drawn @ np.asarray(case.camera.R, dtype=np.float64) / scale
    seen = {name: _seen(points) for name, points in case.recording.test_2d.items()}
    ends = np.cumsum([one.sum() for one in seen.values()])[:-1]
    prediction = {}
    for (name, rows), part in zip(seen.items(), np.split(in_world, ends), strict=True):
        prediction[name] = np.full((len(rows), *part.shape[1:]), np.nan)
        prediction[name][rows] = part
    return FmposeRun(
        prediction=prediction,
        cpu_seconds=summary["cpu_seconds"],
        wall_seconds=summary["wall_seconds"],
        lift_seconds=summary["lift_seconds"],
        lift_cpu_seconds=summary["lift_cpu_seconds"],
        epochs=len(summary["losses"]),
        losses=tuple(summary["losses"]),
        folder=folder,
    )
