"""The headline of a report: whether poses are good, in words and numbers, and what to do next."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from liftpose.lifter.checkpoint import MODEL, PARAMS
from liftpose.metrics import CoverageInterval
from liftpose.plot.report.findings import Advice, Fact, in_words, rounded
from liftpose.poses import Verdict
from liftpose.poses.verdict import MANY
from liftpose.reporting.gathered import LEVEL, UNUSUAL, Gathered, called, mean_known

HARDLY_BETTER = 0.95
"""Of the error of the linear map: above that, the rest of the lifter is worth little."""

LITTLE_TOLD = 0.8
"""Of the error of the mean pose: above that for the linear map, the 2D says little of the 3D."""

FAR_ABOVE = 2.0
"""Times the median of all joints: above that, a joint is worth a look of its own."""

OFTEN_HIDDEN = 0.1
"""Share of the frames."""


@dataclass(frozen=True, eq=False)
class Headline:
    """The numbers that a headline and its advice are made of.

    Parameters
    ----------
    of : Gathered
    """

    of: Gathered

    @cached_property
    def mpjpe(self) -> float:
        """Mean error, in the unit; NaN where there is no truth."""
        found = self.of.evaluation
        return math.nan if found is None else found.mpjpe["liftpose"]

    @cached_property
    def ridge(self) -> float:
        """The same of the linear map."""
        found = self.of.evaluation
        return math.nan if found is None else found.mpjpe.get("ridge", math.nan)

    @cached_property
    def mean_pose(self) -> float:
        """The same of the mean pose."""
        found = self.of.evaluation
        return math.nan if found is None else found.mpjpe.get("mean_pose", math.nan)

    @cached_property
    def percent(self) -> float:
        """Mean error in per cent of the body length."""
        found = self.of.evaluation
        return math.nan if found is None else found.percent(self.mpjpe)

    @cached_property
    def covered(self) -> CoverageInterval | None:
        """How often the error bars of joints hold the truth."""
        found = self.of.evaluation
        if found is None or found.measures.trust is None:
            return None
        held = found.measures.trust.bars.get(LEVEL)
        return None if held is None or math.isnan(held.ball.share) else held.ball

    @cached_property
    def unusual(self) -> float:
        """Share of frames that are less like the training data than 99 in 100; NaN unknown."""
        if self.of.novelty is None:
            return math.nan
        known = self.of.novelty[np.isfinite(self.of.novelty)]
        return float((known > UNUSUAL).mean()) if len(known) else math.nan

    @cached_property
    def amiss(self) -> dict[str, Verdict]:
        """Verdicts of the recordings that are not like the training data."""
        verdicts = self.of.verdicts or {}
        return {called(key): verdict for key, verdict in verdicts.items() if verdict.amiss}

    @cached_property
    def blind(self) -> float:
        """Share of the frames without a pose."""
        none = np.asarray(np.isnan(self.of.pose[:, list(self.of.targets)]).all(axis=(1, 2)))
        return float(none.mean()) if len(none) else 0.0

    def facts(self) -> tuple[Fact, ...]:
        """The numbers to begin with."""
        of, unit = self.of, _of(self.of.unit)
        facts = []
        if math.isfinite(self.mpjpe):
            body = f"{rounded(self.percent, 2)} % of the body length" * math.isfinite(self.percent)
            facts.append(
                Fact("mpjpe", "Mean error (MPJPE)", rounded(self.mpjpe) + unit, self.mpjpe, body)
            )
        for name, label, value in (
            ("ridge", "Error of a linear map", self.ridge),
            ("mean_pose", "Error of the mean pose", self.mean_pose),
        ):
            if math.isfinite(value):
                note = f"LiftPose leaves {100 * self.mpjpe / value:.0f} % of it"
                facts.append(Fact(name, label, rounded(value) + unit, value, note))
        if self.covered is not None:
            held = self.covered
            note = f"of joints; likely {100 * held.lower:.0f}–{100 * held.upper:.0f} %"
            facts.append(
                Fact("coverage", f"{LEVEL:.0%} bars hold".replace("%", " %"),
                     f"{100 * held.share:.1f} %", held.share, note)
            )  # fmt: skip
        if math.isfinite(self.unusual):
            note = "like 1 in 100 training frames, or less"
            if of.verdicts:
                note = f"{len(self.amiss)} of {len(of.verdicts)} recordings flagged"
            text = f"{100 * self.unusual:.1f} %"
            facts.append(Fact("unusual", "Unusual frames", text, self.unusual, note))
        count = f"{len(of.keys)} recording{'s' * (len(of.keys) != 1)}"
        note = f"{count}, {of.skeleton.joint_count} joints"
        facts.append(Fact("frames", "Frames", f"{of.frames:,}", float(of.frames), note))
        return tuple(facts)

    def answer(self) -> str:
        """Whether it is good, in words."""
        if not math.isfinite(self.mpjpe):
            return " ".join(("How good these poses are is not known: no truth is at hand.",
                             *self._trust()))  # fmt: skip
        unit = _of(self.of.unit)
        body = f", {rounded(self.percent, 2)} % of the body length," * math.isfinite(self.percent)
        first = f"Joints are {rounded(self.mpjpe)}{unit} off on average{body.rstrip(',')}"
        if math.isfinite(self.ridge):
            first += self._beside_ridge()
        return " ".join((first + ".", *self._trust()))

    def _beside_ridge(self) -> str:
        share = self.mpjpe / self.ridge
        unit = _of(self.of.unit)
        if share > 1:
            return f": worse than a linear map, which is {rounded(self.ridge)}{unit} off"
        if share > HARDLY_BETTER:
            return f": hardly better than a linear map ({rounded(self.ridge)}{unit})"
        return (
            f": {100 * (1 - share):.0f} % less than a linear map, and "
            f"{100 * (1 - self.mpjpe / self.mean_pose):.0f} % less than the mean pose"
        )

    def _trust(self) -> list[str]:
        said = []
        held = self.covered
        if held is not None:
            off = _off(held)
            what = {0: "do what they say", 1: "are wider than need be", -1: "are too narrow"}[off]
            said.append(
                f"The error bars {what}: those of {100 * LEVEL:.0f} % hold the truth in "
                f"{100 * held.share:.0f} % of the cases."
            )
        if self.amiss:
            named = ", ".join(f"{name} ({one.name})" for name, one in list(self.amiss.items())[:3])
            said.append(f"Not like the training data: {named}.")
        elif self.of.verdicts:
            said.append("No recording is unlike the training data.")
        return said

    def advice(self) -> tuple[Advice, ...]:
        """What to do next, the most pressing first."""
        rules: tuple[Callable[[], list[Advice]], ...] = (
            self._about_rotation,
            self._about_mistakes,
            self._about_truth,
            self._about_ridge,
            self._about_bars,
            self._about_unusual,
            self._about_blind,
            self._about_joints,
        )
        found = [advice for rule in rules for advice in rule()]
        if not found:
            text = "Nothing stands out; lift your own recordings."
            found.append(Advice(text, f"liftpose lift {self._model} 2D_FILE -o lifted.nc"))
        return tuple(found)

    def _about_rotation(self) -> list[Advice]:
        found = self.of.evaluation
        if found is None or found.rotated is None:
            return []
        text = (
            f"One rotation of {found.rotated:.0f} degrees over all frames would halve the error: "
            "the truth stands in another frame than the 3D of the training; look at both."
        )
        return [Advice(text, "liftpose info TRUTH_FILE")]

    def _about_mistakes(self) -> list[Advice]:
        return [
            Advice(f"{name}, {' or '.join(one.named)}: {one.sentence}", "liftpose info 2D_FILE")
            for name, one in self.amiss.items()
            if one.mistake
        ]

    def _about_truth(self) -> list[Advice]:
        if self.of.evaluation is not None:
            return []
        text = "Compare some frames with 3D that you know, and see how far off they are."
        return [Advice(text, f"liftpose report {self._source} --truth 3D_FILE -o report.html")]

    def _about_ridge(self) -> list[Advice]:
        if not math.isfinite(self.ridge):
            return []
        if math.isfinite(self.mean_pose) and self.ridge > LITTLE_TOLD * self.mean_pose:
            text = (
                f"Even a linear map leaves {100 * self.ridge / self.mean_pose:.0f} % of the error "
                "of the mean pose: see whether 2D and 3D are of the same frames and joints, and "
                "name the camera."
            )
            return [Advice(text, "liftpose train --init 2D_FILE 3D_FILE -o params.toml")]
        share = self.mpjpe / self.ridge
        if share <= HARDLY_BETTER:
            return []
        worse = "worse" if share > 1 else "hardly better"
        text = (
            f"The lifter is {worse} than its own linear map on these data: train on more "
            "recordings, and on such as these."
        )
        return [Advice(text, f"liftpose train {self._params} -o more")]

    def _about_bars(self) -> list[Advice]:
        held = self.covered
        if held is None or _off(held) == 0:
            return []
        what = "too narrow" if _off(held) < 0 else "wider than need be"
        text = (
            f"The {100 * LEVEL:.0f} % error bars are {what} here ({100 * held.share:.0f} %): "
            "measure them again on some labelled frames."
        )
        command = f"liftpose recalibrate {self._model} LABELLED_2D LABELLED_3D -o mine.lifter"
        return [Advice(text, command)]

    def _about_unusual(self) -> list[Advice]:
        unlike = [name for name, one in self.amiss.items() if not one.mistake]
        many = math.isfinite(self.unusual) and self.unusual > MANY
        if self.of.novelty is None or not (many or unlike):
            return []
        text = (
            f"{100 * self.unusual:.0f} % of the frames are unusual: label some of them in 3D, and "
            "add them to the training data."
        )
        return [Advice(text, "liftpose train --init MORE_2D MORE_3D -o params.toml")]

    def _about_blind(self) -> list[Advice]:
        if not self.blind:
            return []
        text = (
            f"In {100 * self.blind:.1f} % of the frames too little was seen to lift a pose: look "
            "at the tracking there."
        )
        return [Advice(text, "liftpose plot 2D_FILE -o seen.png")]

    def _about_joints(self) -> list[Advice]:
        errors, of = self.of.errors, self.of
        if errors is None or not np.isfinite(errors).any():
            return []
        means = mean_known(errors, 0)
        worst = int(np.nanargmax(means))
        if not means[worst] > FAR_ABOVE * float(np.nanmedian(means)):
            return []
        joint = of.targets[worst]
        name = in_words(of.skeleton.joints[joint])
        text = (
            f"{name} errs most, by {rounded(float(means[worst]))}{_of(of.unit)}, "
            f"{means[worst] / np.nanmedian(means):.1f} times as much as a typical joint"
        )
        hidden = 0.0 if of.hidden is None else float(of.hidden[:, joint].mean())
        if hidden > OFTEN_HIDDEN:
            text += f"; it was not seen in {100 * hidden:.0f} % of the frames, so track it better."
        else:
            text += ": see whether it is tracked and triangulated as well as the others."
        return [Advice(text, "liftpose plot 2D_FILE -o seen.png")]

    @property
    def _source(self) -> str:
        return shlex.quote(str(self.of.source))

    @property
    def _model(self) -> str:
        model = self.of.source / MODEL
        return shlex.quote(str(model)) if model.is_file() else "MODEL"

    @property
    def _params(self) -> str:
        there = (self.of.source / name for name in PARAMS)
        return next((shlex.quote(str(path)) for path in there if path.is_file()), "params.toml")


def _off(held: CoverageInterval) -> int:
    """1 where bars are wider than they need be, -1 where they are too narrow, else 0."""
    return int(held.lower > LEVEL) - int(held.upper < LEVEL)


def _of(unit: str | None) -> str:
    return f" {unit}" if unit else ""
