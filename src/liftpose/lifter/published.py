"""Folders that liftpose 0.22 trained: their network, test data and results.

The files are read by `published_files`. The arithmetic is that of 0.22, so that its
predictions come out again; where 0.22 has no number, there is NaN. Two of its ways need knowing:

- A target that is itself the root of another set has the positions of both roots subtracted.
- A missing 2D point enters the network as the mean of the training data, but where poses are
  scaled to unit norm (`norm_2d`) as the position of its root.

Arrays of 0.22 are flattened: coordinate ``c`` of joint ``j`` is column ``D * j + c``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.published_files import (
    KEYS_2D,
    Experiments,
    Layout,
    Statistics,
    load,
    read_checkpoint,
    read_poses,
    with_keys,
)
from liftpose.skeleton.target_sets import TargetSets

_BATCH = 4096  # frames lifted at once: bounds memory at a few tens of MB
_FRAMES_COMPARED = 256  # of each experiment, to see whether poses were scaled to unit norm


@dataclass(frozen=True, eq=False)
class PublishedModel(Layout):
    """Network of a folder that liftpose 0.22 trained, with what it takes to use it.

    Parameters
    ----------
    network : Martinez
        The trained network, in evaluation mode.
    mean_2d, std_2d : array, shape (J * 2,), float64
        Mean and standard deviation of the 2D coordinates relative to their roots, in pixels
        (no unit where `norm_2d`).
    mean_3d, std_3d : array, shape (J * D,), float64
        The same of the 3D coordinates, in the unit of the 3D poses.
    targets_2d, targets_3d : array of int
        Columns of the flattened 2D and 3D poses that go in and come out.
    roots : tuple of int
        Root joint of each target set.
    target_sets : tuple of tuple of int
        Joints that are predicted relative to each root.
    joint_count : int
        Number of joints `J`, roots included.
    out_dim : int
        Coordinates that come out per joint, `D`: 3, or 1 for depth only.
    norm_2d : bool
        Whether 2D poses are scaled to unit Frobenius norm.
    epoch : int
        Epoch after which the network was saved, counted from 1.
    root_offset : array, shape (J, D), float64
        What 0.22 adds to predictions where no 3D is known: for each joint the position of its
        root in the first frame of its test data. Zero for joints in no set.

    Examples
    --------
    >>> import numpy as np
    >>> model = PublishedModel(
    ...     network=Martinez(2, 3, linear_size=8).eval(),
    ...     mean_2d=np.zeros(4), std_2d=np.ones(4), mean_3d=np.zeros(6), std_3d=np.ones(6),
    ...     targets_2d=np.array([2, 3]), targets_3d=np.array([3, 4, 5]),
    ...     roots=(0,), target_sets=((1,),), joint_count=2, out_dim=3, norm_2d=False, epoch=30,
    ...     root_offset=np.zeros((2, 3)),
    ... )
    >>> model.predict(np.ones((10, 2, 2))).shape
    (10, 2, 3)
    """

    network: Martinez
    norm_2d: bool
    epoch: int
    root_offset: NDArray[np.float64]

    def predict(self, points_2d: ArrayLike) -> NDArray[np.float64]:
        """Lift 2D poses as 0.22 does.

        Parameters
        ----------
        points_2d : array, shape (N, J, 2)
            Image points, pixels. NaN where a joint was not seen. Arrays of float32 are
            standardised in float32, as 0.22 does; all others in float64.

        Returns
        -------
        array, shape (N, J, D), float64
            Targets relative to their root, in the unit of the 3D poses the network was trained
            on; NaN for joints that are not predicted. For a target that is a root as well, 0.22
            means the position relative to the sum of both roots.

        Raises
        ------
        ValueError
            If `points_2d` has another shape.
        """
        points = np.asarray(points_2d)
        if points.ndim != 3 or points.shape[1:] != (self.joint_count, 2):
            raise ValueError(
                f"expected 2D poses of shape (N, {self.joint_count}, 2), as the network was "
                f"trained on; got {points.shape}."
            )
        lifted = np.full((len(points), self.joint_count * self.out_dim), np.nan)
        mean, std = self.mean_3d[self.targets_3d], self.std_3d[self.targets_3d]
        for start in range(0, len(points), _BATCH):
            batch = slice(start, start + _BATCH)
            inputs = self.standardised(points[batch], self.norm_2d)
            with torch.inference_mode():
                outputs = self.network(torch.from_numpy(inputs)).numpy()
            # A coordinate that was constant in training makes 0.22's inputs, and outputs, infinite.
            with np.errstate(invalid="ignore"):
                lifted[batch, self.targets_3d] = outputs * std + mean
        return lifted.reshape(-1, self.joint_count, self.out_dim)

    @property
    def sets(self) -> TargetSets:
        """Roots and targets."""
        return TargetSets(self.roots, self.target_sets, self.joint_count)

    @property
    def dims(self) -> int:
        """Coordinates D of a lifted joint."""
        return self.out_dim

    def relative(self, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Lift 2D points to joints relative to their anchors.

        Parameters
        ----------
        points : array, shape (N, J, 2)
            Pixels; NaN where a joint was not seen.

        Returns
        -------
        array, shape (N, T + R, D), float64
            The targets, then the further roots, which 0.22 does not predict: they stand where
            they stood in the first frame of its test data. NaN where nothing was seen, and for
            targets that are roots as well, of which 0.22 predicts nothing (it takes each
            relative to itself too).
        """
        sets = self.sets
        targets = self.predict(points)[:, list(sets.targets)]
        targets[:, [joint in sets.roots for joint in sets.targets]] = np.nan
        used = [*sets.roots, *sets.targets]
        seen = np.any(np.all(np.isfinite(points[:, used]), axis=2), axis=1)
        targets[~seen] = np.nan
        first = self.root_offset[sets.roots[0]]
        roots = self.root_offset[list(sets.further_roots)] - first
        still = np.broadcast_to(roots, (len(points), *roots.shape))
        return np.concatenate([targets, still], axis=1)


