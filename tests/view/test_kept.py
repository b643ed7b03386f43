"""What was asked for lately is kept, within bounds."""

from liftpose.view.kept import Kept


def test_what_was_not_asked_for_longest_goes_first():
    made = []

    def make(key):
        return lambda: made.append(key) or key.encode() * 4

    kept = Kept(12)
    for key in "abcada":
        assert kept.get(key, make(key)) == key.encode() * 4
    assert made == ["a", "b", "c", "d"]  # a was asked for again before d came, b was not
    kept.get("b", make("b"))
    assert made[-1] == "b"
    assert kept.size == 12


def test_what_is_larger_than_all_that_is_kept_is_given_all_the_same():
    kept = Kept(3)
    assert kept.get("a", lambda: b"1234") == b"1234"
    assert kept.size == 0
