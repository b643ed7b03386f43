"""Left and right by names, as trackers spell them."""

import pytest

from liftpose.skeleton.sides import pairs_by_name


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("left_ear", "right_ear"),
        ("LeftForeArm", "RightForeArm"),
        ("frontLEFTpaw", "frontRIGHTpaw"),
        ("EarL", "EarR"),
        ("Lisfranc_L", "Lisfranc_R"),
        ("LElbow", "RElbow"),
        ("L.eye", "R.eye"),
        ("hind_paw_l", "hind_paw_r"),
        ("l_knee", "r_knee"),
        ("paw_L_tip2", "paw_R_tip2"),
    ],
)
def test_a_pair_is_found_whichever_comes_first(left, right):
    assert pairs_by_name(["nose", left, right]) == ((1, 2),)
    assert pairs_by_name([right, "nose", left]) == ((2, 0),)


@pytest.mark.parametrize(
    "joints",
    [
        ["nose", "tail"],
        ["left_ear", "nose"],
        ["LF_claw", "RF_claw"],
        ["bell", "berr"],
        ["tail", "tair"],
        ["TAIL", "TAIR"],
    ],
)
def test_what_only_looks_like_a_pair_is_none(joints):
    assert pairs_by_name(joints) == ()


def test_no_joint_is_in_two_pairs():
    found = pairs_by_name(["L_paw_L", "R_paw_L", "L_paw_R", "R_paw_R"])
    joints = [joint for pair in found for joint in pair]
    assert len(joints) == len(set(joints))
    assert found
