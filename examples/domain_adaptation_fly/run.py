"""Lift flies of a rig with a lifter of another: as it is, adapted, and with a few labelled frames.

Run it from the project folder with ``python -m examples.domain_adaptation_fly.run -o out``. It
learns on one rig, lifts the test frames of another, and writes ``results.json`` and ``figure.png``.
"""

import argparse
import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import liftpose
from examples.flies import View, another_laboratory, flies
from liftpose.lifter.adaptation import adapt
from liftpose.params import read_params
from liftpose.plot import OKABE_ITO, plot_pose_2d

LABELLED = 20  # frames of the new rig, spread over its training part
ROLL, ZOOM = 15.0, 1.3  # degrees, times
METHODS = ("mean pose", "ridge", "as it is", "adapted", "20 labels", "20 labels and source", "all")
OURS = ("as it is", "adapted", "20 labels", "20 labels and source")


def main(argv: list[str] | None = None) -> None:
    """Learn on one rig, lift on another, and write what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-o", "--out", type=Path, default=Path("domain_adaptation_fly"))
    parser.add_argument("--simulated", action="store_true", help="though recordings are there")
    parser.add_argument("--frames", type=int, default=900, help="of each fly")
    parser.add_argument("--effort", default="default", help="fast, default or best")
    asked = parser.parse_args(argv)
    source, cases = pairs(asked.simulated, asked.frames)
    errors, said = {}, {}
    for number, (name, (here, there)) in enumerate(cases.items()):
        folder = asked.out / f"case_{number}"
        errors[name], said[name] = lifted(here, there, folder, asked.effort)
    units = {name: there.unit for name, (_, there) in cases.items()}
    found = {"flies": source, "units": units, "errors": errors, "verdicts": said}
    (asked.out / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    draw(errors, *next(iter(cases.values()))).savefig(asked.out / "figure.png", dpi=110)
    print(table(errors, said, f"{source} flies"))


def pairs(simulated: bool, frames: int) -> tuple[str, dict[str, tuple[View, View]]]:
    """Name pairs of a rig to learn from and another to lift."""
    source, both = flies(simulated, frames)
    (one, first), (other, second) = both.items()
    cases = {
        f"{one} to {other}, rolled and nearer": (first["middle"], again(second["middle"])),
        f"{other} to {one}, rolled and nearer": (second["middle"], again(first["middle"])),
        f"{one}, middle to hind camera": (first["middle"], first["hind"]),
    }
    elsewhere = another_laboratory() if source == "recorded" else None
    if elsewhere is not None:
        cases["coxae, to another laboratory"] = elsewhere
    return source, cases


def again(view: View) -> View:
    """Film the same by a camera that is rolled and has a longer lens."""
    angle = np.radians(ROLL)
    roll = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = np.eye(3)
    turn[:2, :2] = roll
    return replace(view, points=ZOOM * view.points @ roll.T, poses=view.poses @ turn.T)


def lifted(here: View, there: View, folder: Path, effort: str) -> tuple[dict[str, float], str]:
    """Give the errors in the test frames of the new rig, in its unit, and the lifter's verdict."""
    options: dict[str, Any] = {"effort": effort, "job": 1}
    known, new, test = here.train, there.train, there.test
    few = new.only(np.linspace(0, len(new.points) - 1, LABELLED).astype(np.intp))

    def lift(lifter: liftpose.Lifter) -> liftpose.Lifted:
        with warnings.catch_warnings():
            # What it says of the new rig stands in the table.
            warnings.simplefilter("ignore", UserWarning)
            return lifter.lift(test.poses_2d)

    def error(lifter: liftpose.Lifter) -> float:
        return distance(lift(lifter), test)

    def learned(view: View, **more: Any) -> liftpose.Lifter:
        lifter = liftpose.Lifter(view.skeleton, **options, **more)
        return lifter.fit(view.poses_2d, view.poses_3d)

    lifter = learned(known)
    plain = lift(lifter)
    adaptation = adapt(known.poses_2d, new.poses_2d, here.skeleton)
    brought = lifter.lift(adaptation.to_source(test.poses_2d))
    back = adaptation.from_source(brought, test.poses_2d)
    constant = np.linalg.norm(new.relative.mean(axis=0) - test.relative, axis=-1).mean()
    errors = (
        float(constant),
        error(learned(known, network="ridge")),
        distance(plain, test),
        distance(back, test),
        error(learned(few)),
        error(trained(known, few, folder, options)),
        error(learned(new)),
    )
    return dict(zip(METHODS, errors, strict=True)), plain.verdict().name


