"""Draw the skeletons that ship with the package: `docs/images/skeleton-*.png`.

Run it from the project folder, for all of them or for some::

    python -m docs.draw_skeletons
    python -m docs.draw_skeletons mouse22 rat23
"""

import sys
import tomllib
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from liftpose import Skeleton
from liftpose.files import replacing
from liftpose.plot import plot_pose_2d

FOLDER = Path(__file__).parent / "images"
LAYOUTS = Path(__file__).parent / "skeleton_layouts.toml"
INK, GRAY = "#1d1d1d", "#a8a8a8"
INCH = 2.2  # units of the layouts
LINE, LETTER = 0.44, 0.165  # height and width of names, in units of the layouts
AWAY = 0.9  # of names from the outermost joint


def main(argv: list[str]) -> int:
    """Draw the pictures of some skeletons, or of all."""
    for name in argv or Skeleton.shipped():
        with replacing(FOLDER / f"skeleton-{name}.png") as beside:
            draw(name).savefig(beside, dpi=110)
    return 0


def layout(name: str) -> NDArray[np.float64]:
    """Give the place of every joint, shape (J, 2), x to the right and y upwards."""
    skeleton = Skeleton.named(name)
    drawn = tomllib.loads(LAYOUTS.read_text(encoding="utf-8"))[name]
    place = {skeleton.index(joint): np.asarray(at, np.float64) for joint, at in drawn.items()}
    place |= {right: place[left] * [-1, 1] for left, right in skeleton.pairs}
    return np.stack([place[joint] for joint in range(skeleton.joint_count)])


def draw(name: str) -> Figure:
    """Draw one skeleton with the names of its joints beside it, roots in a ring."""
    skeleton, at = Skeleton.named(name), layout(name)
    names = [
        (side, joints, heights(at[joints, 1]))
        for side, joints in zip((-1, 1), columns(skeleton, at), strict=True)
    ]
    letters = [max((len(skeleton.joints[j]) for j in joints), default=0) for _, joints, _ in names]
    edges = at[:, 0].min() - AWAY, at[:, 0].max() + AWAY
    every = np.concatenate([at[:, 1], *(levels for _, _, levels in names)])
    low, high = every.min() - 0.4, every.max() + 0.4
    first, last = edges[0] - LETTER * letters[0] - 0.3, edges[1] + LETTER * letters[1] + 0.3
    figure = Figure(figsize=((last - first) / INCH, (high - low) / INCH))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    look = {"bones": skeleton.bones, "limb_id": skeleton.limbs, "colors": skeleton.colors}
    plot_pose_2d(axes, at, normalize=False, **look)
    axes.plot(*at[list(skeleton.sets.roots)].T, "o", ms=10, mfc="none", mec=INK, mew=1.1, zorder=4)
    for (side, joints, levels), edge in zip(names, edges, strict=True):
        for joint, level in zip(joints, levels, strict=True):
            label(axes, at[joint], (edge, level), skeleton.joints[joint], side)
    axes.axis("off")
    axes.set(xlim=(first, last), ylim=(low, high))
    return figure


def columns(skeleton: Skeleton, at: NDArray[np.float64]) -> tuple[list[int], list[int]]:
    """Share the joints out to the names on the left and on the right, each from top to bottom."""
    left, right = ([pair[side] for pair in skeleton.pairs] for side in (0, 1))
    alone = [joint for joint in range(skeleton.joint_count) if joint not in {*left, *right}]
    for number, joint in enumerate(sorted(alone, key=lambda joint: -at[joint, 1])):
        (right if skeleton.pairs and number % 2 == 0 else left).append(joint)
    first, second = (sorted(part, key=lambda joint: -at[joint, 1]) for part in (left, right))
    return first, second


def heights(wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give heights as near as can be to some that fall, a line or more apart."""
    steps = LINE * np.arange(len(wanted))
    return -(isotonic_regression(-wanted - steps).x + steps) if len(wanted) else wanted


def label(
    axes: Axes, joint: NDArray[np.float64], at: tuple[float, float], name: str, side: int
) -> None:
    """Write a name, and join it to its joint by a thin line."""
    axes.plot([joint[0], at[0]], [joint[1], at[1]], color=GRAY, lw=0.6, zorder=0)
    axes.text(
        at[0] + 0.06 * side, at[1], name, color=INK, fontsize=9.5, va="center",
        ha="left" if side > 0 else "right",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
