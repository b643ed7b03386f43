"""A script of another interpreter, run in a folder that is there only when it is whole."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def run_worker(
    python: Path,
    worker: Path,
    settings: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    folder: Path,
    what: str,
) -> None:
    """Run ``worker TASK FOLDER`` with one thread, in a folder beside that gets its name at the end.

    Parameters
    ----------
    python : Path
        Interpreter.
    worker : Path
        Script.
    settings : mapping
        Plain values, which the task holds as JSON under ``settings``.
    arrays : mapping of str to array
        What else is in the task, an ``.npz`` file.
    folder : Path
        Where the worker's files are found in the end.
    what : str
        What the worker runs, for an error.

    Raises
    ------
    RuntimeError
        If it fails; the message names the log.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f"{folder.name}.part-", dir=folder.parent))
    contents: dict[str, Any] = {"settings": np.array(json.dumps(settings)), **arrays}
    np.savez(part / "task.npz", **contents)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    log = part / "worker.log"
    with log.open("w") as output:
        done = subprocess.run(
            [python, worker, part / "task.npz", part],
            cwd=part,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{what} failed with status {done.returncode}; its log is {log}.")
    try:
        part.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        # Another process has finished the same run in the meantime.
        shutil.rmtree(part)
