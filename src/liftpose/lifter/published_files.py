"""What the files of liftpose 0.22 hold, and the one reader that opens them.

Every file is a pickle with numpy arrays inside. It is opened by a reader that knows the few numpy
names these files need, and refuses everything else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]
Experiments = dict[str, NDArray[Any]]

KEYS_2D = ("mean", "std", "in_dim", "targets_2d", "roots", "target_sets", "offset")
KEYS_3D = ("mean", "std", "out_dim", "targets_3d", "offset")


@dataclass(frozen=True, eq=False)
class Layout:
    """What both statistics files say: how poses become rows of numbers, and back."""

    mean_2d: NDArray[np.float64]
    std_2d: NDArray[np.float64]
    mean_3d: NDArray[np.float64]
    std_3d: NDArray[np.float64]
    targets_2d: NDArray[np.intp]
    targets_3d: NDArray[np.intp]
    roots: tuple[int, ...]
    target_sets: tuple[tuple[int, ...], ...]
    joint_count: int
    out_dim: int

    def standardised(self, points: NDArray[Any], norm_2d: bool) -> NDArray[np.float32]:
        """Turn 2D poses, shape (N, J, 2), into rows of network inputs."""
        # In place and in the caller's float32, if such it is: 0.22 rounds at the same steps.
        poses: Floats = np.array(
            points, dtype=np.float32 if points.dtype == np.float32 else np.float64
        )
        offset = np.zeros_like(poses)
        for root, targets in zip(self.roots, self.target_sets, strict=True):
            for joint in (root, *targets):
                offset[:, joint] += poses[:, root]
        poses -= offset
        # Silent, since 0.22 relies on it: 0 / 0 is NaN and becomes 0, and what differs from a
        # mean without spread becomes infinite.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if norm_2d:
                poses[np.isnan(poses)] = 0
                poses /= np.linalg.norm(poses, axis=(1, 2), keepdims=True)
            rows = poses.reshape(len(poses), -1)
            rows -= self.mean_2d
            rows /= self.std_2d
            filled = np.nan_to_num(rows[:, self.targets_2d].astype(np.float64))
            return filled.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Statistics(Layout):
    """Both statistics files, with the flattened root positions of each test experiment."""

    offset_2d: Experiments
    offset_3d: Experiments

    @classmethod
    def read(
        cls,
        folder: Path,
        stat_2d: Mapping[str, Any] | None = None,
        stat_3d: Mapping[str, Any] | None = None,
    ) -> "Statistics":
        """Read and check both files of a folder, or what a caller passes instead of them."""
        path_2d, path_3d = folder / "stat_2d.pth.tar", folder / "stat_3d.pth.tar"
        source_2d = str(path_2d) if stat_2d is None else "stat_2d"
        source_3d = str(path_3d) if stat_3d is None else "stat_3d"
        stat_2d = with_keys(load(path_2d) if stat_2d is None else stat_2d, KEYS_2D, source_2d)
        stat_3d = with_keys(load(path_3d) if stat_3d is None else stat_3d, KEYS_3D, source_3d)
        in_dim, out_dim = int(stat_2d["in_dim"]), int(stat_3d["out_dim"])
        if in_dim != 2 or out_dim not in (1, 3):
            raise ValueError(
                f"expected 2 coordinates per joint in {source_2d} and 1 or 3 in {source_3d}; "
                f"got {in_dim} and {out_dim}."
            )
        mean_2d, std_2d, mean_3d, std_3d = (
            np.asarray(stat[key], dtype=np.float64).ravel()
            for stat in (stat_2d, stat_3d)
            for key in ("mean", "std")
        )
        joint_count = len(mean_2d) // 2
        sizes = [len(mean_2d), len(std_2d), len(mean_3d), len(std_3d)]
        if sizes != [joint_count * 2] * 2 + [joint_count * out_dim] * 2:
            raise ValueError(
                f"{source_2d} has a mean and a standard deviation of {sizes[0]} and {sizes[1]} "
                f"coordinates, 2 per joint, and {source_3d} has {sizes[2]} and {sizes[3]}, "
                f"{out_dim} per joint. These are not the same joints."
            )
        stats = cls(
            mean_2d=mean_2d,
            std_2d=std_2d,
            # 0.22 reads results so; it has nothing to say on its other uses of a NaN here.
            mean_3d=np.where(np.isnan(mean_3d), 0, mean_3d),
            std_3d=np.where(np.isnan(std_3d), 1, std_3d),
            targets_2d=np.asarray(stat_2d["targets_2d"], dtype=np.intp).ravel(),
            targets_3d=np.asarray(stat_3d["targets_3d"], dtype=np.intp).ravel(),
            roots=tuple(int(root) for root in stat_2d["roots"]),
            target_sets=tuple(tuple(int(j) for j in joints) for joints in stat_2d["target_sets"]),
            joint_count=joint_count,
            out_dim=out_dim,
            offset_2d=dict(stat_2d["offset"]),
            offset_3d=dict(stat_3d["offset"]),
        )
        return stats._checked(source_2d, source_3d)

    def _checked(self, source_2d: str, source_3d: str) -> "Statistics":
        joints = {*self.roots, *(joint for joints in self.target_sets for joint in joints)}
        if len(self.roots) != len(self.target_sets) or not joints <= set(range(self.joint_count)):
            raise ValueError(
                f"{source_2d}: expected one root per target set, all among the joints 0 to "
                f"{self.joint_count - 1}; got roots {self.roots} and target sets "
                f"{self.target_sets}."
            )
        for dim, source in ((2, source_2d), (3, source_3d)):
            mean, _, columns, offsets = self._of(dim)
            if not np.isin(columns, np.arange(len(mean))).all():
                raise ValueError(
                    f"{source}: a target coordinate lies beyond the {len(mean)} known."
                )
            for name, offset in offsets.items():
                if np.shape(offset)[1:] != mean.shape:
                    raise ValueError(
                        f"{source}: the offsets of experiment {name!r} have shape "
                        f"{np.shape(offset)}; expected (N, {len(mean)})."
                    )
        return self

    def first_offset(self, folder: Path) -> NDArray[np.float64]:
        """Give the position of every joint's root in the first frame of the test data."""
        for offset in self.offset_3d.values():
            if len(offset):
                return np.array(offset[0], dtype=np.float64).reshape(self.joint_count, -1)
            break
        raise ValueError(f"{folder / 'stat_3d.pth.tar'}: there are no offsets of test data.")

    def placed(self, rows: ArrayLike, dim: int, path: Path) -> NDArray[np.float64]:
        """Undo the standardisation of results and add the roots of all test experiments."""
        mean, std, columns, offsets = self._of(dim)
        missing = [name for name in self.offset_2d if name not in offsets]
        if missing:
            raise ValueError(
                f"{path}: the statistics have 2D and no 3D offsets of experiment {missing[0]!r}."
            )
        offset = np.concatenate([offsets[name] for name in self.offset_2d])
        rows = np.asarray(rows)
        if rows.shape != (len(offset), len(columns)):
            raise ValueError(
                f"{path} has results of shape {rows.shape}, and the statistics are of "
                f"{len(offset)} frames with {len(columns)} target coordinates. If the test data "
                "were replaced with set_test_data, pass the stat_2d and stat_3d it returned."
            )
        poses = np.full((len(offset), self.joint_count, len(mean) // self.joint_count), np.nan)
        poses[:, [*self.roots, *(joint for joints in self.target_sets for joint in joints)]] = 0
        flat = poses.reshape(offset.shape)
        flat[:, columns] = rows
        flat[:] = flat * std + mean + offset
        return poses

    def restored(self, rows: ArrayLike, dim: int, name: str, path: Path) -> NDArray[np.float64]:
        """Undo the standardisation of one experiment's poses and put their roots back."""
        mean, std, columns, offsets = self._of(dim)
        rows = np.asarray(rows, dtype=np.float64)
        offset = np.asarray(offsets.get(name, np.empty((0, len(mean)))), dtype=np.float64)
        if rows.shape != (len(offset), len(columns)):
            raise ValueError(
                f"{path}: experiment {name!r} has standardised poses of shape {rows.shape}, and "
                f"the statistics hold the roots of {len(offset)} frames with {len(columns)} "
                "target coordinates. If the data were replaced with set_test_data, pass the "
                "stat_2d and stat_3d it returned."
            )
        relative = rows * std[columns] + mean[columns]
        # 0.22 fills a missing coordinate with the mean; without spread all values look like that.
        relative[(rows == 0) & (std[columns] > 0)] = np.nan
        # Where 0.22 is given no 3D it stores zeros, which puts every target on its root.
        if dim == 3 and np.allclose(relative / (np.abs(mean) + std)[columns], 0, atol=1e-9):
            relative[:] = np.nan
        flat = np.full(offset.shape, np.nan)
        poses = flat.reshape(len(offset), self.joint_count, -1)
        for root in self.roots:
            poses[:, root] = offset.reshape(poses.shape)[:, root] / self.roots.count(root)
        flat[:, columns] = relative + offset[:, columns]
        return poses

    def _of(
        self, dim: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], Experiments]:
        if dim == 2:
            return self.mean_2d, self.std_2d, self.targets_2d, self.offset_2d
        return self.mean_3d, self.std_3d, self.targets_3d, self.offset_3d


def read_checkpoint(folder: Path, epoch: str) -> tuple[Path, Mapping[str, Any]]:
    """Read the checkpoint of the best or the last epoch, and tell which file it was in."""
    paths = [folder / "ckpt_best.pth.tar", folder / "ckpt_last.pth.tar"]
    if epoch == "best":
        del paths[1]
    elif epoch == "last":
        # 0.22 writes only one of the two after each epoch.
        paths = [path for path in paths if path.is_file()] or paths[:1]
    else:
        raise ValueError(f"epoch is {epoch!r}; expected 'best' or 'last'.")
    keys = ("epoch", "state_dict")
    loaded = [(path, with_keys(load(path), keys, str(path))) for path in paths]
    return max(loaded, key=lambda pair: int(pair[1]["epoch"]))


def read_poses(path: Path, count: int) -> list[Any]:
    """Read the list of dicts in which 0.22 keeps poses; the last, of raw poses, may be None."""
    parts = load(path)
    if (
        not isinstance(parts, list)
        or len(parts) != count
        or not all(isinstance(part, dict) for part in parts[:-1])
        or not isinstance(parts[-1], dict | None)
    ):
        raise ValueError(f"{path}: expected a list of {count} dicts, as liftpose 0.22 writes it.")
    return parts


def with_keys(stored: Any, keys: Sequence[str], source: str) -> Mapping[str, Any]:
    """Check that what was stored is a dict with certain entries; errors name the source."""
    if not isinstance(stored, Mapping):
        raise ValueError(f"{source}: expected a dict; got {type(stored).__name__}.")
    missing = [key for key in keys if key not in stored]
    if missing:
        raise ValueError(f"{source}: there is no entry {missing[0]!r}, which liftpose 0.22 writes.")
    return stored


def _numpy_names() -> list[Any]:
    """Name what the pickles of numpy arrays and scalars need, as numpy 1 and numpy 2 spell it."""
    array_from, scalar_from = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    spelled = [
        (function, f"numpy.{core}.multiarray.{name}")
        for core in ("core", "_core")
        for function, name in ((array_from, "_reconstruct"), (scalar_from, "scalar"))
    ]
    dtypes = {type(np.dtype(code)) for code in "?bhilqBHILQefdgSU"}
    return [*spelled, (np.ndarray, "numpy.ndarray"), (np.dtype, "numpy.dtype"), *dtypes]


def load(path: Path) -> Any:
    """Open a file of 0.22, and refuse whatever its files do not need.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    object
        Dicts, lists, numbers, strings, tensors and numpy arrays.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It is damaged, or asks for anything else; nothing of it is run.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file. Folders that liftpose 0.22 trained hold one of this name."
        )
    # Names that the user has allowed already are left alone: the context would forget them.
    known = torch.serialization.get_safe_globals()
    names = [name for name in _numpy_names() if name not in known]
    with path.open("rb") as file:
        try:
            with torch.serialization.safe_globals(names):
                return torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged pickle fails in as many ways as there are opcodes
            raise ValueError(_refusal(path, error)) from error


def _refusal(path: Path, error: Exception) -> str:
    foreign = re.search(r"GLOBAL ([\w.]+)", str(error))
    if foreign:
        return (
            f"{path}: refused, since it asks for {foreign[1]}, which no file of liftpose 0.22 "
            "needs. Nothing in it was run."
        )
    return f"{path}: damaged, or not a file of liftpose 0.22 ({type(error).__name__})."
