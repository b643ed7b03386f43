"""Plain values out of pickles: like pickle itself, and nothing else."""

import builtins
import os
import pickle
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftpose.io.decoding.pickles import plain_values

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(plain, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_values_are_those_of_pickle(value, protocol):
    data = pickle.dumps(value, protocol)
    assert plain_values(data) == value
    assert type(plain_values(data)) is type(value)


class Harmful:
    def __reduce__(self):
        return (os.system, ("exit 1",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value", [Harmful(), [Harmful()], print, random.Random(0), {1, 2}, object()]
)
def test_anything_else_is_refused(value, protocol):
    with pytest.raises(ValueError, match="not opened"):
        plain_values(pickle.dumps(value, protocol))


def test_nothing_runs(monkeypatch):
    ran = []
    monkeypatch.setattr(builtins, "print", lambda *words: ran.append(words))
    with pytest.raises(ValueError, match="GLOBAL"):
        plain_values(b"cbuiltins\nprint\n(Vhello\ntR.")
    assert ran == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b".",
        b"garbage",
        b"(lp0",
        b"r\xff\xff\xff\x7f.",
        b"Nr\xff\xff\xff\x7f.",
        b"Np-1\n.",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"g5\n.",
        b"N(t(l0",
    ],
)
def test_damaged_ones_are_refused(data):
    with pytest.raises(ValueError, match="pickle"):
        plain_values(data)


def test_a_text_with_an_impossible_escape_is_damaged():
    with pytest.raises(ValueError, match="damaged"):
        plain_values(b"S'\\q'\n.")


@given(plain, st.data())
def test_no_other_error_comes_from_any_bytes(value, data):
    pickled = bytearray(pickle.dumps(value, data.draw(st.integers(0, 4))))
    for _ in range(data.draw(st.integers(1, 3))):
        pickled[data.draw(st.integers(0, len(pickled) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        plain_values(bytes(pickled))
