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
RED, GREEN, BLUE, GRAY, INK = "#c0392b", "#27864a", "#2463a8", "#6f6f6f", "#1d1d1d"
AXES = dict(zip("xyz", (RED, GREEN, BLUE), strict=True))
WIDTH, HEIGHT = 12, 9  # pixels, few enough to be seen one by one
FOCAL = 12.5  # pixels
POINT = np.asarray([1.0, -0.5, 1.8])  # in the world
PLANE = 2.0  # depth at which the image is drawn before the camera
GROUND = 1.6  # half the side of the grid under the world


def main(argv: list[str]) -> int:
    """Draw the picture."""
    if argv:
        print("python -m docs.draw_cameras takes no arguments")
        return 2
    camera = a_camera()
    figure = plt.figure(figsize=(11.6, 4.7), dpi=130)
    scene(figure.add_axes((0.005, 0.04, 0.61, 0.80)), camera)
    image(figure.add_axes((0.655, 0.135, 0.325, 0.65)), camera)
    title(figure, 0.025, "From the world to the camera", r"$x_c = R\,x_w + t$")
    words = r"$u = f_x\,x_c/z_c + c_x$      $v = f_y\,y_c/z_c + c_y$"
    title(figure, 0.655, "From the camera to pixels", words)
    figure.text(0.655, 0.82, "where the lens bends nothing", fontsize=10, va="center", color=GRAY)
    with replacing(PICTURE) as beside:
        figure.savefig(beside)
    plt.close(figure)
    return 0


def title(figure: Any, left: float, words: str, formula: str) -> None:
    """Write what a half of the picture shows, and the formula of it."""
    figure.text(left, 0.955, words, fontsize=12.5, va="center", color=INK, weight="bold")
    figure.text(left, 0.88, formula, fontsize=13, va="center", color=INK)


def looking(position: Any, at: Any) -> tuple[Any, Any]:
    """Rotation and translation of a camera that stands somewhere and looks at something."""
    position, at = np.asarray(position, np.float64), np.asarray(at, np.float64)
    forward = (at - position) / np.linalg.norm(at - position)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    return R, -R @ position


def a_camera() -> Camera:
    """Make the camera of the picture, which looks down at the world."""
    K = [[FOCAL, 0, (WIDTH - 1) / 2], [0, FOCAL, (HEIGHT - 1) / 2], [0, 0, 1]]
    return Camera(K, *looking([-4.2, -3.6, 2.0], [0.2, 0.0, 0.75]), size=(WIDTH, HEIGHT))


def on_paper(points: Any) -> Any:
    """Show points of the scene as a second camera sees them, from behind the first."""
    K = [[1600.0, 0, 0], [0, 1600.0, 0], [0, 0, 1]]
    return Camera(K, *looking([-1.6, -16.0, 6.8], [-0.6, -1.6, 0.9])).project(
        np.asarray(points, dtype=np.float64)
    )


def on_plane(camera: Camera, pixels: Any, depth: float = PLANE) -> Any:
    """Place pixels in the world, on the image plane that is drawn before the camera."""
    rays = camera.rays(pixels)
    return camera.camera_to_world(depth * np.column_stack([rays, np.ones(len(rays))]))


def scene(axes: Axes, camera: Camera) -> None:
    """Draw the world, the camera and its image plane."""
    for number in np.linspace(-GROUND, GROUND, 9):
        for line in ([[number, -GROUND], [number, GROUND]], [[-GROUND, number], [GROUND, number]]):
            axes.plot(*on_paper(np.pad(line, ((0, 0), (0, 1)))).T, color="#e3e3e3", lw=0.8)
    for name, color in AXES.items():
        arrow(axes, np.zeros(3), np.eye(3)["xyz".index(name)] * 1.05, color, f"${name}$")
    frustum(axes, camera)
    for name, color in AXES.items():
        # The line of sight goes on beyond the image, so that its name has room.
        length = PLANE * 1.62 if name == "z" else 0.85
        tip = camera.camera_to_world(np.eye(3)["xyz".index(name)] * length)
        arrow(axes, camera.position, tip, color, f"${name}_c$")
    seen = on_plane(camera, camera.project(POINT)[None])[0]
    axes.plot(*on_paper([camera.position, POINT]).T, color=INK, lw=1.1, ls=(0, (5, 3)))
    axes.plot(*on_paper([POINT, POINT * [1, 1, 0]]).T, color=GRAY, lw=0.8, ls=":")
    axes.plot(*on_paper(seen), "o", mfc="white", color=INK, ms=6.5)
    axes.plot(*on_paper(POINT), "o", color=INK, ms=7)
    note(axes, seen, "$(u, v)$", (-6, 9), ha="right")
    note(axes, POINT, r"the point, $x_w$", (-4, 11), ha="center")
    note(axes, np.zeros(3), "world", (-9, -5), ha="right")
    note(axes, camera.position, "camera, at $-R^{T} t$", (16, -66))
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.margins(0.04)
    axes.axis("off")


