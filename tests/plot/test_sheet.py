"""Sheets: where panels are put."""

import pytest

from liftpose.plot.sheet import WIDTH, Panel, draw_sheet


def test_wide_panels_have_a_row_each_and_narrow_ones_share_rows_of_three():
    order = []
    wide = Panel(lambda ax: order.append(("wide", ax)), height=2)
    narrow = Panel(lambda ax: order.append(("narrow", ax)), height=3, wide=False)
    figure = draw_sheet([wide, narrow, narrow, narrow, narrow, wide])
    assert [len(row.axes) for row in figure.subfigs] == [1, 3, 1, 1]
    assert [name for name, _ in order] == ["wide"] + ["narrow"] * 4 + ["wide"]
    assert figure.get_size_inches().tolist() == [WIDTH, 2 + 3 + 3 + 2]
    figure.draw_without_rendering()
    boxes = [ax.get_window_extent() for _, ax in order]
    assert boxes[1].y0 == pytest.approx(boxes[3].y0, abs=2)
    assert boxes[4].width == pytest.approx(boxes[1].width, rel=0.15)
    assert boxes[0].y0 > boxes[1].y1 > boxes[4].y1 > boxes[5].y1


def test_a_narrow_panel_alone_makes_a_narrow_sheet():
    figure = draw_sheet([Panel(lambda ax: None, wide=False)])
    assert figure.get_size_inches()[0] == pytest.approx(WIDTH / 3)
    with pytest.raises(ValueError, match="no panel"):
        draw_sheet([])
