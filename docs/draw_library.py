"""Draw the report of a library, `docs/images/library.png`, as building one draws it.

Run it from the project folder::

    python -m docs.draw_library
"""

import sys
import tempfile
from pathlib import Path

from liftpose import Poses, write_poses
from liftpose.datasets import mouse
from liftpose.io import write_calibration
from liftpose.library import build_library_file

PICTURE = Path(__file__).parent / "images" / "library.png"
FRAMES = 1000


def main(argv: list[str]) -> int:
    """Draw the picture."""
    if argv:
        print("python -m docs.draw_library takes no arguments")
        return 2
    animal = mouse(frames=FRAMES, seed=1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        cameras = {camera.name: camera for camera in animal.cameras}
        calibration = write_calibration(cameras, folder / "calib.toml")
        files = []
        for number, name in enumerate(cameras):
            seen = Poses.from_experiments(
                animal.points_2d[number],
                confidence=animal.confidence[number],
                joints=animal.joints,
                fps=animal.fps,
            )
            files.append(write_poses(seen, folder / f"walk_{name}.nc"))
        found = build_library_file(
            calibration,
            files,
            folder / "mouse.library",
            figure=PICTURE,
            unit="mm",
            skeleton=animal.skeleton,
            max_offset=20,
            overwrite=True,
        )
    print(found.report)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
