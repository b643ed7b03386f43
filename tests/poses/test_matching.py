"""Joints that do not fit are all named, with the closest that there are."""

import numpy as np
import pytest

from liftpose.poses import Poses
from liftpose.poses.matching import closest_each


def test_every_missing_and_every_extra_joint_is_named_with_the_closest():
    sides, legs = ("left", "right"), ("front", "middle", "hind")
    wanted = [f"{side}_{leg}_claw" for side in sides for leg in legs] + ["head", "thorax"]
    there = [f"claw {leg.title()} {side.upper()}" for leg in legs for side in sides] + ["antenna"]
    seen = Poses.from_experiments(np.zeros((1, 8, 2)), joints=["head", *there], source_file="a.csv")
    with pytest.raises(ValueError, match=r"^a\.csv has no ") as error:
        seen.matched(wanted)
    words = str(error.value)
    for side in sides:
        for leg in legs:
            near = f"'claw {leg.title()} {side.upper()}' for '{side}_{leg}_claw'"
            assert near in words
    assert words.count("'thorax'") == 1
    assert "'antenna'" in words
    assert "'head'" not in words
    assert "\n" not in words


def test_each_name_is_offered_once_to_the_one_that_it_fits_best():
    assert closest_each(["paw_l", "paw_r"], ["paw_r2"]) == {"paw_r": "paw_r2"}
    assert closest_each(["nose"], []) == {}
    assert closest_each(["nose"], ["tail_base"]) == {}


def test_a_different_number_of_joints_by_order_is_refused():
    seen = Poses.from_experiments(np.zeros((1, 3, 2)), joints=list("abc"))
    with pytest.raises(ValueError, match="3 joints, and 2 are expected"):
        seen.matched(["a", "b"], by_order=True)
