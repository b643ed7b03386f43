"""Draw what `figures-errors.md` shows, of simulated animals: `docs/images/errors-*.png`.

Run it from the project folder::

    python -m docs.draw_errors
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from liftpose import Lifted, Lifter, metrics
from liftpose.datasets import hexapod
from liftpose.files import replacing
from liftpose.plot import (
    hidden_joints,
    plot_angles,
    plot_calibration,
    plot_error_over_time,
    plot_reliability,
    plot_risk_coverage,
    style,
    violin_plot,
)
from liftpose.plot.limbs import Limbs
from liftpose.postprocess import joint_angles
from liftpose.postprocess.results import body_length

IMAGES = Path(__file__).parent / "images"
DPI = 110
KNOWN, NEW = range(1, 9), range(40, 48)
FRAMES = 400
NETWORK = "kernel"
ANGLES = [
    [f"{side}_{leg}_{joint}" for joint in ("coxa_femur", "femur_tibia", "tibia_tarsus")]
    for side in ("left", "right")
    for leg in ("front", "mid", "hind")
]


def main(argv: list[str]) -> int:
    """Draw the pictures."""
    if argv:
        print("python -m docs.draw_errors takes no arguments")
        return 2
    known = {f"fly {number}": hexapod(FRAMES, seed=number, animal=number) for number in KNOWN}
    new = {f"fly {number}": hexapod(FRAMES, seed=number, animal=number) for number in NEW}
    flat = {key: hidden_more(one.pose_2d, len(key)) for key, one in new.items()}
    body = next(iter(known.values())).skeleton
    lifter = Lifter(body, network=NETWORK).fit(
        {key: one.pose_2d for key, one in known.items()},
        {key: one.pose_3d for key, one in known.items()},
    )
    lifted = lifter.lift(flat)
    deep = np.concatenate([one.pose_3d for one in new.values()])
    targets, anchors = list(lifter.sets.targets), list(lifter.sets.anchors)
    truth = deep[:, targets] - deep[:, anchors]
    with style():
        save(joints(lifted, truth, targets, body_length(deep)), "joints")
        save(over_time(lifted, truth, targets, body_length(deep)), "time")
        save(trust(lifted, truth, targets, np.concatenate(list(flat.values()))), "trust")
        save(angles(lifted.only(lifted.keys[0])), "angles")
    return 0


def save(figure: Figure, name: str) -> None:
    """Write a picture."""
    with replacing(IMAGES / f"errors-{name}.png") as beside:
        figure.savefig(beside, dpi=DPI)


def hidden_more(flat: Any, seed: int) -> Any:
    """Hide more joints in some stretches, as by a plant in front of the animal."""
    rng, some = np.random.default_rng(seed), flat.copy()
    for first in range(40, len(flat), 100):
        share = rng.uniform(0, 0.4)
        stretch = some[first : first + 50]
        stretch[rng.random(stretch.shape[:2]) < share] = np.nan
    return some


def joints(lifted: Lifted, truth: Any, targets: list[int], length: float) -> Figure:
    """Draw the errors of every joint."""
    figure = Figure(figsize=(9.5, 3.9), layout="constrained")
    names = [str(lifted.joints[joint]).replace("_", " ") for joint in targets]  # type: ignore[index]
    found = lifted.root_relative[:, targets]
    violin_plot(figure.add_subplot(), truth, found, None, names, length, lifted.unit)
    return figure


def over_time(lifted: Lifted, truth: Any, targets: list[int], length: float) -> Figure:
    """Draw the errors of each frame of some animals, and what was expected."""
    figure = Figure(figsize=(9.5, 3.2), layout="constrained")
    shown = slice(0, sum(lifted.lengths[:4]))
    plot_error_over_time(
        figure.add_subplot(),
        errors(lifted, truth, targets)[shown],
        lifted.lengths[:4],
        names=lifted.keys[:4],
        spread=np.sqrt(np.square(spread(lifted, targets)).sum(2))[shown],
        body_length=length,
        unit=lifted.unit,
    )
    return figure


def trust(lifted: Lifted, truth: Any, targets: list[int], flat: Any) -> Figure:
    """Draw whether error bars hold, what hidden joints do, and what spread is worth."""
    figure = Figure(figsize=(11, 3.7), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    found, sure = lifted.root_relative[:, targets], spread(lifted, targets)
    plot_calibration(left, truth, found, sure, lifted.bars, lifted.lengths)
    apart = errors(lifted, truth, targets)
    plot_reliability(middle, apart, hidden_joints(flat), sure, unit=lifted.unit)
    plot_risk_coverage(right, apart, np.sqrt(np.square(sure).sum(2)), unit=lifted.unit)
    return figure


def angles(lifted: Lifted) -> Figure:
    """Draw an angle of every leg."""
    body = lifted.skeleton
    assert body is not None
    found = joint_angles(lifted, body, ANGLES)
    figure = Figure(figsize=(9.5, 3.6), layout="constrained")
    at = [body.index(triple[1]) for triple in ANGLES]
    plot_angles(
        figure.add_subplot(),
        found.values,
        found.names,
        found.lengths,
        spread=found.spread,
        fps=hexapod(1).fps,
        columns=2,
        colors=Limbs.of(body).color_of(at),
    )
    return figure


def errors(lifted: Lifted, truth: Any, targets: list[int]) -> Any:
    """Give the error of each target in each frame."""
    return metrics.joint_errors(truth, lifted.root_relative[:, targets])


def spread(lifted: Lifted, targets: list[int]) -> Any:
    """Give the spread of each target in each frame."""
    assert lifted.spread is not None
    return np.asarray(lifted.spread, dtype=np.float64)[:, targets]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
