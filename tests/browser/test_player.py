"""The player in a real browser: what it shows is what the file holds."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from liftpose.datasets import hexapod
from liftpose.plot.chunks import decode_chunk
from liftpose.plot.embedding import inline_player, player_page
from liftpose.plot.limbs import Limbs
from liftpose.plot.track import LAYERS, Track, chunks, header, thinned

CHUNK = 64
WINDOW = (700, 520, 0.5)  # coarse: it is the processor that draws here
FRAMES = 200
READY = "while (!window.player) await new Promise((r) => setTimeout(r, 20)); await player.ready;"
RESET = (
    "player.pause(); scrollTo(0, 0); document.activeElement.blur();"
    "const on = {truth: true, ghost: false, trails: false};"
    "Object.assign(on, {spread: false, image: true, help: false});"
    "for (const [name, value] of Object.entries(on)) player.toggle(name, value);"
    "document.querySelector('.lp select').value = '1';"
    "document.querySelector('.lp select').dispatchEvent(new Event('change'));"
    "player.view('home'); await player.seek(0);"
)
KEY = (
    "document.querySelector('.lp-canvas').dispatchEvent("
    "new KeyboardEvent('keydown', {key: args[0], shiftKey: !!args[1], bubbles: true}));"
)


def simulated() -> Track:
    of = hexapod(frames=FRAMES, seed=1)
    rng = np.random.default_rng(0)
    truth = of.poses_3d
    pose = truth + 0.1 * rng.standard_normal(truth.shape)
    pose[70:75, 3] = np.nan
    error = np.nanmean(np.linalg.norm(pose - truth, axis=2), axis=1)
    return Track(
        {
            "pose": pose,
            "truth": truth,
            "spread": rng.uniform(0.05, 0.2, truth.shape),
            "image": of.pose_2d,
            "reprojected": of.pose_2d + 2,
        },
        of.joints,
        Limbs.of(of.skeleton),
        unit=of.unit,
        fps=of.fps,
        recordings=(("first", 0, 90), ("second", 90, FRAMES - 90)),
        lines={"error": ("error", of.unit, error)},
        marks=((40, "worst"), (150, "second worst")),
        title="a walk",
        bar=2.0,
    )


@pytest.fixture(scope="module")
def track():
    return simulated()


@pytest.fixture(scope="module")
def held(track):
    """What the page's chunks hold, after their quantisation."""
    layers = [(name, LAYERS[name]) for name in track.order]
    read = [decode_chunk(data, layers, len(track.joints)) for data in chunks(track, CHUNK)]
    return {name: np.concatenate([part[name] for part in read]) for name in track.order}


