"""The page of `liftpose view` in a real browser: it plays and scrubs what the file holds."""

import re

import numpy as np
import pytest

from liftpose.io import write_poses
from liftpose.plot.encoding import as_rate, encode
from liftpose.poses import Lifted, Poses
from liftpose.skeleton import Skeleton
from liftpose.view import Asked, open_shown, serve, shown

FRAMES, ROWS = 6000, 256
BODY = Skeleton(
    ["head", "hip", "left_paw", "right_paw"],
    bones=[(0, 1), (1, 2), (1, 3)],
    limbs=[0, 0, 1, 2],
    unit="mm",
)
READY = (
    "while (!document.documentElement.dataset.ready) await new Promise((n) => setTimeout(n, 5));"
)


def walk():
    time = np.arange(FRAMES)[:, None, None] / 40
    still = np.array([[30.0, 0, 25], [0, 0, 20], [-4, 6, 0], [-4, -6, 0]])
    swing = np.array([[1.0, 0, 1], [0, 0, 1], [8, 0, 3], [8, 0, 3]])
    phase = np.array([0, 0, 0, np.pi])[:, None]
    pose = still + swing * np.sin(time + phase)
    pose[1000:1010, 0] = np.nan
    return pose.astype(np.float32)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("view")
    pose = walk()
    wobble = np.random.default_rng(0).normal(0, 1, pose.shape).astype(np.float32)
    wobble[4321] *= 30
    lifted = Lifted(
        pose,
        pose,
        ("one", "two"),
        (4000, 2000),
        joints=BODY.joints,
        fps=50.0,
        unit="mm",
        frame="world",
        spread=np.full(pose.shape, 1.5, np.float32),
        provenance={"skeleton": BODY.as_json},
    )
    truth = Poses.from_experiments(pose + wobble, joints=BODY.joints, unit="mm")
    flat = Poses.from_experiments(pose[..., [0, 2]] + [40, 10], joints=BODY.joints, unit="px")
    shades = [np.full((48, 64, 4), 20 + 20 * number, np.uint8) for number in range(10)]
    encode(folder / "walk.mp4", as_rate(50), shades)
    return {
        "poses": write_poses(lifted, folder / "lifted.h5"),
        "truth": write_poses(truth, folder / "truth.nc"),
        "poses_2d": write_poses(flat, folder / "flat.nc"),
        "video": folder / "walk.mp4",
    }


@pytest.fixture
def page(browser, files, monkeypatch):
    monkeypatch.setattr(shown, "CHUNK", ROWS)
    asked = Asked(files["truth"], files["poses_2d"], files["video"], offset=-5)
    with open_shown(files["poses"], asked) as found, serve(found) as served:
        browser.open(served.url)
        browser.wait(READY)
        yield browser, served


def seen(browser, layer):
    """Positions of a layer, read back from what is drawn."""
    read = browser.run("return player.positions(arguments[0]);", layer)
    values = [read[str(i)] for i in range(len(read))] if isinstance(read, dict) else read
    return np.array([np.nan if v is None else v for v in values], float).reshape(4, -1)


def chunks_of(requests):
    return [int(found[1]) for url in requests if (found := re.search(r"/chunk/(\d+)$", url))]


def test_frames_far_apart_are_those_of_the_file(page, files):
    browser, _ = page
    pose = walk()
    browser.requests()
    for frame in (0, 5999, 1004, 4321, 2049):
        browser.wait("await player.seek(args[0]);", frame)
        assert browser.run("return player.frame;") == frame
        found = seen(browser, "pose")
        np.testing.assert_array_equal(np.isnan(found), np.isnan(pose[frame]))
        np.testing.assert_allclose(found, pose[frame], atol=2e-3)
        assert frame // ROWS in chunks_of(browser.requests()) or frame // ROWS == 0
    np.testing.assert_allclose(seen(browser, "image"), pose[2049][:, [0, 2]] + [40, 10], atol=2e-3)
    browser.run("player.toggle('spread', true);")
    browser.wait("await player.seek(2050);")
    np.testing.assert_allclose(seen(browser, "spread"), 1.5, atol=1e-3)


