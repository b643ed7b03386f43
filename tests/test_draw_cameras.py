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


def test_pixel_and_point_lie_on_one_line_and_the_image_is_the_right_way_up():
    camera = draw_cameras.a_camera()
    place = draw_cameras.on_plane(camera, camera.project(draw_cameras.POINT)[None])[0]
    ways = np.stack([place - camera.position, draw_cameras.POINT - camera.position])
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    np.testing.assert_allclose(ways[0], ways[1], atol=1e-12)
    first, right, down = draw_cameras.on_plane(camera, np.asarray([[0, 0], [3, 0], [0, 3]]))
    paper = draw_cameras.on_paper([first, right, down])
    assert paper[1, 0] > paper[0, 0]
    assert paper[2, 1] > paper[0, 1]
    assert np.linalg.det(np.stack([paper[1] - paper[0], paper[2] - paper[0]])) > 0
