"""A first lift, from nothing: simulate animals, train, test on another animal, look at it.

Run it with ``python examples/first_lift.py``; it takes about a minute. Everything lands in the
folder ``first_lift``, or in the one that ``-o`` names.
"""

import argparse
import json
import logging
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from liftpose import load_test_results, test, train
from liftpose.datasets import hexapod
from liftpose.metrics import joint_errors
from liftpose.plot import (
    OKABE_ITO,
    plot_log_train,
    plot_pose_3d,
    plot_video_3d,
    read_log_train,
    violin_plot,
)

TRAINING_ANIMALS = range(1, 9)
UNSEEN_ANIMAL = 0
TRAINING_FRAMES, TEST_FRAMES = 1000, 600
EPOCHS = 12
FILM_FRAMES, FILM_RATE = 150, 25

NAMES = {"liftpose": "LiftPose", "ridge": "linear map (ridge)", "mean_pose": "mean pose"}


def main() -> None:
    """Go through the whole of it once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("first_lift"), metavar="DIR")
    folder = parser.parse_args().out
    log = show_progress()

    log.info("simulating %d walking animals, and one more to test on", len(TRAINING_ANIMALS))
    known = {f"animal {a}": hexapod(TRAINING_FRAMES, seed=a, animal=a) for a in TRAINING_ANIMALS}
    unseen = simulate_unseen()

    train(
        {name: walk.pose_2d for name, walk in known.items()},
        {"unseen animal": unseen.pose_2d},
        {name: walk.pose_3d for name, walk in known.items()},
        {"unseen animal": unseen.pose_3d},
        unseen.roots,
        unseen.target_sets,
        out_dir=folder,
        training_kwargs={"epochs": EPOCHS},
    )
    test(folder)
    truth, prediction, counts = load_test_results(folder)

    log.info("drawing figures")
    evaluation = json.loads((folder / "evaluation.json").read_text())
    figures = [
        draw_pose(folder / "pose.png", unseen, truth, prediction, counts),
        draw_errors(folder / "errors.png", unseen, truth, prediction, counts),
        draw_joints(folder / "error_per_joint.png", unseen, evaluation),
        draw_training(folder / "training.png", folder),
    ]
    log.info("filming %d frames", FILM_FRAMES)
    film = draw_film(folder / "walk.mp4", unseen, truth, prediction)
    print_table(evaluation)
    print_next(folder, [film, *figures])


def simulate_unseen():
    """Simulate the animal that is tested on."""
    return hexapod(TEST_FRAMES, seed=100, animal=UNSEEN_ANIMAL)


def show_progress() -> logging.Logger:
    """Print what liftpose reports, with the time, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    log = logging.getLogger("liftpose")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    return log


def upright(poses, walk):
    """Turn poses of the camera frame so that up is up, around the middle of the body."""
    middle = poses[:, walk.roots].mean(axis=1, keepdims=True)
    x, y, z = np.moveaxis(poses - middle, -1, 0)
    return np.stack([x, z, -y], axis=-1)


def seen_legs(walk, poses):
    """Leave out the legs whose root the camera did not see: they are predicted, but blindly."""
    lost = np.isnan(walk.pose_2d[: len(poses), walk.roots]).any(axis=-1)
    return np.where(np.repeat(lost, 5, axis=1)[..., None], np.nan, poses)


def draw_pose(path, walk, truth, prediction, counts):
    """Draw a typical frame, as the camera sees it and from a side that it does not see."""
    errors = np.where(counts.all(axis=-1), joint_errors(truth, prediction), np.nan)
    complete = counts[:, np.concatenate(walk.target_sets)].all(axis=(1, 2))
    of_frame = np.where(complete, np.nansum(errors, axis=1), np.inf)
    typical = np.argmin(np.abs(of_frame - np.median(of_frame[complete])))
    figure = Figure(figsize=(10, 5.2))
    views = {"as the camera sees it": (40, -90), "from another side": (15, -25)}
    for number, (title, (elevation, azimuth)) in enumerate(views.items()):
        ax = figure.add_axes((0.5 * number - 0.03, 0.0, 0.56, 1.0), projection="3d")
        ax.view_init(elev=elevation, azim=azimuth)
        drawn = plot_pose_3d(
            ax,
            walk.bones,
            pred=upright(prediction, walk)[typical],
            tar=upright(truth, walk)[typical],
            limb_id=walk.limb_id,
            colors=walk.colors,
            legend=True,
        )
        drawn.legend.remove()
        figure.text(0.25 + 0.5 * number, 0.02, title, ha="center", fontsize=12)
    handles = drawn.legend.legend_handles
    figure.legend(handles, ["prediction", "truth"], loc="upper center", ncols=2, frameon=False)
    figure.savefig(path, dpi=150)
    return path


