"""Values that are loaded when they are asked for, against arrays and datasets that are there."""

from itertools import permutations

import numpy as np
import pytest
import xarray as xr

from liftpose.poses import Poses
from liftpose.poses.layout import source as layout
from liftpose.poses.layout.source import ALL, of_dataset

DIMS = ("time", "space", "keypoints", "individuals")


def dataset(frames=11):
    rng = np.random.default_rng(0)
    found = Poses.from_experiments(
        {"a": rng.random((frames, 4, 3)), "b": rng.random((frames, 4, 3))},
        individuals=["ann", "bob"],
        confidence={"a": rng.random((frames, 4)), "b": rng.random((frames, 4))},
    )
    return found.to_dataset()


@pytest.mark.parametrize("block", [1, 3, 11, 100])
@pytest.mark.parametrize("rows", [ALL, slice(2, 9), slice(4, 4), slice(7, None)], ids=str)
def test_values_are_in_the_order_that_is_asked_for(block, rows, monkeypatch):
    monkeypatch.setattr(layout, "_BLOCK", block)
    whole = dataset()
    for order in permutations(DIMS):
        found = of_dataset(whole.transpose(*order[::-1])).variables["position"]
        values = found.ordered(order, rows)
        np.testing.assert_array_equal(values, whole.position.isel(time=rows).transpose(*order))
        assert values.flags.c_contiguous


def test_values_without_time_are_in_order_too(monkeypatch):
    monkeypatch.setattr(layout, "_BLOCK", 1)
    whole = dataset()
    whole["rest"] = whole.position.isel(time=0, drop=True)
    found = of_dataset(whole).variables["rest"].ordered(DIMS[:0:-1])
    np.testing.assert_array_equal(found, whole.rest.values.T)


def test_no_more_than_a_block_is_loaded_at_once(monkeypatch):
    monkeypatch.setattr(layout, "_BLOCK", 4)
    found, seen = of_dataset(dataset()).variables["position"], []

    def after(values):
        seen.append(len(values))
        return values

    found.turned(found.dims, found.shape, after).ordered(DIMS[::-1])
    assert seen == [4, 4, 3]


def test_a_part_of_a_part_is_that_of_the_dataset():
    whole = dataset()
    cut, wanted = of_dataset(whole).part(2, 9).part(1, 20), whole.isel(time=slice(3, 9))
    assert cut.sizes["time"] == 6
    for name in ("position", "confidence"):
        one = cut.variables[name]
        assert one.shape == wanted[name].shape
        np.testing.assert_array_equal(one.load(ALL), wanted[name])
        np.testing.assert_array_equal(one.load(slice(2, 4)), wanted[name][2:4])
    assert cut.coords["keypoints"].texts().tolist() == wanted.keypoints.values.tolist()


def test_names_of_dimensions_are_changed_everywhere():
    whole = dataset()
    found = of_dataset(whole).renamed({"keypoints": "keypoint"})
    wanted = whole.rename(keypoints="keypoint")
    assert found.variables["position"].dims == wanted.position.dims
    assert set(found.coords) == set(wanted.coords)
    assert found.sizes == dict(wanted.sizes)


def test_something_else_is_no_dataset():
    with pytest.raises(TypeError, match=r"expected an xarray\.Dataset, got DataArray"):
        of_dataset(xr.DataArray([1.0]))
