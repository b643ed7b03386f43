"""Make every picture of the README, from a demo that is run for them.

Run it from the project folder::

    python -m docs.make_images

With the folder that ``liftpose demo`` has written, it takes that instead.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import av
from PIL import Image

from liftpose.datasets import hexapod
from liftpose.demo import run
from liftpose.files import replacing

IMAGES = Path(__file__).parent / "images"
COPIED = ("pose.png", "errors.png", "error_per_joint.png", "training.png")
WIDTH = 640  # pixels
TINTS, GRAYS = (1.0, 0.65, 0.3), (0, 51, 90, 128, 165, 189, 207, 221, 231, 246, 255)
STEP, SECONDS = 3, 7.0  # every third picture of the first seconds of the film
LARGEST = 950_000  # bytes


def main(argv: list[str]) -> int:
    """Make all pictures."""
    if len(argv) > 1:
        print("python -m docs.make_images [FOLDER], with FOLDER as `liftpose demo` left it")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(argv[0]) if argv else run(out_dir=Path(scratch) / "demo").folder
        IMAGES.mkdir(exist_ok=True)
        for name in COPIED:
            shutil.copyfile(folder / name, IMAGES / name)
        animate(folder / "walk.mp4", IMAGES / "lift.gif")
    return 0


def animate(film: Path, path: Path) -> None:
    """Turn a part of the film into an animated picture that a README shows by itself.

    Its few colours, those of the limbs, paler ones and greys, are shared by all pictures, so that
    what stands still costs nothing.
    """
    with av.open(str(film)) as opened:
        rate = float(opened.streams.video[0].average_rate)
        frames = [
            frame.to_image().resize((WIDTH, WIDTH * frame.height // frame.width), Image.LANCZOS)
            for number, frame in enumerate(opened.decode(video=0))
            if number / rate < SECONDS and number % STEP == 0
        ]
    palette = Image.new("P", (1, 1))
    tints = [
        round(255 - tint * (255 - channel))
        for color in hexapod(frames=1).colors
        for tint in TINTS
        for channel in color
    ]
    palette.putpalette(tints + [gray for gray in GRAYS for _ in range(3)])
    flat = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    with replacing(path) as beside:
        flat[0].save(
            beside, save_all=True, append_images=flat[1:], duration=1000 * STEP / rate, loop=0
        )
        size = beside.stat().st_size
        if size > LARGEST:
            raise ValueError(f"{path} would have {size} bytes; a README's may have {LARGEST}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
