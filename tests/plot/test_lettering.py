import numpy as np
import pytest

from liftpose.plot.lettering import advance, pieces, stamp, text_width


def test_letters_are_drawn_once():
    assert stamp("7", 20.0, False) is stamp("7", 20.0, False)
    assert stamp("7", 20.0, True).alpha.sum() > stamp("7", 20.0, False).alpha.sum()


def test_stamps_hold_all_of_the_ink_and_no_more():
    found = stamp("gÅ", 30.0, False).alpha
    assert found.dtype == np.float32
    assert 0.9 < found.max() <= 1
    for edge in (found[0], found[-1], found[:, 0], found[:, -1]):
        assert edge.max() > 0
    assert stamp("g", 30.0, False).alpha.shape[0] > stamp("g", 30.0, False).above  # below the line


@pytest.mark.parametrize("size", [12.0, 31.0])
def test_widths_add_up(size):
    words = "frame 1203 of 8,000"
    assert "".join(pieces(words)) == words
    assert text_width(words, size) == pytest.approx(advance(words, size, False), abs=0.06 * size)
    assert text_width("11", size) == 2 * text_width("4", size)
    assert text_width("a b", size) > text_width("ab", size) + 0.2 * size
    assert text_width("", size) == 0


def test_spaces_leave_no_ink():
    assert stamp(" ", 20.0, False).alpha.size == 0
    assert advance(" ", 20.0, False) > 4