def is_published(folder: str | Path) -> bool:
    """Tell whether a folder was trained by liftpose 0.22.

    Parameters
    ----------
    folder : str or Path
        Any folder, or none at all.

    Returns
    -------
    bool
        True where ``stat_2d.pth.tar`` holds statistics in the layout of 0.22: a dict without
        the entry ``"format"`` of later versions.

    Raises
    ------
    ValueError
        If the file is there and cannot be read.

    Examples
    --------
    >>> is_published("no_such_folder")
    False
    """
    path = Path(folder) / "stat_2d.pth.tar"
    if not path.is_file():
        return False
    stat = load(path)
    return isinstance(stat, dict) and "format" not in stat and set(KEYS_2D) <= stat.keys()


def read_published(
    folder: str | Path,
    norm_2d: bool | None = None,
    epoch: Literal["best", "last"] = "best",
) -> PublishedModel:
    """Read the network and the statistics of a folder that liftpose 0.22 trained.

    Parameters
    ----------
    folder : str or Path
        The `out_dir` of the training.
    norm_2d : bool, optional
        Whether the training was called with ``norm_2d=True``, which no file tells. Without it,
        the stored poses are standardised both ways and compared with what 0.22 made of them,
        and if that does not settle it the statistics are looked at.
    epoch : {"best", "last"}
        ``"best"``: the epoch of least loss on the test data. ``"last"``: the latest epoch saved,
        which is in ``ckpt_best.pth.tar`` if it was the best one as well.

    Returns
    -------
    PublishedModel
        Sizes are those of the tensors; ``opt.json`` is not read.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged or foreign, if checkpoint and statistics do not fit together, or if
        `norm_2d` is needed and not given.

    Examples
    --------
    >>> from pathlib import Path
    >>> for run in filter(is_published, Path("runs_of_0.22").glob("*")):
    ...     print(run.name, read_published(run, epoch="last").epoch)
    """
    folder = Path(folder)
    stats = Statistics.read(folder)
    path, checkpoint = read_checkpoint(folder, epoch)
    try:
        network = Martinez.from_state(checkpoint["state_dict"])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    sizes = network.input_size, network.output_size
    if sizes != (len(stats.targets_2d), len(stats.targets_3d)):
        raise ValueError(
            f"{path} holds a network with {sizes[0]} inputs and {sizes[1]} outputs, and the "
            f"statistics in {folder} have {len(stats.targets_2d)} and {len(stats.targets_3d)} "
            "target coordinates. The files come from different trainings."
        )
    if norm_2d is None:
        norm_2d = _recognise_norm_2d(folder, stats)
    return PublishedModel(
        **{field.name: getattr(stats, field.name) for field in fields(Layout)},
        network=network,
        norm_2d=norm_2d,
        epoch=int(checkpoint["epoch"]),
        root_offset=stats.first_offset(folder),
    )


