"""Draw the novelty of frames: `docs/images/novelty.png`.

Run it from the project folder::

    python -m docs.draw_novelty
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from liftpose import Lifter
from liftpose.datasets import mouse
from liftpose.files import replacing

PICTURE = Path(__file__).parent / "images" / "novelty.png"
BLUE, RED, INK = "#2463a8", "#c0392b", "#1d1d1d"
FRAMES, WRONG = 400, slice(160, 240)
UNUSUAL = 99.0  # percentile


def main(argv: list[str]) -> int:
    """Draw the picture."""
    if argv:
        print("python -m docs.draw_novelty takes no arguments")
        return 2
    clean, wrong = novelties()
    figure, axes = plt.subplots(figsize=(9.6, 3.4), dpi=130, layout="constrained")
    axes.axvspan(WRONG.start, WRONG.stop, color=RED, alpha=0.08, lw=0)
    axes.axhline(UNUSUAL, color=INK, lw=0.8, ls=":")
    axes.plot(wrong, color=RED, lw=1.6, label="left and right swapped in the shaded frames")
    axes.plot(clean, color=BLUE, lw=1.6, label="as it is")
    axes.set(xlim=(0, FRAMES - 1), ylim=(0, 104), xlabel="frame", ylabel="novelty, percentile")
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    with replacing(PICTURE) as beside:
        figure.savefig(beside)
    plt.close(figure)
    return 0


def novelties() -> tuple[Any, Any]:
    """Novelty of the frames of a mouse that was not learned from, and with a mistake in some."""
    known = [mouse(frames=300, seed=number, animal=number) for number in range(8)]
    lifter = Lifter(known[0].skeleton, network="kernel").fit(
        {number: one.pose_2d for number, one in enumerate(known)},
        {number: one.poses_3d for number, one in enumerate(known)},
        camera=known[0].cameras[0],
    )
    new = mouse(frames=FRAMES, seed=20, animal=20)
    sides = list(range(len(new.joints)))
    for left, name in enumerate(new.joints):
        if "left" in name:
            right = new.joints.index(name.replace("left", "right"))
            sides[left], sides[right] = right, left
    swapped = np.array(new.pose_2d)
    swapped[WRONG] = swapped[WRONG][:, sides]
    return tuple(lifter.lift(points, judge=False).novelty for points in (new.pose_2d, swapped))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
