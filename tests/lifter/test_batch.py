"""The order of memory that batches are worked on in, and whether they have gaps."""

import pytest
import torch

from liftpose.lifter.batch import frames_last, is_complete


def test_each_coordinate_of_a_joint_is_one_run_of_memory() -> None:
    points = torch.arange(60.0).reshape(5, 4, 3)
    laid = frames_last(points)
    assert laid.is_contiguous()
    for joint in range(4):
        for coordinate in range(3):
            torch.testing.assert_close(laid[joint, coordinate], points[:, joint, coordinate])


def test_what_lies_so_already_is_not_copied() -> None:
    points = frames_last(torch.rand(5, 4, 3)).permute(2, 0, 1) * 2.0
    assert frames_last(points).data_ptr() == points.data_ptr()


@pytest.mark.parametrize("hole", [torch.nan, torch.inf, -torch.inf])
def test_one_hole_anywhere_is_found(hole: float) -> None:
    points = torch.rand(7, 5, 3, dtype=torch.float64) - 0.5
    assert is_complete(points)
    for place in range(0, points.numel(), 13):
        holed = points.clone()
        holed.view(-1)[place] = hole
        assert not is_complete(holed)


def test_infinities_do_not_cancel_and_nothing_is_complete() -> None:
    assert not is_complete(torch.tensor([torch.inf, -torch.inf]))
    assert is_complete(torch.empty(0, 4, 3))
