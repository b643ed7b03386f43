import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from liftpose.plot.chunks import ABSENT, decode_chunk, encode_chunk

COORDINATES = st.floats(-1e4, 1e4, width=32) | st.just(np.nan)


def slowly(data: bytes, joints: int, dims: int) -> np.ndarray:
    """One layer, read value by value as the description of the format says."""
    plain = gzip.decompress(data)
    low = struct.unpack_from(f"<{dims}f", plain, 0)
    step = struct.unpack_from(f"<{dims}f", plain, 4 * dims)
    body = plain[8 * dims :]
    count = len(body) // 2
    values, before = [], [0] * (joints * dims)
    for i in range(count):
        place = i % (joints * dims)
        before[place] = (before[place] + body[i] + 256 * body[count + i]) % 65536
        q, d = before[place], i % dims
        values.append(np.nan if q == ABSENT else low[d] + step[d] * q)
    return np.array(values).reshape(-1, joints, dims)


def step_of(values, steps=65534):
    finite = values[np.isfinite(values).all(axis=-1)]
    span = np.ptp(finite, axis=0) if len(finite) else np.zeros(values.shape[-1])
    # Half a step, and what single precision loses of the coordinate itself.
    return span / steps / 2 + 4e-7 * np.abs(finite).max(initial=0) + 1e-30


@pytest.mark.hypothesis
@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(0, 9), st.integers(1, 4), st.integers(2, 3)),
        elements=COORDINATES,
    )
)
def test_every_value_comes_back_to_half_a_step_and_absent_joints_stay_absent(values):
    _, joints, dims = values.shape
    back = decode_chunk(encode_chunk({"pose": values}, ["pose"]), [("pose", dims)], joints)["pose"]
    seen = np.isfinite(values).all(axis=-1)
    assert back.shape == values.shape
    assert (np.isfinite(back).all(axis=-1) == seen).all()
    assert (np.abs(back - values)[seen] <= step_of(values)).all()


def test_reading_value_by_value_gives_the_same():
    rng = np.random.default_rng(3)
    values = np.cumsum(rng.standard_normal((40, 5, 3)), axis=0)
    values[rng.random((40, 5)) < 0.2] = np.nan
    data = encode_chunk({"pose": values}, ["pose"])
    read = decode_chunk(data, [("pose", 3)], 5)["pose"]
    assert np.allclose(read, slowly(data, 5, 3), atol=1e-5, equal_nan=True)


def test_layers_stand_in_the_order_that_is_asked_for():
    rng = np.random.default_rng(4)
    layers = {
        "image": rng.random((7, 3, 2)) * 600,
        "pose": rng.random((7, 3, 3)),
        "spread": rng.random((7, 3, 3)),
    }
    data = encode_chunk(layers, ["pose", "spread", "image"])
    back = decode_chunk(data, [("pose", 3), ("spread", 3), ("image", 2)], 3)
    for name, values in layers.items():
        steps = 4094 if name == "spread" else 65534
        assert (np.abs(back[name] - values) <= step_of(values, steps)).all()


def test_a_coordinate_that_never_changes_is_kept_exactly():
    values = np.full((5, 2, 3), 0.1, np.float32)
    back = decode_chunk(encode_chunk({"pose": values}, ["pose"]), [("pose", 3)], 2)["pose"]
    assert (back == values).all()


def test_a_joint_without_one_coordinate_is_absent_in_all():
    values = np.zeros((2, 2, 3))
    values[1, 0, 2] = np.inf
    back = decode_chunk(encode_chunk({"pose": values}, ["pose"]), [("pose", 3)], 2)["pose"]
    assert np.isnan(back[1, 0]).all()
    assert np.isfinite(back[0]).all()


def test_what_moves_smoothly_takes_less_room_than_single_precision_by_far():
    time = np.arange(2000)[:, None, None] / 100
    values = np.sin(time + np.arange(30)[:, None]) * [1.0, 2.0, 3.0]
    assert len(encode_chunk({"pose": values}, ["pose"])) < values.size * 4 / 2.5


def test_a_missing_layer_is_named():
    with pytest.raises(ValueError, match="no layer 'truth'"):
        encode_chunk({"pose": np.zeros((1, 1, 3))}, ["pose", "truth"])


def test_bytes_of_another_number_of_joints_are_refused():
    data = encode_chunk({"pose": np.zeros((5, 2, 3))}, ["pose"])
    with pytest.raises(ValueError, match="each frame of 7 joints"):
        decode_chunk(data, [("pose", 3)], 7)
