"""The demo: simulate animals, train on some, lift others, and show how well it went."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from liftpose import Lifter, Poses, load, report_file, test, train, write_poses
from liftpose.datasets import ANIMALS, Recording
from liftpose.demo.figures import draw_errors, draw_joints, draw_pose, draw_training
from liftpose.demo.outcome import Demo, Named, Written, commands
from liftpose.demo.staging import STAGING, Shown
from liftpose.files import replacing
from liftpose.lifter.checkpoint import (
    BEST,
    EVALUATION,
    LAST,
    LOG,
    MEMBERS,
    MODEL,
    OPTIONS,
    RESULTS,
    STAT_2D,
    STAT_3D,
    TEST_2D,
    TEST_3D,
)
from liftpose.names import closest
from liftpose.plot import film_lift
from liftpose.plot.scene import looks_from
from liftpose.postprocess.evaluation import Evaluation, read_evaluation

OnProgress = Callable[[str, float], None]
"""Called with what is going on, and the share of everything that is done, 0 to 1."""

RECORD, _FORMAT = "demo.json", "liftpose-demo"
REPORT = "report.html"
FILM, POSE, JOINTS, ERRORS, TRAINING = (
    "walk.mp4",
    "pose.png",
    "error_per_joint.png",
    "errors.png",
    "training.png",
)
LEARNED = ("training_2d.nc", "training_3d.nc")
_FIRST_UNSEEN = 101

# Two threads that wait for each other on a busy machine are much slower than one.
_THREADS = 1
_PICTURES_A_SECOND = 25


def run(
    animal: str = "hexapod",
    out_dir: str | os.PathLike[str] = "demo",
    on_progress: OnProgress | None = None,
    *,
    trained: int = 8,
    lifted: int = 3,
    frames: int = 1000,
    epochs: int = 8,
    film_seconds: float = 9.0,
) -> Demo:
    """Simulate animals, train on some, lift others, and write poses, figures and a film.

    Parameters
    ----------
    animal : str
        One of `liftpose.datasets.ANIMALS`.
    out_dir : path-like
        Folder to write to: that of a run, with the rest beside. That of an earlier demo is
        written again; other files in it are left alone.
    on_progress : callable, optional
        Called often, with what is going on and the share of everything that is done.
    trained, lifted : int
        How many animals are learned from, and how many others lifted.
    frames : int
        Of each.
    epochs : int
        Of the training.
    film_seconds : float
        Length of the film; less where there are not as many frames.

    Returns
    -------
    Demo
        Errors, files and commands; prints readably.

    Raises
    ------
    ValueError
        There is no such animal, or a number is too small.
    FileExistsError
        The folder holds a run, or files of the demo's names, that are no demo's.
    OSError
        The folder cannot be written to. Whatever fails, the files of the demo are removed again,
        and the folder if it was made for it.

    Examples
    --------
    >>> import tempfile
    >>> tiny = {"trained": 2, "lifted": 1, "frames": 80, "epochs": 1, "film_seconds": 0.2}
    >>> demo = run("mouse", Path(tempfile.mkdtemp()) / "demo", **tiny)
    >>> demo.errors.unit, demo.commands[0].split()[:2]
    ('mm', ['liftpose', 'view'])
    """
    if animal not in ANIMALS:
        raise ValueError(f"there is no animal {animal!r}.{closest(animal, list(ANIMALS))}")
    for name, value in (("trained", trained), ("lifted", lifted), ("film_seconds", film_seconds)):
        if not value > 0:
            raise ValueError(f"{name} is {value!r}; expected more than 0.")
    say = on_progress or _unseen
    numbers = [*range(1, trained + 1), *range(_FIRST_UNSEEN, _FIRST_UNSEEN + lifted)]
    with _claimed(Path(out_dir), animal, lifted) as folder:
        recordings = []
        for done, number in enumerate(numbers):
            say(f"simulating {animal} {done + 1} of {len(numbers)}", 0.06 * done / len(numbers))
            recordings.append(ANIMALS[animal](frames, seed=number, animal=number))
        known, unseen = recordings[:trained], recordings[trained:]
        learned = _as_poses([f"{animal} {number + 1}" for number in range(trained)], known, animal)
        tests = _as_poses(_unseen_names(animal, lifted), unseen, animal)
        _train(folder, learned, tests, known[0], animal, epochs, say)
        say("testing", 0.5)
        test(folder)
        errors = read_evaluation(folder)
        say("lifting", 0.54)
        shown = _write_poses(folder, learned, tests, unseen)
        _draw(folder, shown, looks_from(known[0].cameras[STAGING[animal].camera]), errors, say)
        say("writing the report", 0.64)
        report_file(folder, folder / REPORT, title=f"{animal}: {len(unseen)} new animals in 3D")
        _film(folder, shown, known[0], animal, film_seconds, say)
        demo = _outcome(folder, animal, trained, lifted, errors)
        _write_record(folder, demo.as_dict() | {"written": _names(animal, lifted)})
        say("done", 1.0)
    return demo


def _unseen(what: str, share: float) -> None:
    """Progress that nobody watches."""


def _unseen_names(animal: str, count: int) -> list[str]:
    return [f"new {animal} {number + 1}" for number in range(count)]


def _file_of(name: str, kind: str) -> str:
    """File of an animal's poses, such as new_mouse_1_2d.nc."""
    return f"{name.replace(' ', '_')}_{kind}.nc"


