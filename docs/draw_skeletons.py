"""Draw the skeletons that ship with the package: `docs/images/skeleton-*.png`.

Run it from the project folder, for all of them or for some::

    python -m docs.draw_skeletons
    python -m docs.draw_skeletons mouse22 rat23
"""

import sys
import tomllib
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from liftpose import Skeleton
from liftpose.files import replacing
from liftpose.plot import plot_skeleton, style

FOLDER = Path(__file__).parent / "images"
LAYOUTS = Path(__file__).parent / "skeleton_layouts.toml"
INCH = 0.45  # of a unit of the layouts
LINE, LETTER = 0.168, 0.078  # height and width of names, inches
AWAY = 0.42  # from the outermost joint to the edge, but for names, inches


def main(argv: list[str]) -> int:
    """Draw the pictures of some skeletons, or of all."""
    for name in argv or Skeleton.shipped():
        with replacing(FOLDER / f"skeleton-{name}.png") as beside:
            draw(name).savefig(beside, dpi=120)
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
    letters = max(map(len, skeleton.joints))
    lines = (skeleton.joint_count + 1) // 2 + 1
    width, height = np.ptp(at, axis=0) * INCH
    with style():
        figure = Figure(
            figsize=(width + 2 * (LETTER * letters + AWAY), max(height, LINE * lines) + AWAY / 2)
        )
        plot_skeleton(figure.add_axes((0.0, 0.0, 1.0, 1.0)), skeleton, at)
    return figure


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
