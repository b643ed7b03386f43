"""MATLAB's files as SciPy reads and writes them."""

import random

import numpy as np
import pytest
from scipy.io import savemat

from liftpose.io.decoding.matlab import variables


def cell(*entries):
    found = np.empty((len(entries), 1), dtype=object)
    found[:, 0] = entries
    return found


CONTENT = {
    "numbers": np.arange(12.0).reshape(3, 4),
    "small": np.asarray([[1, 2, 3]], dtype=np.uint8),
    "whole": np.asarray([[1, -200_000]], dtype=np.int32),
    "deep": np.arange(24.0).reshape(2, 3, 4),
    "word": "Camera1",
    "cell": cell("left", np.eye(3), cell(1.0, "x")),
    "struct": {"K": np.eye(3), "name": "a", "a_much_longer_name": 3.0},
    "empty": np.zeros((0, 0)),
}


@pytest.mark.parametrize("packed", [True, False])
def test_variables_are_those_that_were_written(tmp_path, packed):
    path = tmp_path / "a.mat"
    savemat(path, CONTENT, do_compression=packed, long_field_names=True)
    found, names = variables(path.read_bytes(), CONTENT)
    assert names == list(CONTENT)
    for key in ("numbers", "small", "whole", "deep", "empty"):
        np.testing.assert_array_equal(found[key], CONTENT[key])
    assert found["word"] == "Camera1"
    left, eye, (one, x) = found["cell"]
    assert (left, x, one.tolist()) == ("left", "x", [[1.0]])
    np.testing.assert_array_equal(eye, np.eye(3))
    (inside,) = found["struct"]
    assert list(inside) == ["K", "name", "a_much_longer_name"]
    assert inside["name"] == "a"
    np.testing.assert_array_equal(inside["K"], np.eye(3))
    assert list(variables(path.read_bytes(), ["word"])[0]) == ["word"]


@pytest.mark.parametrize("packed", [True, False])
def test_damage_is_an_error_and_nothing_else(tmp_path, packed):
    path = tmp_path / "a.mat"
    savemat(path, CONTENT, do_compression=packed, long_field_names=True)
    whole, rng = path.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(1000):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 2, 5])):
            data[rng.randrange(128, len(data))] = rng.randrange(256)
        try:
            variables(bytes(data[: rng.choice([len(data), rng.randrange(len(data))])]), CONTENT)
        except ValueError as error:
            assert ".mat file" in str(error)  # noqa: PT017
            refused += 1
    assert refused > 300