def frustum(axes: Axes, camera: Camera) -> None:
    """Draw what the camera sees, and where its image and the axes of that lie."""
    edge = np.asarray([[-0.5, -0.5], [WIDTH - 0.5, -0.5], [WIDTH - 0.5, HEIGHT - 0.5],
                       [-0.5, HEIGHT - 0.5], [-0.5, -0.5]])  # fmt: skip
    plane = on_plane(camera, edge)
    axes.fill(*on_paper(plane).T, color=BLUE, alpha=0.09, lw=0)
    axes.plot(*on_paper(plane).T, color=GRAY, lw=1.2)
    for corner in plane[:4]:
        axes.plot(*on_paper([camera.position, corner]).T, color=GRAY, lw=0.7)
    first = on_plane(camera, np.asarray([[0.0, 0.0], [3.4, 0.0], [0.0, 2.9]]))
    arrow(axes, first[0], first[1], RED, "$u$", width=1.6)
    # At its tip the line to the point would cross the name.
    arrow(axes, first[0], first[2], GREEN, "$v$", width=1.6, beside=-1)
    axes.plot(*on_paper(first[0]), "o", color=INK, ms=4.5)
    note(axes, first[0], "pixel (0, 0)", (-6, 9), ha="right")


def image(axes: Axes, camera: Camera) -> None:
    """Draw the pixels of the image, and where its axes begin."""
    for column in range(1, WIDTH):
        axes.axvline(column - 0.5, color="#dddddd", lw=0.7)
    for row in range(1, HEIGHT):
        axes.axhline(row - 0.5, color="#dddddd", lw=0.7)
    axes.set_facecolor("#f4f7fb")
    for tip, color, name in (((3.4, 0), RED, "$u$, right"), ((0, 3.4), GREEN, "$v$, down")):
        axes.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": color, "lw": 2.0})
        x, y = (3.5, 0.0) if tip[0] else (0.3, 3.3)
        axes.text(x, y, name, color=color, fontsize=11.5, va="center")
    axes.plot(0, 0, "o", color=INK, ms=5.5, zorder=5)
    axes.annotate(
        "(0, 0): the centre of\nthe top-left pixel", (0, 0), (1.1, 1.55), fontsize=10, color=INK,
        va="center", arrowprops={"arrowstyle": "-", "lw": 0.8, "color": INK, "shrinkB": 5},
    )  # fmt: skip
    cx, cy = camera.K[0, 2], camera.K[1, 2]
    axes.plot(cx, cy, "+", color=BLUE, ms=12, mew=1.8)
    axes.text(cx, cy + 0.45, "principal point\n$(c_x, c_y)$, on $z_c$", color=BLUE, fontsize=10,
              va="top", ha="center")  # fmt: skip
    u, v = camera.project(POINT)
    axes.plot(u, v, "o", mfc="white", color=INK, ms=8)
    axes.text(u + 0.4, v - 0.35, "$(u, v)$", fontsize=12, color=INK)
    axes.set(xlim=(-0.5, WIDTH - 0.5), ylim=(HEIGHT - 0.5, -0.5), aspect="equal")
    axes.set_xticks([-0.5, 0, WIDTH - 1, WIDTH - 0.5], ["", "0", "11", ""])
    axes.set_yticks([-0.5, 0, HEIGHT - 1, HEIGHT - 0.5], ["", "0", "8", ""])
    axes.tick_params(labelsize=9, colors=GRAY, length=3)
    for side in axes.spines.values():
        side.set(color=GRAY, linewidth=1.2)
    axes.set_xlabel(f"an image of {WIDTH} x {HEIGHT} pixels", fontsize=10, color=GRAY)


def arrow(
    axes: Axes, start: Any, tip: Any, color: str, name: str, *, width: float = 2.2, beside: int = 0
) -> None:
    """Draw an arrow of the scene with its name at its tip, or to a side (-1 left, 1 right)."""
    begin, end = on_paper([start, tip])
    style = {"arrowstyle": "-|>", "color": color, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, begin, arrowprops=style)
    away = (end - begin) / np.linalg.norm(end - begin)
    x, y = (begin + 2 * end) / 3 + [17 * beside, 0] if beside else end + 17 * away
    axes.text(x, y, name, color=color, fontsize=13, ha="center", va="center")
    # Arrows count for nothing when the limits of the axes are found.
    axes.plot(*(end + 22 * away), alpha=0.0, marker=".")


def note(axes: Axes, point: Any, words: str, offset: tuple[float, float], ha: str = "left") -> None:
    """Write words beside a point of the scene."""
    axes.annotate(
        words, on_paper(point), xytext=offset, textcoords="offset points", fontsize=11, ha=ha,
        color=INK,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
