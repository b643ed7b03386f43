"""Damaged files of data sets end in an error that names one, and in nothing else."""

import random
import re
import warnings

import numpy as np
import pytest

from examples.stand_ins import MAKERS, write_labels
from liftpose import datasets
from liftpose.datasets.published.files import table, whole_numbers


@pytest.mark.parametrize("name", MAKERS)
def test_damage_is_an_error_and_nothing_else(name, tmp_path):
    MAKERS[name](tmp_path, 4, np.random.default_rng(0))
    options = {}
    if name == "open_monkey":
        pictures = [f"batch7_00000002{frame}_18000700.jpg" for frame in range(4)]
        write_labels(tmp_path, pictures, [(400, 400)] * 4, np.ones((4, 13, 2)))
        options = {"labelled": True}
    load = getattr(datasets, name)
    whole = load(tmp_path, **options).poses_3d.points
    rng = random.Random(name)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    kinds = {re.sub(r"\d", "", path.name): path for path in files}
    errors = []
    for path in kinds.values():
        good = path.read_bytes()
        for _ in range(25):
            bad = bytearray(good)
            for _ in range(rng.randint(1, 3)):
                bad[rng.randrange(min(len(bad), 3000))] = rng.randrange(256)
            bad = bad[: rng.choice([len(bad), len(bad), rng.randrange(len(bad))])]
            path.write_bytes(bad)
            with warnings.catch_warnings():
                # Numbers that changed may put the 3D elsewhere.
                warnings.filterwarnings("ignore", message=".*lies far from")
                try:
                    assert load(tmp_path, **options).poses_3d.points.shape[1:] == whole.shape[1:]
                except ValueError as error:
                    errors.append(str(error))
        path.write_bytes(good)
    assert len(errors) > 10
    assert all(any(path.name in error for path in files) for error in errors)
    np.testing.assert_array_equal(load(tmp_path, **options).poses_3d.points, whole)


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="'a' holds the number inf"):
        table({"a": np.asarray([1.0, np.inf])}, "a", (2,))
    assert np.isnan(table({"a": np.asarray([1.0, np.nan])}, "a", (2,))[1])
    for number in (0.05, np.nan, 1e15):
        with pytest.raises(ValueError, match="'a' holds the number"):
            whole_numbers({"a": np.asarray([1.0, number * 10])}, "a", (2,))