def draw_errors(path, walk, truth, prediction, counts):
    """Draw how the errors are distributed, for each joint of a leg over all six legs."""
    kinds = [name.removeprefix("left_front_") for name in walk.joints[:5]]
    one_leg = (len(truth) * 6, 5, 3)
    figure = Figure(figsize=(6, 4), layout="constrained")
    violin_plot(
        figure.add_subplot(),
        test_3d_gt=truth.reshape(one_leg),
        test_3d_pred=prediction.reshape(one_leg),
        test_keypoints=counts.reshape(one_leg),
        joints_name=[kind.replace("_", "-") for kind in kinds],
        units=walk.unit,
    )
    figure.savefig(path, dpi=150)
    return path


def draw_joints(path, walk, evaluation):
    """Draw the mean error of every joint beside those of the two simplest guesses."""
    joints = [int(joint) for joint in evaluation["mpjpe_per_joint"]]
    figure = Figure(figsize=(6, 7), layout="constrained")
    ax = figure.add_subplot()
    for (key, name), color in zip(NAMES.items(), OKABE_ITO, strict=False):
        errors = [evaluation["mpjpe_per_joint"][str(joint)][key] for joint in joints]
        ax.plot(errors, joints, "o", label=name, color=np.array(color) / 255, alpha=0.85)
    ax.set_yticks(joints, [walk.joints[joint].replace("_", " ") for joint in joints])
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    ax.set_xlabel(f"Mean error ({walk.unit})")
    ax.grid(axis="y", color="0.9")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=150)
    return path


def draw_training(path, folder):
    """Draw the course of the training."""
    epoch, _, loss_train, loss_test, _ = read_log_train(folder)
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    plot_log_train(figure.add_subplot(), loss_train, loss_test, epoch)
    figure.savefig(path, dpi=150)
    return path


def draw_film(path, walk, truth, prediction):
    """Film the walk, four times slower than it was."""
    figure = Figure(figsize=(6, 6))
    ax = figure.add_axes((-0.12, -0.12, 1.24, 1.04), projection="3d")
    ax.view_init(elev=20, azim=-60)
    return plot_video_3d(
        figure,
        ax,
        n=FILM_FRAMES,
        par={"vis": {"bones": walk.bones, "limb_id": walk.limb_id, "colors": walk.colors}},
        pred=seen_legs(walk, upright(prediction, walk)),
        tar=upright(truth, walk),
        trailing=12,
        trailing_keypts=[root + 4 for root in walk.roots],
        fps=FILM_RATE,
        name=path,
        dpi=120,
    )


def print_table(evaluation):
    """Print the errors of the lifter beside those of the two simplest guesses."""
    print("\nMean distance from the truth on an animal that was not in the training, in mm:\n")
    print(f"  {'':20}{'relative to the roots':>24}{'after alignment':>20}")
    for key, name in NAMES.items():
        print(f"  {name:20}{evaluation['mpjpe'][key]:24.3f}{evaluation['pa_mpjpe'][key]:20.3f}")


def print_next(folder, pictures):
    """Print what to look at, and what to type next."""
    print("\nLook at:\n")
    for picture in pictures:
        print(f"  {picture}")
    print(
        "\nNext, with your own poses (2D in pixels, 3D in any unit, NaN for what was not seen):\n"
    )
    print("  from liftpose import train, test, load_test_results")
    print("  train(train_2d, test_2d, train_3d, test_3d, roots, target_sets, out_dir='out')")
    print("  test('out')")
    print("  truth, prediction, counts = load_test_results('out')")
    print(f"\nThe files in {folder} are described in docs/files.md, the options in README.md.")


if __name__ == "__main__":
    sys.exit(main())
