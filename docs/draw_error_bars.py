"""Draw error bars of a simulated animal that was not learned from: `docs/images/error-bars.png`.

Run it from the project folder::

    python -m docs.draw_error_bars
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from liftpose import Lifted, Lifter
from liftpose.datasets import hexapod
from liftpose.files import replacing

PICTURE = Path(__file__).parent / "images" / "error-bars.png"
INK, GRAY, BLUE, ORANGE = "#1d1d1d", "#6f6f6f", "#2463a8", "#c8741a"
KNOWN, NEW = range(1, 9), range(40, 46)
FRAMES = 500
JOINT = "left_front_claw"
SHOWN = slice(120, 320)  # frames
HIDDEN = slice(190, 240)  # frames in which the joint is taken away
LEVELS = (0.5, 0.9)
CURVE = tuple(round(0.05 * step, 2) for step in range(1, 20))


def main(argv: list[str]) -> int:
    """Draw the picture."""
    if argv:
        print("python -m docs.draw_error_bars takes no arguments")
        return 2
    lifter = a_lifter()
    figure = plt.figure(figsize=(11.6, 4.3), dpi=130)
    in_time(figure.add_axes((0.06, 0.13, 0.535, 0.70)), lifter)
    reliability(figure.add_axes((0.70, 0.13, 0.28, 0.70)), lifter)
    title(figure, 0.06, "One coordinate of one joint", "an animal that was not learned from")
    title(figure, 0.70, "Do they hold?", f"each of {len(NEW)} animals that were not learned from")
    with replacing(PICTURE) as beside:
        figure.savefig(beside)
    plt.close(figure)
    return 0


def title(figure: Any, left: float, words: str, more: str) -> None:
    """Write what a part of the picture shows."""
    figure.text(left, 0.95, words, fontsize=12.5, va="center", color=INK, weight="bold")
    figure.text(left, 0.885, more, fontsize=10, va="center", color=GRAY)


def animal(number: int) -> Any:
    """Simulate an animal, every joint of which was seen."""
    return hexapod(FRAMES, seed=number, animal=number)


def seen(one: Any) -> Any:
    """Give what its first camera would see of all of it, with an error of a pixel and a half."""
    exact = np.asarray(one.cameras[0].project(one.poses_3d))
    return exact + np.random.default_rng(0).normal(0, 1.5, exact.shape)


def a_lifter() -> Lifter:
    """Fit a lifter to some animals."""
    known = {f"{number}": animal(number) for number in KNOWN}
    some = next(iter(known.values()))
    lifter = Lifter(some.skeleton, network="kernel")
    return lifter.fit(
        {key: seen(one) for key, one in known.items()},
        {key: one.poses_3d for key, one in known.items()},
        camera=some.cameras[0],
    )


def relative(lifter: Lifter, one: Any) -> Any:
    """Targets of the truth relative to their roots, NaN elsewhere."""
    truth = np.full(one.poses_3d.shape, np.nan)
    targets, anchors = list(lifter.sets.targets), list(lifter.sets.anchors)
    truth[:, targets] = one.poses_3d[:, targets] - one.poses_3d[:, anchors]
    return truth


def in_time(ax: Axes, lifter: Lifter) -> None:
    """Draw a coordinate with its intervals, hidden for some time."""
    one = animal(NEW[0])
    joint = one.joints.index(JOINT)
    flat = seen(one)
    flat[HIDDEN, joint] = np.nan
    lifted, truth = lifter.lift(flat), relative(lifter, one)
    axis = int(np.nanargmax(np.nanmean(lifted.spread[:, joint], 0)))
    time = np.arange(FRAMES)[SHOWN]
    for level, shade in zip(reversed(LEVELS), (0.18, 0.38), strict=True):
        lower, upper = (ends[SHOWN, joint, axis] for ends in lifted.interval(level))
        label = f"{100 * level:.0f} % interval"
        ax.fill_between(time, lower, upper, color=BLUE, alpha=shade, lw=0, label=label)
    ax.plot(time, lifted.root_relative[SHOWN, joint, axis], color=BLUE, lw=1.4, label="lifted")
    ax.plot(time, truth[SHOWN, joint, axis], color=INK, lw=1.1, ls=(0, (3, 1.5)), label="truth")
    ax.axvspan(HIDDEN.start, HIDDEN.stop, color=ORANGE, alpha=0.10, lw=0)
    middle = (HIDDEN.start + HIDDEN.stop) / 2
    words = {"ha": "center", "va": "bottom", "color": ORANGE, "fontsize": 9.5}
    ax.set(xlim=(time[0], time[-1]), xlabel="frame", ylabel=f"{'xyz'[axis]} of {JOINT} (mm)")
    ax.text(middle, ax.get_ylim()[0], "joint not seen", **words)
    ax.legend(frameon=False, fontsize=9, ncols=2, loc="upper left")
    plain(ax)


def reliability(ax: Axes, lifter: Lifter) -> None:
    """Draw how often balls of every level hold the truth, of animals that were not learned from."""
    for number in NEW:
        one = animal(number)
        ax.plot(CURVE, held(lifter.lift(seen(one)), relative(lifter, one)), color=BLUE, lw=1.2)
    ax.plot([0, 1], [0, 1], color=GRAY, lw=1, ls=(0, (3, 2)))
    ax.text(0.30, 0.72, "too wide", color=GRAY, fontsize=9.5, ha="center")
    ax.text(0.72, 0.28, "too narrow", color=GRAY, fontsize=9.5, ha="center")
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="level of the ball")
    ax.set_ylabel("share that holds the truth")
    ticks = [0, 0.25, 0.5, 0.75, 1]
    ax.set(xticks=ticks, yticks=ticks, xticklabels=percent(ticks), yticklabels=percent(ticks))
    plain(ax)


def held(lifted: Lifted, truth: Any) -> list[float]:
    """Share of the balls of each level that hold the truth."""
    apart = np.linalg.norm(lifted.root_relative - truth, axis=2)
    known = np.isfinite(apart)
    return [float((apart <= lifted.radius(level))[known].mean()) for level in CURVE]


def percent(shares: list[float]) -> list[str]:
    """Write shares as percentages."""
    return [f"{100 * share:.0f} %" for share in shares]


def plain(ax: Axes) -> None:
    """Leave out what tells nothing."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=GRAY, labelsize=9)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