def read_published_test_data(
    folder: str | Path,
    stat_2d: Mapping[str, Any] | None = None,
    stat_3d: Mapping[str, Any] | None = None,
    norm_2d: bool | None = None,
) -> tuple[Experiments, Experiments, Experiments]:
    """Read the test data of a folder that liftpose 0.22 trained.

    Parameters
    ----------
    folder : str or Path
        The `out_dir` of the training.
    stat_2d, stat_3d : dict, optional
        Statistics to use instead of those in the folder. 0.22's `set_test_data` returns them and
        does not store them, although they hold the roots of the data it does store.
    norm_2d : bool, optional
        As in `read_published`; matters only where the folder holds no raw 2D poses.

    Returns
    -------
    test_2d : dict of array, shape (N, J, 2)
        Image points of each experiment, pixels.
    test_3d : dict of array, shape (N, J, D)
        3D poses, in the unit 0.22 was given.
    test_keypts : dict of bool array, shape (N, J, D)
        Which coordinates count. True for joints that are no targets, whose mask is not stored.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged or foreign, if the stored roots belong to other data, or if the
        scale of the 2D poses is lost since they were stored with unit norm.

    Notes
    -----
    `set_test_data` stores standardised poses only. They are put back with the roots of the
    statistics; joints in no set, and points that 0.22 had filled in, are NaN.

    Examples
    --------
    >>> from pathlib import Path
    >>> for run in filter(is_published, Path("runs_of_0.22").glob("*")):
    ...     test_2d, test_3d, test_keypts = read_published_test_data(run)
    """
    folder = Path(folder)
    stats = Statistics.read(folder, stat_2d, stat_3d)
    path_2d, path_3d = folder / "test_2d.pth.tar", folder / "test_3d.pth.tar"
    inputs, raw_2d = read_poses(path_2d, 2)
    outputs, kept, raw_3d = read_poses(path_3d, 3)
    if raw_2d is None:
        if norm_2d is None:
            norm_2d = _recognise_norm_2d(folder, stats)
        if norm_2d:
            raise ValueError(
                f"{path_2d} holds no raw poses, only poses scaled to unit "
                "norm, whose scale in pixels is lost. Pass the raw 2D test poses instead."
            )
        raw_2d = {name: stats.restored(rows, 2, name, path_2d) for name, rows in inputs.items()}
    if raw_3d is None:
        raw_3d = {name: stats.restored(rows, 3, name, path_3d) for name, rows in outputs.items()}
    keypts: Experiments = {}
    for name, rows in kept.items():
        mask = np.ones((len(rows), stats.joint_count * stats.out_dim), dtype=bool)
        mask[:, stats.targets_3d] = rows
        keypts[name] = mask.reshape(-1, stats.joint_count, stats.out_dim)
    return raw_2d, raw_3d, keypts


