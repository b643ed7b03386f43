"""What a headline says and advises, by the numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liftpose.metrics import CoverageInterval
from liftpose.poses import Verdict
from liftpose.postprocess.evaluation import Evaluation
from liftpose.postprocess.measures import Held, Measures, Ordering, Trust
from liftpose.reporting.gathered import Gathered
from liftpose.reporting.words import Headline
from liftpose.skeleton import Skeleton

BODY = Skeleton(["hip", "knee", "toe"], bones=[(0, 1), (1, 2)], roots=["hip"])
ORDER = Ordering(1.0, 0.5, 2.0, 0.7, 10, 0, (1.0,), (1.0,), (1.0,))


def evaluated(mpjpe=1.0, ridge=2.0, mean_pose=9.0, coverage=0.9, rotated=None):
    share = CoverageInterval(coverage, coverage - 0.04, coverage + 0.04, 100, 0, 10, 90.0)
    return Evaluation(
        {"liftpose": mpjpe, "ridge": ridge, "mean_pose": mean_pose},
        {"liftpose": mpjpe},
        {},
        "mm",
        50.0,
        10,
        rotated,
        Measures({}, {}, None, Trust({0.9: Held(share, share, 1.0)}, ORDER, ORDER)),
    )


def gathered(evaluation=None, **said):
    return Gathered(
        Path("out"), BODY, (1, 2), ("walk",), (10,), np.zeros((10, 3, 3)), "mm",
        evaluation=evaluation, **said,
    )  # fmt: skip


def said(of):
    headline = Headline(of)
    return headline.answer(), [(one.text, one.command) for one in headline.advice()]


def test_a_good_lifter_is_called_good():
    answer, advice = said(gathered(evaluated()))
    assert answer.startswith("Joints are 1.00 mm off on average, 2.0 % of the body length:")
    assert "50 % less than a linear map, and 89 % less than the mean pose" in answer
    assert "do what they say" in answer
    assert advice == [("Nothing stands out; lift your own recordings.",
                       "liftpose lift MODEL 2D_FILE -o lifted.nc")]  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "in_answer", "in_advice", "command"),
    [
        ({"ridge": 1.02}, "hardly better than a linear map", "hardly better", "liftpose train "),
        ({"ridge": 0.9}, "worse than a linear map", "worse", "liftpose train "),
        ({"ridge": 8.5}, "off on average", "even a linear map leaves 94 %", "train --init"),
        ({"coverage": 0.7}, "too narrow", "too narrow here (70 %)", "liftpose recalibrate"),
        ({"coverage": 0.99}, "wider than need be", "wider than need be", "liftpose recalibrate"),
        ({"rotated": 42.0}, "off on average", "one rotation of 42 degrees", "liftpose info"),
    ],
)
def test_each_weakness_is_named_with_what_to_type(numbers, in_answer, in_advice, command):
    answer, advice = said(gathered(evaluated(**numbers)))
    assert in_answer in answer
    text, typed = advice[0]
    assert in_advice in text[0].lower() + text[1:]
    assert command in typed
    assert len(advice) == 1


def test_coverage_within_its_interval_is_no_weakness():
    _, advice = said(gathered(evaluated(coverage=0.87)))
    assert "Nothing stands out" in advice[0][0]


def test_unusual_frames_and_mistakes():
    novelty = np.r_[np.full(8, 50.0), 99.5, 100.0]
    answer, advice = said(gathered(evaluated(), novelty=novelty))
    assert advice[0][0].startswith("20 % of the frames are unusual")
    fact = next(one for one in Headline(gathered(None, novelty=novelty)).facts()
                if one.name == "unusual")  # fmt: skip
    assert fact.value == pytest.approx(0.2)
    verdicts = {"walk": Verdict("y axis flipped", 3.0, 0.9)}
    answer, advice = said(gathered(evaluated(), verdicts=verdicts))
    assert "Not like the training data: walk (y axis flipped)." in answer
    assert advice[0][0].startswith("walk, y axis flipped: The 2D becomes like")


def test_mostly_unusual_frames_are_no_training_data():
    verdicts = {"walk": Verdict("mostly unusual frames", 0.4, 0.6)}
    novelty = np.r_[np.full(4, 50.0), np.full(6, 100.0)]
    answer, advice = said(gathered(evaluated(), novelty=novelty, verdicts=verdicts))
    assert "Not like the training data: walk (mostly unusual frames)." in answer
    assert advice[0][0].startswith("60 % of the frames are unusual")


def test_the_worst_joint_is_named_where_it_stands_out():
    true = np.zeros((10, 2, 3))
    found = true + [[[1.0, 0, 0], [9.0, 0, 0]]]
    body = Skeleton(["hip", "knee", "toe", "heel"], roots=["hip"])
    three = np.concatenate([true, true[:, :1]], 1), np.concatenate([found, found[:, :1]], 1)
    image = np.zeros((10, 4, 2))
    image[:3, 2] = np.nan
    of = replace(gathered(evaluated()), skeleton=body, targets=(1, 2, 3), true=three[0],
                 found=three[1], pose=np.zeros((10, 4, 3)), image=image)  # fmt: skip
    _, advice = said(of)
    assert advice[0][0].startswith("toe errs most, by 9.00 mm, 9.0 times as much")
    assert "not seen in 30 % of the frames" in advice[0][0]


def test_without_truth_nothing_is_claimed():
    pose = np.zeros((10, 3, 3))
    pose[:5] = np.nan
    answer, advice = said(replace(gathered(None), pose=pose))
    assert answer.startswith("How good these poses are is not known")
    assert "--truth" in advice[0][1]
    assert advice[1][0].startswith("In 50.0 % of the frames too little was seen")
    assert {one.name for one in Headline(gathered(None)).facts()} == {"frames"}