def _names(animal: str, lifted: int) -> list[str]:
    """Every file that a demo writes: those of a run, and its own."""
    of_run = [BEST, LAST, MODEL, STAT_2D, STAT_3D, TEST_2D, TEST_3D]
    of_run += [LOG, MEMBERS, OPTIONS, RESULTS, EVALUATION]
    poses = [
        _file_of(name, kind)
        for name in _unseen_names(animal, lifted)
        for kind in ("2d", "3d", "lifted")
    ]
    return [*of_run, REPORT, FILM, POSE, JOINTS, ERRORS, TRAINING, *LEARNED, *poses]


@contextmanager
def _claimed(folder: Path, animal: str, lifted: int) -> Iterator[Path]:
    """Make the folder, or empty that of an earlier demo; what fails leaves no new file there."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; name a folder for the demo.")
    names = _names(animal, lifted)
    earlier = _read_record(folder)
    found = [name for name in names if (folder / name).exists() and name not in earlier]
    if found:
        raise FileExistsError(
            f"{folder} holds {found[0]}, which is no demo's and would be replaced. Name another "
            "folder."
        )
    made = next((path for path in (*reversed(folder.parents), folder) if not path.exists()), None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove(folder, earlier)
        _write_record(folder, {"animal": animal, "written": names})
        yield folder
    except BaseException:
        _remove(folder, [*names, RECORD])
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        raise


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _read_record(folder: Path) -> list[str]:
    """Names of the files that an earlier demo wrote to a folder; none where there was none."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if content["format"] == _FORMAT:
            return [Path(name).name for name in content["written"]]
    except FileNotFoundError:
        return []
    except (KeyError, TypeError, ValueError):
        pass
    raise FileExistsError(
        f"{folder / RECORD} is there, and no record of a demo. Name another folder."
    )


def _write_record(folder: Path, content: Mapping[str, Any]) -> None:
    """Write what was found; that it is there tells a demo's folder from any other."""
    whole = {"format": _FORMAT, "version": 1, **content}
    with replacing(folder / RECORD) as beside:
        beside.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def _as_poses(names: list[str], recordings: list[Recording], animal: str) -> tuple[Poses, Poses]:
    """The 2D of the staging's camera with its confidence, and the 3D of the world."""
    camera, first = STAGING[animal].camera, recordings[0]
    pairs = list(zip(names, recordings, strict=True))
    about: dict[str, Any] = {"joints": first.joints, "fps": first.fps, "individuals": names}
    flat = Poses.from_experiments(
        {name: recording.points_2d[camera].astype(np.float32) for name, recording in pairs},
        confidence={name: recording.confidence[camera] for name, recording in pairs},
        unit="px",
        **about,
    )
    deep = Poses.from_experiments(
        {name: recording.poses_3d.astype(np.float32) for name, recording in pairs},
        unit=first.unit,
        frame="world",
        **about,
    )
    return flat, deep


