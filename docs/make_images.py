"""Make the pictures of the README from what ``examples/first_lift.py`` left in its folder.

Run both from the project folder::

    python examples/first_lift.py
    python -m docs.make_images first_lift
"""

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.figure import Figure

from examples.first_lift import TEST_FRAMES, seen_legs, simulate_unseen, upright
from liftpose import load_test_results, test
from liftpose.plot import plot_pose_2d, plot_pose_3d

IMAGES = Path(__file__).parent / "images"
COPIED = ("pose.png", "errors.png", "training.png")
FRAMES, STEP, RATE = 45, 3, 12


def main(argv: list[str]) -> int:
    """Make all pictures."""
    if len(argv) != 1:
        print("python -m docs.make_images FOLDER, with FOLDER as first_lift.py left it")
        return 2
    folder = Path(argv[0])
    IMAGES.mkdir(exist_ok=True)
    for name in COPIED:
        shutil.copy(folder / name, IMAGES / name)
    walk = simulate_unseen()
    animate(IMAGES / "lift.gif", walk, from_image_alone(folder, walk))
    return 0


def from_image_alone(folder, walk):
    """Lift the walk without any truth, so that not even the roots come from it."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(folder, Path(scratch) / "run"))
        test(copy, walk.pose_2d)
        return load_test_results(copy)[1]


def quiet_stretch(walk):
    """Frames of the stretch in which the camera sees the roots best; the first most of all."""
    starts = np.arange(TEST_FRAMES - FRAMES * STEP)
    rows = starts[:, None] + np.arange(0, FRAMES * STEP, STEP)
    lost = np.isnan(walk.pose_2d[:, walk.roots]).any(axis=-1)
    return rows[np.argmin((lost.sum(axis=1) + 10 * lost[:, 0])[rows].sum(axis=1))]


def animate(path, walk, prediction):
    """Show the keypoints in the image, and beside them the pose that they were lifted to."""
    rows = quiet_stretch(walk)
    look = {"limb_id": walk.limb_id, "colors": walk.colors}
    poses = seen_legs(walk, upright(prediction, walk))
    every = np.ones(len(walk.joints), dtype=bool)

    figure = Figure(figsize=(8, 3.9), facecolor="white")
    image = figure.add_axes((0.03, 0.06, 0.46, 0.8))
    flat = plot_pose_2d(image, walk.pose_2d[rows[0]], walk.bones, normalize=False, **look)
    image.set(xticks=[], yticks=[], xlabel="", ylabel="", facecolor="0.96")
    time = np.linspace(-1, 1, FRAMES)
    centres = np.nanmean(walk.pose_2d[rows], axis=1)
    # The picture follows the animal, without the jumps of joints that come and go.
    smooth = np.stack([np.polyval(np.polyfit(time, c, 5), time) for c in centres.T], axis=1)

    space = figure.add_axes((0.5, -0.06, 0.5, 1.02), projection="3d")
    low, high = np.nanmin(poses[rows], (0, 1)), np.nanmax(poses[rows], (0, 1))
    space.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    space.view_init(elev=22, azim=-55)
    solid = plot_pose_3d(space, walk.bones, pred=poses[rows[0]], **look).prediction
    figure.text(0.26, 0.91, "2D keypoints, one camera", ha="center", fontsize=13)
    figure.text(0.75, 0.91, "lifted to 3D", ha="center", fontsize=13)

    def show(number):
        flat.move(walk.pose_2d[rows[number]], every)
        solid.move(poses[rows[number]], every)
        x, y = smooth[number]
        image.set(xlim=(x - 172, x + 172), ylim=(y + 143, y - 143))

    FuncAnimation(figure, show, frames=FRAMES).save(path, writer=PillowWriter(fps=RATE), dpi=100)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
