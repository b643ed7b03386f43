"""The pictures of errors are made, of animals that were not learned from."""

import matplotlib.pyplot as plt

from docs import draw_errors


def test_the_pictures_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr(draw_errors, "IMAGES", tmp_path)
    monkeypatch.setattr(draw_errors, "KNOWN", range(1, 3))
    monkeypatch.setattr(draw_errors, "NEW", range(40, 42))
    monkeypatch.setattr(draw_errors, "FRAMES", 80)
    monkeypatch.setattr(draw_errors, "DPI", 60)
    monkeypatch.setattr(draw_errors, "NETWORK", "ridge")
    assert not set(draw_errors.KNOWN) & set(draw_errors.NEW)
    assert draw_errors.main([]) == 0
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == [f"errors-{name}.png" for name in ("angles", "joints", "time", "trust")]
    for name in made:
        picture = plt.imread(tmp_path / name)[..., :3]
        assert picture.shape[1] > 500
        assert 0.001 < (picture.min(axis=2) < 0.7).mean() < 0.5
