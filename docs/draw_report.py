"""Take a picture of a report: `docs/images/report.png`.

Needs selenium, and Chromium with its driver. Run it from the project folder::

    python -m docs.draw_report

With the folder that ``liftpose demo`` has written, it takes that instead.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from docs.draw_player import browsing
from liftpose import report_file
from liftpose.demo import run
from liftpose.files import replacing

PICTURE = Path(__file__).parent / "images" / "report.png"
WIDTH, HEIGHT, FRAME = 1280, 840, 900
COLORS, LARGEST = 256, 200_000
# What stands between the headline and the player is left out, and the pose is looked at closely.
CLOSER = """
#good > .advice, #good > .notes, #good > h3, #good > h2, nav { display: none !important; }
body { max-width: 76rem; }
.top { padding-top: 1.1rem; }
.facts { margin: .8rem 0; }
.facts > div { padding: .5rem .8rem .4rem 0; }
#player { height: 33.2rem !important; }
::-webkit-scrollbar { display: none; }
"""
READY = """
const [frame, style, done] = arguments;
const sheet = document.createElement("style");
sheet.textContent = style;
document.head.append(sheet);
const wait = (ms) => new Promise((over) => setTimeout(over, ms));
report.ready.then(async () => {
  const { player } = report;
  player.toggle("spread", true);
  const canvas = document.querySelector(".lp-canvas");
  canvas.focus();
  for (let i = 0; i < 3; i++) {
    canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -260, bubbles: true }));
    await wait(150);
  }
  canvas.blur();
  await player.seek(frame);
  scrollTo(0, 0);
  await wait(600);
  done();
});
"""


def main(argv: list[str]) -> int:
    """Take the picture."""
    if len(argv) > 1:
        print("python -m docs.draw_report [FOLDER], with FOLDER as `liftpose demo` left it")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(argv[0]) if argv else run(out_dir=Path(scratch) / "demo").folder
        page = Path(scratch) / "report.html"
        report_file(folder, page, title="hexapod: 3 new animals in 3D")
        taken = Image.open(io.BytesIO(picture(page, scratch))).convert("RGB")
    small = taken.quantize(COLORS, dither=Image.Dither.NONE)
    with replacing(PICTURE) as beside:
        small.save(beside, format="PNG", optimize=True)
        size = beside.stat().st_size
        if size > LARGEST:
            raise ValueError(f"{PICTURE} would have {size} bytes; it may have {LARGEST}.")
    return 0


def picture(page: Path, folder: str) -> bytes:
    """What a browser shows of a page."""
    with browsing(folder, WIDTH, HEIGHT, 1.0) as driver:
        driver.get(page.as_uri())
        driver.execute_async_script(READY, FRAME, CLOSER)
        return bytes(driver.get_screenshot_as_png())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
