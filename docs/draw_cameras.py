"""Draw the conventions of cameras: `docs/images/cameras.png`, by the code that they are of.

Run it from the project folder::

    python -m docs.draw_cameras
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from liftpose import Camera
from liftpose.files import replacing

PICTURE = Path(__file__).parent / "images" / "cameras.png"
RED, GREEN, BLUE, GRAY = "#c0392b", "#27864a", "#2463a8", "#777777"
AXES = dict(zip("xyz", (RED, GREEN, BLUE), strict=True))
WIDTH, HEIGHT = 12, 9  # pixels, few enough to be seen one by one
FOCAL = 15.0  # pixels
POINT = np.asarray([1.05, -0.5, 1.2])  # in the world


def main(argv: list[str]) -> int:
    """Draw the picture."""
    if argv:
        print("python -m docs.draw_cameras takes no arguments")
        return 2
    camera = a_camera()
    figure = plt.figure(figsize=(10.5, 4.6), dpi=110)
    scene(figure.add_axes((0.02, 0.03, 0.56, 0.8)), camera)
    image(figure.add_axes((0.62, 0.16, 0.36, 0.68)), camera)
    figure.text(0.03, 0.93, r"$x_c = R\,x_w + t$", fontsize=15, va="top")
    words = "camera frame: x right, y down, z forward"
    figure.text(0.22, 0.915, words, fontsize=10, va="top", color=GRAY)
    with replacing(PICTURE) as beside:
        figure.savefig(beside)
    return 0


def a_camera() -> Camera:
    """Make a camera that looks down at the origin of the world."""
    position = np.asarray([1.2, -4.6, 2.4])
    forward = (np.asarray([0.3, 0.0, 0.3]) - position) / np.linalg.norm(position)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    K = [[FOCAL, 0, (WIDTH - 1) / 2], [0, FOCAL, (HEIGHT - 1) / 2], [0, 0, 1]]
    return Camera(K, R, -R @ position, size=(WIDTH, HEIGHT), name="left")


def on_paper(points: Any) -> Any:
    """Show points of the scene as a second camera sees them."""
    position = np.asarray([14.0, -8.5, 7.0])
    forward = np.asarray([0.6, -2.0, 1.2]) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    K = [[1600.0, 0, 0], [0, 1600.0, 0], [0, 0, 1]]
    return Camera(K, R, -R @ position).project(np.asarray(points, dtype=np.float64))


def scene(axes: Axes, camera: Camera) -> None:
    """Draw the world, the camera and its image plane."""
    for name, color in AXES.items():
        tip = np.eye(3)["xyz".index(name)] * 1.3
        arrow(axes, np.zeros(3), tip, color, f"${name}$")
        tip = camera.camera_to_world(np.eye(3)["xyz".index(name)] * 0.9)
        arrow(axes, camera.position, tip, color, f"${name}_c$")
    corners = np.asarray([[-0.5, -0.5], [WIDTH - 0.5, -0.5], [WIDTH - 0.5, HEIGHT - 0.5],
                          [-0.5, HEIGHT - 0.5], [-0.5, -0.5]])  # fmt: skip
    plane = on_plane(camera, corners)
    axes.fill(*on_paper(plane).T, color="#2463a8", alpha=0.10, lw=0)
    axes.plot(*on_paper(plane).T, color=GRAY, lw=1.2)
    for corner in plane[:4]:
        axes.plot(*on_paper([camera.position, corner]).T, color=GRAY, lw=0.7)
    first = on_plane(camera, np.asarray([[0.0, 0.0]]))[0]
    axes.plot(*on_paper(first), "o", color="black", ms=4)
    note(axes, first, "pixel (0, 0)", (-8, 10), ha="right")
    axes.plot(*on_paper([camera.position, POINT]).T, color="black", lw=1.0, ls=(0, (5, 3)))
    seen = on_plane(camera, camera.project(POINT)[None])[0]
    axes.plot(*on_paper(seen), "o", mfc="white", color="black", ms=5)
    axes.plot(*on_paper(POINT), "o", color="black", ms=6)
    note(axes, POINT, r"$x_w$", (8, 2))
    note(axes, np.zeros(3), "world", (-10, -14), ha="center")
    note(axes, camera.position, "camera,\nat $-R^T t$", (-16, -6), ha="right")
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.margins(0.07)
    axes.axis("off")


def on_plane(camera: Camera, pixels: Any, depth: float = 1.7) -> Any:
    """Place pixels in the world, on the image plane that is drawn before the camera."""
    rays = camera.rays(pixels)
    return camera.camera_to_world(depth * np.column_stack([rays, np.ones(len(rays))]))


def image(axes: Axes, camera: Camera) -> None:
    """Draw the pixels of the image, and where its axes begin."""
    for column in range(WIDTH + 1):
        axes.axvline(column - 0.5, color="#dddddd", lw=0.7)
    for row in range(HEIGHT + 1):
        axes.axhline(row - 0.5, color="#dddddd", lw=0.7)
    axes.plot(0, 0, "o", color="black", ms=5, clip_on=False)
    axes.annotate(
        "(0, 0): centre of the\ntop-left pixel", (0, 0), (0.7, 1.9), fontsize=9,
        arrowprops={"arrowstyle": "-", "lw": 0.7},
    )  # fmt: skip
    cx, cy = camera.K[0, 2], camera.K[1, 2]
    axes.plot(cx, cy, "+", color=GRAY, ms=10)
    axes.annotate("principal point\n(cx, cy)", (cx, cy), (cx + 0.6, cy + 1.6), fontsize=9)
    axes.plot(*camera.project(POINT), "o", mfc="white", color="black", ms=7)
    axes.annotate("$(u, v)$", camera.project(POINT), xytext=(8, 6), textcoords="offset points")
    for tip, color, name in (((2.6, 0), RED, "u, right"), ((0, 2.6), GREEN, "v, down")):
        axes.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": color, "lw": 1.8})
        x, y = (2.75, -0.05) if tip[0] else (0.15, 2.95)
        axes.text(x, y, name, color=color, fontsize=10, va="center")
    axes.set(xlim=(-0.5, WIDTH - 0.5), ylim=(HEIGHT - 0.5, -0.5), aspect="equal")
    axes.set_title(f"the image, {WIDTH} x {HEIGHT} pixels", fontsize=10, color=GRAY)
    axes.set_xticks([-0.5, 0, WIDTH - 1, WIDTH - 0.5], ["", "0", "11", ""])
    axes.set_yticks([-0.5, 0, HEIGHT - 1, HEIGHT - 0.5], ["", "0", "8", ""])
    axes.tick_params(labelsize=8, colors=GRAY)


def arrow(axes: Axes, start: Any, tip: Any, color: str, name: str) -> None:
    """Draw an arrow of the scene with its name at its tip."""
    begin, end = on_paper([start, tip])
    axes.annotate("", end, begin, arrowprops={"arrowstyle": "-|>", "color": color, "lw": 2.0})
    away = (end - begin) / np.linalg.norm(end - begin)
    x, y = end + 16 * away
    axes.text(x, y, name, color=color, fontsize=12, ha="center", va="center")
    # Arrows count for nothing when the limits of the axes are found.
    axes.plot(*(end + 20 * away), alpha=0.0, marker=".")


def note(axes: Axes, point: Any, words: str, offset: tuple[float, float], ha: str = "left") -> None:
    """Write words beside a point of the scene."""
    axes.annotate(
        words, on_paper(point), xytext=offset, textcoords="offset points", fontsize=10, ha=ha
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
