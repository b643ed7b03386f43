"""The drawing of the conventions is made by the code, and shows what it says."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from docs import draw_cameras


def test_the_drawing_is_made(tmp_path, monkeypatch):
    mpl.use("Agg")
    monkeypatch.setattr(draw_cameras, "PICTURE", tmp_path / "cameras.png")
    assert draw_cameras.main([]) == 0
    plt.close("all")
    picture = plt.imread(tmp_path / "cameras.png")
    assert picture.shape[1] > 1000
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 50


def test_the_point_is_where_the_drawing_says():
    camera = draw_cameras.a_camera()
    u, v = camera.project(draw_cameras.POINT)
    assert 0 < u < draw_cameras.WIDTH - 1
    assert 0 < v < draw_cameras.HEIGHT - 1
    corner = draw_cameras.on_plane(camera, np.asarray([[0.0, 0.0]]))
    np.testing.assert_allclose(camera.project(corner), [[0, 0]], atol=1e-9)