def _train(
    folder: Path,
    learned: tuple[Poses, Poses],
    tests: tuple[Poses, Poses],
    recording: Recording,
    animal: str,
    epochs: int,
    say: OnProgress,
) -> None:
    say("solving the linear map", 0.06)

    def advance(epoch: Any) -> None:
        say(f"training, epoch {epoch.number} of {epochs}", 0.08 + 0.42 * epoch.number / epochs)

    train(
        learned[0],
        tests[0],
        learned[1],
        tests[1],
        out_dir=folder,
        skeleton=recording.skeleton,
        camera=recording.cameras[STAGING[animal].camera],
        training_kwargs={
            "epochs": epochs,
            "job": _THREADS,
        },
        on_epoch=advance,
    )


def _write_poses(
    folder: Path,
    learned: tuple[Poses, Poses],
    tests: tuple[Poses, Poses],
    recordings: list[Recording],
) -> Shown:
    """Lift each new animal, write what goes in and what comes out; give the first, to be shown."""
    lifter: Lifter = load(folder / MODEL)
    for poses, name in zip(learned, LEARNED, strict=True):
        write_poses(poses, folder / name, overwrite=True)
    shown = []
    for key, recording in zip(tests[0].keys, recordings, strict=True):
        flat, deep = (poses.only(key) for poses in tests)
        lifted = lifter.lift(flat)
        for poses, kind in ((flat, "2d"), (deep, "3d"), (lifted, "lifted")):
            write_poses(poses, folder / _file_of(str(key), kind), overwrite=True)
        seen = flat.sure(lifter.options.min_confidence).points
        shown.append(Shown.of(recording, seen, lifted.position))
    return shown[0]


def _draw(
    folder: Path, shown: Shown, view: tuple[float, float], errors: Evaluation, say: OnProgress
) -> None:
    say("drawing the figures", 0.57)
    row = shown.typical()
    draw_pose(folder / POSE, shown.lifted[row], shown.truth[row], shown.skeleton, view)
    say("drawing the figures", 0.59)
    draw_joints(folder / JOINTS, errors)
    say("drawing the figures", 0.61)
    draw_errors(folder / ERRORS, folder, errors, shown.skeleton.joints)
    say("drawing the figures", 0.63)
    draw_training(folder / TRAINING, folder)


def _film(
    folder: Path, shown: Shown, recording: Recording, animal: str, seconds: float, say: OnProgress
) -> None:
    staging = STAGING[animal]
    rows = shown.stretch(max(1, round(seconds * shown.rate / staging.slower)))
    film_lift(
        folder / FILM,
        shown.poses_2d[rows],
        shown.lifted[rows],
        shown.skeleton,
        shown.rate,
        truth=shown.truth[rows],
        blind=shown.blind[rows],
        begin=looks_from(recording.cameras[staging.camera]),
        slower=staging.slower,
        fps=_PICTURES_A_SECOND,
        on_frame=lambda done, whole: say(
            f"filming, picture {done} of {whole}", 0.65 + 0.35 * done / whole
        ),
    )


def _outcome(folder: Path, animal: str, trained: int, lifted: int, errors: Evaluation) -> Demo:
    first = _unseen_names(animal, lifted)[0]
    flat, deep, found = (folder / _file_of(first, kind) for kind in ("2d", "3d", "lifted"))
    learned = (folder / LEARNED[0], folder / LEARNED[1])
    look = (
        Written(folder / REPORT, "how good the poses are, to be opened in a browser"),
        Written(
            folder / FILM, "a film: the keypoints of one camera, and the pose they are lifted to"
        ),
    )
    files = (
        Written(folder / POSE, "a typical frame from three sides, over the truth"),
        Written(
            folder / JOINTS, "the error of every joint, beside the linear map and the mean pose"
        ),
        Written(folder / ERRORS, "how the errors are distributed"),
        Written(folder / TRAINING, "the course of the training"),
        Written(folder / MODEL, "the lifter"),
        Written(flat, "keypoints of an animal that it never saw; there are more"),
        Written(found, "the 3D that they were lifted to"),
        Written(deep, "the truth"),
        Written(learned[0], "the keypoints that it learned from"),
        Written(learned[1], "the 3D that it learned from"),
    )
    named = Named(folder, folder / MODEL, flat, deep, found, learned)
    return Demo(animal, folder, trained, lifted, errors, look, files, commands(named))
