"""Take a picture of the player: `docs/images/player.png`.

Needs selenium, and Chromium with its driver. Run it from the project folder::

    python -m docs.draw_player
"""

import shutil
import sys
import tempfile
from pathlib import Path

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
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium") or shutil.which("google-chrome"))
    for flag in (*FLAGS, "--enable-unsafe-swiftshader", f"--user-data-dir={folder}/browser"):
        options.add_argument(flag)
    service = Service(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1.5, "mobile": False}
    try:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(page.as_uri())
        driver.execute_async_script(READY, FRAME)
        return bytes(driver.get_screenshot_as_png())
    finally:
        driver.quit()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
