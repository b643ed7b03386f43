"""Train and test liftpose 0.22 in an interpreter of its own: ``peer_worker.py TASK FOLDER``.

TASK is an .npz file as `benchmarks.peer` writes it; 0.22's files, ``result.npz`` and
``result.json`` go to FOLDER. Nothing of this project is imported here.
"""

import functools
import importlib
import importlib.metadata
import json
import os
import random
import resource
import sys
import time
from typing import Any

import numpy as np
import torch

# 0.22 opens its own pickles and knows nothing of this argument, whose default has changed since.
torch.load = functools.partial(torch.load, weights_only=False)

Experiments = dict[str, np.ndarray[Any, Any]]
Results = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]


def read_task(path: str) -> tuple[dict[str, Any], dict[str, Experiments]]:
    """Read the settings, and the dicts of experiments that they name."""
    with np.load(path, allow_pickle=False) as stored:
        settings = json.loads(str(stored["settings"]))
        groups = {
            group: {name: stored[f"{group}/{number}"] for number, name in enumerate(names)}
            for group, names in settings.pop("names").items()
        }
    return settings, groups


def linked_folder(folder: str, name: str, checkpoint: str, but: tuple[str, ...] = ()) -> str:
    """Make a folder in which `checkpoint` takes the place of the best one."""
    other = os.path.join(folder, name)
    os.makedirs(other)
    for file in os.listdir(folder):
        if file.startswith(("stat_", "test_")) and file not in but and file.endswith(".tar"):
            os.symlink(os.path.join("..", file), os.path.join(other, file))
    os.symlink(os.path.join("..", checkpoint), os.path.join(other, "ckpt_best.pth.tar"))
    return other


def tested(folder: str, **stats: Any) -> Results:
    """Let 0.22 test the best checkpoint of a folder and return truth, prediction and mask."""
    results = os.path.join(folder, "test_results.pth.tar")
    if os.path.islink(results):
        os.remove(results)
    importlib.import_module("liftpose.main").test(folder)
    placed: Results = importlib.import_module("liftpose.postprocess").load_test_results(
        folder, **stats
    )
    return placed


def epoch_of(folder: str, file: str) -> int:
    """Return the epoch of a checkpoint, 0 if there is no such file."""
    path = os.path.join(folder, file)
    if not os.path.exists(path):
        return 0
    return int(torch.load(path, map_location="cpu")["epoch"])


def trained(
    settings: dict[str, Any], groups: dict[str, Experiments], folder: str
) -> dict[str, Any]:
    """Train, and return what it cost."""
    train = importlib.import_module("liftpose.main").train
    lift: Any = importlib.import_module("liftpose.lifter.lift")
    # Its test loader takes the default of 8 processes, which no argument of its calls changes.
    loader = lift.DataLoader

    def loader_without_processes(*args: Any, **options: Any) -> Any:
        options["num_workers"] = 0
        return loader(*args, **options)

    lift.DataLoader = loader_without_processes
    # Importing it has set all seeds to 0.
    random.seed(settings["seed"])
    np.random.seed(settings["seed"])  # noqa: NPY002
    torch.manual_seed(settings["seed"])
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    train(
        **groups,
        roots=settings["roots"],
        target_sets=settings["target_sets"],
        out_dir=folder,
        norm_2d=settings["norm_2d"],
        training_kwargs={"epochs": settings["epochs"], "job": 0},
    )
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall_seconds": time.perf_counter() - start,
        "threads": torch.get_num_threads(),
    }


def lifted_alone(
    settings: dict[str, Any], folder: str, points: Experiments
) -> np.ndarray[Any, Any]:
    """Lift 2D poses without any 3D, through 0.22's set_test_data."""
    data = ("test_2d.pth.tar", "test_3d.pth.tar")
    other = linked_folder(folder, "alone", "ckpt_best.pth.tar", but=data)
    _, _, stat_2d, stat_3d = importlib.import_module("liftpose.main").set_test_data(
        other, test_2d=points, norm_2d=settings["norm_2d"]
    )
    torch.save(stat_2d, os.path.join(other, "returned_2d.pth.tar"))
    torch.save(stat_3d, os.path.join(other, "returned_3d.pth.tar"))
    return tested(other, stat_2d=stat_2d, stat_3d=stat_3d)[1]


def main(task: str, folder: str) -> None:
    """Run the task and write its results."""
    found = importlib.metadata.version("liftpose")
    settings, groups = read_task(task)
    if found != settings["version"]:
        sys.exit(f"{sys.executable} has liftpose {found}; expected {settings['version']}.")
    alone = groups.pop("lift_2d", None)
    summary = trained(settings, groups, folder)
    truth, best, good = tested(folder)
    summary["best_epoch"] = epoch_of(folder, "ckpt_best.pth.tar")
    summary["last_epoch"] = epoch_of(folder, "ckpt_last.pth.tar")
    last = best
    if summary["last_epoch"] > summary["best_epoch"]:
        last = tested(linked_folder(folder, "last", "ckpt_last.pth.tar"))[1]
    else:
        summary["last_epoch"] = summary["best_epoch"]
    arrays: dict[str, Any] = {"truth": truth, "best": best, "last": last, "good": good}
    if alone is not None:
        arrays["alone"] = lifted_alone(settings, folder, alone)
    np.savez(os.path.join(folder, "result.npz"), **arrays)
    with open(os.path.join(folder, "result.json"), "w") as file:
        json.dump({**summary, "torch": torch.__version__, "numpy": np.__version__}, file, indent=2)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