def test_it_plays_on_across_chunks(page):
    browser, _ = page
    browser.wait("await player.seek(250);")
    browser.run("player.play();")
    browser.wait("while (player.frame < 270) await new Promise((n) => setTimeout(n, 20));")
    browser.run("player.pause();")
    frame = browser.run("return player.frame;")
    browser.wait("await player.seek(args[0]);", frame)
    np.testing.assert_allclose(seen(browser, "pose"), walk()[frame], atol=2e-3)


def test_only_what_is_looked_at_is_asked_for(page):
    browser, _ = page
    browser.wait("await player.seek(4000);")
    browser.wait("await new Promise((n) => setTimeout(n, 400));")
    asked = set(chunks_of(browser.requests()))
    here = 4000 // ROWS
    assert {0, here - 1, here, here + 1} <= asked <= {0, 1, here - 1, here, here + 1, here + 2}


def test_the_time_line_comes_and_marks_the_worst_frame(page):
    browser, _ = page
    browser.wait(
        "while (document.getElementById('status').textContent)"
        " await new Promise((n) => setTimeout(n, 20));"
    )
    labels = browser.run("return document.querySelector('.lp-labels').textContent;")
    assert "error" in labels
    assert "spread" in labels
    browser.wait("await player.seek(4000);")
    browser.run("document.querySelector('[aria-label=\"Next marked frame\"]').click();")
    browser.wait("while (player.frame !== 4321) await new Promise((n) => setTimeout(n, 20));")
    readout = browser.run("return document.querySelector('.lp-readout').textContent;")
    assert "error" in readout
    assert "of 6,000" in readout


def test_the_picture_of_the_video_is_behind_the_2d(page):
    browser, _ = page
    # Until a pixel above the animal is as bright as it has to be, or time runs out.
    shade = """
        await player.seek(args[0]);
        const canvas = document.querySelector(".lp-image canvas");
        let seen = NaN;
        for (let k = 0; k < 500 && !(Math.abs(seen - args[1]) < 8); k++) {
            await new Promise((n) => setTimeout(n, 20));
            const at = [canvas.width >> 1, (canvas.height >> 1) - Math.floor(0.3 * canvas.width)];
            seen = canvas.getContext("2d").getImageData(...at, 1, 1).data[0];
        }
        return seen;
    """
    for row in (5, 12):
        expected = 20 + 20 * (row - 5)
        assert abs(browser.wait(shade, row, expected) - expected) < 8
    assert browser.wait(shade, 100, 255) > 247  # no picture: paper


def test_nothing_is_asked_of_others_and_nothing_goes_wrong(page, tmp_path):
    browser, served = page
    browser.wait("await player.seek(3000); player.play();")
    browser.size(390, 844, phone=True)
    browser.wait("await new Promise((n) => setTimeout(n, 500));")
    browser.run("player.pause();")
    assert browser.errors() == []
    assert browser.requests(served.url) == []
    wide = browser.run("return [document.documentElement.scrollWidth, innerWidth];")
    assert wide[0] <= wide[1]
    assert browser.picture(tmp_path / "phone.png").stat().st_size > 10_000


def test_the_page_says_that_its_server_has_ended(browser, files):
    with open_shown(files["poses"]) as found, serve(found) as served:
        browser.open(served.url)
        browser.wait(READY)
        browser.wait(
            "while (document.getElementById('status').textContent)"
            " await new Promise((n) => setTimeout(n, 20));"
        )
    browser.wait("player.seek(5000); await new Promise((n) => setTimeout(n, 500));")
    assert "liftpose view" in browser.run("return document.getElementById('status').textContent;")
    browser.errors()  # of connections that are refused, as they have to be
