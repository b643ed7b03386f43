"""Arrays out of pickles: like pickle itself, and nothing else."""

import collections
import os
import pickle
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from liftpose.io.decoding.pickled_numbers import numbers

arrays = hnp.arrays(
    st.sampled_from(["f8", "f4", ">f8", "i2", "u1", "i8", "?"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    elements=st.just(1),
)
protocols = st.integers(0, pickle.HIGHEST_PROTOCOL)


@given(st.dictionaries(st.text(), st.lists(arrays | st.floats(allow_nan=False))), protocols)
def test_arrays_are_those_of_pickle(value, protocol):
    found = numbers(pickle.dumps(value, protocol))
    assert found.keys() == value.keys()
    for key, entries in value.items():
        for mine, theirs in zip(found[key], entries, strict=True):
            np.testing.assert_array_equal(mine, theirs)
            assert np.asarray(mine).dtype == np.asarray(theirs).dtype.newbyteorder("=")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_order_sharing_and_numbers_survive(protocol):
    by_columns = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    shared = np.arange(3)
    value = {
        np.int64(4): by_columns,
        "two": (shared, [shared]),
        "one": np.float32(0.5),
        "b": b"\xff",
    }
    found = numbers(pickle.dumps(value, protocol))
    np.testing.assert_array_equal(found[4], by_columns)
    np.testing.assert_array_equal(found["two"][1][0], shared)
    assert found["one"] == 0.5
    assert type(found["one"]) is float
    assert found["b"] == b"\xff"


class Harmful:
    def __reduce__(self):
        return (os.system, ("exit 1",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value",
    [
        Harmful(),
        [Harmful()],
        print,
        random.Random(0),
        {1, 2},
        object(),
        np.sum,
        np.asarray([1, "a", None], dtype=object),
        np.zeros(2, "f8,i4"),
        np.asarray(["a"]),
        np.random.default_rng(0),
        collections.OrderedDict(a=1),
        np.dtype("f8"),
        np.ndarray,
        np.ma.masked_array([1.0], [True]),
        np.datetime64("2020-01-01"),
    ],
)
def test_anything_else_is_refused(value, protocol):
    with pytest.raises(ValueError, match="not opened|damaged"):
        numbers(pickle.dumps(value, protocol))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        pickle.dumps(np.zeros(4))[:-20] + b".",
        b"cnumpy\nndarray\n.",
        b"cnumpy\nndarray\n(tR.",
        b"cnumpy\nndarray\n}b.",
        b"cnumpy\ndtype\n(Vf8\ntR.",
        b"cnumpy\ndtype\n(VO\ntR.",
        # A thousand million million values out of nothing.
        b"cnumpy.core.numeric\n_frombuffer\n(C\x00cnumpy\ndtype\n(Vf8\ntR(L1000000000000000L\ntVC\ntR.",
        b"cnumpy.core.numeric\n_frombuffer\n(C\x00cnumpy\ndtype\n(Vf8\ntR(I-1\nI0\ntVC\ntR.",
        b"cnumpy.core.multiarray\nscalar\n(NNtR.",
        b"cnumpy\nndarray\n(N}V__class__\ncbuiltins\nobject\nstb.",
        b"c_codecs\nencode\n(Vabc\nVhex\ntR.",
        b"cnumpy\ndtype.__init__\n.",
        b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    ],
)
def test_damage_is_an_error(data):
    with pytest.raises(ValueError, match="pickle"):
        numbers(data)


def test_a_list_within_itself_ends():
    value = [np.zeros(2)]
    value.append(value)
    found = numbers(pickle.dumps(value))
    assert found[1] is found
    np.testing.assert_array_equal(found[0], np.zeros(2))
