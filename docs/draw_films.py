"""Make the picture of `films.md`: a moment of a film of a simulated rat, by a lifter of other rats.

Run it from the project folder::

    python -m docs.draw_films
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

from liftpose import Lifter, Poses, write_calibration, write_poses
from liftpose.datasets import quadruped
from liftpose.files import replacing
from liftpose.filming import FilmOptions, film_file
from liftpose.plot.footage import Footage

PICTURE = Path(__file__).parent / "images" / "film.png"
LEARNED, FRAMES, MOMENT = 8, 300, 56  # rats, frames of each, and the picture of the film
WIDTH = 1200  # pixels


def main(argv: list[str]) -> int:
    """Make the picture."""
    if argv:
        print("python -m docs.draw_films")
        return 2
    with tempfile.TemporaryDirectory() as scratch, Footage(a_film(Path(scratch))) as film:
        picture = film.picture(MOMENT)
    shown = Image.fromarray(picture)
    small = shown.resize((WIDTH, WIDTH * shown.height // shown.width), Image.Resampling.LANCZOS)
    with replacing(PICTURE) as beside:
        small.save(beside, optimize=True)
    return 0


def a_film(folder: Path) -> Path:
    """Lift a rat that the lifter never saw, and film it with all that can be shown without video.

    Parameters
    ----------
    folder : pathlib.Path
        For everything that is written.

    Returns
    -------
    pathlib.Path
        The film.
    """
    rats = {str(n): quadruped(frames=FRAMES, seed=n, animal=n) for n in range(3, 3 + LEARNED)}
    new = quadruped(frames=FRAMES, seed=2, animal=2)
    lifter = Lifter(new.skeleton, network="ridge").fit(
        {name: rat.pose_2d for name, rat in rats.items()},
        {name: rat.poses_3d for name, rat in rats.items()},
        camera=new.cameras[0],
    )
    told = {"joints": new.joints, "fps": new.fps}
    flat = Poses.from_experiments({"rat 2": new.pose_2d}, **told)
    deep = Poses.from_experiments({"rat 2": new.poses_3d}, unit=new.unit, frame="world", **told)
    lifted = lifter.lift(flat, camera=new.cameras[0])
    for poses, name in ((flat, "flat.nc"), (deep, "deep.nc"), (lifted, "lifted.nc")):
        write_poses(poses, folder / name)
    write_calibration({"front": new.cameras[0]}, folder / "rig.toml")
    film = film_file(
        folder / "lifted.nc",
        folder / "film.mp4",
        poses_2d=folder / "flat.nc",
        truth=folder / "deep.nc",
        calibration=folder / "rig.toml",
        options=FilmOptions(trail=25, spread=True, last=4 * MOMENT + 8),
    )
    return film.path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
