"""Lift the legs of one side of a fly from cameras that the lifter never saw.

Run it from the project folder with ``python -m examples.angle_invariant_fly.run -o out``. It writes
3D poses, and `params.toml` beside them, trains with that, lifts what three cameras filmed, and
writes ``results.json`` and ``figure.png``.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import liftpose
from examples.flies import LEGS, Array, Fly, View, flies
from liftpose.params import read_params
from liftpose.plot import OKABE_ITO, plot_pose_3d

METHODS = ("mean pose", "ridge", "unknown camera", "own camera")
SHOWN = -40  # of the test frames, in the figure


def main(argv: list[str] | None = None) -> None:
    """Train, lift, and write what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("angle_invariant_fly"))
    parser.add_argument("--simulated", action="store_true", help="though recordings are there")
    parser.add_argument("--frames", type=int, default=900, help="of each fly")
    parser.add_argument("--effort", default="default", help="fast, default or best")
    asked = parser.parse_args(argv)
    source, both = flies(asked.simulated, asked.frames)
    run = trained(both, asked.out, asked.effort)
    errors, lifted = {}, {}
    for fly in both.values():
        for view in fly.values():
            errors[view.name], lifted[view.name] = tested(run, view, asked.effort)
    mean = {method: float(np.mean([row[method] for row in errors.values()])) for method in METHODS}
    unit = next(view.unit for fly in both.values() for view in fly.values())
    found = {"flies": source, "unit": unit, "errors": errors, "mean": mean}
    (asked.out / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    view = next(iter(both.values()))["front"]
    draw(errors, unit, view.test.poses[SHOWN], lifted[view.name][SHOWN], view.name).savefig(
        asked.out / "figure.png", dpi=110
    )
    print(table({**errors, "**mean**": mean}, f"{source} flies, {unit}"))


def trained(both: dict[str, Fly], out: Path, effort: str) -> Path:
    """Train on the 3D alone, as `params.toml` says, and give the folder of the run."""
    out.mkdir(parents=True, exist_ok=True)
    for number, fly in enumerate(both.values(), start=1):
        # The frame is that of the middle camera, from which the others are 45 degrees away.
        file = out / f"fly_{number}_3d.nc"
        liftpose.write_poses(fly["middle"].train.poses_3d, file, overwrite=True)
    params = shutil.copy(Path(__file__).with_name("params.toml"), out)
    arguments = read_params(params).arguments()
    arguments["training_kwargs"] |= {"effort": effort, "job": 1}
    liftpose.train(**arguments)
    return out / "run"


def tested(run: Path, view: View, effort: str) -> tuple[dict[str, float], Array]:
    """Give the errors of one camera's test frames, and the lifted poses."""
    liftpose.test(run, view.test.points, view.test.poses)
    found = json.loads((run / "evaluation.json").read_text())["mpjpe"]
    _, lifted, _ = liftpose.load_test_results(run)
    own = liftpose.Lifter(LEGS, effort=effort, job=1).fit(view.train.points, view.train.poses_3d)
    targets = list(LEGS.sets.targets)
    off = own.lift(view.test.points).root_relative[:, targets] - view.test.relative
    errors = (found["mean_pose"], found["ridge"], found["liftpose"], mean_length(off))
    return dict(zip(METHODS, errors, strict=True)), lifted


def mean_length(vectors: Array) -> float:
    """Mean length of vectors (..., 3)."""
    return float(np.linalg.norm(vectors, axis=-1).mean())


def table(rows: dict[str, dict[str, float]], unit: str) -> str:
    """Write the errors as Markdown."""
    head = f"| MPJPE, {unit} | " + " | ".join(METHODS) + " |\n" + "|---" * (1 + len(METHODS)) + "|"
    lines = [
        f"| {name} | " + " | ".join(f"{row[method]:.3f}" for method in METHODS) + " |"
        for name, row in rows.items()
    ]
    return "\n".join([head, *lines])


def draw(
    errors: dict[str, dict[str, float]], unit: str, truth: Array, lifted: Array, name: str
) -> Figure:
    """Draw the errors of every camera, and one pose over the true one."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.9, 1))
    axes: Any = left.subplots()
    for number, method in enumerate(METHODS):
        place = np.arange(len(errors)) + 0.2 * (number - 1.5)
        heights = [row[method] for row in errors.values()]
        color = ["0.75", "0.5", np.divide(OKABE_ITO[1], 255), np.divide(OKABE_ITO[0], 255)][number]
        axes.bar(place, heights, width=0.18, color=color, label=method)
    axes.set_xticks(range(len(errors)), [camera.replace(", ", "\n") for camera in errors])
    axes.set_ylabel(f"MPJPE ({unit})")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    pose: Any = right.add_subplot(projection="3d")
    pose.view_init(elev=-25, azim=-65)  # not from where the camera stood, so that depth is seen
    look = {"bones": LEGS.bones, "limb_id": LEGS.limbs, "colors": LEGS.colors}
    plot_pose_3d(pose, tar=truth, pred=lifted, legend=True, **look)
    right.supxlabel(f"{name} camera, from another side", fontsize=10)
    return figure


if __name__ == "__main__":
    main()
