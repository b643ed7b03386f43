"""What was done, so that somebody can do it again: provenance, and a paragraph ready to paste."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import liftpose
from liftpose.geometry.camera import Camera
from liftpose.lifter.checkpoint import PARAMS, RunFolder, versions
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.opt import Options
from liftpose.plot.report.findings import Column, Row, Table, rounded
from liftpose.postprocess.results import read_evaluation
from liftpose.reporting.gathered import LEVEL, Gathered

CITATION = (
    "Gosztolai A, Günel S, Lobato-Ríos V, Abrate MP, Morales D, Rhodin H, Fua P, Ramdya P (2021). "
    "LiftPose3D, a deep learning-based approach for transforming two-dimensional to "
    "three-dimensional poses in laboratory animals. Nature Methods 18, 975–981. "
    "doi:10.1038/s41592-021-01226-z"
)
"""Of the paper whose method this is."""

Lines = tuple[tuple[str, str], ...]

_OF_MACHINE = ("out_dir", "job", "device", "load", "resume", "test", "predict")
_PARTS = {
    "kernel": "a kernel ridge regression",
    "network": "residual networks",
    "martinez": "the network of the published method",
}


def citation() -> str:
    """Give what to cite: the paper, and this package.

    Examples
    --------
    >>> "Nature Methods" in citation() and "LiftPose developers" in citation()
    True
    """
    package = f"The LiftPose developers. LiftPose {liftpose.__version__} (software, BSD-3-Clause)."
    return f"{CITATION} — {package}"


def methods(of: Gathered) -> str:
    """Say in a paragraph what was done, for a methods section.

    Parameters
    ----------
    of : Gathered

    Returns
    -------
    str
        Only what is known: of a file of poses, less than of a run.
    """
    said = [
        f"2D keypoints of {of.skeleton.joint_count} joints from a single camera were lifted to 3D "
        f"with LiftPose {_version(of)} (after Gosztolai et al. 2021)."
    ]
    if of.lifter is not None:
        said += _of_training(of.lifter)
    elif of.provenance.get("lifter"):
        said.append(f"The lifter has the SHA-256 digest {of.provenance['lifter'][:16]}….")
    said += _of_test(of)
    return " ".join(said)


def _version(of: Gathered) -> str:
    return of.provenance.get("liftpose_version") or liftpose.__version__


def _of_training(lifter: Lifter) -> list[str]:
    choice, options = lifter.choice, lifter.options
    frames = choice.get("frames")
    mirrored = " and their mirror images" if choice.get("mirrored") else ""
    said = []
    if frames:
        said.append(f"The lifter was trained on {frames:,} frames{mirrored}.")
    if "library" in choice:
        said.append(f"Its 3D poses are those of the library {choice['library']}.")
    if "physical" in choice:
        said.append(
            "Bodies were varied in size and proportion in training, with a strength of "
            f"{choice['physical']:g} that was chosen on held-out frames."
        )
    said.append(_of_members(lifter))
    if "epoch" in choice and network_counts(lifter):
        epochs = f"Networks were trained for up to {options.epochs} epochs; that of epoch "
        said.append(f"{epochs}{choice['epoch']} was taken.")
    elif "epoch" in choice:
        said.append(
            f"Residual networks were trained, too ({options.epochs} epochs); held-out frames gave "
            "them no weight, so that they have no part in the poses."
        )
    chosen = choice.get("chosen_on", choice.get("folds"))
    if chosen:
        said.append(f"All choices were made on held-out data ({chosen}).")
    if "bone_fit" in choice:
        settings = choice["bone_fit"]
        what = "to their 2D and the lengths of their bones"
        what = what if settings["slack"] is not None else "to their 2D"
        said.append(f"Lifted poses were fitted {what} (strength {settings['strength']:.2f}).")
    said.append(_of_camera(lifter))
    if options.noise:
        said.append(f"Noise of {options.noise:g} px was added to the 2D in training.")
    if lifter.weighing is not None:
        said.append("Keypoints were weighed by the confidence of their tracker.")
    if lifter.uncertainty is not None:
        blocks = lifter.uncertainty.bars.blocks
        said.append(
            "Error bars were calibrated by conformal prediction on held-out frames "
            f"({blocks} blocks)."
        )
    return said


def network_counts(lifter: Lifter) -> bool:
    """Whether a network has any part in lifted poses: held-out frames may give it no weight.

    Parameters
    ----------
    lifter : Lifter

    Returns
    -------
    bool
    """
    return "network" in _weights(lifter)


def _weights(lifter: Lifter) -> dict[str, float]:
    """Those that are not zero with the two decimals with which they are told."""
    return {name: weight for name, weight in lifter.weights.items() if round(weight, 2) > 0}


def _of_members(lifter: Lifter) -> str:
    if lifter.options.network == "martinez":
        return "Poses were lifted by the network of the published method."
    weights = _weights(lifter)
    if not weights:
        return "The lifter is a ridge regression."
    parts = [f"{_PARTS.get(name, name)} (weight {value:.2f})" for name, value in weights.items()]
    left = 1 - sum(weights.values())
    return f"The lifter is a ridge regression (weight {left:.2f}) with {_joined(parts)}."


def _joined(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _of_camera(lifter: Lifter) -> str:
    if lifter.camera is None:
        return "No camera calibration was used."
    if isinstance(lifter.camera, Camera):
        name = f" ({lifter.camera.name})" if lifter.camera.name else ""
        return f"Lens and direction of the calibrated camera{name} were taken into account."
    return f"Lens and direction of {len(lifter.camera)} calibrated cameras were taken into account."


def _of_test(of: Gathered) -> list[str]:
    found = of.evaluation
    if found is None:
        return []
    unit = f" {of.unit}" if of.unit else ""
    error = found.mpjpe["liftpose"]
    text = (
        f"On {of.frames:,} frames of {len(of.keys)} recording{'s' * (len(of.keys) != 1)} that were "
        f"set aside, the mean error per joint relative to its root was {rounded(error)}{unit}"
    )
    if math.isfinite(found.body_length):
        text += f" ({rounded(found.percent(error), 2)} % of the body length)"
    beside = [
        f"{rounded(found.mpjpe[name])}{unit} for {words}"
        for name, words in (("ridge", "a linear map"), ("mean_pose", "the mean pose"))
        if name in found.mpjpe
    ]
    text += f", compared with {_joined(beside)}." if beside else "."
    if of.lifter is None:
        text = text.replace(" that were set aside", "")
    trust = found.measures.trust
    if trust is not None and LEVEL in trust.bars:
        share = 100 * trust.bars[LEVEL].ball.share
        if math.isfinite(share):
            level = f"{100 * LEVEL:.0f} %"
            text += f" Error bars of {level} held the true joint in {share:.1f} % of the cases."
    return [text]


def provenance(of: Gathered) -> tuple[tuple[str, Lines], ...]:
    """Give where everything comes from, under heads.

    Parameters
    ----------
    of : Gathered

    Returns
    -------
    tuple of (str, tuple of (str, str))
    """
    parts: list[tuple[str, Lines]] = [("Data", _data(of))]
    options = _options(of)
    if options:
        changed, same = _changed(options)
        text = ", ".join(f"{name} {value}" for name, value in same)
        parts.append(("Options", (*changed, ("as by default", text))))
    if of.lifter is not None:
        parts.append(("Split and choices", _choices(of.lifter)))
    parts.append(("Versions and command", _made_by(of)))
    return tuple(parts)


def members_table(lifter: Lifter) -> Table | None:
    """Tell what each part of a lifter leaves of the held-out error.

    Parameters
    ----------
    lifter : Lifter

    Returns
    -------
    Table or None
        None where nothing was chosen.
    """
    choice = lifter.choice
    if not choice.get("members"):
        return None
    weights = {"linear map": 1 - sum(lifter.weights.values()), **lifter.weights}
    rows = [
        Row((name, 100 * share, weights[name]))
        for name, share in {"linear map": 1.0, **choice["members"]}.items()
    ]
    rows.append(Row(("all together", 100 * choice["together"], math.nan)))
    if "bone_fit" in choice:
        fit = choice["bone_fit"]
        rows.append(
            Row(("and the bone fit", 100 * choice["together"] * fit["share"], fit["strength"]))
        )
    columns = (Column("Part"), Column("Held-out error left (%)", 1), Column("Weight", 2))
    caption = "Error of each part by itself on held-out frames, as a share of the linear map's."
    return Table("members", "What each part is worth", caption, columns, tuple(rows))


def _data(of: Gathered) -> Lines:
    lines = [("From", of.source.name)]
    lines += [(name, f"{count:,} frames") for name, _, count in of.recordings[:12]]
    if len(of.recordings) > 12:
        lines.append(("and", f"{len(of.recordings) - 12} more recordings"))
    lines.append(("Joints", ", ".join(of.skeleton.joints)))
    roots = of.skeleton.sets.roots if of.skeleton.roots else ()
    if roots:
        lines.append(("Roots", ", ".join(of.skeleton.joints[joint] for joint in roots)))
    lines.append(("Unit, frame", f"{of.unit or 'not stated'}, {of.frame or 'not stated'}"))
    if of.fps:
        lines.append(("Frames per second", f"{of.fps:g}"))
    if of.lifted is not None:
        file = of.lifted.source_file
        known = (
            ("2D tracked with", of.lifted.source_software),
            ("2D from", Path(file).name if file else None),
        )
        lines += [(name, value) for name, value in known if value]
    return tuple(lines)


def _options(of: Gathered) -> Mapping[str, Any]:
    if of.lifter is not None:
        return of.lifter.options.as_dict()
    found: Mapping[str, Any] = json.loads(of.provenance.get("lifter_options", "{}"))
    return found


def _changed(options: Mapping[str, Any]) -> tuple[Lines, Lines]:
    """Options that are not as they are by default, and the others."""
    usual = {entry.name: entry.default for entry in dataclasses.fields(Options)}
    told = {name: value for name, value in options.items() if name not in _OF_MACHINE}
    changed = tuple((name, f"{value} (default {usual.get(name)})") for name, value in told.items()
                    if value != usual.get(name))  # fmt: skip
    same = tuple((name, str(value)) for name, value in told.items() if value == usual.get(name))
    return changed, same


def _choices(lifter: Lifter) -> Lines:
    said = []
    names = {
        "frames": "Frames learned from",
        "left_out": "Frames left out",
        "folds": "Held out",
        "chosen_on": "Chosen on",
        "mirrored": "Mirror images learned from",
        "ridge_penalty": "Penalty of the linear map",
        "norm_2d": "norm_2d",
        "held_out_mpjpe": "Held-out MPJPE",
        "held_out_mpjpe_ridge": "Held-out MPJPE of the linear map",
        "epoch": "Epoch that was taken" if network_counts(lifter) else "Best epoch, of no weight",
        "data": "Digest of the training data",
    }
    for name, label in names.items():
        if name in lifter.choice:
            value = lifter.choice[name]
            said.append((label, f"{value:.5g}" if isinstance(value, float) else str(value)))
    return (*said, ("Seed", str(lifter.options.seed)))


def _made_by(of: Gathered) -> Lines:
    lines = [("LiftPose that lifted", _version(of))]
    if of.source.is_dir():
        tested = read_evaluation(of.source).get("versions", {})
        lines += [(f"{name} of the test", str(value)) for name, value in tested.items()]
        lines.append(("Command", _command(of)))
    else:
        step = json.loads(of.provenance.get("lift", "{}"))
        if step:
            lines.append(("Lifted with", ", ".join(f"{k} = {v}" for k, v in step.items())))
    digest = of.provenance.get("lifter")
    if digest:
        lines.append(("SHA-256 of the lifter", digest))
    lines += [(f"{name} of this report", value) for name, value in versions().items()]
    return tuple(lines)


def _command(of: Gathered) -> str:
    """What trained the run: by its params file, or else the call with its options."""
    folder = RunFolder(of.source).path
    for name in PARAMS:
        if (folder / name).is_file():
            return f"liftpose train {name} -o {folder.name}"
    options = _options(of)
    if not options:
        return "train(...) of liftpose 0.22"
    usual = Options()
    said = {
        name: value
        for name, value in options.items()
        if name not in _OF_MACHINE and value != getattr(usual, name)
    }
    given = f", training_kwargs={said!r}" if said else ""
    return f"liftpose.train(..., out_dir={folder.name!r}{given})"
