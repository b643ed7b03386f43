"""Products are the same in either library."""

import numpy as np
import pytest
import torch

from liftpose.lifter.products import SMALL, SMALL_OF_MATRICES, product


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((3, 4), (4, 5)),
        ((4,), (4, 5)),
        ((3, 4), (4,)),
        ((200, 300), (300,)),
        ((300,), (300, 200)),
        ((1, 300), (300, 200)),
        ((70, 70), (70, 70)),
        ((0, 4), (4, 3)),
    ],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_product_is_that_of_its_definition(one, other, kind):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=one).astype(kind), rng.normal(size=other[::-1]).astype(kind).T
    found = product(first, second)
    assert found.dtype == kind
    expected = np.tensordot(first.astype(float), second.astype(float), 1)
    np.testing.assert_allclose(found, expected, atol=1e-3 if kind == np.float32 else 1e-10)


def test_large_products_are_left_to_pytorch(monkeypatch):
    asked = []

    def counted(one, other, real=torch.matmul):
        asked.append((tuple(one.shape), tuple(other.shape)))
        return real(one, other)

    monkeypatch.setattr(torch, "matmul", counted)
    row, side = np.ones(SMALL), round(SMALL_OF_MATRICES ** (1 / 3))
    product(row, row)
    product(np.ones((side - 1, side)), np.ones((side, side)))
    assert asked == []
    product(row, np.ones((SMALL, 2)))
    product(np.ones((side + 1, side)), np.ones((side, side)))
    assert asked == [((SMALL,), (SMALL, 2)), ((side + 1, side), (side, side))]
