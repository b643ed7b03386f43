"""The two calls of the original package: `train` a lifter in a folder, and `test` it there."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from liftpose.lifter.batch import Augmentation
from liftpose.lifter.checkpoint import (
    BEST,
    EVALUATION,
    LAST,
    LOG_COLUMNS,
    MODEL,
    RunFolder,
    read_lifter,
)
from liftpose.lifter.description import validation_table
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.opt import Options
from liftpose.lifter.published import (
    PublishedModel,
    is_published,
    read_published,
    read_published_test_data,
)
from liftpose.lifter.run import Epoch, Start
from liftpose.lifter.terms import Asked, as_poses_2d, as_poses_3d, check_frame, of_skeleton
from liftpose.poses import Poses, check_pair
from liftpose.postprocess.measures import measure
from liftpose.postprocess.results import Truth, guesses, write_evaluation, write_results
from liftpose.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets

log = logging.getLogger("liftpose")


class _Unsaid(str):
    """A default that can be told from the same value said by the caller."""


def train(
    train_2d: Any,
    test_2d: Any,
    train_3d: Any,
    test_3d: Any,
    roots: Any = None,
    target_sets: Any = None,
    out_dir: str | os.PathLike[str] = _Unsaid("out"),  # noqa: B008
    train_keypts: Any = None,
    test_keypts: Any = None,
    training_kwargs: Mapping[str, Any] | None = None,
    augmentation: Sequence[Augmentation] | None = None,
    stats: Sequence[Any] | None = None,
    norm_2d: bool | None = None,
    *,
    output_folder: str | os.PathLike[str] | None = None,
    ouput_folder: str | os.PathLike[str] | None = None,
    aug: Sequence[Augmentation] | None = None,
    skeleton: Skeleton | None = None,
    camera: Any = None,
    params: str | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> None:
    """Train a lifter on 2D and 3D poses of the same frames.

    Parameters
    ----------
    train_2d : array, shape (N, J, 2), or dict of such arrays, or Poses, or None
        Pixels; NaN = not seen. One entry an experiment; keys are strings, numbers, or tuples of
        those. None where an augmentation makes the 2D.
    test_2d : the same, for frames to test on, or None
        Only ever reported on: nothing is chosen on it.
    train_3d, test_3d : array, shape (N, J, 3) or (N, J, 1), or dict of such arrays, or Poses
        Any unit and frame; one coordinate is depth alone. NaN = not known. `test_3d` may be None.
    roots : sequence of int
        Root joints.
    target_sets : sequence of sequences of int
        Joints predicted relative to each root; one flat list where there is one root.
    out_dir : path-like
        Folder of checkpoints, log and results; made if need be. `output_folder` (and the
        original README's `ouput_folder`) mean the same.
    train_keypts, test_keypts : bool array or dict, of the shapes of the 3D, optional
        False where a value counts neither in the loss nor in the errors.
    training_kwargs : dict, optional
        Any option of `liftpose.lifter.opt.Options` by name.
    augmentation : sequence of augmentations, optional
        See `liftpose.lifter.augmentation`; applied in order to every batch. `aug` means the same.
    stats : tuple of four arrays, optional
        ``mean_2d, std_2d, mean_3d, std_3d`` to normalize by; selects the published network.
    norm_2d : bool, optional
        Whether each frame's 2D is scaled to unit norm, here, in the test and in every later lift.
        Left out: no, unless an augmentation says so.
    skeleton : Skeleton, optional
        Instead of `roots` and `target_sets`: with names of the joints, which `Poses` are matched
        to, and the unit.
    camera : Camera, or dict of Camera, optional
        What filmed all experiments, those to test on included; see `liftpose.Lifter.fit`.
    params : str, optional
        Text of the params file that all this was read from, to be kept with the result: in the
        folder, and in the lifter as ``choice["params"]``.
    on_epoch : callable, optional
        Called with a `liftpose.lifter.run.Epoch` after each.

    Raises
    ------
    ValueError, TypeError
        Input that does not fit, naming experiment, joint or option. Nothing is written then.
    FileNotFoundError
        A checkpoint to load that is not there.

    See Also
    --------
    liftpose.main.test : Scores the lifter that this call leaves in `out_dir`.

    Examples
    --------
    >>> import tempfile
    >>> rng = np.random.default_rng(0)
    >>> pose_3d = rng.normal(size=(200, 3, 3))
    >>> pose_2d, folder = pose_3d[..., :2], tempfile.mkdtemp()
    >>> train(pose_2d, pose_2d, pose_3d, pose_3d, [0], [1, 2], folder,
    ...       training_kwargs={"epochs": 1})
    """
    folder_name = _one_of(
        "the output folder",
        out_dir=None if isinstance(out_dir, _Unsaid) else out_dir,
        output_folder=output_folder,
        ouput_folder=ouput_folder,
    )
    augmentation = _one_of("the augmentation", augmentation=augmentation, aug=aug)
    options = Options.from_kwargs(training_kwargs, folder_name, stats is not None)
    asked = Asked.resolve(skeleton, roots, target_sets)
    poses_2d, poses_3d = _training_poses(train_2d, train_3d, train_keypts, skeleton)
    skeleton = asked.skeleton_for(poses_3d if poses_2d is None else poses_2d, poses_3d)
    tests = _test_poses(test_2d, test_3d, test_keypts, skeleton, poses_3d.dims)
    folder = RunFolder(options.out_dir)
    if options.test or options.predict:
        name = options.load or BEST
        lifter, _ = read_lifter(_find(name, folder.path))
        _check_same_animal(lifter, skeleton.sets, name)
        _test(folder, lifter, tests, camera, options, predict=options.predict)
        return
    start = _start(options, folder, skeleton.sets)
    if start is not None and start.resume and _nothing_left(start, options):
        options = options.but(epochs=start.training["epoch"])
    lifter = Lifter(skeleton, options=options)
    with ExitStack() as stack:
        record = _Record(folder, options, tests, camera, stack, start, params, on_epoch)
        lifter.fit(
            poses_2d,
            poses_3d,
            camera=camera,
            augmentation=augmentation,
            stats=stats,
            norm_2d=norm_2d,
            start=start,
            on_ready=record.begin,
            on_epoch=record.epoch,
        )
        _note(lifter, params)
        if options.members in ("ridge", "kernel"):
            folder.write_untrained(lifter)
        lifter.save(folder.path / MODEL, overwrite=True)
        table = validation_table(lifter)
        if table:
            folder.write_members(table)
    _report(lifter, folder)


def test(
    out_dir: str | os.PathLike[str],
    test_2d: Any = None,
    test_3d: Any = None,
    test_keypts: Any = None,
    *,
    norm_2d: bool | None = None,
    camera: Any = None,
) -> None:
    """Test the lifter in a folder, and write what it predicts.

    Results go to ``test_results.pth.tar`` (read them with `liftpose.postprocess.load_test_results`)
    and, where there is truth, errors to ``evaluation.json``; earlier ones are replaced.

    Parameters
    ----------
    out_dir : path-like
        Folder that `train` wrote, or that `liftpose` 0.22 trained in.
    test_2d : array, shape (N, J, 2), or dict of such arrays, optional
        Pixels; NaN = not seen. Left out: the test data given to `train`.
    test_3d : array, shape (N, J, D), or dict of such arrays, optional
        The truth. Without it the poses are only predicted, the first root at the origin.
    test_keypts : bool array or dict, of the shapes of `test_3d`, optional
        False where a value does not count.
    norm_2d : bool, optional
        For folders of 0.22, which do not tell: whether they were trained with ``norm_2d=True``.
        Left out: recognised from their statistics.
    camera : Camera, or dict of Camera, optional
        What filmed the test data, for a lifter that learned with cameras; left out, those that
        it learned with.

    Raises
    ------
    FileNotFoundError
        No such folder, or no checkpoint in it.
    ValueError, TypeError
        Input that does not fit. Earlier results are then left as they were.
    """
    folder = RunFolder(out_dir)
    if not folder.path.is_dir():
        raise FileNotFoundError(
            f"there is no folder {folder.path}; call liftpose.main.train first."
        )
    if test_2d is None and (test_3d is not None or test_keypts is not None):
        raise ValueError("test_3d and test_keypts are given without test_2d; give the 2D too.")
    published = is_published(folder.path)
    model: Lifter | PublishedModel
    if published:
        model, options = read_published(folder.path, norm_2d), Options()
    else:
        model, _ = read_lifter(folder.path / BEST)
        options = model.options
        if norm_2d is not None and norm_2d != model.normalization.norm_2d:
            raise ValueError(
                f"norm_2d={norm_2d}, but the lifter in {folder.path} was trained with "
                f"norm_2d={model.normalization.norm_2d}, which holds for every later lift."
            )
    if test_2d is not None:
        tests = _test_poses(test_2d, test_3d, test_keypts, _skeleton_of(model), model.dims)
    elif published:
        given = read_published_test_data(folder.path)
        tests = _test_poses(*given, _skeleton_of(model), model.dims)
    else:
        tests = folder.read_tests()
    if published and camera is not None:
        raise ValueError("camera is given, but a lifter of 0.22 knows of none.")
    _test(folder, model, tests, camera, options, predict=False)


class _Record:
    """Writes a run's files as it goes."""

    def __init__(
        self,
        folder: RunFolder,
        options: Options,
        tests: tuple[Poses | None, Poses | None],
        camera: Any,
        stack: ExitStack,
        start: Start | None,
        params: str | None,
        on_epoch: Callable[[Epoch], None] | None,
    ):
        self.folder, self.options, self.tests, self.stack = folder, options, tests, stack
        self.camera, self.params, self.on_epoch = camera, params, on_epoch
        self.start = start if start is not None and start.resume else None
        self.best_error = self.start.training["best_error"] if self.start else float("inf")
        self.truth: Truth | None = None
        self.learned: Truth | None = None

    def begin(self, lifter: Lifter) -> None:
        """Claim the folder and write what stands before the first epoch."""
        poses_2d, poses_3d = self.tests
        if poses_2d is not None and poses_3d is not None:
            self.truth = _truth(lifter, poses_2d, poses_3d)
            learned_2d, learned_3d = lifter.in_view(poses_2d, poses_3d, self.camera)
            self.learned = Truth(lifter.sets, learned_2d, learned_3d)
        self.stack.enter_context(self.folder.claimed())
        if self.start is None:
            self.folder.clear()
        else:
            self.folder.inherit(self.start.folder)
        _note(lifter, self.params)
        self.folder.begin(lifter, self.options, self.tests, self.params)

    def epoch(self, epoch: Epoch) -> None:
        """Write an epoch's line and checkpoints."""
        loss_test, err_test = float("nan"), float("nan")
        if self.truth is not None and self.learned is not None:
            truth = self.truth
            loss_test = epoch.loss(self.learned.batch)
            guess = epoch.lifter.relative(truth.poses_2d, self.camera)
            err_test = truth.pa_mpjpe(guess) if self.options.procrustes else truth.mpjpe(guess)
        self.best_error = min(self.best_error, epoch.held_out.error)
        values = (epoch.number, epoch.rate, epoch.loss_train, loss_test, err_test)
        self.folder.write_epoch(epoch, self.best_error, dict(zip(LOG_COLUMNS, values, strict=True)))
        tested = "" if self.truth is None else f", test {err_test:.4g}"
        log.info(
            "epoch %d of %d: loss %.4g, held out %.4g%s",
            epoch.number,
            self.options.epochs,
            epoch.loss_train,
            epoch.held_out.mpjpe,
            tested,
        )
        if self.on_epoch is not None:
            self.on_epoch(epoch)


def _note(lifter: Lifter, params: str | None) -> None:
    """Keep in a lifter what it was asked to learn."""
    if params is not None:
        lifter.choice["params"] = params


def _truth(model: Lifter | PublishedModel, poses_2d: Poses, poses_3d: Poses) -> Truth:
    """What to score against: joints that the tracker was too unsure of were not seen."""
    if isinstance(model, Lifter):
        check_frame(poses_3d, model.frame, "test_3d")
        poses_2d = poses_2d.sure(model.options.min_confidence)
    return Truth(model.sets, poses_2d, poses_3d)


def _skeleton_of(model: Lifter | PublishedModel) -> Skeleton:
    if isinstance(model, Lifter):
        return model.skeleton_known
    return Skeleton.unnamed(model.sets.joint_count, model.sets.roots, model.sets.sets)


def _test(
    folder: RunFolder,
    model: Lifter | PublishedModel,
    tests: tuple[Poses | None, Poses | None],
    camera: Any,
    options: Options,
    predict: bool,
) -> None:
    poses_2d, poses_3d = tests
    if poses_2d is None:
        raise ValueError(
            f"no test data were given when the lifter in {folder.path} was trained; "
            "give test_2d (and test_3d, to score)."
        )
    scored = poses_3d is not None and not predict
    if poses_3d is None or predict:
        poses_3d = Poses.unseen(poses_2d, model.dims)
    truth = _truth(model, poses_2d, poses_3d)
    with folder.claimed():
        _write_scores(folder, model, truth, camera, options, scored)


def _write_scores(
    folder: RunFolder,
    model: Lifter | PublishedModel,
    truth: Truth,
    camera: Any,
    options: Options,
    scored: bool,
) -> None:
    poses_2d = truth.poses_2d
    guess = guesses(model, poses_2d, camera)
    relative = guess["liftpose"]
    write_results(folder, truth.results(relative))
    if not scored:
        (folder.path / EVALUATION).unlink(missing_ok=True)
        return
    scores = {name: truth.score(values) for name, values in guess.items()}
    angle = truth.one_rotation_away(relative)
    ours = scores["liftpose"]
    log.info("test: MPJPE %.4g, PA-MPJPE %.4g", ours.mpjpe, ours.pa_mpjpe)
    if angle is not None:
        log.warning(
            "the test 3D differs from the predictions mostly by one rotation of %.1f degrees over "
            "all frames: it stands in another frame (predictions are in the frame of the training "
            "3D, which random_project and project_to_cam turn into the camera's). Beside the "
            "MPJPE of %.4g see the PA-MPJPE of %.4g.",
            angle,
            ours.mpjpe,
            ours.pa_mpjpe,
        )
    split: dict[str, Any] = {
        "test": {"experiments": [repr(key) for key in poses_2d.keys], "frames": poses_2d.frames}
    }
    if isinstance(model, Lifter):
        split |= {"training": {k: v for k, v in model.choice.items() if k != "params"}}
    split["score"] = "pa_mpjpe" if options.procrustes else "mpjpe"
    measures = measure(model, truth, guess, camera).as_dict()
    write_evaluation(folder, truth, scores, split | {"one_rotation_degrees": angle}, measures)


def _training_poses(
    train_2d: Any, train_3d: Any, mask: Any, skeleton: Skeleton | None
) -> tuple[Poses | None, Poses]:
    poses_3d = as_poses_3d(train_3d, mask, "train_3d", "train_keypts")
    if skeleton is not None:
        poses_3d = of_skeleton(poses_3d, skeleton, "train_3d")
    if train_2d is None:
        return None, poses_3d
    poses_2d = as_poses_2d(train_2d, None, name="train_2d")
    if skeleton is not None:
        poses_2d = of_skeleton(poses_2d, skeleton, "train_2d")
    return check_pair(poses_2d, poses_3d, ("train_2d", "train_3d")), poses_3d


def _test_poses(
    test_2d: Any, test_3d: Any, mask: Any, skeleton: Skeleton, dims: int
) -> tuple[Poses | None, Poses | None]:
    if test_2d is None:
        if test_3d is not None or mask is not None:
            raise ValueError("test_3d and test_keypts are given without test_2d; give the 2D too.")
        return None, None
    poses_2d = of_skeleton(as_poses_2d(test_2d, None, name="test_2d"), skeleton, "test_2d")
    if test_3d is None:
        if mask is not None:
            raise ValueError("test_keypts is given without test_3d; give the 3D too.")
        return poses_2d, None
    poses_3d = as_poses_3d(test_3d, mask, "test_3d", "test_keypts", (dims,))
    poses_3d = of_skeleton(poses_3d, skeleton, "test_3d")
    return check_pair(poses_2d, poses_3d, ("test_2d", "test_3d")), poses_3d


def _start(options: Options, folder: RunFolder, sets: TargetSets) -> Start | None:
    if options.load is None and not options.resume:
        return None
    name = options.load or LAST
    path = _find(name, folder.path)
    lifter, checkpoint = read_lifter(path)
    _check_same_animal(lifter, sets, name)
    if lifter.options.network != options.network:
        raise ValueError(
            f"{path} holds the network {lifter.options.network!r}, and this run wants "
            f"{options.network!r}."
        )
    if options.resume and checkpoint["training"] is None:
        raise ValueError(f"{path} holds a lifter without epochs; there is nothing to resume.")
    best = path.parent / BEST
    best_lifter = read_lifter(best)[0] if options.resume and best.is_file() else None
    return Start(lifter, checkpoint["training"], options.resume, path.parent, best_lifter)


def _nothing_left(start: Start, options: Options) -> bool:
    done = start.training["epoch"]
    if done < options.epochs:
        return False
    warnings.warn(
        f"nothing is left to train: the checkpoint has {done} epochs, and epochs={options.epochs} "
        "is the total. Give a larger number to go on.",
        stacklevel=3,
    )
    return True


def _check_same_animal(lifter: Lifter, sets: TargetSets, name: str) -> None:
    if lifter.sets != sets:
        raise ValueError(
            f"the checkpoint {name} is of another skeleton: {lifter.sets.joint_count} joints, "
            f"roots {list(lifter.sets.roots)}, target sets {[list(s) for s in lifter.sets.sets]}; "
            f"here are {sets.joint_count} joints, roots {list(sets.roots)}, target sets "
            f"{[list(s) for s in sets.sets]}."
        )


def _find(name: str, folder: Path) -> Path:
    for path in (Path(name), folder / name):
        if path.is_file():
            return path
    raise FileNotFoundError(f"there is no checkpoint {name}, neither as given nor in {folder}.")


def _one_of(what: str, **given: Any) -> Any:
    said = {name: value for name, value in given.items() if value is not None}
    if len(said) > 1:
        raise ValueError(f"{what} is given as {' and as '.join(said)}; give it once.")
    return next(iter(said.values()), None)


def _report(lifter: Lifter, folder: RunFolder) -> None:
    choice = lifter.choice
    log.info("trained on %d frames (%s).", choice["frames"], choice["folds"])
    if "epoch" in choice:
        log.info("network %s: best after epoch %d.", lifter.options.network, choice["epoch"])
    if "held_out_mpjpe" in choice:
        ridge = choice["held_out_mpjpe_ridge"]
        log.info(
            "held-out MPJPE %.4g%s.",
            choice["held_out_mpjpe"],
            "" if np.isnan(ridge) else f" beside {ridge:.4g} of the linear map alone",
        )
    for line in validation_table(lifter):
        log.info("  %s", line)
    log.info("everything is in %s.", folder.path)