@pytest.fixture(scope="module")
def page(track, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "walk.html"
    path.write_text(player_page(track, chunk=CHUNK), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, page):
    """The page as it is at first; it is opened once for the tests that follow each other."""
    if browser.driver.current_url != page.as_uri():
        browser.open(page, *WINDOW)
        browser.media(prefers_reduced_motion="reduce")
        browser.run("location.reload()")
        browser.wait(READY)
    browser.wait(RESET)
    yield browser
    assert browser.errors() == []
    assert browser.requests() == []


def shown(browser, layer):
    values = browser.run(
        "const p = player.positions(args = arguments[0]); return p && [...p];", layer
    )
    return None if values is None else np.array([np.nan if v is None else v for v in values], float)


def look(browser):
    """Colours of the scene, (height, width, 3), read from its canvas."""
    data = browser.wait(
        "await new Promise((r) => setTimeout(r, 100));"
        "const from = document.querySelector('.lp-canvas');"
        "const to = document.createElement('canvas'); to.width = 90; to.height = 60;"
        "to.getContext('2d').drawImage(from, 0, 0, 90, 60);"
        "return [...to.getContext('2d').getImageData(0, 0, 90, 60).data];"
    )
    return np.array(data).reshape(60, 90, 4)[..., :3]


def test_positions_in_the_scene_are_those_of_the_file(opened, track, held):
    opened.run("player.toggle('spread', true);")
    for frame in (0, 63, 64, 72, 149, FRAMES - 1):
        opened.wait("await player.seek(args[0]);", frame)
        assert opened.run("return player.frame") == frame
        for layer in track.order:
            wide = LAYERS[layer]
            got = shown(opened, layer).reshape(-1, wide)
            want = held[layer][frame]
            if layer == "spread":
                want = np.where(np.isfinite(held["pose"][frame]), want, np.nan)
            assert np.allclose(got, want, atol=1e-4 * np.nanmax(np.abs(want)), equal_nan=True)
            assert np.allclose(
                want, np.where(np.isnan(want), np.nan, track.layers[layer][frame]),
                atol=1e-3 * np.nanmax(np.abs(want)), equal_nan=True,
            )  # fmt: skip


def test_playing_advances_and_pausing_stops(opened):
    seen = opened.wait(
        "await player.seek(0); const seen = []; player.on('frame', (n) => seen.push(n));"
        "player.play();"
        "while (seen.length < 5) await new Promise((r) => setTimeout(r, 20));"
        "player.pause(); await new Promise((r) => setTimeout(r, 100));"
        "const stopped = player.frame; await new Promise((r) => setTimeout(r, 200));"
        "return [seen, stopped, player.frame, player.playing];"
    )
    frames, stopped, after, playing = seen
    assert (np.diff(frames) >= 0).all()
    assert len(set(frames)) >= 5
    assert stopped == after
    assert playing is False


def test_toggles_change_what_is_in_the_scene(opened):
    opened.wait("await player.seek(20);")
    plain = look(opened)
    assert shown(opened, "truth") is not None
    opened.run("player.toggle('truth');")
    assert opened.until(None, "return player.positions('truth') && true;") is None
    for name in ("truth", "ghost", "trails", "spread"):
        for other in ("truth", "ghost", "trails", "spread"):
            opened.run("player.toggle(arguments[0], arguments[1]);", other, other == name)
        drawn = look(opened)
        opened.run("player.toggle(arguments[0], false);", name)
        assert np.abs(drawn - look(opened)).max() > 20, name
    opened.run("player.toggle('truth', true);")
    assert np.abs(look(opened) - plain).max() < 20
    opened.run("player.toggle('image', false);")
    assert shown(opened, "image") is None
    assert opened.run("return document.querySelector('.lp-image').hidden")


def test_clicking_the_time_line_goes_there_and_says_so(opened):
    opened.wait(
        "const line = document.querySelector('.lp-time'), box = line.getBoundingClientRect();"
        "const at = {clientX: box.left + box.width * 0.7575, clientY: box.top + 20, bubbles: true,"
        " pointerId: 1, buttons: 1, isPrimary: true};"
        "line.setPointerCapture = () => {};"
        "line.dispatchEvent(new PointerEvent('pointerdown', at));"
    )
    there = int(0.7575 * FRAMES)
    assert opened.until(there, "return player.frame") == there
    slider = "return document.querySelector('.lp-time').getAttribute(arguments[0])"
    assert opened.run(slider, "aria-valuetext") == "frame 151 of 200, 1.510 s"
    assert opened.run(slider, "aria-valuenow") == "151"
    said = opened.run("return document.querySelector('.lp-readout').textContent")
    assert said == "frame 151 of 200 · 1.510 s · second, 61"


def test_every_key_does_what_the_help_says(opened):
    def goes_to(frame, key, shift=False):
        opened.wait(KEY, key, shift)
        assert opened.until(frame, "return player.frame") == frame, key

    opened.wait("await player.seek(10);")
    goes_to(11, "ArrowRight")
    goes_to(10, "ArrowLeft")
    goes_to(110, "ArrowRight", shift=True)
    goes_to(FRAMES - 1, "End")
    goes_to(0, "Home")
    goes_to(40, "j")
    goes_to(150, "j")
    said = "frame 150 of 200 · 1.500 s · second, 60 · second worst"
    assert opened.until(said, "return document.querySelector('.lp-readout').textContent") == said
    goes_to(40, "k")
    opened.wait(KEY, " ")
    assert opened.run("return player.playing")
    opened.wait(KEY, " ")
    assert not opened.run("return player.playing")
    for key, name in (("t", "Truth"), ("g", "Ghost"), ("r", "Trails"), ("s", "Spread")):
        pressed = (
            "return [...document.querySelectorAll('.lp button')]"
            ".find((b) => b.textContent === arguments[0]).getAttribute('aria-pressed')"
        )
        before = opened.run(pressed, name)
        opened.wait(KEY, key)
        assert opened.run(pressed, name) != before, name
    opened.wait(KEY, "]")
    assert opened.run("return document.querySelector('.lp select').value") == "2"
    opened.wait(KEY, "?")
    assert opened.run("return document.querySelector('.lp-help').checkVisibility()")
    before = look(opened)
    opened.wait(KEY, "1")
    assert np.abs(look(opened) - before).max() > 60


def mouse_event(browser, kind, x, y, **more):
    event = {"type": kind, "x": x, "y": y, "button": "left", **more}
    browser.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def test_dragging_turns_and_the_wheel_zooms_once_it_has_the_focus(opened):
    opened.run(
        "const tall = document.createElement('div');"
        "tall.style = 'position: absolute; top: 0; width: 1px; height: 3000px';"
        "document.body.append(tall);"
    )
    plain = look(opened)
    mouse_event(opened, "mouseWheel", 200, 200, deltaX=0, deltaY=-120, button="none")
    assert np.abs(look(opened) - plain).max() < 20
    for kind, x in (("mousePressed", 200), ("mouseMoved", 260), ("mouseReleased", 260)):
        mouse_event(opened, kind, x, 200, buttons=1, clickCount=1)
    turned = look(opened)
    assert np.abs(turned - plain).max() > 60
    assert opened.run("return document.activeElement.className") == "lp-canvas"
    mouse_event(opened, "mouseWheel", 200, 200, deltaX=0, deltaY=-600, button="none")
    assert np.abs(look(opened) - turned).max() > 60
    assert opened.run("return scrollY") == 0


def test_pointing_at_a_joint_names_it(opened, track):
    place = opened.wait(
        "await player.seek(20);"
        "const canvas = document.querySelector('.lp-canvas');"
        "const tip = document.querySelector('.lp-tip');"
        "const {left, top, right, bottom} = canvas.getBoundingClientRect();"
        "for (let y = top; y < bottom; y += 8) for (let x = left; x < right; x += 8) {"
        "  const at = {clientX: x, clientY: y, bubbles: true};"
        "  canvas.dispatchEvent(new PointerEvent('pointermove', at));"
        "  if (!tip.hidden) return tip.textContent.split('\\n');"
        "}"
    )
    names = [name.replace("_", " ") for name in track.joints]
    joint = names.index(place[0])
    x, y, z = (float(word) for word in place[1].removesuffix(f" {track.unit}").split(", "))
    assert np.allclose((x, y, z), track.layers["pose"][20, joint], rtol=0.01, atol=0.01)


def test_everything_is_labelled_and_can_be_reached(opened):
    bare = opened.run(
        "return [...document.querySelectorAll('.lp button, .lp select, .lp [tabindex]')]"
        ".filter((each) => !(each.textContent.trim() || each.getAttribute('aria-label')))"
        ".map((each) => each.outerHTML)"
    )
    assert bare == []
    assert opened.run("return document.querySelector('.lp').getAttribute('aria-label')")
    assert opened.run("return document.querySelector('.lp-time').tabIndex") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scene_is_on_the_paper_of_the_page(browser, page, scheme):
    browser.open(page, *WINDOW)
    browser.media(prefers_color_scheme=scheme)
    browser.wait(READY)
    wanted = {"light": (255, 255, 255), "dark": (0x14, 0x17, 0x1A)}[scheme]
    corner = look(browser)[2, -3]
    assert np.abs(corner - wanted).max() <= 3
    browser.run("document.documentElement.dataset.theme = 'light';")
    assert look(browser)[2, -3].min() >= 252
    assert browser.errors() == []


def test_on_a_phone_nothing_is_cut_off(browser, page):
    browser.open(page, *WINDOW)
    browser.size(390, 844, phone=True, scale=0.5)
    browser.wait(READY + "await new Promise((r) => setTimeout(r, 300));")
    wide = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    boxes = browser.run(
        "return ['.lp-space', '.lp-image', '.lp-times', '.lp-bar'].map((name) => {"
        "const box = document.querySelector(name).getBoundingClientRect();"
        "return [box.left, box.right, box.top, box.bottom]; })"
    )
    for left, right, top, bottom in boxes:
        assert left >= 0
        assert right <= 390
        assert bottom - top > 30
    for above, below in pairwise(boxes):
        assert above[3] <= below[2]
    assert browser.errors() == []


def test_without_webgl_the_same_pose_is_drawn_flat(browser, track, tmp_path):
    page = tmp_path / "flat.html"
    text = player_page(track, chunk=CHUNK, options={"flat": True})
    page.write_text(text, encoding="utf-8")
    browser.open(page, *WINDOW)
    browser.wait(READY + "await player.seek(20);")
    assert browser.run("return document.querySelector('.lp').dataset.drawn") == "flat"
    assert np.allclose(shown(browser, "pose").reshape(-1, 3), track.layers["pose"][20], atol=1e-3)
    before = look(browser)
    assert (before.max(axis=2) - before.min(axis=2)).max() > 60  # limbs have colours
    browser.wait("player.view('top'); await new Promise((r) => setTimeout(r, 600));")
    assert np.abs(look(browser) - before).max() > 60
    assert browser.errors() == []


def test_when_the_graphics_card_is_lost_it_goes_on_flat(browser, page):
    browser.open(page, *WINDOW)
    browser.wait(
        READY + "await player.seek(30);"
        "const gl = document.querySelector('.lp-canvas').getContext('webgl2');"
        "gl.getExtension('WEBGL_lose_context').loseContext();"
        "const root = document.querySelector('.lp');"
        "while (!root.dataset.drawn) await new Promise((r) => setTimeout(r, 20));"
        "await player.seek(31);"
    )
    assert browser.run("return player.frame") == 31
    drawn = look(browser)
    assert (drawn.max(axis=2) - drawn.min(axis=2)).max() > 60


def test_a_chunk_that_cannot_be_had_is_said(browser, page, tmp_path):
    text = page.read_text(encoding="utf-8").replace('id="chunk-2"', 'id="gone"')
    broken = tmp_path / "broken.html"
    broken.write_text(text, encoding="utf-8")
    browser.open(broken, *WINDOW)
    browser.wait(READY + "await player.seek(130);")
    said = browser.run("return document.querySelector('.lp-note').textContent")
    assert said == "The frames around 130 could not be loaded: the page has no chunk chunk-2."


def test_one_frame_and_joints_alone_are_shown(browser, tmp_path):
    pose = np.random.default_rng(0).random((1, 4, 3))
    bare = Track({"pose": pose}, tuple("abcd"), Limbs.resolve(4, [], None, None))
    page = tmp_path / "one.html"
    page.write_text(player_page(bare), encoding="utf-8")
    browser.open(page, *WINDOW)
    browser.wait(READY)
    assert np.allclose(shown(browser, "pose").reshape(4, 3), pose[0], atol=1e-4)
    drawn = look(browser)
    assert (drawn.max(axis=2) - drawn.min(axis=2)).max() > 60
    assert not browser.run("return document.querySelector('.lp-play').checkVisibility()")
    assert browser.errors() == []


def test_poses_of_which_nothing_is_known_are_drawn_as_nothing(browser, tmp_path):
    bare = Track(
        {"pose": np.full((9, 4, 3), np.nan)}, tuple("abcd"), Limbs.resolve(4, [], None, None)
    )
    page = tmp_path / "none.html"
    page.write_text(player_page(bare), encoding="utf-8")
    browser.open(page, *WINDOW)
    browser.wait(READY + "await player.seek(3);")
    assert np.isnan(shown(browser, "pose")).all()
    assert browser.errors() == []


def test_a_notebook_shows_it_in_a_frame(browser, track, tmp_path):
    short = replace(track, layers={"pose": track.layers["pose"]}, marks=())
    page = tmp_path / "notebook.html"
    page.write_text(f"<!doctype html><body>{inline_player(short)}</body>", encoding="utf-8")
    browser.open(page, *WINDOW)
    frames = browser.wait(
        "const inner = document.querySelector('iframe').contentWindow;"
        "while (!inner.player) await new Promise((r) => setTimeout(r, 20));"
        "await inner.player.ready;"
        "return [inner.player.frames, inner.document.querySelector('.lp-label span').textContent];"
    )
    # The page around it does not say how its letters are coded.
    assert frames[0] == FRAMES
    assert frames[1].startswith("≤ ")
    assert browser.errors() == []
    assert browser.requests() == []


def test_a_thinned_page_counts_in_frames_of_the_file(browser, track, tmp_path):
    page = tmp_path / "thinned.html"
    page.write_text(player_page(thinned(track, 50)), encoding="utf-8")
    browser.open(page, *WINDOW)
    browser.wait(READY + "await player.seek(30);")
    said = browser.run("return document.querySelector('.lp-readout').textContent")
    # 23 frames of the first recording, then the rows 90, 94, ... of the second.
    assert said == "frame 118 of 200 · 1.20 s · second, 28"
    # Of a part of the file, each recording counts from its own beginning.
    part = {"name": "a", "first": 10, "frames": 9, "row": 500, "skipped": 90}
    found = browser.run(
        "return LiftPose.inner.whereabouts(arguments[0], 12);",
        {"frames": 19, "every": 2, "recordings": [part]},
    )
    assert (found["since"], found["row"]) == (94, 504)


def test_the_page_can_give_other_lines_and_marks(opened):
    opened.wait(
        "player.lines([{name: 'spread', label: 'spread', unit: 'mm', low: [0, 1], high: [1, 7]}],"
        " [{frame: 99, text: 'here'}]);" + KEY,
        "j",
    )
    assert opened.until(99, "return player.frame") == 99
    assert json.loads(
        opened.run("return JSON.stringify(document.querySelector('.lp-labels').innerText)")
    ).split() == ["spread", "≤", "7", "mm"]


CLOSE = """
const [header, close, keypoints] = arguments;
const image = new LiftPose.inner.Image2D(document.createElement("canvas"), header);
image.close = close;
image.resize(300, 400, 1);
image.lay({ image: keypoints }, 0);
return [image.zooms, image.scale, image.x, image.y];
"""


@pytest.mark.parametrize(("walk", "size"), [(30, 1000), (600, 1000), (30, 120)])
def test_a_small_animal_is_seen_close_up(opened, track, walk, size):
    """In place all of it is shown, and where it walks far, it is followed."""
    rng = np.random.default_rng(1)
    at = np.linspace(0, walk, FRAMES)[:, None, None]
    shape = 60 * rng.random((1, len(track.joints), 2))
    image = 20 + shape + at * [1, 0]
    where = header(replace(track, layers={**track.layers, "image": image}, image_size=(size, size)))
    keypoints = image[FRAMES // 2]
    zooms, scale, x, y = opened.run(CLOSE, where, True, keypoints.ravel().tolist())
    assert zooms == (size == 1000)
    everything = (image if walk == 30 else keypoints).reshape(-1, 2)
    low, high = ((edge(everything, axis=0) * scale + [x, y]) for edge in (np.min, np.max))
    assert (low >= 0).all()
    assert (high <= [300, 400]).all()
    whole = opened.run(CLOSE, where, False, None)[1]
    assert whole == pytest.approx(300 / size)
    if zooms:
        assert (high - low)[0] > 0.7 * 300
    else:
        assert scale == whole


COUNT = """
let drawn = 0;
const own = WebGL2RenderingContext.prototype.clear;
WebGL2RenderingContext.prototype.clear = function (...all) { drawn += 1; own.apply(this, all); };
let kept;
Object.defineProperty(window, "player", {
  get: () => kept,
  set: (made) => { kept = made; made.ready.then(() => { window.drawnUntilReady = drawn; }); },
});
"""


def test_it_is_ready_with_the_first_picture(browser, page):
    """Without a graphics card every picture takes long: none is drawn in vain."""
    driver = browser.driver
    told = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNT})
    try:
        browser.open(page, *WINDOW)
        browser.wait(READY)
        assert browser.until(1, "return window.drawnUntilReady;") == 1
        assert shown(browser, "pose") is not None
    finally:
        driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", told)
        driver.get("about:blank")
