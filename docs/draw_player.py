"""Take a picture of the player: `docs/images/player.png`.

Needs selenium, and Chromium with its driver. Run it from the project folder::

    python -m docs.draw_player
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from liftpose import Lifter, Poses, show
from liftpose.datasets import mouse
from liftpose.files import replacing
from liftpose.plot.showing import Shown

PICTURE = Path(__file__).parent / "images" / "player.png"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader")
WIDTH, HEIGHT, FRAME = 1100, 720, 120
READY = """
const [frame, done] = arguments;
const wait = () => window.player ? player.ready.then(begin) : setTimeout(wait, 20);
const begin = async () => {
  player.toggle("spread", true);
  await player.seek(frame);
  setTimeout(done, 500);
};
wait();
"""


def main(argv: list[str]) -> int:
    """Take the picture."""
    if argv:
        print("python -m docs.draw_player takes no arguments")
        return 2
    with tempfile.TemporaryDirectory() as folder, replacing(PICTURE) as beside:
        page = lifted_mouse().save(Path(folder) / "mouse.html")
        beside.write_bytes(picture(page, folder))
    return 0


def lifted_mouse() -> Shown:
    """A mouse that was not learned from, lifted, beside its truth and its keypoints."""
    known = [mouse(frames=300, seed=number, animal=number) for number in range(8)]
    lifter = Lifter(known[0].skeleton, network="kernel").fit(
        {number: one.pose_2d for number, one in enumerate(known)},
        {number: one.poses_3d for number, one in enumerate(known)},
        camera=known[0].cameras[0],
    )
    new = mouse(frames=400, seed=20, animal=20)
    poses = Poses.from_experiments(new.pose_2d, fps=new.fps)
    lifted = lifter.lift(poses, camera=new.cameras[0])
    return show(lifted, poses=poses, truth=Poses.from_experiments(new.poses_3d))


def picture(page: Path, folder: str) -> bytes:
    """What a browser shows of a page."""
    with browsing(folder, WIDTH, HEIGHT, 1.5) as driver:
        driver.get(page.as_uri())
        driver.execute_async_script(READY, FRAME)
        return bytes(driver.get_screenshot_as_png())


@contextmanager
def browsing(folder: str, width: int, height: int, scale: float) -> Iterator[Any]:
    """A browser with a window of some size, which keeps what it needs in a folder."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium") or shutil.which("google-chrome"))
    for flag in (*FLAGS, "--enable-unsafe-swiftshader", f"--user-data-dir={folder}/browser"):
        options.add_argument(flag)
    service = Service(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    try:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver
    finally:
        driver.quit()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
