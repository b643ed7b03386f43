"""The picture of the films is made by the code."""

import numpy as np
from PIL import Image

from docs import draw_films


def test_the_picture_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(draw_films, "PICTURE", tmp_path / "film.png")
    monkeypatch.setattr(draw_films, "LEARNED", 1)
    monkeypatch.setattr(draw_films, "MOMENT", 2)
    assert draw_films.main([]) == 0
    with Image.open(tmp_path / "film.png") as picture:
        assert picture.size == (1200, 600)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    for half in (pixels[:, :600], pixels[:, 600:]):
        assert (half.max(axis=2) - half.min(axis=2) > 100).sum() > 500
    assert draw_films.main(["more"]) == 2
