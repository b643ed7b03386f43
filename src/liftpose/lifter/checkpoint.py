"""The folder of a run: checkpoints, statistics, log, test data and results.

Every file is loadable with ``torch.load(..., weights_only=True)`` or is text, carries a format and
its version, and is written beside its place and renamed: a killed run leaves no half file.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import torch

import liftpose
from liftpose.files import replacing
from liftpose.lifter import lifter_file
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.opt import Options
from liftpose.lifter.run import Epoch
from liftpose.poses import Floats, Poses

LAST, BEST = "ckpt_last.pth.tar", "ckpt_best.pth.tar"
STAT_2D, STAT_3D = "stat_2d.pth.tar", "stat_3d.pth.tar"
TEST_2D, TEST_3D = "test_2d.pth.tar", "test_3d.pth.tar"
RESULTS, EVALUATION = "test_results.pth.tar", "evaluation.json"
LOG, OPTIONS, MEMBERS = "train_log.txt", "options.json", "members.txt"
MODEL = "model.lifter"
PARAMS = ("params_used.toml", "params_used.yaml")
LOG_COLUMNS = ("epoch", "lr", "loss_train", "loss_test", "err_test")

_LOCK = ".liftpose.lock"
_VERSION = 1


def versions() -> dict[str, str]:
    """Versions of what results depend on."""
    return {
        "liftpose": liftpose.__version__,
        "torch": str(torch.__version__),
        "numpy": str(np.__version__),
    }


class RunFolder:
    """Reads and writes the files of one run.

    Parameters
    ----------
    path : path-like
        The folder; it need not exist before `claimed`.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Make the folder, and keep other runs out of it for as long as the block lasts.

        Raises
        ------
        ValueError
            The folder cannot be made or written to, or another run is in it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.path / _LOCK, timeout=0)
            lock.acquire()
        except filelock.Timeout:
            raise ValueError(
                f"another run is writing to {self.path}. Wait for it, or name another out_dir."
            ) from None
        except OSError as error:
            raise ValueError(
                f"cannot write to the folder {self.path} ({error.strerror or error}). "
                "Name another out_dir."
            ) from error
        try:
            yield
        finally:
            # The file stays: removing it would let two later runs each lock one of their own.
            lock.release()

    def clear(self) -> None:
        """Remove what an earlier run left, so that no file is of another run than the rest."""
        for name in (LAST, BEST, RESULTS, EVALUATION, LOG, MEMBERS, MODEL, *PARAMS):
            (self.path / name).unlink(missing_ok=True)

    def inherit(self, other: Path) -> None:
        """Take over checkpoints and log of a run in another folder that is continued here."""
        for name in (LAST, BEST, LOG):
            if (other / name).is_file() and not (self.path / name).exists():
                with replacing(self.path / name) as beside:
                    shutil.copyfile(other / name, beside)

    def begin(
        self,
        lifter: Lifter,
        options: Options,
        tests: tuple[Poses | None, Poses | None],
        params: str | None = None,
    ) -> None:
        """Write what stands before the first epoch: params, options, statistics and test data."""
        if params is not None:
            name = PARAMS[not _is_toml(params)]
            with replacing(self.path / name) as beside:
                beside.write_text(params, encoding="utf-8")
        self.write_json(OPTIONS, "options", {"options": options.as_dict(), "versions": versions()})
        for name, content in zip((STAT_2D, STAT_3D), _statistics(lifter), strict=True):
            self.write(name, "statistics", content)
        for name, poses in zip((TEST_2D, TEST_3D), tests, strict=True):
            if poses is None:
                (self.path / name).unlink(missing_ok=True)
            else:
                self.write(name, "poses", _poses_state(poses))

    def write_epoch(self, epoch: Epoch, best_error: float, row: Mapping[str, float]) -> None:
        """Write an epoch to the log and to the checkpoints.

        Parameters
        ----------
        epoch : Epoch
            What was trained.
        best_error : float
            Least held-out error so far.
        row : mapping of column to value
            The log's new line.
        """
        # The log first: a run that is killed in between then resumes from the checkpoint before,
        # and cuts the line off again.
        self.write_log([*self.read_log(up_to=epoch.number - 1), row])
        checkpoint = {
            "epoch": epoch.number,
            "lr": epoch.rate,
            "step": epoch.progress.step,
            "err": best_error,
            "lifter": epoch.lifter.state(),
            "training": {
                "epoch": epoch.number,
                "step": epoch.progress.step,
                "best_error": best_error,
                "generator": epoch.progress.generator.get_state(),
                "learner": epoch.learner.state(),
            },
            "versions": versions(),
        }
        if epoch.best:
            self.write(BEST, "checkpoint", checkpoint)
            with replacing(self.path / LAST) as beside:
                shutil.copyfile(self.path / BEST, beside)
        else:
            self.write(LAST, "checkpoint", checkpoint)

    def write_members(self, lines: Sequence[str]) -> None:
        """Write what each part of the lifter leaves of the held-out error."""
        with replacing(self.path / MEMBERS) as beside:
            beside.write_text("\n".join(lines) + "\n")

    def write_untrained(self, lifter: Lifter) -> None:
        """Write the checkpoints of a lifter that has no epochs."""
        checkpoint = {
            "epoch": 0,
            "lr": 0.0,
            "step": 0,
            "err": float("nan"),
            "lifter": lifter.state(),
            "training": None,
            "versions": versions(),
        }
        self.write_log([])
        for name in (BEST, LAST):
            self.write(name, "checkpoint", checkpoint)

    def read_log(self, up_to: int) -> list[dict[str, float]]:
        """Read the log's lines of the epochs up to a number."""
        path = self.path / LOG
        if not path.exists():
            return []
        lines = path.read_text().splitlines()[1:]
        rows = [dict(zip(LOG_COLUMNS, map(float, line.split("\t")), strict=True)) for line in lines]
        return [row for row in rows if row["epoch"] <= up_to]

    def write_log(self, rows: list[Any]) -> None:
        """Write the whole log."""
        lines = ["\t".join(LOG_COLUMNS)]
        for row in rows:
            values = [repr(float(row[column])) for column in LOG_COLUMNS[1:]]
            lines.append("\t".join([str(int(row["epoch"])), *values]))
        with replacing(self.path / LOG) as beside:
            beside.write_text("\n".join(lines) + "\n")

    def write(self, name: str, kind: str, content: Mapping[str, Any]) -> None:
        """Write a file of tensors and plain values."""
        with replacing(self.path / name) as beside:
            torch.save({"format": f"liftpose-{kind}", "version": _VERSION, **content}, beside)

    def write_json(self, name: str, kind: str, content: Mapping[str, Any]) -> None:
        """Write a file of plain values as text; NaN becomes null."""
        whole = {"format": f"liftpose-{kind}", "version": _VERSION, **content}
        with replacing(self.path / name) as beside:
            beside.write_text(json.dumps(_without_nan(whole), indent=2, allow_nan=False) + "\n")

    def read(self, name: str, kind: str) -> dict[str, Any]:
        """Read a file that `write` wrote.

        Raises
        ------
        FileNotFoundError
            There is none.
        ValueError
            It is truncated, something else, or of a newer format.
        """
        return read_file(self.path / name, kind)

    def read_tests(self) -> tuple[Poses | None, Poses | None]:
        """Read the test data that the run was begun with."""
        tests = [
            _poses_from(self.read(name, "poses")) if (self.path / name).exists() else None
            for name in (TEST_2D, TEST_3D)
        ]
        return tests[0], tests[1]


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def read_file(path: Path, kind: str) -> dict[str, Any]:
    """Read a file of tensors and plain values, and nothing that can run.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : str
        What it must be: ``"checkpoint"``, ``"statistics"``, ``"poses"`` or ``"results"``.

    Returns
    -------
    dict

    Raises
    ------
    FileNotFoundError
        There is none.
    ValueError
        It is truncated, something else, or of a newer format.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no {kind} at {path}.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError, OSError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"{path} is no {kind} of liftpose, or was cut short: {reason}") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != f"liftpose-{kind}":
        raise ValueError(
            f"{path} is no {kind} of this package (format {found!r}). A folder that liftpose 0.22 "
            "trained is read as a whole, by test(folder)."
        )
    if content["version"] > _VERSION:
        raise ValueError(
            f"{path} has format version {content['version']}; this liftpose reads up to "
            f"{_VERSION}. Update liftpose."
        )
    return dict(content)


def read_lifter(path: Path) -> tuple[Lifter, dict[str, Any]]:
    """Read a checkpoint.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    lifter : Lifter
    checkpoint : dict
        The whole of it.

    Raises
    ------
    FileNotFoundError, ValueError
        See `read_file`.
    """
    checkpoint = read_file(path, "checkpoint")
    try:
        return Lifter.from_state(checkpoint["lifter"]), checkpoint
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: the checkpoint lacks {error}.") from error


def _statistics(lifter: Lifter) -> tuple[dict[str, Any], dict[str, Any]]:
    """What 0.22 keeps in its two statistics files, over all joints; joints without one: 0 and 1."""
    normalization, sets = lifter.normalization, lifter.sets
    targets = np.array(sets.targets)
    files = []
    for dims, mean, std in (
        (2, normalization.mean_in, normalization.std_in),
        (normalization.dims, normalization.mean_out, normalization.std_out),
    ):
        columns = (targets[:, None] * dims + np.arange(dims)).ravel()
        full_mean = torch.zeros(sets.joint_count * dims, dtype=torch.float64)
        full_std = torch.ones_like(full_mean)
        full_mean[columns], full_std[columns] = mean[: len(columns)], std[: len(columns)]
        files.append({"mean": full_mean, "std": full_std, "columns": torch.from_numpy(columns)})
    shared = {
        "roots": list(sets.roots),
        "target_sets": [list(members) for members in sets.sets],
        "norm_2d": normalization.norm_2d,
    }
    flat_2d, flat_3d = files
    stat_2d = {**shared, "in_dim": 2, "targets_2d": flat_2d.pop("columns"), **flat_2d}
    stat_3d = {
        **shared,
        "out_dim": normalization.dims,
        "input_size": 2 * len(targets),
        "output_size": normalization.dims * len(targets),
        "targets_3d": flat_3d.pop("columns"),
        **flat_3d,
    }
    return stat_2d, stat_3d


def _poses_state(poses: Poses) -> dict[str, Any]:
    state: dict[str, Any] = {
        "keys": list(poses.keys),
        "lengths": list(poses.lengths),
        "given": torch.tensor(poses.given),
        "points": torch.tensor(poses.points),
        "confidence": None if poses.confidence is None else torch.tensor(poses.confidence),
    }
    state |= {name: _listed(getattr(poses, name)) for name in ("joints", "individuals")}
    return state | {name: getattr(poses, name) for name in _ABOUT}


_ABOUT = ("fps", "unit", "frame", "source_software", "source_file")


def _listed(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _poses_from(state: Mapping[str, Any]) -> Poses:
    tables: list[Floats] = [state[name].numpy() for name in ("points", "given")]
    names = {name: state.get(name) for name in ("joints", "individuals")}
    sure = state.get("confidence")
    about: dict[str, Any] = {
        **{name: None if value is None else tuple(value) for name, value in names.items()},
        **{name: state.get(name) for name in _ABOUT},
        "confidence": None if sure is None else sure.numpy(),
    }
    return Poses(tables[0], tables[1], tuple(state["keys"]), tuple(state["lengths"]), **about)


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def load(path: str | os.PathLike[str]) -> Lifter:
    """Load a lifter: a file that `Lifter.save` wrote, or the folder of a run.

    Parameters
    ----------
    path : path-like
        Such as ``"fly.lifter"``, or the ``out_dir`` of `liftpose.main.train`, of which the best
        checkpoint is taken.

    Returns
    -------
    Lifter

    Raises
    ------
    FileNotFoundError
        There is nothing, or no checkpoint in the folder.
    ValueError
        A file that is something else, was cut short or changed, or is of a newer format.
    """
    source = Path(path)
    if source.is_dir():
        return read_lifter(source / BEST)[0]
    if source.name.endswith(".pth.tar") and source.is_file():
        return read_lifter(source)[0]
    return lifter_file.read(source)
