"""Draw the figures of poses: `docs/images/figure-*.png`.

Run it from the project folder::

    python -m docs.draw_figures
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from liftpose import Lifter, Skeleton
from liftpose.datasets import quadruped
from liftpose.files import replacing
from liftpose.plot import (
    plot_on_frame,
    plot_pose_2d,
    plot_pose_3d,
    plot_pose_spread,
    plot_skeleton,
    plot_views,
    style,
)
from liftpose.plot.limbs import Limbs
from liftpose.skeleton.colors import LEFT_AND_RIGHT

FOLDER = Path(__file__).parent / "images"
FRAMES, NEW, ROW, DPI = 500, 60, 24, 150
BEHIND, BESIDE = 1, 2  # cameras: from one, depth is hard to tell
LEVEL = 0.9
HAIRY, FLOOR, GRAIN = 0.34, 0.62, 0.02  # of black to white
THICK = 11.0  # pixels
AROUND = (420, 210)  # pixels from the middle of the animal to the edges of the footage

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """A pose that was lifted, and what it was lifted from."""

    skeleton: Skeleton
    flat: Floats
    confidence: Floats
    frame: Floats
    pose: Floats
    truth: Floats
    spread: Floats
    factor: float


def main(argv: list[str]) -> int:
    """Draw all figures."""
    if argv:
        print("python -m docs.draw_figures takes no arguments")
        return 2
    shown = {side: lifted(side) for side in (BEHIND, BESIDE)}
    for name, (draw, side) in FIGURES.items():
        with style(), replacing(FOLDER / f"figure-{name}.png") as beside:
            draw(shown[side]).savefig(beside, dpi=DPI)
    return 0


def lifted(side: int) -> Shown:
    """Lift an animal that was not learned from, as one camera sees it."""
    known, new = (quadruped(frames=n, seed=s, animal=s) for n, s in ((FRAMES, 1), (NEW, 2)))
    camera = known.cameras[side]
    lifter = Lifter(known.skeleton, network="kernel")
    lifter.fit(known.points_2d[side], known.poses_3d, camera=camera)
    found = lifter.lift(new.points_2d[side], new.cameras[side])
    root = new.poses_3d[ROW, lifter.sets.roots[0]]
    flat = new.points_2d[side][ROW]
    corner = np.round(np.nanmean(flat, axis=0)) - AROUND
    at = camera.project(new.poses_3d[ROW]) - corner
    return Shown(
        known.skeleton,
        flat - corner,
        new.confidence[side][ROW],
        as_filmed(at, known.skeleton, (2 * AROUND[0], 2 * AROUND[1])),
        found.position[ROW] + root,
        new.poses_3d[ROW],
        found.spread[ROW],
        found.bars.of_interval(LEVEL),
    )


def as_filmed(at: Floats, skeleton: Skeleton, size: tuple[int, int]) -> Floats:
    """Grey frame (height, width) on which the animal is a blurred shape."""
    width, height = size
    x, y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    near = np.full((height, width), np.inf)
    for first, second in skeleton.bones:
        along = at[second] - at[first]
        part = (x - at[first, 0]) * along[0] + (y - at[first, 1]) * along[1]
        part = np.clip(part / max(along @ along, 1e-9), 0, 1)
        near = np.minimum(
            near, np.hypot(x - at[first, 0] - part * along[0], y - at[first, 1] - part * along[1])
        )
    animal = gaussian_filter((near < THICK).astype(float), THICK / 3)
    light = FLOOR + (HAIRY - FLOOR) * animal + 0.05 * (y / height - 0.5)
    noise = np.random.default_rng(0).normal(0, GRAIN, light.shape)
    return np.clip(light + noise, 0, 1)


def flat(shown: Shown) -> Figure:
    """Draw the 2D pose."""
    figure = Figure(figsize=(4.6, 3.2), layout="constrained")
    plot_pose_2d(figure.add_subplot(), shown.flat, normalize=False, skeleton=shown.skeleton)
    return figure


def on_frame(shown: Shown) -> Figure:
    """Draw the 2D pose over the frame, wholly and cut around the animal."""
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    for ax, margin, title in zip(
        figure.subplots(1, 2), (None, 0.2), ("the frame", "cut around the animal"), strict=True
    ):
        plot_on_frame(
            ax,
            shown.frame,
            shown.flat,
            shown.skeleton,
            confidence=shown.confidence,
            margin=margin,
        )
        ax.set_title(title)
    return figure


def deep(shown: Shown) -> Figure:
    """Draw the 3D pose over the truth."""
    figure = Figure(figsize=(5.2, 2.9))
    ax = figure.add_axes((0.0, 0.0, 1.0, 0.84), projection="3d")
    ax.view_init(18, -70)
    plot_pose_3d(
        ax, pred=shown.pose, tar=shown.truth, skeleton=shown.skeleton, legend=True, axes=True
    )
    enlarge(ax)
    return figure


def spread(shown: Shown) -> Figure:
    """Draw the 3D pose with its error bars."""
    figure = Figure(figsize=(5.2, 2.9))
    ax = figure.add_axes((0.0, 0.0, 1.0, 0.84), projection="3d")
    ax.view_init(18, -70)
    plot_pose_spread(
        ax, shown.pose, shown.spread, shown.skeleton, factor=shown.factor, truth=shown.truth
    )
    enlarge(ax)
    return figure


def enlarge(ax: Axes3D) -> None:
    """Let a long box fill its axes."""
    limits = np.array([ax.get_xlim(), ax.get_ylim(), ax.get_zlim()])
    ax.set_box_aspect(np.ptp(limits, axis=1), zoom=1.6)


def views(shown: Shown) -> Figure:
    """Draw the 3D pose from three sides."""
    figure = Figure(figsize=(7.2, 1.9), layout="constrained")
    plot_views(
        figure.add_subplot(),
        shown.pose,
        shown.skeleton,
        truth=shown.truth,
        spread=shown.spread,
        factor=shown.factor,
        ground=0.0,
    )
    return figure


def diagram(shown: Shown) -> Figure:
    """Draw the skeleton with the names of its joints."""
    figure = Figure(figsize=(5.4, 3.2))
    plot_skeleton(figure.add_axes((0, 0, 1, 1)), shown.skeleton)
    return figure


def colors(shown: Shown) -> Figure:
    """Draw the colours of pairs of limbs, as they are and in grey."""
    pairs = np.array(LEFT_AND_RIGHT)
    count = len(pairs)
    sides = [f"{side}_{number}" for number in range(count) for side in ("left", "right")]
    names = [f"{side}_{end}" for side in sides for end in "ab"]
    joints = np.arange(4 * count).reshape(count, 2, 2)
    legs = Skeleton(
        names,
        bones=joints.reshape(-1, 2),
        limbs=np.repeat(np.arange(2 * count), 2).tolist(),
    )
    at = np.stack([np.tile([0.0, 1.0], 2 * count), np.repeat(np.arange(2.0 * count), 2)], axis=1)
    bones, limb_id = Limbs.of(legs).bones, Limbs.of(legs).limb_id
    figure = Figure(figsize=(5.0, 1.9), layout="constrained")
    grey = [(value,) * 3 for value in greys(pairs.reshape(-1, 3))]
    for ax, shades, title in zip(
        figure.subplots(1, 2), (pairs.reshape(-1, 3), grey), ("in colour", "in grey"), strict=True
    ):
        body = Skeleton(names, bones=bones, limbs=limb_id.tolist(), colors=np.array(shades))
        plot_pose_2d(ax, at, normalize=False, skeleton=body)
        ax.set_aspect("auto")
        ax.set_axis_off()
        ax.set_title(title)
    return figure


def greys(shades: Floats) -> list[int]:
    """Grey as light as each colour, 0 to 255 (relative luminance of sRGB)."""
    part = np.asarray(shades) / 255
    light = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    whole = light @ [0.2126, 0.7152, 0.0722]
    back = np.where(whole <= 0.0031308, 12.92 * whole, 1.055 * whole ** (1 / 2.4) - 0.055)
    return [round(255 * value) for value in back]


FIGURES: dict[str, tuple[Callable[[Shown], Figure], int]] = {
    "2d": (flat, BESIDE),
    "on-frame": (on_frame, BESIDE),
    "3d": (deep, BEHIND),
    "spread": (spread, BEHIND),
    "views": (views, BEHIND),
    "skeleton": (diagram, BEHIND),
    "colors": (colors, BEHIND),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
