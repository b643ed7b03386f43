"""What the examples of published data sets have in common: from a folder of data to a figure."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import liftpose
from liftpose.datasets import Published
from liftpose.params import read_params
from liftpose.plot import plot_pose_3d, violin_plot
from liftpose.postprocess.evaluation import read_evaluation


def run(script: str, load: Callable[[Path], Published], z_down: bool = False) -> None:
    """Load a data set, train on it, test, print the errors and draw them.

    Parameters
    ----------
    script : str
        The file of the example; its settings are in ``params.toml`` beside it.
    load : callable
        Gives the data set that is in a folder.
    z_down : bool
        Whether the animal's `z` grows downwards.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help="folder that the data set was unpacked in")
    parser.add_argument("-o", "--out", type=Path, default=Path("out"), help="folder of the results")
    parser.add_argument("--train", help="experiments to train on: those with this in their name")
    parser.add_argument("--test", help="experiments to test on: those with this in their name")
    asked = parser.parse_args()
    found = load(asked.data)
    if asked.train and asked.test:
        found = found.divided(
            train=[key for key in found.keys if asked.train in str(key)],
            test=[key for key in found.keys if asked.test in str(key)],
        )
    print(found)
    if found.cameras:
        print(f"2D and 3D are {np.nanmedian([*found.reprojection().values()]):.2f} px apart")
    settings = read_params(Path(script).with_name("params.toml"))
    liftpose.train(**found.to_train(), out_dir=asked.out, training_kwargs=settings.options)
    liftpose.test(asked.out)
    print(read_evaluation(asked.out))
    draw(found, asked.out, asked.out / "figure.png", z_down)
    print(f"figure: {asked.out / 'figure.png'}")


def draw(found: Published, folder: Path, path: Path, z_down: bool = False) -> None:
    """Draw the errors of every joint, and the test pose whose error is the median of all."""
    truth, lifted, counts = liftpose.load_test_results(folder)
    if truth.shape[2] == 1:
        # Of depth alone, the other two coordinates are those of the image.
        flat = found.only(found.test).poses_2d.points
        truth, lifted = (np.concatenate([flat, deep], axis=2) for deep in (truth, lifted))
        counts = np.repeat(counts, 3, axis=2)
    skeleton, known = found.skeleton, counts.all(axis=2)
    of_frame = np.nanmean(
        np.where(known, np.linalg.norm(truth - lifted, axis=2), np.nan)[known.any(axis=1)], axis=1
    )
    rows = np.flatnonzero(known.any(axis=1))
    row = int(rows[np.argsort(of_frame)[len(of_frame) // 2]])
    shown = counts[row].copy()
    # Roots are given, so that no error is counted of them; they are drawn all the same.
    shown[list(skeleton.roots)] = True
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(11, 4.6), layout="constrained")
        grid = figure.add_gridspec(1, 2, width_ratios=(2, 1))
        left = figure.add_subplot(grid[0])
        unit = skeleton.unit or "units of the data"
        violin_plot(left, truth, lifted, counts, name=skeleton.joints, units=unit)
        left.set_title(f"{found.name}: {len(truth):,} frames that were not trained on")
        pose: Any = figure.add_subplot(grid[1], projection="3d")
        pose.view_init(elev=15, azim=-60)
        plot_pose_3d(
            pose,
            skeleton.bones,
            pred=lifted[row],
            tar=truth[row],
            limb_id=skeleton.limbs or None,
            colors=skeleton.colors or None,
            good_keypts=shown,
            legend=True,
        )
        if z_down:
            pose.invert_zaxis()
        figure.savefig(path, dpi=120)
