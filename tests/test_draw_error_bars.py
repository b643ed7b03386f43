"""The drawing of error bars is made, of animals that were not learned from."""

import matplotlib as mpl
import matplotlib.pyplot as plt

from docs import draw_error_bars


def test_the_drawing_is_made(tmp_path, monkeypatch):
    mpl.use("Agg")
    monkeypatch.setattr(draw_error_bars, "PICTURE", tmp_path / "bars.png")
    monkeypatch.setattr(draw_error_bars, "KNOWN", range(1, 4))
    monkeypatch.setattr(draw_error_bars, "NEW", range(40, 42))
    assert not set(draw_error_bars.KNOWN) & set(draw_error_bars.NEW)
    assert draw_error_bars.main([]) == 0
    plt.close("all")
    assert plt.imread(tmp_path / "bars.png").shape[1] > 1000
