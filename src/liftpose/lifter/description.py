"""A lifter in words: for the prompt, for a notebook and for the command line."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from liftpose.geometry.camera import Camera

if TYPE_CHECKING:
    from liftpose.lifter.lifter import Lifter


def facts(lifter: Lifter) -> dict[str, str]:
    """Say what a lifter is, line by line.

    Parameters
    ----------
    lifter : Lifter
        Fitted or not.

    Returns
    -------
    dict of str to str
        What, and the words about it.
    """
    known = {"network": lifter.options.network}
    if lifter.skeleton is not None:
        sets = lifter.skeleton.sets
        known["joints"] = (
            f"{sets.joint_count}: {_counted(len(sets.roots), 'root')}, "
            f"{_counted(len(sets.targets), 'target')}, {len(sets.unused)} left out"
        )
    if not lifter.fitted:
        return known | {"trained": "not yet; call fit(poses_2d, poses_3d)"}
    choice, unit = lifter.choice, f" {lifter.unit}" if lifter.unit else ""
    depth = "depth alone, " if lifter.dims == 1 else ""
    known["gives"] = f"{depth}{lifter.unit or 'unit not stated'}, {lifter.frame} frame"
    known["camera"] = _camera(lifter)
    known["norm_2d"] = str(choice.get("norm_2d", lifter.normalization.norm_2d))
    images = " and their mirror images" if choice.get("mirrored") else ""
    known["trained on"] = f"{choice.get('frames', '?')} frames{images}"
    known["chosen on"] = str(choice.get("chosen_on", choice.get("folds", "?")))
    if "epoch" in choice:
        known["network"] += f", best after epoch {choice['epoch']}"
    if "held_out_mpjpe" in choice:
        ridge = choice["held_out_mpjpe_ridge"]
        beside = "" if ridge != ridge else f" (linear map alone: {ridge:.4g}{unit})"
        known["held-out MPJPE"] = f"{choice['held_out_mpjpe']:.4g}{unit}{beside}"
    if lifter.options.members in ("kernel", "residual"):
        parts = {"linear map": 1 - sum(lifter.weights.values()), **lifter.weights}
        known["weights"] = ", ".join(f"{name} {weight:.2f}" for name, weight in parts.items())
    if "bone_fit" in choice:
        settings = choice["bone_fit"]
        bones = "bones and 2D" if settings["slack"] is not None else "2D"
        known["bone fit"] = (
            f"to {bones}, strength {settings['strength']:.2f}, leaves {settings['share']:.2f} of "
            "the held-out error"
        )
    known["error bars"] = _bars(lifter)
    known["digest"] = lifter.digest[:16]
    return known


def _bars(lifter: Lifter) -> str:
    if lifter.uncertainty is None:
        return "none"
    bars = lifter.uncertainty.bars
    return f"up to level {bars.highest}, measured on {bars.blocks} blocks"


def validation_table(lifter: Lifter) -> list[str]:
    """Say what each part of a fitted lifter leaves of the error on held-out frames.

    Parameters
    ----------
    lifter : Lifter
        Fitted.

    Returns
    -------
    list of str
        Lines of a table of shares of the linear map's error; none where nothing was chosen.
    """
    choice = lifter.choice
    if not choice.get("members"):
        return []
    lines = [f"{'held-out error of':<18} {'share':>6} {'weight':>6}"]
    alone = {"linear map": 1.0, **choice["members"]}
    weights = {"linear map": 1 - sum(lifter.weights.values()), **lifter.weights}
    lines += [f"{name:<18} {share:6.3f} {weights[name]:6.2f}" for name, share in alone.items()]
    lines.append(f"{'all together':<18} {choice['together']:6.3f}")
    if "bone_fit" in choice:
        fit = choice["bone_fit"]
        left = choice["together"] * fit["share"]
        lines.append(f"{'and the bone fit':<18} {left:6.3f} {fit['strength']:6.2f}")
    return lines


def as_text(lifter: Lifter) -> str:
    """Say what a lifter is, one line a fact."""
    known = facts(lifter)
    width = max(map(len, known))
    return "\n".join(["Lifter", *(f"  {name:{width}}  {words}" for name, words in known.items())])


def as_html(lifter: Lifter) -> str:
    """Say what a lifter is, as a table for a notebook."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(words)}</td></tr>"
        for name, words in facts(lifter).items()
    )
    return f"<table><caption style='text-align:left'>Lifter</caption>{rows}</table>"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _camera(lifter: Lifter) -> str:
    if lifter.camera is None:
        return "not given"
    if isinstance(lifter.camera, Camera):
        return lifter.camera.name or "one, without a name"
    return f"one for each of {len(lifter.camera)} experiments"
