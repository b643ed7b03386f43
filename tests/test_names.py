"""Names that were perhaps meant."""

from liftpose.names import closest, listed


def test_the_closest_name_is_offered_whatever_its_capitals():
    known = ["LeftPaw", "RightPaw", "nose"]
    assert closest("leftpaw", known) == " Did you mean 'LeftPaw'?"
    assert closest("rigth_paw", known) == " Did you mean 'RightPaw'?"


def test_without_a_close_one_those_there_are_are_listed():
    assert closest("xyz", ["nose", "tail"]) == " There are 'nose', 'tail'."
    assert closest("xyz", map(str, range(12))).endswith("'7' and 4 more.")
    assert closest("xyz", []) == ""


def test_a_list_that_is_short_enough_is_written_out():
    assert listed(["a", "b"], most=2) == "'a', 'b'"