def trained(known: View, few: View, folder: Path, options: dict[str, Any]) -> liftpose.Lifter:
    """Train on one rig and on a few frames of another, as `params.toml` says."""
    folder.mkdir(parents=True, exist_ok=True)
    known.skeleton.write(folder / "skeleton.toml", overwrite=True)
    for name, view in (("source", known), ("labelled", few)):
        liftpose.write_poses(view.poses_2d, folder / f"{name}_2d.nc", overwrite=True)
        liftpose.write_poses(view.poses_3d, folder / f"{name}_3d.nc", overwrite=True)
    params = shutil.copy(Path(__file__).with_name("params.toml"), folder)
    arguments = read_params(params).arguments()
    arguments["training_kwargs"] |= options
    liftpose.train(**arguments)
    return liftpose.load(folder / "run")


def distance(poses: liftpose.Lifted, truth: View) -> float:
    """Mean distance of the targets from the truth, both relative to their roots."""
    off = poses.root_relative[:, list(truth.skeleton.sets.targets)] - truth.relative
    return float(np.linalg.norm(off, axis=-1).mean())


def table(errors: dict[str, dict[str, float]], said: dict[str, str], flies: str) -> str:
    """Write the errors as Markdown, and what the lifter of the one rig says of the other."""
    columns = [f"MPJPE, {flies}", *METHODS, "verdict on the new rig"]
    lines = [
        [name, *(f"{row[method]:.3f}" for method in METHODS), said[name]]
        for name, row in errors.items()
    ]
    return "\n".join(
        "| " + " | ".join(line) + " |" for line in (columns, ["---"] * len(columns), *lines)
    )


def draw(errors: dict[str, dict[str, float]], here: View, there: View) -> Figure:
    """Draw mean poses of both rigs of the first pair, and errors as shares of the mean pose's."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    axes: Any = figure.subplots(1, 2, width_ratios=(1, 2.3))
    look = {"bones": here.skeleton.bones, "limb_id": here.skeleton.limbs}
    for view, shade in ((here, 0.0), (there, 0.6)):
        colors = [
            np.add(np.multiply(color, 1 - shade), 255 * shade) for color in here.skeleton.colors
        ]
        plot_pose_2d(axes[0], view.train.points.mean(axis=0), colors=colors, **look)
    axes[0].set_title("mean pose: dark of the rig learned from,\npale of the new one", fontsize=10)
    for number, method in enumerate(OURS):
        heights = [row[method] / row["mean pose"] for row in errors.values()]
        place = np.arange(len(errors)) + 0.12 * (number - 1.5)
        color = ["0.6", *np.divide(OKABE_ITO, 255)][number]
        axes[1].plot(place, heights, "oDs^"[number], ms=9, color=color, label=method)
    axes[1].axhline(1, color="0.3", lw=0.8, ls=":", label="mean pose")
    axes[1].set_yscale("log")
    axes[1].set_yticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"], minor=False)
    axes[1].set_yticks([], minor=True)
    axes[1].set_xticks(range(len(errors)), [name.replace(", ", ",\n") for name in errors])
    axes[1].set_xlim(-0.5, len(errors) - 0.5)
    axes[1].set_ylabel("error / that of the mean pose of the new rig")
    axes[1].spines[["top", "right"]].set_visible(False)
    axes[1].legend(frameon=False, fontsize=9)
    return figure


if __name__ == "__main__":
    main()