def read_published_results(
    folder: str | Path,
    stat_2d: Mapping[str, Any] | None = None,
    stat_3d: Mapping[str, Any] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Read ``test_results.pth.tar`` of liftpose 0.22 as poses.

    Parameters
    ----------
    folder : str or Path
        The `out_dir` of the training and of the test.
    stat_2d, stat_3d : dict, optional
        Statistics to use instead of those in the folder: those that 0.22's `set_test_data`
        returned, if it had chosen the test data.

    Returns
    -------
    gt, pred : array, shape (N, J, 3), float64
        Given and predicted poses of all experiments, one below the other, in the unit and frame
        of 0.22's 3D poses; where 0.22 lifted to depth only, image points beside the depth. Roots
        stand where the given pose has them, in both arrays.
    good_keypts : bool array, shape (N, J, 3)
        True where a coordinate was predicted and counted in the test.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged or foreign, or if results and statistics do not fit together.

    Notes
    -----
    Where `good_keypts` is False for a target, 0.22 has stored the mean training pose in both
    arrays. Joints in no set are NaN: 0.22 stored neither their position nor a prediction.
    Roots are matched with results by the name of the experiment (0.22: by order).

    Examples
    --------
    >>> from pathlib import Path
    >>> for run in filter(is_published, Path("runs_of_0.22").glob("*")):
    ...     gt, pred, good_keypts = read_published_results(run)
    """
    folder = Path(folder)
    stats = Statistics.read(folder, stat_2d, stat_3d)
    path = folder / "test_results.pth.tar"
    results = with_keys(load(path), ("input", "output", "target", "good_keypts"), str(path))
    inputs = stats.placed(results["input"], 2, path)
    gt = stats.placed(results["target"], 3, path)
    pred = stats.placed(results["output"], 3, path)
    mask = np.zeros((len(gt), stats.joint_count * stats.out_dim), dtype=bool)
    mask[:, stats.targets_3d] = np.asarray(results["good_keypts"], dtype=bool)
    good = mask.reshape(gt.shape)
    if stats.out_dim == 1:
        gt, pred = np.concatenate([inputs, gt], axis=2), np.concatenate([inputs, pred], axis=2)
        good = np.repeat(good, 3, axis=2)
    return gt, pred, good


def _recognise_norm_2d(folder: Path, stats: Statistics) -> bool:
    for name in ("test_2d.pth.tar", "train_2d.pth.tar"):
        if (folder / name).is_file():
            inputs, raw = read_poses(folder / name, 2)
            if raw is None:
                continue
            answer = _norm_2d_of_poses(inputs, raw, stats, folder / name)
            if answer is not None:
                return answer
    answer = _norm_2d_of_statistics(stats.mean_2d, stats.std_2d)
    if answer is None:
        raise ValueError(
            f"the files in {folder} do not tell whether its network was trained on 2D poses "
            "scaled to unit norm. Pass norm_2d=True or norm_2d=False, as in the call of train()."
        )
    return answer


def _norm_2d_of_poses(
    inputs: Experiments, raw: Experiments, stats: Statistics, path: Path
) -> bool | None:
    """Standardise raw poses both ways; None where both ways fit, or neither."""
    fits = {False: True, True: True}
    for name, points in raw.items():
        points = np.asarray(points)[:_FRAMES_COMPARED]
        if points.shape[1:] != (stats.joint_count, 2) or name not in inputs:
            raise ValueError(
                f"{path}: expected poses of shape (N, {stats.joint_count}, 2) and their "
                f"standardised form in experiment {name!r}; got {points.shape}."
            )
        with np.errstate(over="ignore"):
            stored = np.asarray(inputs[name])[:_FRAMES_COMPARED].astype(np.float32)
        for norm_2d in fits:
            rows = stats.standardised(points, norm_2d)
            close = rows.shape == stored.shape and np.allclose(rows, stored, 1e-4, 1e-4)
            fits[norm_2d] = fits[norm_2d] and close
    return None if fits[False] == fits[True] else fits[True]


def _norm_2d_of_statistics(mean: NDArray[np.float64], std: NDArray[np.float64]) -> bool | None:
    """Tell unit-norm poses by their mean squares.

    The squares of a unit-norm pose sum to 1. A mean square ``mean**2 + std**2`` leaves out
    the frames in which its coordinate is zero or missing, so over the coordinates they sum to
    exactly 1 if there are none and to more than 1 otherwise, while each stays below 1. Pixels
    come nowhere near; small units may, and then nothing is said.
    """
    # 0.22 writes 0 and 1 for a coordinate without any value, as those of the roots.
    used = (mean != 0) | (std != 1)
    squares = (mean**2 + std**2)[used]
    if len(squares) == 0 or not np.isfinite(squares).all():
        return None
    if squares.max() > 1 + 1e-4 or squares.sum() < 1 - 1e-4:
        return False
    return True if abs(squares.sum() - 1) < 1e-5 else None
