"""The picture of novelty shows what it says."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from docs import draw_novelty


def test_the_picture_is_made_and_the_mistake_stands_out(tmp_path, monkeypatch):
    mpl.use("Agg")
    monkeypatch.setattr(draw_novelty, "PICTURE", tmp_path / "novelty.png")
    clean, wrong = draw_novelty.novelties()
    monkeypatch.setattr(draw_novelty, "novelties", lambda: (clean, wrong))
    assert draw_novelty.main([]) == 0
    plt.close("all")
    assert plt.imread(tmp_path / "novelty.png").shape[1] > 1000
    apart = np.delete(np.arange(draw_novelty.FRAMES), draw_novelty.WRONG)
    np.testing.assert_allclose(clean[apart], wrong[apart], atol=1e-2)
    assert np.median(wrong[draw_novelty.WRONG]) > draw_novelty.UNUSUAL
    assert np.median(clean[draw_novelty.WRONG]) < 90
