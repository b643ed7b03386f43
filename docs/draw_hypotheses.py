"""Draw ten poses that explain one image: `docs/images/hypotheses.png`.

Run it from the project folder::

    python -m docs.draw_hypotheses
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from liftpose import Lifter
from liftpose.datasets import quadruped
from liftpose.files import replacing

PICTURE = Path(__file__).parent / "images" / "hypotheses.png"
DRAWN, LIFTED, TRUE = "#8fb6dd", "#1d3f66", "#c0392b"
FRAMES, COUNT, SIDE = 1200, 10, 1


def main(argv: list[str]) -> int:
    """Draw the picture."""
    if argv:
        print("python -m docs.draw_hypotheses takes no arguments")
        return 2
    known, new = (quadruped(frames=FRAMES, seed=seed, animal=seed) for seed in (1, 2))
    filmed = known.cameras[SIDE]
    lifter = Lifter(known.skeleton, network="kernel")
    lifter.fit(known.points_2d[SIDE], known.poses_3d, camera=filmed)
    lifted = lifter.lift(new.points_2d[SIDE], filmed, hypotheses=COUNT)
    truth = new.poses_3d - new.poses_3d[:, lifter.sets.roots[:1]]
    poses = np.array([truth, lifted.position, *lifted.hypotheses]) @ filmed.R.T
    frame = telling(poses)
    wide = {"layout": "constrained", "gridspec_kw": {"width_ratios": (1, 2.1)}}
    figure, axes = plt.subplots(1, 2, figsize=(11.6, 4.0), dpi=130, sharey=True, **wide)
    names = ("As the camera sees it", "The same poses from the side: their depth")
    for ax, name, across in zip(axes, names, (0, 2), strict=True):
        for number, pose in enumerate(poses[2:, frame]):
            label = None if number else "drawn"
            skeleton(ax, pose, known.skeleton.bones, across, label, color=DRAWN, lw=1.2)
        skeleton(ax, poses[1, frame], known.skeleton.bones, across, "lifted", color=LIFTED, lw=2)
        true = {"color": TRUE, "lw": 1.3, "ls": "--"}
        skeleton(ax, poses[0, frame], known.skeleton.bones, across, "true", **true)
        ax.set_title(name, fontsize=11.5, weight="bold", loc="left")
        ax.set_aspect("equal")
        ax.set_xlabel("right (mm)" if across == 0 else "away from the camera (mm)")
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("down (mm)")
    axes[0].invert_yaxis()
    axes[0].legend(frameon=False, loc="best")
    with replacing(PICTURE) as beside:
        figure.savefig(beside)
    plt.close(figure)
    return 0


def telling(poses: Any) -> int:
    """Choose a frame: of the half that is seen best, that in which depth is least sure."""
    seen = np.abs(poses[1, :, :, :2] - poses[0, :, :, :2]).max((1, 2))
    open_ = poses[2:, :, :, 2].std(0).mean(1)
    return int(np.nanargmax(np.where(seen <= np.nanmedian(seen), open_, np.nan)))


def skeleton(ax: Any, pose: Any, bones: Any, across: int, label: str | None, **style: Any) -> None:
    """Draw the bones of a pose (J, 3): how far down against another coordinate."""
    for one, other in bones:
        ends = pose[[one, other]]
        ax.plot(ends[:, across], ends[:, 1], label=label, solid_capstyle="round", **style)
        label = None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
